//! The records of jobs, each changed only by who knows its last revision.

use std::time::Duration;

use async_nats::jetstream::kv::{CreateErrorKind, Entry, Operation, UpdateErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use futures::stream::{Stream, StreamExt};
use sim800_fleet_job::{Invalid, Job, Record, State, VERSION};

use crate::queue::subject;
use crate::{Store, StoreError, now};

/// The longest record that is read, in octets: no job that can be done has one half as long. It can still be replaced by one with a
/// state, for servers take 1 MiB unless told otherwise.
const LIMIT: usize = 768 << 10;
/// Octets of a message beside its value.
const HEAD: usize = 1_024;
/// The pause before the server is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "made and read by the programs of this workspace")]
pub enum Submitted {
    /// It is new.
    New,
    /// It was there already, the same.
    Known,
    /// Another job has this id; nothing was changed.
    Taken,
}

/// A record at the revision that only we know to be the last.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made and read by the programs of this workspace")]
pub struct Held {
    /// What it was at that revision.
    pub record: Record,
    /// The revision.
    pub revision: u64,
    /// When it was made, in milliseconds since 1970-01-01 UTC; by whose clock, is not said.
    pub changed: u64,
}

/// Somebody else has changed the record, so that it is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to say")]
pub struct Lost;

impl Store {
    /// Keeps a job and tells the workers of it. Doing so again does no harm, and mends what broke off between the two.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or is full: whether the job is kept is not known then, so do it again.
    pub async fn submit(&self, job: &Job) -> Result<Submitted, StoreError> {
        let value = self.encode(&Record::new(job.clone()))?;
        let submitted = match self.records.create(&job.id, value).await {
            Ok(_) => Submitted::New,
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                match self.record(&job.id).await? {
                    Some(held) if held.record.job != *job => return Ok(Submitted::Taken),
                    Some(held) if held.record.state.is_final() => return Ok(Submitted::Known),
                    _ => Submitted::Known,
                }
            }
            Err(error) => return Err(StoreError::new("keeping the job")(error)),
        };
        let message = PublishMessage::build().payload(job.id.clone().into()).message_id(&job.id);
        let told = self.jetstream.send_publish(subject(job.priority, &job.place), message).await;
        told.map_err(StoreError::new("telling of the job"))?
            .await
            .map_err(StoreError::new("telling of the job"))?;
        self.ring(&job.place).await;
        Ok(submitted)
    }

    /// The record of a job, if there is one.
    ///
    /// # Errors
    ///
    /// The server cannot be reached; or the record is [unreadable](StoreError::Unreadable): of a later version, another job's, or none.
    pub async fn record(&self, id: &str) -> Result<Option<Held>, StoreError> {
        match self.records.entry(id).await.map_err(StoreError::new("asking for a job"))? {
            Some(entry) => decode(&entry),
            None => Ok(None),
        }
    }

    /// Replaces a record that is held. When the connection breaks meanwhile, it finds out whether that was done, and goes on until it
    /// was or cannot be any more.
    ///
    /// # Errors
    ///
    /// [`Lost`], with nothing changed.
    pub async fn replace(&self, held: &mut Held, record: Record) -> Result<(), Lost> {
        let id = record.job.id.clone();
        let Ok(value) = self.encode(&record) else { return Err(Lost) };
        loop {
            match self.records.update(&id, value.clone(), held.revision).await {
                Ok(revision) => {
                    *held = Held { record, revision, changed: now() };
                    return Ok(());
                }
                // This may be our own, of which we did not hear.
                Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {}
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
            match self.record(&id).await {
                Ok(Some(found)) if found.record == record => {
                    *held = found;
                    return Ok(());
                }
                // A copy may be late, never ahead.
                Ok(Some(found)) if found.revision > held.revision => return Err(Lost),
                Ok(None) => return Err(Lost),
                Ok(Some(_)) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Takes a job back; what it was before.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn cancel(&self, id: &str) -> Result<Option<State>, StoreError> {
        loop {
            let Some(mut held) = self.record(id).await? else { return Ok(None) };
            let before = held.record.state.clone();
            if before.is_final() {
                return Ok(Some(before));
            }
            let perhaps_done = matches!(&before, State::Running(running) if running.sent);
            let record = Record { state: State::Cancelled { perhaps_done }, ..held.record.clone() };
            if self.replace(&mut held, record).await.is_ok() {
                return Ok(Some(before));
            }
        }
    }

    /// All records as they are, and then, if `follow`, every change.
    ///
    /// # Errors
    ///
    /// The server cannot be reached; so may each of the items be.
    pub async fn records(
        &self,
        follow: bool,
    ) -> Result<impl Stream<Item = Result<Record, StoreError>> + Unpin, StoreError> {
        let entries = all(&self.records, follow).await?;
        Ok(Box::pin(entries.filter_map(async |entry| match entry.and_then(|entry| decode(&entry)) {
            Ok(held) => held.map(|held| Ok(held.record)),
            Err(error) => Some(Err(error)),
        })))
    }

    /// The copy of a job that is dead.
    ///
    /// # Errors
    ///
    /// There is none, or the server cannot be reached.
    pub async fn letter(&self, id: &str) -> Result<Record, StoreError> {
        let letter = self.dead.get_last_raw_message_by_subject(&format!("sim800.dead.{id}")).await;
        let letter = letter.map_err(StoreError::new("asking for a dead letter"))?;
        serde_json::from_slice(&letter.payload).map_err(StoreError::new("reading a dead letter"))
    }

    /// Keeps a copy of a job that is dead, once.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn bury(&self, record: &Record) -> Result<(), StoreError> {
        let message = PublishMessage::build().payload(self.encode(record)?).message_id(&record.job.id);
        let subject = format!("sim800.dead.{}", record.job.id);
        let told = self.jetstream.send_publish(subject, message).await;
        told.map_err(StoreError::new("keeping a dead letter"))?
            .await
            .map_err(StoreError::new("keeping a dead letter"))?;
        Ok(())
    }

    fn encode(&self, record: &Record) -> Result<Bytes, StoreError> {
        let value = serde_json::to_vec(record).map_err(StoreError::new("writing a record"))?;
        // The server would never take it, however often it is sent.
        if value.len() + HEAD > self.client.server_info().max_payload {
            return Err(StoreError::new("writing a record")("the server takes no message as long as that"));
        }
        Ok(value.into())
    }

    /// Forgets a job that has ended, with its results.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn forget(&self, record: &Record) -> Result<(), StoreError> {
        if let State::Done(outcome) = &record.state
            && let Some(object) = &outcome.object
        {
            self.discard(object).await;
        }
        self.records.purge(&record.job.id).await.map_err(StoreError::new("forgetting a job"))
    }
}

/// All that is in a bucket, and then, if `follow`, every change.
pub(crate) async fn all(
    bucket: &async_nats::jetstream::kv::Store,
    follow: bool,
) -> Result<impl Stream<Item = Result<Entry, StoreError>> + Unpin, StoreError> {
    let asked = StoreError::new("asking for all of a bucket");
    let watch = bucket.watch_with_history(">").await.map_err(asked)?;
    // An empty bucket would never tell that it is.
    let is_empty = !follow && {
        let mut keys = bucket.keys().await.map_err(StoreError::new("asking for all of a bucket"))?;
        keys.next().await.is_none()
    };
    let entries = futures::stream::unfold((watch, is_empty), move |(mut watch, is_over)| async move {
        if is_over {
            return None;
        }
        let entry = watch.next().await?;
        let is_last = !follow && entry.as_ref().is_ok_and(|entry| entry.delta == 0);
        Some((entry.map_err(StoreError::new("watching a bucket")), (watch, is_last)))
    });
    Ok(Box::pin(entries))
}

fn decode(entry: &Entry) -> Result<Option<Held>, StoreError> {
    if entry.operation != Operation::Put {
        return Ok(None);
    }
    let unreadable = |error: String| StoreError::unreadable(&entry.key)(error);
    if entry.value.len() > LIMIT {
        return Err(unreadable(format!("it has {} bytes", entry.value.len())));
    }
    let record: Record =
        serde_json::from_slice(&entry.value).map_err(|error| unreadable(error.to_string()))?;
    if record.job.version != VERSION {
        return Err(unreadable(Invalid::Version(record.job.version).to_string()));
    }
    // By its id it is replaced, and files are named.
    if record.job.id != entry.key {
        return Err(unreadable("it is that of another job".to_owned()));
    }
    let changed = u64::try_from(entry.created.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    Ok(Some(Held { record, revision: entry.revision, changed }))
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::kv::{Entry, Operation};
    use sim800_fleet_job::{Action, Headers, Job, Record, Target};

    use super::*;

    fn entry(key: &str, value: impl Into<Bytes>) -> Entry {
        let created = std::time::SystemTime::UNIX_EPOCH.into();
        let operation = Operation::Put;
        let (bucket, key, value) = (String::new(), key.to_owned(), value.into());
        Entry { bucket, key, value, revision: 1, delta: 0, created, operation, seen_current: true }
    }

    #[test]
    fn what_somebody_else_put_there_is_no_record() {
        let url = "http://h/".to_owned();
        let get = Action::Get { url, headers: Headers::new(), target: Target::Nowhere };
        let kept = |id: &str, version| {
            let job = Job { version, ..Job::new(id, get.clone()) };
            serde_json::to_vec(&Record::new(job)).unwrap()
        };
        assert!(matches!(decode(&entry("a", kept("a", 1))), Ok(Some(held)) if held.record.job.id == "a"));
        for value in [
            kept("/tmp/a", 1),
            kept("b", 1),
            kept("a", 2),
            b"{}".to_vec(),
            [kept("a", 1), vec![b' '; LIMIT]].concat(),
        ] {
            let refused = decode(&entry("a", value)).unwrap_err();
            assert!(matches!(refused, StoreError::Unreadable { key, .. } if key == "a"));
        }
    }
}
