//! Sessions with a SIM800-series module on any executor.

mod client;
mod config;
mod driver;
mod endpoint;
pub mod engine;
mod error;
mod notices;
mod runtime;
mod trace;

pub use client::{Client, Reply};
pub use config::{Config, FlowControl, Limits};
pub use driver::{Driver, connect};
pub use endpoint::{Endpoint, InvalidEndpoint, OpenError};
pub use engine::{Request, Restart};
pub use error::{Disconnected, Error, Failure, Malformation, Misuse};
pub use notices::{Notice, Notices, UnsolicitedLine};
pub use runtime::Runtime;
pub use trace::{Direction, Trace};
