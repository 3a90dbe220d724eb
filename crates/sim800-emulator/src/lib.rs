//! A SIM800-series module as a sans-I/O state machine.
