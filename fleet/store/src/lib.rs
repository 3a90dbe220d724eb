//! Where the jobs of a fleet are kept: streams, keys and objects of a NATS server.
//!
//! | what | name | holds |
//! |---|---|---|
//! | stream, a work queue | `sim800-jobs` | the ids of jobs to be done, by subject `sim800.jobs.<priority>.<place>` |
//! | bucket of keys | `sim800-records` | each job with its state, by id |
//! | stream | `sim800-dead` | the records of jobs that were begun as often as they may be, by subject `sim800.dead.<id>` |
//! | bucket of keys | `sim800-modules` | what workers tell of their modules, by name, for three minutes |
//! | buckets of objects | `sim800-sources`, `sim800-results` | what is sent and what was received |
//!
//! The record is the truth, and every change of it is a compare-and-swap on its revision: who lost it has no say any more. The
//! message in the queue only tells workers to look. So a message that comes twice, late or not at all does no harm but to time.

mod bell;
mod error;
mod layout;
mod modules;
mod objects;
mod queue;
mod records;

use async_nats::jetstream::{self, kv, object_store, stream};

pub use bell::Bell;
pub use error::StoreError;
pub use layout::Layout;
pub use queue::{Delivery, Queue};
pub use records::{Held, Lost, Submitted};

/// A connection to the server, and what is kept there.
#[derive(Clone)]
pub struct Store {
    client: async_nats::Client,
    jetstream: jetstream::Context,
    jobs: stream::Stream,
    dead: stream::Stream,
    records: kv::Store,
    modules: kv::Store,
    sources: object_store::ObjectStore,
    results: object_store::ObjectStore,
    layout: Layout,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl Store {
    /// Waits for all that was said to have gone out.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.client.flush().await.map_err(StoreError::new("saying the last of it"))
    }

    /// A name that nobody else has: the client needs such for itself.
    #[must_use]
    pub fn unique(&self) -> String {
        let inbox = self.client.new_inbox();
        inbox.rsplit('.').next().unwrap_or(&inbox).to_owned()
    }

    /// How long a message may go without a word before another worker gets it.
    #[must_use]
    pub const fn patience(&self) -> std::time::Duration {
        self.layout.patience
    }
}

/// Milliseconds since 1970-01-01 UTC.
#[must_use]
pub fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().and_then(|time| u64::try_from(time.as_millis()).ok()).unwrap_or_default()
}
