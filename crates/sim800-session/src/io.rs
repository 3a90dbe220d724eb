//! Ports, sources and what goes wrong with them: in the words of `futures` and `std`, or in the same words where there is no
//! `std`.
//!
//! Without the feature `std`, what is here has the names, the signatures and the meaning that it has with it, so that what was
//! written for the one builds with the other.

#[cfg(feature = "std")]
pub use std::io::{Error, ErrorKind, Result, SeekFrom};

#[cfg(feature = "std")]
pub use futures::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite};

#[cfg(not(feature = "std"))]
pub use self::error::{Error, ErrorKind, Result};

#[cfg(not(feature = "std"))]
pub use self::traits::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, SeekFrom};

#[cfg(not(feature = "std"))]
mod error;
#[cfg(not(feature = "std"))]
mod traits;
