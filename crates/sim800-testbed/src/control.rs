//! What a module that runs is told from outside, and what it tells.

use std::fmt;
use std::sync::mpsc;
use std::time::Duration;

use sim800_emulator::{Config, Fault, Uart};
use smol::channel::{Receiver, Sender};

use crate::journal::Journal;

/// Orders that may wait until the module has its turn.
const ORDERS: usize = 16;

/// Something to be done to a module at its next turn.
pub(crate) struct Order(Box<Deed>);

type Deed = dyn FnOnce(&mut Uart, Duration) + Send;

impl Order {
    pub(crate) fn carry_out(self, uart: &mut Uart, now: Duration) {
        (self.0)(uart, now);
    }
}

impl From<Fault> for Order {
    fn from(fault: Fault) -> Self {
        Self(Box::new(move |uart, now| uart.handle_fault(now, fault)))
    }
}

/// A handle on a module that runs; clones are of the same module.
///
/// Each call is done when it returns: what the DTE says next, it says to the module as it was left. A module that has stopped does
/// nothing any more, and keeps its journal.
#[derive(Clone)]
pub struct Control {
    orders: Sender<Order>,
    journal: Journal,
}

/// The module's end of a [`Control`].
pub struct Orders {
    pub(crate) received: Receiver<Order>,
    pub(crate) journal: Journal,
}

impl Control {
    /// A handle, and what a [module](crate::Module::run_with_orders) is run with to obey it.
    #[must_use]
    pub fn new() -> (Self, Orders) {
        let (orders, received) = smol::channel::bounded(ORDERS);
        let journal = Journal::default();
        (Self { orders, journal: journal.clone() }, Orders { received, journal })
    }

    /// Lets something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.call(move |uart, now| uart.handle_fault(now, fault));
    }

    /// Changes the module, or the world it lives in; see [`Emulator::configure`](sim800_emulator::Emulator::configure) for what takes
    /// effect when.
    pub fn configure(&self, change: impl FnOnce(&mut Config) + Send + 'static) {
        self.call(move |uart, now| uart.configure(now, change));
    }

    /// Holds the power key for a while, which starts a module that is off.
    pub fn press_power_key(&self) {
        self.call(Uart::handle_power_key);
    }

    /// Whether the module's serial port is awake.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.call(|uart, _| uart.module().is_on()).unwrap_or_default()
    }

    /// What kind of module it is at present; `None` if it has stopped.
    #[must_use]
    pub fn config(&self) -> Option<Config> {
        self.call(|uart, _| uart.module().config().clone())
    }

    /// What the module saw.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Lets the module stop.
    pub(crate) fn stop(&self) {
        self.orders.close();
    }

    /// Does something at the module's next turn, and waits for that.
    fn call<R: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Uart, Duration) -> R + Send + 'static,
    ) -> Option<R> {
        let (done, is_done) = mpsc::sync_channel(1);
        let order = Order(Box::new(move |uart, now| {
            let _ = done.send(what(uart, now));
        }));
        self.orders.send_blocking(order).ok()?;
        is_done.recv().ok()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("journal", &self.journal).finish_non_exhaustive()
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").finish_non_exhaustive()
    }
}
