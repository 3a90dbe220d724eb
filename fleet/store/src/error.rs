//! Why the server did not do what it was asked to.

use std::error::Error;

use thiserror::Error;

/// Why something could not be kept or found.
#[derive(Debug, Error)]
#[expect(clippy::exhaustive_enums, reason = "made and read by the programs of this workspace")]
pub enum StoreError {
    /// The server did not do it.
    #[error("{what} failed")]
    Failed {
        /// What was asked for.
        what: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Somebody else put something there that this program cannot read; all else can be read.
    #[error("what is kept under {key} cannot be read")]
    Unreadable {
        /// Where.
        key: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    pub(crate) fn new<E: Into<Box<dyn Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::Failed { what, source: error.into() }
    }

    pub(crate) fn unreadable<E: Into<Box<dyn Error + Send + Sync>>>(key: &str) -> impl FnOnce(E) -> Self {
        move |error| Self::Unreadable { key: key.to_owned(), source: error.into() }
    }
}
