//! What a failure means: for the job, and for the module.

use std::error::Error;

use sim800_fleet_job::Failure;
use sim800_session::{BearerError, ErrorKind, FtpError, HttpError, Sent};

/// Why an attempt at a job did not succeed.
#[derive(Clone, Debug)]
pub(crate) struct Failing {
    pub(crate) failure: Failure,
    /// Whether the server may have been told to do it.
    pub(crate) sent: Sent,
    /// What it means to try again.
    pub(crate) hope: Hope,
}

/// What may come of another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hope {
    /// The same.
    None,
    /// Another result.
    Later,
    /// Another result, with another module: this one has to be brought up again.
    Elsewhere,
    /// Another result, and this attempt does not count: the worker broke it off.
    Uncounted,
}

impl Failing {
    /// Something of the worker's own, before anything was sent.
    pub(crate) fn own(kind: &str, error: &dyn Error) -> Self {
        Self { failure: Failure::new(kind, words(error)), sent: Sent::No, hope: Hope::None }
    }

    /// The same, of which something else may come next time.
    pub(crate) fn passing(kind: &str, error: &dyn Error) -> Self {
        Self { hope: Hope::Later, ..Self::own(kind, error) }
    }

    /// The worker is to end.
    pub(crate) fn drained() -> Self {
        let failure = Failure::new("drained", "the worker ended before the job did");
        Self { failure, sent: Sent::Unknown, hope: Hope::Uncounted }
    }

    /// The same after the server was told to do it.
    pub(crate) fn after_sending(self) -> Self {
        Self { sent: Sent::Unknown, ..self }
    }

    fn driver(kind: ErrorKind, sent: Sent, error: &dyn Error) -> Self {
        Self { failure: Failure::new(kind.as_str(), words(error)), sent, hope: hope(kind) }
    }
}

impl From<HttpError> for Failing {
    fn from(error: HttpError) -> Self {
        Self::driver(error.kind(), error.sent(), &error)
    }
}

impl From<FtpError> for Failing {
    fn from(error: FtpError) -> Self {
        Self::driver(error.kind(), error.sent(), &error)
    }
}

impl From<BearerError> for Failing {
    fn from(error: BearerError) -> Self {
        Self::driver(error.kind(), Sent::No, &error)
    }
}

/// An error with all that is behind it. The driver's hold no secret.
pub(crate) fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let further = error.to_string();
        if !words.ends_with(&further) {
            words.push_str(": ");
            words.push_str(&further);
        }
        source = error.source();
    }
    words
}

fn hope(kind: ErrorKind) -> Hope {
    match kind {
        ErrorKind::Exists
        | ErrorKind::Invalid
        | ErrorKind::NoSsl
        | ErrorKind::NotEmpty
        | ErrorKind::NotFound
        | ErrorKind::Source
        | ErrorKind::TooLarge
        | ErrorKind::Unsupported => Hope::None,
        ErrorKind::BearerLost
        | ErrorKind::BearerRefused
        | ErrorKind::Denied
        | ErrorKind::Disconnected
        | ErrorKind::Malformed
        | ErrorKind::Misuse
        | ErrorKind::NoAnswer
        | ErrorKind::NotAttached
        | ErrorKind::NotRegistered
        | ErrorKind::Rejected
        | ErrorKind::Restarted
        | ErrorKind::SimFailure
        | ErrorKind::SimNotInserted
        | ErrorKind::SimPin
        | ErrorKind::SimPinWrong
        | ErrorKind::SimPuk
        | ErrorKind::Starved => Hope::Elsewhere,
        // What a server says, what a network does, and what later drivers may call otherwise.
        _ => Hope::Later,
    }
}
