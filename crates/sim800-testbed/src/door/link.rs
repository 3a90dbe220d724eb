//! A door within the process.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead, AsyncWrite};

use super::Door;

/// As much as Linux holds for a serial port in each direction.
const CAPACITY: usize = 4096;

/// The DTE's end of a line within the process: a port like a serial one, for any executor.
///
/// Bounded in both directions; dropping it disconnects the line.
pub struct Link {
    reader: piper::Reader,
    writer: piper::Writer,
}

/// The module's end of a [`Link`].
pub struct LinkDoor {
    reader: piper::Reader,
    writer: piper::Writer,
}

impl Link {
    /// A line with both its ends.
    #[must_use]
    pub fn new() -> (Self, LinkDoor) {
        let (from_dce, to_dte) = piper::pipe(CAPACITY);
        let (from_dte, to_dce) = piper::pipe(CAPACITY);
        (Self { reader: from_dce, writer: to_dce }, LinkDoor { reader: from_dte, writer: to_dte })
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl fmt::Debug for LinkDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkDoor").finish_non_exhaustive()
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.writer.poll_fill_bytes(cx, octets)) {
            0 if !octets.is_empty() => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            taken => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_close(cx)
    }
}

impl Door for LinkDoor {
    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match ready!(self.reader.poll_drain_bytes(cx, buffer)) {
            // The link is gone for good, the module is not.
            0 => Poll::Pending,
            taken => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.writer.poll_fill_bytes(cx, octets)) {
            0 => Poll::Ready(Ok(octets.len())),
            taken => Poll::Ready(Ok(taken)),
        }
    }
}
