//! The module itself: what comes in, what goes out, and when.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::config::Config;
use crate::effect::{Effect, OperationId};
use crate::fault::Fault;
use crate::network::NetworkEvent;

/// A SIM800-series module, seen from its serial port.
///
/// Time is an argument: any monotonic clock that starts near zero when the emulator is made. After each `handle_*` call drain
/// [`poll_transmit`](Self::poll_transmit) and [`poll_effect`](Self::poll_effect), and call
/// [`handle_timeout`](Self::handle_timeout) once the time of [`poll_timeout`](Self::poll_timeout) has come.
#[derive(Debug)]
pub struct Emulator {
    config: Config,
    output: VecDeque<Bytes>,
    effects: VecDeque<Effect>,
}

impl Emulator {
    /// A module that is switched on at time zero.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, output: VecDeque::new(), effects: VecDeque::new() }
    }

    /// Octets from the DTE, cut anywhere.
    pub fn handle_input(&mut self, _now: Duration, _octets: &[u8]) {
        let _ = &self.config;
    }

    /// Time has passed. Calling too early or too late is harmless.
    pub fn handle_timeout(&mut self, _now: Duration) {}

    /// News of an operation on the network.
    pub fn handle_network(&mut self, _now: Duration, _id: OperationId, _event: NetworkEvent) {}

    /// Something goes wrong.
    pub fn handle_fault(&mut self, _now: Duration, _fault: Fault) {}

    /// The next octets for the DTE.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.output.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, unless something else is handled before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    /// The next thing to do on the network.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }
}
