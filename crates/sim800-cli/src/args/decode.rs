//! The options of `sim800 decode`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use sim800_capture::Format;

pub(super) const DECODED: &str = "\
With --json, each line is an object:
  t         seconds since the start of the capture, or null if nobody noted them
  dir       tx to the module, rx from it; null for what crossed in neither way
  event     command, echo, information, payload, prompt, final, unsolicited, overlong, blank, unreadable, retry
            or remark
  subject   what it is about: http, ftp, files, sockets, bearer, module or other
  name      the command that it belongs to, such as +HTTPACTION, or null
  values    the values behind the name
  text      the line, its octets as the characters U+0000 to U+00FF
  octets    how many bytes of payload there should be, where that was said
  received  how many bytes of the capture it stands for; those of all lines of a dir add up to that dir
  sha256    checksum of the payload
  error     whether something went wrong
  meaning   what it means, for people; may be null
The last has the event summary: transfers, waits, retries and restarts.

Exit status: 0 whatever the capture says, 3 if it cannot be read or is none.";

#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// What --trace wrote, or another program; - for stdin. Two files are one direction each
    #[arg(required = true, num_args = 1..=2, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Take FILE to be in this format; without it, the program looks
    #[arg(long, value_parser = formats())]
    pub(crate) format: Option<Format>,
    /// Wait for more at the end of FILE, until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Show only lines about these, or that are this; several with commas between them
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) only: Vec<Only>,
    /// Leave out what is before this time, in seconds from the start
    #[arg(long, value_parser = seconds, value_name = "SECS")]
    pub(crate) since: Option<Duration>,
    /// Leave out what is after this time
    #[arg(long, value_parser = seconds, value_name = "SECS")]
    pub(crate) until: Option<Duration>,
    /// Show payload as text or hex, or write each to a new file whose name begins with PREFIX, such as ./body-
    #[arg(long, value_parser = payload, value_name = "text|hex|PREFIX")]
    pub(crate) payload: Option<Payload>,
    /// Write a page for a browser: timeline, lines, sequence diagrams and summary, in one file without network access
    #[arg(long, value_name = "REPORT")]
    pub(crate) html: Option<PathBuf>,
    /// Write packets for Wireshark, as LINKTYPE_USER0 with directions and comments
    #[arg(long, value_name = "PACKETS")]
    pub(crate) pcapng: Option<PathBuf>,
    /// Show passwords, PINs and credentials, which are masked otherwise
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

impl Decode {
    /// Shows what is in a trace, and what comes.
    pub(crate) fn following(trace: PathBuf, show_secrets: bool) -> Self {
        Self {
            files: vec![trace],
            format: Some(Format::Trace),
            follow: true,
            only: Vec::new(),
            since: None,
            until: None,
            payload: None,
            html: None,
            pcapng: None,
            show_secrets,
        }
    }

    /// The files that are written instead of lines on stdout.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = &Path> {
        [&self.html, &self.pcapng].into_iter().filter_map(|path| path.as_deref())
    }
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// The HTTP service
    Http,
    /// The FTP service
    Ftp,
    /// The module's file system
    Files,
    /// Sockets, and the context that carries them
    Sockets,
    /// The bearer
    Bearer,
    /// The module itself, its card and its radio
    Module,
    /// What went wrong
    Errors,
    /// Lines that belong to no command
    Unsolicited,
}

/// What becomes of payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Text,
    Hex,
    /// Each goes to a file whose name begins so.
    Files(String),
}

fn payload(text: &str) -> Result<Payload, &'static str> {
    match text {
        "" => Err("text, hex, or the beginning of names of files"),
        "text" => Ok(Payload::Text),
        "hex" => Ok(Payload::Hex),
        prefix => Ok(Payload::Files(prefix.to_owned())),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a time from the start".to_owned())
}

/// The formats by their names.
fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::all().map(|format| PossibleValue::new(format.name()).help(format.description()));
    PossibleValuesParser::new(names)
        .try_map(|name| Format::all().find(|format| format.name() == name).ok_or("there is no such format"))
}
