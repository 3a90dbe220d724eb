//! Calls, to a network where nobody answers.

use std::time::Duration;

use sim800_command::Form;

use crate::agenda::Timer;
use crate::board::{Board, Outcome, Slow, Step};
use crate::refusal::{Cme, Refusal};
use crate::settings::Settings;
use crate::syntax::Command;

/// How long a call rings.
const RINGING: Duration = Duration::from_secs(30);
/// How long the network takes to answer `AT+CUSD`.
const USSD: Duration = Duration::from_secs(2);

/// The longest number that is kept.
const LONGEST: usize = 40;

/// Why the last call ended, as far as one can here (manual 3.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cause {
    #[default]
    None = 0,
    HungUp = 16,
    NoAnswer = 19,
}

/// The call that rings, or none.
#[derive(Default)]
pub(crate) struct Calls {
    number: Option<String>,
    last: Cause,
}

impl Calls {
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    /// `ATD`. A call for data finds nobody who speaks PPP.
    pub(crate) fn dial(&mut self, command: &Command, settings: &Settings, board: &mut Board) -> Outcome {
        let text = command.dial_string();
        let text = text.trim();
        let number =
            text.strip_suffix(';').map(|number| number.trim_start_matches(['T', 't', 'P', 'p']).trim());
        let number = match number {
            Some(number) if self.number.is_none() && !number.is_empty() && number.len() <= LONGEST => number,
            _ => return Err(Refusal::NoCarrier),
        };
        self.number = Some(number.to_owned());
        if settings.is_on("+COLP") {
            return Ok(Step::Wait(RINGING, Slow::Dial));
        }
        board.after(RINGING, Timer::Ring);
        Ok(Step::Done)
    }

    /// The call ends; tells whether there was one.
    pub(crate) fn end(&mut self, cause: Cause) -> bool {
        let was_there = self.number.take().is_some();
        if was_there {
            self.last = cause;
        }
        was_there
    }

    /// `ATH` and `AT+CHUP`
    pub(crate) fn hang_up(&mut self, board: &mut Board) -> Outcome {
        self.end(Cause::HungUp);
        board.agenda.cancel(Timer::Ring);
        Ok(Step::Done)
    }

    /// `AT+CEER`, executed: in words, or as a number where `AT+CEER=1` asked for that.
    pub(crate) fn report(&self, settings: &Settings, board: &mut Board) -> Outcome {
        let words = match self.last {
            Cause::None => "No cause",
            Cause::HungUp => "Normal call clearing",
            Cause::NoAnswer => "User alerting, no answer",
        };
        board.output.information(&if settings.is_on("+CEER") {
            format!("+CEER: Cause:{}", self.last as u8)
        } else {
            format!("+CEER: {words}")
        });
        Ok(Step::Done)
    }

    /// `AT+CLCC`
    pub(crate) fn list(&self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CLCC: (0,1)"),
            Form::Read => board.output.information("+CLCC: 0"),
            Form::Execution => {
                if let Some(number) = &self.number {
                    let kind = if number.starts_with('+') { 145 } else { 129 };
                    board.output.information(&format!("+CLCC: 1,0,3,0,0,\"{number}\",{kind},\"\""));
                }
            }
            Form::Write => {
                command.parameters().number(0, 0..=1_u8)?;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CPAS`
    pub(crate) fn activity(&self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CPAS: (0,2-4)"),
            Form::Execution => {
                board.output.information(&format!("+CPAS: {}", if self.number.is_some() { 4 } else { 0 }));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+VTS`, `AT+CMUT=`: of use in a call alone.
    pub(crate) fn require(&self) -> Result<(), Refusal> {
        if self.number.is_some() { Ok(()) } else { Err(Cme::NotAllowed.into()) }
    }

    /// `AT+CUSD`. The network knows no service, but answers.
    pub(crate) fn ussd(command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CUSD: (0-2)"),
            Form::Read => board.output.information("+CUSD: 0"),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=3)?;
                parameters.number(0, 0..=2_u8)?;
                if !parameters.octets(1).is_empty() {
                    board.after(USSD, Timer::Ussd);
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// What the network answers.
    pub(crate) const NO_SERVICE: &str = "This code is not known";
}
