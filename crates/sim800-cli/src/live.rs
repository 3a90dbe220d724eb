//! The line as it goes on, decoded, on stdout.

use std::ops::ControlFlow;
use std::time::Duration;

use sim800_capture::{Capture, PayloadAs, Record};
use sim800_session::{Direction, Trace};

use crate::failure::Failure;
use crate::output::Output;
use crate::printer::Printer;
use crate::recorder::Witness;

/// Shows the events of a line, one per line.
pub(crate) struct Live {
    capture: Capture,
    printer: Printer,
}

impl Live {
    pub(crate) fn new(output: Output) -> Self {
        Self { capture: Capture::new(), printer: Printer::new(output, PayloadAs::Sum) }
    }
}

impl Trace for Live {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let Self { capture, printer } = self;
        capture.handle_octets(Some(now), direction, octets, &mut |event| printer.print(&event));
    }
}

impl Witness for Live {
    fn remark(&mut self, now: Duration, text: &str) {
        let Self { capture, printer } = self;
        let remark = Record::remark(Some(now), text.as_bytes());
        capture.handle_record(remark, &mut |event| printer.print(&event));
    }

    fn pause(&mut self) -> Result<ControlFlow<()>, Failure> {
        self.printer.flush()
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Self { capture, printer } = self;
        capture.handle_end(&mut |event| printer.print(&event));
        printer.flush().map(drop)
    }
}
