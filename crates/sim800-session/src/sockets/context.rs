//! The context that carries sockets, and which of the module's six connections are taken.

use core::net::Ipv4Addr;
use std::sync::{Arc, Mutex as Cell, MutexGuard, PoisonError};

use futures::lock::{Mutex, OwnedMutexGuard};
use sim800_command::{
    Cifsr, Ciicr, CipMux, CipQsend, CipRxGet, CipShut, CipStatus, Connection, Cstt, CsttAsSet, Secret, Text,
};

use super::SocketError;
use crate::bearer::Profile;
use crate::client::Client;
use crate::error::{Error, Failure};
use crate::settings::{self, Refusal, Setting, Unsendable};

/// How often a command of the context is given once more where the line damaged it.
const TRIES: u32 = 3;

/// What all sockets of a module have in common.
#[derive(Debug, Default)]
pub(crate) struct Contexts {
    /// Held while the context is brought up or closed.
    gate: Arc<Mutex<()>>,
    state: Cell<State>,
}

#[derive(Debug, Default)]
struct State {
    up: Option<Up>,
    /// How many contexts there were.
    count: u64,
    slots: [Slot; Connection::MAX.get() as usize + 1],
    /// Where a free one is looked for first: the longer one was not used, the less of it is on its way.
    next: usize,
}

/// A context that is up, as far as is known.
#[derive(Clone, Debug)]
pub(super) struct Up {
    /// Which one it is: what is said of one says nothing of the next.
    pub(super) epoch: u64,
    pub(super) address: Ipv4Addr,
    profile: Profile,
}

/// What is known of a connection of the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Slot {
    #[default]
    Free,
    Taken,
    /// It may be open still, though nobody uses it.
    Doubtful,
}

/// A connection that is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) connection: Connection,
    pub(super) epoch: u64,
    /// It may be open still.
    pub(super) is_doubtful: bool,
}

impl Contexts {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The context is gone, and every connection with it.
    pub(crate) fn lose(&self) {
        let mut state = self.state();
        state.up = None;
    }

    /// The context is gone, if it is still this one.
    pub(super) fn lose_epoch(&self, epoch: u64) {
        let mut state = self.state();
        state.up = state.up.take().filter(|up| up.epoch != epoch);
    }

    /// Whether the context of this number is the one that is up.
    pub(super) fn is_up(&self, epoch: u64) -> bool {
        self.state().up.as_ref().is_some_and(|up| up.epoch == epoch)
    }

    async fn gate(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.gate).lock_owned().await
    }

    /// Takes a connection of the context; `None` where all are taken.
    pub(super) fn take(&self, epoch: u64) -> Option<Place> {
        let mut state = self.state();
        let count = state.slots.len();
        let places = (0..count).map(|step| (state.next + step) % count);
        let free = |place: &usize| state.slots.get(*place).is_some_and(|slot| *slot != Slot::Taken);
        let place = places.into_iter().find(free)?;
        let slot = state.slots.get_mut(place)?;
        let is_doubtful = *slot == Slot::Doubtful;
        *slot = Slot::Taken;
        state.next = place + 1;
        let connection = Connection::saturating(u32::try_from(place).unwrap_or(0));
        Some(Place { connection, epoch, is_doubtful })
    }

    /// A connection is not used any more; whether it `is_closed` for certain.
    pub(super) fn give_back(&self, place: Place, is_closed: bool) {
        let mut state = self.state();
        if state.up.as_ref().is_none_or(|up| up.epoch != place.epoch) {
            return;
        }
        if let Some(slot) = state.slots.get_mut(place.connection.get() as usize) {
            *slot = if is_closed { Slot::Free } else { Slot::Doubtful };
        }
    }

    /// Whether any connection is taken of a context that is up.
    fn is_used(&self) -> bool {
        let state = self.state();
        state.up.is_some() && state.slots.contains(&Slot::Taken)
    }

    fn up(&self) -> Option<Up> {
        self.state().up.clone()
    }

    fn begin(&self, profile: &Profile, address: Ipv4Addr) -> Up {
        let mut state = self.state();
        state.count += 1;
        state.slots = Default::default();
        let up = Up { epoch: state.count, address, profile: profile.clone() };
        state.up = Some(up.clone());
        up
    }

    /// Whether there was one before.
    fn had_one(&self) -> bool {
        self.state().count > 0
    }
}

