//! How long a whole operation may take.

use core::future::Future;
use core::time::Duration;

use futures::TryStreamExt;

use crate::boxed::pinned;
use crate::client::Client;
use crate::reader::Reader;

/// When an operation is given up, if it has to be, and the error that is then. What is given up is dropped, so that the driver
/// puts back what it left.
#[derive(Clone, Debug)]
pub(crate) struct Deadline<E>(Option<Limit<E>>);

#[derive(Clone, Debug)]
struct Limit<E> {
    client: Client,
    until: Duration,
    error: E,
}

impl<E: Clone + Send + Sync + 'static> Deadline<E> {
    /// That of an operation of `client` that begins now.
    pub(crate) fn begin(client: &Client, error: impl FnOnce(Duration) -> E) -> Self {
        Self(client.deadline().map(|limit| Limit {
            client: client.clone(),
            until: client.runtime().now().saturating_add(limit),
            error: error(limit),
        }))
    }

    /// Carries out `work` until then.
    pub(crate) async fn run<T, F: Future<Output = Result<T, E>>>(
        &self,
        work: impl FnOnce() -> F,
    ) -> Result<T, E> {
        // A future that moves another one holds it twice, and whoever wraps it in turn doubles it again.
        let work = pinned(work);
        let Some(Limit { client, until, error }) = &self.0 else { return work.await };
        client.until(*until, work).await.unwrap_or_else(|| Err(error.clone()))
    }

    /// Has `reader` read until then.
    pub(crate) fn read(self, reader: Reader<E>) -> Reader<E> {
        if self.0.is_none() || reader.is_at_end() {
            return reader;
        }
        let total = reader.total();
        let next = |(deadline, mut reader): (Self, Reader<E>)| async move {
            let piece = deadline.run(|| reader.try_next()).await?;
            Ok(piece.map(|piece| (piece, (deadline, reader))))
        };
        Reader::unfolded((self, reader), next, total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn what_is_bounded_is_held_once() {
        let work = async {
            let large = [0_u8; 10_000];
            core::future::ready(()).await;
            Ok::<_, Error>(large.len())
        };
        let alone = size_of_val(&work);
        assert!(size_of_val(&Deadline(None).run(|| work)) < alone + 1_000);
    }
}
