//! What a command brought.

use alloc::vec::Vec;

use bytes::Bytes;
use sim800_command::{Command, Malformed};
use sim800_parser::Line;

/// What a command that ended well brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The information text, a line feed behind each of its [`lines`](Self::lines); the header of a payload is one.
    pub information: Bytes,
    /// The payload, complete.
    pub payload: Bytes,
    /// A line of the module's own stood between the payload and its result. It may have been the end of the payload: where the line
    /// doubled octets of one, its count leaves as many, and these may read like anything.
    pub followed_by_line: bool,
    /// How many octets of the body the module asked for and got.
    pub granted: Option<u32>,
    /// What each of several commands on one line brought, in their order; there is nothing else then.
    pub concatenated: Vec<Self>,
}

impl Response {
    /// The lines of information text, without line ends.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = Line<'_>> {
        lines(&self.information).map(Line::new)
    }

    /// What the information text says.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it has not the shape that `command` defines.
    pub fn decode<'a, C: Command>(&'a self, command: &C) -> Result<C::Response<'a>, Malformed> {
        let lines: Vec<_> = self.lines().collect();
        command.response(&lines)
    }
}

/// The lines of information text, of which none has a line feed in it.
pub(crate) fn lines(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split_inclusive(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}
