//! A serial port as tokio drives it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead, AsyncWrite};
use sim800_serial::Exclusive;
use tokio::io::unix::AsyncFd;

/// An open serial port.
pub(crate) struct SerialPort {
    port: AsyncFd<File>,
    _exclusive: Option<Exclusive>,
}

impl SerialPort {
    /// Watches an open port that does not block. To be called within a tokio runtime.
    #[expect(
        deprecated,
        reason = "sound for a file; what replaces it is unsafe, for types that are not as good"
    )]
    pub(crate) fn new(port: File) -> io::Result<Self> {
        let exclusive = Exclusive::claim(&port);
        Ok(Self { port: AsyncFd::new(port)?, _exclusive: exclusive })
    }
}

impl AsyncRead for SerialPort {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.port.poll_read_ready_mut(cx))?;
            if let Ok(read) = ready.try_io(|port| port.get_mut().read(buffer)) {
                return Poll::Ready(read);
            }
        }
    }
}

impl AsyncWrite for SerialPort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.port.poll_write_ready_mut(cx))?;
            if let Ok(written) = ready.try_io(|port| port.get_mut().write(octets)) {
                return Poll::Ready(written);
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The system sends what it has.
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
