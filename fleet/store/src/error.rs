//! Why the server did not do what it was asked to.

use std::error::Error;

use thiserror::Error;

/// Why something could not be kept or found.
#[derive(Debug, Error)]
#[error("{what} failed")]
pub struct StoreError {
    what: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    pub(crate) fn new<E: Into<Box<dyn Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> Self {
        move |error| Self { what, source: error.into() }
    }
}
