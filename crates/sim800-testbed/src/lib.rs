//! An emulated SIM800 module for tests: in real time, on the network, and behind a serial port.
//!
//! ```
//! use std::fs::File;
//! use std::io::{Read, Write};
//!
//! use sim800_testbed::emulator::{Config, Timings};
//! use sim800_testbed::{Line, Module, PtyDoor, Sight};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut config = Config::default();
//! config.timings = Timings::instant();
//! config.echo = false;
//!
//! // A module that runs until the handle is dropped, and the port that your program opens.
//! let door = PtyDoor::open(None)?;
//! let port = door.device().to_owned();
//! let module = Module::new(config, Line::unpaced()).start(door)?;
//!
//! // Its world changes when the test says so.
//! module.configure(|config| config.signal = (7, 0));
//!
//! let mut line = File::options().read(true).write(true).open(port)?;
//! line.write_all(b"AT+CSQ\r")?;
//! let mut heard = [0; 19];
//! line.read_exact(&mut heard)?;
//! assert_eq!(&heard, b"\r\n+CSQ: 7,0\r\n\r\nOK\r\n");
//!
//! // And it tells what it saw.
//! assert_eq!(module.journal().since(0)[0].what, Sight::Line("+CSQ".to_owned()));
//! # Ok(())
//! # }
//! ```
//!
//! * [`Module`] runs an emulator in real time: its HTTP, FTP and sockets go over the network, and it is reached through a [`Door`]:
//!   a pseudo-terminal ([`PtyDoor`]), a TCP port ([`TcpDoor`]) or a [`Link`] within the process.
//! * [`Control`] changes a module that runs ([`Config`](emulator::Config)), lets something go wrong ([`Fault`](emulator::Fault)) and
//!   presses its power key; [`Journal`] has what it saw: command lines, requests, octets that were sent.
//! * [`DirectoryStorage`] keeps the module's files in a directory of this machine.
//! * [`server`] holds small HTTP and FTP servers to talk to.
//! * [`conformance`] is what all adapters of `sim800-session` are tested with.
//!
//! Tests in other languages have the same by the program `sim800 emulate`.
//!
//! # Why smol
//!
//! A module waits for a few file descriptors and timers and owns all of them. On smol this is one future on one thread that can be
//! dropped at any time, without a runtime to set up, and the I/O types are the ones of `futures`, as in the session layer. Host
//! applications see none of it: a [`Link`] works with every executor.

pub mod conformance;
mod control;
mod directory;
mod door;
mod journal;
mod module;
mod network;
pub mod server;

pub use control::{Control, Orders};
pub use directory::DirectoryStorage;
#[cfg(target_os = "linux")]
pub use door::PtyDoor;
pub use door::{Door, Link, LinkDoor, TcpDoor};
pub use journal::{Entry, Journal, Sight};
pub use module::{Module, Running};
pub use sim800_emulator as emulator;
pub use sim800_emulator::Line;
