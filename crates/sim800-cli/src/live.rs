//! The line as it goes on, decoded, on stdout.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::ops::ControlFlow;
use std::time::Duration;

use console::colors_enabled;
use sim800_capture::{Capture, Event, Record, Text, json};
use sim800_session::{Direction, Trace};

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
    text: Text,
    /// The first failure; nothing is printed after it.
    failure: Option<io::Error>,
}

impl Live {
    pub(crate) fn new(json: bool) -> Self {
        let text = Text::new().colored(io::stdout().is_terminal() && colors_enabled());
        let stdout = BufWriter::new(io::stdout());
        Self { capture: Capture::new(), printer: Printer { stdout, json, text, failure: None } }
    }
}

impl Printer {
    fn event(&mut self, event: &Event) {
        if self.failure.is_none() {
            let lines = if self.json { Some(json(event)) } else { self.text.render(event) };
            self.failure = lines.and_then(|lines| writeln!(self.stdout, "{lines}").err());
        }
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

impl Trace for Live {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let Self { capture, printer } = self;
        capture.handle_octets(Some(now), direction, octets, &mut |event| printer.event(&event));
    }
}

impl Witness for Live {
    fn remark(&mut self, now: Duration, text: &str) {
        let Self { capture, printer } = self;
        let remark = Record::remark(Some(now), text.as_bytes());
        capture.handle_record(remark, &mut |event| printer.event(&event));
    }

    fn pause(&mut self) -> Result<ControlFlow<()>, Failure> {
        self.printer.flush()
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Self { capture, printer } = self;
        capture.handle_end(&mut |event| printer.event(&event));
        printer.flush().map(drop)
    }
}
