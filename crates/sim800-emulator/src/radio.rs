//! The radio: level of functionality, registration, attachment, operator, signal.

use sim800_command::Form;

use crate::agenda::Timer;
use crate::board::{Board, Outcome, Slow, Step};
use crate::config::Registration;
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// The cell that `+CREG: 2,1,"<lac>","<ci>"` tells of.
const CELL: &str = "\"4A1C\",\"7D31\"";

/// Which of the registrations a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// `+CREG`
    Calls,
    /// `+CGREG`
    Gprs,
}

#[derive(Debug)]
pub(crate) struct Radio {
    /// `AT+CFUN`: 0 minimum, 1 full, 4 radio off.
    functionality: u8,
    registration: Registration,
    attached: bool,
    /// `AT+CGATT=0` was not the last word.
    wants_attach: bool,
    /// `AT+CREG=<n>` and `AT+CGREG=<n>`.
    reports: (u8, u8),
    /// `AT+COPS=<mode>` and `AT+COPS=3,<format>`.
    operator: (u8, u8),
    /// `AT+CENG=<mode>,<Ncell>`.
    engineering: (u8, u8),
}

impl Radio {
    /// Switched on, and not registered yet.
    pub(crate) fn new() -> Self {
        Self {
            functionality: 1,
            registration: Registration::NotRegistered,
            attached: false,
            wants_attach: true,
            reports: (0, 0),
            operator: (0, 0),
            engineering: (0, 0),
        }
    }

    pub(crate) fn is_attached(&self) -> bool {
        self.attached
    }

    pub(crate) fn is_on(&self) -> bool {
        self.functionality == 1
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.registration.is_registered()
    }

    /// What `AT&W` stores and `ATZ` brings back.
    pub(crate) fn reports(&self) -> (u8, u8) {
        self.reports
    }

    pub(crate) fn set_reports(&mut self, reports: (u8, u8)) {
        self.reports = reports;
    }

    /// Begins to look for a network.
    pub(crate) fn search(&mut self, board: &mut Board) {
        self.register(Registration::Searching, board);
        board.after(board.config.timings.registration, Timer::Search);
    }

    /// The registration has changed. Without one there is no attachment either.
    pub(crate) fn register(&mut self, registration: Registration, board: &mut Board) {
        let allowed = board.config.attach;
        self.change(board, |radio| {
            radio.registration = registration;
            radio.attached = registration.is_registered() && radio.wants_attach && allowed;
        });
    }

    /// Whether it could be registered, and does not look for a network any more.
    pub(crate) fn is_settled(&self, card_is_open: bool, board: &Board) -> bool {
        self.is_on() && card_is_open && !board.agenda.has(Timer::Search)
    }

    /// The network lets the module attach, or no longer does.
    pub(crate) fn allow_attachment(&mut self, board: &mut Board) {
        self.register(self.registration, board);
    }

    /// `AT+CGATT=<0|1>` has done its work.
    pub(crate) fn attach(&mut self, attached: bool, board: &mut Board) -> Result<(), Refusal> {
        if attached && !self.is_on() {
            return Err(Cme::RadioOff.into());
        }
        if attached && !self.registration.is_registered() {
            return Err(Cme::NoNetworkService.into());
        }
        if attached && !board.config.attach {
            return Err(Cme::GprsNotAllowed.into());
        }
        self.change(board, |radio| {
            radio.wants_attach = attached;
            radio.attached = attached;
        });
        Ok(())
    }

    /// Makes a change and reports what it changed.
    fn change(&mut self, board: &mut Board, change: impl FnOnce(&mut Self)) {
        let before = (self.stat(Domain::Calls), self.stat(Domain::Gprs));
        change(self);
        if before.0 != self.stat(Domain::Calls) {
            self.report(Domain::Calls, board);
        }
        if before.1 != self.stat(Domain::Gprs) {
            self.report(Domain::Gprs, board);
        }
    }

    fn report(&self, domain: Domain, board: &mut Board) {
        let n = self.report_level(domain);
        if n > 0 {
            let text = format!("{}: {}", domain.name(), self.status(domain, n));
            board.output.unsolicited(&text);
        }
    }

    fn report_level(&self, domain: Domain) -> u8 {
        match domain {
            Domain::Calls => self.reports.0,
            Domain::Gprs => self.reports.1,
        }
    }

    fn stat(&self, domain: Domain) -> u8 {
        match domain {
            Domain::Gprs if self.registration.is_registered() && !self.attached => 0,
            _ => self.registration.stat(),
        }
    }

    /// `<stat>[,"<lac>","<ci>"]`
    fn status(&self, domain: Domain, n: u8) -> String {
        let stat = self.stat(domain);
        if n == 2 && matches!(stat, 1 | 5) { format!("{stat},{CELL}") } else { stat.to_string() }
    }

