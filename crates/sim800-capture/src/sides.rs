//! Which side of the line is the module's, where a format does not tell.

use crate::dialogue::{is_command, is_response};
use crate::event::Direction;
use crate::record::Record;

/// How many octets wait for what tells.
const HELD: usize = 64 * 1024;

/// How much of a line is looked at, in octets.
const LINE: usize = 1024;

/// Holds records until what crossed tells who sent it: only a module sends result codes, and whoever sends a command first is
/// no module, for its echo comes later.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    held: Vec<Record>,
    octets: usize,
    lines: [Vec<u8>; 2],
    /// Whether what is said to be sent was received, once that is known.
    is_swapped: Option<bool>,
}

impl Sides {
    pub(crate) fn take(&mut self, record: Record, sink: &mut dyn FnMut(Record)) {
        if let Some(is_swapped) = self.is_swapped {
            return sink(turned(record, is_swapped));
        }
        if let Record::Octets { direction, octets, .. } = &record {
            self.octets += octets.len();
            self.is_swapped = self.evidence(*direction, octets);
        }
        self.held.push(record);
        if self.is_swapped.is_some() || self.octets > HELD || self.held.len() > HELD {
            self.finish(sink);
        }
    }

    /// Nothing more will tell.
    pub(crate) fn finish(&mut self, sink: &mut dyn FnMut(Record)) {
        let is_swapped = *self.is_swapped.get_or_insert(false);
        self.held.drain(..).for_each(|record| sink(turned(record, is_swapped)));
    }

    fn evidence(&mut self, direction: Direction, octets: &[u8]) -> Option<bool> {
        let [sent, received] = &mut self.lines;
        let line = if direction == Direction::Sent { sent } else { received };
        for octet in octets {
            if !matches!(octet, b'\r' | b'\n') {
                if line.len() < LINE {
                    line.push(*octet);
                }
                continue;
            }
            let line = std::mem::take(line);
            if is_response(&line) {
                return Some(direction == Direction::Sent);
            }
            if is_command(&line) {
                return Some(direction == Direction::Received);
            }
        }
        None
    }
}

fn turned(record: Record, is_swapped: bool) -> Record {
    match record {
        Record::Octets { time, direction, octets } if is_swapped => {
            let direction = match direction {
                Direction::Sent => Direction::Received,
                Direction::Received => Direction::Sent,
            };
            Record::Octets { time, direction, octets }
        }
        record => record,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directions(records: &[(Direction, &str)]) -> Vec<Direction> {
        let mut sides = Sides::default();
        let mut seen = Vec::new();
        let mut sink = |record| match record {
            Record::Octets { direction, .. } => seen.push(direction),
            record => panic!("{record:?}"),
        };
        for (direction, octets) in records {
            for octet in octets.bytes() {
                sides.take(
                    Record::Octets { time: None, direction: *direction, octets: vec![octet] },
                    &mut sink,
                );
            }
        }
        sides.finish(&mut sink);
        seen.dedup();
        seen
    }

    #[test]
    fn a_dialogue_tells_who_is_the_module() {
        use Direction::{Received, Sent};
        assert_eq!(directions(&[(Sent, "AT\r"), (Received, "AT\r\r\nOK\r\n")]), [Sent, Received]);
        assert_eq!(directions(&[(Received, "AT\r"), (Sent, "AT\r\r\nOK\r\n")]), [Sent, Received]);
        assert_eq!(directions(&[(Sent, "\r\nRDY\r\n"), (Received, "AT\r")]), [Received, Sent]);
        assert_eq!(directions(&[(Sent, "K\r\n"), (Received, "noise")]), [Sent, Received]);
    }
}
