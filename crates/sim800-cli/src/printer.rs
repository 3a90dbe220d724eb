//! Lines on stdout.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::ops::ControlFlow;

use console::colors_enabled;
use sim800_capture::{Event, PayloadAs, Summary, Text, json};

use crate::failure::Failure;
use crate::output::Output;

/// Puts events on stdout, one after another.
pub(crate) struct Printer {
    stdout: BufWriter<Stdout>,
    output: Output,
    text: Text,
    is_first: bool,
    /// The first failure; nothing is printed after it.
    failure: Option<io::Error>,
}

impl Printer {
    pub(crate) fn new(output: Output, payload: PayloadAs) -> Self {
        let colored = io::stdout().is_terminal() && colors_enabled();
        let stdout = BufWriter::new(io::stdout());
        let text = Text::new().colored(colored).with_payload(payload);
        Self { stdout, output, text, is_first: true, failure: None }
    }

    pub(crate) fn print(&mut self, event: &Event) {
        // A blank line is there for programs that count octets; people see nothing in it.
        let lines = if self.output.json { Some(json(event)) } else { self.text.render(event) };
        if let Some(lines) = lines {
            self.write(&format!("{lines}\n"));
        }
    }

    /// Says what the capture comes to.
    pub(crate) fn summarize(&mut self, summary: &Summary) {
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
    pub(crate) fn flush(&mut self) -> Result<ControlFlow<()>, Failure> {
        match self.failure.take().map_or_else(|| self.stdout.flush(), Err) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(Failure::stdout(&error)),
        }
    }
}
