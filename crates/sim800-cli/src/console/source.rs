//! Where lines come from: somebody at a terminal, or a script.

use std::io;
use std::path::Path;

use super::editor::Lines;
use super::input::{Ending, Input, Wanted};
use crate::failure::Failure;
use crate::text;

/// Where lines come from.
pub(super) enum Source {
    Terminal(Box<Lines>),
    /// Stdin.
    Script,
}

impl Source {
    /// Waits for a line. To be called where waiting is all right.
    pub(super) fn read(&mut self, wanted: Wanted) -> Result<Input, Failure> {
        if let Self::Terminal(lines) = self {
            return lines.read(wanted);
        }
        let octets = text::line(io::stdin().lock())
            .map_err(|error| Failure::file("read", Path::new("stdin"), &error))?;
        if octets.is_empty() {
            return Ok(Input::End);
        }
        let line = String::from_utf8_lossy(&octets);
        Ok(scripted(line.trim_end_matches(['\r', '\n']), wanted))
    }
}

/// In data, the octets of Ctrl-Z and ESC are those keys.
fn scripted(line: &str, wanted: Wanted) -> Input {
    if wanted == Wanted::Command {
        return Input::Line(line.trim().to_owned(), Ending::Enter);
    }
    match line.split_once(['\x1a', '\x1b']) {
        Some((text, _)) => {
            let is_end = line.get(text.len()..).is_some_and(|rest| rest.starts_with('\x1a'));
            Input::Line(text.to_owned(), if is_end { Ending::CtrlZ } else { Ending::Escape })
        }
        None => Input::Line(line.to_owned(), Ending::Enter),
    }
}
