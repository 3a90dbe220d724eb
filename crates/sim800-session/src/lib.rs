//! Sessions with a SIM800-series module, on any executor: commands, start-up, the bearer, files over the module's own
//! HTTP and FTP, and its file system.
//!
//! ```
//! use std::error::Error;
//!
//! use bytes::Bytes;
//! use futures::AsyncReadExt;
//! use sim800_session::{Bearer, Client, Config, Http, Profile, connect};
//!
//! async fn fetch(client: &Client, url: &str) -> Result<Vec<u8>, Box<dyn Error>> {
//!     client.start_up().await?; // found, set up, registered, attached
//!     let bearer = Bearer::open(client, &Profile::new("internet")).await?;
//!     let request = http::Request::get(url).body(Bytes::new())?;
//!     let mut response = Http::new(&bearer).send(request).await?;
//!     let mut body = Vec::new();
//!     response.body_mut().read_to_end(&mut body).await?; // read from the module as it is wanted
//!     Ok(body)
//! }
//! # use std::sync::Arc;
//! # use sim800_simulation::{Resource, World};
//! # let mut world = World::new(sim800_emulator::Config::default());
//! # world.network().put_resource("http://example.com/file", Resource::new("hello"));
//! # let (port, runtime) = (world.connect(), Arc::new(world.clock()));
//!
//! // Ports and runtimes come from an adapter, such as sim800-smol or sim800-tokio.
//! let (client, driver) = connect(port, runtime, Config::default());
//! let fetched = async {
//!     let body = fetch(&client, "http://example.com/file").await;
//!     client.close().await; // what was begun is put back, and the driver ends
//!     body
//! };
//! # let (body, ended) = world.run(futures::future::join(fetched, driver));
//! # ended?;
//! # assert_eq!(body?, b"hello");
//! # Ok::<(), Box<dyn Error>>(())
//! ```
//!
//! # How it is built
//!
//! * The [`engine`] knows commands and octets, and neither I/O nor a clock: one command in flight, time limits, payload
//!   prompted for and counted, a line that is lost and found again, restarts of the module.
//! * [`Driver`] is a future that owns the port and runs an engine on it; spawn it. All protocol state is in there, so a
//!   caller's future may be dropped at any point: what is in flight is finished without it, and what a dropped
//!   [`Body`] or [`Download`] leaves open in the module is closed by the driver.
//! * [`Client`] is the handle: single commands, [start-up](Client::start_up), and lines that nobody asked for
//!   ([`Client::subscribe`]). On it build [`Bearer`], [`Http`], [`Ftp`], [`Fs`] and [`Sockets`].
//!
//! # Sockets
//!
//! HTTP and FTP of the module are the way for what they can do: one command fetches an object of any size, and what fails is read again.
//! [`Sockets`] are for all else, current TLS among it, which `sim800-https` speaks over a [`Socket`]: a stream that broke cannot be read
//! again, and is an error. It takes a command for each 1460 octets each way, so that a line of 115,200 bit/s carries
//! 11.1 kB/s of payload, in one direction or both together.
//!
//! Why not PPP, which the firmware has as well? Where `pppd` can run it is faster for browsing: both directions at once, no turn-around for each
//! piece, a stack that knows all there is to know of the network. But it takes the line for itself, a kernel with PPP and rights over
//! its routes; sockets share the line with all other commands and need none of that.
//!
//! # What else a program names
//!
//! What the session speaks is here as well: [`command`] has the AT commands and what they are answered, [`parser`] lines and
//! result codes, [`engine`] requests and failures. Of other crates, requests and responses are those of `http` 1, a [`Body`] is one
//! of `http-body` 1, octets are the [`Bytes`](bytes::Bytes) of `bytes` 1, ports and streams those of `futures` 0.3: name these crates
//! yourself, for their types are the same everywhere. Whoever writes a [`Runtime`] needs `async-trait`, or a boxed future.
//!
//! # Without std
//!
//! With `default-features = false`, the session needs a heap and an implementation of `critical-section`, and nothing of `std`; on cores
//! without compare-and-swap, the firmware chooses what `portable-atomic` has in its place, and [`Arc`] is that of `portable-atomic-util`. Requests are those of [`message`] then, ports and sources those of [`io`]: both are there with the feature `std` as well,
//! as the types of `http` and `futures`, so that one text builds with either. [`Endpoint`]s, [`Port`] and the traits of `http-body` need
//! `std`.
//!
//! # What can be relied on
//!
//! * A transfer ends octet for octet as the module had it, or with an error that names the first cause. A block of
//!   payload counts only when its own result code has come and the octets around it are as they should be. An FTP transfer
//!   has as many octets as the server told, where it tells.
//! * Nothing waits for ever: every command and every phase has a time limit, the manual's where it gives one. Octets of
//!   a data phase are added by the rate of the line.
//! * Nothing grows with what the module sends: not a body, a file, a flood of lines or a line without end.
//! * What fails through no fault of its own is tried again ([`Retries`]), and whoever [subscribes](Client::subscribe) is
//!   told so: a window that the line damaged is read once more, a GET or a download goes on where it was after the module
//!   or the bearer was brought back, an upload where the server's file ends. A POST is never sent twice, and octets of a
//!   [`Socket`] are neither.
//! * After a failure the next operation works, as far as the module does.
//! * Passwords are in no `Debug`, no error and no [`Trace`].

#![no_std]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod bearer;
mod boxed;
mod chain;
mod chores;
mod client;
mod concatenation;
mod config;
mod contexts;
mod deadline;
mod driver;
#[cfg(feature = "std")]
mod endpoint;
mod error;
mod fs;
mod ftp;
mod http;
mod info;
pub mod io;
mod keeper;
mod kind;
mod known;
mod loss;
pub mod message;
mod notices;
mod oneshot;
mod overlap;
mod password;
mod places;
#[cfg(feature = "std")]
mod port;
mod queue;
mod reader;
mod refusal;
mod retry;
mod runtime;
mod sent;
mod settings;
mod sim;
mod sockets;
mod start_up;
mod stride;
mod sync;
mod tail;
mod timer;
mod trace;
mod turn;
mod users;
mod watch;

pub use bearer::{Bearer, BearerError, Profile};
pub use chain::Chain;
pub use client::{Client, Pending, Traffic};
pub use config::{Config, Dtr, Effort, FlowControl, Limits, Retries};
pub use driver::{Driver, connect};
#[cfg(feature = "std")]
pub use endpoint::{Endpoint, InvalidEndpoint, OpenError};
pub use engine::{Request, Response, Restart};
pub use error::{Disconnected, Error, Failure, Malformation, Misuse};
pub use fs::{Fs, FsEntry, FsError, FsFile};
pub use ftp::{Download, Extended, Ftp, FtpError, FtpOperation, FtpOptions, FtpProgress, FtpStep, Server};
pub use http::{Body, ContentRange, Http, HttpError, HttpOptions, Offset, Skipped};
pub use info::Info;
pub use kind::ErrorKind;
pub use notices::{Notice, Notices, Retry, UnsolicitedLine};
pub use password::Password;
#[cfg(feature = "std")]
pub use port::Port;
pub use reader::Reader;
pub use runtime::Runtime;
pub use sent::Sent;
pub use sim800_command::{Drive, FsStorage, FtpSecurity, HttpActivity, HttpProgress, PutOption};
pub use sockets::{Socket, SocketError, SocketProgress, Sockets};
pub use start_up::StartUpError;
pub use sync::Arc;
pub use tail::Tail;
pub use trace::{Direction, Masked, Trace};
pub use {sim800_command as command, sim800_engine as engine, sim800_parser as parser};
