//! What shells offer where only this machine, or the command table, knows the values.

use std::path::Path;

use clap_complete::CompletionCandidate;
use sim800_command::SPECS;

/// Where serial ports are found, and how their names begin there.
const SERIAL: [(&str, &str); 4] =
    [("/dev/serial/by-id", ""), ("/dev", "ttyUSB"), ("/dev", "ttyACM"), ("/dev", "ttyAMA")];

/// The built-in emulator and the serial ports that are there.
pub(crate) fn ports() -> Vec<CompletionCandidate> {
    let named = |(directory, start): (&str, &str)| names(Path::new(directory), start);
    let emulator = CompletionCandidate::new("emulator").help(Some("the built-in emulated module".into()));
    SERIAL.into_iter().flat_map(named).map(CompletionCandidate::new).chain([emulator]).collect()
}

fn names(directory: &Path, start: &str) -> Vec<String> {
    let entries = directory.read_dir().into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut paths: Vec<_> = names
        .filter(|name| name.starts_with(start))
        .map(|name| directory.join(name).display().to_string())
        .collect();
    paths.sort();
    paths
}

/// The commands of the table, without their `+`.
pub(crate) fn commands() -> Vec<CompletionCandidate> {
    let mut names: Vec<_> = SPECS.iter().map(|spec| spec.name.trim_start_matches('+')).collect();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}
