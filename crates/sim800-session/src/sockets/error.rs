//! How sockets fail.

use crate::sync::Arc;
use alloc::string::String;
use core::time::Duration;

use sim800_command::InvalidValue;
use thiserror::Error;

use crate::io;

use crate::error::{Error, Failure};
use crate::kind::ErrorKind;
use crate::loss::Transient;
use crate::settings::Unsendable;
use crate::start_up::StartUpError;

/// Why there is no socket, or none any more.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SocketError {
    /// A value cannot be sent.
    #[error("the {what} of the socket cannot be used")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        reason: InvalidValue,
    },
    /// The network did not bring the context up that carries sockets.
    #[error("the network did not let the sockets in; check the access point name, user and password")]
    NotAdmitted(#[source] Error),
    /// The module could not be made ready again.
    #[error(transparent)]
    StartUp(Arc<StartUpError>),
    /// All six sockets of the module are in use.
    #[error("all six sockets of the module are in use; close one first")]
    AllInUse,
    /// Sockets that go through another access point are open.
    #[error("sockets to another access point are open; close them first")]
    InUse,
    /// The name of the server could not be looked up.
    #[error("{host} could not be found: {}", told(*code))]
    NotFound {
        /// The name.
        host: String,
        /// The module's number; 8 where nobody knows the name.
        code: u8,
    },
    /// The server did not take the connection.
    #[error("{host}, port {port}, did not take the connection")]
    Refused {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Nobody said anything for too long.
    #[error("the {what} took longer than {limit:?}")]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// For how long.
        limit: Duration,
    },
    /// The server closed the connection, or it broke, while there was something to send.
    #[error("the server closed the connection; {acknowledged} of {sent} bytes that were sent had arrived")]
    Closed {
        /// Octets that the module had taken.
        sent: u64,
        /// Those of them that the server had acknowledged, as far as the module told.
        acknowledged: u64,
    },
    /// Octets may be missing or doubled, so nothing more is read or sent.
    #[error("the line to the module lost or changed bytes, so the socket was closed")]
    Damaged(#[source] Error),
    /// Octets that nobody wrote may have gone to the server behind those that [`progress`](super::Socket::progress) counts as sent: what
    /// brings back a module that waits for octets are some. The connection is closed.
    #[error(
        "the line to the module lost or changed bytes, so the socket was closed; the server may have got bytes that nobody wrote"
    )]
    Spoilt(#[source] Error),
    /// The network took the context away, or another closed it: every socket on it is gone.
    #[error("the network closed the context of the socket")]
    ContextLost,
    /// The module restarted, or the line to it is gone.
    #[error("the connection is gone")]
    Module(#[source] Failure),
    /// It was closed from this side.
    #[error("the socket was closed from this side")]
    ClosedHere,
    /// A command failed.
    #[error(transparent)]
    Command(Error),
}

/// The number by which the module tells that nobody knows a name (manual 8.2.14).
pub(super) const NO_SUCH_NAME: u8 = 8;

fn told(code: u8) -> &'static str {
    if code == NO_SUCH_NAME { "there is no such name" } else { "the network did not answer" }
}

impl SocketError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::NotAdmitted(_) => ErrorKind::BearerRefused,
            Self::StartUp(error) => error.kind(),
            Self::AllInUse | Self::InUse => ErrorKind::Busy,
            Self::NotFound { .. } => ErrorKind::HostNotFound,
            Self::Refused { .. } => ErrorKind::Unreachable,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::Closed { .. } => ErrorKind::Closed,
            Self::ContextLost => ErrorKind::BearerLost,
            Self::Module(failure) => failure.into(),
            Self::ClosedHere => ErrorKind::Misuse,
            Self::Damaged(error) | Self::Spoilt(error) | Self::Command(error) => error.kind(),
        }
    }

    /// Whether another connection may do what this one did not. What would have been wrong from the start, such as a server that takes
    /// no connection, may pass only where something is `under_way`: it was right a moment ago.
    #[must_use]
    pub fn may_pass(&self, under_way: bool) -> bool {
        match self {
            Self::Closed { .. } | Self::Damaged(_) | Self::Spoilt(_) | Self::ContextLost => true,
            Self::Module(failure) => failure.loss(under_way).is_some(),
            Self::Command(error) => error.failure().loss(under_way).is_some(),
            Self::Refused { .. }
            | Self::NotFound { .. }
            | Self::TimedOut { .. }
            | Self::StartUp(_)
            | Self::NotAdmitted(_) => under_way,
            Self::Invalid { .. } | Self::AllInUse | Self::InUse | Self::ClosedHere => false,
        }
    }

    /// The module's own number, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::NotAdmitted(error) | Self::Damaged(error) | Self::Spoilt(error) | Self::Command(error) => {
                error.code()
            }
            Self::StartUp(error) => error.code(),
            Self::NotFound { code, .. } => Some(u32::from(*code)),
            _ => None,
        }
    }
}

impl From<Error> for SocketError {
    fn from(error: Error) -> Self {
        match error.failure() {
            Failure::Restarted(_) | Failure::Disconnected(_) => Self::Module(error.failure().clone()),
            _ => Self::Command(error),
        }
    }
}

impl From<StartUpError> for SocketError {
    fn from(error: StartUpError) -> Self {
        Self::StartUp(Arc::new(error))
    }
}

impl From<Unsendable> for SocketError {
    fn from(Unsendable { what, reason }: Unsendable) -> Self {
        Self::Invalid { what, reason }
    }
}

impl From<SocketError> for io::Error {
    fn from(error: SocketError) -> Self {
        let kind = match &error {
            SocketError::Invalid { .. } => io::ErrorKind::InvalidInput,
            SocketError::AllInUse | SocketError::InUse => io::ErrorKind::ResourceBusy,
            SocketError::NotFound { .. } => io::ErrorKind::NotFound,
            SocketError::Refused { .. } => io::ErrorKind::ConnectionRefused,
            SocketError::TimedOut { .. } => io::ErrorKind::TimedOut,
            SocketError::Closed { .. } => io::ErrorKind::BrokenPipe,
            SocketError::Damaged(_) | SocketError::Spoilt(_) => io::ErrorKind::ConnectionAborted,
            SocketError::ContextLost | SocketError::Module(_) => io::ErrorKind::ConnectionReset,
            SocketError::ClosedHere => io::ErrorKind::NotConnected,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