/// The context of `profile`, brought up where it is not.
pub(super) async fn ensure(client: &Client, profile: &Profile) -> Result<Up, SocketError> {
    let contexts = client.contexts();
    let _gate = contexts.gate().await;
    match contexts.up() {
        Some(up) if up.profile == *profile => return Ok(up),
        Some(_) if contexts.is_used() => return Err(SocketError::InUse),
        Some(_) => {}
        None if contexts.had_one() => client.start_up().await?,
        None => {}
    }
    contexts.lose();
    let mut tries = 0;
    loop {
        tries += 1;
        match establish(client, profile).await {
            Err(SocketError::Command(error)) if error.is_of_the_line() && tries < TRIES => {
                client.synchronize().await;
            }
            result => return result,
        }
    }
}

/// Closes the context, with every socket on it, unless it is used.
pub(super) async fn close(client: &Client) -> Result<(), SocketError> {
    let contexts = client.contexts();
    let _gate = contexts.gate().await;
    if contexts.is_used() {
        return Err(SocketError::InUse);
    }
    contexts.lose();
    shut(client).await
}

/// Whether the module says that the context is up.
pub(super) async fn is_alive(client: &Client) -> Result<bool, SocketError> {
    let response = client.ask(&CipStatus).await?;
    let state = response.decode(&CipStatus).map(|told| told.state.to_owned());
    Ok(state.is_ok_and(|state| matches!(&*state, "IP STATUS" | "IP PROCESSING")))
}

async fn shut(client: &Client) -> Result<(), SocketError> {
    client.ask(&CipShut).await?;
    Ok(())
}

async fn establish(client: &Client, profile: &Profile) -> Result<Up, SocketError> {
    // Whatever an earlier program left is closed, for the number of connections can be chosen only then.
    shut(client).await?;
    let settings = settings(profile)?;
    settings::set(client, &settings, &mut Vec::new()).await.map_err(|unset| unset.error)?;
    match client.execute(&Ciicr).await {
        Err(error) if error.is_rejected() => return Err(SocketError::NotAdmitted(error)),
        result => result?,
    };
    // No connection is made before the address was asked for (manual 8.2.2).
    let response = client.ask(&Cifsr).await?;
    let malformed = |malformed| Error::of(&Cifsr, Failure::from(malformed));
    let address = response.decode(&Cifsr).map_err(malformed)?.address;
    Ok(client.contexts().begin(profile, address))
}

fn settings(profile: &Profile) -> Result<Vec<Setting>, Unsendable> {
    // What is set as it should be is refused by some firmware (driver), and what is not shows as soon as it matters.
    let mut settings = vec![
        Setting::new("number of connections", Ok(CipMux { many: true }))?.or(Refusal::Harmless),
        Setting::new("way of reading", Ok(CipRxGet { manual: true }))?.or(Refusal::Harmless),
        Setting::new("way of sending", Ok(CipQsend { quick: true }))?.or(Refusal::Harmless),
    ];
    let Some(apn) = &profile.apn else {
        settings.push(Setting::new("access point name", Ok(CsttAsSet))?);
        return Ok(settings);
    };
    let invalid = |what| move |reason| Unsendable { what, reason };
    let apn = Text::new(apn).map_err(invalid("access point name"))?;
    let user = Text::new(profile.user.as_deref().unwrap_or_default()).map_err(invalid("user name"))?;
    let password = profile.password.as_ref().map_or("", |password| password.reveal());
    let password = Secret::new(password).map_err(invalid("password"))?;
    settings.push(Setting::new("access point name", Ok(Cstt { apn, user, password }))?);
    Ok(settings)
}
