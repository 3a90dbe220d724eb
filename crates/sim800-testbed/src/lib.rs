//! The emulated module made real: on the network, behind a serial port, in virtual time.
//!
//! * [`Module`] runs an emulator in real time: its HTTP and FTP go over the network, and it is reached through a [`Door`]: a
//!   pseudo-terminal ([`PtyDoor`]), a TCP port ([`TcpDoor`]) or a [`Link`] within the process.
//! * [`DirectoryStorage`] keeps the module's files in a directory of this machine.
//! * [`simulation`] runs the same emulator in virtual time with a network in memory, for tests of what drives it.
//! * [`server`] holds small HTTP and FTP servers to talk to.
//! * [`conformance`] is what all adapters are tested with.
//!
//! # Why smol
//!
//! A module waits for a few file descriptors and timers and owns all of them. On smol this is one future on one thread that can be
//! dropped at any time, without a runtime to set up, and the I/O types are the ones of `futures`, as in the session layer. Host
//! applications see none of it: a [`Link`] works with every executor.

pub mod conformance;
mod directory;
mod door;
mod line;
mod module;
mod network;
pub mod server;
pub mod simulation;
mod uart;

pub use directory::DirectoryStorage;
#[cfg(target_os = "linux")]
pub use door::PtyDoor;
pub use door::{Door, Link, LinkDoor, TcpDoor};
pub use line::Line;
pub use module::{Module, Running};
