//! The module that things go wrong with.

use std::time::Duration;

use fastrand::Rng;
use sim800_emulator::{Config, DataExpiry, Grant, LineEnds, Messages, Spacing, Start};

use super::kind::Task;

/// In what the module differs from the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// Its echo is off at first.
    EchoOff,
    /// No blanks behind the colons of HTTP and FTP lines.
    NoBlanks,
    /// Some line ends are left out.
    LineEnds(LineEnds),
    /// `AT+FTPPUT=2` grants no more than this.
    Grant(u16),
    /// The maxima of `AT+FTPPUT=2`.
    Maxima(Vec<u16>),
    /// `AT+HTTPDATA` is answered `OK` although its time ran out.
    DataExpiry,
    /// `AT+CMEE`.
    Errors(u8),
    /// So many octets of a download are held in the module.
    Window(usize),
    /// The module waits for the confirmation of an upload for hours, and no line tells.
    Patient,
    /// How it comes up.
    Start(Start),
    /// The profile that it starts with sends short messages to the DTE.
    Messages(Messages),
    /// It routes no short messages before it says that it is ready for them.
    LateMessages,
    /// It takes one command a line.
    SingleCommands,
    /// It tells a part as 200.
    PartsAsWhole,
}

impl Variant {
    pub(super) fn draw(rng: &mut Rng, task: Task, length: usize) -> Self {
        // Rounds of single octets say nothing at length that they do not say at once.
        let least = (length / 4_096).min(1_000) as u16 + 1;
        match rng.u8(..15) {
            0 => Self::EchoOff,
            1 => Self::NoBlanks,
            2 => Self::LineEnds(LineEnds::MissingBeforeResult),
            3 => Self::LineEnds(LineEnds::Missing),
            4 => Self::Grant(rng.u16(least..1_360)),
            5 => Self::Maxima((0..rng.usize(1..5)).map(|_| rng.u16(least..=1_460)).collect()),
            6 => Self::DataExpiry,
            7 => Self::Errors(rng.u8(..3)),
            8 => Self::Window(rng.usize(1_460..40_000)),
            9 if task == Task::StartUp => {
                Self::Start(if rng.bool() { Start::FixedRate } else { Start::Autobaud })
            }
            10 => Self::Messages(if rng.bool() { Messages::Text } else { Messages::Pdu }),
            11 => Self::LateMessages,
            12 => Self::SingleCommands,
            13 => Self::PartsAsWhole,
            _ => Self::Patient,
        }
    }

    /// What it is called in the list of what was tried.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EchoOff => "echo off at first",
            Self::NoBlanks => "missing blanks",
            Self::LineEnds(LineEnds::MissingBeforeResult) => "missing CR LF before OK",
            Self::LineEnds(_) => "missing blank lines",
            Self::Grant(_) => "granted counts shorter than asked for",
            Self::Maxima(_) => "changing maxima",
            Self::DataExpiry => "HTTPDATA answered OK although its time ran out",
            Self::Errors(0) => "AT+CMEE=0",
            Self::Errors(1) => "AT+CMEE=1",
            Self::Errors(_) => "AT+CMEE=2",
            Self::Window(_) => "another window of downloads",
            Self::Patient => "a module that waits for the server",
            Self::Start(_) => "start of the module",
            Self::Messages(_) => "short messages to the DTE by profile",
            Self::LateMessages => "AT+CNMI refused before SMS Ready",
            Self::SingleCommands => "several commands on a line refused",
            Self::PartsAsWhole => "parts told as 200",
        }
    }

    pub(super) fn apply(&self, config: &mut Config) {
        match self {
            Self::EchoOff => config.echo = false,
            Self::NoBlanks => config.spacing = Spacing::Sim900,
            Self::LineEnds(line_ends) => config.line_ends = *line_ends,
            Self::Grant(most) => config.ftp_put_grant = Grant::AtMost(*most),
            Self::Maxima(maxima) => config.ftp_put_maxima.clone_from(maxima),
            Self::DataExpiry => config.http_data_expiry = DataExpiry::Ok,
            Self::Errors(_) => {}
            Self::Window(octets) => config.ftp_window = *octets,
            Self::Patient => config.timings.ftp_server = Duration::from_secs(36_000),
            Self::Start(start) => config.start = *start,
            Self::Messages(messages) => config.messages = *messages,
            Self::LateMessages => config.late_messages = true,
            Self::SingleCommands => config.concatenation = false,
            Self::PartsAsWhole => config.partial_content = false,
        }
    }
}

/// What an earlier program left in the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOver {
    /// An open bearer.
    Bearer,
    /// A bearer and an HTTP service.
    Http,
    /// A bearer and an FTP session that waits for octets to be read.
    Ftp,
}

impl LeftOver {
    /// What it is called in the list of what was tried.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Bearer => "bearer left over",
            Self::Http => "HTTP service left over",
            Self::Ftp => "FTP session left over",
        }
    }
}
