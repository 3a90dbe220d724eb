//! Promises that were not kept.

use crate::Stall;

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Which, and how.
    pub what: String,
}

pub(super) fn violation(what: impl Into<String>) -> Violation {
    Violation { what: what.into() }
}

impl From<Stall> for Violation {
    fn from(stall: Stall) -> Self {
        violation(stall.to_string())
    }
}
