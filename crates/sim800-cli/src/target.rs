//! Where the module is.

use std::env;
use std::fmt;

use sim800_session::{Endpoint, InvalidEndpoint};

use crate::args::Options;
use crate::failure::Failure;
use crate::ports;
use crate::remote::Address;

/// The port of the module within the program.
const EMULATOR: &str = "emulator";

/// How the names of ports begin whose rate is set at the other end.
const RFC2217: &str = "rfc2217://";

/// Where the module is.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Within the program.
    Emulator,
    Endpoint(Endpoint),
    /// Behind a server that sets serial ports.
    Remote(Address),
}

impl Target {
    /// What the options name. To take something else in its place would have a script believe that it talks to its modem.
    pub(crate) fn of(options: &Options) -> Result<Self, Failure> {
        match options.port.as_deref() {
            None if env::var_os("SIM800_PORT").is_some() => Err(no_port("SIM800_PORT is empty")),
            None => Err(no_port("no port is given")),
            Some("") => Err(no_port("the port is empty")),
            Some(EMULATOR) => Ok(Self::Emulator),
            Some(port) => Self::named(port).map_err(Failure::usage),
        }
    }
}

impl Target {
    /// Where a module is that is not within the program; or what is wrong with the name.
    pub(crate) fn named(port: &str) -> Result<Self, String> {
        let Some(address) = port.strip_prefix(RFC2217) else {
            return port.parse().map(Self::Endpoint).map_err(|error: InvalidEndpoint| error.to_string());
        };
        match format!("tcp://{address}").parse() {
            Ok(Endpoint::Tcp { host, port }) => Ok(Self::Remote(Address { host, port })),
            _ => Err(format!(
                "a port of RFC 2217 is written {RFC2217}HOST:PORT, as in {RFC2217}192.0.2.7:2217"
            )),
        }
    }

    /// Whether it is a port of this machine.
    pub(crate) fn is_serial(&self) -> bool {
        matches!(self, Self::Endpoint(Endpoint::Serial(_)))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emulator => f.write_str(EMULATOR),
            Self::Endpoint(endpoint) => endpoint.fmt(f),
            Self::Remote(Address { host, port }) if host.contains(':') => {
                write!(f, "{RFC2217}[{host}]:{port}")
            }
            Self::Remote(Address { host, port }) => write!(f, "{RFC2217}{host}:{port}"),
        }
    }
}

fn no_port(why: &str) -> Failure {
    let found = ports::found();
    let found = if found.is_empty() {
        "this machine has no serial ports".to_owned()
    } else {
        let listed: Vec<_> = found.iter().map(ToString::to_string).collect();
        format!("this machine has {}", listed.join(", "))
    };
    Failure::usage(format!(
        "{why}; name one with -p, SIM800_PORT or the configuration file ({found}), or try the built-in emulator with \
         -p {EMULATOR}"
    ))
}
