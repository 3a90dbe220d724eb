//! The general commands: the shape of lines, the serial port, identity, profiles.

use std::num::NonZeroU32;

use sim800_command::{Form, Id};

use crate::board::{Board, Outcome, Step};
use crate::clock::Clock;
use crate::config::{Config, Start};
use crate::profile::Profile;
use crate::radio::Radio;
use crate::refusal::{Cme, Refusal};
use crate::response::{Format, Output};
use crate::settings::{Keep, Settings};
use crate::syntax::Command;

/// The rates of `AT+IPR` (manual 2.2.41).
const RATES: [u32; 11] = [0, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800];

pub(crate) struct General {
    stored: Profile,
    registers: [u8; 13],
    /// All that is set and read back and has no better place.
    pub(crate) settings: Settings,
    /// What `AT+CIPSCONT` has stored.
    context: Option<Settings>,
    /// Neither a profile nor a restart touches these two.
    rate: u32,
    flow: (u8, u8),
    clock: Clock,
}

impl General {
    pub(crate) fn new(config: &Config) -> Self {
        let mut stored = Profile::factory();
        stored.format.echo = config.echo;
        stored.route_messages(config.messages);
        Self {
            registers: stored.registers,
            settings: stored.settings.clone(),
            context: None,
            stored,
            rate: if config.start == Start::Autobaud { 0 } else { config.rate },
            flow: (0, 0),
            clock: Clock::default(),
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

    /// Back to what is stored, and what nothing stores is as at first.
    pub(crate) fn restart(&mut self, output: &mut Output, radio: &mut Radio) {
        let factory = Settings::factory();
        self.settings.load(&factory, Keep::Never);
        self.settings.load(self.context.as_ref().unwrap_or(&factory), Keep::Context);
        let stored = self.stored.clone();
        self.settings.load(&stored.settings, Keep::Port);
        self.apply(stored, output, radio);
    }

    /// `AT+CIPSCONT`
    pub(crate) fn store_context(&mut self) {
        self.context = Some(self.settings.clone());
    }

    /// Whether what is set is what `AT+CIPSCONT` has stored.
    pub(crate) fn is_context_stored(&self) -> bool {
        self.context.is_some()
    }

    fn apply(&mut self, profile: Profile, output: &mut Output, radio: &mut Radio) {
        output.format = profile.format;
        radio.set_reports(profile.reports);
        self.registers = profile.registers;
        self.settings.load(&profile.settings, Keep::Profile);
    }

    /// `ATZ`, `AT&F`, `AT&W`, `AT&V`
    pub(crate) fn profile(&mut self, command: &Command, board: &mut Board, radio: &mut Radio) -> Outcome {
        command.basic_value(0..=0)?;
        match command.name.as_str() {
            "Z" => self.apply(self.stored.clone(), &mut board.output, radio),
            "&F" => self.apply(Profile::factory(), &mut board.output, radio),
            "&W" => self.stored = self.active(board, radio),
            _ => {
                let profiles = [
                    ("DEFAULT", Profile::factory()),
                    ("USER", self.stored.clone()),
                    ("ACTIVE", self.active(board, radio)),
                ];
                let shown = profiles.map(|(title, profile)| profile.show(title, self.rate, self.flow));
                board.output.information(&shown.join("\r\n\r\n"));
            }
        }
        Ok(Step::Done)
    }

    fn active(&self, board: &Board, radio: &Radio) -> Profile {
        Profile {
            format: board.output.format,
            reports: radio.reports(),
            registers: self.registers,
            settings: self.settings.clone(),
        }
    }

    /// Switches of V.250 that have no meaning here, but are kept: `ATX`, `AT&C`, `AT&D`.
    pub(crate) fn kept_switch(&mut self, command: &Command) -> Outcome {
        let most = match command.name.as_str() {
            "X" => 4,
            "&C" => 1,
            _ => 2,
        };
        self.settings.set(&command.name, 0, &command.basic_value(0..=most)?.to_string());
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

    /// The clock is told by the network: seconds since 2000 in UTC, and quarters of an hour that the zone is ahead.
    pub(crate) fn set_clock(&mut self, seconds: u64, zone: u32, board: &Board) {
        self.clock = Clock::at(seconds, zone, board.now);
    }

    /// Whether `AT+CIURC` lets `Call Ready` through.
    pub(crate) fn announces_call_ready(&self) -> bool {
        self.settings.is_on("+CIURC")
    }

    /// `ATS<n>=<value>` and `ATS<n>?`
    pub(crate) fn register(&mut self, number: &str, command: &Command, board: &mut Board) -> Outcome {
        let number = number.parse::<usize>().ok();
        let Some(register) = number.and_then(|number| self.registers.get_mut(number)) else {
            return Err(Refusal::Unknown);
        };
        match command.form {
            Form::Read => board.output.information(&format!("{register:03}")),
            _ => {
                // Manual 2.2.16 to 2.2.23; of S6 the emulator keeps no more than a register holds.
                let range = match number {
                    Some(3) => 13..=13,
                    Some(4) => 10..=10,
                    Some(5) => 0..=127,
                    Some(7) => 1..=255,
                    Some(10) => 1..=254,
                    _ => 0..=u8::MAX,
                };
                *register = command.parameters().number(0, range)?;
            }
        }
        Ok(Step::Done)
    }
}
