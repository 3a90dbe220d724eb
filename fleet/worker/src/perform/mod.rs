//! An attempt at a job: what the driver is told to do, and where octets come from and go to.

mod ftp;
mod http;
mod source;

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use sim800_fleet_job::{Action, Failure, Job, Outcome, Target};
use sim800_fleet_store::{Store, now};
use sim800_session::{Bearer, Effort, Sent};

use crate::claim::Marker;
use crate::failing::{Failing, Hope};
use crate::folder::Folder;
use crate::metrics::Meter;
use crate::part::Part;
use crate::secrets::{Login, Secrets};

/// What an attempt is made with.
pub(crate) struct Attempt<'a> {
    pub(crate) job: &'a Job,
    /// What the object with the result is called.
    pub(crate) object: String,
    pub(crate) bearer: &'a Bearer,
    pub(crate) store: &'a Store,
    pub(crate) folder: &'a Folder,
    pub(crate) secrets: &'a Secrets,
    pub(crate) meter: &'a Meter,
}

impl Attempt<'_> {
    /// Does the job. What must not be repeated is marked before it is sent; when that fails, so does the attempt, and nothing was sent.
    pub(crate) async fn make(&self, marker: &mut Marker) -> Result<Outcome, Failing> {
        let login = self.login()?;
        if matches!(
            self.job.action,
            Action::Get { .. } | Action::Head { .. } | Action::Post { .. } | Action::Delete { .. }
        ) {
            self.http(login, marker).await
        } else {
            self.ftp(login, marker).await
        }
    }

    fn login(&self) -> Result<Option<&Login>, Failing> {
        let Some(name) = &self.job.credentials else { return Ok(None) };
        let Some(login) = self.secrets.find(name) else {
            let failure = Failure::new("credentials", format!("the worker has no credentials called {name}"));
            // Another worker may have them.
            return Err(Failing { failure, sent: Sent::No, hope: Hope::Later });
        };
        if !login.is_for(self.job.action.url()) {
            let failure = Failure::new("credentials", format!("those called {name} are not for this server"));
            return Err(Failing { failure, sent: Sent::No, hope: Hope::Later });
        }
        Ok(Some(login))
    }

    /// How long the driver may take.
    fn effort(&self) -> Effort {
        let mut effort = Effort::default();
        effort.deadline =
            self.job.deadline.map(|deadline| Duration::from_millis(deadline.saturating_sub(now())));
        effort
    }

    /// Has what must not be repeated marked as sent.
    async fn mark(&self, marker: &mut Marker) -> Result<(), Failing> {
        if self.job.action.is_repeatable() {
            return Ok(());
        }
        marker.mark().await.map_err(|_| Failing {
            failure: Failure::new("lost", "somebody else has the job"),
            sent: Sent::No,
            hope: Hope::Later,
        })
    }

    /// Receives all that comes into `part`.
    async fn receive<E>(
        &self,
        part: &mut Part,
        mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(), Failing>
    where
        Failing: From<E>,
    {
        while let Some(piece) = pieces.try_next().await? {
            self.meter.received(piece.len());
            if let Err(error) = part.add(&piece).await {
                return Err(no_room(part, error).await);
            }
        }
        Ok(())
    }

    /// Puts what is whole where the job wants it, and tells of it.
    async fn deliver(&self, part: &mut Part, outcome: &mut Outcome) -> Result<(), Failing> {
        match part.finish().await {
            Ok(digest) => outcome.sha256 = Some(digest),
            Err(error) => return Err(no_room(part, error).await),
        }
        outcome.octets = Some(part.length());
        match self.job.action.target() {
            Some(Target::Object) if part.length() > 0 => {
                let kept = self.store.keep_result(&self.object, part.file()).await;
                kept.map_err(|error| Failing::passing("target", &error))?;
                outcome.object = Some(self.object.clone());
            }
            Some(Target::File(file)) => {
                let placed = self.folder.place(part.path(), file).await;
                placed.map_err(|error| Failing::own("target", error.as_ref()))?;
                outcome.file = Some(file.clone());
            }
            Some(Target::Object | Target::Nowhere) | None => {}
        }
        part.remove().await;
        Ok(())
    }
}

/// The worker's disk took no more: other jobs need what is there of this one.
async fn no_room(part: &Part, error: std::io::Error) -> Failing {
    part.remove().await;
    target(error)
}

/// The worker's disk.
fn target(error: std::io::Error) -> Failing {
    Failing::passing("target", &error)
}
