//! A SIM800-series module as a sans-I/O state machine.

mod config;
mod effect;
mod fault;
mod module;
mod network;

pub use config::{Config, DataExpiry, Grant, Registration, Sim, Spacing, Start, Timings};
pub use effect::{Effect, FtpAction, FtpRequest, HttpMethod, HttpRequest, OperationId, PutOption};
pub use fault::{Damage, Fault, Place, PowerDown};
pub use module::Emulator;
pub use network::{FtpFailure, HttpFailure, NetworkEvent};
