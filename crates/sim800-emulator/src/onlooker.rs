//! What those are shown who look on: the lines of the DTE, names that the module does not know, and what the module is.

use std::collections::{HashSet, VecDeque};
use std::num::NonZeroU32;

use crate::config::Config;
use crate::module::Emulator;

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
}

impl Emulator {
    /// The name of a command that the module does not know. Each is told once.
    pub fn poll_unknown(&mut self) -> Option<String> {
        self.unknown.names.pop_front()
    }

    /// A command line of the DTE, without prefix and line end. It may hold secrets. Of lines that nobody takes, the last few are
    /// kept.
    pub fn poll_line(&mut self) -> Option<String> {
        self.lines.lines.pop_front()
    }

    /// What kind of module it is at present.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.board.config
    }

    /// Whether its serial port is awake.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.on
    }

    /// The rate that `AT+IPR` has set in bit/s; `None` under autobauding.
    #[must_use]
    pub fn rate(&self) -> Option<NonZeroU32> {
        self.general.fixed_rate()
    }
}
