//! Sans-I/O parser for the AT command line of SIM800-series modules.
#![no_std]
