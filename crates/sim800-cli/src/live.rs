//! The line as it goes on, decoded, on stdout.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::time::Duration;

use console::colors_enabled;
use sim800_capture::{Capture, Event, Kind};
use sim800_session::{Direction, Trace};

use crate::decode::json;
use crate::dialogue::{fault, text};
use crate::failure::Failure;
use crate::recorder::Witness;

/// Shows the events of a line, one per line.
pub(crate) struct Live {
    capture: Capture,
    printer: Printer,
}

struct Printer {
    stdout: BufWriter<Stdout>,
    json: bool,
    colored: bool,
    /// The first failure; nothing is printed after it.
    failure: Option<io::Error>,
}

impl Live {
    pub(crate) fn new(json: bool) -> Self {
        let colored = io::stdout().is_terminal() && colors_enabled();
        let stdout = BufWriter::new(io::stdout());
        Self { capture: Capture::new(), printer: Printer { stdout, json, colored, failure: None } }
    }
}

impl Printer {
    fn event(&mut self, event: &Event) {
        match self.json {
            true => self.line(json(event)),
            // People see nothing in a blank line.
            false if event.kind == Kind::Blank => {}
            false => self.line(Ok(text(event, true, self.colored))),
        }
    }

    fn line(&mut self, line: io::Result<String>) {
        if self.failure.is_none() {
            self.failure = line.and_then(|line| writeln!(self.stdout, "{line}")).err();
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        match self.failure.take().map_or_else(|| self.stdout.flush(), Err) {
            Ok(()) => Ok(()),
            Err(error) => Err(Failure::stdout(&error)),
        }
    }
}

impl Trace for Live {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let Self { capture, printer } = self;
        capture.handle_octets(Some(now), direction, octets, &mut |event| printer.event(&event));
    }
}

impl Witness for Live {
    fn fault(&mut self, now: Duration, text: &str) {
        if !self.printer.json {
            self.printer.line(Ok(fault(now, text, self.printer.colored)));
        }
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.printer.flush()
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Self { capture, printer } = self;
        capture.handle_end(&mut |event| printer.event(&event));
        printer.flush()
    }
}
