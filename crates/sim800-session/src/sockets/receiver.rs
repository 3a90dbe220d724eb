//! What the server sends, read by hand.

use bytes::Bytes;
use core::mem;
use sim800_command::{CipRxGetRead, ConnectionEvent, ConnectionState, Received, SOCKET_LIMIT, SocketLength};

use super::SocketError;
use super::link::{CHECK, Heard, Shared};
use crate::client::Pending;
use crate::engine::Response;
use crate::error::{Error, Failure, Malformation};
use crate::notices::Notices;

/// How many reads in a row may bring nothing where the module says that there is more.
const EMPTY_READS: u32 = 16;

/// The direction from the server.
///
/// The module holds what has come until it is read, and keeps the server from sending more than it holds. One piece is read ahead of
/// what the caller takes. What was read is gone from the module: a response that the line damaged cannot be had once more, and ends
/// the connection.
pub(super) struct Receiver {
    link: Shared,
    notices: Notices,
    /// There may be something to read.
    may_hold: bool,
    /// The module said so, of what nothing was asked since.
    is_told: bool,
    /// The next piece, asked for already.
    ahead: Option<Pending>,
    /// Reads in a row that brought nothing although there was more.
    empty: u32,
}

/// What was said since this was looked at last.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// There may be more to read.
    is_readable: bool,
    /// The line was lost.
    is_lost: bool,
}

impl Receiver {
    pub(super) fn new(link: Shared, notices: Notices, may_hold: bool) -> Self {
        Self { link, notices, may_hold, is_told: false, ahead: None, empty: 0 }
    }

