//! Options of `nc`.

use std::time::Duration;

use clap::Args;

use super::wait;

/// What is behind its help.
pub(super) const CONNECTED: &str = "\
Bytes pass unchanged both ways. The module cannot close one direction alone: after the end of stdin the connection stays open until the
server closes it, or as --wait says, and then both directions are closed, once the server has all that was sent. So with `--wait 0`, a
file on stdin is either there as a whole or the exit status says that it is not.

The module does not tell whether a server closed a connection or it broke; protocols that have to know, such as TLS, notice it. When the
line to the module loses bytes of a connection, that is an error, and so is data that the server did not take: both say how much
arrived.";

#[derive(Debug, Args)]
pub(crate) struct Nc {
    /// Name or IPv4 address of the server
    pub(crate) host: String,
    /// Its port
    #[arg(id = "server-port", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// Exchange datagrams (UDP): each piece of stdin, of 1460 bytes at most, is one; those that come are not told apart
    #[arg(short, long)]
    pub(crate) udp: bool,
    /// Once stdin has ended, how long to wait for more from the server, 0 for not at all; without it, until the server closes the
    /// connection
    #[arg(long, value_name = "SECS", value_parser = wait)]
    pub(crate) wait: Option<Duration>,
}
