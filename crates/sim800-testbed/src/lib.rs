//! The emulated module on a real network.

pub mod server;
