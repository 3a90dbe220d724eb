//! What a worker says to whoever runs it: lines on the standard error, which systemd keeps.

use std::fmt;
use std::io::Write;

/// Says a line. Control characters of others do not reach a terminal.
pub(crate) fn log(line: fmt::Arguments<'_>) {
    let line: String = line.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Nobody can be told that nobody listens.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
