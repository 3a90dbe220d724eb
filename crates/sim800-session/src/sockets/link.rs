//! One connection of the module, as both directions of a socket share it.

use core::mem;
use core::time::Duration;

use futures::StreamExt;
use sim800_command::{
    Acknowledgement, CipAck, CipClose, CipRxGetLeft, CipRxGetRead, CipStatusOf, Command, Connection,
    ConnectionEvent, ConnectionState, Unsolicited,
};

use super::SocketError;
use crate::client::Client;
use crate::contexts::Place;
use crate::engine::{Name, Response};
use crate::error::{Disconnected, Error, Failure, Malformation};
use crate::notices::{Notice, Notices};
use crate::sync::{Arc, Guarded};

/// How long the module may say nothing before it is asked: its last line may have been lost.
pub(super) const CHECK: Duration = Duration::from_secs(10);

/// A connection that is taken. When it is dropped, the driver closes it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) client: Client,
    place: Place,
    state: Guarded<State>,
    /// Tells when the line was lost.
    losses: Guarded<Notices>,
}

#[derive(Debug, Default)]
struct State {
    /// What both directions end with.
    broken: Option<SocketError>,
    /// The server's end, or that of a connection that broke: the module tells no difference.
    is_closed_there: bool,
    /// There is no connection any more: nothing to close.
    is_over: bool,
    /// Why nothing is sent any more, though there may be something to read.
    unsent: Option<SocketError>,
    /// Octets were read, and no command had its answer since. What the line doubled of them is left of them behind their count, and may
    /// read like the end of a response: then that is the next that nobody claims, or that another command is answered by.
    is_unproven: bool,
    /// What the module has taken, and what the server has acknowledged of it.
    sent: u64,
    acknowledged: u64,
}

impl Link {
    pub(super) fn new(client: &Client, place: Place) -> Self {
        let client = client.of_procedure();
        let losses = Guarded::new(client.subscribe(|_| false));
        Self { client, place, state: Guarded::default(), losses }
    }

    pub(super) fn connection(&self) -> Connection {
        self.place.connection
    }

    /// Its number, as the module tells it.
    pub(super) fn number(&self) -> u8 {
        // 0 to 5 fits.
        self.place.connection.get() as u8
    }

    /// Gets the lines of the connection, and what ends it from outside, from now on.
    pub(super) fn subscribe(&self) -> Notices {
        let own = self.number();
        self.client.subscribe(move |line| match line {
            Unsolicited::PdpDeactivated => true,
            Unsolicited::Tcp(line) => ConnectionEvent::read(*line).is_some_and(|(number, _)| number == own),
            _ => false,
        })
    }

    /// A command had its answer, which `brought` octets of the connection or not: all is in order, unless the line was lost between the
    /// octets before and this, or since these were asked for.
    pub(super) fn was_answered(&self, brought: bool) -> Result<(), SocketError> {
        self.state.with(|state| state.is_unproven |= brought);
        self.prove()?;
        self.state.with(|state| state.is_unproven = brought);
        Ok(())
    }

    /// Whether the line was lost just behind octets that were read.
    fn prove(&self) -> Result<(), SocketError> {
        let mut is_lost = false;
        while self.losses.with(|losses| losses.remove(is_loss)).is_some() {
            is_lost = true;
        }
        if !is_lost || !self.state.with(|state| state.is_unproven) {
            return Ok(());
        }
        let command = Name::from(CipRxGetRead::SPEC);
        Err(self.fail(SocketError::Damaged(Error::new(&command, Failure::Malformed(Malformation::Damaged)))))
    }

    /// Whether anything is to be read or sent still.
    pub(super) fn check(&self) -> Result<(), SocketError> {
        self.prove()?;
        if let Some(error) = self.broken() {
            return Err(error);
        }
        if !self.client.contexts().is_up(self.place.epoch) {
            // The connection has another's number by now. What took the context with it says more than that it is gone, and is told
            // everybody.
            let taken_by = |notice: &Notice| matches!(notice, Notice::Restarted(_) | Notice::Disconnected(_));
            if let Some(notice) = self.losses.with(|losses| losses.remove(taken_by)) {
                self.take(&notice)?;
            }
            return Err(self.fail(SocketError::ContextLost));
        }
        Ok(())
    }

