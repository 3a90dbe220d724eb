//! What comes from the module, as a stream of pieces and as octets.

use core::error::Error;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::{self, BoxStream, Stream};
#[cfg(feature = "std")]
use http_body::{Frame, SizeHint};

use crate::io::{self, AsyncRead, AsyncReadExt};

/// What is read from the module as it is wanted: an [`AsyncRead`], and a [`Stream`] of [`Bytes`].
///
/// [`Body`](crate::Body), [`Download`](crate::Download) and [`FsFile`](crate::FsFile) are such readers. After an error or the
/// end, nothing of the transfer is kept; dropped before that, it is broken off.
///
/// Only at its end is it certain what came: that the line lost or doubled octets of a piece may show in the next one, which is an error
/// then.
#[must_use = "a transfer goes on only as it is polled"]
pub struct Reader<E> {
    stream: Option<BoxStream<'static, Result<Bytes, E>>>,
    /// What a read left of a piece.
    rest: Bytes,
    total: Option<u64>,
    /// How many octets the stream has brought.
    brought: u64,
    /// How many more are handed out at most.
    left: u64,
}

impl<E> Reader<E> {
    /// Reads `stream`, of `total` octets where that is known.
    pub fn new(stream: BoxStream<'static, Result<Bytes, E>>, total: Option<u64>) -> Self {
        Self { stream: Some(stream), rest: Bytes::new(), total, brought: 0, left: u64::MAX }
    }

    /// Reads `state`, piece by piece, by `next`. The stream is made in here, so that whoever begins it has no room for it on the stack.
    #[inline(never)]
    pub(crate) fn unfolded<S, F>(
        state: S,
        next: impl FnMut(S) -> F + Send + 'static,
        total: Option<u64>,
    ) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Result<Option<(Bytes, S)>, E>> + Send + 'static,
        E: 'static,
    {
        Self::new(stream::try_unfold(state, next).boxed(), total)
    }

    /// Reads `state`, piece by piece, by `next`: the first one now, so that nothing is kept of what has none.
    pub(crate) async fn begun<S, F>(
        state: S,
        mut next: impl FnMut(S) -> F + Send + 'static,
        total: Option<u64>,
    ) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Result<Option<(Bytes, S)>, E>> + Send + 'static,
        E: Send + 'static,
    {
        match next(state).await {
            Ok(None) => Self::empty(total),
            Ok(Some((octets, rest))) => Self::behind(octets, rest, next, total),
            Err(error) => Self::new(stream::iter([Err(error)]).boxed(), total),
        }
    }

    /// Reads `first`, and then as [`unfolded`](Self::unfolded).
    #[inline(never)]
    fn behind<S, F>(
        first: Bytes,
        state: S,
        next: impl FnMut(S) -> F + Send + 'static,
        total: Option<u64>,
    ) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Result<Option<(Bytes, S)>, E>> + Send + 'static,
        E: Send + 'static,
    {
        Self::new(stream::iter([Ok(first)]).chain(stream::try_unfold(state, next)).boxed(), total)
    }

    /// Reads nothing, of something of `total` octets where that is known.
    pub(crate) fn empty(total: Option<u64>) -> Self {
        Self { stream: None, rest: Bytes::new(), total, brought: 0, left: u64::MAX }
    }

    /// Whether nothing follows for certain.
    pub(crate) fn is_at_end(&self) -> bool {
        self.stream.is_none() && self.rest.is_empty()
    }

    /// The same without the octets behind the first `limit`, of which none was read.
    pub(crate) fn truncated(self, limit: u64) -> Self {
        Self { total: self.total.map(|total| total.min(limit)), left: limit, ..self }
    }

    /// How many octets there are in all, those that were read included, where that was known when it began.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

impl<E> Stream for Reader<E> {
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(core::mem::take(&mut self.rest))));
        }
        if self.left == 0 {
            self.stream = None;
        }
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let mut item = ready!(stream.poll_next_unpin(context));
        match &mut item {
            Some(Ok(octets)) => {
                octets.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.brought += octets.len() as u64;
                self.left -= octets.len() as u64;
            }
            // The session it held is closed now, not when the reader is dropped.
            _ => self.stream = None,
        }
        Poll::Ready(item)
    }
}

/// Errors are those of the stream, inside of [`io::Error`].
impl<E: Error + Send + Sync + 'static> AsyncRead for Reader<E> {
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
        if self.rest.is_empty() {
            // What was read to its end makes room for what comes next.
            self.rest = Bytes::new();
        }
        Poll::Ready(Ok(read))
    }
}

/// As the body of a response or of a request, for whatever takes bodies of the `http-body` crate. It has no trailers.
#[cfg(feature = "std")]
impl<E> http_body::Body for Reader<E>
where
    Self: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Data = Bytes;
    type Error = E;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.poll_next(context).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.is_at_end()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        match (&self.stream, self.total) {
            (None, _) => SizeHint::with_exact(rest),
            (Some(_), Some(total)) => SizeHint::with_exact(total.saturating_sub(self.brought) + rest),
            (Some(_), None) => SizeHint::default(),
        }
    }
}

impl<E> fmt::Debug for Reader<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("total", &self.total).finish_non_exhaustive()
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
