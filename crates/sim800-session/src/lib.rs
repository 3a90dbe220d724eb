//! Sessions with a SIM800-series module on any executor.

mod bearer;
mod chunks;
mod client;
mod config;
mod driver;
mod endpoint;
pub mod engine;
mod error;
mod ftp;
mod http;
mod info;
mod notices;
mod password;
mod runtime;
mod start_up;
mod trace;
mod watch;

pub use bearer::{Bearer, BearerError, Profile};
pub use client::{Client, Reply};
pub use config::{Config, FlowControl, Limits};
pub use driver::{Driver, connect};
pub use endpoint::{Endpoint, InvalidEndpoint, OpenError};
pub use engine::{Request, Restart};
pub use error::{Disconnected, Error, Failure, Malformation, Misuse};
pub use ftp::{Download, Ftp, FtpError, FtpOperation, FtpOptions, FtpStep, PutOption, Server};
pub use http::{Body, Http, HttpError, HttpOptions};
pub use info::Info;
pub use notices::{Notice, Notices, UnsolicitedLine};
pub use password::Password;
pub use runtime::Runtime;
pub use start_up::StartUpError;
pub use trace::{Direction, Trace};
