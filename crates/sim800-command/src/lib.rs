//! The AT commands of SIM800-series modules, one definition per command.
#![no_std]
