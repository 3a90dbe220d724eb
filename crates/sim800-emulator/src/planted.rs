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
    flaws: Vec<(String, Fault)>,
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

    /// Plants what goes wrong at each line like `pattern`. Too many are not planted.
    pub(crate) fn plant_flaw(&mut self, pattern: String, fault: Fault) {
        if self.flaws.len() < MOST {
            self.flaws.push((pattern, fault));
        }
    }

    /// What goes wrong at `line`, which has no prefix.
    pub(crate) fn flaws_at(&self, line: &[u8]) -> Vec<Fault> {
        if self.flaws.is_empty() {
            return Vec::new();
        }
        let line = [b"AT", line].concat();
        let flaws = self.flaws.iter().filter(|(pattern, _)| is_like(&line, pattern.as_bytes()));
        flaws.map(|(_, fault)| fault.clone()).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.flaws.clear();
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

/// Whether all of `text` is as `pattern` has it, in which `*` stands for any octets and `?` for one.
fn is_like(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where to go on if the last `*` stands for one octet more.
    let mut star = None;
    while at < text.len() {
        match pattern.get(place) {
            Some(b'*') => {
                star = Some((place, at));
                place += 1;
            }
            Some(b'?') => (at, place) = (at + 1, place + 1),
            Some(octet) if text.get(at) == Some(octet) => (at, place) = (at + 1, place + 1),
            _ => {
                let Some((begin, taken)) = star else { return false };
                star = Some((begin, taken + 1));
                (at, place) = (taken + 1, begin + 1);
            }
        }
    }
    pattern.get(place..).unwrap_or_default().iter().all(|octet| *octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_wildcards() {
        for (text, pattern, is) in [
            ("AT+CSQ", "AT+CSQ", true),
            ("AT+CSQ", "AT+CSQ?", false),
            ("AT+CSQ", "AT+CS", false),
            ("AT+CSQ", "AT+*", true),
            ("AT+CSQ", "*", true),
            ("", "*", true),
            ("", "?", false),
            ("AT+FTPUN=\"aab\"", "AT+FTPUN=*ab*", true),
            ("AT+FTPUN=\"aab\"", "AT+FTPUN=\"??b\"", true),
            ("AT+FTPUN=\"aab\"", "AT+FTPUN=\"?b\"", false),
            ("aaaaaaaaaaaaaaab", "*a*a*a*a*c", false),
        ] {
            assert_eq!(is_like(text.as_bytes(), pattern.as_bytes()), is, "{text} {pattern}");
        }
    }
}
