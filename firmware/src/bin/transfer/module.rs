//! One command after the other, without a clock and without a queue: the least that a driver is.

use core::fmt;

use sim800_command::{Command, CommandLine, HttpStatus, InvalidValue, TooLong, Vocabulary};
use sim800_firmware::{FIFO, Uart};
use sim800_parser::{Event, Expect, FinalResultCode, Framer};

/// The module on the UART.
pub(crate) struct Module {
    uart: Uart,
    framer: Framer<256, Vocabulary>,
}

impl Module {
    pub(crate) fn new(uart: Uart) -> Self {
        Self { uart, framer: Framer::with_dialect(Vocabulary) }
    }

    /// Sends `command` and waits for its `OK`.
    pub(crate) fn execute(&mut self, command: &impl Command) -> Result<(), Failure> {
        self.execute_with(command, |_| {})
    }

    /// The same, and `look` sees what comes meanwhile.
    // Inlined, the lines of all commands would be on the stack at the same time.
    #[inline(never)]
    pub(crate) fn execute_with<C: Command>(
        &mut self,
        command: &C,
        mut look: impl FnMut(&Event<'_>),
    ) -> Result<(), Failure> {
        let mut line = CommandLine::empty();
        line.encode(command)?;
        self.exchange(C::SPEC.name, &line, command.expect(), &mut look)
    }

    /// Not generic, so that it is there once and not for every command.
    fn exchange(
        &mut self,
        command: &'static str,
        line: &CommandLine,
        expect: Expect,
        look: &mut dyn FnMut(&Event<'_>),
    ) -> Result<(), Failure> {
        self.framer.begin(expect);
        self.uart.send(line.as_bytes());
        loop {
            match self.receive(look).map_err(|failure| failure.at(command))? {
                None => {}
                Some(FinalResultCode::Ok) => return Ok(()),
                Some(code) => return Err(Failure::Rejected { command, code }),
            }
        }
    }

    /// Waits for octets; the final result code, if it was among them.
    pub(crate) fn receive(
        &mut self,
        look: &mut dyn FnMut(&Event<'_>),
    ) -> Result<Option<FinalResultCode>, Failure> {
        let mut octets = [0; FIFO];
        let mut input = self.uart.receive(&mut octets).map_err(Failure::Line)?.ok_or(Failure::Silence)?;
        let mut result = None;
        while let Some(event) = self.framer.next(&mut input) {
            if let Event::Final { code, .. } = event {
                result = Some(code);
            }
            look(&event);
        }
        Ok(result)
    }
}

/// Why there is no file.
#[derive(Debug)]
pub(crate) enum Failure {
    Invalid(InvalidValue),
    TooLong(TooLong),
    /// The UART lost octets or saw none that were whole.
    Line(arm_pl011_uart::Error),
    /// Nothing came for long.
    Silence,
    /// Nothing came for long that would end this command.
    NoResult {
        command: &'static str,
    },
    Rejected {
        command: &'static str,
        code: FinalResultCode,
    },
    NotAttached,
    Status(HttpStatus),
    Short {
        length: u32,
        got: u32,
    },
}

impl Failure {
    fn at(self, command: &'static str) -> Self {
        match self {
            Self::Silence => Self::NoResult { command },
            other => other,
        }
    }
}

impl From<InvalidValue> for Failure {
    fn from(error: InvalidValue) -> Self {
        Self::Invalid(error)
    }
}

impl From<TooLong> for Failure {
    fn from(error: TooLong) -> Self {
        Self::TooLong(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => write!(f, "{error}"),
            Self::TooLong(error) => write!(f, "{error}"),
            Self::Line(error) => write!(f, "the line: {error:?}"),
            Self::Silence => write!(f, "the module is silent"),
            Self::NoResult { command } => write!(f, "the module is silent after AT{command}"),
            Self::Rejected { command, code } => write!(f, "AT{command} was answered with {code}"),
            Self::NotAttached => write!(f, "the module is not attached to GPRS"),
            Self::Status(status) => write!(f, "HTTP status {status}"),
            Self::Short { length, got } => write!(f, "{got} octets of {length}"),
        }
    }
}
