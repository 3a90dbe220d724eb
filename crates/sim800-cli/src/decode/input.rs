//! The files of a capture, one or two.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sim800_capture::{Capture, Event, Format, Half, Merge, Reader, Unrecognized};
use smol::Timer;

use crate::args::Decode;
use crate::audience::Audience;
use crate::failure::Failure;
use crate::signals::interruptible;
use crate::source::open_source;

/// How much is read at once, in octets.
const READ: usize = 64 * 1024;

/// How often a file is looked at that may grow.
const LOOK: Duration = Duration::from_millis(100);

pub(super) struct Input {
    files: Files,
    buffer: Vec<u8>,
    /// What was read, in octets.
    octets: u64,
}

enum Files {
    One { file: Opened, reader: Reader, follows: Option<Audience> },
    Two { files: Box<[Opened; 2]>, merge: Box<Merge> },
}

struct Opened {
    path: PathBuf,
    file: File,
}

impl Input {
    pub(super) fn open(arguments: &Decode) -> Result<Self, Failure> {
        let reader = || arguments.format.map_or_else(Reader::new, Reader::with_format);
        let files = match &arguments.files[..] {
            [first, second] => {
                if arguments.follow {
                    return Err(Failure::usage("--follow takes one FILE"));
                }
                let files = Box::new([Opened::new(first)?, Opened::new(second)?]);
                Files::Two { files, merge: Box::new(Merge::new(reader(), reader())) }
            }
            [file, ..] => {
                let audience = || match arguments.outputs().next() {
                    None => Audience::of(io::stdout()),
                    Some(_) => Audience::of_nothing(),
                };
                let follows = arguments.follow.then(audience);
                Files::One { file: Opened::new(file)?, reader: reader(), follows }
            }
            [] => return Err(Failure::usage("which FILE?")),
        };
        Ok(Self { files, buffer: vec![0; READ], octets: 0 })
    }

    /// Whether there was nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.octets == 0
    }

    /// Reads on, and tells whether there may be more.
    pub(super) fn read(
        &mut self,
        capture: &mut Capture,
        sink: &mut dyn FnMut(Event),
    ) -> Result<bool, Failure> {
        let Self { files, buffer, octets } = self;
        match files {
            Files::One { file, reader, follows } => {
                let read = file.read(buffer)?;
                *octets += read.len() as u64;
                let feed = &mut |record| capture.handle_record(record, sink);
                if !read.is_empty() {
                    reader.handle_input(read, feed).map_err(|_| file.unrecognized())?;
                    return Ok(true);
                }
                if let Some(audience) = follows {
                    reader.handle_pause(feed);
                    // Whoever has seen enough ends it.
                    let look = audience.while_there(Timer::after(LOOK));
                    if smol::block_on(interruptible(look)).is_ok_and(|look| look.is_some()) {
                        return Ok(true);
                    }
                }
                reader.handle_end(feed).map_err(|_| file.unrecognized())?;
                capture.handle_end(sink);
                Ok(false)
            }
            Files::Two { files, merge } => {
                let [first, second] = &mut **files;
                let Some(half) = merge.wants() else {
                    capture.handle_end(sink);
                    return Ok(false);
                };
                let file = if half == Half::First { first } else { second };
                let read = file.read(buffer)?;
                *octets += read.len() as u64;
                let result = match read.is_empty() {
                    true => merge.handle_end(half, capture, sink),
                    false => merge.handle_input(half, read, capture, sink),
                };
                result.map_err(|Unrecognized { .. }| file.unrecognized())?;
                Ok(true)
            }
        }
    }
}

impl Opened {
    fn new(path: &Path) -> Result<Self, Failure> {
        let (file, _) = open_source(path)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Nothing at the end.
    fn read<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Failure> {
        loop {
            match self.file.read(buffer) {
                Ok(read) => return Ok(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::file("read", &self.path, &error)),
            }
        }
    }

    /// What would help.
    fn unrecognized(&self) -> Failure {
        let formats: Vec<_> = Format::all().map(Format::name).collect();
        Failure::new(
            "format",
            format!(
                "{} does not look like a capture: no line of it is a record, a command or a module's response; if it is one, \
                 name its format with --format ({})",
                self.path.display(),
                formats.join(", ")
            ),
        )
    }
}
