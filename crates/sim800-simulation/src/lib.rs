//! A module, its line and its network in virtual time, in memory, on one thread.
//!
//! Everything is deterministic: the same futures see the same octets at the same times. Time stands still while anybody has
//! something to do and jumps to the next deadline when nobody has, so that a transfer that takes minutes on a slow line is over at
//! once, and a program that waits for something that never comes is found out instead of hanging.
//!
//! ```
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use sim800_emulator::Config;
//! use sim800_simulation::World;
//!
//! let mut world = World::new(Config::default());
//! let mut port = world.connect();
//! let answer = world.run(async {
//!     port.write_all(b"AT\r").await?;
//!     let mut answer = [0; 9];
//!     port.read_exact(&mut answer).await?;
//!     std::io::Result::Ok(answer)
//! });
//! assert_eq!(&answer?, b"AT\r\r\nOK\r\n");
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod campaign;
mod clock;
mod network;
mod polled;
mod port;
mod wire;
mod world;

pub use clock::Clock;
pub use network::{Connection, HeadShape, Language, Manner, Mishap, Network, Resource, Service, Speaker};
pub use polled::polled;
pub use port::Port;
pub use wire::{Crossing, Incident, When};
pub use world::{Stall, World};

// The session is without `std`, too: with it, this type is not there.
#[cfg(not(feature = "std"))]
const _: Option<sim800_session::message::Invalid> = None;
