//! What the module wants of the network, and from when on: real modules take their time before they begin.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::Timings;
use crate::effect::{Effect, OperationId};

/// Effects, in the order they were wanted. Those of one operation stay in it.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: VecDeque<(Duration, Effect)>,
}

impl Outbox {
    pub(crate) fn push(&mut self, now: Duration, effect: Effect, timings: &Timings) {
        let before = self.entries.iter().rev().find(|(_, other)| other.id() == effect.id());
        let due = now.saturating_add(delay(&effect, timings));
        let due = before.map_or(due, |(before, _)| due.max(*before));
        self.entries.push_back((due, effect));
    }

    /// Takes off the first that is due.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<Effect> {
        let index = self.entries.iter().position(|(due, _)| *due <= now)?;
        self.entries.remove(index).map(|(_, effect)| effect)
    }

    /// When the next one is due that is not yet.
    pub(crate) fn next(&self, now: Duration) -> Option<Duration> {
        self.entries.iter().map(|(due, _)| *due).filter(|due| *due > now).min()
    }

    /// Drops what is left of an operation that never reached the network.
    pub(crate) fn forget(&mut self, id: OperationId) {
        self.entries.retain(|(_, effect)| effect.id() != id);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// How long the module takes before it begins.
fn delay(effect: &Effect, timings: &Timings) -> Duration {
    match effect {
        Effect::Http { .. } => timings.http,
        Effect::Ftp { .. } => timings.ftp_open,
        Effect::Send { .. } | Effect::Credit { .. } => timings.ftp_piece,
        Effect::Finish { .. } => timings.ftp_close,
        Effect::Socket { .. } => timings.socket_open,
        Effect::Resolve { .. } | Effect::Time { .. } | Effect::Cancel { .. } => Duration::ZERO,
    }
}
