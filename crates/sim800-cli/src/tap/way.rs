//! One direction of a tapped line: what is on its way, in bounded room.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Context;
use std::time::{Duration, Instant};

use futures::stream::Stream;
use sim800_command::Mask;
use sim800_serial::Pace;
use sim800_session::Direction;
use smol::Timer;

use crate::mangle::{Injected, Mangle, Mangler, Piece};

/// As much as Linux holds for a serial port in each direction, in octets.
const ROOM: usize = 4096;

/// The same where octets are late on purpose.
const ROOM_OF_DELAYED: usize = 1 << 20;

/// What a piece takes beside its octets.
const PIECE: usize = 64;

/// One direction. Who does not take what arrives stops who sends it.
pub(super) struct Way {
    room: usize,
    mask: Mask,
    mangler: Option<Mangler>,
    pieces: VecDeque<Piece>,
    /// How many octets of the first piece have arrived.
    arrived: usize,
    /// How much is on its way.
    held: usize,
    timer: Timer,
    /// How many octets have arrived.
    pub(super) passed: u64,
    /// How many faults they met.
    pub(super) faults: u64,
}

impl Way {
    pub(super) fn new(direction: Direction, mangle: Option<&Mangle>) -> Self {
        let is_delayed = mangle.is_some_and(|mangle| mangle.delays(direction));
        Self {
            room: if is_delayed { ROOM_OF_DELAYED } else { ROOM },
            mask: Mask::new(),
            mangler: mangle.and_then(|mangle| Mangler::new(mangle, direction)),
            pieces: VecDeque::new(),
            arrived: 0,
            held: 0,
            timer: Timer::never(),
            passed: 0,
            faults: 0,
        }
    }

    /// How many octets it takes now.
    pub(super) fn room(&self) -> usize {
        self.room.saturating_sub(self.held).min(ROOM)
    }

    /// Octets came at `now`; the faults that meet them.
    pub(super) fn take(&mut self, now: Duration, octets: &[u8]) -> Vec<Injected> {
        let mut shown = octets.to_vec();
        // Before anything is damaged that a secret is known by.
        self.mask.mask(&mut shown);
        let first = self.pieces.len();
        let injected = match &mut self.mangler {
            Some(mangler) => mangler.pass(now, octets, &shown, &mut self.pieces),
            None => {
                self.pieces.push_back(Piece { due: now, pace: None, octets: octets.to_vec(), shown });
                Vec::new()
            }
        };
        self.held += self.pieces.iter().skip(first).map(|piece| piece.octets.len() + PIECE).sum::<usize>();
        self.faults += injected.len() as u64;
        injected
    }

    /// What comes from now on is for a line of this pace.
    pub(super) fn change_pace(&mut self, pace: Pace) {
        self.pieces.push_back(Piece { pace: Some(pace), ..Piece::default() });
    }

    /// What the line is to be set to now, before anything else arrives.
    pub(super) fn pace(&self) -> Option<Pace> {
        self.pieces.front().and_then(|piece| piece.pace)
    }

    /// The line is set.
    pub(super) fn forget_pace(&mut self) {
        if self.pace().is_some() {
            self.pieces.pop_front();
        }
    }

    /// The octets that are to arrive by `now`, next of all; the same with secrets masked.
    pub(super) fn due(&self, now: Duration) -> Option<(&[u8], &[u8])> {
        let piece = self.pieces.front().filter(|piece| piece.pace.is_none() && piece.due <= now)?;
        Some((piece.octets.get(self.arrived..)?, piece.shown.get(self.arrived..)?))
    }

    /// As many of them have arrived.
    pub(super) fn consume(&mut self, count: usize) {
        self.arrived += count;
        self.held = self.held.saturating_sub(count);
        self.passed += count as u64;
        if self.pieces.front().is_some_and(|piece| self.arrived >= piece.octets.len()) {
            self.pieces.pop_front();
            self.held = self.held.saturating_sub(PIECE);
            self.arrived = 0;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Has the task of `cx` woken when something is due later on; true if that is now.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>, start: Instant) -> bool {
        let due = self.pieces.front().and_then(|piece| start.checked_add(piece.due));
        let Some(due) = due.filter(|due| *due > Instant::now()) else { return false };
        self.timer.set_at(due);
        Pin::new(&mut self.timer).poll_next(cx).is_ready()
    }
}
