//! `sim800 emulate`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::fault::FaultText;
use super::knobs::Knobs;

#[derive(Debug, Args)]
pub(crate) struct Emulate {
    /// Offer a pty, and let the path LINK lead to it
    #[arg(long, value_name = "LINK", conflicts_with = "tcp")]
    pub(crate) pty: Option<PathBuf>,
    /// Listen on a TCP port, such as 127.0.0.1:2000
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    pub(crate) tcp: Option<String>,
    /// Let the module's files be those in DIR; without it they are gone with the module
    #[arg(long, value_name = "DIR")]
    pub(crate) fs: Option<PathBuf>,
    /// Listen for requests that change the module while it runs and tell what it saw: unix:PATH or tcp:127.0.0.1:PORT
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) control: Option<Address>,
    /// Take the knobs, faults and files of FILE, and do its steps; what the command line says counts more
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Let something go wrong, such as 'drop 3 after 10000' or 'restart in 60'; may be given several times
    #[arg(long, value_name = "WHAT")]
    pub(crate) fault: Vec<FaultText>,
    #[command(flatten)]
    pub(crate) knobs: Knobs,
}

/// Whether there is such an address is for the system to say.
pub(super) fn address(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("an address is written ADDR:PORT"),
    }
}

/// Where the channel is, as `--control` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("tcp", address)) => match address.parse::<SocketAddr>() {
                Ok(address) if address.ip().is_loopback() => Ok(Self::Tcp(address)),
                Ok(_) => Err("the control channel is for this machine: an address such as 127.0.0.1"),
                Err(_) => Err("an address is written tcp:127.0.0.1:PORT"),
            },
            _ => Err("it is written unix:PATH or tcp:127.0.0.1:PORT"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_this_machine() {
        assert_eq!("unix:/tmp/a:b".parse(), Ok(Address::Unix("/tmp/a:b".into())));
        let address: Address = "tcp:127.0.0.1:7".parse().unwrap();
        assert_eq!(address.to_string(), "tcp:127.0.0.1:7");
        assert!("tcp:[::1]:7".parse::<Address>().is_ok());
        for wrong in
            ["tcp:192.0.2.1:7", "tcp:0.0.0.0:7", "tcp:localhost", "unix:", "/tmp/a", "udp:127.0.0.1:7"]
        {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
