//! The context that carries the sockets of the module, and which of its six connections are taken.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

use sim800_command::Connection;

use crate::sync::{Baton, Guarded, Take};

/// What all sockets of a module have in common.
#[derive(Debug, Default)]
pub(crate) struct Contexts {
    /// Held while the context is brought up or closed.
    gate: Baton,
    state: Guarded<State>,
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
#[derive(Clone)]
pub(crate) struct Up {
    /// Which one it is: what is said of one says nothing of the next.
    pub(crate) epoch: u64,
    pub(crate) address: Ipv4Addr,
    /// The command lines that say with what it was brought up.
    set: Vec<Box<[u8]>>,
}

impl Up {
    /// Whether it was brought up with just this.
    pub(crate) fn is_by(&self, set: &[Box<[u8]>]) -> bool {
        self.set == set
    }
}

/// Without what was set, which may be secret.
impl fmt::Debug for Up {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Up")
            .field("epoch", &self.epoch)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
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
pub(crate) struct Place {
    pub(crate) connection: Connection,
    pub(crate) epoch: u64,
    /// It may be open still.
    pub(crate) is_doubtful: bool,
}

impl State {
    /// Takes a connection that nobody has; whether it may be open still.
    fn take(&mut self) -> Option<(usize, bool)> {
        let count = self.slots.len();
        let mut places = (0..count).map(|step| (self.next + step) % count);
        let place = places.find(|place| self.slots.get(*place).is_some_and(|slot| *slot != Slot::Taken))?;
        let slot = self.slots.get_mut(place)?;
        let is_doubtful = *slot == Slot::Doubtful;
        *slot = Slot::Taken;
        self.next = place + 1;
        Some((place, is_doubtful))
    }
}

impl Contexts {
    /// The context is gone, and every connection with it.
    pub(crate) fn lose(&self) {
        self.state.with(|state| state.up = None);
    }

    /// The context is gone, if it is still this one.
    pub(crate) fn lose_epoch(&self, epoch: u64) {
        self.state.with(|state| state.up = state.up.take().filter(|up| up.epoch != epoch));
    }

    /// Whether the context of this number is the one that is up.
    pub(crate) fn is_up(&self, epoch: u64) -> bool {
        self.state.with(|state| state.up.as_ref().is_some_and(|up| up.epoch == epoch))
    }

    pub(crate) fn gate(&self) -> Take {
        self.gate.take()
    }

    /// Takes a connection of the context; `None` where all are taken.
    pub(crate) fn take(&self, epoch: u64) -> Option<Place> {
        let (place, is_doubtful) = self.state.with(State::take)?;
        let connection = Connection::saturating(u32::try_from(place).unwrap_or(0));
        Some(Place { connection, epoch, is_doubtful })
    }

    /// A connection is not used any more; whether it `is_closed` for certain.
    pub(crate) fn give_back(&self, place: Place, is_closed: bool) {
        self.state.with(|state| {
            if state.up.as_ref().is_none_or(|up| up.epoch != place.epoch) {
                return;
            }
            if let Some(slot) = state.slots.get_mut(place.connection.get() as usize) {
                *slot = if is_closed { Slot::Free } else { Slot::Doubtful };
            }
        });
    }

    /// Whether any connection is taken of a context that is up.
    pub(crate) fn is_used(&self) -> bool {
        self.state.with(|state| state.up.is_some() && state.slots.contains(&Slot::Taken))
    }

    pub(crate) fn up(&self) -> Option<Up> {
        self.state.with(|state| state.up.clone())
    }

    pub(crate) fn begin(&self, set: Vec<Box<[u8]>>, address: Ipv4Addr) -> Up {
        self.state.with(|state| {
            state.count += 1;
            state.slots = Default::default();
            let up = Up { epoch: state.count, address, set };
            state.up = Some(up.clone());
            up
        })
    }

    /// Whether there was one before.
    pub(crate) fn had_one(&self) -> bool {
        self.state.with(|state| state.count > 0)
    }
}
