//! The protocol between AT commands and octets, sans-I/O: one command in flight, its time limits, payload prompted for and
//! counted, a line that is lost and found again, restarts of the module.
//!
//! For authors of drivers: this is what `sim800-session` runs, without futures, channels and a clock. Time is a [`Duration`] since an
//! epoch of yours and comes in as an argument.
//!
//! ```
//! use core::time::Duration;
//! use sim800_command::{Csq, SignalQuality};
//! use sim800_engine::{Config, Engine, Failure, Output, Request};
//! # /// A module that answers one command, two milliseconds after it was asked.
//! # #[derive(Default)]
//! # struct Port(&'static [u8]);
//! # impl Port {
//! #     fn write(&mut self, octets: &[u8]) { if octets == b"AT+CSQ\r" { self.0 = b"AT+CSQ\r\r\n+CSQ: 17,0\r\n\r\nOK\r\n"; } }
//! #     fn read_before(&mut self, _: Option<Duration>, now: &mut Duration, room: &mut [u8]) -> usize {
//! #         *now += Duration::from_millis(2);
//! #         let len = self.0.len().min(room.len());
//! #         room[..len].copy_from_slice(&self.0[..len]);
//! #         self.0 = &self.0[len..];
//! #         len
//! #     }
//! # }
//!
//! fn quality(engine: &mut Engine, port: &mut Port, now: &mut Duration) -> Result<SignalQuality, Failure> {
//!     engine.begin(*now, Request::new(&Csq)?)?;
//!     loop {
//!         while let Some(transmit) = engine.poll_transmit() {
//!             port.write(&transmit.octets);
//!         }
//!         // Blocks until octets come or the deadline passes, and moves `now` on.
//!         let deadline = engine.poll_timeout();
//!         let read = port.read_before(deadline, now, engine.spare());
//!         engine.handle_filled(*now, read);
//!         if deadline.is_some_and(|deadline| deadline <= *now) {
//!             engine.handle_timeout(*now);
//!         }
//!         while let Some(output) = engine.poll_output() {
//!             match output {
//!                 Output::Complete(result) => return Ok(result?.decode(&Csq)?),
//!                 Output::Unsolicited(line) => println!("{}", line.escape_ascii()),
//!                 _ => {}
//!             }
//!         }
//!     }
//! }
//!
//! let (mut port, mut now) = (Port::default(), Duration::ZERO);
//! let mut engine = Engine::new(now, Config::default());
//! let quality = quality(&mut engine, &mut port, &mut now)?;
//! assert_eq!(quality.rssi, 17);
//! # Ok::<(), Failure>(())
//! ```
//!
//! # What is called when
//!
//! `handle_*` takes something from the world, `poll_*` gives something to it. After each call that changes something, drain
//! [`poll_transmit`](Engine::poll_transmit), [`poll_timeout`](Engine::poll_timeout) and [`poll_output`](Engine::poll_output), in this
//! order. Read first and look at the deadline then: an answer that is there already is in time.
//!
//! # What can be relied on
//!
//! * At most one command is in flight; until its result, nothing but the octets that its prompt asked for is sent. A queue of
//!   commands is the driver's.
//! * Every command that [`begin`](Engine::begin) takes gets exactly one [`Output::Complete`], whatever the module sends and
//!   however long it takes.
//! * What comes for a command after its time limit answers no other command.
//! * Payload counts as a whole or not at all, and only with its own result code behind it.
//! * Memory is bounded by [`Limits`] and by what commands ask for.
//!
//! [`Duration`]: core::time::Duration
#![no_std]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod concatenation;
mod config;
mod echo;
mod engine;
mod failure;
mod flight;
mod inbox;
mod last;
mod output;
mod pieces;
mod request;
mod response;
mod restart;
mod resync;
mod transmit;

pub use config::{Config, Limits};
pub use engine::Engine;
pub use failure::{Disconnected, Failure, Malformation, Misuse};
pub use output::Output;
pub use request::{Name, Request};
pub use response::Response;
pub use restart::Restart;
pub use transmit::Transmit;
