//! Whole exchanges over AT commands, with the module's network real.

mod dte;

mod services;
mod sockets;
