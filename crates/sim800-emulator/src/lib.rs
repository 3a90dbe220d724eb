//! A SIM800-series module as a sans-I/O state machine.

mod agenda;
mod bearer;
mod board;
mod card;
mod clock;
mod config;
mod dispatch;
mod effect;
mod fault;
mod ftp;
mod general;
mod http;
mod intake;
mod module;
mod network;
mod radio;
mod refusal;
mod response;
mod syntax;

pub use config::{Config, DataExpiry, Grant, Registration, Sim, Spacing, Start, Timings};
pub use effect::{Effect, FtpAction, FtpRequest, HttpMethod, HttpRequest, OperationId, PutOption};
pub use fault::{Damage, Fault, Place, PowerDown};
pub use module::Emulator;
pub use network::{FtpFailure, HttpFailure, NetworkEvent};
