//! What the engine sends.

use core::fmt;
use core::ops::Range;

use bytes::Bytes;
use sim800_parser::Expect;

/// Octets to be sent. `Debug` tells how many.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit {
    /// The octets.
    pub octets: Bytes,
    /// Where in them a password or credential stands, to be masked in logs and traces.
    pub secret: Option<Range<usize>>,
    /// They are payload, or stand in for it; otherwise they are a command line.
    pub is_payload: bool,
}

impl Transmit {
    pub(crate) fn payload(octets: Bytes) -> Self {
        Self { octets, secret: None, is_payload: true }
    }

    pub(crate) fn line(octets: Bytes, secret: Option<Range<usize>>) -> Self {
        Self { octets, secret, is_payload: false }
    }
}

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmit").field("octets", &self.octets.len()).finish_non_exhaustive()
    }
}

/// Octets that wait to be handed out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) transmit: Transmit,
    /// What may come once they are: no response comes before its command.
    pub(crate) expect: Option<Expect>,
}