    /// Nothing is read or sent any more. The first cause is what both directions end with.
    pub(super) fn fail(&self, error: SocketError) -> SocketError {
        let is_gone = matches!(error, SocketError::ContextLost | SocketError::Module(_));
        self.state.with(|state| {
            state.is_over |= is_gone;
            state.broken.get_or_insert(error).clone()
        })
    }

    /// What both directions ended with.
    pub(super) fn broken(&self) -> Option<SocketError> {
        self.state.with(|state| state.broken.clone())
    }

    /// Nothing is sent any more.
    pub(super) fn fail_sending(&self, error: &SocketError) {
        self.state.with(|state| {
            state.unsent.get_or_insert_with(|| error.clone());
        });
    }

    /// Why nothing is sent any more.
    pub(super) fn unsent(&self) -> SocketError {
        let cause = self.state.with(|state| state.unsent.clone().or_else(|| state.broken.clone()));
        cause.unwrap_or(SocketError::ClosedHere)
    }

    pub(super) fn is_closed_there(&self) -> bool {
        self.state.with(|state| state.is_closed_there)
    }

    pub(super) fn close_there(&self) {
        self.state.with(|state| state.is_closed_there = true);
    }

    /// What was given to the module, and what of it had arrived when it was asked last.
    pub(super) fn progress(&self) -> (u64, u64) {
        self.state.with(|state| (state.sent, state.acknowledged))
    }

    pub(super) fn was_sent(&self, octets: usize) {
        self.state.with(|state| state.sent += octets as u64);
    }

    /// Whether a notice says that the connection has something to read; what else it says is kept.
    pub(super) fn take(&self, notice: &Notice) -> Result<Heard, SocketError> {
        match notice {
            Notice::Unsolicited(line) => match line.unsolicited() {
                Unsolicited::PdpDeactivated => Err(self.fail(SocketError::ContextLost)),
                Unsolicited::Tcp(line) => match ConnectionEvent::read(line) {
                    Some((_, event)) => {
                        if event == ConnectionEvent::Closed {
                            self.close_there();
                        }
                        Ok(Heard::Event(event))
                    }
                    None => Ok(Heard::Nothing),
                },
                _ => Ok(Heard::Nothing),
            },
            Notice::Restarted(sign) => Err(self.fail(SocketError::Module(Failure::Restarted(*sign)))),
            Notice::Disconnected(reason) => {
                Err(self.fail(SocketError::Module(Failure::Disconnected(*reason))))
            }
            Notice::Desynchronized | Notice::Missed(_) => Ok(Heard::Doubt),
            _ => Ok(Heard::Nothing),
        }
    }

    /// The next thing that is said of the connection; a doubt where nothing is said for `limit`.
    pub(super) async fn hear(&self, notices: &mut Notices, limit: Duration) -> Result<Heard, SocketError> {
        match self.client.within(limit, notices.next()).await {
            Some(Some(notice)) => self.take(&notice),
            Some(None) => {
                let failure = Failure::Disconnected(Disconnected::DriverDropped);
                Err(self.fail(SocketError::Module(failure)))
            }
            None => Ok(Heard::Doubt),
        }
    }

    /// How the module says that it stands. One that refuses to say has started anew, or its context was set up by another.
    pub(super) async fn status(&self) -> Result<Status, SocketError> {
        let status = self.ask_for_status().await;
        let is_refused = |status: &Result<Status, SocketError>| matches!(status, Err(SocketError::Command(error)) if error.is_rejected());
        if !is_refused(&status) {
            return status;
        }
        // The line may have damaged the question.
        let status = self.ask_for_status().await;
        if is_refused(&status) {
            self.client.contexts().lose_epoch(self.place.epoch);
            return Err(self.fail(SocketError::ContextLost));
        }
        status
    }

    async fn ask_for_status(&self) -> Result<Status, SocketError> {
        let command = CipStatusOf { connection: self.connection() };
        self.ask(&command, |told| {
            let address = told.address.and_then(|address| address.parse().ok());
            let status = Status { state: told.state, peer: address.zip(told.port) };
            (told.connection == self.number()).then_some(status)
        })
        .await
    }

