//! Why a command did not succeed.

use core::time::Duration;

use sim800_parser::FinalResultCode;
use thiserror::Error;

use crate::restart::Restart;

/// How a command failed: the module's doing, the line's, or ours ([`Misuse`]).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The module answered with something other than `OK`.
    #[error("the module refused it with {0}")]
    Rejected(FinalResultCode),
    /// The module answered in a way that this command does not allow. Nothing is known of its effect.
    #[error("the module sent a response that makes no sense")]
    Malformed(#[source] Malformation),
    /// No result code came in time. Whether the command had its effect is not known.
    #[error("the module did not finish within {limit:.1?}; check its power and the line")]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
    /// Octets of a counted payload did not come: the line lost some, or the module stopped, or sends lines of its own instead.
    #[error(
        "{missing} bytes never arrived: the module fell silent, or the line loses bytes; enable RTS/CTS or lower the rate"
    )]
    Starved {
        /// How many were still to come.
        missing: u32,
    },
    /// The command was not sent, because the module did not answer `AT` any more.
    #[error("not sent, because the module does not answer AT; check its power, the wiring and the rate")]
    Desynchronized,
    /// The module restarted or switched itself off: bearer and sessions are gone. What was waiting was not sent.
    #[error(transparent)]
    Restarted(Restart),
    /// The line is gone.
    #[error(transparent)]
    Disconnected(Disconnected),
    /// The command could not be sent as it was.
    #[error(transparent)]
    Misuse(Misuse),
}

impl From<sim800_command::Malformed> for Failure {
    fn from(_: sim800_command::Malformed) -> Self {
        Self::Malformed(Malformation::Information)
    }
}

/// What was wrong with a response.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformation {
    /// The result came, but the module never asked for the octets that go with the command.
    #[error("a result came without a prompt for the data")]
    PromptMissing,
    /// The result came before all granted octets were sent, as when the module's input time runs out.
    #[error("a result came after {sent} of {granted} bytes of the data")]
    BodyCutShort {
        /// Octets handed out for transmission.
        sent: u32,
        /// Octets the module had asked for.
        granted: u32,
    },
    /// A count greater than what was asked for.
    #[error("it announced {announced} bytes, more than it was asked for")]
    Excess {
        /// The module's count.
        announced: u64,
    },
    /// The octets around a payload are not what they should be, so its own cannot be trusted; or the module refused the command behind
    /// something that makes no sense, which may have been the result.
    #[error("the line lost, doubled or changed bytes; enable RTS/CTS or lower the rate")]
    Damaged,
    /// More information text than [`Limits::information`](crate::Limits::information).
    #[error("more information text than is kept")]
    TooMuchInformation,
    /// The information text does not have the shape that the command defines.
    #[error("unexpected information text")]
    Information,
}

/// How a command was wrong before it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The command line is longer than the module takes (manual 1.4.4).
    #[error("the command line is longer than the 556 bytes that the module takes")]
    TooLong,
    /// More commands on a line than the module takes (manual 1.4.4).
    #[error("more than the 39 commands that the module takes on one line")]
    TooMany,
    /// A command that cannot stand on a line with others.
    #[error("the command has to stand on a line of its own")]
    OnItsOwn,
    /// Not one line that begins with `AT`.
    #[error("a command line begins with AT, as in AT+CSQ, and has no control characters")]
    NotACommand,
    /// The command has octets to send, and none were given, or the other way round; or the module prompts for some behind a
    /// command of which that is not known, such as `AT+CMGS`.
    #[error("the command and its payload do not go together")]
    Body,
    /// The payload has an octet that would end or cancel it.
    #[error("octet 0x{octet:02x} in the payload would end it")]
    BodyEnd {
        /// Which one.
        octet: u8,
    },
    /// The engine has a command already; [`Engine::begin`](crate::Engine::begin) takes one at a time.
    #[error("another command is not complete yet")]
    Busy,
    /// As many commands wait as there is room for.
    #[error("too many commands are waiting")]
    QueueFull,
}

/// How the line to the module ended. The reason that a system gives stays with whoever owns the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Disconnected {
    /// It was closed from the other side.
    #[error("the line to the module was closed")]
    Ended,
    /// Reading or writing failed.
    #[error("the line to the module failed")]
    Failed,
    /// It was closed from this side.
    #[error("the session with the module was closed")]
    Closed,
    /// Whoever drove it was dropped.
    #[error("the driver of the line is not running any more")]
    DriverDropped,
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn what_was_waited_is_told_as_people_tell_it() {
        let failure = Failure::TimedOut { limit: Duration::from_nanos(5_001_217_050) };
        assert!(failure.to_string().starts_with("the module did not finish within 5.0s; "), "{failure}");
    }
}
