//! `sim800 decode`.

use std::io::{self, BufWriter, IsTerminal, Read, StdoutLock, Write};
use std::ops::ControlFlow;
use std::path::Path;

use console::colors_enabled;
use sim800_capture::{Capture, Event, Format, Reader, Text, json};

use crate::args::Decode;
use crate::failure::Failure;
use crate::output::Output;
use crate::source::open_source;

/// How much is read at once, in octets.
const READ: usize = 8192;

pub(crate) fn run(arguments: &Decode, output: Output) -> Result<(), Failure> {
    let path = arguments.file.as_path();
    let unreadable = |error| Failure::file("read", path, &error);
    let (mut file, _) = open_source(path)?;
    let mut reader = arguments.format.map_or_else(Reader::new, Reader::with_format);
    let mut capture = Capture::new();
    let mut printer = Printer::new(output.json, arguments.show_secrets);
    let mut buffer = vec![0; READ];
    let mut is_empty = true;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        is_empty = false;
        let sink = &mut |record| capture.handle_record(record, &mut |event| printer.print(event));
        reader.handle_input(&buffer[..read], sink).map_err(|_| unrecognized(path))?;
        if printer.flush()?.is_break() {
            return Ok(());
        }
    }
    let sink = &mut |record| capture.handle_record(record, &mut |event| printer.print(event));
    reader.handle_end(sink).map_err(|_| unrecognized(path))?;
    capture.handle_end(&mut |event| printer.print(event));
    if printer.flush()?.is_break() {
        return Ok(());
    }
    if is_empty {
        output.remark("there is nothing in it");
    }
    Ok(())
}

/// What would help.
fn unrecognized(path: &Path) -> Failure {
    let formats: Vec<_> = Format::all().map(Format::name).collect();
    Failure::new(
        "format",
        format!(
            "{} is no capture that is recognized: no line of it is a record, a command or a response of a module; if it is one \
             all the same, give its format with --format ({})",
            path.display(),
            formats.join(", ")
        ),
    )
}

/// Puts events on stdout, one per line.
struct Printer {
    stdout: BufWriter<StdoutLock<'static>>,
    json: bool,
    text: Text,
    /// Nothing is masked.
    show_secrets: bool,
    /// The first failure; nothing is printed after it.
    failure: Option<io::Error>,
}

impl Printer {
    fn new(json: bool, show_secrets: bool) -> Self {
        let colored = io::stdout().is_terminal() && colors_enabled();
        let stdout = BufWriter::new(io::stdout().lock());
        let text = Text::new().colored(colored);
        Self { stdout, json, text, show_secrets, failure: None }
    }

    fn print(&mut self, mut event: Event) {
        if self.failure.is_some() {
            return;
        }
        if !self.show_secrets {
            event.mask();
        }
        let lines = if self.json { Some(json(&event)) } else { self.text.render(&event) };
        self.failure = lines.and_then(|lines| writeln!(self.stdout, "{lines}").err());
    }

    /// Whoever reads a pipe may have seen enough (`| head`): that breaks it off without being a failure.
    fn flush(&mut self) -> Result<ControlFlow<()>, Failure> {
        match self.failure.take().map_or_else(|| self.stdout.flush(), Err) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(Failure::stdout(&error)),
        }
    }
}
