//! Traits of ports and sources.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

use super::{ErrorKind, Result};

/// Where to go in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "as in std")]
pub enum SeekFrom {
    /// To so many octets behind the start.
    Start(u64),
    /// To so many octets behind the end.
    End(i64),
    /// To so many octets behind where it is.
    Current(i64),
}

/// What octets are read from.
pub trait AsyncRead {
    /// Reads into `room` what there is, and says how many octets those are: 0 at the end.
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, room: &mut [u8]) -> Poll<Result<usize>>;
}

/// What octets are written to.
pub trait AsyncWrite {
    /// Takes octets from the start of `octets`, and says how many.
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<Result<usize>>;

    /// Waits until what was taken is on its way.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>>;

    /// Waits until what was taken is on its way, and ends.
    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>>;
}

/// What can be read from more than one place.
pub trait AsyncSeek {
    /// Goes to a place, and says where that is, counted from the start.
    fn poll_seek(self: Pin<&mut Self>, context: &mut Context<'_>, to: SeekFrom) -> Poll<Result<u64>>;
}

impl<T: AsyncRead + Unpin + ?Sized> AsyncRead for &mut T {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut **self).poll_read(context, room)
    }
}

impl<T: AsyncSeek + Unpin + ?Sized> AsyncSeek for &mut T {
    fn poll_seek(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: SeekFrom) -> Poll<Result<u64>> {
        Pin::new(&mut **self).poll_seek(context, to)
    }
}

impl AsyncRead for &[u8] {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut [u8]) -> Poll<Result<usize>> {
        let read = room.len().min(self.len());
        let (octets, rest) = self.split_at_checked(read).unwrap_or_default();
        room.iter_mut().zip(octets).for_each(|(to, octet)| *to = *octet);
        *self = rest;
        Poll::Ready(Ok(read))
    }
}

/// What can be done with all that octets are read from.
pub trait AsyncReadExt: AsyncRead {
    /// Reads into `room` what there is, and says how many octets those are: 0 at the end.
    fn read(&mut self, room: &mut [u8]) -> impl Future<Output = Result<usize>>
    where
        Self: Unpin,
    {
        poll_fn(move |context| Pin::new(&mut *self).poll_read(context, room))
    }

    /// Fills `room`.
    fn read_exact(&mut self, room: &mut [u8]) -> impl Future<Output = Result<()>>
    where
        Self: Unpin,
    {
        async move {
            let mut filled = 0;
            while let Some(rest) = room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                match self.read(rest).await? {
                    0 => return Err(ErrorKind::UnexpectedEof.into()),
                    read => filled += read,
                }
            }
            Ok(())
        }
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}

/// What can be done with all that can be read from more than one place.
pub trait AsyncSeekExt: AsyncSeek {
    /// Goes to a place, and says where that is, counted from the start.
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = Result<u64>>
    where
        Self: Unpin,
    {
        poll_fn(move |context| Pin::new(&mut *self).poll_seek(context, to))
    }

    /// Where it is, counted from the start.
    fn stream_position(&mut self) -> impl Future<Output = Result<u64>>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}
