//! What an engine says.

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
    /// What reads like a line, without its line end, and may be none: octets of a payload that another program had asked for, or of
    /// which the line damaged the count. Before the line was first synchronized it may also be one of long ago.
    Stray(Bytes),
    /// A command got no result: whose lines arrive is not known until the next command found it out.
    Desynchronized,
    /// The module restarted or switched itself off: nothing that was set up in it is left.
    Restarted(Restart),
}
