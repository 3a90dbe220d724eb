//! Lines on stdout.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::ops::ControlFlow;

use console::colors_enabled;
use sim800_capture::{Event, PayloadAs, Summary, Text, json};

use crate::args::Payload;
use crate::failure::Failure;
use crate::output::Output;

/// Puts events on stdout, one after another.
pub(super) struct Printer {
    stdout: BufWriter<StdoutLock<'static>>,
    output: Output,
    text: Text,
    is_first: bool,
    /// The first failure; nothing is printed after it.
    failure: Option<io::Error>,
}

impl Printer {
    pub(super) fn new(output: Output, payload: Option<&Payload>) -> Self {
        let payload = match payload {
            Some(Payload::Text) => PayloadAs::Text,
            Some(Payload::Hex) => PayloadAs::Hex,
            Some(Payload::Files(_)) | None => PayloadAs::Sum,
        };
        let colored = io::stdout().is_terminal() && colors_enabled();
        let stdout = BufWriter::new(io::stdout().lock());
        let text = Text::new().colored(colored).with_payload(payload);
        Self { stdout, output, text, is_first: true, failure: None }
    }

    pub(super) fn print(&mut self, event: &Event) {
        // A blank line is there for programs that count octets; people see nothing in it.
        let lines = if self.output.json { Some(json(event)) } else { self.text.render(event) };
        if let Some(lines) = lines {
            self.write(&format!("{lines}\n"));
        }
    }

    /// Says what the capture comes to.
    pub(super) fn summarize(&mut self, summary: &Summary) {
        if self.output.json {
            self.write(&format!("{}\n", summary.json()));
        } else if !self.output.quiet {
            let gap = if self.is_first { "" } else { "\n" };
            self.write(&format!("{gap}{}", summary.text()));
        }
    }

    fn write(&mut self, text: &str) {
        self.is_first = false;
        if self.failure.is_none() {
            self.failure = self.stdout.write_all(text.as_bytes()).err();
        }
    }

    /// Whoever reads a pipe may have seen enough (`| head`): that breaks it off without being a failure.
    pub(super) fn flush(&mut self) -> Result<ControlFlow<()>, Failure> {
        match self.failure.take().map_or_else(|| self.stdout.flush(), Err) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(Failure::stdout(&error)),
        }
    }
}
