//! Deterministic simulation testing: what the session promises, held whatever goes wrong.
//!
//! A [`Scenario`] is drawn from a number: a task, a module, a line, and faults at any octet and time. [`run`] does the task in a
//! [`World`](super::World) and checks the promises:
//!
//! * What is read is exact, octet for octet, or there is an error; what is said to be stored is there, exactly.
//! * Everything ends within a stated virtual time.
//! * No command is sent while another one is in flight, and every command completes once.
//! * No queue grows beyond its bound.
//! * When nothing goes wrong any more, a GET works; the module is switched on again only if it was off or had fallen silent.
//! * What cannot do any harm does none: then the task succeeds.
//!
//! The same number is the same run, octet for octet, on every machine. What fails is [shrunk](shrink) to the least that fails.

mod content;
mod damages;
mod engine;
mod fault;
mod given;
mod judge;
mod kind;
mod observer;
mod once;
mod report;
mod run;
mod scenario;
mod servers;
mod shrink;
mod streams;
mod task;
mod variant;
mod violation;

pub use content::Content;
pub use fault::{Planned, What};
pub use kind::Task;
pub use report::{KINDS, Report};
pub use run::{Ending, Run, run};
pub use scenario::{Leave, Scenario, Settings};
pub use shrink::shrink;
pub use variant::{LeftOver, Variant};
pub use violation::Violation;
