//! Where the module is.

use std::env;
use std::fmt;

use sim800_session::Endpoint;

use crate::args::Options;
use crate::failure::Failure;
use crate::ports;

/// The port of the module within the program.
const EMULATOR: &str = "emulator";

/// Where the module is.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Within the program.
    Emulator,
    Endpoint(Endpoint),
}

impl Target {
    /// What the options name. To take something else in its place would have a script believe that it talks to its modem.
    pub(crate) fn of(options: &Options) -> Result<Self, Failure> {
        match options.port.as_deref() {
            None if env::var_os("SIM800_PORT").is_some() => Err(no_port("SIM800_PORT is empty")),
            None => Err(no_port("no port is given")),
            Some("") => Err(no_port("the port is empty")),
            Some(EMULATOR) => Ok(Self::Emulator),
            Some(port) => match port.parse::<Endpoint>() {
                Ok(endpoint) => Ok(Self::Endpoint(endpoint)),
                Err(error) => Err(Failure::usage(error.to_string())),
            },
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
