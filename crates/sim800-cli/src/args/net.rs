//! Options of `nc` and `proxy`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

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

/// What is behind its help.
pub(super) const PROXIED: &str = "\
Programs use it as an HTTP proxy, such as by http_proxy, https_proxy and ftp_proxy=http://127.0.0.1:8080. What they reach is the network
of the module, not that of this machine.

CONNECT, and so https:// and whatever else a program tunnels, goes over a socket of the module, of which there are six; TLS is spoken by
the program and the server. http:// goes over sockets, too, and a GET that breaks off goes on where the server gave a strong entity tag.
With `--via http` the module's own HTTP stack does it, which goes on without one, and knows GET, POST, HEAD and DELETE with bodies up
to 319,488 bytes; what it does not know goes over sockets all the same. ftp:// is done by the module's FTP stack: GET of files and
directories, and PUT.

Requests wait for a socket for a minute at most, 32 of them; more are answered with 503. Whatever fails in the module or beyond is
answered with 502 or 504 and says why; a tunnel that breaks is reset, so that nobody takes it for its end.

Each request is told on stderr when it is over, or as an object on stdout with --json: how many bytes went up and down, how long it took,
and how many bytes crossed the line meanwhile, those of other requests at the same time included. Queries of URLs are not shown.";

#[derive(Debug, Args)]
pub(crate) struct Proxy {
    /// Where programs find it
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// What carries http:// requests
    #[arg(long, value_enum, default_value_t)]
    pub(crate) via: Via,
    /// File with the login that programs have to give, NAME:PASSWORD, for its owner only; SIM800_PROXY_USER has one as well
    #[arg(long, value_name = "FILE")]
    pub(crate) user_file: Option<PathBuf>,
    /// Let everybody use it who reaches it, where it listens for others than this machine and there is no login
    #[arg(long)]
    pub(crate) open_to_all: bool,
}

/// What carries a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Via {
    /// HTTP/1.1 of the program over a socket of the module: nothing of a request or an answer is lost
    #[default]
    Sockets,
    /// The module's own HTTP stack
    Http,
}
