//! The octets of one session that is read.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use sim800_command::FTP_READ_LIMIT;
use sim800_parser::Value;

use super::event::Event;
use super::session::{CHECK, Session};
use super::{FtpError, FtpStep};
use crate::client::Pending;
use crate::engine::{Request, Response};
use crate::error::Malformation;

/// How many reads in a row may bring no data.
const EMPTY_READS: u32 = 16;

/// Whether the last line of a response ends in a count, and it is 0.
fn is_count_of_none(reply: &Response) -> bool {
    let values = reply.lines().last().map(|line| line.values().collect::<Vec<_>>());
    matches!(values.as_deref(), Some([_, Value::Number(0)]))
}

/// What an open session brings, piece by piece.
pub(super) struct Pieces {
    session: Box<Session>,
    /// How the next octets are asked for.
    read: Request,
    /// The next read, asked for already.
    ahead: Option<Pending>,
    /// What the session said that was not dealt with.
    event: Option<Event>,
    /// Octets that have to come still, where that is known.
    rest: Option<u64>,
    /// More came than had to: the file has grown.
    grows: bool,
    /// Reads in a row that brought nothing.
    empty: u32,
    /// How long nothing was said and nothing came.
    waited: Duration,
    /// A line said that it is over, and the module did not agree.
    doubtful: bool,
    /// Behind the octets that came last stood what may be more of them.
    unsure: bool,
}

impl Pieces {
    /// Whether the session has said that it is over.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.event, Some(Event::Ended(..)))
    }

    /// The session.
    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Somebody is at work with it.
    pub(super) fn is_used(&self) {
        self.session.is_used();
    }

    /// What came is handed out, and the next is up to whoever takes it.
    pub(super) fn is_handed_out(&self) {
        self.session.is_handed_out();
    }

    /// Reads a session whose `first` event came by `read`, of 1460 octets at most; `rest` octets in all, where that is known.
    pub(super) fn new(mut session: Box<Session>, first: Event, read: Request, rest: Option<u64>) -> Self {
        session.begin(FtpStep::Transfer);
        let (ahead, waited) = (None, Duration::ZERO);
        let mut reader = Self {
            session,
            read,
            ahead,
            event: Some(first),
            rest,
            grows: false,
            empty: 0,
            waited,
            doubtful: false,
            unsure: false,
        };
        if !matches!(first, Event::Ended(..)) {
            reader.event = None;
            reader.ask();
        }
        reader
    }

    /// The next octets; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, FtpError> {
        loop {
            let event = match (self.event.take(), self.ahead.take()) {
                (Some(event), _) => event,
                (None, None) => self.wait().await?,
                (None, Some(read)) => match read.await {
                    Ok(reply) if reply.payload.is_empty() => {
                        // A read is always answered with a count, and only one of 0 brings nothing.
                        if !is_count_of_none(&reply) {
                            return Err(self.session.malformed(&self.read, Malformation::Information));
                        }
                        // `1,1` will tell when there is something, `1,0` that the file has ended.
                        self.count()?;
                        self.wait().await?
                    }
                    Ok(reply) => {
                        self.unsure = reply.followed_by_line;
                        return self.take(reply.payload).map(Some);
                    }
                    Err(error) if error.is_rejected() && self.doubtful => return Ok(None),
                    Err(error) if error.is_rejected() => {
                        self.count()?;
                        self.session.refused(error).await?
                    }
                    Err(error) => return Err(self.session.command(error)),
                },
            };
            if !matches!(event, Event::Ended(..)) {
                self.ask();
                continue;
            }
            self.check()?;
            let goes_on = self.session.goes_on().await?;
            // What answered the question may have been the end of a response that was to bring octets.
            self.check()?;
            if !goes_on {
                return Ok(None);
            }
            // A module that says both for ever is not to be waited for.
            self.count()?;
            self.doubtful = true;
        }
    }

    /// Whether the octets that came last may not be those that were sent: what stood behind them may be more of them.
    pub(super) fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// These octets are not what was sent.
    pub(super) fn damaged(&mut self) -> FtpError {
        self.session.malformed(&self.read, Malformation::Damaged)
    }

    fn take(&mut self, octets: Bytes) -> Result<Bytes, FtpError> {
        self.check()?;
        (self.empty, self.waited, self.doubtful) = (0, Duration::ZERO, false);
        let came = octets.len() as u64;
        self.grows |= self.rest.is_some_and(|rest| rest < came);
        self.rest = self.rest.map(|rest| rest.saturating_sub(came));
        let is_all = self.rest == Some(0) && !self.grows;
        if octets.len() == FTP_READ_LIMIT as usize && !is_all {
            // There may be more: asked for in the same poll, so that the line does not wait. Where there is none, the line that says so
            // would cross the question, and whatever comes between that and its refusal makes it doubtful.
            self.ask();
        }
        Ok(octets)
    }

    /// What comes goes on from what came before, unless the line was lost between them.
    fn check(&mut self) -> Result<(), FtpError> {
        match self.session.take_loss() {
            true => Err(self.damaged()),
            false => Ok(()),
        }
    }

    /// Waits for what the session says next. When that is nothing, the next octets are asked for all the same: the line that
    /// announced them may have been lost, or the one that said it is over, or the module may be dead.
    async fn wait(&mut self) -> Result<Event, FtpError> {
        match self.session.event_within(CHECK).await? {
            Some(event) => Ok(event),
            None => {
                self.waited += CHECK;
                if self.waited >= self.session.patience() {
                    Err(self.session.silent(self.waited))
                } else {
                    Ok(Event::Available)
                }
            }
        }
    }

    fn count(&mut self) -> Result<(), FtpError> {
        self.empty += 1;
        if self.empty > EMPTY_READS {
            return Err(FtpError::NoProgress { operation: self.session.operation() });
        }
        Ok(())
    }

    /// Asks for the next octets, unless the session has ended already: a read would be refused then.
    fn ask(&mut self) {
        if !self.session.has_ended() {
            self.session.forget_announcements();
            self.ahead = Some(self.session.client().submit_again(&self.read));
        }
    }
}
