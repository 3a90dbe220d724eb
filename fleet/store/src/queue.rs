//! The queue: one consumer for each priority and place, which all workers share.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::message::{AckKind, Message};
use async_nats::jetstream::stream::Stream;
use futures::StreamExt;
use sim800_fleet_job::{Place, Priority};

use crate::{Store, StoreError};

/// Jobs of one priority and place that may be under way at once, in the whole fleet.
const UNDER_WAY: i64 = 100_000;
/// How long the server may take to say that there is nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// A place, as subjects and names spell it.
fn word(place: &Place) -> String {
    match place {
        Place::Any => "any".to_owned(),
        Place::Group(name) => format!("group.{name}"),
        Place::Operator(name) => format!("operator.{name}"),
        Place::Module(name) => format!("module.{name}"),
    }
}

pub(crate) fn subject(priority: Priority, place: &Place) -> String {
    format!("sim800.jobs.{}.{}", priority.as_str(), word(place))
}

pub(crate) fn bell(place: &Place) -> String {
    format!("sim800.bell.{}", word(place))
}

/// Where one module looks for jobs. Its consumers are made when it first looks.
#[derive(Debug)]
pub struct Queue {
    store: Store,
    consumers: HashMap<(Priority, Place), Consumer<pull::Config>>,
}

impl Store {
    /// How much word of jobs there is in the queue, that which somebody has included. Of a job that has ended there is none any more
    /// once somebody has looked.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn queued(&self) -> Result<u64, StoreError> {
        let info = self.jobs.get_info().await.map_err(StoreError::new("asking for the queue"))?;
        Ok(info.state.messages)
    }
}

impl Queue {
    /// A queue of which nothing is known yet.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone(), consumers: HashMap::new() }
    }

    /// The next job for one of `places`: by priority, then in their order. Nothing is waited for.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn next(&mut self, places: &[Place]) -> Result<Option<Delivery>, StoreError> {
        for priority in Priority::ALL {
            for place in places {
                if let Some(delivery) = self.take(priority, place).await? {
                    return Ok(Some(delivery));
                }
            }
        }
        Ok(None)
    }

    async fn take(&mut self, priority: Priority, place: &Place) -> Result<Option<Delivery>, StoreError> {
        let key = (priority, place.clone());
        if !self.consumers.contains_key(&key) {
            let patience = self.store.layout.patience;
            let consumer = consumer(&self.store.jobs, priority, place, patience).await?;
            self.consumers.insert(key.clone(), consumer);
        }
        let Some(consumer) = self.consumers.get(&key) else { return Ok(None) };
        let asked = async {
            let mut batch = consumer.fetch().max_messages(1).messages().await?;
            batch.next().await.transpose()
        };
        let message = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(message)) => message,
            Ok(Err(error)) => {
                // The server may have lost it.
                self.consumers.remove(&key);
                return Err(StoreError::new("asking for a job")(error));
            }
            Err(late) => {
                self.consumers.remove(&key);
                return Err(StoreError::new("asking for a job")(late));
            }
        };
        message.map(Delivery::new).transpose()
    }
}

/// The consumer of one priority and place, made if there is none.
pub(crate) async fn consumer(
    jobs: &Stream,
    priority: Priority,
    place: &Place,
    patience: Duration,
) -> Result<Consumer<pull::Config>, StoreError> {
    let name = format!("{}-{}", priority.as_str(), word(place).replace('.', "-"));
    let config = pull::Config {
        durable_name: Some(name.clone()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: patience,
        max_ack_pending: UNDER_WAY,
        filter_subject: subject(priority, place),
        ..Default::default()
    };
    jobs.get_or_create_consumer(&name, config).await.map_err(StoreError::new("making a consumer"))
}

/// Word of a job. It comes again unless it is ended, in any case when nothing is said of it for the store's patience.
#[derive(Debug)]
pub struct Delivery {
    message: Message,
    id: String,
    number: u64,
    count: i64,
}

impl Delivery {
    fn new(message: Message) -> Result<Self, StoreError> {
        let (number, count) = {
            let info = message.info().map_err(StoreError::new("reading a message"))?;
            (info.stream_sequence, info.delivered)
        };
        let id = String::from_utf8_lossy(&message.payload).into_owned();
        Ok(Self { message, id, number, count })
    }

    /// Of which job.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number that this message has in its stream, however often it comes.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How often it has come, this time included.
    #[must_use]
    pub const fn count(&self) -> i64 {
        self.count
    }

    /// Says that somebody is still at it.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn progress(&self) -> Result<(), StoreError> {
        let said = self.message.ack_with(AckKind::Progress).await;
        said.map_err(StoreError::new("saying that the job goes on"))
    }

    /// Ends it, and waits until the server has understood. When that fails, the message comes again to somebody who sees by the record
    /// that nothing is left to do.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn end(&self) -> Result<(), StoreError> {
        self.message.double_ack().await.map_err(StoreError::new("ending a message"))
    }

    /// Has it come again after `pause`.
    ///
    /// # Errors
    ///
    /// The connection is gone: it comes again all the same.
    pub async fn again(&self, pause: Duration) -> Result<(), StoreError> {
        let said = self.message.ack_with(AckKind::Nak(Some(pause))).await;
        said.map_err(StoreError::new("giving a message back"))
    }
}
