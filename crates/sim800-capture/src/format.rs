//! The formats that captures have.

mod arrows;
mod body;
mod channel;
mod lines;
mod log;
mod pcapng;
mod raw;
mod saleae;
mod sigrok;
mod socat;
mod stamp;
mod strace;
mod trace;

use std::fmt;

use crate::record::Record;

pub use trace::{write_record, write_remark, write_retry};

/// What a file of a capture looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// What [`write_record`] and [`write_retry`] write.
    Trace,
    /// The octets that a module sent, octet for octet.
    Raw,
    /// Lines of text, with or without times and arrows.
    Log,
    /// What socat writes to stderr with `-x` or `-v`.
    Socat,
    /// What strace writes with `-xx`.
    Strace,
    /// CSV of Saleae's Async Serial analyzer.
    Saleae,
    /// Annotations of sigrok's UART decoder.
    Sigrok,
    /// What [`Pcapng`](crate::Pcapng) writes.
    Pcapng,
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
    /// Whether it does not tell which side of the line is the module's, in a file that begins so.
    is_unsure: fn(&[u8]) -> bool,
    /// Its times are those of a clock, so that the first is the start.
    is_by_clock: bool,
}

/// In the order in which they are looked for.
const ROWS: &[&Row] =
    &[&pcapng::ROW, &trace::ROW, &strace::ROW, &socat::ROW, &saleae::ROW, &sigrok::ROW, &log::ROW, &raw::ROW];

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

    pub(crate) fn is_unsure(self, sample: &[u8]) -> bool {
        (self.row().is_unsure)(sample)
    }

    pub(crate) fn is_by_clock(self) -> bool {
        self.row().is_by_clock
    }

    fn row(self) -> &'static Row {
        match self {
            Self::Trace => &trace::ROW,
            Self::Raw => &raw::ROW,
            Self::Log => &log::ROW,
            Self::Socat => &socat::ROW,
            Self::Strace => &strace::ROW,
            Self::Saleae => &saleae::ROW,
            Self::Sigrok => &sigrok::ROW,
            Self::Pcapng => &pcapng::ROW,
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
