//! Why a request failed.

use std::error::Error;
use std::io;
use std::time::Duration;

use sim800_session::{ErrorKind, Sent, SocketError};
use thiserror::Error;

use crate::tls_error::TlsError;
use crate::watched::Vain;

/// An error of somebody else's.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a request failed. An HTTP status is no error, whatever it is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HttpsError {
    /// The request cannot be sent; nothing was.
    #[error("{what} {reason}")]
    Unsupported {
        /// What of it.
        what: &'static str,
        /// Why, and what helps.
        reason: String,
    },
    /// There is no connection to the server; nothing was sent.
    #[error(transparent)]
    Connect(#[from] SocketError),
    /// There is no secure connection to the server; nothing was sent.
    #[error("there is no secure connection to {host}")]
    Tls {
        /// The server.
        host: String,
        /// Why not.
        source: TlsError,
    },
    /// The connection broke.
    #[error("the connection broke")]
    Socket {
        /// What became of it.
        source: SocketError,
        /// Whether the server may have got the request.
        sent: Sent,
    },
    /// What came over the connection is not what the server sent, or the server says so of this side.
    #[error("the secure connection failed")]
    Channel {
        /// What came.
        source: TlsError,
        /// Whether the server may have got the request.
        sent: Sent,
    },
    /// The server said nothing for too long.
    #[error("nothing came from the server for {limit:?}")]
    Silent {
        /// How long it may say nothing.
        limit: Duration,
        /// Whether the server may have got the request.
        sent: Sent,
    },
    /// The server closed the connection, or that broke without a word.
    #[error("the server closed the connection before its answer was complete")]
    Closed {
        /// Whether the server may have got the request.
        sent: Sent,
    },
    /// The server answered something else than HTTP/1.1, something that contradicts itself, or more than
    /// [`HEAD_LIMIT`](crate::HEAD_LIMIT) octets of headers.
    #[error("the answer of the server is not HTTP/1.1")]
    Malformed(#[source] BoxError),
    /// The server tells the length of its answer neither before nor behind it, and a connection without TLS may have broken off as well
    /// as ended.
    #[error("the server does not tell where its answer ends, so nobody knows whether it is complete")]
    Undelimited,
    /// The object is not the same any more.
    #[error("the object changed on the server during the download, at byte {position}; fetch it again")]
    Changed {
        /// The first octet of another object, counted from 0.
        position: u64,
    },
    /// The server does not go on with an object whose transfer broke off.
    #[error("the server answered {status} when asked for the rest from byte {position}")]
    RangeRefused {
        /// The HTTP status.
        status: u16,
        /// Where the rest begins, counted from 0.
        position: u64,
    },
    /// The headers promise another number of octets than came.
    #[error("the server announced {promised} bytes, but {came} came")]
    Length {
        /// Octets that the headers promise.
        promised: u64,
        /// Octets that came.
        came: u64,
    },
    /// What was to be sent could not be read.
    #[error("what was to be sent could not be read")]
    Source(#[source] BoxError),
}

impl HttpsError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Connect(source) | Self::Socket { source, .. } => source.kind(),
            Self::Tls { source, .. } | Self::Channel { source, .. } => source.kind(),
            Self::Silent { .. } => ErrorKind::TimedOut,
            Self::Closed { .. } => ErrorKind::Closed,
            Self::Malformed(_) => ErrorKind::Http,
            Self::Undelimited => ErrorKind::Unconfirmed,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::RangeRefused { .. } => ErrorKind::Range,
            Self::Length { .. } => ErrorKind::Incomplete,
            Self::Source(_) => ErrorKind::Source,
        }
    }

    /// The module's own number, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Connect(source) | Self::Socket { source, .. } => source.code(),
            _ => None,
        }
    }

    /// Whether the server may have got the request. What is not safe (RFC 9110 section 9.2.1) is never sent twice: whether to send it
    /// again is up to the caller.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Unsupported { .. } | Self::Connect(_) | Self::Tls { .. } => Sent::No,
            Self::Socket { sent, .. }
            | Self::Channel { sent, .. }
            | Self::Silent { sent, .. }
            | Self::Closed { sent } => *sent,
            _ => Sent::Unknown,
        }
    }

    /// Whether the same may do another time. What would have been wrong from the start may pass only where something is `under_way`.
    /// It does not say that the request may be sent twice: see [`sent`](Self::sent).
    #[must_use]
    pub fn may_pass(&self, under_way: bool) -> bool {
        match self {
            Self::Connect(source) | Self::Socket { source, .. } => source.may_pass(under_way),
            Self::Tls { source, .. } | Self::Channel { source, .. } => under_way || source.is_of_the_way(),
            Self::Closed { .. } => true,
            Self::Silent { .. } | Self::Malformed(_) => under_way,
            _ => false,
        }
    }

    /// That there was no use in waiting.
    pub(crate) fn in_vain(vain: Vain, sent: Sent) -> Self {
        match vain {
            Vain::Silence { limit } => Self::Silent { limit, sent },
            Vain::Noise => Self::Malformed("it does not come to its answer".into()),
        }
    }

    /// What the connection failed with.
    pub(crate) fn of_connection(error: hyper::Error, sent: Sent) -> Self {
        let broken = BoxError::from(error);
        if let Some(source) = find::<SocketError>(&*broken) {
            return Self::Socket { source: source.clone(), sent };
        }
        if let Some(source) = find(&*broken) {
            return Self::Channel { source: TlsError::of(source), sent };
        }
        let Some(error) = broken.downcast_ref::<hyper::Error>() else { return Self::Closed { sent } };
        if error.is_parse() {
            return Self::Malformed(broken);
        }
        if error.is_user() {
            return Self::Source(broken);
        }
        Self::Closed { sent }
    }
}

/// The first error of a type among `error` and what caused it.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut cause = Some(error);
    while let Some(mut error) = cause {
        // An `io::Error` hides the error that it was made of.
        while let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            error = inner;
        }
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
