//! Contexts by the commands of 3GPP TS 27.007 (10.1), which programs set up next to the module's own.

use sim800_command::Form;

use crate::board::{Board, Outcome, Slow, Step};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// A context that is defined.
struct Context {
    apn: String,
    is_active: bool,
}

/// The contexts 1 to 3.
pub(super) struct Pdp {
    contexts: [Option<Context>; 3],
}

impl Default for Pdp {
    fn default() -> Self {
        Self { contexts: [Some(Context { apn: "CMNET".into(), is_active: false }), None, None] }
    }
}

impl Pdp {
    fn context(&mut self, cid: u8) -> Option<&mut Context> {
        self.slot(cid)?.as_mut()
    }

    fn slot(&mut self, cid: u8) -> Option<&mut Option<Context>> {
        self.contexts.get_mut(usize::from(cid).checked_sub(1)?)
    }

    /// Those that are active are not any more.
    pub(super) fn deactivate(&mut self) {
        for context in self.contexts.iter_mut().flatten() {
            context.is_active = false;
        }
    }

    pub(super) fn command(&mut self, command: &Command, is_registered: bool, board: &mut Board) -> Outcome {
        match command.name.as_str() {
            "+CGDCONT" => self.define(command, board),
            "+CGACT" => self.activate(command, is_registered, board),
            _ => self.address(command, board),
        }
    }

    /// `AT+CGDCONT`
    fn define(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CGDCONT: (1-3),\"IP\",,,(0),(0)"),
            Form::Read => {
                let lines: Vec<String> = (1..)
                    .zip(&self.contexts)
                    .filter_map(|(cid, context)| {
                        let apn = &context.as_ref()?.apn;
                        Some(format!("+CGDCONT: {cid},\"IP\",\"{apn}\",\"0.0.0.0\",0,0"))
                    })
                    .collect();
                if !lines.is_empty() {
                    board.output.information(&lines.join("\r\n"));
                }
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=6)?;
                // Field log: what is not there is not allowed.
                let cid = parameters.number(0, 1..=3_u8).map_err(|_| Cme::NotAllowed)?;
                let apn = parameters.text(2, 64)?.to_owned();
                let is_defined = match (parameters.len(), parameters.word(1).as_str()) {
                    (1, _) => false,
                    (_, "IP") => true,
                    _ => return Err(Cme::NotAllowed.into()),
                };
                if let Some(slot) = self.slot(cid) {
                    *slot = is_defined.then_some(Context { apn, is_active: false });
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CGACT`
    fn activate(&mut self, command: &Command, is_registered: bool, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CGACT: (0,1)"),
            Form::Read => {
                let line = |(cid, context): (u8, &Option<Context>)| {
                    let is_active = context.as_ref().is_some_and(|context| context.is_active);
                    format!("+CGACT: {cid},{}", u8::from(is_active))
                };
                let lines: Vec<String> = (1..).zip(&self.contexts).map(line).collect();
                board.output.information(&lines.join("\r\n"));
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                let is_active = parameters.number(0, 0..=1_u8)? == 1;
                let cid = if parameters.len() == 2 { parameters.number(1, 1..=3)? } else { 1 };
                let context = self.context(cid).ok_or(Refusal::Cme(Cme::NotAllowed))?;
                if context.is_active == is_active {
                    return Ok(Step::Done);
                }
                if is_active && !is_registered {
                    return Err(Cme::NoNetworkService.into());
                }
                let timings = &board.config.timings;
                let time = if is_active { timings.bearer_open } else { timings.bearer_close };
                return Ok(Step::Wait(time, Slow::Activate(cid, is_active)));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// The end of `AT+CGACT`.
    pub(super) fn activated(&mut self, cid: u8, is_active: bool, board: &Board) -> Result<(), Refusal> {
        let context = self.context(cid).ok_or(Refusal::Cme(Cme::NotAllowed))?;
        if is_active && board.config.apn.as_ref().is_some_and(|apn| *apn != context.apn) {
            return Err(Cme::Unknown.into());
        }
        context.is_active = is_active;
        Ok(())
    }

    /// `AT+CGPADDR`
    fn address(&self, command: &Command, board: &mut Board) -> Outcome {
        let only = match command.form {
            Form::Test => {
                board.output.information("+CGPADDR: (1-3)");
                return Ok(Step::Done);
            }
            Form::Execution => None,
            Form::Write => Some(command.parameters().number(0, 1..=3_u8)?),
            _ => return Err(Refusal::Unknown),
        };
        let lines: Vec<String> = (1..)
            .zip(&self.contexts)
            .filter(|(cid, context)| only.is_none_or(|only| only == *cid) && context.is_some())
            .map(|(cid, context)| {
                let is_active = context.as_ref().is_some_and(|context| context.is_active);
                let address = if is_active { super::ADDRESS } else { "0.0.0.0" };
                format!("+CGPADDR: {cid},\"{address}\"")
            })
            .collect();
        if !lines.is_empty() {
            board.output.information(&lines.join("\r\n"));
        }
        Ok(Step::Done)
    }
}
