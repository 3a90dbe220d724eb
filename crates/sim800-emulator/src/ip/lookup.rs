//! Questions to the network that are no connections: for addresses, for the time, for a sign of life. One at a time.

use std::time::Duration;

use sim800_command::Form;

use super::{Ip, State};
use crate::agenda::Timer;
use crate::board::{Board, Outcome, Slow, Step};
use crate::effect::{Effect, OperationId};
use crate::general::General;
use crate::network::NetworkEvent;
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What is asked.
pub(super) enum Lookup {
    /// `AT+CDNSGIP`
    Name(String),
    /// `AT+CIPPING`
    Ping(Ping),
    /// `AT+CNTP`
    Time,
}

/// So many times, with a lifetime of so many hops.
#[derive(Clone, Copy)]
pub(super) struct Ping {
    retries: usize,
    lifetime: u8,
}

impl Ip {
    /// `AT+CDNSGIP` and `AT+CIPPING`
    pub(super) fn look_up(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let pings = command.name == "+CIPPING";
        match command.form {
            Form::Test if pings => {
                board.output.information("+CIPPING: <IPaddr>,(1-100),(0-1024),(1-600),(1-255)");
                return Ok(Step::Done);
            }
            Form::Test => return Ok(Step::Done),
            Form::Read if pings => {
                board.output.information("+CIPPING: 4,32,100,64");
                return Ok(Step::Done);
            }
            Form::Write => {}
            _ => return Err(Refusal::Unknown),
        }
        let parameters = command.parameters();
        parameters.expect(1..=if pings { 5 } else { 1 })?;
        let host = parameters.text(0, 100)?.to_owned();
        if !matches!(self.state, State::GprsActive | State::Status)
            || self.lookup.is_some()
            || host.is_empty()
        {
            return Err(Cme::NotAllowed.into());
        }
        if !pings {
            self.ask(Lookup::Name(host.clone()), |id| Effect::Resolve { id, host }, board);
            return Ok(Step::Done);
        }
        let number = |index, range: std::ops::RangeInclusive<u16>, default| {
            if parameters.octets(index).is_empty() { Ok(default) } else { parameters.number(index, range) }
        };
        let retries = usize::from(number(1, 1..=100, 4)?);
        number(2, 0..=1024, 32)?;
        number(3, 1..=600, 100)?;
        let lifetime = number(4, 1..=255, 64)?.to_le_bytes()[0];
        self.ask(Lookup::Ping(Ping { retries, lifetime }), |id| Effect::Resolve { id, host }, board);
        Ok(Step::Wait(LIMIT, Slow::Ping))
    }

    /// `AT+CNTP` asks this server.
    pub(crate) fn ask_time(&mut self, host: String, board: &mut Board) -> Result<(), Refusal> {
        if self.lookup.is_some() {
            return Err(Cme::NotAllowed.into());
        }
        self.ask(Lookup::Time, |id| Effect::Time { id, host }, board);
        Ok(())
    }

    fn ask(&mut self, lookup: Lookup, effect: impl FnOnce(OperationId) -> Effect, board: &mut Board) {
        let id = board.operation();
        board.effect(effect(id));
        board.after(LIMIT, Timer::Lookup);
        self.lookup = Some((id, lookup));
    }

    /// The answer.
    pub(super) fn found(&mut self, event: NetworkEvent, general: &mut General, board: &mut Board) {
        let Some((id, lookup)) = self.lookup.take() else { return };
        match (lookup, event) {
            (Lookup::Name(name), NetworkEvent::Addresses(addresses)) => {
                let shown: String =
                    addresses.iter().take(2).map(|address| format!(",\"{address}\"")).collect();
                board.output.unsolicited(&if addresses.is_empty() {
                    "+CDNSGIP: 0,8".to_owned()
                } else {
                    format!("+CDNSGIP: 1,\"{name}\"{shown}")
                });
            }
            (Lookup::Ping(ping), NetworkEvent::Addresses(addresses)) => {
                self.pinged = addresses.first().map(|address| (*address, ping));
                board.hurry();
            }
            (Lookup::Time, NetworkEvent::Time(Some(seconds))) => {
                let zone = general.settings.number("+CNTP", 1);
                general.set_clock(seconds, zone, board);
                board.output.unsolicited("+CNTP: 1");
            }
            (Lookup::Time, NetworkEvent::Time(None)) => board.output.unsolicited("+CNTP: 62"),
            (lookup, _) => {
                self.lookup = Some((id, lookup));
                return;
            }
        }
        board.agenda.cancel(Timer::Lookup);
    }

    /// There is no answer.
    pub(crate) fn handle_lookup_timeout(&mut self, board: &mut Board) {
        let Some((id, lookup)) = self.lookup.take() else { return };
        board.effect(Effect::Cancel { id });
        match lookup {
            Lookup::Name(_) => board.output.unsolicited("+CDNSGIP: 0,8"),
            Lookup::Ping(_) => board.hurry(),
            Lookup::Time => board.output.unsolicited("+CNTP: 65"),
        }
    }

    /// The end of `AT+CIPPING`. Whoever can be found is there: to ask him takes rights that an emulator need not have.
    pub(crate) fn pinged(&mut self, board: &mut Board) -> Outcome {
        let Some((address, Ping { retries, lifetime })) = self.pinged.take() else {
            return Err(Cme::NotAllowed.into());
        };
        for number in 1..=retries {
            board.output.information(&format!("+CIPPING: {number},\"{address}\",1,{lifetime}"));
        }
        Ok(Step::Done)
    }
}
