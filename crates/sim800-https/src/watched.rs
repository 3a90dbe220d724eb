//! How long a server may say nothing.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::io::{AsyncRead, AsyncWrite};
use sim800_session::Runtime;
use thiserror::Error;

/// Nothing came and nothing went for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("nothing came for {limit:?}")]
pub(crate) struct Silence {
    pub(crate) limit: Duration,
}

/// A stream to a server, and how long it may say nothing and take nothing while it is waited for.
///
/// What counts is what the stream itself moves: over a slow line, a record of TLS is many octets before it is any. What is waited for is
/// looked at first, so that what is there already counts, however late.
#[derive(Debug)]
pub struct Watched<S> {
    pub(crate) stream: S,
    pub(crate) watch: Watch,
}

impl<S> Watched<Counted<S>> {
    /// A stream that may be silent for `limit`, by the clock of `runtime`.
    #[must_use]
    pub fn new(stream: S, runtime: &Arc<dyn Runtime>, limit: Duration) -> Self {
        let moved = Arc::new(AtomicU64::new(0));
        let watch = Watch { runtime: Arc::clone(runtime), limit, moved: Arc::clone(&moved), alarm: None };
        Self { stream: Counted { stream, moved }, watch }
    }
}

/// A stream that counts what it moves.
#[derive(Debug)]
pub struct Counted<S> {
    stream: S,
    moved: Arc<AtomicU64>,
}

impl<S> Counted<S> {
    fn count(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(octets)) = &result {
            self.moved.fetch_add(*octets as u64, Ordering::Relaxed);
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.count(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, octets);
        self.count(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}

/// Looks whether a stream still moves anything.
pub(crate) struct Watch {
    pub(crate) runtime: Arc<dyn Runtime>,
    limit: Duration,
    moved: Arc<AtomicU64>,
    /// What had been moved when it was set, and what ends when it goes off.
    alarm: Option<(u64, BoxFuture<'static, ()>)>,
}

impl Watch {
    /// Nobody waits any more.
    pub(crate) fn rest(&mut self) {
        self.alarm = None;
    }

    /// Ready when nothing was moved for too long, while somebody waited.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Silence> {
        let moved = self.moved.load(Ordering::Relaxed);
        if self.alarm.as_ref().is_none_or(|(before, _)| *before != moved) {
            let runtime = Arc::clone(&self.runtime);
            let deadline = runtime.now().saturating_add(self.limit);
            self.alarm = Some((moved, async move { runtime.sleep_until(deadline).await }.boxed()));
        }
        match &mut self.alarm {
            Some((_, alarm)) => alarm.poll_unpin(context).map(|()| Silence { limit: self.limit }),
            None => Poll::Pending,
        }
    }

    /// `future`, unless nothing is moved for too long before it ends.
    pub(crate) async fn bound<F: Future>(&mut self, future: F) -> Result<F::Output, Silence> {
        let mut future = pin!(future);
        let result = poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => self.poll(context).map(Err),
        })
        .await;
        self.rest();
        result
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("limit", &self.limit).finish_non_exhaustive()
    }
}
