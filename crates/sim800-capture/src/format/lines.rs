//! Files of lines.

use std::fmt;

use super::Reading;
use crate::record::Record;

/// The longest line that is kept, in octets. Those of traces are of reads of some kilooctets.
pub(super) const LIMIT: usize = 256 * 1024;

/// A format of which each line says something.
pub(super) trait Format: fmt::Debug + Send {
    /// Takes a line, its end included.
    fn take(&mut self, line: &[u8], sink: &mut dyn FnMut(Record));

    /// What is wrong with a line that is none of this format.
    const FAULT: &'static str;

    /// The file ends.
    fn end(&mut self, _sink: &mut dyn FnMut(Record)) {}
}

/// Cuts a file into lines.
#[derive(Debug, Default)]
pub(super) struct Lines<F> {
    format: F,
    line: Vec<u8>,
    /// How many octets the line has, those that were not kept included.
    octets: u64,
}

impl<F: Format> Lines<F> {
    pub(super) fn new(format: F) -> Self {
        Self { format, line: Vec::new(), octets: 0 }
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Record)) {
        let octets = std::mem::take(&mut self.octets);
        if octets == self.line.len() as u64 {
            if octets > 0 {
                self.format.take(&self.line, sink);
            }
        } else {
            sink(Record::unreadable(&self.line, octets, F::FAULT));
        }
        self.line.clear();
    }
}

impl<F: Format> Reading for Lines<F> {
    fn handle_input(&mut self, octets: &[u8], sink: &mut dyn FnMut(Record)) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            if self.octets == 0 && piece.ends_with(b"\n") && piece.len() <= LIMIT {
                // Most lines lie in one read.
                self.format.take(piece, sink);
                continue;
            }
            self.octets += piece.len() as u64;
            let room = LIMIT.saturating_sub(self.line.len());
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if piece.ends_with(b"\n") {
                self.finish(sink);
            }
        }
    }

    fn handle_end(&mut self, sink: &mut dyn FnMut(Record)) {
        self.finish(sink);
        self.format.end(sink);
    }
}
