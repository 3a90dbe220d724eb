//! What the files of captures hold.

use std::time::Duration;

use crate::capture::Capture;
use crate::event::{Direction, Event, Kind};
use crate::subject::Subject;

/// How much of a line that is no record is shown, in octets.
pub(crate) const SHOWN: usize = 1024;

/// One thing that a file of a capture tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record {
    /// Octets crossed the line.
    Octets {
        /// When.
        time: Option<Duration>,
        /// Which way.
        direction: Direction,
        /// Which.
        octets: Vec<u8>,
    },
    /// No octets of the line.
    Note {
        /// When.
        time: Option<Duration>,
        /// [`Kind::Retry`], [`Kind::Remark`], [`Kind::Blank`] or [`Kind::Unreadable`].
        kind: Kind,
        /// What the file says, or the beginning of that.
        text: Vec<u8>,
        /// How many octets it has in the file.
        octets: u64,
        /// What is wrong with it.
        fault: Option<&'static str>,
    },
}

impl Record {
    /// Something is tried again, for the reason given.
    #[must_use]
    pub fn retry(time: Duration, why: &str) -> Self {
        let (text, octets) = (why.as_bytes().to_vec(), why.len() as u64);
        Self::Note { time: Some(time), kind: Kind::Retry, text, octets, fault: None }
    }

    /// A line of a file, of `octets` octets, that is none of its format; `line` is what was kept of it.
    pub(crate) fn unreadable(line: &[u8], octets: u64, fault: &'static str) -> Self {
        let text = line.trim_ascii();
        let is_blank = text.is_empty() && octets == line.len() as u64;
        Self::Note {
            time: None,
            kind: if is_blank { Kind::Blank } else { Kind::Unreadable },
            text: text.get(..SHOWN).unwrap_or(text).to_vec(),
            octets,
            fault: (!is_blank).then_some(fault),
        }
    }

    /// What the program that recorded the line says beside it.
    #[must_use]
    pub fn remark(time: Option<Duration>, line: &[u8]) -> Self {
        let text = line.trim_ascii();
        let kind = if text.is_empty() { Kind::Blank } else { Kind::Remark };
        let octets = line.len() as u64;
        Self::Note { time, kind, text: text.get(..SHOWN).unwrap_or(text).to_vec(), octets, fault: None }
    }

    pub(crate) fn time(&self) -> Option<Duration> {
        match self {
            Self::Octets { time, .. } | Self::Note { time, .. } => *time,
        }
    }

    pub(crate) fn set_time(&mut self, to: Option<Duration>) {
        match self {
            Self::Octets { time, .. } | Self::Note { time, .. } => *time = to,
        }
    }
}

impl Capture {
    /// Takes what a file tells, and hands `sink` the events that are complete.
    pub fn handle_record(&mut self, record: Record, sink: &mut dyn FnMut(Event)) {
        match record {
            Record::Octets { time, direction, octets } => self.handle_octets(time, direction, &octets, sink),
            Record::Note { time, kind, text, octets, fault } => sink(Event {
                time,
                direction: None,
                kind,
                subject: Subject::Other,
                octets,
                line: text,
                payload: None,
                is_error: fault.is_some() || kind == Kind::Retry,
                meaning: fault.map(str::to_owned),
            }),
        }
    }
}
