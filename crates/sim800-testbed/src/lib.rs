//! The emulated module made real: on the network, and behind a serial port.
//!
//! * [`Module`] runs an emulator in real time: its HTTP and FTP go over the network, and it is reached through a [`Door`]: a
//!   pseudo-terminal ([`PtyDoor`]), a TCP port ([`TcpDoor`]) or a [`Link`] within the process.
//! * [`DirectoryStorage`] keeps the module's files in a directory of this machine.
//! * [`server`] holds small HTTP and FTP servers to talk to.
//! * [`conformance`] is what all adapters are tested with.
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
pub use sim800_emulator::Line;
