//! A serial port as smol drives it.

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use sim800_serial::Exclusive;
use smol::Async;
use smol::io::{AsyncRead, AsyncWrite};

/// An open serial port.
pub(crate) struct SerialPort {
    port: Async<File>,
    _exclusive: Option<Exclusive>,
}

impl SerialPort {
    /// Watches an open port that does not block.
    pub(crate) fn new(port: File) -> io::Result<Self> {
        let exclusive = Exclusive::claim(&port);
        Ok(Self { port: Async::new(port)?, _exclusive: exclusive })
    }
}

impl AsyncRead for SerialPort {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.port).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SerialPort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.port).poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The system sends what it has.
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