    /// Asks how much has arrived.
    pub(super) async fn acknowledgement(&self) -> Result<Acknowledgement, SocketError> {
        let told = self.ask(&CipAck { connection: self.connection() }, Some).await?;
        self.state.with(|state| {
            state.acknowledged = state.acknowledged.max(told.acknowledged.min(state.sent));
        });
        Ok(told)
    }

    /// Asks how many octets there are to be read.
    pub(super) async fn readable(&self) -> Result<u32, SocketError> {
        let command = CipRxGetLeft { connection: self.connection() };
        self.ask(&command, |told| (told.connection == self.number()).then_some(told.left)).await
    }

    async fn ask<C: Command, T>(
        &self,
        command: &C,
        read: impl Fn(C::Response<'_>) -> Option<T>,
    ) -> Result<T, SocketError> {
        self.check()?;
        Ok(ask(&self.client, command, read).await?)
    }

    /// Closes the connection, both ways.
    pub(super) async fn close(&self) -> Result<(), SocketError> {
        self.check()?;
        if !self.is_closed_there() {
            if shut(&self.client, self.place).await? == ConnectionState::Initial {
                // It went with its context, and the server has seen no end of it.
                return Err(self.fail(SocketError::ContextLost));
            }
            self.state.with(|state| state.is_over = true);
        }
        self.fail(SocketError::ClosedHere);
        Ok(())
    }

    /// Ends a connection over which octets may have gone that nobody wrote: the server gets nothing behind them. Whoever wrote is told so,
    /// whatever else has ended it.
    pub(super) async fn spoil(&self, error: Error) -> SocketError {
        let error = SocketError::Spoilt(error);
        self.fail(error.clone());
        if self.client.contexts().is_up(self.place.epoch) && !self.state.with(|state| state.is_over) {
            // What fails here is tried once more when nobody has the connection any longer.
            let is_over = shut(&self.client, self.place).await.is_ok();
            self.state.with(|state| state.is_over = is_over);
        }
        error
    }
}

/// Closes a connection of the module; how it stands then, which is closed one way or the other.
pub(super) async fn shut(client: &Client, place: Place) -> Result<ConnectionState, Error> {
    let connection = place.connection;
    let (command, status) = (CipClose { connection, quick: Some(true) }, CipStatusOf { connection });
    let mut is_again = false;
    loop {
        let refusal = match client.ask(&command).await {
            Ok(_) => return Ok(ConnectionState::Closed),
            Err(error) if error.is_rejected() => error,
            Err(error) => return Err(error),
        };
        // There may be none to close, or the refusal was another's.
        let own = |number: u8| u32::from(number) == connection.get();
        match ask(client, &status, |told| own(told.connection).then_some(told.state)).await? {
            state @ (ConnectionState::Initial | ConnectionState::Closed) => return Ok(state),
            _ if mem::replace(&mut is_again, true) => return Err(refusal),
            _ => {}
        }
    }
}

/// Sends a command that changes nothing, and once more when the line damaged it or its response, of which `read` tells.
async fn ask<C: Command, T>(
    client: &Client,
    command: &C,
    read: impl Fn(C::Response<'_>) -> Option<T>,
) -> Result<T, Error> {
    let malformed = || Error::of(command, Failure::Malformed(Malformation::Information));
    let said = |response: &Response| response.decode(command).ok().and_then(&read).ok_or_else(malformed);
    let check = |response: Response| said(&response).map(|_| response);
    let response = client.ask_for(command, check).await?;
    said(&response)
}

impl Drop for Link {
    fn drop(&mut self) {
        let place = self.place;
        let contexts = self.client.contexts();
        let is_over = self.state.with(|state| state.is_over || state.is_closed_there);
        if is_over || !contexts.is_up(place.epoch) {
            return contexts.give_back(place, true);
        }
        self.client.chore(move |client| async move {
            if client.contexts().is_up(place.epoch) {
                let is_closed = shut(&client, place).await.is_ok();
                client.contexts().give_back(place, is_closed);
            }
        });
    }
}

fn is_loss(notice: &Notice) -> bool {
    *notice == Notice::Desynchronized
}

/// What was heard of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Event(ConnectionEvent),
    /// A line may have been lost.
    Doubt,
    Nothing,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    pub(super) state: ConnectionState,
    /// The server's address and port.
    pub(super) peer: Option<(core::net::Ipv4Addr, u16)>,
}

pub(super) type Shared = Arc<Link>;
