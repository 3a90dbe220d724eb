//! What sessions need of the `http` crate, without `std`.

mod exchange;
pub mod header;
mod invalid;
mod method;
pub mod uri;

pub use self::exchange::{Builder, Extensions, Parts, Request, Response};
pub use self::header::{HeaderMap, HeaderName, HeaderValue};
pub use self::invalid::Invalid;
pub use self::method::{Method, StatusCode};
pub use self::uri::Uri;

#[cfg(test)]
mod tests;
