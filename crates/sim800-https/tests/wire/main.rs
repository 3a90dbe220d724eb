//! HTTP/1.1 and TLS over streams in memory and over sockets of the emulated module, in virtual time.

mod connection;
mod duplex;
mod sockets;
mod tls;
