//! What the programs of this firmware share: the machine they run on.
//!
//! The programs are the driver's libraries as a microcontroller has them: no `std`, no heap, no operating system.
#![no_std]

mod crc;
mod machine;

pub use crc::Crc32;
pub use machine::{Clock, FIFO, Machine, Uart};
