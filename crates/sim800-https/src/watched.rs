//! How long a server may say nothing, and how much that is nothing.

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

/// How many octets may come before any of what is waited for. No record, no handshake and no headers are as long; but tickets of TLS, for
/// one, never end by themselves, and a server that sends them is never silent.
const NOISE: u64 = 1 << 20;

/// Why there is no use in waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vain {
    /// Nothing came and nothing went for too long.
    Silence { limit: Duration },
    /// Too much came that is not what was waited for.
    Noise,
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
        let moved = Arc::new(Moved::default());
        let watch = Watch {
            runtime: Arc::clone(runtime),
            limit,
            moved: Arc::clone(&moved),
            alarm: None,
            begun: None,
        };
        Self { stream: Counted { stream, moved }, watch }
    }
}

/// A stream that counts what it moves.
#[derive(Debug)]
pub struct Counted<S> {
    stream: S,
    moved: Arc<Moved>,
}

/// Octets.
#[derive(Debug, Default)]
struct Moved {
    read: AtomicU64,
    written: AtomicU64,
}

impl Moved {
    fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn all(&self) -> u64 {
        self.read() + self.written.load(Ordering::Relaxed)
    }
}

fn count(result: Poll<io::Result<usize>>, counter: &AtomicU64) -> Poll<io::Result<usize>> {
    if let Poll::Ready(Ok(octets)) = &result {
        counter.fetch_add(*octets as u64, Ordering::Relaxed);
    }
    result
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        count(result, &self.moved.read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, octets);
        count(result, &self.moved.written)
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
    moved: Arc<Moved>,
    /// What had been moved when it was set, and what ends when it goes off.
    alarm: Option<(u64, BoxFuture<'static, ()>)>,
    /// What had been read when somebody began to wait.
    begun: Option<u64>,
}

impl Watch {
    /// Nobody waits any more.
    pub(crate) fn rest(&mut self) {
        self.alarm = None;
        self.begun = None;
    }

    /// Ready when nothing was moved for too long, or too much was read, while somebody waited.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Vain> {
        let read = self.moved.read();
        if read - *self.begun.get_or_insert(read) > NOISE {
            return Poll::Ready(Vain::Noise);
        }
        let moved = self.moved.all();
        if self.alarm.as_ref().is_none_or(|(before, _)| *before != moved) {
            let runtime = Arc::clone(&self.runtime);
            let deadline = runtime.now().saturating_add(self.limit);
            self.alarm = Some((moved, async move { runtime.sleep_until(deadline).await }.boxed()));
        }
        match &mut self.alarm {
            Some((_, alarm)) => alarm.poll_unpin(context).map(|()| Vain::Silence { limit: self.limit }),
            None => Poll::Pending,
        }
    }

    /// `future`, unless there is no use in waiting for its end.
    pub(crate) async fn bound<F: Future>(&mut self, future: F) -> Result<F::Output, Vain> {
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

#[cfg(test)]
mod tests {
    use futures::io::repeat;
    use sim800_simulation::World;

    use super::*;

    /// A piece of 1,000 octets at a time.
    async fn pieces(stream: &mut Counted<impl AsyncRead + Unpin>, count: u64) {
        let mut is_new = false;
        let mut left = count;
        poll_fn(|context| {
            while left > 0 {
                is_new = !is_new;
                if !is_new {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                let mut piece = [0; 1_000];
                let Poll::Ready(Ok(_)) = Pin::new(&mut *stream).poll_read(context, &mut piece) else {
                    return Poll::Pending;
                };
                left -= 1;
            }
            Poll::Ready(())
        })
        .await;
    }

    #[test]
    fn what_comes_without_end_and_brings_nothing_is_given_up() {
        let mut world = World::new(sim800_emulator::Config::default());
        let runtime: Arc<dyn Runtime> = Arc::new(world.clock());
        let Watched { mut stream, mut watch } = Watched::new(repeat(0), &runtime, Duration::from_secs(60));
        world.run(async {
            for _ in 0..3 {
                // As long as something comes of it, there may be any number.
                watch.bound(pieces(&mut stream, 900)).await.expect("not in vain");
            }
            assert_eq!(watch.bound(pieces(&mut stream, u64::MAX)).await, Err(Vain::Noise));
        });
        let read = stream.moved.read();
        assert!((NOISE..NOISE + 2_000).contains(&(read - 2_700_000)), "{read}");
    }
}
