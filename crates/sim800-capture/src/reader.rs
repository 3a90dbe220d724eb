//! A file of a capture, read as it comes.

use std::fmt;

use crate::format::{Format, Reading};
use crate::record::Record;
use crate::sides::Sides;
use crate::start::Start;

/// How much of a file is looked at for its format, in octets.
const SAMPLE: usize = 64 * 1024;

/// Reads a capture of any [`Format`]: octets of the file in, records out.
///
/// Times count from the first one on where the file tells them by a clock.
#[derive(Debug, Default)]
pub struct Reader {
    /// The format that it has to be.
    forced: Option<Format>,
    /// What was read before the format was known.
    sample: Vec<u8>,
    reading: Option<Open>,
    /// Times stay those of the clock.
    keeps_clock: bool,
}

/// A file whose format is known.
#[derive(Debug)]
struct Open {
    format: Format,
    reading: Box<dyn Reading>,
    /// What finds out which side is the module's, where the format does not tell.
    sides: Option<Sides>,
    start: Start,
}

impl Open {
    fn read(
        &mut self,
        read: impl FnOnce(&mut dyn Reading, &mut dyn FnMut(Record)),
        sink: &mut dyn FnMut(Record),
    ) {
        let Self { reading, sides, start, .. } = self;
        let mut count = |mut record: Record| {
            start.count(&mut record);
            sink(record);
        };
        match sides {
            Some(sides) => read(&mut **reading, &mut |record| sides.take(record, &mut count)),
            None => read(&mut **reading, &mut count),
        }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Record)) {
        self.read(|reading, sink| reading.handle_end(sink), sink);
        let Self { sides, start, .. } = self;
        if let Some(sides) = sides {
            sides.finish(&mut |mut record| {
                start.count(&mut record);
                sink(record);
            });
        }
    }
}

/// A file has none of the formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unrecognized;

impl fmt::Display for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no format of captures is recognized, and no line is a command or a response of a module")
    }
}

impl std::error::Error for Unrecognized {}

impl Reader {
    /// A file whose format its content tells.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A file of this format.
    #[must_use]
    pub fn with_format(format: Format) -> Self {
        Self { forced: Some(format), ..Self::default() }
    }

    /// Leaves the times as a clock told them, for captures of one line that are merged.
    #[must_use]
    pub fn keeping_clock(self) -> Self {
        Self { keeps_clock: true, ..self }
    }

    /// The format, as soon as it is known.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        self.reading.as_ref().map(|open| open.format)
    }

    /// Takes the next octets of the file, and hands `sink` the records that are complete. Nothing is handed out before there is
    /// enough to know the format by.
    ///
    /// # Errors
    ///
    /// When there is enough, and it is none.
    pub fn handle_input(&mut self, octets: &[u8], sink: &mut dyn FnMut(Record)) -> Result<(), Unrecognized> {
        if let Some(open) = &mut self.reading {
            open.read(|reading, sink| reading.handle_input(octets, sink), sink);
            return Ok(());
        }
        self.sample.extend_from_slice(octets);
        if self.sample.len() < SAMPLE { Ok(()) } else { self.recognize(sink) }
    }

    /// Nothing more is there for now: what there is has to do to know the format by. A file without a format may get one.
    pub fn handle_pause(&mut self, sink: &mut dyn FnMut(Record)) {
        if self.reading.is_none() {
            // Unless more comes, that is said at the end.
            let _ = self.recognize(sink);
        }
    }

    /// The file ends: what is not complete is handed out as far as it is there.
    ///
    /// # Errors
    ///
    /// When it has none of the formats; an empty one has no need of any.
    pub fn handle_end(&mut self, sink: &mut dyn FnMut(Record)) -> Result<(), Unrecognized> {
        if self.reading.is_none() && !self.sample.is_empty() {
            self.recognize(sink)?;
        }
        if let Some(open) = &mut self.reading {
            open.end(sink);
        }
        Ok(())
    }

    fn recognize(&mut self, sink: &mut dyn FnMut(Record)) -> Result<(), Unrecognized> {
        // However much was read at once, as much is looked at.
        let looked_at = self.sample.get(..SAMPLE).unwrap_or(&self.sample);
        let format = self.forced.or_else(|| Format::of(looked_at)).ok_or(Unrecognized)?;
        let reading = format.open(looked_at);
        let sides = format.is_unsure(looked_at).then(Sides::default);
        let start = if format.is_by_clock() && !self.keeps_clock { Start::First } else { Start::Zero };
        let sample = std::mem::take(&mut self.sample);
        let open = self.reading.insert(Open { format, reading, sides, start });
        open.read(|reading, sink| reading.handle_input(&sample, sink), sink);
        Ok(())
    }
}
