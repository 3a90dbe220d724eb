//! Why a command did not succeed.

use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;

use sim800_command::Command;
use sim800_parser::FinalResultCode;

pub use sim800_engine::{Disconnected, Failure, Malformation, Misuse};

use crate::engine::Name;
use crate::kind::ErrorKind;

/// A command that failed, and why.
///
/// The message holds the command, and what a module refused it with; what else is why is the source. [`failure`](Self::failure) is
/// for programs.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

/// On the heap, for whatever may fail hands it on, through each procedure that asked for it.
#[derive(Clone, PartialEq, Eq)]
struct Inner {
    command: Box<str>,
    failure: Failure,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { command, failure } = &*self.0;
        f.debug_struct("Error").field("command", command).field("failure", failure).finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { command, failure } = &*self.0;
        match failure {
            Failure::Rejected(code) => write!(f, "the module refused {command} with {code}"),
            _ => write!(f, "{command} failed"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.0.failure {
            Failure::Rejected(_) => None,
            failure => Some(failure),
        }
    }
}

impl Error {
    pub(crate) fn new(command: &Name, failure: Failure) -> Self {
        Self(Box::new(Inner { command: command.to_string().into(), failure }))
    }

    /// The failure of `command`.
    pub(crate) fn of<C: Command>(_command: &C, failure: Failure) -> Self {
        Self::new(&Name::of::<C>(), failure)
    }

    /// The command without its values: `AT+HTTPINIT`.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.0.command
    }

    /// Why it failed.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// Whether the module got the command and refused it.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        matches!(self.0.failure, Failure::Rejected(_))
    }

    /// Whether the command may work when it is repeated, because what went wrong was the line.
    pub(crate) fn is_of_the_line(&self) -> bool {
        use Failure::{Desynchronized, Malformed, Starved, TimedOut};
        matches!(self.0.failure, Malformed(_) | TimedOut { .. } | Starved { .. } | Desynchronized)
    }

    /// The number of `+CME ERROR`, where the module gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self.0.failure {
            Failure::Rejected(FinalResultCode::Cme(error)) => error.code().map(u32::from),
            Failure::Rejected(FinalResultCode::Cms(error)) => error.code().map(u32::from),
            _ => None,
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        (&self.0.failure).into()
    }
}
