//! Where what was decoded goes: lines on stdout, a page, packets, files of payload.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sim800_capture::{Event, PayloadAs, Pcapng, Report, Summary};

use crate::args::{Decode, Payload};
use crate::failure::Failure;
use crate::output::Output;
use crate::printer::Printer;

/// Who may read what is written, in which there is more than a mask can know of.
const MODE: u32 = 0o600;

pub(super) struct Outlets {
    /// Lines, where nothing else was asked for.
    printer: Printer,
    prints: bool,
    html: Option<(Report, Written)>,
    pcapng: Option<(Pcapng, Written)>,
    extracts: Option<Extracts>,
    failure: Option<Failure>,
}

/// A file that is written.
struct Written {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Outlets {
    pub(super) fn open(arguments: &Decode, output: Output) -> Result<Self, Failure> {
        let prints = arguments.outputs().next().is_none();
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let title = arguments.files.iter().filter_map(name).collect::<Vec<_>>().join(" and ");
        let mut outlets = Self {
            printer: Printer::new(output, shown(arguments.payload.as_ref())),
            prints,
            html: None,
            pcapng: None,
            extracts: match &arguments.payload {
                Some(Payload::Files(prefix)) => Some(Extracts { prefix: prefix.clone(), count: 0 }),
                _ => None,
            },
            failure: None,
        };
        if let Some(path) = &arguments.html {
            let (report, start) = Report::new(&title);
            let mut file = Written::create(path)?;
            file.write(start.as_bytes())?;
            outlets.html = Some((report, file));
        }
        if let Some(path) = &arguments.pcapng {
            let (packets, start) = Pcapng::new();
            let mut file = Written::create(path)?;
            file.write(&start)?;
            outlets.pcapng = Some((packets, file));
        }
        Ok(outlets)
    }

    /// Writes payload to a file of its own, as it crossed, where that was asked for.
    pub(super) fn extract(&mut self, event: &Event) {
        if let Some(extracts) = &mut self.extracts {
            let result = extracts.take(event);
            self.note(result);
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        if self.failure.is_some() {
            return;
        }
        let html = self.html.as_mut().map(|(report, file)| file.write(report.event(event).as_bytes()));
        let pcapng = self.pcapng.as_mut().map(|(packets, file)| file.write(&packets.event(event)));
        [html, pcapng].into_iter().flatten().for_each(|result| self.note(result));
        if self.prints {
            self.printer.print(event);
        }
    }

    /// Tells what failed, and whether anybody still reads.
    pub(super) fn flush(&mut self) -> Result<ControlFlow<()>, Failure> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.printer.flush(),
        }
    }

    /// The capture has ended.
    pub(super) fn finish(mut self, summary: &Summary) -> Result<(), Failure> {
        if let Some((report, mut file)) = self.html.take() {
            file.write(report.finish(summary).as_bytes())?;
            file.finish()?;
        }
        if let Some((_, file)) = self.pcapng.take() {
            file.finish()?;
        }
        self.printer.summarize(summary);
        self.flush().map(|_| ())
    }

    fn note(&mut self, result: Result<(), Failure>) {
        if let Err(failure) = result {
            self.failure.get_or_insert(failure);
        }
    }
}

impl Written {
    fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::options().write(true).create(true).truncate(true).mode(MODE).open(path);
        let file = file.map_err(|error| Failure::file("write", path, &error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.file.write_all(octets).map_err(|error| Failure::file("write", &self.path, &error))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.file.flush().map_err(|error| Failure::file("write", &self.path, &error))
    }
}

/// The files that payload goes to.
struct Extracts {
    prefix: String,
    count: u32,
}

impl Extracts {
    fn take(&mut self, event: &Event) -> Result<(), Failure> {
        let Some(payload) = event.payload.as_ref().filter(|payload| payload.received > 0) else {
            return Ok(());
        };
        self.count += 1;
        let name = payload.name.as_deref().unwrap_or_default().trim_start_matches('+').to_ascii_lowercase();
        let separator = if name.is_empty() { "" } else { "-" };
        let path = PathBuf::from(format!("{}{:04}{separator}{name}", self.prefix, self.count));
        let write = || -> io::Result<()> {
            let mut file = File::options().write(true).create_new(true).mode(MODE).open(&path)?;
            file.write_all(&payload.octets)
        };
        write().map_err(|error| Failure::file("write", &path, &error))
    }
}

/// How the payload stands among the lines.
fn shown(payload: Option<&Payload>) -> PayloadAs {
    match payload {
        Some(Payload::Text) => PayloadAs::Text,
        Some(Payload::Hex) => PayloadAs::Hex,
        Some(Payload::Files(_)) | None => PayloadAs::Sum,
    }
}
