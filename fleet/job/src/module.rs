//! What a worker tells of a module.

use serde::{Deserialize, Serialize};

/// What a worker tells of one of its modules. It is forgotten when nothing more is told of it for some minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "made by one program, and shown by one")]
pub struct Module {
    /// What the worker's configuration calls it.
    pub name: String,
    /// Whose it is.
    pub worker: String,
    /// The groups that it is of.
    pub groups: Vec<String>,
    /// What it is doing.
    pub state: ModuleState,
    /// The operator that it is registered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// Its signal in dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dbm: Option<i16>,
    /// Octets of payload received for jobs.
    pub received: u64,
    /// Octets of payload sent for jobs.
    pub sent: u64,
    /// Jobs that it ended.
    pub jobs: u64,
    /// Tries that the driver repeated.
    pub retries: u64,
    /// Times that it had to be rested.
    pub failures: u64,
    /// When this was told, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
}

/// What a module is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "made by one program, and shown by one")]
pub enum ModuleState {
    /// It is being brought up.
    Starting,
    /// It waits for a job.
    Idle,
    /// It is at a job.
    Busy {
        /// Which one.
        job: String,
    },
    /// It failed, and is left alone for a while.
    Resting {
        /// Why.
        cause: String,
        /// For how long, in seconds.
        seconds: u64,
    },
}

impl ModuleState {
    /// One stable word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Busy { .. } => "busy",
            Self::Resting { .. } => "resting",
        }
    }
}
