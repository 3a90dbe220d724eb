//! What is asked of a fleet of modules, and what became of it.
//!
//! A [`Job`] is one transfer or one request, a [`Record`] is a job with its [`State`], which is all that is kept of it, and a
//! [`Module`] is what a worker tells of one of its modules. All of them are JSON; `schema/job.json` is the schema of a job, made from these types.
//!
//! ```
//! use sim800_fleet_job::{Action, Job, Target};
//!
//! let job = Job::new("night-0001", Action::Get {
//!     url: "http://example.com/manual.txt".into(),
//!     headers: Default::default(),
//!     target: Target::Object,
//! });
//! assert_eq!(job.check(), Ok(()));
//! ```

mod action;
mod invalid;
mod module;
mod name;
mod record;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use action::{Action, Headers, Put, Source, Target};
pub use invalid::Invalid;
pub use module::{Module, ModuleState};
pub use name::is_name;
pub use record::{Failure, Outcome, Record, Running, State};

/// What this crate's JSON is: a reader refuses a later one.
pub const VERSION: u32 = 1;

/// One transfer or one request, as it is submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "its JSON has a version")]
pub struct Job {
    /// The version of this form: 1.
    pub version: u32,
    /// What the job is called: 1 to 64 letters, digits, `-` and `_` of ASCII. Submitted twice, it is one job.
    pub id: String,
    /// What to do.
    pub action: Action,
    /// Which modules may do it.
    #[serde(default)]
    pub place: Place,
    /// Which of several jobs comes first.
    #[serde(default)]
    pub priority: Priority,
    /// When it is too late, in milliseconds since 1970-01-01 UTC; never unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<u64>,
    /// How often it may be begun, 1 to 100; 5 unless set.
    #[serde(default = "attempts")]
    pub attempts: u32,
    /// The name of the credentials in the worker's own file; a job never holds any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
}

/// Which modules may do a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "its JSON has a version")]
pub enum Place {
    /// Any.
    #[default]
    Any,
    /// Those of this group.
    Group(String),
    /// Those that are registered with this operator, as [`name`](Place::operator) spells it.
    Operator(String),
    /// This one.
    Module(String),
}

impl Place {
    /// The operator that a module shows as `shown`, which may hold anything: lower case, and `-` for what no name has.
    #[must_use]
    pub fn operator(shown: &str) -> Option<Self> {
        let name: String = shown
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .take(name::LIMIT)
            .collect();
        is_name(&name).then_some(Self::Operator(name))
    }
}

/// Which of several jobs comes first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "its JSON has a version")]
pub enum Priority {
    /// Before all others.
    High,
    /// As most.
    #[default]
    Normal,
    /// When there is nothing else to do.
    Low,
}

impl Priority {
    /// The first to be looked for comes first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// One stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

const fn attempts() -> u32 {
    5
}

impl Job {
    /// A job for any module.
    #[must_use]
    pub fn new(id: impl Into<String>, action: Action) -> Self {
        Self {
            version: VERSION,
            id: id.into(),
            action,
            place: Place::Any,
            priority: Priority::Normal,
            deadline: None,
            attempts: attempts(),
            credentials: None,
        }
    }

    /// Whether it can be done at all, as far as it can be told without doing it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.version != VERSION {
            return Err(Invalid::Version(self.version));
        }
        name::check("id", &self.id)?;
        match &self.place {
            Place::Any => {}
            Place::Group(name) => name::check("group", name)?,
            Place::Operator(name) => name::check("operator", name)?,
            Place::Module(name) => name::check("module", name)?,
        }
        if let Some(name) = &self.credentials {
            name::check("name of credentials", name)?;
        }
        if !(1..=100).contains(&self.attempts) {
            return Err(Invalid::Attempts(self.attempts));
        }
        self.action.check()
    }

    /// The schema of its JSON.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }
}
