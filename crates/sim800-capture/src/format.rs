//! The formats that captures have.

mod dialogue;
mod lines;
mod raw;
mod trace;

use std::fmt;

use crate::record::Record;

pub use trace::{write_record, write_retry};

/// What a file of a capture looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// What [`write_record`] and [`write_retry`] write.
    Trace,
    /// The octets that a module sent, octet for octet.
    Raw,
}

/// Reads a file of one format.
pub(crate) trait Reading: fmt::Debug + Send {
    /// Takes the next octets of the file.
    fn handle_input(&mut self, octets: &[u8], sink: &mut dyn FnMut(Record));

    /// The file ends.
    fn handle_end(&mut self, _sink: &mut dyn FnMut(Record)) {}
}

/// What is known of a format.
struct Row {
    format: Format,
    name: &'static str,
    description: &'static str,
    /// Whether a file that begins so has it.
    fits: fn(&[u8]) -> bool,
    /// What reads a file that begins so.
    open: fn(&[u8]) -> Box<dyn Reading>,
}

/// In the order in which they are looked for.
const ROWS: &[&Row] = &[&trace::ROW, &raw::ROW];

impl Format {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.format)
    }

    /// One word in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().description
    }

    /// The one that a file has which begins with `sample`, if it is one.
    #[must_use]
    pub fn of(sample: &[u8]) -> Option<Self> {
        ROWS.iter().find(|row| (row.fits)(sample)).map(|row| row.format)
    }

    /// What reads a file that begins with `sample`.
    pub(crate) fn open(self, sample: &[u8]) -> Box<dyn Reading> {
        (self.row().open)(sample)
    }

    fn row(self) -> &'static Row {
        match self {
            Self::Trace => &trace::ROW,
            Self::Raw => &raw::ROW,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_a_row_and_a_name_of_its_own() {
        for (n, format) in Format::all().enumerate() {
            assert_eq!(format.row().format, format);
            assert!(Format::all().skip(n + 1).all(|other| other.name() != format.name()));
        }
    }
}
