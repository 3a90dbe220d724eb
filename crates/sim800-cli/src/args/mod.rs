//! The command line.

mod decode;
mod emulate;
mod fault;
mod fs;
mod ftp;
mod fuzz;
mod http;
mod knobs;
mod live;
mod net;
mod options;
mod time;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::ArgValueCandidates;
use sim800_grammar::Format;

use self::decode::DECODED;
pub(crate) use self::decode::{Decode, Only, Payload};
pub(crate) use self::emulate::{Address, Emulate};
pub(crate) use self::fault::FaultText;
pub(crate) use self::fs::{Fs, FsGet};
pub(crate) use self::ftp::{FTP_DIRECTORY_URL, Ftp, FtpGet, FtpMirror, FtpPut, FtpSource};
use self::fuzz::FUZZED;
pub(crate) use self::fuzz::Fuzz;
pub(crate) use self::http::{Http, HttpAnswer, HttpData, HttpGet, HttpHead, HttpPost, HttpRequest, Tls};
pub(crate) use self::knobs::Knobs;
pub(crate) use self::live::{Monitor, Tap};
use self::net::{CONNECTED, PROXIED};
pub(crate) use self::net::{Nc, Proxy, Via};
pub(crate) use self::options::{Baud, Dtr, Flow, Options, Runtime};
use crate::completion;
use crate::exit;

/// What was built, and which firmware it is for.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommands: SIM800 Series AT Command Manual V1.12, IP Application Note V1.03",
    "\nhttps:    TLS 1.2 and 1.3 over sockets; by the module itself, with firmware R14 or newer",
    "\nemulator: SIM800L with firmware 1418B05SIM800L24",
);

