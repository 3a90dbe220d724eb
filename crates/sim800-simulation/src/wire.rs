//! What crosses the line, and what happens at which of its octets.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use sim800_emulator::{Damage, Fault, Place};
use sim800_session::Direction;

use crate::network::Network;

/// When an [`Incident`] happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "plain data, made by the tests that use it")]
pub enum When {
    /// At a time on the clock.
    At(Duration),
    /// Once so many octets have crossed the line, as the DTE sees their direction, since the world began.
    Crossed(Direction, u64),
}

/// What happens to a [`World`](super::World).
#[non_exhaustive]
pub enum Incident {
    /// Something goes wrong with the module.
    Fault(Fault),
    /// Lines come out of the blue, one after the other and round again.
    Lines {
        /// The lines.
        lines: &'static [&'static str],
        /// In what distance.
        every: Duration,
        /// How many in all.
        times: u32,
    },
    /// Nobody polls the program's futures for so long. Line, module and network go on.
    Pause(Duration),
    /// The line damages the next octet that crosses it.
    Damage(Direction, Damage),
    /// Something changes on the network.
    Network(Box<dyn FnOnce(&Network)>),
}

impl fmt::Debug for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Lines { every, times, .. } => write!(f, "{times} lines, one every {every:?}"),
            Self::Pause(pause) => write!(f, "Pause({pause:?})"),
            Self::Damage(direction, damage) => write!(f, "{damage:?} {direction:?}"),
            Self::Network(_) => f.write_str("Network"),
        }
    }
}

/// Octets that cross the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Crossing<'a> {
    /// When they arrive.
    pub at: Duration,
    /// Their direction, as the DTE sees it.
    pub direction: Direction,
    /// As they set out.
    pub left: &'a [u8],
    /// As they arrive.
    pub arrived: &'a [u8],
}

type Tap = Box<dyn FnMut(&Crossing<'_>)>;

/// The line's memory and its future.
#[derive(Default)]
pub(super) struct Wire {
    crossed: [u64; 2],
    damages: [Vec<Damage>; 2],
    /// In the order in which they were planned; the number says which.
    incidents: Vec<(usize, When, Incident)>,
    planned: usize,
    happened: Vec<(usize, Duration)>,
    tap: Option<Tap>,
}

impl Wire {
    /// Plans an incident, and tells its number.
    pub(super) fn plan(&mut self, when: When, incident: Incident) -> usize {
        let number = self.planned;
        self.planned += 1;
        self.incidents.push((number, when, incident));
        number
    }

    /// The next incident whose time has come.
    pub(super) fn poll_incident(&mut self, now: Duration) -> Option<Incident> {
        let due = |when: &When| match when {
            When::At(time) => *time <= now,
            When::Crossed(direction, octets) => *octets <= self.crossed(*direction),
        };
        let place = self.incidents.iter().position(|(_, when, _)| due(when))?;
        let (number, _, incident) = self.incidents.remove(place);
        if self.happened.last().is_none_or(|(last, _)| *last != number) {
            self.happened.push((number, now));
        }
        let Incident::Lines { lines, every, times } = incident else { return Some(incident) };
        if times > 1 {
            let rest = Incident::Lines { lines, every, times: times - 1 };
            self.incidents.push((number, When::At(now + every), rest));
        }
        let turn = times as usize % lines.len().max(1);
        let text = lines.get(turn).copied().unwrap_or_default().to_owned();
        Some(Incident::Fault(Fault::Inject { place: Place::Now, text }))
    }

    /// When the next incident is due that is due at a time.
    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        let times = self.incidents.iter().filter_map(|(_, when, _)| match when {
            When::At(time) => Some(*time),
            When::Crossed(..) => None,
        });
        times.min()
    }

    /// Cancels what was planned.
    pub(super) fn clear(&mut self) {
        self.incidents.clear();
        self.damages = [Vec::new(), Vec::new()];
    }

    /// The numbers of the incidents that have happened, and when.
    pub(super) fn happened(&self) -> &[(usize, Duration)] {
        &self.happened
    }

    pub(super) fn damage(&mut self, direction: Direction, damage: Damage) {
        self.damages[index(direction)].push(damage);
    }

    pub(super) fn tap(&mut self, tap: Tap) {
        self.tap = Some(tap);
    }

    /// How many octets have crossed.
    pub(super) fn crossed(&self, direction: Direction) -> u64 {
        self.crossed[index(direction)]
    }

    /// How many octets may cross before something happens.
    pub(super) fn limit(&self, direction: Direction) -> usize {
        if !self.damages[index(direction)].is_empty() {
            return 1;
        }
        let crossed = self.crossed(direction);
        let places = self.incidents.iter().filter_map(|(_, when, _)| match when {
            When::Crossed(other, octets) if *other == direction => Some(octets.saturating_sub(crossed)),
            _ => None,
        });
        places.min().map_or(usize::MAX, |octets| usize::try_from(octets).unwrap_or(usize::MAX))
    }

    /// Lets octets cross, [`limit`](Self::limit) at most, and returns what arrives of them.
    pub(super) fn cross<'a>(&mut self, at: Duration, direction: Direction, left: &'a [u8]) -> Cow<'a, [u8]> {
        self.crossed[index(direction)] += left.len() as u64;
        let mut arrived = Cow::Borrowed(left);
        for damage in self.damages[index(direction)].drain(..) {
            match (damage, arrived.first().copied()) {
                (Damage::Drop, Some(_)) => {
                    arrived.to_mut().remove(0);
                }
                (Damage::Duplicate, Some(octet)) => arrived.to_mut().insert(0, octet),
                (Damage::Flip(mask), Some(octet)) => arrived.to_mut()[0] = octet ^ mask,
                _ => {}
            }
        }
        if let Some(tap) = &mut self.tap {
            tap(&Crossing { at, direction, left, arrived: &arrived });
        }
        arrived
    }
}

fn index(direction: Direction) -> usize {
    usize::from(direction == Direction::Received)
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("crossed", &self.crossed)
            .field("incidents", &self.incidents)
            .finish_non_exhaustive()
    }
}
