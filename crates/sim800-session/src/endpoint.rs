//! Where a module is reached, in the words that users type.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use core::fmt;
use core::str::FromStr;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Where a module is reached: a serial port, or a TCP port of a server that passes octets to one, and may set it as well.
///
/// ```
/// use sim800_session::Endpoint;
///
/// let serial: Endpoint = "/dev/ttyUSB0".parse()?;
/// let tcp: Endpoint = "tcp://192.0.2.7:2000".parse()?;
/// assert_eq!(tcp, Endpoint::Tcp { host: "192.0.2.7".into(), port: 2000 });
/// # Ok::<_, sim800_session::InvalidEndpoint>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// A serial device or a pseudo-terminal.
    Serial(PathBuf),
    /// `tcp://<host>:<port>`; an IPv6 address is written in brackets.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// `rfc2217://<host>:<port>`: a server that sets rate, flow control and DTR of its serial port, as ser2net does.
    Rfc2217 {
        /// A name or an address, without brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
}

/// `<host>:<port>`, with an IPv6 address in brackets.
fn host_and_port(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let port = port.parse().ok().filter(|port| *port != 0)?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("://") {
            Some(("tcp", address)) => {
                let (host, port) = host_and_port(address).ok_or(InvalidEndpoint::Tcp)?;
                Ok(Self::Tcp { host, port })
            }
            Some(("rfc2217", address)) => {
                let (host, port) = host_and_port(address).ok_or(InvalidEndpoint::Rfc2217)?;
                Ok(Self::Rfc2217 { host, port })
            }
            Some((scheme, _)) if !scheme.is_empty() && !scheme.contains('/') => {
                Err(InvalidEndpoint::Scheme(scheme.to_owned()))
            }
            _ if text.is_empty() => Err(InvalidEndpoint::Empty),
            _ => Ok(Self::Serial(text.into())),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Serial(path) => return path.display().fmt(f),
            Self::Tcp { host, port } => ("tcp", host, port),
            Self::Rfc2217 { host, port } => ("rfc2217", host, port),
        };
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

/// Whether what was taken for a device reads like the address of a TCP port.
fn is_address(endpoint: &Endpoint) -> bool {
    let Endpoint::Serial(path) = endpoint else { return false };
    path.to_str()
        .is_some_and(|path| !path.contains('/') && format!("tcp://{path}").parse::<Endpoint>().is_ok())
}

/// Whether `endpoint` is a name without a path, where devices have one.
fn is_name(endpoint: &Endpoint) -> bool {
    let Endpoint::Serial(path) = endpoint else { return false };
    cfg!(unix) && path.components().count() == 1
}

/// A text that names no port.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// Nothing at all.
    #[error("the port is empty; give a device such as /dev/ttyUSB0, or tcp://HOST:PORT")]
    Empty,
    /// Not `tcp://<host>:<port>`.
    #[error("a TCP port is written tcp://HOST:PORT, as in tcp://192.0.2.7:2000 or tcp://[2001:db8::7]:2000")]
    Tcp,
    /// Not `rfc2217://<host>:<port>`.
    #[error("a port of RFC 2217 is written rfc2217://HOST:PORT, as in rfc2217://192.0.2.7:2217")]
    Rfc2217,
    /// Any other scheme.
    #[error(
        "{0}:// is not a port that is known here; give a device such as /dev/ttyUSB0, or tcp://HOST:PORT"
    )]
    Scheme(String),
}

/// A port that could not be opened, as adapters report it.
///
/// The message names the port, what went wrong and, where that is known, what helps.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot open {endpoint}: {reason}")]
pub struct OpenError {
    endpoint: Endpoint,
    kind: io::ErrorKind,
    reason: String,
}

impl OpenError {
    /// Opening `endpoint` failed with `error`.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "made of an error by `map_err`")]
    pub fn new(endpoint: Endpoint, error: io::Error) -> Self {
        use io::ErrorKind::{
            AddrNotAvailable, ConnectionRefused, IsADirectory, NotFound, PermissionDenied, ResourceBusy,
            TimedOut, WouldBlock,
        };
        let is_serial = matches!(endpoint, Endpoint::Serial(_));
        let known = match error.kind() {
            NotFound if is_address(&endpoint) => {
                let reason = format!("there is no such device; a TCP port is written tcp://{endpoint}");
                return Self { endpoint, kind: NotFound, reason };
            }
            NotFound if is_name(&endpoint) => {
                let reason = format!(
                    "there is no such file here; a device is written with its path, as in /dev/{endpoint}"
                );
                return Self { endpoint, kind: NotFound, reason };
            }
            NotFound if is_serial => "there is no such device; is it plugged in?",
            PermissionDenied if is_serial => {
                "permission denied; join the group that owns it (often dialout), then log in again"
            }
            IsADirectory if is_serial => "it is not a serial port",
            // What a lock says that another program holds, and what the system says of a port that one keeps to itself.
            WouldBlock | ResourceBusy if is_serial => "another program uses it; end that first",
            ConnectionRefused => "connection refused; is anything listening there?",
            TimedOut => "nothing answered in time; check the address, and any firewall on the way",
            AddrNotAvailable => "there is no such address",
            _ => "",
        };
        let reason = if known.is_empty() { error.to_string() } else { known.to_owned() };
        Self { endpoint, kind: error.kind(), reason }
    }

    /// What was to be opened.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What the system said.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for text in [
            "/dev/ttyUSB0",
            "module",
            "tcp://localhost:2000",
            "tcp://[2001:db8::7]:65535",
            "rfc2217://ser2net.example:2217",
            "rfc2217://[2001:db8::7]:1",
            "./a://b",
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), text);
        }
    }

    #[test]
    fn what_names_no_port_is_refused() {
        assert_eq!("".parse::<Endpoint>(), Err(InvalidEndpoint::Empty));
        assert_eq!("telnet://a:1".parse::<Endpoint>(), Err(InvalidEndpoint::Scheme("telnet".into())));
        for text in
            ["tcp://", "tcp://a", "tcp://a:", "tcp://a:0", "tcp://:1", "tcp://a:65536", "tcp://::1:2000"]
        {
            assert_eq!(text.parse::<Endpoint>(), Err(InvalidEndpoint::Tcp), "{text}");
            let text = text.replace("tcp", "rfc2217");
            assert_eq!(text.parse::<Endpoint>(), Err(InvalidEndpoint::Rfc2217), "{text}");
        }
    }

    #[test]
    fn an_error_says_which_port_and_what_helps() {
        let error = OpenError::new(Endpoint::Serial("/dev/ttyUSB9".into()), io::ErrorKind::NotFound.into());
        assert_eq!(error.to_string(), "cannot open /dev/ttyUSB9: there is no such device; is it plugged in?");
        let error = |path: &str| {
            OpenError::new(Endpoint::Serial(path.into()), io::ErrorKind::NotFound.into()).to_string()
        };
        for address in ["127.0.0.1:1", "modem.example:2000", "[::1]:2000"] {
            assert!(error(address).ends_with(&format!("a TCP port is written tcp://{address}")), "{address}");
        }
        for device in ["/dev/serial/by-id/a:1", "dev/ttyUSB0"] {
            assert!(error(device).ends_with("is it plugged in?"), "{device}");
        }
        for name in ["ttyUSB0", "a:b"] {
            assert!(error(name).ends_with(&format!("as in /dev/{name}")), "{name}");
        }
    }
}
