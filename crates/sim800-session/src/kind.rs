//! The kinds of errors, for programs that tell them apart without knowing all of them.

use core::fmt;

use crate::engine::Failure;

/// What kind of error it is, whatever failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bearer was lost.
    BearerLost,
    /// The network did not open the bearer.
    BearerRefused,
    /// Somebody else uses it.
    Busy,
    /// The server does not prove who it is.
    Certificate,
    /// It is not the same object or file any more.
    Changed,
    /// The server closed the connection, or that broke.
    Closed,
    /// The network denies registration.
    Denied,
    /// The line is gone.
    Disconnected,
    /// It is there already.
    Exists,
    /// The module tells how the transfer failed.
    Ftp,
    /// There is no room.
    Full,
    /// The name of the server could not be looked up.
    HostNotFound,
    /// The module tells how the request failed.
    Http,
    /// Fewer or more octets came than were told.
    Incomplete,
    /// A value cannot be sent.
    Invalid,
    /// A response has not the shape that its command defines.
    Malformed,
    /// The caller asked for what cannot be.
    Misuse,
    /// The module does not answer.
    NoAnswer,
    /// The module gets no further.
    NoProgress,
    /// The firmware has no SSL.
    NoSsl,
    /// The network does not attach the module to GPRS.
    NotAttached,
    /// The directory is not empty.
    NotEmpty,
    /// There is no such file or directory.
    NotFound,
    /// The module has no such file.
    NotLoaded,
    /// No network was found.
    NotRegistered,
    /// The server refused a range that it had honoured before.
    Range,
    /// The module rejected a command.
    Rejected,
    /// The module restarted.
    Restarted,
    /// The SIM card cannot be used.
    SimFailure,
    /// There is no SIM card.
    SimNotInserted,
    /// The SIM card wants its PIN.
    SimPin,
    /// The SIM card refused the PIN.
    SimPinWrong,
    /// The SIM card wants its PUK.
    SimPuk,
    /// What was to be sent could not be read.
    Source,
    /// Octets of a payload are missing.
    Starved,
    /// It took too long.
    TimedOut,
    /// There is no secure connection to the server.
    Tls,
    /// It is more than the module holds or counts.
    TooLarge,
    /// Whether the server has it is not known.
    Unconfirmed,
    /// The server did not take the connection.
    Unreachable,
    /// The module, or its firmware, has no command for it.
    Unsupported,
}

impl ErrorKind {
    /// One stable word, as `timed-out`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BearerLost => "bearer-lost",
            Self::BearerRefused => "bearer-refused",
            Self::Busy => "busy",
            Self::Certificate => "certificate",
            Self::Changed => "changed",
            Self::Closed => "closed",
            Self::Denied => "denied",
            Self::Disconnected => "disconnected",
            Self::Exists => "exists",
            Self::Ftp => "ftp",
            Self::Full => "full",
            Self::HostNotFound => "host-not-found",
            Self::Http => "http",
            Self::Incomplete => "incomplete",
            Self::Invalid => "invalid",
            Self::Malformed => "malformed",
            Self::Misuse => "misuse",
            Self::NoAnswer => "no-answer",
            Self::NoProgress => "no-progress",
            Self::NoSsl => "no-ssl",
            Self::NotAttached => "not-attached",
            Self::NotEmpty => "not-empty",
            Self::NotFound => "not-found",
            Self::NotLoaded => "not-loaded",
            Self::NotRegistered => "not-registered",
            Self::Range => "range",
            Self::Rejected => "rejected",
            Self::Restarted => "restarted",
            Self::SimFailure => "sim-failure",
            Self::SimNotInserted => "sim-not-inserted",
            Self::SimPin => "sim-pin",
            Self::SimPinWrong => "sim-pin-wrong",
            Self::SimPuk => "sim-puk",
            Self::Source => "source",
            Self::Starved => "starved",
            Self::TimedOut => "timed-out",
            Self::Tls => "tls",
            Self::TooLarge => "too-large",
            Self::Unconfirmed => "unconfirmed",
            Self::Unreachable => "unreachable",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&Failure> for ErrorKind {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Rejected(_) => Self::Rejected,
            Failure::Malformed(_) => Self::Malformed,
            Failure::TimedOut { .. } => Self::TimedOut,
            Failure::Starved { .. } => Self::Starved,
            Failure::Desynchronized => Self::NoAnswer,
            Failure::Restarted(_) => Self::Restarted,
            Failure::Disconnected(_) => Self::Disconnected,
            // And what a later engine may add.
            _ => Self::Misuse,
        }
    }
}