/// What is behind `--json`, `--fault`, `--scenario` and `--control`.
fn emulated() -> String {
    format!(
        "\
Faults:
{}

A scenario is a TOML file with the knobs by their names (signal = 7, latency = \"realistic\"), faults = [\"restart in 60\"], a table
[files] with texts by their paths in the module, and [[steps]], each with a request and its time (at = 5, inject = \"RING\").

The control channel takes a JSON object with one key on a line, and answers each with one: {{\"ok\":true}}, with what was asked for,
or {{\"ok\":false,\"error\":\"...\"}}.
{}

With --json, an object tells at the start where the module is: port, device (of a pty) and control.",
        fault::GRAMMAR,
        REQUESTS
    )
}

/// Held to the requests that there are by a test.
const REQUESTS: &str = "  {\"set\":{KNOB:VALUE,...}}        sets knobs, all or none; start and fs-size are for the start
  {\"fault\":\"WHAT\"}              as --fault
  {\"inject\":\"LINE\"}             says an unsolicited line; {\"text\":..,\"place\":\"now|before-response|before-result\"}
  {\"message\":\"TEXT\"}            a short message arrives
  {\"power\":\"on|off|restart\"}    presses the power key; on is of consequence only to a module that is off
  {\"seen\":{\"since\":N,\"wait\":SECS}}  what the module saw from entry N on: lines, unknown names, requests, octets sent
  {\"list\":\"DIR\"}, {\"read\":\"FILE\"}, {\"remove\":\"FILE\"}
  {\"write\":{\"path\":FILE,\"text\":..}}  files of the module; base64 in place of text for other bytes
  {\"state\":{}}                   whether it is on, its signal and registration, and the next entry of seen";

const WORDS: &str = "\
Commands are those of the program (`http get URL -o FILE`, `fs ls`, `at AT+CSQ`) and those of FTP clients:
  open URL          makes a directory of a server the current one, which names refer to
  cd, pwd, ls       shows another directory, where one is, what is in it
  get, cat, put     fetches a file and keeps its name, shows it, sends one
  mirror, size, rename, rm, mkdir, rmdir
                    as `sim800 ftp` has them
  lcd DIR           makes another directory here the current one
  exit              ends
  help [COMMAND]    shows all of them, or one

Quote words as in a shell; # begins a comment. Write paths in the module with slashes (C:/User/a.txt).

Exit status of a script: that of the first command that fails, which ends it. With --keep-going: that of all that failed, if it is the
same; else 1. With --json there is an object for each line, and one for all.";

const CONSOLE: &str = "\
Keys:
  Tab              completes a command, or shows which there are
  Ctrl-C           gives up a line, or stops waiting for its result
  Ctrl-D           ends the console
Where the module asks for data, type it, or write < FILE. Ctrl-Z ends it, and ESC gives it up where that is possible.

Lines that are not sent:
  :help [COMMAND]  shows what is known of a command
  :raw             passes keys to the module and its bytes to the terminal, until Ctrl-]
  :exit            ends the console

Lines come from stdin where that is no terminal: each is sent when the one before has its result, and the exit status is 1 if a command
failed. Lines behind a command that asks for data are the data.";

const FAULTS: &str = "\
FAULTS are separated by commas:
  drop 1/20000     one byte in 20,000 is lost
  double 1/20000   is there twice
  damage 1/20000   is another one
  delay 50ms       all bytes are late; with 1/20000 the line stands still at one byte in 20,000
  seed 7           the same bytes meet the same faults
Behind each fault, tx has it on the way to the module only, rx from it.

The rate and the flow control that the program sets on its pty are set on the port. Modem control lines and breaks are not passed on:
a pty has none.";

/// What is behind the help of `config`.
const CONFIGURED: &str = "\
The command line counts before the environment, and that before the configuration file: what --config or SIM800_CONFIG names, or else
sim800/config.toml in $XDG_CONFIG_HOME or ~/.config. A file sets by their names what this command lists, for all ports or for one:

  port = \"/dev/ttyUSB0\"
  apn = \"internet\"
  ftp-password-file = \"ftp\"   # beside this file; only its owner may read it

  [ports.\"/dev/ttyUSB0\"]
  pin-file = \"pin\"";

/// Move files over HTTP and FTP with a SIM800-series module.
///
/// The module is at the port that -p names. `-p emulator` is a module within the program, to try things without hardware: its
/// requests go over the network of this machine.
#[derive(Debug, Parser)]
#[command(name = "sim800", version, long_version = LONG_VERSION, after_long_help = exit::table())]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make HTTP requests
    #[command(subcommand)]
    Http(Http),
    /// Move files by FTP
    #[command(subcommand)]
    Ftp(Ftp),
    /// Work with the module's own files; a path there is C:\User\ftp\a.txt or C:/User/ftp/a.txt, without spaces and commas
    #[command(subcommand)]
    Fs(Fs),
    /// Connect to a server over a socket of the module, with stdin and stdout
    #[command(after_long_help = CONNECTED, override_usage = "sim800 nc [OPTIONS] <HOST> <PORT>")]
    Nc(Nc),
    /// Offer the module's network to other programs as an HTTP proxy, until Ctrl-C
    #[command(after_long_help = PROXIED)]
    Proxy(Proxy),
    /// Open and close the bearer, the module's connection to the network that HTTP and FTP go over
    #[command(subcommand)]
    Bearer(Bearer),
    /// Show model, operator, signal and registration
    Info,
    /// Show the settings in force, and where each comes from
    #[command(after_long_help = CONFIGURED)]
    Config,
    /// List the serial ports of this machine, and what is connected to them
    Ports(Ports),
    /// Send command lines and print the responses
    ///
    /// It waits for the unsolicited result where one follows, as after AT+HTTPACTION.
    At(At),
    /// Carry out the commands in a file, with one start-up and one bearer for all
    #[command(after_long_help = WORDS)]
    Run(Run),
    /// Take commands from the terminal, with one start-up and one bearer for all
    #[command(after_long_help = WORDS)]
    Shell,
    /// Show the module's commands with their values, responses and examples; needs no module
    Commands {
        /// Only this one, such as FTPGET or AT+FTPGET
        #[arg(add = ArgValueCandidates::new(completion::commands))]
        name: Option<String>,
    },
    /// Show what a trace, or a capture of the line, says; needs no module
    #[command(after_long_help = DECODED)]
    Decode(Decode),
    /// Offer an emulated module to other programs, until Ctrl-C
    ///
    /// Its card wants --pin, and its network --apn, --apn-user and --apn-password where they are given. With --baud the line has that
    /// rate, and a program at another one gets rubbish, as far as its rate can be known, which is at a pty; with `--baud auto` the
    /// module finds the rate.
    #[command(after_long_help = emulated())]
    Emulate(Box<Emulate>),
    /// Show what a port says of its own accord, each line with its meaning, until Ctrl-C; sends nothing
    Monitor(Monitor),
    /// Work with the module by hand; completes and explains command lines, and explains answers
    #[command(after_long_help = CONSOLE)]
    Console,
    /// Stand between another program and its module: pass on every byte, show what it means, and spoil some on purpose
    ///
    /// It shows each line on stdout as `decode` does, unless -q is given.
    #[command(after_long_help = FAULTS)]
    Tap(Tap),
    /// Try command lines on a module of your own that it should take or refuse, and tell which of them it does not survive
    #[command(after_long_help = FUZZED)]
    Fuzz(Fuzz),
    /// Write the command table as a grammar for fuzzers; needs no module
    Grammar {
        /// The tool that reads it
        #[arg(long, value_name = "FORMAT", value_parser = fuzz::format(), default_value = "json")]
        format: Format,
    },
    /// Show what the program can do, with an emulated module and servers of its own
    Demo,
    /// Write the manual pages to DIR, for those who package the program
    #[command(hide = true)]
    Man {
        /// An existing directory
        directory: PathBuf,
    },
}

impl Command {
    /// The files that are read as they are sent, or that say what to fetch; `-` for stdin.
    pub(crate) fn inputs(&self) -> Vec<&Path> {
        match self {
            Self::Http(Http::Get(get)) => get.input.as_deref().into_iter().collect(),
            Self::Http(Http::Post(post) | Http::Put(post) | Http::Patch(post)) => post.data.files(),
            Self::Ftp(Ftp::Put(put)) => match put.source() {
                FtpSource::Files(files) => files,
                FtpSource::Module(_) => Vec::new(),
            },
            Self::Fuzz(fuzz) => fuzz.replay.as_deref().into_iter().collect(),
            Self::Monitor(monitor) => monitor.session.as_deref().into_iter().collect(),
            Self::Decode(decode) => decode.files.iter().map(PathBuf::as_path).collect(),
            command => command.input().into_iter().collect(),
        }
    }

    fn input(&self) -> Option<&Path> {
        match self {
            Self::Fs(Fs::Put { file, .. }) => Some(file),
            Self::Nc(_) => Some(Path::new("-")),
            Self::At(at) if at.lines.iter().any(|line| line == "-") => Some(Path::new("-")),
            Self::At(at) => at.data.first().map(PathBuf::as_path),
            _ => None,
        }
    }

    /// The files that are written as far as the command line names them, `-` for stdout.
    pub(crate) fn outputs(&self) -> Vec<&Path> {
        let error = match self {
            Self::Http(Http::Get(get)) => get.answer.output_error.as_deref(),
            Self::Http(Http::Post(post) | Http::Put(post) | Http::Patch(post)) => {
                post.answer.output_error.as_deref()
            }
            Self::Http(Http::Delete(delete)) => delete.answer.output_error.as_deref(),
            Self::Decode(decode) => return decode.outputs().collect(),
            _ => None,
        };
        self.output().into_iter().chain(error).collect()
    }

    fn output(&self) -> Option<&Path> {
        match self {
            Self::Http(Http::Get(get)) => get.output.as_deref(),
            Self::Http(Http::Post(post) | Http::Put(post) | Http::Patch(post)) => post.output.as_deref(),
            Self::Http(Http::Delete(delete)) => delete.output.as_deref(),
            Self::Ftp(Ftp::Get(get)) => get.output.as_deref(),
            Self::Fs(Fs::Get(get)) => get.output.as_deref(),
            Self::Nc(_) => Some(Path::new("-")),
            _ => None,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bearer {
    /// Show whether it is open, its address, and what it is opened with
    Status,
    /// Open it, and leave it open
    Open,
    /// Close it
    Close,
}

#[derive(Debug, Args)]
pub(crate) struct At {
    /// Such as AT+CSQ; - for lines from stdin. Stops at the first that fails
    #[arg(required = true, value_name = "LINE", add = ArgValueCandidates::new(completion::lines))]
    pub(crate) lines: Vec<String>,
    /// What the module is to get when it asks for octets, as behind AT+HTTPDATA=5,5000; once for each such command
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Vec<PathBuf>,
    /// How long to wait for an unsolicited result, 0 for not at all [default: 130]
    #[arg(long, value_name = "SECS", value_parser = wait)]
    pub(crate) wait: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Ports {
    /// Send AT to each port and tell what answers; without it, sim800 opens no port
    #[arg(long)]
    pub(crate) probe: bool,
    /// Only these, which may be others than the system lists, such as tcp://HOST:PORT
    #[arg(value_name = "PORT", add = ArgValueCandidates::new(completion::ports))]
    pub(crate) ports: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A command on each line; - for stdin
    pub(crate) script: PathBuf,
    /// Continue after a command fails
    #[arg(short, long)]
    pub(crate) keep_going: bool,
}

fn wait(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|limit| *limit <= Duration::from_secs(3600))
        .ok_or_else(|| "from 0 to 3600 seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        <CommandLine as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn options_may_stand_anywhere() {
        let parsed = |line: &str| CommandLine::try_parse_from(line.split(' '));
        let options = parsed("sim800 http get http://a/ --json -p tcp://b:1 --baud 9600").unwrap().options;
        assert!(options.json);
        assert_eq!(options.port.as_deref(), Some("tcp://b:1"));
        assert_eq!(options.rate().map(NonZeroU32::get), Some(9600));
        assert!(parsed("sim800 http post http://a/").is_err(), "data is needed");
        assert!(parsed("sim800 http get http://a/ --timeout 29").is_err());
        assert!(parsed("sim800 ftp put f ftp://a/f --append --unique").is_err());
        assert!(parsed("sim800 info --answer-within 0").is_err());
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let is_refused = |line: &str| CommandLine::try_parse_from(line.split(' ')).is_err();
        for line in [
            "http get http://a/ --resume",
            "http get http://a/ -o f --resume --range 1-2",
            "ftp get ftp://a/f --resume",
            "ftp get ftp://a/f -o f --resume --extended",
            "ftp get ftp://a/f -o f --resume --ascii",
            "ftp get ftp://a/f --extended --to-fs f",
            "ftp get ftp://a/f -o f --to-fs f",
            "ftp put",
            "ftp put f ftp://a/f --resume --append",
            "ftp put f ftp://a/f --resume --extended",
            "ftp put ftp://a/f --from-fs f --resume",
            "fs get",
            "fs mv a",
            "decode",
        ] {
            assert!(is_refused(&format!("sim800 {line}")), "{line}");
        }
        for line in [
            "http get http://a/ -o f --resume",
            "ftp get ftp://a/f --to-fs f",
            "ftp put ftp://a/f --from-fs f",
            "ftp put --from-fs f --extended ftp://a/f",
            "ftp put f ftp://a/f --resume",
            "fs ls",
            "commands",
            "decode - --format raw",
        ] {
            assert!(!is_refused(&format!("sim800 {line}")), "{line}");
        }
    }
}
