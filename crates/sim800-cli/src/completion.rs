//! What shells offer where only this machine, or the command table, knows the values.

use clap_complete::CompletionCandidate;
use sim800_command::SPECS;

use crate::ports;

/// The built-in emulator and the serial ports that are there.
pub(crate) fn ports() -> Vec<CompletionCandidate> {
    let emulator = CompletionCandidate::new("emulator").help(Some("the built-in emulated module".into()));
    let found = ports::found().into_iter();
    let found = found.map(|port| CompletionCandidate::new(port.path).help(port.name.map(Into::into)));
    found.chain([emulator]).collect()
}

/// The commands of the table, without their `+`.
pub(crate) fn commands() -> Vec<CompletionCandidate> {
    let mut names: Vec<_> = SPECS.iter().map(|spec| spec.name.trim_start_matches('+')).collect();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}
