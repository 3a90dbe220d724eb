//! What a program reads from and writes to, in the words that a session has with `std` and without.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use sim800_session::Socket;
use sim800_session::io::{AsyncRead, AsyncSeek, AsyncWrite, ErrorKind, Result, SeekFrom};

/// A file in memory.
pub(super) struct File {
    octets: Bytes,
    position: usize,
}

impl File {
    pub(super) fn new(octets: Bytes) -> Self {
        Self { octets, position: 0 }
    }
}

impl AsyncRead for File {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut [u8]) -> Poll<Result<usize>> {
        let rest = self.octets.get(self.position..).unwrap_or_default();
        let read = room.len().min(rest.len());
        room[..read].copy_from_slice(&rest[..read]);
        self.position += read;
        Poll::Ready(Ok(read))
    }
}

impl AsyncSeek for File {
    fn poll_seek(mut self: Pin<&mut Self>, _: &mut Context<'_>, to: SeekFrom) -> Poll<Result<u64>> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => (self.octets.len() as u64).checked_add_signed(by),
            SeekFrom::Current(by) => (self.position as u64).checked_add_signed(by),
        };
        let Some(place) = place else { return Poll::Ready(Err(ErrorKind::InvalidInput.into())) };
        self.position = usize::try_from(place).unwrap_or(usize::MAX);
        Poll::Ready(Ok(place))
    }
}

/// One direction of a connection, both of which one task uses.
pub(super) struct Half<'s>(pub(super) &'s RefCell<Socket>);

impl AsyncRead for Half<'_> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<Result<usize>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_read(cx, room)
    }
}

impl AsyncWrite for Half<'_> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_close(cx)
    }
}

/// Writes all of `octets`.
pub(super) async fn write_all(to: &mut (impl AsyncWrite + Unpin), mut octets: &[u8]) -> Result<()> {
    while !octets.is_empty() {
        match poll_fn(|cx| Pin::new(&mut *to).poll_write(cx, octets)).await? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => octets = octets.get(written..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Waits until what was written is on its way.
pub(super) async fn flush(to: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
    poll_fn(|cx| Pin::new(&mut *to).poll_flush(cx)).await
}

/// Waits until what was written has arrived, and ends.
pub(super) async fn close(to: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
    poll_fn(|cx| Pin::new(&mut *to).poll_close(cx)).await
}
