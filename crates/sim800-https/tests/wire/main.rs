//! HTTP/1.1 and TLS over streams in memory, in virtual time.

mod connection;
mod duplex;
mod tls;
