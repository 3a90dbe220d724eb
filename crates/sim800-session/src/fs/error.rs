//! Why an operation on the module's file system failed.

use alloc::string::String;

use sim800_command::InvalidValue;
use thiserror::Error;

use crate::io;

use crate::error::Error;
use crate::kind::ErrorKind;
use crate::loss::{Loss, Transient};

/// Why an operation on the module's file system failed.
///
/// The module says no more than `ERROR`; what was the matter is asked for afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FsError {
    /// A path cannot stand in a command line; nothing was sent.
    #[error("the path cannot be sent to the module")]
    Invalid(#[source] InvalidValue),
    /// There is nothing of that name.
    #[error("the module has no {path}; list the directory to see what is there")]
    NotFound {
        /// The path.
        path: String,
        /// What the module said, which the message does not repeat.
        refusal: Error,
    },
    /// There is something of that name already.
    #[error("{path} is there already")]
    Exists {
        /// The path.
        path: String,
        /// What the module said, which the message does not repeat.
        refusal: Error,
    },
    /// A directory with something in it cannot be removed.
    #[error("{path} is not empty; remove what is in it first")]
    NotEmpty {
        /// The path.
        path: String,
        /// What the module said, which the message does not repeat.
        refusal: Error,
    },
    /// There is no room left.
    #[error(
        "the module's file system is full after {octets} bytes of {path}, with {free} free; remove files"
    )]
    Full {
        /// The path.
        path: String,
        /// Octets that were written.
        octets: u64,
        /// Octets that are free.
        free: u64,
    },
    /// The module did not get the octets in time.
    #[error("writing {path} broke off after {octets} bytes: the module waited too long for the next ones")]
    TimedOut {
        /// The path.
        path: String,
        /// Octets that were written.
        octets: u64,
    },
    /// The file is not as long as it should be.
    #[error("{path} has {found} bytes instead of {expected}; remove it and try again")]
    Incomplete {
        /// The path.
        path: String,
        /// Octets there should be.
        expected: u64,
        /// Octets there are.
        found: u64,
    },
    /// The source of the octets failed.
    #[error("reading the source failed after {octets} bytes were written: {kind}")]
    Source {
        /// Octets that were written.
        octets: u64,
        /// How reading failed.
        kind: io::ErrorKind,
    },
    /// A command failed.
    #[error(transparent)]
    Command(#[from] Error),
}

impl FsError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Exists { .. } => ErrorKind::Exists,
            Self::NotEmpty { .. } => ErrorKind::NotEmpty,
            Self::Full { .. } => ErrorKind::Full,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::Incomplete { .. } => ErrorKind::Incomplete,
            Self::Source { .. } => ErrorKind::Source,
            Self::Command(error) => error.kind(),
        }
    }

    /// The number of `+CME ERROR`, where the module gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::NotFound { refusal, .. }
            | Self::Exists { refusal, .. }
            | Self::NotEmpty { refusal, .. } => refusal.code(),
            Self::Command(error) => error.code(),
            _ => None,
        }
    }
}

impl Transient for FsError {
    fn loss(&self, under_way: bool) -> Option<Loss> {
        match self {
            Self::Command(error) if error.is_rejected() => Some(Loss::Command),
            Self::Command(error) => error.failure().loss(under_way),
            _ => None,
        }
    }
}

impl From<InvalidValue> for FsError {
    fn from(reason: InvalidValue) -> Self {
        Self::Invalid(reason)
    }
}
