//! What became of a job.

use serde::{Deserialize, Serialize};

use crate::{Headers, Job};

/// Characters of what went wrong that are kept.
const MESSAGE: usize = 1_000;

/// A job and its state: all that is kept of it, as one value, which only who knows its last revision may replace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the job has a version")]
pub struct Record {
    /// What was submitted.
    pub job: Job,
    /// What became of it.
    pub state: State,
    /// How often it was begun.
    pub begun: u32,
}

/// What became of a job. All but the first two are final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the job has a version")]
pub enum State {
    /// It waits for a module.
    Queued {
        /// Why it did not succeed before, where it was begun.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Failure>,
    },
    /// A module is at it.
    Running(Running),
    /// It was done.
    Done(Box<Outcome>),
    /// It cannot be done, and nothing was.
    Failed(Failure),
    /// It may have been done or not, wholly or in part, and is not tried again: look at the server.
    Unknown(Failure),
    /// It was begun as often as it may be. A copy is in the stream of dead letters.
    Dead(Failure),
    /// Somebody took it back.
    Cancelled {
        /// Whether it may have been done: it must not be repeated, and was begun.
        perhaps_done: bool,
    },
}

/// Who is at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the job has a version")]
pub struct Running {
    /// The worker.
    pub worker: String,
    /// Its module.
    pub module: String,
    /// What nobody else has: tells this attempt from all others.
    pub token: String,
    /// The number of the message that it was told by. Another one for the same job is a copy.
    pub message: u64,
    /// Whether it must not be repeated, and may have been sent.
    pub sent: bool,
    /// Since when, in milliseconds since 1970-01-01 UTC.
    pub since: u64,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the job has a version")]
pub struct Outcome {
    /// The worker.
    pub worker: String,
    /// Its module.
    pub module: String,
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers of the response, where the module tells them; up to 16 KiB.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// Octets received, or of the file that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<u64>,
    /// SHA-256 of the octets received, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Octets sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// The object that holds what was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The file below the worker's directory that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub milliseconds: u64,
    /// When it was done, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the job has a version")]
pub struct Failure {
    /// One stable word: those of the driver, and of the worker's own `cancelled`, `credentials`, `deadline`, `drained`, `invalid`, `lost`, `source`, `target`.
    pub kind: String,
    /// For people.
    pub message: String,
    /// The worker, where one was at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Its module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
}

impl State {
    /// Whether nothing more becomes of it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Queued { .. } | Self::Running(_))
    }

    /// One stable word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Running(_) => "running",
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::Dead(_) => "dead",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl Record {
    /// A job that nobody has begun.
    #[must_use]
    pub const fn new(job: Job) -> Self {
        Self { job, state: State::Queued { after: None }, begun: 0 }
    }
}

impl Failure {
    /// What went wrong.
    #[must_use]
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        // What servers say is in it, and a record has to go into one message.
        let message = message.into().chars().take(MESSAGE).collect();
        Self { kind: kind.to_owned(), message, worker: None, module: None }
    }
}
