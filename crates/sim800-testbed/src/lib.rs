//! The emulated module on a real network.
