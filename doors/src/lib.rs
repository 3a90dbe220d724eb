//! What the author of another driver does: commands that the table does not have, and lines that only their module sends.
//!
//! Nothing here is of the project's workspace, so that what is not public does not compile.
#![no_std]
#![forbid(unsafe_code)]

use core::time::Duration;

use sim800_command::{
    BodyEnd, Claim, Command, DataPhase, Encoder, Expect, Form, Header, InvalidValue, Line, Malformed,
    Parameter, Spec, Text, Vocabulary, time_limit,
};
use sim800_parser::Dialect;

/// `AT+CADC?`: information text.
#[derive(Clone, Copy, Debug)]
pub struct Adc;

/// What the analogue input measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Whether it can be relied on.
    pub is_good: bool,
    /// In millivolts.
    pub voltage: u16,
}

impl Command for Adc {
    const SPEC: &'static Spec = &Spec::new("+CADC", Form::Read);

    type Response<'a> = Measurement;

    fn encode(&self, _line: &mut Encoder<'_>) {}

    fn expect(&self) -> Expect {
        Expect::result().with_information(Claim::named("+CADC", |values| values.count() == 2))
    }

    fn time_limit(&self) -> Duration {
        time_limit::UNSTATED
    }

    fn response<'a>(&self, lines: &[Line<'a>]) -> Result<Measurement, Malformed> {
        let measurement = || {
            let mut values = lines.first()?.values();
            let status: u8 = values.next_number()?;
            Some(Measurement { is_good: status == 1, voltage: values.next_number()? })
        };
        measurement().ok_or(Malformed::new(Self::SPEC, "<status>,<value>"))
    }
}

/// `AT+CMGS="<da>"`: a prompt and a body that Ctrl-Z ends. What it answers is the reference of the message.
#[derive(Clone, Copy, Debug)]
pub struct SendMessage<'a> {
    /// The number it goes to.
    number: Text<'a, 20>,
}

impl<'a> SendMessage<'a> {
    /// A message to `number`.
    pub fn to(number: &'a str) -> Result<Self, InvalidValue> {
        Ok(Self { number: Text::new(number)? })
    }
}

impl Command for SendMessage<'_> {
    const SPEC: &'static Spec = &Spec::new("+CMGS", Form::Write);

    type Response<'a> = u8;

    fn encode(&self, line: &mut Encoder<'_>) {
        self.number.encode(line);
    }

    fn expect(&self) -> Expect {
        Expect::result()
            .with_information(Claim::named("+CMGS", |values| values.count() == 1))
            .with_data(DataPhase::Prompted)
    }

    fn body_end(&self) -> BodyEnd {
        BodyEnd::CtrlZ
    }

    fn time_limit(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn response<'a>(&self, lines: &[Line<'a>]) -> Result<u8, Malformed> {
        let reference = lines.first().and_then(|line| line.values().next_number());
        reference.ok_or(Malformed::new(Self::SPEC, "<mr>"))
    }
}

/// `AT+CIPRXGET=2,<id>,<length>`: counted payload behind a header of four values.
#[derive(Clone, Copy, Debug)]
pub struct Receive {
    /// The connection.
    pub connection: u32,
    /// The most octets, up to 1460.
    pub at_most: u32,
}

impl Command for Receive {
    const SPEC: &'static Spec = &Spec::new("+CIPRXGET", Form::Write);

    /// How many octets are left in the module.
    type Response<'a> = u32;

    fn encode(&self, line: &mut Encoder<'_>) {
        line.word("2");
        line.number(self.connection);
        line.number(self.at_most);
    }

    fn expect(&self) -> Expect {
        // The number of the connection is known at run time only, and a value as good as any.
        let header = Header::new("+CIPRXGET: 2,").selected_by(self.connection).followed_by(1);
        Expect::result().with_data(DataPhase::Announced { header, at_most: self.at_most })
    }

    fn time_limit(&self) -> Duration {
        time_limit::UNSTATED
    }

    fn response<'a>(&self, lines: &[Line<'a>]) -> Result<u32, Malformed> {
        let left = lines.first().and_then(|line| line.values().nth(3)?.number()?.try_into().ok());
        left.ok_or(Malformed::new(Self::SPEC, "2,<id>,<length>,<left>"))
    }
}

/// The lines of a SIM800, and those of a module with satellite navigation whose TCP data comes unasked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Navigating;

const PUSHED: &[(Header, u32)] = &[(Header::new("+IPD,").ended_by(":"), 1460)];

impl Dialect for Navigating {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        line.name() == Some("+UGNSINF") || Vocabulary.is_unsolicited(line)
    }

    fn is_whole(&self, line: Line<'_>) -> bool {
        Vocabulary.is_whole(line)
    }

    fn takes_continuation(&self, line: Line<'_>) -> bool {
        Vocabulary.takes_continuation(line)
    }

    fn headers(&self) -> &[(Header, u32)] {
        PUSHED
    }
}
