//! What an engine says, and what it sends.

use core::fmt;
use core::ops::Range;

use bytes::Bytes;

use crate::failure::Failure;
use crate::response::Response;
use crate::restart::Restart;

/// What the engine has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// The command that was taken is over, and the next one may be.
    Complete(Result<Response, Failure>),
    /// A line that belongs to no command, without its line end.
    Unsolicited(Bytes),
    /// The payload of the unsolicited line before it, complete. Only a [`Dialect`](sim800_parser::Dialect) with such lines brings any.
    Pushed(Bytes),
    /// A line that came before the line was first synchronized, without its line end: an unsolicited one of now or of long ago, or
    /// octets of a payload that another program had asked for.
    Stray(Bytes),
    /// A command got no result: whose lines arrive is not known until the next command found it out.
    Desynchronized,
    /// The module restarted or switched itself off: nothing that was set up in it is left.
    Restarted(Restart),
}

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
