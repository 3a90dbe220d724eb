//! The command line of `sim800 fuzz`, and of the grammars.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap_complete::ArgValueCandidates;
use sim800_grammar::Format;

use super::wait;
use crate::completion;

/// What is behind `--help`.
pub(super) const FUZZED: &str = "\
Each value of a command in turn is valid, at its limit, beyond it, of the wrong kind, or too long. Every run sends the same lines, and
none that costs money, uses the network, locks the card, changes the rate, switches the module off, or writes what outlives a restart;
`-p emulator` gets all but those that would end the conversation.

A finding is a restart, silence, or bytes that make no sense. sim800 tries it again, alone and then behind the lines before it, and
shortens it as far as it goes. It writes finding-N.txt with the lines to DIR, for --replay, and finding-N.jsonl with what crossed the
line, for `sim800 decode`.

Use it on a module of your own, with a card and a network that you may disturb. The exit status is 1 if it found anything.";

#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Only these, such as FTPGET or AT+FTPGET
    #[arg(value_name = "COMMAND", conflicts_with = "replay", add = ArgValueCandidates::new(completion::commands))]
    pub(crate) commands: Vec<String>,
    /// Directory for the findings, which the first one creates
    #[arg(short, long, value_name = "DIR", default_value = "findings")]
    pub(crate) output: PathBuf,
    /// How long to wait behind each line, so as not to flood the module
    #[arg(long, value_name = "SECS", value_parser = wait, default_value = "0.1")]
    pub(crate) pause: Duration,
    /// Shell command that switches the module off and on when it falls silent; without it, the run ends there
    #[arg(long, value_name = "COMMAND")]
    pub(crate) reset: Option<String>,
    /// Send the lines of a finding again, whatever they are, and say whether the same happens; read a FILE of others first
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
}

/// The formats by their names.
pub(super) fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(|(name, _)| name)).try_map(|name| name.parse::<Format>())
}
