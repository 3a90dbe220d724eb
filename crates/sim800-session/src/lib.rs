//! Sessions with a SIM800-series module on any executor.
