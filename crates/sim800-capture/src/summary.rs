//! What a capture comes to.

mod goodput;
mod transfer;
mod wait;

use std::time::Duration;

use sim800_command::Unsolicited;

use crate::event::{Direction, Event, Kind, line};
use crate::printable::printable;
use transfer::Transfers;

pub use goodput::Goodput;
pub use transfer::Transfer;
pub use wait::Wait;
pub(crate) use wait::Waits;

/// As many of each kind are kept; more are counted.
const KEPT: usize = 1000;

/// A wait is worth telling from here on.
const LONG: Duration = Duration::from_secs(1);

/// The rates that modules have, in bit/s (manual 2.2.41).
const RATES: [u32; 10] = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800];

/// Payload that takes less time than this tells nothing about the rate of the line.
const MEASURED: Duration = Duration::from_millis(100);

/// A list that does not grow beyond what anybody reads.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Kept<T> {
    /// The first thousand.
    pub items: Vec<T>,
    /// How many there were.
    pub count: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { items: Vec::new(), count: 0 }
    }
}

impl<T> Kept<T> {
    fn push(&mut self, item: T) {
        self.count += 1;
        if self.items.len() < KEPT {
            self.items.push(item);
        }
    }
}

/// Something that happened once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incident {
    /// When.
    pub time: Option<Duration>,
    /// What, printable.
    pub text: String,
}

/// What a capture comes to, summed up event by event in bounded memory.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// The time of the last event that has one.
    pub end: Option<Duration>,
    /// Octets to the module, and from it.
    pub octets: [u64; 2],
    /// Those of them that are payload.
    pub payload: [u64; 2],
    /// Command lines, each of several on a line.
    pub commands: u64,
    /// Events that say that something went wrong.
    pub errors: u64,
    /// What was moved.
    pub transfers: Kept<Transfer>,
    /// Waits of a second and more.
    pub waits: Kept<Wait>,
    /// What was tried again.
    pub retries: Kept<Incident>,
    /// Restarts of the module, with what it was doing.
    pub restarts: Kept<Incident>,
    /// Payload by time.
    pub goodput: Goodput,
    /// The rate that the capture itself or whoever reads it tells, in bit/s.
    told_rate: Option<u32>,
    /// The most payload in a second that was received.
    fastest: f64,
    /// Since when payload is being sent, and how much.
    on_its_way: Option<(Duration, u64)>,
    open_transfers: Transfers,
    open_waits: Waits,
}

impl Summary {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The line has this rate, in bit/s.
    #[must_use]
    pub fn with_rate(self, rate: Option<u32>) -> Self {
        Self { told_rate: rate, ..self }
    }

    /// Adds an event.
    pub fn take(&mut self, event: &Event) {
        self.end = event.time.or(self.end);
        self.errors += u64::from(event.is_error);
        let [sent, received] = &mut self.octets;
        let [payload_sent, payload_received] = &mut self.payload;
        match event.direction {
            Some(Direction::Sent) => *sent += event.octets,
            Some(Direction::Received) => *received += event.octets,
            None => {}
        }
        if let Some(payload) = &event.payload {
            match event.direction {
                Some(Direction::Sent) => *payload_sent += payload.received,
                _ => *payload_received += payload.received,
            }
            if let (Some(since), Some(time)) = (payload.since, event.time) {
                self.moved(event.direction, since, time, payload.received);
            }
        }
        if let (Some(Direction::Received), Some(time)) = (event.direction, event.time)
            && let Some((since, octets)) = self.on_its_way.take()
        {
            self.goodput.add(since, time, octets);
        }
        match event.kind {
            Kind::Command => self.commands += 1,
            Kind::Retry => self.retries.push(Incident { time: event.time, text: printable(event.text()) }),
            Kind::Unsolicited if Unsolicited::from(line(event.text())) == Unsolicited::Ready => {
                self.restarted(event)
            }
            _ => {}
        }
        if event.kind == Kind::Command && event.name().is_some_and(|name| name.eq_ignore_ascii_case("+IPR")) {
            let rate = event
                .values()
                .next()
                .and_then(|value| value.number())
                .and_then(|rate| u32::try_from(rate).ok());
            self.told_rate = rate.filter(|rate| *rate > 0).or(self.told_rate);
        }
        let wait = self.open_waits.take(event);
        wait.filter(|wait| wait.duration() >= LONG).into_iter().for_each(|wait| self.waits.push(wait));
        self.open_transfers.take(event).into_iter().for_each(|transfer| self.transfers.push(transfer));
    }

    /// The capture ends: what is open is told as far as it came.
    pub fn finish(&mut self) {
        if let Some((since, octets)) = self.on_its_way.take() {
            self.goodput.add(since, self.end.unwrap_or(since), octets);
        }
        self.open_transfers.finish().into_iter().for_each(|transfer| self.transfers.push(transfer));
    }

    /// The rate of the line in bit/s, and whether it is only the slowest one that explains what was seen.
    #[must_use]
    pub fn rate(&self) -> Option<(u32, bool)> {
        if let Some(rate) = self.told_rate {
            return Some((rate, false));
        }
        let needed = self.fastest * 10.0;
        // A little more than the rate is a clock that is not exact.
        let rate = RATES.into_iter().find(|rate| needed > 0.0 && f64::from(*rate) * 1.03 >= needed);
        rate.map(|rate| (rate, true))
    }

    fn moved(&mut self, direction: Option<Direction>, since: Duration, time: Duration, octets: u64) {
        if direction == Some(Direction::Sent) {
            // It was noted when it was handed to a driver, and has crossed when the module says something of it.
            self.on_its_way = Some((since, octets));
            return;
        }
        self.goodput.add(since, time, octets);
        let took = time.saturating_sub(since);
        if took >= MEASURED {
            self.fastest = self.fastest.max(octets as f64 / took.as_secs_f64());
        }
    }

    fn restarted(&mut self, event: &Event) {
        let text = match self.open_waits.doing() {
            Some((command, Some(meaning))) => format!("while {command} was not answered ({meaning})"),
            Some((command, None)) => format!("while {command} was not answered"),
            None if self.commands == 0 => "before the first command".to_owned(),
            None => "while no command was in flight".to_owned(),
        };
        self.restarts.push(Incident { time: event.time, text });
        self.open_waits.forget();
    }
}
