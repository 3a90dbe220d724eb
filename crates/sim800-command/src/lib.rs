//! The AT commands of SIM800-series modules, one definition per command.
#![no_std]

mod id;
mod spec;

pub use id::Id;
pub use spec::{Domain, Form, ParameterSpec, Spec};
