//! What a module sent, octet for octet, with its echo if that is on.

use super::{Format, Reading, Row};
use crate::dialogue;
use crate::event::Direction;
use crate::record::Record;

pub(super) const ROW: Row = Row {
    format: Format::Raw,
    name: "raw",
    description: "the bytes that a module sent, and nothing else; its echo tells the commands",
    fits,
    open: |_| Box::new(Raw),
    is_unsure: |_| false,
    is_by_clock: false,
};

#[derive(Debug)]
struct Raw;

impl Reading for Raw {
    fn handle_input(&mut self, octets: &[u8], sink: &mut dyn FnMut(Record)) {
        sink(Record::Octets { time: None, direction: Direction::Received, octets: octets.to_vec() });
    }
}

/// Lines of a dialogue, with the line ends of a module.
fn fits(sample: &[u8]) -> bool {
    sample.contains(&b'\r') && dialogue::lines(sample).any(dialogue::is_of_one)
}
