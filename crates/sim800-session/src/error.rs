//! Why a command did not succeed.

use std::io;
use std::time::Duration;

use sim800_command::Command;
use sim800_parser::FinalResultCode;
use thiserror::Error;

use crate::engine::{Name, Restart};

/// A command that failed, and why.
///
/// The message holds the command, the source is why; [`failure`](Self::failure) is for programs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{command} failed")]
pub struct Error {
    command: Box<str>,
    #[source]
    failure: Failure,
}

impl Error {
    pub(crate) fn new(command: &Name, failure: Failure) -> Self {
        Self { command: command.to_string().into(), failure }
    }

    /// The failure of `command`.
    pub(crate) fn of<C: Command>(_command: &C, failure: Failure) -> Self {
        Self::new(&Name::Table(C::SPEC), failure)
    }

    /// The command without its values: `AT+HTTPINIT`.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Why it failed.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.failure
    }

    /// Whether the module got the command and refused it.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        matches!(self.failure, Failure::Rejected(_))
    }

    /// Whether the command may work when it is repeated, because what went wrong was the line.
    pub(crate) fn is_of_the_line(&self) -> bool {
        use Failure::{Desynchronized, Malformed, Starved, TimedOut};
        matches!(self.failure, Malformed(_) | TimedOut { .. } | Starved { .. } | Desynchronized)
    }

    /// The number of `+CME ERROR`, where the module gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self.failure {
            Failure::Rejected(FinalResultCode::Cme(error)) => error.code().map(u32::from),
            Failure::Rejected(FinalResultCode::Cms(error)) => error.code().map(u32::from),
            _ => None,
        }
    }

    /// One stable word for the kind of failure.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.failure.kind()
    }
}

/// How a command failed: the module's doing, the line's, or ours ([`Misuse`]).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The module answered with something other than `OK`.
    #[error("the module refused it with {0}")]
    Rejected(FinalResultCode),
    /// The module answered in a way that this command does not allow. Nothing is known of its effect.
    #[error("the response makes no sense")]
    Malformed(#[source] Malformation),
    /// No result code came in time. Whether the command had its effect is not known.
    #[error("no result came within {limit:?}; is the module still powered and its line intact?")]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
    /// Octets of a counted payload did not come: the line lost some, or the module stopped.
    #[error(
        "{missing} octets of the payload never came; the module fell silent, or the line loses octets: enable RTS/CTS or lower the rate"
    )]
    Starved {
        /// How many were still to come.
        missing: u32,
    },
    /// The command was not sent, because the module did not answer `AT` any more.
    #[error("not sent, because the module does not answer AT; check its power, the wiring and the rate")]
    Desynchronized,
    /// The module restarted or switched itself off: bearer and sessions are gone. What was waiting was not sent.
    #[error("{0}")]
    Restarted(Restart),
    /// The line is gone.
    #[error(transparent)]
    Disconnected(Disconnected),
    /// The command could not be sent as it was.
    #[error(transparent)]
    Misuse(Misuse),
}

impl Failure {
    /// One stable word for the kind of failure.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "rejected",
            Self::Malformed(_) => "malformed",
            Self::TimedOut { .. } => "timed-out",
            Self::Starved { .. } => "starved",
            Self::Desynchronized => "no-answer",
            Self::Restarted(_) => "restarted",
            Self::Disconnected(_) => "disconnected",
            Self::Misuse(_) => "misuse",
        }
    }
}

/// What was wrong with a response.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformation {
    /// The result came, but the module never asked for the octets that go with the command.
    #[error("a result without a prompt for the payload")]
    PromptMissing,
    /// The result came before all granted octets were sent, as when the module's input time runs out.
    #[error("a result after {sent} of {granted} octets of payload")]
    BodyCutShort {
        /// Octets handed out for transmission.
        sent: u32,
        /// Octets the module had asked for.
        granted: u32,
    },
    /// A count greater than what was asked for.
    #[error("{announced} octets announced, more than was asked for")]
    Excess {
        /// The module's count.
        announced: u64,
    },
    /// The octets around a payload are not what they should be, so its own cannot be trusted.
    #[error(
        "octets of the payload were lost or doubled; the line damages them: enable RTS/CTS or lower the rate"
    )]
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
    #[error("the command line is longer than the 556 octets the module takes")]
    TooLong,
    /// Not one line that begins with `AT`.
    #[error("a command line begins with AT and holds no control octets")]
    NotACommand,
    /// The command has octets to send, and none were given, or the other way round.
    #[error("the command and its payload do not go together")]
    Body,
    /// More commands wait than [`Limits::queue`](crate::Limits::queue).
    #[error("too many commands are waiting")]
    QueueFull,
}

/// How the line to the module ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Disconnected {
    /// It was closed from the other side.
    #[error("the line to the module was closed")]
    Ended,
    /// Reading or writing failed.
    #[error("the line to the module failed: {0}")]
    Failed(io::ErrorKind),
    /// The driver was dropped.
    #[error("the driver of the line is not running any more")]
    DriverDropped,
}
