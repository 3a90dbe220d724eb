//! What is sent and what was received, as objects.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::{Store, StoreError};

/// How long the server may say nothing in the middle of an object. What is no longer there, as of one that was replaced meanwhile, never
/// comes.
const SILENCE: Duration = Duration::from_secs(30);

/// What somebody reads, as long as it comes.
struct Coming<R> {
    source: R,
    alarm: Pin<Box<Sleep>>,
    is_awaited: bool,
}

impl<R> Coming<R> {
    fn new(source: R) -> Self {
        Self { source, alarm: Box::pin(sleep(SILENCE)), is_awaited: false }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Coming<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.source).poll_read(context, buffer);
        if read.is_ready() {
            self.is_awaited = false;
            return read;
        }
        if !self.is_awaited {
            self.is_awaited = true;
            self.alarm.as_mut().reset(Instant::now() + SILENCE);
        }
        let silence = || io::Error::new(io::ErrorKind::TimedOut, "the server sends no more of it");
        self.alarm.as_mut().poll(context).map(|()| Err(silence()))
    }
}

impl Store {
    /// Keeps something that is to be sent.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or `octets` cannot be read.
    pub async fn keep_source(
        &self,
        name: &str,
        octets: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), StoreError> {
        self.sources.put(name, octets).await.map_err(StoreError::new("keeping a source"))?;
        Ok(())
    }

    /// Something that is to be sent, and its length.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the server cannot be reached.
    pub async fn source(&self, name: &str) -> Result<(impl AsyncRead + Unpin, u64), StoreError> {
        let object = self.sources.get(name).await.map_err(StoreError::new("asking for a source"))?;
        let size = u64::try_from(object.info.size).unwrap_or(u64::MAX);
        Ok((Coming::new(object), size))
    }

    /// Keeps something that was received.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or `octets` cannot be read.
    pub async fn keep_result(
        &self,
        name: &str,
        octets: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), StoreError> {
        self.results.put(name, octets).await.map_err(StoreError::new("keeping a result"))?;
        Ok(())
    }

    /// Something that was received; its digest is compared at its end.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the server cannot be reached.
    pub async fn result(&self, name: &str) -> Result<impl AsyncRead + Unpin, StoreError> {
        let object = self.results.get(name).await.map_err(StoreError::new("asking for a result"))?;
        Ok(Coming::new(object))
    }

    /// Throws away something that was received and that no record names. What is left when that fails goes when it is old.
    pub async fn discard(&self, name: &str) {
        let _ = self.results.delete(name).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_does_not_come_is_not_waited_for_without_end() {
        let (mut server, client) = tokio::io::duplex(16);
        let mut object = Coming::new(client);
        let mut octets = [0; 3];
        for _ in 0..3 {
            // Whoever reads may take its time, and so may the server.
            tokio::time::advance(SILENCE * 2).await;
            let (read, ()) = tokio::join!(object.read_exact(&mut octets), async {
                tokio::time::advance(SILENCE / 2).await;
                server.write_all(b"abc").await.unwrap();
            });
            assert_eq!((read.unwrap(), &octets), (3, b"abc"));
        }
        let before = Instant::now();
        let error = object.read(&mut octets).await.unwrap_err();
        assert_eq!((error.kind(), before.elapsed()), (io::ErrorKind::TimedOut, SILENCE));
    }
}
