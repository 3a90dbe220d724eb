//! What those are shown who look on: the lines of the DTE, and names that the module does not know.

use std::collections::{HashSet, VecDeque};

/// The most names that are told of.
const MOST_UNKNOWN: usize = 256;

/// The most lines that are kept of those that nobody takes.
const MOST_LINES: usize = 64;

/// Names that the module does not know.
#[derive(Default)]
pub(crate) struct Unknown {
    seen: HashSet<String>,
    names: VecDeque<String>,
}

impl Unknown {
    pub(crate) fn note(&mut self, name: &str) {
        if self.seen.len() < MOST_UNKNOWN && self.seen.insert(name.to_owned()) {
            self.names.push_back(name.to_owned());
        }
    }

    pub(crate) fn pop(&mut self) -> Option<String> {
        self.names.pop_front()
    }
}

/// Command lines of the DTE.
#[derive(Default)]
pub(crate) struct Lines {
    lines: VecDeque<String>,
}

impl Lines {
    pub(crate) fn note(&mut self, line: &[u8]) {
        if self.lines.len() >= MOST_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(String::from_utf8_lossy(line).into_owned());
    }

    pub(crate) fn pop(&mut self) -> Option<String> {
        self.lines.pop_front()
    }
}
