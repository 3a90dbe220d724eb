//! SIM800-series modules on tokio.
