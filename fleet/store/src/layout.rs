//! What is made on a server that has nothing yet, and the connection to it.

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::stream::{DiscardPolicy, RetentionPolicy};
use async_nats::jetstream::{self, kv, object_store, stream};
use async_nats::{Client, ConnectOptions};

use sim800_fleet_job::{Place, Priority};

use crate::queue::consumer;
use crate::{Store, StoreError};

pub(crate) const JOBS: &str = "sim800-jobs";
const DEAD: &str = "sim800-dead";
const RECORDS: &str = "sim800-records";
const MODULES: &str = "sim800-modules";
const SOURCES: &str = "sim800-sources";
const RESULTS: &str = "sim800-results";

/// Jobs that may wait; one more is refused when it is submitted.
const WAITING: i64 = 1_000_000;
/// Dead letters that are kept; the oldest go first.
const LETTERS: i64 = 100_000;
/// How long nobody needs to hear of a module before it is forgotten.
const SILENCE: Duration = Duration::from_secs(180);
/// The same message within this time is kept once.
const DUPLICATES: Duration = Duration::from_secs(120);
/// How the fleet's streams and buckets are made, when they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made and read here and by the programs of this workspace")]
pub struct Layout {
    /// Copies of everything, on as many servers of a cluster.
    pub replicas: usize,
    /// How long a worker may say nothing of a job before another one gets it.
    pub patience: Duration,
    /// How long objects are kept. Results that nobody knows any more go by this, too.
    pub kept: Duration,
}

impl Default for Layout {
    /// One copy, half a minute, 30 days.
    fn default() -> Self {
        Self { replicas: 1, patience: Duration::from_secs(30), kept: Duration::from_secs(30 * 86_400) }
    }
}

impl Store {
    /// Connects to a server, and goes on trying when the connection is lost. What the fleet needs and the server does not have is made
    /// as `layout` says; what is there stays as it is.
    ///
    /// # Errors
    ///
    /// There is no such server, it does not let us in, or it has no JetStream.
    pub async fn open(
        url: &str,
        credentials: Option<&Path>,
        name: &str,
        layout: Layout,
    ) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new().name(name).request_timeout(Some(Duration::from_secs(5)));
        if let Some(path) = credentials {
            let read = StoreError::new("reading the credentials for the server");
            options = options.credentials_file(path).await.map_err(read)?;
        }
        let client = options.connect(url).await.map_err(StoreError::new("connecting to the server"))?;
        Self::with_client(client, layout).await
    }

    async fn with_client(client: Client, layout: Layout) -> Result<Self, StoreError> {
        let jetstream = jetstream::new(client.clone());
        let made = StoreError::new("making the stream of jobs");
        let jobs = jetstream
            .get_or_create_stream(stream::Config {
                name: JOBS.into(),
                subjects: vec!["sim800.jobs.>".into()],
                retention: RetentionPolicy::WorkQueue,
                discard: DiscardPolicy::New,
                max_messages: WAITING,
                duplicate_window: DUPLICATES,
                num_replicas: layout.replicas,
                ..Default::default()
            })
            .await
            .map_err(made)?;
        // How patient the server is, the first of its consumers says; the others are made as that one.
        let first = consumer(&jobs, Priority::Normal, &Place::Any, layout.patience).await?;
        let layout = Layout { patience: first.cached_info().config.ack_wait, ..layout };
        let dead = jetstream
            .get_or_create_stream(stream::Config {
                name: DEAD.into(),
                subjects: vec!["sim800.dead.>".into()],
                max_messages: LETTERS,
                duplicate_window: DUPLICATES,
                num_replicas: layout.replicas,
                ..Default::default()
            })
            .await
            .map_err(StoreError::new("making the stream of dead letters"))?;
        let records = keys(&jetstream, RECORDS, Duration::ZERO, layout).await?;
        let modules = keys(&jetstream, MODULES, SILENCE, layout).await?;
        let sources = objects(&jetstream, SOURCES, layout).await?;
        let results = objects(&jetstream, RESULTS, layout).await?;
        Ok(Self { client, jetstream, jobs, dead, records, modules, sources, results, layout })
    }
}

async fn keys(
    jetstream: &jetstream::Context,
    bucket: &str,
    max_age: Duration,
    layout: Layout,
) -> Result<kv::Store, StoreError> {
    if let Ok(store) = jetstream.get_key_value(bucket).await {
        return Ok(store);
    }
    // The stream that a bucket is (NATS ADR-8). The client's own way asks for what servers before 2.10 do not tell.
    let made = jetstream.get_or_create_stream(stream::Config {
        name: format!("KV_{bucket}"),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        max_age,
        duplicate_window: if max_age.is_zero() { DUPLICATES } else { DUPLICATES.min(max_age) },
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        num_replicas: layout.replicas,
        ..Default::default()
    });
    made.await.map_err(StoreError::new("making a bucket of keys"))?;
    jetstream.get_key_value(bucket).await.map_err(StoreError::new("making a bucket of keys"))
}

async fn objects(
    jetstream: &jetstream::Context,
    bucket: &str,
    layout: Layout,
) -> Result<object_store::ObjectStore, StoreError> {
    if let Ok(store) = jetstream.get_object_store(bucket).await {
        return Ok(store);
    }
    let config = object_store::Config {
        bucket: bucket.into(),
        max_age: layout.kept,
        num_replicas: layout.replicas,
        ..Default::default()
    };
    jetstream.create_object_store(config).await.map_err(StoreError::new("making a bucket of objects"))
}
