//! The body of a response, read from the module as it is wanted.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{AsyncRead, Stream, StreamExt};
use sim800_command::{HttpReadRange, Number};

use super::HttpError;
use super::service::Service;
use crate::chunks::Chunks;
use crate::client::Pending;
use crate::engine::Request;

/// The body of a response: an [`AsyncRead`], and a [`Stream`] of [`Bytes`].
///
/// The module holds the whole object; it is read in windows of [`Config::http_window`](crate::Config::http_window)
/// octets, one ahead of what the caller takes, so memory does not grow with the body. At its end, or when it is
/// dropped, the module's HTTP service is ended, and the next request can begin.
#[must_use = "a body is read only as it is polled"]
pub struct Body {
    chunks: Chunks<HttpError>,
    length: u32,
}

impl Body {
    pub(super) fn new(service: Service, length: u32, window: u32) -> Self {
        let transfer = (length > 0).then_some(Transfer { service, length, window, position: 0, ahead: None });
        let stream: BoxStream<'static, _> = match transfer {
            Some(transfer) => stream::try_unfold(transfer, Transfer::next).boxed(),
            // Nothing to read: the service is ended at once.
            None => stream::empty().boxed(),
        };
        Self { chunks: Chunks::new(stream), length }
    }

    /// How many octets there are in all, as `+HTTPACTION` announced them.
    #[must_use]
    pub fn length(&self) -> u64 {
        u64::from(self.length)
    }
}

impl Stream for Body {
    type Item = Result<Bytes, HttpError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.poll_next_unpin(context)
    }
}

/// Errors are [`HttpError`]s inside of [`io::Error`](std::io::Error).
impl AsyncRead for Body {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.chunks).poll_read(context, buffer)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length).finish_non_exhaustive()
    }
}

/// A body on its way.
struct Transfer {
    service: Service,
    length: u32,
    window: u32,
    position: u32,
    /// The next window, asked for already.
    ahead: Option<Pending>,
}

impl Transfer {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, HttpError> {
        if self.position >= self.length {
            return Ok(None);
        }
        let window = match self.ahead.take() {
            Some(pending) => pending,
            None => self.ask()?,
        };
        let result = window.await;
        let octets = self.service.check(result)?.payload;
        if octets.is_empty() {
            let (position, length) = (u64::from(self.position), u64::from(self.length));
            let incomplete = HttpError::NoProgress { position, length };
            return Err(self.service.interruption().unwrap_or(incomplete));
        }
        // A payload is never longer than what was asked for.
        self.position += u32::try_from(octets.len()).unwrap_or(u32::MAX);
        if self.position < self.length {
            // In the same poll that saw the last one end, so that the line does not wait for the caller.
            self.ahead = Some(self.ask()?);
        }
        Ok(Some((octets, self)))
    }

    fn ask(&self) -> Result<Pending, HttpError> {
        let size = Number::saturating(self.window.min(self.length - self.position));
        let start = Number::saturating(self.position);
        let incomplete =
            HttpError::NoProgress { position: u64::from(self.position), length: u64::from(self.length) };
        let read = Request::new(&HttpReadRange { start, size }).map_err(|_| incomplete)?;
        Ok(self.service.submit(read))
    }
}
