//! A job that a module has taken: nobody else does it as long as the claim holds.
//!
//! The message says when a worker was not heard of for too long, the record says whose the job is. Whoever takes it puts a token of
//! its own there, by a compare-and-swap, and so ends the claim of whoever was before it. Who cannot prove for most of the store's
//! patience that the claim still holds gives up, before anybody else may have it.

use std::time::Duration;

use sim800_fleet_job::{Failure, Job, Outcome, Record, Running, State, is_name};
use sim800_fleet_store::{Delivery, Held, Lost, Store, StoreError, now};
use sim800_session::Sent;
use tokio::time::Instant;

use crate::failing::{Failing, Hope};

/// Of a message without a record: a copy of the record may be late.
const LATE: i64 = 5;
/// The pause before a job is tried again is doubled from one second up to this one.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A job that is ours.
#[derive(Debug)]
pub(crate) struct Claim {
    store: Store,
    delivery: Delivery,
    held: Held,
    running: Running,
}

/// How a claim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    Failed,
    Unknown,
    Dead,
    Again,
    Lost,
}

impl End {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::Again => "again",
            Self::Lost => "lost",
        }
    }
}

impl Claim {
    /// Takes the job that `delivery` tells of, if there is anything left to do of it.
    pub(crate) async fn take(
        store: &Store,
        delivery: Delivery,
        worker: &str,
        module: &str,
    ) -> Result<Option<Self>, StoreError> {
        if !is_name(delivery.id()) {
            // No job is called so.
            delivery.end().await?;
            return Ok(None);
        }
        let held = match store.record(delivery.id()).await {
            Err(error @ StoreError::Unreadable { .. }) => {
                // A later version of this program may know what it is.
                delivery.again(PAUSE_MAX).await?;
                return Err(error);
            }
            held => held?,
        };
        let Some(held) = held else {
            if delivery.count() < LATE {
                delivery.again(Duration::from_secs(1)).await?;
            } else {
                delivery.end().await?;
            }
            return Ok(None);
        };
        let (mut end, mut left) = (None, None);
        match &held.record.state {
            State::Dead(_) => {
                // Whoever said so may have died before there was a letter.
                store.bury(&held.record).await?;
                delivery.end().await?;
                return Ok(None);
            }
            state if state.is_final() => {
                delivery.end().await?;
                return Ok(None);
            }
            // Another message has brought it to somebody who is heard of.
            State::Running(before) if before.message != delivery.number() => {
                delivery.end().await?;
                return Ok(None);
            }
            State::Running(before) => {
                left = Some(object(&held.record.job, &before.token));
                let said = format!("nothing more was heard of worker {}", before.worker);
                let mut failure = Failure::new("lost", said);
                failure.worker = Some(before.worker.clone());
                failure.module = Some(before.module.clone());
                if before.sent {
                    end = Some(State::Unknown(failure));
                } else if held.record.begun >= held.record.job.attempts {
                    end = Some(State::Dead(failure));
                }
            }
            _ => {}
        }
        let end = end.or_else(|| impossible(&held.record.job).map(State::Failed));
        let running = Running {
            worker: worker.to_owned(),
            module: module.to_owned(),
            token: store.unique(),
            message: delivery.number(),
            sent: false,
            since: now(),
        };
        let mut claim = Self { store: store.clone(), delivery, held, running };
        let record = match end {
            Some(state) => Record { state, ..claim.held.record.clone() },
            None => Record {
                state: State::Running(claim.running.clone()),
                begun: claim.held.record.begun.saturating_add(1),
                job: claim.held.record.job.clone(),
            },
        };
        if claim.store.replace(&mut claim.held, record).await.is_err() {
            // Whoever has changed it sees to it; else the message comes again.
            return Ok(None);
        }
        // Not before it is ours: it may just have become the result.
        if let Some(object) = left {
            store.discard(&object).await;
        }
        if claim.held.record.state.is_final() {
            claim.finish().await;
            return Ok(None);
        }
        Ok(Some(claim))
    }

    pub(crate) fn job(&self) -> &Job {
        &self.held.record.job
    }

    /// What the object with the result is called: nobody else writes there.
    pub(crate) fn object(&self) -> String {
        object(self.job(), &self.running.token)
    }

