//! HTTP/1.1 and TLS of today over the [sockets](sim800_session::Sockets) of a SIM800-series module.
//!
//! The module's own HTTP stack ends at TLS 1.0 or thereabouts, which hardly a server speaks any more. Here this side speaks TLS, and the
//! module carries octets.
//!
//! [`Connection`] speaks HTTP/1.1 over any stream, [`Tls`] sets TLS up over any.

#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod connection;
mod error;
mod tls;
mod tls_error;
mod watched;

pub use connection::{Connection, HEAD_LIMIT, Incoming, Shelf};
pub use error::{BoxError, HttpsError};
pub use futures_rustls::rustls;
pub use tls::{Secure, Tls};
pub use tls_error::TlsError;
pub use watched::{Counted, Watched};
