//! Requests and responses of HTTP: in the types of the `http` crate, or in the same words where there is no `std`, which that
//! crate needs.
//!
//! Without the feature `std`, what is here has the names, the signatures and the meaning that it has with it, so that what was
//! written for the one builds with the other.

#[cfg(feature = "std")]
pub use ::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, uri,
};

#[cfg(not(feature = "std"))]
pub use self::small::{
    Builder, Extensions, HeaderMap, HeaderName, HeaderValue, Invalid, Method, Parts, Request, Response,
    StatusCode, Uri, header, uri,
};

#[cfg(not(feature = "std"))]
mod small;
#[cfg(all(test, feature = "std"))]
pub mod small;