    /// What proves, and prolongs, this claim while something else is done with it.
    pub(crate) fn keeper(&self) -> Keeper<'_> {
        Keeper {
            store: self.store.clone(),
            delivery: &self.delivery,
            id: self.job().id.clone(),
            token: self.running.token.clone(),
            revision: self.held.revision,
        }
    }

    /// The record with the mark that what must not be repeated is sent from now on.
    pub(crate) fn marker(&self) -> Marker {
        let running = Running { sent: true, ..self.running.clone() };
        let record = Record { state: State::Running(running), ..self.held.record.clone() };
        Marker { store: self.store.clone(), held: self.held.clone(), record, is_marked: false }
    }

    /// Ends it with what came of it. `marker` is what was marked meanwhile.
    pub(crate) async fn settle(mut self, marker: Marker, result: Result<Outcome, Failing>) -> End {
        let is_marked = marker.is_marked;
        self.held = marker.held;
        let mut begun = self.held.record.begun;
        let (state, end) = match result {
            Ok(mut outcome) => {
                outcome.worker.clone_from(&self.running.worker);
                outcome.module.clone_from(&self.running.module);
                outcome.at = now();
                outcome.milliseconds = outcome.at.saturating_sub(self.running.since);
                (State::Done(Box::new(outcome)), End::Done)
            }
            Err(Failing { mut failure, sent, hope }) => {
                failure.worker = Some(self.running.worker.clone());
                failure.module = Some(self.running.module.clone());
                let is_late = self.job().deadline.is_some_and(|deadline| deadline <= now());
                if is_marked && sent == Sent::Unknown {
                    (State::Unknown(failure), End::Unknown)
                } else if hope == Hope::None || is_late {
                    if is_late {
                        failure.kind = "deadline".to_owned();
                    }
                    (State::Failed(failure), End::Failed)
                } else if hope != Hope::Uncounted && begun >= self.job().attempts {
                    (State::Dead(failure), End::Dead)
                } else {
                    begun = begun.saturating_sub(u32::from(hope == Hope::Uncounted));
                    (State::Queued { after: Some(failure) }, End::Again)
                }
            }
        };
        let record = Record { state, begun, ..self.held.record.clone() };
        if self.store.replace(&mut self.held, record).await == Err(Lost) {
            self.store.discard(&self.object()).await;
            return End::Lost;
        }
        self.finish().await;
        end
    }

    /// Says what is to become of the message. When that fails it comes again, to somebody who reads the record.
    async fn finish(&self) {
        let said = match &self.held.record.state {
            State::Queued { .. } | State::Running(_) => {
                self.delivery.again(pause(self.held.record.begun)).await
            }
            State::Dead(_) => match self.store.bury(&self.held.record).await {
                Ok(()) => self.delivery.end().await,
                Err(error) => Err(error),
            },
            _ => self.delivery.end().await,
        };
        drop(said);
    }

    /// What was done for a claim that is lost is nobody's.
    pub(crate) async fn abandon(self) -> End {
        self.store.discard(&self.object()).await;
        End::Lost
    }
}

/// Why a job is not begun. Not everybody looks at it before it is submitted.
fn impossible(job: &Job) -> Option<Failure> {
    if let Err(invalid) = job.check() {
        return Some(Failure::new("invalid", invalid.to_string()));
    }
    let is_late = job.deadline.is_some_and(|deadline| deadline <= now());
    is_late.then(|| Failure::new("deadline", "it was too late to begin"))
}

fn object(job: &Job, token: &str) -> String {
    format!("{}.{token}", job.id)
}

/// The pause after so many attempts.
fn pause(begun: u32) -> Duration {
    let factor = 1_u32.checked_shl(begun.saturating_sub(1)).unwrap_or(u32::MAX);
    Duration::from_secs(1).saturating_mul(factor).min(PAUSE_MAX)
}

/// Proves that a claim holds.
#[derive(Debug)]
pub(crate) struct Keeper<'a> {
    store: Store,
    delivery: &'a Delivery,
    id: String,
    token: String,
    revision: u64,
}

impl Keeper<'_> {
    /// Returns when the claim is lost: somebody else has the job, somebody took it back, or nobody can tell for so long that
    /// somebody else may have it soon.
    pub(crate) async fn keep(&self) {
        let patience = self.store.patience();
        let mut proven = Instant::now();
        loop {
            let at_most = proven + patience.mul_f64(0.8);
            tokio::time::sleep_until((Instant::now() + patience / 3).min(at_most)).await;
            let asked = Instant::now();
            let proof = async {
                self.delivery.progress().await?;
                self.store.record(&self.id).await
            };
            match tokio::time::timeout_at(at_most, proof).await {
                Ok(Ok(Some(held))) if self.is_ours(&held) => proven = asked,
                Ok(Ok(_)) => return,
                Ok(Err(_)) if Instant::now() < at_most => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    fn is_ours(&self, found: &Held) -> bool {
        match &found.record.state {
            State::Running(running) if running.token == self.token => true,
            // A copy of the record may be late.
            _ => found.revision < self.revision,
        }
    }
}

/// Marks that something that must not be repeated is sent.
#[derive(Debug)]
pub(crate) struct Marker {
    store: Store,
    held: Held,
    record: Record,
    is_marked: bool,
}

impl Marker {
    /// From now on nobody does it again.
    pub(crate) async fn mark(&mut self) -> Result<(), Lost> {
        let marked = self.store.replace(&mut self.held, self.record.clone()).await;
        self.is_marked |= marked.is_ok();
        marked
    }
}

#[cfg(test)]
mod tests {
    use sim800_fleet_job::{Action, Headers, Target};

    use super::*;

    #[test]
    fn a_job_that_nobody_looked_at_is_not_begun() {
        let get = |id: &str, target| {
            let url = "http://h/".into();
            Job::new(id, Action::Get { url, headers: Headers::new(), target })
        };
        assert_eq!(impossible(&get("a", Target::Nowhere)), None);
        for job in [get("/tmp/a", Target::Nowhere), get("a", Target::File("../a".into()))] {
            assert_eq!(impossible(&job).map(|failure| failure.kind).as_deref(), Some("invalid"), "{job:?}");
        }
        let late = Job { deadline: Some(1), ..get("a", Target::Nowhere) };
        assert_eq!(impossible(&late).map(|failure| failure.kind).as_deref(), Some("deadline"));
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        assert_eq!([1, 2, 3, 7, 40].map(|n| pause(n).as_secs()), [1, 2, 4, 60, 60]);
    }
}
