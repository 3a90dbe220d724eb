//! Why an HTTP request failed.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use crate::message::Method;
use sim800_command::{HttpStatus, InvalidValue, LINE_LIMIT};
use thiserror::Error;

use crate::bearer::BearerError;
use crate::error::{Error, Failure};
use crate::kind::ErrorKind;
use crate::loss::{Loss, Transient};
use crate::sent::Sent;
use crate::settings::Unsendable;

/// Why an HTTP request failed. An HTTP status is no error, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The request cannot be put into the module's commands; nothing was sent.
    #[error("{what} {reason}")]
    Unsupported {
        /// What of it.
        what: &'static str,
        /// Why, and what helps.
        reason: String,
    },
    /// A value cannot stand in a command line; nothing was sent.
    #[error("the {what} cannot be sent to the module")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        reason: InvalidValue,
    },
    /// The body is longer than the module takes, or than the line moves within the module's input time; nothing was
    /// sent.
    #[error(
        "a body of {length} bytes is too long; at this rate of the line the module takes at most {limit}"
    )]
    BodyTooLarge {
        /// Octets of the body.
        length: u64,
        /// The most that would do.
        limit: u64,
    },
    /// A command failed.
    #[error("the request failed")]
    Command {
        /// The command and its failure.
        source: Error,
        /// Whether the server may have got the request.
        sent: Sent,
    },
    /// The module did not get all octets of the body in time; nothing was sent to the server.
    #[error(
        "the module did not get all {length} bytes of the body within {limit:.0?}: the line loses bytes, or is slower than its \
         rate says; enable RTS/CTS, lower the rate, or send less at a time"
    )]
    NotTaken {
        /// Octets of the body.
        length: u64,
        /// How long the module waited for them.
        limit: Duration,
    },
    /// The module refused a parameter of the request.
    #[error("the module refused the {what}")]
    Parameter {
        /// Which one.
        what: &'static str,
        /// The refusal.
        source: Error,
    },
    /// The module's firmware has no HTTPS.
    #[error("the module's firmware has no HTTPS; update it to R14 or later, or use plain HTTP")]
    NoSsl(#[source] Error),
    /// The module's HTTP service cannot be started, because one that was left over does not end.
    #[error("an earlier HTTP session in the module does not end; restart the module")]
    Busy(#[source] Error),
    /// The module has one HTTP service, and the body of another response that keeps it is not read.
    #[error(
        "{by} holds the module's only HTTP service, and nobody has read its body for {unread:?}; read it to its end, or drop it"
    )]
    InUse {
        /// The request whose response it is, without its query.
        by: String,
        /// For how long at least.
        unread: Duration,
    },
    /// The bearer was lost on the way.
    #[error("{method} failed")]
    Bearer {
        /// What was asked for.
        method: Method,
        /// What became of the bearer.
        source: BearerError,
        /// Whether the server may have got the request.
        sent: Sent,
    },
    /// The module restarted or the line ended on the way.
    #[error("{method} failed")]
    Interrupted {
        /// What was asked for.
        method: Method,
        /// What happened.
        source: Failure,
        /// Whether the server may have got the request.
        sent: Sent,
    },
    /// The module could not carry out the request: its own codes from 600 on.
    #[error("{method} failed: {status}{}", hint(*status))]
    Action {
        /// What was asked for.
        method: Method,
        /// The module's code.
        status: HttpStatus,
    },
    /// The object is larger than the module holds (its code 602), and the server does not send it in ranges.
    #[error(
        "the object is larger than the {limit} bytes that the module holds (602), and the server ignores ranges; fetch it \
         from a server that honours them, or by FTP"
    )]
    RangesIgnored {
        /// The most octets that the module holds.
        limit: u64,
    },
    /// The server refused to go on with an object that is fetched in ranges.
    #[error("the server answered {status} when asked for the rest from byte {position}")]
    RangeRefused {
        /// The HTTP status.
        status: u16,
        /// Where the range begins, counted from 0.
        position: u64,
    },
    /// An object that is fetched in ranges is not the same any more.
    #[error("the object changed on the server during the download, at byte {position}; fetch it again")]
    Changed {
        /// Where the range begins that is of another object, counted from 0.
        position: u64,
    },
    /// It took longer than [`Effort::deadline`](crate::Effort::deadline) allows.
    #[error("{method} took longer than the {limit:?} that it may take")]
    Deadline {
        /// What was asked for.
        method: Method,
        /// How long it may take.
        limit: Duration,
    },
    /// The headers promise another number of octets than came.
    #[error(
        "the server announced {promised} bytes, but {came} came; repeat the request if that does no harm"
    )]
    Length {
        /// Octets that the headers promise.
        promised: u64,
        /// Octets that came.
        came: u64,
    },
    /// The module never told how the request ended.
    #[error(
        "{method} failed: the module told no result within {waited:.0?}; the line lost it, or the server is too slow"
    )]
    NoResult {
        /// What was asked for.
        method: Method,
        /// How long was waited.
        waited: Duration,
    },
    /// The module had announced a longer body than it lets read.
    #[error("the body broke off at byte {position} of {length}; repeat the request if that does no harm")]
    NoProgress {
        /// Octets that were read.
        position: u64,
        /// Octets that were announced.
        length: u64,
    },
    /// The module has more octets than it announced, so the announcement was damaged on the line.
    #[error(
        "the body is longer than the {length} bytes that the module announced, so the line damages data; enable RTS/CTS or lower the rate"
    )]
    TooLong {
        /// Octets that were announced.
        length: u64,
    },
}

