//! A stream of pieces that is read as octets, too.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures::stream::{BoxStream, Stream};
use futures::{AsyncRead, AsyncReadExt, StreamExt};

/// Pieces of a transfer. After an error or the end, nothing of the transfer is kept.
pub(crate) struct Chunks<E> {
    stream: Option<BoxStream<'static, Result<Bytes, E>>>,
    /// What a read left of a piece.
    rest: Bytes,
}

impl<E> Chunks<E> {
    pub(crate) fn new(stream: BoxStream<'static, Result<Bytes, E>>) -> Self {
        Self { stream: Some(stream), rest: Bytes::new() }
    }
}

impl<E> Stream for Chunks<E> {
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.rest))));
        }
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let item = ready!(stream.poll_next_unpin(context));
        if !matches!(item, Some(Ok(_))) {
            // The session it held is closed now, not when the reader is dropped.
            self.stream = None;
        }
        Poll::Ready(item)
    }
}

impl<E: Error + Send + Sync + 'static> AsyncRead for Chunks<E> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        while self.rest.is_empty() {
            match ready!(self.as_mut().poll_next(context)) {
                Some(Ok(octets)) => self.rest = octets,
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(0)),
            }
        }
        let read = buffer.len().min(self.rest.len());
        if let Some(buffer) = buffer.get_mut(..read) {
            self.rest.copy_to_slice(buffer);
        }
        Poll::Ready(Ok(read))
    }
}

/// Reads until there are `limit` octets or `source` has ended.
pub(crate) async fn gather(source: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<Bytes> {
    let mut piece = BytesMut::zeroed(limit);
    let mut filled = 0;
    while let Some(room) = piece.get_mut(filled..).filter(|room| !room.is_empty()) {
        match source.read(room).await? {
            0 => break,
            read => filled += read,
        }
    }
    piece.truncate(filled);
    Ok(piece.freeze())
}
