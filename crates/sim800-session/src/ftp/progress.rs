//! Transfers that the module carries out by itself: how far they are, and how they end.

use crate::sync::Arc;
use core::time::Duration;

use sim800_command::{Command, FtpCode};

use super::event::Event;
use super::session::Session;
use super::{FtpError, FtpStep};
use crate::error::Error;

/// How often the module is asked.
const PAUSE: Duration = Duration::from_secs(2);

/// How long the last line of a transfer that is over may take.
const SETTLE: Duration = Duration::from_secs(5);

/// How long the module may say that nothing runs any more before its last line counts as lost. Between two connections it may say
/// so for a while.
const LOST: Duration = Duration::from_secs(30);

/// How far a transfer that the module carries out by itself has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FtpProgress {
    /// Octets that have crossed the network.
    pub moved: u64,
    /// Octets of them that are in the module's file system; `None` when nothing is written there.
    pub written: Option<u64>,
}

impl FtpProgress {
    fn is_further_than(self, other: Self) -> bool {
        self.moved > other.moved || self.written > other.written
    }
}

/// What the module answers when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// No transfer is running.
    Idle,
    Running(FtpProgress),
    /// The answer reads like the line that ends the transfer, and was taken for it.
    Unclear,
}

/// Opens a transfer with `open` and waits for its end, asking `query` meanwhile. Returns how many octets were moved, where the
/// module tells.
pub(super) async fn run<Q: Command>(
    session: &mut Session,
    open: &(impl Command + Sync),
    query: &Q,
    read: impl Fn(Q::Response<'_>) -> Status,
    progress: &mut impl FnMut(FtpProgress),
) -> Result<Option<u64>, FtpError> {
    let mut transfer = Transfer { session, query, read, progress };
    match transfer.attempt(open).await {
        Err(error) if error.is_in_the_way() => {
            transfer.session.clear().await?;
            transfer.attempt(open).await
        }
        result => result,
    }
}

struct Transfer<'s, 'q, 'p, Q, R, P> {
    session: &'s mut Session,
    query: &'q Q,
    read: R,
    progress: &'p mut P,
}

impl<Q: Command, R: Fn(Q::Response<'_>) -> Status, P: FnMut(FtpProgress)> Transfer<'_, '_, '_, Q, R, P> {
    async fn attempt(&mut self, open: &(impl Command + Sync)) -> Result<Option<u64>, FtpError> {
        self.session.start(open).await?;
        let runtime = Arc::clone(self.session.client().runtime());
        let (mut last, mut most) = (None, None);
        let mut moved = runtime.now();
        let mut idle = None;
        loop {
            let event = match self.session.event_within(PAUSE).await? {
                Some(event) => event,
                None => match self.ask().await? {
                    Asked::Ended(event) => event,
                    asked => {
                        let now = runtime.now();
                        idle = match asked {
                            Asked::Idle => idle.or(Some(now)),
                            _ => None,
                        };
                        if let Asked::Running(progress) = asked {
                            if last != Some(progress) {
                                last = Some(progress);
                                self.session.begin(FtpStep::Transfer);
                                (self.progress)(progress);
                            }
                            // What goes to and fro gets no further.
                            if most.is_none_or(|most| progress.is_further_than(most)) {
                                (most, moved) = (Some(progress), now);
                            }
                        }
                        // The module gives up on a server after 75 s, and may look for it first.
                        let standstill = self.session.standstill();
                        if now.saturating_sub(moved) >= standstill {
                            return Err(self.session.silent(standstill));
                        }
                        // Before the first octet it says so as well (field log), for as long as the server takes.
                        let lost = if last.is_some() { LOST } else { self.session.patience() };
                        if idle.is_some_and(|since| now.saturating_sub(since) >= lost) {
                            return Err(self.session.silent(lost));
                        }
                        continue;
                    }
                },
            };
            if let Event::Ended(_, octets) = event {
                return Ok(octets);
            }
        }
    }

    async fn ask(&mut self) -> Result<Asked, FtpError> {
        match self.status().await? {
            Some(Status::Unclear) => self.clarify().await,
            Some(status) => self.judge(status).await,
            // Firmware that does not tell.
            None => Ok(Asked::Nothing),
        }
    }

    /// The answer was taken for the line that ends the transfer; or that line came for an answer. Only while nothing runs
    /// can it have been the line.
    async fn clarify(&mut self) -> Result<Asked, FtpError> {
        let doubtful: Option<FtpCode> = self.session.take_result();
        match (self.status().await?, doubtful) {
            (Some(Status::Idle), Some(code)) if !self.session.has_ended() => {
                self.session.ended(code, None).map(Asked::Ended)
            }
            (Some(status), _) => self.judge(status).await,
            (None, _) => Ok(Asked::Nothing),
        }
    }

    async fn judge(&mut self, status: Status) -> Result<Asked, FtpError> {
        Ok(match status {
            Status::Running(progress) => Asked::Running(progress),
            // Its last line is there, or on its way.
            Status::Idle => match self.session.event_within(SETTLE).await? {
                Some(event) => Asked::Ended(event),
                None => Asked::Idle,
            },
            Status::Unclear => {
                // Still doubtful, and running: only the answer can have read so.
                self.session.take_result();
                Asked::Nothing
            }
        })
    }

    async fn status(&mut self) -> Result<Option<Status>, FtpError> {
        let read = &self.read;
        match self.session.client().query(self.query, |response| read(response)).await {
            Ok(status) => Ok(Some(status)),
            Err(error) if Error::is_rejected(&error) => Ok(None),
            Err(error) => Err(self.session.command(error)),
        }
    }
}

enum Asked {
    Running(FtpProgress),
    Ended(Event),
    Idle,
    Nothing,
}