    /// `AT+CREG` and `AT+CGREG`
    pub(crate) fn registration(&mut self, domain: Domain, command: &Command, board: &mut Board) -> Outcome {
        let name = domain.name();
        match command.form {
            Form::Test => board.output.information(&format!("{name}: (0-2)")),
            Form::Read => {
                let n = self.report_level(domain);
                board.output.information(&format!("{name}: {n},{}", self.status(domain, n)));
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                let n = parameters.number(0, 0..=2)?;
                match domain {
                    Domain::Calls => self.reports.0 = n,
                    Domain::Gprs => self.reports.1 = n,
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CGATT`
    pub(crate) fn attachment(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CGATT: (0,1)"),
            Form::Read => board.output.information(&format!("+CGATT: {}", u8::from(self.attached))),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                let attach = parameters.number(0, 0..=1_u8)? == 1;
                return Ok(Step::Wait(board.config.timings.attach, Slow::Attach(attach)));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CFUN`, but for the reset, which is the whole module's affair.
    pub(crate) fn functionality(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CFUN: (0,1,4),(0-1)"),
            Form::Read => board.output.information(&format!("+CFUN: {}", self.functionality)),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                let level = parameters.number(0, 0..=4_u8)?;
                if parameters.len() == 2 {
                    parameters.number(1, 0..=1_u8)?;
                }
                match (self.functionality, level) {
                    (_, 2 | 3) => return Err(Cme::OutOfRange.into()),
                    (0, 4) | (4, 0) => return Err(Cme::NotAllowed.into()),
                    (old, new) if old == new => {}
                    _ => {
                        return Ok(Step::Wait(
                            if level == 1 {
                                board.config.timings.functionality
                            } else {
                                board.config.timings.functionality_off
                            },
                            Slow::Functionality(level),
                        ));
                    }
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// The level of functionality has changed.
    pub(crate) fn set_functionality(&mut self, level: u8, board: &mut Board) {
        self.functionality = level;
        if level != 1 {
            board.agenda.cancel(Timer::Search);
            self.register(Registration::NotRegistered, board);
        }
    }

    /// `AT+CSQ`
    pub(crate) fn signal(&self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CSQ: (0-31,99),(0-7,99)"),
            Form::Execution => {
                let (rssi, ber) = if self.is_on() { board.config.signal } else { (99, 99) };
                board.output.information(&format!("+CSQ: {rssi},{ber}"));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CENG`: the one cell there is.
    pub(crate) fn cells(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CENG: (0-4),(0,1)"),
            Form::Read => {
                let (mode, neighbours) = self.engineering;
                board.output.information(&format!("+CENG: {mode},{neighbours}"));
                let imsi = &board.config.imsi;
                if let (Some(country), Some(network), true) = (imsi.get(..3), imsi.get(3..5), mode > 0) {
                    let text = if mode == 3 {
                        format!("+CENG: 0,\"{country},{network},4a1c,7d31,43,53\"")
                    } else {
                        format!("+CENG: 0,\"0062,53,00,{country},{network},43,7d31,05,05,4a1c,255\"")
                    };
                    board.output.information(&text);
                }
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                let neighbours = if parameters.len() == 2 { parameters.number(1, 0..=1)? } else { 0 };
                self.engineering = (parameters.number(0, 0..=4)?, neighbours);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+COPS`
    pub(crate) fn operator(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let time = board.config.timings.operators;
        match command.form {
            Form::Test if !self.is_on() => Err(Cme::RadioOff.into()),
            Form::Test => Ok(Step::Wait(time, Slow::ListOperators)),
            Form::Read => {
                let (mode, format) = self.operator;
                let text = if self.registration.is_registered() {
                    format!("+COPS: {mode},{format},\"{}\"", operator_name(format, board))
                } else {
                    format!("+COPS: {mode}")
                };
                board.output.information(&text);
                Ok(Step::Done)
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=3)?;
                let mode = parameters.number(0, 0..=4_u8)?;
                let format = match parameters.len() {
                    1 if matches!(mode, 0 | 2) => self.operator.1,
                    _ => parameters.number(1, 0..=2)?,
                };
                if mode == 3 {
                    self.operator.1 = format;
                    return Ok(Step::Done);
                }
                if !self.is_on() {
                    return Err(Cme::RadioOff.into());
                }
                self.operator = (mode, format);
                Ok(Step::Wait(time, Slow::Register(mode != 2)))
            }
            _ => Err(Refusal::Unknown),
        }
    }

    /// The end of `AT+COPS=?`
    pub(crate) fn list_operators(&self, board: &mut Board) {
        let stat = if self.registration.is_registered() { 2 } else { 1 };
        let text = format!(
            "+COPS: ({stat},\"{}\",\"{}\",\"{}\"),,(0-4),(0-2)",
            operator_name(0, board),
            operator_name(1, board),
            operator_name(2, board)
        );
        board.output.information(&text);
    }
}

impl Domain {
    const fn name(self) -> &'static str {
        match self {
            Self::Calls => "+CREG",
            Self::Gprs => "+CGREG",
        }
    }
}

/// The operator's name: 0 long, 1 short, 2 as a number, which is part of the IMSI.
fn operator_name(format: u8, board: &Board) -> String {
    match format {
        0 => board.config.operator.clone(),
        1 => board.config.operator.chars().filter(|letter| *letter != ' ').take(8).collect(),
        _ => board.config.imsi.chars().take(5).collect(),
    }
}
