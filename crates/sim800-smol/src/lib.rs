//! SIM800-series modules on smol.
