//! Faults whose time has not come.

use std::time::Duration;

use crate::fault::{Fault, When};

/// The most that wait.
const MOST: usize = 1024;

/// When a fault is due: at so many octets said since the module was made, or at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Octets(u64),
    Time(Duration),
}

/// In the order they were planted.
#[derive(Debug, Default)]
pub(crate) struct Planted {
    entries: Vec<(Due, Fault)>,
}

impl Planted {
    /// Plants a fault, counted from now and from what was transmitted. Too many are not planted.
    pub(crate) fn plant(&mut self, when: When, fault: Fault, now: Duration, transmitted: u64) {
        if self.entries.len() < MOST {
            let due = match when {
                When::Octets(octets) => Due::Octets(transmitted.saturating_add(octets)),
                When::Time(delay) => Due::Time(now.saturating_add(delay)),
            };
            self.entries.push((due, fault));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// When the next one is due that waits for a time.
    pub(crate) fn next_time(&self) -> Option<Duration> {
        let times = self.entries.iter().filter_map(|(due, _)| match due {
            Due::Time(at) => Some(*at),
            Due::Octets(_) => None,
        });
        times.min()
    }

    /// Behind how many octets the next one is due that waits for octets.
    pub(crate) fn next_octets(&self) -> Option<u64> {
        let counts = self.entries.iter().filter_map(|(due, _)| match due {
            Due::Octets(at) => Some(*at),
            Due::Time(_) => None,
        });
        counts.min()
    }

    /// Takes off the first that is due.
    pub(crate) fn pop_due(&mut self, now: Duration, transmitted: u64) -> Option<Fault> {
        let is_due = |due: &Due| match *due {
            Due::Octets(at) => at <= transmitted,
            Due::Time(at) => at <= now,
        };
        let index = self.entries.iter().position(|(due, _)| is_due(due))?;
        Some(self.entries.remove(index).1)
    }
}
