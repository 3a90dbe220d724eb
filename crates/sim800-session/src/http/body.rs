//! The body of a response, read from the module as it is wanted.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream;
use futures::{AsyncRead, Stream, StreamExt};
use sim800_command::{HttpReadRange, Number};

use super::HttpError;
use super::ranges::Ranges;
use super::service::Service;
use crate::chunks::Chunks;
use crate::client::Pending;
use crate::engine::Request;

/// The body of a response: an [`AsyncRead`], and a [`Stream`] of [`Bytes`].
///
/// The module holds the whole object, or a range of it at a time. That is read in windows of
/// [`Config::http_window`](crate::Config::http_window) octets, one ahead of what the caller takes, so memory does not grow
/// with the body. With its last octets, or when it is dropped, the module's HTTP service is ended, and the next request can
/// begin.
#[must_use = "a body is read only as it is polled"]
pub struct Body {
    chunks: Chunks<HttpError>,
    length: u32,
    total: Option<u64>,
}

impl Body {
    /// A body whose first `length` octets are in the module; with `ranges`, more can be fetched.
    pub(super) fn new(service: Service, length: u32, window: u32, ranges: Option<Ranges>) -> Self {
        let total = ranges.as_ref().map_or_else(|| Some(u64::from(length)), Ranges::total);
        let stream = if service.has_body() {
            let transfer =
                Transfer { service, length, window: window.max(1), position: 0, ahead: None, ranges };
            stream::try_unfold(Some(transfer), Transfer::next).boxed()
        } else {
            // The service is ended at once.
            stream::empty().boxed()
        };
        Self { chunks: Chunks::new(stream), length, total }
    }

    /// How many octets of it the module held at first, as `+HTTPACTION` announced them: all, unless the object is
    /// fetched in ranges.
    #[must_use]
    pub fn length(&self) -> u64 {
        u64::from(self.length)
    }

    /// How many octets there are in all, where that is known; of an object that is fetched in ranges only headers tell it.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
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
    /// What is to be fetched after what the module holds.
    ranges: Option<Ranges>,
}

impl Transfer {
    /// The next octets. With the last ones the service is let go, also when the caller keeps the body.
    async fn next(transfer: Option<Self>) -> Result<Option<(Bytes, Option<Self>)>, HttpError> {
        match transfer {
            Some(transfer) => transfer.read().await,
            None => Ok(None),
        }
    }

    async fn read(mut self) -> Result<Option<(Bytes, Option<Self>)>, HttpError> {
        if self.position >= self.length && self.length > 0 {
            let Some(ranges) = &mut self.ranges else { return Ok(None) };
            let Some(length) = ranges.next(&mut self.service).await? else { return Ok(None) };
            (self.length, self.position) = (length, 0);
        }
        let window = match self.ahead.take() {
            Some(pending) => pending,
            None => self.ask()?,
        };
        let octets = match window.await {
            // What firmware says where there is nothing to read: this, or a bare `OK` (field logs).
            Err(error) if error.is_rejected() && self.length == 0 => return Ok(None),
            result => self.service.check(result)?.payload,
        };
        let length = u64::from(self.length);
        if octets.is_empty() {
            if self.length == 0 {
                return Ok(None);
            }
            let incomplete = HttpError::NoProgress { position: u64::from(self.position), length };
            return Err(self.service.interruption().unwrap_or(incomplete));
        }
        self.position = self.position.saturating_add(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        if self.position > self.length {
            return Err(HttpError::TooLong { length });
        }
        if self.position < self.length {
            // In the same poll that saw the last one end, so that the line does not wait for the caller.
            self.ahead = Some(self.ask()?);
        }
        let goes_on = self.position < self.length || self.ranges.is_some();
        Ok(Some((octets, goes_on.then_some(self))))
    }

    fn ask(&self) -> Result<Pending, HttpError> {
        // At the end one octet more, to notice that the line damaged the announced length: past the end, the module
        // lets read what there is (manual 11.2.6).
        let left = self.length - self.position;
        let size = Number::saturating(if left <= self.window { left + 1 } else { self.window });
        let start = Number::saturating(self.position);
        let incomplete =
            HttpError::NoProgress { position: u64::from(self.position), length: u64::from(self.length) };
        let read = Request::new(&HttpReadRange { start, size }).map_err(|_| incomplete)?;
        Ok(self.service.submit(read))
    }
}
