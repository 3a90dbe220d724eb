//! `sim800 decode`.

use std::io::{self, BufWriter, IsTerminal, Read, StdoutLock, Write};
use std::ops::ControlFlow;

use console::colors_enabled;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use sim800_capture::{Capture, Direction, Event, Kind, TraceReader};
use sim800_command::Mask;
use sim800_parser::Value as LineValue;

use crate::args::Decode;
use crate::checksum::hexadecimal;
use crate::dialogue::text;
use crate::failure::Failure;
use crate::output::{Output, seconds};
use crate::source::open_source;
use crate::terminal::ascii;

/// How much is read at once, in octets.
const READ: usize = 8192;

pub(crate) fn run(arguments: &Decode, output: Output) -> Result<(), Failure> {
    let path = arguments.file.as_path();
    let unreadable = |error| Failure::file("read", path, &error);
    let (mut file, _) = open_source(path)?;
    let mut reader =
        if arguments.raw { Reader::Raw(Capture::new()) } else { Reader::Trace(TraceReader::new()) };
    let mut printer = Printer::new(output.json, !arguments.raw, arguments.show_secrets);
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
        reader.handle_input(&buffer[..read], &mut |event| printer.print(event));
        if printer.flush()?.is_break() {
            return Ok(());
        }
    }
    reader.handle_end(&mut |event| printer.print(event));
    if printer.flush()?.is_break() {
        return Ok(());
    }
    if is_empty {
        output.remark("there is nothing in it");
    } else if let Reader::Trace(reader) = reader
        && reader.records() == 0
    {
        output.remark(
            "no line of it is a record of a trace; a plain capture of what a module sent is read with --raw",
        );
    }
    Ok(())
}

/// What knows the format.
enum Reader {
    Trace(TraceReader),
    Raw(Capture),
}

impl Reader {
    fn handle_input(&mut self, octets: &[u8], sink: &mut dyn FnMut(Event)) {
        match self {
            Self::Trace(reader) => reader.handle_input(octets, sink),
            Self::Raw(capture) => capture.handle_octets(None, Direction::Received, octets, sink),
        }
    }

    fn handle_end(&mut self, sink: &mut dyn FnMut(Event)) {
        match self {
            Self::Trace(reader) => reader.handle_end(sink),
            Self::Raw(capture) => capture.handle_end(sink),
        }
    }
}

/// Puts events on stdout, one per line.
struct Printer {
    stdout: BufWriter<StdoutLock<'static>>,
    json: bool,
    /// There are times to show.
    timed: bool,
    /// Stdout is a terminal, and nobody minds colours.
    colored: bool,
    /// Nothing is masked.
    show_secrets: bool,
    /// The first failure; nothing is printed after it.
    failure: Option<io::Error>,
}

impl Printer {
    fn new(json: bool, timed: bool, show_secrets: bool) -> Self {
        let colored = io::stdout().is_terminal() && colors_enabled();
        let stdout = BufWriter::new(io::stdout().lock());
        Self { stdout, json, timed, colored, show_secrets, failure: None }
    }

    fn print(&mut self, mut event: Event) {
        if self.failure.is_some() {
            return;
        }
        if !self.show_secrets {
            Mask::default().mask(&mut event.text);
        }
        let event = &event;
        // A blank line is there for programs that count octets; people see nothing in it.
        let line = match self.json {
            true => json(event),
            false if event.kind == Kind::Blank => return,
            false => Ok(text(event, self.timed, self.colored)),
        };
        self.failure = line.and_then(|line| writeln!(self.stdout, "{line}")).err();
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

/// One object on one line, its octets the characters U+0000 to U+00FF as in a trace.
pub(crate) fn json(event: &Event) -> io::Result<String> {
    let direction = event.direction.map(|direction| match direction {
        Direction::Sent => "tx",
        Direction::Received => "rx",
    });
    let values: Vec<Value> = event
        .values()
        .map(|value| match value {
            LineValue::Number(number) => number.into(),
            LineValue::Quoted(text) | LineValue::Bare(text) => characters(text).into(),
            _ => Value::Null,
        })
        .collect();
    let payload = event.payload.as_ref();
    let mut line = Vec::new();
    let mut json = serde_json::Serializer::new(&mut line);
    let mut object = json.serialize_map(None)?;
    object.serialize_entry("t", &event.time.map(seconds))?;
    object.serialize_entry("dir", &direction)?;
    object.serialize_entry("event", event.kind.name())?;
    object.serialize_entry("name", &event.name())?;
    object.serialize_entry("values", &values)?;
    object.serialize_entry("text", &characters(&event.text))?;
    object.serialize_entry("octets", &payload.and_then(|payload| payload.announced))?;
    object.serialize_entry("received", &event.octets)?;
    object.serialize_entry("sha256", &payload.map(|payload| hexadecimal(&payload.sha256)))?;
    object.serialize_entry("error", &event.is_error)?;
    object.serialize_entry("meaning", &event.meaning)?;
    object.end()?;
    Ok(ascii(&String::from_utf8_lossy(&line)))
}

fn characters(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}
