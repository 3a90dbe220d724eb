//! HTTP/1.1 and TLS 1.2 and 1.3 over the [sockets](sim800_session::Sockets) of a SIM800-series module.
//!
//! ```no_run
//! use bytes::Bytes;
//! use futures::AsyncReadExt;
//! use sim800_https::{Https, Tls};
//! use sim800_session::{Client, Profile, Sockets};
//!
//! async fn fetch(client: &Client) -> Result<String, Box<dyn std::error::Error>> {
//!     let sockets = Sockets::open(client, &Profile::new("internet")).await?;
//!     let https = Https::new(&sockets, Tls::of_system()?);
//!     let request = http::Request::get("https://example.com/").body(Bytes::new())?;
//!     let mut text = String::new();
//!     https.send(request).await?.into_body().read_to_string(&mut text).await?;
//!     Ok(text)
//! }
//! ```
//!
//! The module's own HTTP stack ends at TLS 1.0 or thereabouts, which hardly a server speaks any more. Here this side speaks TLS, and the
//! module carries octets.
//!
//! [`Https`] carries requests out, and goes on with what the line, the module or the network breaks off. [`Connection`] speaks HTTP/1.1
//! over any stream, [`Tls`] sets TLS up over any; who has a stream makes it a [`Watched`] one first, whose silence is noticed. Who makes
//! connections is an [`Again`]: [`persist`] and [`go_on`] do for it what [`Https`] does.

#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod again;
mod ask;
mod connection;
mod error;
mod https;
mod network;
mod roots;
mod servers;
mod target;
mod tls;
mod tls_error;
mod transfer;
mod tries;
mod watched;

pub use again::Again;
pub use connection::{Connection, HEAD_LIMIT, Incoming, Shelf};
pub use error::{BoxError, HttpsError};
pub use futures_rustls::rustls;
pub use https::{Https, HttpsBody, HttpsOptions};
pub use target::{origin_form, port};
pub use tls::{Secure, Tls};
pub use tls_error::TlsError;
pub use transfer::go_on;
pub use tries::persist;
pub use watched::{Counted, Watched};

#[cfg(test)]
mod tests;
