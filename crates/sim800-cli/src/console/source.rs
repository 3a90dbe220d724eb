//! Where lines come from: somebody at a terminal, or a script.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;

use super::editor::Lines;
use super::input::{Ending, Input, Wanted};
use crate::failure::Failure;

/// The most octets of a script.
const LONGEST: u64 = 1 << 20;

/// Where lines come from.
pub(super) enum Source {
    Terminal(Box<Lines>),
    Script(VecDeque<String>),
}

impl Source {
    /// The lines of stdin.
    pub(super) fn script() -> Result<Self, Failure> {
        let mut text = String::new();
        let read = io::stdin().lock().take(LONGEST).read_to_string(&mut text);
        read.map_err(|error| Failure::file("read", Path::new("stdin"), &error))?;
        Ok(Self::Script(text.lines().map(str::to_owned).collect()))
    }

    /// Waits for a line. To be called where waiting is all right.
    pub(super) fn read(&mut self, wanted: Wanted) -> Result<Input, Failure> {
        match self {
            Self::Terminal(lines) => lines.read(wanted),
            Self::Script(lines) => Ok(lines.pop_front().map_or(Input::End, |line| scripted(&line, wanted))),
        }
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
