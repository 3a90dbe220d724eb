//! The general commands: the shape of lines, the serial port, identity, profiles, and settings that are kept and no more.

use std::num::NonZeroU32;

use sim800_command::{Form, Id};

use crate::board::{Board, Outcome, Step};
use crate::clock::Clock;
use crate::config::{Config, Messages, Start};
use crate::message;
use crate::radio::Radio;
use crate::refusal::{Cme, Refusal};
use crate::response::{Format, Output};
use crate::syntax::Command;

/// The rates of `AT+IPR` (manual 2.2.41).
const RATES: [u32; 11] = [0, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800];

/// Registers `S0` to `S12` at first (V.250).
const REGISTERS: [u8; 13] = [0, 0, 43, 13, 10, 8, 2, 60, 2, 6, 14, 95, 50];

/// A setting that changes nothing that is emulated, but that programs set and read back.
struct Kept {
    name: &'static str,
    /// One per parameter.
    defaults: &'static [&'static str],
    test: &'static str,
}

const KEPT: [Kept; 9] = [
    Kept { name: "+CNMI", defaults: &["2", "1", "0", "0", "0"], test: "(0-3),(0-3),(0,2),(0-2),(0,1)" },
    Kept { name: "+CMGF", defaults: &["0"], test: "(0,1)" },
    Kept {
        name: "+CSCS",
        defaults: &["\"IRA\""],
        test: "(\"IRA\",\"GSM\",\"UCS2\",\"HEX\",\"PCCP\",\"PCDN\",\"8859-1\")",
    },
    Kept { name: "+CSDH", defaults: &["0"], test: "(0,1)" },
    Kept { name: "+CLTS", defaults: &["0"], test: "(0,1)" },
    Kept { name: "+CIURC", defaults: &["1"], test: "(0,1)" },
    Kept { name: "+CFGRI", defaults: &["0"], test: "(0-2)" },
    Kept { name: "+CSCLK", defaults: &["0"], test: "(0-2)" },
    Kept { name: "+ICF", defaults: &["3", "3"], test: "(1-6),(0-4)" },
];

/// The longest value that is kept.
const LONGEST_KEPT: usize = 32;

/// What `AT&W` stores, and `ATZ` and a restart bring back.
#[derive(Clone)]
struct Profile {
    format: Format,
    /// `AT+CREG=<n>` and `AT+CGREG=<n>`.
    reports: (u8, u8),
    registers: [u8; 13],
    /// The values of [`KEPT`], in its order.
    kept: Vec<Vec<String>>,
}

impl Profile {
    fn factory() -> Self {
        Self {
            format: Format { echo: true, verbose: true, quiet: false, errors: 0 },
            reports: (0, 0),
            registers: REGISTERS,
            kept: KEPT.iter().map(|kept| kept.defaults.iter().map(|&value| value.into()).collect()).collect(),
        }
    }

    fn route_messages(&mut self, messages: Messages) {
        let (mt, mode) = match messages {
            Messages::Stored => ("1", "0"),
            Messages::Pdu => ("2", "0"),
            Messages::Text => ("2", "1"),
        };
        for (kept, values) in KEPT.iter().zip(&mut self.kept) {
            match (kept.name, &mut values[..]) {
                ("+CNMI", [_, routing, ..]) => *routing = mt.to_owned(),
                ("+CMGF", [format]) => *format = mode.to_owned(),
                _ => {}
            }
        }
    }
}

/// The values of one of [`KEPT`].
fn setting<'a>(kept: &'a [Vec<String>], name: &str) -> Option<&'a Vec<String>> {
    kept.get(KEPT.iter().position(|kept| kept.name == name)?)
}

pub(crate) struct General {
    stored: Profile,
    registers: [u8; 13],
    kept: Vec<Vec<String>>,
    /// Neither a profile nor a restart touches these two.
    rate: u32,
    flow: (u8, u8),
    clock: Clock,
    /// How many short messages have come.
    messages: u16,
}

