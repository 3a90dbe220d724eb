//! What programs with whole sessions have in common: a machine with a clock that ticks and a UART that interrupts, a heap that is
//! counted, and steps that are measured.
#![no_std]

extern crate alloc;

mod clock;
mod failure;
mod heap;
pub mod http;
mod machine;
mod meter;
mod pattern;
mod run;
mod uart;

pub use failure::Failure;
pub use meter::Meter;
pub use pattern::Pattern;
pub use run::{arguments, end, run};
