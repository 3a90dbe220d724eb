//! Options of `nc` and `proxy`.

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::wait;

/// What is behind its help.
pub(super) const CONNECTED: &str = "\
Bytes pass unchanged both ways. The module cannot close one direction alone. So after the end of stdin the connection stays open until
the server closes it or --wait ends it, and sim800 waits until the server has acknowledged all bytes. With `--wait 0`, a file on stdin
is at the server as a whole, or the exit status says that it is not.

The module does not tell whether the server closed the connection or the connection broke; protocols that have to know, such as TLS,
notice it. It is an error when the line to the module loses bytes of the connection, and when the server does not take all bytes. The
error says how many arrived.";

#[derive(Debug, Args)]
pub(crate) struct Nc {
    /// Name or IPv4 address of the server
    #[arg(value_parser = host)]
    pub(crate) host: String,
    /// Its port, from 1 to 65535
    #[arg(id = "server-port", value_name = "PORT", value_parser = server_port)]
    pub(crate) port: u16,
    /// Exchange UDP datagrams: each piece of stdin, up to 1460 bytes, becomes one; stdout does not show where one ends
    #[arg(short, long)]
    pub(crate) udp: bool,
    /// After the end of stdin, end when the server has sent nothing for SECS; without it, wait until the server closes the connection
    #[arg(long, value_name = "SECS", value_parser = wait)]
    pub(crate) wait: Option<Duration>,
}

/// What a socket of the module connects to: what it sends for a name is no URL, and what it knows is no IPv6.
fn host(text: &str) -> Result<String, &'static str> {
    if text.contains("://") {
        return Err("a server is written as its name or IPv4 address, and the port behind it: HOST PORT");
    }
    if text.trim_start_matches('[').trim_end_matches(']').parse::<Ipv6Addr>().is_ok() {
        return Err("the module knows no IPv6; write a host name or an IPv4 address");
    }
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || "-._".contains(letter);
    if text.is_empty() || !text.chars().all(is_of_a_name) {
        return Err("that is no name and no IPv4 address");
    }
    Ok(text.to_owned())
}

fn server_port(text: &str) -> Result<u16, &'static str> {
    text.parse().ok().filter(|port| *port > 0).ok_or("a port is a number from 1 to 65535")
}

fn listened_at(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "an address is written ADDR:PORT, such as 127.0.0.1:8080")
}

/// What is behind its help.
pub(super) const PROXIED: &str = "\
Programs use it as an HTTP proxy: http_proxy=http://127.0.0.1:8080 in their environment, and https_proxy and ftp_proxy likewise. They reach
the network of the module, not that of this machine.

CONNECT (https:// and whatever else a program tunnels) goes over a socket of the module, which has six; the program and the server speak
TLS. http:// goes over sockets, too, and a GET that breaks off goes on if the server gave a strong entity tag. With `--via http`, the
module's own HTTP stack carries it, which goes on without such a tag, and knows GET, POST, HEAD and DELETE with bodies up to 319,488
bytes; other requests go over sockets all the same. ftp:// goes by the module's FTP stack: GET of files and directories, and PUT.

Up to 32 requests wait for a socket, for a minute at most; the others get a 503. When something fails in the module or beyond it, the
answer is a 502 or 504 that says why. The proxy resets a tunnel that breaks, so that nobody takes that for the end of the data.

At the end of each request the proxy says on stderr, or with --json as an object on stdout, how many bytes went up and down, how long it
took, and how many bytes crossed the line meanwhile, those of other requests included. It does not show the queries of URLs.";

#[derive(Debug, Args)]
pub(crate) struct Proxy {
    /// Where programs find it
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = listened_at)]
    pub(crate) listen: SocketAddr,
    /// What carries http:// requests
    #[arg(long, value_enum, default_value_t)]
    pub(crate) via: Via,
    /// File with the login that programs have to give, NAME:PASSWORD, for its owner only; SIM800_PROXY_USER has one as well
    #[arg(long, value_name = "FILE")]
    pub(crate) user_file: Option<PathBuf>,
    /// Listen for other machines without a login, so that whoever reaches it can use it
    #[arg(long)]
    pub(crate) open_to_all: bool,
}

/// What carries a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Via {
    /// A socket of the module: requests and answers pass as they are
    #[default]
    Sockets,
    /// The module's own HTTP stack, which recovers bytes that the line loses
    Http,
}
