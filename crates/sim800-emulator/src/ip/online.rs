//! Data mode: octets cross as they are, until `+++` between two silences (V.250 leaves the escape to the manufacturer; manual 2.2.37).

use std::time::Duration;

use bytes::Bytes;

use crate::agenda::Timer;
use crate::board::Board;

/// The silence before the escape sequence.
const BEFORE: Duration = Duration::from_millis(1000);
/// The silence behind it.
const BEHIND: Duration = Duration::from_millis(500);

pub(super) struct Online {
    /// When the last octet came that was no part of an escape sequence.
    last: Duration,
    /// How many of the three `+` have come.
    pluses: usize,
    suspended: bool,
}

impl Online {
    pub(super) fn new(now: Duration) -> Self {
        // A DTE may escape as soon as it is connected.
        Self { last: now.saturating_sub(BEFORE), pluses: 0, suspended: false }
    }

    /// Whether command lines are taken meanwhile.
    pub(super) fn is_suspended(&self) -> bool {
        self.suspended
    }

    pub(super) fn resume(&mut self, now: Duration) {
        *self = Self::new(now);
    }

    /// What of the octets is data; an escape sequence is held back as long as it may be one.
    pub(super) fn filter(&mut self, octets: &[u8], board: &mut Board) -> Vec<u8> {
        let mut data = Vec::with_capacity(octets.len());
        for &octet in octets {
            let may_begin = board.now.saturating_sub(self.last) >= BEFORE && data.is_empty();
            if octet == b'+' && self.pluses < 3 && (self.pluses > 0 || may_begin) {
                self.pluses += 1;
            } else {
                data.extend(std::iter::repeat_n(b'+', std::mem::take(&mut self.pluses)));
                data.push(octet);
                self.last = board.now;
            }
        }
        if self.pluses > 0 {
            board.after(BEHIND, Timer::Escape);
        } else {
            board.agenda.cancel(Timer::Escape);
        }
        data
    }

    /// Nothing came behind the `+`: three of them escape, and nothing is returned; fewer were data.
    pub(super) fn silence(&mut self) -> Option<Bytes> {
        let pluses = std::mem::take(&mut self.pluses);
        if pluses == 3 {
            self.suspended = true;
            return None;
        }
        Some(vec![b'+'; pluses].into())
    }
}
