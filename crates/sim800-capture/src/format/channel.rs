//! Which way the octets of a logic analyzer's channel went, by its name.

use crate::event::Direction;

/// The channels of a file, in the order in which they turn up.
#[derive(Debug, Default)]
pub(super) struct Channels {
    names: Vec<Vec<u8>>,
}

impl Channels {
    /// Those of rows with these names.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut channels = Self::default();
        names.for_each(|name| channels.note(name));
        channels
    }

    /// There are two, so that it is a question which is which.
    pub(super) fn are_two(&self) -> bool {
        self.names.len() > 1
    }

    /// That of a channel of this name. People name channels as they see fit: where the name does not tell, the only one is the
    /// module's, and of two the first one that turns up is the other's, as a dialogue begins.
    pub(super) fn direction(&mut self, name: &[u8]) -> Direction {
        self.note(name);
        let is_first = self.names.first().is_some_and(|first| first == name);
        named(name).unwrap_or_else(|| match is_first && self.are_two() {
            true => Direction::Sent,
            false => Direction::Received,
        })
    }

    fn note(&mut self, name: &[u8]) {
        if !self.are_two() && self.names.iter().all(|known| known != name) {
            self.names.push(name.to_vec());
        }
    }
}

/// What a name says, whoever's it is.
fn named(name: &[u8]) -> Option<Direction> {
    let name = name.to_ascii_lowercase();
    let has = |words: [&str; 4]| {
        words.iter().any(|word| name.windows(word.len()).any(|part| part == word.as_bytes()))
    };
    match (has(["tx", "dte", "host", "sent"]), has(["rx", "dce", "modem", "received"])) {
        (true, false) => Some(Direction::Sent),
        (false, true) => Some(Direction::Received),
        _ => None,
    }
}
