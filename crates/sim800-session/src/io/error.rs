//! Errors of ports and sources.

use alloc::boxed::Box;
use core::error::Error as StdError;
use core::fmt;
use core::result;

/// What a port or a source brings, or its error.
pub type Result<T> = result::Result<T, Error>;

/// What went wrong with a port or a source.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was wanted is not there.
    NotFound,
    /// It is not allowed.
    PermissionDenied,
    /// The other side does not want to.
    ConnectionRefused,
    /// The other side broke off.
    ConnectionReset,
    /// It was broken off.
    ConnectionAborted,
    /// There is no connection.
    NotConnected,
    /// Others use it.
    ResourceBusy,
    /// The other side takes nothing any more.
    BrokenPipe,
    /// A parameter makes no sense.
    InvalidInput,
    /// What was read makes no sense.
    InvalidData,
    /// It took too long.
    TimedOut,
    /// Nothing was taken.
    WriteZero,
    /// It was broken off, and may be tried again.
    Interrupted,
    /// It cannot be done here.
    Unsupported,
    /// It ended too early.
    UnexpectedEof,
    /// There is no memory.
    OutOfMemory,
    /// Anything else.
    Other,
}

impl ErrorKind {
    const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::PermissionDenied => "not allowed",
            Self::ConnectionRefused => "refused",
            Self::ConnectionReset => "the other side broke off",
            Self::ConnectionAborted => "the connection was broken off",
            Self::NotConnected => "there is no connection",
            Self::ResourceBusy => "others use it",
            Self::BrokenPipe => "the other side takes nothing any more",
            Self::InvalidInput => "an invalid parameter",
            Self::InvalidData => "invalid data",
            Self::TimedOut => "it took too long",
            Self::WriteZero => "nothing was taken",
            Self::Interrupted => "broken off",
            Self::Unsupported => "not supported",
            Self::UnexpectedEof => "an early end",
            Self::OutOfMemory => "out of memory",
            Self::Other => "an error",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Error {
    /// An error of this kind with its cause.
    pub fn new(kind: ErrorKind, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, cause: Some(cause.into()) }
    }

    /// An error of no kind that has a name, with its cause.
    pub fn other(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Other, cause)
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Its cause, where that is known.
    #[must_use]
    pub fn get_ref(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.cause.as_deref()
    }

    /// The cause, taken out.
    #[must_use]
    pub fn into_inner(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.cause
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, cause: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => cause.fmt(f),
            None => self.kind.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().and_then(|cause| cause.source())
    }
}