impl General {
    pub(crate) fn new(config: &Config) -> Self {
        let mut stored = Profile::factory();
        stored.format.echo = config.echo;
        stored.route_messages(config.messages);
        Self {
            registers: stored.registers,
            kept: stored.kept.clone(),
            stored,
            rate: if config.start == Start::Autobaud { 0 } else { config.rate },
            flow: (0, 0),
            clock: Clock::default(),
            messages: 0,
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.stored.format
    }

    /// Whether the next start finds the rate by itself.
    pub(crate) fn is_autobauding(&self) -> bool {
        self.rate == 0
    }

    /// The rate in bit/s, unless it is found at the start.
    pub(crate) fn fixed_rate(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.rate)
    }

    pub(crate) fn set_rate(&mut self, rate: u32) {
        self.rate = rate;
    }

    /// The echo of the next start.
    pub(crate) fn store_echo(&mut self, on: bool) {
        self.stored.format.echo = on;
    }

    /// Back to what is stored.
    pub(crate) fn restart(&mut self, output: &mut Output, radio: &mut Radio) {
        let stored = self.stored.clone();
        self.apply(stored, output, radio);
    }

    fn apply(&mut self, profile: Profile, output: &mut Output, radio: &mut Radio) {
        output.format = profile.format;
        radio.set_reports(profile.reports);
        self.registers = profile.registers;
        self.kept = profile.kept;
    }

    /// `ATZ`, `AT&F`, `AT&W`, `AT&V`
    pub(crate) fn profile(&mut self, command: &Command, board: &mut Board, radio: &mut Radio) -> Outcome {
        command.basic_value(0..=0)?;
        match command.name.as_str() {
            "Z" => self.restart(&mut board.output, radio),
            "&F" => self.apply(Profile::factory(), &mut board.output, radio),
            "&W" => {
                self.stored = Profile {
                    format: board.output.format,
                    reports: radio.reports(),
                    registers: self.registers,
                    kept: self.kept.clone(),
                };
            }
            _ => {
                let Format { echo, verbose, quiet, errors } = board.output.format;
                let text = format!(
                    "ACTIVE PROFILE\r\nE: {}\r\nQ: {}\r\nV: {}\r\n+CMEE: {errors}\r\n+IPR: {}\r\n+IFC: {},{}",
                    u8::from(echo),
                    u8::from(quiet),
                    u8::from(verbose),
                    self.rate,
                    self.flow.0,
                    self.flow.1
                );
                board.output.information(&text);
            }
        }
        Ok(Step::Done)
    }

    /// `ATE`, `ATV`, `ATQ`
    pub(crate) fn format_switch(&mut self, id: Id, command: &Command, board: &mut Board) -> Outcome {
        if command.form != Form::Basic {
            return Err(Refusal::Unknown);
        }
        let on = command.basic_value(0..=1)? == 1;
        let format = &mut board.output.format;
        match id {
            Id::Echo => format.echo = on,
            Id::Verbose => format.verbose = on,
            _ => format.quiet = on,
        }
        Ok(Step::Done)
    }

