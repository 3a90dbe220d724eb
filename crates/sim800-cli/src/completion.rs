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
    named(|name| name.trim_start_matches('+').to_owned())
}

/// How command lines begin that the table knows.
pub(crate) fn lines() -> Vec<CompletionCandidate> {
    named(|name| format!("AT{name}"))
}

fn named(spelled: impl Fn(&str) -> String) -> Vec<CompletionCandidate> {
    let mut names: Vec<_> = SPECS.iter().map(|spec| spec.name).collect();
    names.dedup();
    names.into_iter().map(|name| CompletionCandidate::new(spelled(name))).collect()
}
