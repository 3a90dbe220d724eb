//! What goes to the server: a piece at a time, acknowledged by the module at once and by the server later.

use core::mem;
use core::time::Duration;

use bytes::Bytes;
use sim800_command::{CipSend, ConnectionState, SOCKET_LIMIT, SocketLength, time_limit};

use super::SocketError;
use super::link::Shared;
use crate::engine::Response;
use crate::error::{Error, Failure, Malformation};
use crate::notices::Notices;

/// How many octets may be under way to the server. The module holds more, but a command that waits for room there keeps all others
/// waiting, those of other sockets too.
pub(super) const WINDOW: u64 = 8 * SOCKET_LIMIT as u64;

/// How long the module may take to accept octets for which it has room.
const ACCEPTANCE: Duration = Duration::from_secs(20);

/// How often it is asked whether there is room again: at first, and at most.
const SOONEST: Duration = Duration::from_millis(50);
const LATEST: Duration = Duration::from_secs(1);

/// The direction to the server.
pub(super) struct Sender {
    link: Shared,
    notices: Notices,
    /// Whether what is sent is a stream, which the server acknowledges.
    is_stream: bool,
    /// How much more may be sent until it is asked what has arrived.
    room: u64,
}

impl Sender {
    pub(super) fn new(link: Shared, notices: Notices, is_stream: bool) -> Self {
        Self { link, notices, is_stream, room: WINDOW }
    }

    /// Sends one piece.
    pub(super) async fn send(&mut self, octets: Bytes) -> Result<(), SocketError> {
        self.make_room(octets.len() as u64).await?;
        let mut is_again = false;
        loop {
            self.link.check()?;
            let error = match self.transmit(&octets).await {
                Ok(()) => {
                    self.link.was_sent(octets.len());
                    return self.link.was_answered(false);
                }
                Err(error) => error,
            };
            match self.may_have_taken(&error).await {
                Ok(false) if !mem::replace(&mut is_again, true) => {}
                Ok(false) => return Err(self.link.fail(SocketError::Damaged(error))),
                Ok(true) => return Err(self.link.spoil(error).await),
                // A module that started anew waits for nothing.
                Err(lost @ SocketError::Module(_)) => return Err(lost),
                // It may have waited for octets, and nobody can ask any more.
                Err(_) if has_begun(&error) => return Err(self.link.spoil(error).await),
                Err(lost) => return Err(lost),
            }
            // A module tells that the server has closed the connection behind what came from it, and may refuse before.
            self.link.client.pause(SOONEST).await;
        }
    }

    /// Whether the module may have taken octets of a piece that failed by `error`. What it has taken, it has taken for good, and what it
    /// took may be other octets than these.
    async fn may_have_taken(&mut self, error: &Error) -> Result<bool, SocketError> {
        self.look()?;
        let failure = error.failure();
        if matches!(failure, Failure::Restarted(_) | Failure::Disconnected(_) | Failure::Misuse(_)) {
            return Err(self.link.fail(error.clone().into()));
        }
        let (sent, _) = self.link.progress();
        let taken = match failure {
            Failure::Desynchronized => Some(sent),
            _ => self.link.acknowledgement().await.ok().map(|told| told.sent),
        };
        let is_open = !self.link.is_closed_there() && self.is_connected().await?;
        if taken.map_or_else(|| is_open || has_begun(error), |taken| taken != sent) {
            return Ok(true);
        }
        if is_open { Ok(false) } else { Err(self.closed()) }
    }

    /// Waits until the server has all that was sent.
    pub(super) async fn settle(&mut self) -> Result<(), SocketError> {
        if self.is_stream { self.wait_until(|under_way| under_way == 0).await } else { Ok(()) }
    }

    async fn transmit(&self, octets: &Bytes) -> Result<(), Error> {
        let size = SocketLength::saturating(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        let command = CipSend { connection: self.link.connection(), size };
        let request = self.link.client.encode(&command).map_err(|failure| Error::of(&command, failure))?;
        let request = request.with_body(octets.clone()).with_time_limit(ACCEPTANCE);
        let response = self.link.client.request(request).await?;
        if is_accepted(&command, &response, self.link.number()) {
            return Ok(());
        }
        Err(Error::of(&command, Failure::Malformed(Malformation::Damaged)))
    }

    async fn make_room(&mut self, length: u64) -> Result<(), SocketError> {
        if !self.is_stream {
            return Ok(());
        }
        if self.room < length {
            self.wait_until(|under_way| under_way + length <= WINDOW).await?;
        }
        self.room = self.room.saturating_sub(length);
        Ok(())
    }

    /// Waits until so few octets are under way that `are_few`.
    async fn wait_until(&mut self, are_few: impl Fn(u64) -> bool) -> Result<(), SocketError> {
        let (mut pause, mut waited, mut last) = (SOONEST, Duration::ZERO, u64::MAX);
        let mut is_again = false;
        loop {
            self.look()?;
            let told = match self.link.acknowledgement().await {
                Ok(told) => told,
                Err(SocketError::Command(error)) if error.is_rejected() => {
                    if !self.is_connected().await? {
                        return Err(self.closed());
                    }
                    // The refusal was another's, or the line damaged the question.
                    if mem::replace(&mut is_again, true) {
                        return Err(self.link.fail(error.into()));
                    }
                    continue;
                }
                Err(error) => return Err(self.link.fail(error)),
            };
            self.link.was_answered(false)?;
            let under_way = self.link.progress().0.saturating_sub(told.acknowledged);
            if are_few(under_way) {
                self.room = WINDOW.saturating_sub(under_way);
                return Ok(());
            }
            if self.link.is_closed_there() {
                return Err(self.closed());
            }
            if under_way < last {
                (last, waited, pause) = (under_way, Duration::ZERO, SOONEST);
            }
            let limit = time_limit::SOCKET_SEND;
            if waited >= limit {
                return Err(self
                    .link
                    .fail(SocketError::TimedOut { what: "acknowledgement of the server", limit }));
            }
            self.link.client.pause(pause).await;
            waited += pause;
            pause = (pause * 2).min(LATEST);
        }
    }

    /// Takes what was said already.
    fn look(&mut self) -> Result<(), SocketError> {
        while let Some(notice) = self.notices.pop() {
            self.link.take(&notice)?;
        }
        Ok(())
    }

    async fn is_connected(&self) -> Result<bool, SocketError> {
        let status = self.link.status().await.map_err(|error| self.link.fail(error))?;
        match status.state {
            // It went with its context, and the server has seen no end of it.
            ConnectionState::Initial => Err(self.link.fail(SocketError::ContextLost)),
            state => Ok(state == ConnectionState::Connected),
        }
    }

    /// The connection is no more. What has come over it can be read still, unless the module has said that more is gone than that.
    fn closed(&mut self) -> SocketError {
        if let Err(error) = self.look() {
            return error;
        }
        self.link.close_there();
        let (sent, acknowledged) = self.link.progress();
        SocketError::Closed { sent, acknowledged }
    }
}

/// Whether the module may wait for octets of a piece that failed so: the piece was sent, and what it was answered is not known.
fn has_begun(error: &Error) -> bool {
    error.is_of_the_line() && *error.failure() != Failure::Desynchronized
}

/// Whether the module has taken all octets, and for this connection.
fn is_accepted(command: &CipSend, response: &Response, number: u8) -> bool {
    let size = command.size.get();
    response.granted == Some(size)
        && response.decode(command).is_ok_and(|told| {
            told.connection == Some(number) && told.length.is_none_or(|length| u32::from(length) == size)
        })
}
