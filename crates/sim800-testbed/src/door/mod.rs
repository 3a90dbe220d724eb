//! How programs reach an emulated module.

mod link;
#[cfg(target_os = "linux")]
mod pty;
mod tcp;

use std::io;
use std::num::NonZeroU32;
use std::task::{Context, Poll};

pub use link::{Link, LinkDoor};
#[cfg(target_os = "linux")]
pub use pty::PtyDoor;
pub use tcp::TcpDoor;

/// The outer end of a module's serial line.
///
/// A door is always there, its client is not: a module goes on when nobody is connected, as a real one does, and clients may come
/// and go. An error ends the module.
pub trait Door: Send + 'static {
    /// Takes octets from the client into `buffer` and tells how many, at least one. Pending while there is no client, too. When a
    /// client has gone, the next one is not taken up in the same call, so that what the module still says to the former one can be
    /// [sent](Self::poll_send) nowhere.
    ///
    /// # Errors
    ///
    /// The door itself is broken. A client that went away is none.
    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Hands octets to the client and tells how many it took. Without a client all of them are gone, as on a line that ends nowhere.
    ///
    /// # Errors
    ///
    /// The door itself is broken. A client that went away is none.
    fn poll_send(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>>;

    /// The rate that the client has set for its end of the line, in bit/s, where that can be known.
    fn rate(&self) -> Option<NonZeroU32> {
        None
    }

    /// Whether a client has come since this was asked last. A module that is off takes that for its power key.
    fn take_opened(&mut self) -> bool {
        false
    }
}