    /// `AT+CMEE`
    pub(crate) fn errors(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CMEE: (0-2)"),
            Form::Read => {
                let text = format!("+CMEE: {}", board.output.format.errors);
                board.output.information(&text);
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                board.output.format.errors = parameters.number(0, 0..=2)?;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+IPR`. What rate the octets really come at is not the emulator's affair.
    pub(crate) fn rate(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {
                let rates: Vec<String> = RATES.iter().map(u32::to_string).collect();
                board.output.information(&format!("+IPR: (),({})", rates.join(",")));
            }
            Form::Read => board.output.information(&format!("+IPR: {}", self.rate)),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                let rate = parameters.number(0, 0..=u32::MAX)?;
                if !RATES.contains(&rate) {
                    return Err(Cme::OutOfRange.into());
                }
                self.rate = rate;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+IFC`
    pub(crate) fn flow_control(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+IFC: (0-2),(0-2)"),
            Form::Read => board.output.information(&format!("+IFC: {},{}", self.flow.0, self.flow.1)),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                let by_dte = parameters.number(0, 0..=2)?;
                let by_dce = if parameters.len() == 2 { parameters.number(1, 0..=2)? } else { self.flow.1 };
                self.flow = (by_dte, by_dce);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// A command that tells one thing, always the same.
    pub(crate) fn identity(&self, command: &Command, text: &str, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => board.output.information(text),
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CBC`
    pub(crate) fn battery(&self, command: &Command, board: &mut Board) -> Outcome {
        board.output.information(match command.form {
            Form::Test => "+CBC: (0-2),(1-100),(voltage)",
            Form::Execution => "+CBC: 0,82,4010",
            _ => return Err(Refusal::Unknown),
        });
        Ok(Step::Done)
    }

    /// `ATI`: name and release, which is the beginning of the revision.
    pub(crate) fn product(&self, command: &Command, board: &mut Board) -> Outcome {
        command.basic_value(0..=9)?;
        let revision = &board.config.revision;
        let text = match (revision.get(..2), revision.get(2..4)) {
            (Some(major), Some(minor)) => format!("SIM800 R{major}.{minor}"),
            _ => "SIM800".into(),
        };
        board.output.information(&text);
        Ok(Step::Done)
    }

    /// `AT+CCLK`
    pub(crate) fn clock(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Read => {
                let text = format!("+CCLK: \"{}\"", self.clock.show(board.now));
                board.output.information(&text);
            }
            Form::Write => {
                // Its comma makes it two parameters where the quotes are missing.
                let parameters = command.parameters();
                let text = (0..parameters.len()).map(|index| parameters.text(index, 20));
                let text = text.collect::<Result<Vec<_>, _>>()?.join(",");
                self.clock = Clock::parse(&text, board.now).ok_or(Refusal::Cme(Cme::OutOfRange))?;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// What is said of a short message that arrives, if anything is.
    pub(crate) fn announce_message(&mut self, text: &str) -> Option<String> {
        self.messages = self.messages.saturating_add(1);
        let value = |name, index| setting(&self.kept, name).and_then(|values| values.get(index));
        match value("+CNMI", 1).map(String::as_str) {
            Some("0") => None,
            Some("1") => Some(message::stored(self.messages)),
            _ if value("+CMGF", 0).is_some_and(|mode| mode == "0") => Some(message::pdu(text)),
            _ => Some(message::text(text)),
        }
    }

    /// Whether `AT+CIURC` lets `Call Ready` through.
    pub(crate) fn announces_call_ready(&self) -> bool {
        let values = setting(&self.kept, "+CIURC");
        values.is_none_or(|values| values.first().is_none_or(|value| value != "0"))
    }

    /// Settings that are kept, and switches of V.250 that have no meaning here.
    pub(crate) fn kept(&mut self, command: &Command, board: &mut Board) -> Outcome {
        if let Some(index) = KEPT.iter().position(|kept| kept.name == command.name) {
            return match (KEPT.get(index), self.kept.get_mut(index)) {
                (Some(kept), Some(values)) => kept.command(values, command, board),
                _ => Err(Refusal::Unknown),
            };
        }
        match command.name.as_str() {
            "X" | "L" | "M" | "H" | "&C" | "&D" => command.basic_value(0..=9).map(|_| Step::Done),
            name => self.register(name.strip_prefix('S'), command, board),
        }
    }

    /// `ATS<n>=<value>` and `ATS<n>?`
    fn register(&mut self, number: Option<&str>, command: &Command, board: &mut Board) -> Outcome {
        let number = number.and_then(|number| number.parse::<usize>().ok());
        let Some(register) = number.and_then(|number| self.registers.get_mut(number)) else {
            return Err(Refusal::Unknown);
        };
        match command.form {
            Form::Read => board.output.information(&format!("{register:03}")),
            _ => *register = command.parameters().number(0, 0..=u8::MAX)?,
        }
        Ok(Step::Done)
    }
}

impl Kept {
    fn command(&self, values: &mut [String], command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information(&format!("{}: {}", self.name, self.test)),
            Form::Read => board.output.information(&format!("{}: {}", self.name, values.join(","))),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=values.len())?;
                if (0..parameters.len()).all(|index| parameters.octets(index).is_empty()) {
                    return Err(Cme::TooFewParameters.into());
                }
                let mut changed = values.to_vec();
                for (index, (value, default)) in changed.iter_mut().zip(self.defaults).enumerate() {
                    if parameters.octets(index).is_empty() {
                        continue;
                    }
                    *value = if default.starts_with('"') {
                        format!("\"{}\"", parameters.text(index, LONGEST_KEPT)?)
                    } else {
                        parameters.number(index, 0..=u8::MAX)?.to_string()
                    };
                }
                values.clone_from_slice(&changed);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }
}