    /// The next octets; nothing when the server has closed the connection and all was read.
    pub(super) async fn next(mut self) -> Result<Option<(Bytes, Self)>, SocketError> {
        match self.piece().await {
            Ok(octets) => Ok(octets.map(|octets| (octets, self))),
            // Nothing may follow that looks like the end.
            Err(error) => Err(self.link.fail(error)),
        }
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, SocketError> {
        loop {
            self.link.check()?;
            if !self.may_hold && self.ahead.is_none() {
                self.listen().await?;
                continue;
            }
            // A question answers what was said before it, and not what was said since it was asked.
            let is_asked = self.ahead.is_some();
            let Said { is_readable, is_lost } = self.look()?;
            self.is_told |= is_readable && !is_lost && !is_asked;
            let is_closed = self.link.is_closed_there();
            self.may_hold = is_asked && (is_readable || is_closed);
            let (octets, left) = self.read().await?;
            self.is_told = left > 0;
            if left > 0 {
                self.ahead = Some(self.ask()?);
            }
            self.empty = if octets.is_empty() && left > 0 { self.empty + 1 } else { 0 };
            if self.empty > EMPTY_READS {
                // A module that says so for ever is not to be asked for ever.
                let malformed = Failure::Malformed(Malformation::Information);
                return Err(SocketError::Damaged(Error::of(&self.command(), malformed)));
            }
            if !octets.is_empty() {
                self.may_hold |= is_closed;
                return Ok(Some(octets));
            }
            if is_closed && !is_asked && left == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes what was said already.
    fn look(&mut self) -> Result<Said, SocketError> {
        let mut said = Said::default();
        while let Some(notice) = self.notices.pop() {
            let heard = self.link.take(&notice)?;
            said.is_readable |= matches!(heard, Heard::Doubt | Heard::Event(ConnectionEvent::Readable));
            said.is_lost |= heard == Heard::Doubt;
        }
        Ok(said)
    }

    /// Waits until there may be something to read.
    async fn listen(&mut self) -> Result<(), SocketError> {
        if self.link.is_closed_there() {
            self.may_hold = true;
            return Ok(());
        }
        match self.link.hear(&mut self.notices, CHECK).await? {
            Heard::Event(ConnectionEvent::Readable) => (self.may_hold, self.is_told) = (true, true),
            Heard::Event(ConnectionEvent::Closed) => self.may_hold = true,
            Heard::Doubt => self.ask_whether_there_is_more().await?,
            _ => {}
        }
        Ok(())
    }

    /// Finds out what a line may have told that was lost.
    async fn ask_whether_there_is_more(&mut self) -> Result<(), SocketError> {
        let status = self.link.status().await?;
        match status.state {
            ConnectionState::Initial => return Err(SocketError::ContextLost),
            ConnectionState::Closed | ConnectionState::RemoteClosing => {
                self.link.close_there();
                self.may_hold = true;
            }
            _ => {
                self.is_told |= self.link.readable().await? > 0;
                self.may_hold |= self.is_told;
            }
        }
        Ok(())
    }

    fn ask(&self) -> Result<Pending, SocketError> {
        self.link.check()?;
        let command = self.command();
        let request = self.link.client.encode(&command).map_err(|failure| Error::of(&command, failure))?;
        Ok(self.link.client.submit(request))
    }

    fn command(&self) -> CipRxGetRead {
        let length = SocketLength::saturating(SOCKET_LIMIT);
        CipRxGetRead { connection: self.link.connection(), length }
    }

    /// What there is to be read, up to a piece, and how much is left.
    async fn read(&mut self) -> Result<(Bytes, u32), SocketError> {
        let mut is_again = false;
        loop {
            let asked = match self.ahead.take() {
                Some(pending) => pending,
                None => self.ask()?,
            };
            let error = match asked.await.and_then(|response| self.taken(response)) {
                Ok(taken) => {
                    self.link.was_answered(!taken.0.is_empty())?;
                    return Ok(taken);
                }
                Err(error) => error,
            };
            match error.failure() {
                Failure::Rejected(_) => {
                    let left = self.left_behind_refusal(&error).await?;
                    // The refusal was another's: what was told of is gone, and a read that is refused takes nothing.
                    if self.is_told && left == Some(0) {
                        return Err(SocketError::Damaged(error));
                    }
                    // Firmware may refuse to read, and to say what there is, where there is nothing any more.
                    if self.link.is_closed_there() && (left == Some(0) || left.is_none() && is_again) {
                        self.may_hold = true;
                        return Ok((Bytes::new(), 0));
                    }
                    if mem::replace(&mut is_again, true) {
                        return Err(error.into());
                    }
                }
                Failure::Desynchronized if !mem::replace(&mut is_again, true) => {}
                Failure::Restarted(_) | Failure::Disconnected(_) | Failure::Misuse(_) => {
                    return Err(error.into());
                }
                _ => return Err(SocketError::Damaged(error)),
            }
        }
    }

    /// How much there is to be read where a read was refused, as far as the module tells. What a module refuses takes nothing, and is
    /// asked for again: the line may have damaged the question. But a refusal may be another's, and the answer behind it.
    async fn left_behind_refusal(&mut self, refusal: &Error) -> Result<Option<u32>, SocketError> {
        let left = match self.link.readable().await {
            Err(SocketError::Command(error)) if error.is_rejected() => None,
            left => Some(left?),
        };
        match self.link.status().await?.state {
            ConnectionState::Initial => return Err(SocketError::ContextLost),
            ConnectionState::Closed | ConnectionState::RemoteClosing => self.link.close_there(),
            _ => {}
        }
        if self.look()?.is_lost {
            return Err(SocketError::Damaged(refusal.clone()));
        }
        Ok(left)
    }

    /// Octets that are those of this connection, as many as were told.
    fn taken(&self, response: Response) -> Result<(Bytes, u32), Error> {
        let command = self.command();
        let damaged = || Error::of(&command, Failure::Malformed(Malformation::Damaged));
        let Received { connection, length, left, .. } =
            response.decode(&command).map_err(|malformed| Error::of(&command, malformed.into()))?;
        if connection != self.link.number() || usize::from(length) != response.payload.len() {
            return Err(damaged());
        }
        Ok((response.payload, left))
    }
}
