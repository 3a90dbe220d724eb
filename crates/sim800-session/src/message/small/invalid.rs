//! What is wrong with a request that cannot be made.

use core::convert::Infallible;

use thiserror::Error;

/// Something that no request or response can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Invalid {
    /// It is no URL with a scheme and a host.
    #[error("that is no URL of the form scheme://host/path")]
    Url,
    /// It is no method that a module knows.
    #[error("that is none of GET, POST, HEAD and DELETE")]
    Method,
    /// It is no name of a header.
    #[error("that is no name of a header")]
    HeaderName,
    /// It has octets that no header may have.
    #[error("that has octets that no header may have")]
    HeaderValue,
    /// It is no status.
    #[error("a status has three digits")]
    StatusCode,
}

impl From<Infallible> for Invalid {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
