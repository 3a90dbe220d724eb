//! Where the times of a capture count from.

use std::time::Duration;

use crate::record::Record;

/// Where times count from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// They are what they are.
    Zero,
    /// The first one, which is not known yet.
    First,
    At(Duration),
}

impl Start {
    /// Lets the time of `record` count from there.
    pub(crate) fn count(&mut self, record: &mut Record) {
        let Some(time) = record.time() else { return };
        let start = match self {
            Self::Zero => return,
            Self::At(start) => *start,
            Self::First => time,
        };
        *self = Self::At(start);
        record.set_time(Some(time.saturating_sub(start)));
    }
}
