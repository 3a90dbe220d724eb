//! The options of every command.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;
use sim800_session::Password;

use crate::completion;
use crate::held::Held;
use crate::recent::Recent;

/// Options of every command. Those with a variable may also stand in the configuration file, by the same name.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Options {
    /// Where the module is: a serial device or pty, tcp://HOST:PORT, rfc2217://HOST:PORT (which sets the rate there, too), or `emulator`
    #[arg(
        short,
        long,
        global = true,
        env = "SIM800_PORT",
        hide_env_values = true,
        add = ArgValueCandidates::new(completion::ports)
    )]
    pub(crate) port: Option<String>,
    /// Rate of the line in bit/s, or `auto` to try the usual ones [default: 115200]; an emulator keeps to it only if given
    #[arg(long, global = true, value_name = "N", env = "SIM800_BAUD", hide_env_values = true)]
    pub(crate) baud: Option<Baud>,
    /// Flow control of the serial line; rtscts needs the RTS and CTS wires
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "HOW",
        env = "SIM800_FLOW",
        hide_env_values = true
    )]
    pub(crate) flow: Flow,
    /// What opening the port does to DTR; `keep` never touches it, for boards that DTR resets
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "HOW",
        env = "SIM800_DTR",
        hide_env_values = true
    )]
    pub(crate) dtr: Dtr,
    /// Access point name of the network; reopens a bearer that is open with another one
    #[arg(long, global = true, env = "SIM800_APN", hide_env_values = true)]
    pub(crate) apn: Option<String>,
    /// User at the access point; empty for none; without it, the module uses what it has stored
    #[arg(long, global = true, value_name = "NAME", env = "SIM800_APN_USER", hide_env_values = true)]
    pub(crate) apn_user: Option<String>,
    /// Password at the access point; other users of this machine can see it here, but not in the file or the variable
    #[arg(
        long,
        global = true,
        value_name = "PASSWORD",
        value_parser = password,
        env = "SIM800_APN_PASSWORD",
        hide_env_values = true
    )]
    pub(crate) apn_password: Option<Password>,
    /// File with the password at the access point
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SIM800_APN_PASSWORD_FILE",
        hide_env_values = true
    )]
    pub(crate) apn_password_file: Option<PathBuf>,
    /// PIN of the SIM card, for a card that wants it; other users of this machine can see it here, but not in the file or the
    /// variable
    #[arg(long, global = true, value_parser = password, env = "SIM800_PIN", hide_env_values = true)]
    pub(crate) pin: Option<Password>,
    /// File with the PIN of the SIM card
    #[arg(long, global = true, value_name = "FILE", env = "SIM800_PIN_FILE", hide_env_values = true)]
    pub(crate) pin_file: Option<PathBuf>,
    /// Enter the PIN also when the card has only one try left, or the module does not tell how many: the third wrong one in a row
    /// locks the card
    #[arg(
        long,
        global = true,
        value_parser = FalseyValueParser::new(),
        env = "SIM800_FORCE_PIN",
        hide_env_values = true
    )]
    pub(crate) force_pin: bool,
    /// FTP password, where a URL names a user without one; other users of this machine can see it here, but not in the file or the
    /// variable
    #[arg(
        long,
        global = true,
        value_name = "PASSWORD",
        value_parser = password,
        env = "SIM800_FTP_PASSWORD",
        hide_env_values = true
    )]
    pub(crate) ftp_password: Option<Password>,
    /// File with the FTP password
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SIM800_FTP_PASSWORD_FILE",
        hide_env_values = true
    )]
    pub(crate) ftp_password_file: Option<PathBuf>,
    /// Close the bearer when the work is done; by default it stays open, which saves seconds next time
    #[arg(
        long,
        global = true,
        value_parser = FalseyValueParser::new(),
        env = "SIM800_CLOSE",
        hide_env_values = true
    )]
    pub(crate) close: bool,
    /// How long to wait for the module to answer at first [default: 10]
    #[arg(
        long,
        global = true,
        value_name = "SECS",
        value_parser = seconds,
        env = "SIM800_ANSWER_WITHIN",
        hide_env_values = true
    )]
    pub(crate) answer_within: Option<Duration>,
    /// Give up after N retries in a row without progress [default: 3]
    #[arg(
        long,
        global = true,
        value_name = "N",
        value_parser = retries,
        env = "SIM800_RETRIES",
        hide_env_values = true
    )]
    pub(crate) retries: Option<u32>,
    /// Give up a transfer, or whatever else is done, after SECS, the search for the module and the network included
    #[arg(long, global = true, value_name = "SECS", value_parser = max_time)]
    pub(crate) max_time: Option<Duration>,
    /// Runtime that the session runs on; both do the same
    #[arg(long, global = true, value_enum, default_value_t, env = "SIM800_RUNTIME", hide_env_values = true)]
    pub(crate) runtime: Runtime,
    /// Configuration file [default: sim800/config.toml in $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, global = true, value_name = "FILE", env = "SIM800_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// Write every byte that crosses the line to FILE, which must be new, for `sim800 decode`, with secrets masked
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Print one JSON object instead of text; `decode` prints one per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show on stderr what program and module say to each other; twice, with every byte. It masks secrets
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Show errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// The module, where a script or the shell has connected it already.
    #[arg(skip)]
    pub(crate) held: Option<Held>,
    /// Where the access point name comes from, in words.
    #[arg(skip)]
    pub(crate) apn_origin: String,
    /// Where what crossed the line last is kept, for whoever wants it in hindsight.
    #[arg(skip)]
    pub(crate) recent: Option<Recent>,
}

impl Options {
    /// The rate that was given, if it was one.
    pub(crate) fn rate(&self) -> Option<NonZeroU32> {
        match self.baud {
            Some(Baud::Rate(rate)) => Some(rate),
            Some(Baud::Auto) | None => None,
        }
    }
}

/// What `--baud` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Baud {
    /// The usual rates are tried.
    Auto,
    /// In bit/s.
    Rate(NonZeroU32),
}

impl FromStr for Baud {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            rate => {
                rate.parse().map(Self::Rate).map_err(|_| "a rate is a number of bit/s, from 1 on, or auto")
            }
        }
    }
}

/// Flow control of the line. XON/XOFF is none of it: files hold every octet, and it would swallow two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flow {
    #[default]
    None,
    Rtscts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dtr {
    #[default]
    On,
    Off,
    Keep,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    #[default]
    Smol,
    Tokio,
}

/// Whether it is a good one, is for whoever is told it to say: what is wrong with it is not shown.
fn password(text: &str) -> Result<Password, &'static str> {
    Ok(text.into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|limit| !limit.is_zero() && *limit <= Duration::from_secs(3600))
        .ok_or_else(|| "more than 0 and at most 3600 seconds".to_owned())
}

fn retries(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "a whole number, 0 for none")
}

fn max_time(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|time| !time.is_zero()).ok_or("a time is a number of seconds, more than 0")
}
