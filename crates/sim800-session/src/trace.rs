//! Every octet that crosses the line, for logs and captures, with secrets masked.

use std::ops::Range;
use std::time::Duration;

use sim800_command::Mask;

use crate::retry::Retry;

/// Which way octets went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a line has two ends")]
pub enum Direction {
    /// To the module.
    Sent,
    /// From the module.
    Received,
}

/// Is shown every octet that crossed the line.
///
/// Passwords and credentials are masked with `*`, octet for octet, so counts stay right.
pub trait Trace: Send {
    /// `octets` crossed at `now`, a time of the runtime.
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]);

    /// Something failed at `now` and is tried again.
    fn retry(&mut self, now: Duration, retry: &Retry) {
        let _ = (now, retry);
    }
}

impl<F: FnMut(Duration, Direction, &[u8]) + Send> Trace for F {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        self(now, direction, octets);
    }
}

/// A [`Trace`] behind its masks.
pub(crate) struct Masked {
    trace: Box<dyn Trace>,
    sent: Mask,
    received: Mask,
}

impl Masked {
    pub(crate) fn new(trace: Box<dyn Trace>) -> Self {
        Self { trace, sent: Mask::default(), received: Mask::default() }
    }

    /// Shows what was sent, `secret` masked whatever it looks like. In payload nothing else is looked for.
    pub(crate) fn sent(
        &mut self,
        now: Duration,
        octets: &[u8],
        secret: Option<Range<usize>>,
        is_payload: bool,
    ) {
        let mut octets = octets.to_vec();
        if !is_payload {
            self.sent.mask(&mut octets);
        }
        if let Some(secret) = secret.and_then(|secret| octets.get_mut(secret)) {
            secret.fill(b'*');
        }
        self.trace.octets(now, Direction::Sent, &octets);
    }

    /// Shows that something is tried again.
    pub(crate) fn retry(&mut self, now: Duration, retry: &Retry) {
        self.trace.retry(now, retry);
    }

    /// Shows what was received.
    pub(crate) fn received(&mut self, now: Duration, octets: &[u8]) {
        let mut octets = octets.to_vec();
        self.received.mask(&mut octets);
        self.trace.octets(now, Direction::Received, &octets);
    }
}