/// What helps, where something does.
fn hint(status: HttpStatus) -> &'static str {
    match status {
        HttpStatus::NOT_HTTP => "; check the port, and that a server speaks plain HTTP there",
        HttpStatus::NETWORK => "; check that the server and the network are up",
        HttpStatus::NO_MEMORY => "; the response is larger than the module holds",
        HttpStatus::DNS => "; check the host name",
        HttpStatus::STACK_BUSY => "; try again later",
        HttpStatus::SSL_SETUP => {
            "; the module does not accept the server's certificate (self-signed, expired, another name), or the server \
             does not accept TLS 1.0, the newest that common firmware knows"
        }
        HttpStatus::SSL_ALERT => {
            "; the server may not accept TLS 1.0, the newest that common firmware knows, or wants a certificate of the \
             module's"
        }
        _ => "",
    }
}

impl HttpError {
    /// Whether the module refused a command before the server got anything.
    pub(super) fn is_refused_unsent(&self) -> bool {
        match self {
            Self::Command { source, sent: Sent::No }
            | Self::Parameter { source, .. }
            | Self::NoSsl(source) => source.is_rejected(),
            _ => false,
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::BodyTooLarge { .. } | Self::RangesIgnored { .. } => ErrorKind::TooLarge,
            Self::Command { source, .. } | Self::Parameter { source, .. } => source.kind(),
            Self::NoSsl(_) => ErrorKind::NoSsl,
            Self::Busy(_) | Self::InUse { .. } => ErrorKind::Busy,
            Self::NotTaken { .. } => ErrorKind::Starved,
            Self::RangeRefused { .. } => ErrorKind::Range,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::Bearer { source, .. } => source.kind(),
            Self::Interrupted { source, .. } => source.into(),
            Self::Action { .. } => ErrorKind::Http,
            Self::NoResult { .. } | Self::Deadline { .. } => ErrorKind::TimedOut,
            Self::NoProgress { .. } | Self::TooLong { .. } | Self::Length { .. } => ErrorKind::Incomplete,
        }
    }

    /// The module's own number, where it gave one: 600–606 of `+HTTPACTION`, else that of `+CME ERROR`.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Action { status, .. } => Some(u32::from(status.0)),
            Self::RangesIgnored { .. } => Some(u32::from(HttpStatus::NO_MEMORY.0)),
            Self::Command { source: error, .. }
            | Self::Parameter { source: error, .. }
            | Self::NoSsl(error)
            | Self::Busy(error) => error.code(),
            Self::Bearer { source, .. } => source.code(),
            _ => None,
        }
    }

    /// Whether the server may have got the request. A POST or a DELETE is never sent twice: whether to send it again is up to
    /// the caller.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Unsupported { .. }
            | Self::Invalid { .. }
            | Self::BodyTooLarge { .. }
            | Self::NotTaken { .. }
            | Self::Parameter { .. }
            | Self::NoSsl(_)
            | Self::Busy(_)
            | Self::InUse { .. } => Sent::No,
            Self::Command { sent, .. } | Self::Bearer { sent, .. } | Self::Interrupted { sent, .. } => *sent,
            _ => Sent::Unknown,
        }
    }
}

impl Transient for HttpError {
    fn loss(&self, under_way: bool) -> Option<Loss> {
        match self {
            // What refuses a request that it was told has restarted since.
            Self::Command { source, sent } => source.failure().loss(under_way || *sent == Sent::Unknown),
            Self::Parameter { source, .. } => source.failure().loss(under_way),
            Self::NotTaken { .. } => Some(Loss::Response),
            Self::Bearer { source, .. } => source.loss(under_way),
            Self::Interrupted { source, .. } => source.loss(under_way),
            Self::NoResult { .. } | Self::NoProgress { .. } | Self::TooLong { .. } | Self::Length { .. } => {
                Some(Loss::Session)
            }
            Self::Action { status: HttpStatus::STACK_BUSY, .. } => Some(Loss::Session),
            Self::Action { status: HttpStatus::NETWORK | HttpStatus::DNS, .. } | Self::Busy(_) => {
                under_way.then_some(Loss::Session)
            }
            _ => None,
        }
    }

    fn may_lack_bearer(&self) -> bool {
        matches!(self, Self::Action { status: HttpStatus::NETWORK, .. })
    }

    fn is_decisive(&self) -> bool {
        matches!(self, Self::Changed { .. })
    }
}

impl From<Unsendable> for HttpError {
    fn from(Unsendable { what, reason }: Unsendable) -> Self {
        match reason {
            // The limit of no value, but of the line that it stands in.
            InvalidValue::TooLong { limit: LINE_LIMIT, .. } => {
                let reason = format!("does not fit a command line of {LINE_LIMIT} bytes");
                Self::Unsupported { what, reason }
            }
            reason => Self::Invalid { what, reason },
        }
    }
}
