//! The bearers: three profiles that each can carry HTTP and FTP sessions (application note 3.1, manual 9.2.1).

use sim800_command::Form;

use crate::board::{Board, Location, Outcome, Slow, Step};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// Where every emulated module is: longitude and latitude (manual V1.10, chapter 13).
const PLACE: &str = "-74.007729,40.730160";
/// Date and time there, in UTC.
const TIME: &str = "2015/10/15,19:24:55";

/// `<status>` of `+SAPBR: <cid>,<status>,<address>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Status {
    Connecting = 0,
    Connected = 1,
    Closing = 2,
    #[default]
    Closed = 3,
}

/// What `AT+SAPBR=3` sets. Takes effect when the bearer is opened the next time.
#[derive(Clone)]
struct Profile {
    contype: String,
    apn: String,
    phone_number: String,
    user: String,
    password: String,
    rate: u8,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            contype: "GPRS".into(),
            apn: String::new(),
            phone_number: String::new(),
            user: String::new(),
            password: String::new(),
            rate: 2,
        }
    }
}

#[derive(Default)]
struct Bearer {
    profile: Profile,
    status: Status,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Bearers {
    bearers: [Bearer; 3],
    /// What `AT+SAPBR=5` has saved; survives a restart.
    saved: [Option<Profile>; 3],
}

impl Bearers {
    /// The numbers of the bearers.
    pub(crate) const CIDS: std::ops::RangeInclusive<u8> = 1..=3;

    pub(crate) fn restart(&mut self) {
        for (bearer, saved) in self.bearers.iter_mut().zip(&self.saved) {
            *bearer = Bearer { profile: saved.clone().unwrap_or_default(), status: Status::Closed };
        }
    }

    fn index(cid: u8) -> Option<usize> {
        Self::CIDS.contains(&cid).then(|| usize::from(cid) - 1)
    }

    fn bearer(&mut self, cid: u8) -> Result<&mut Bearer, Refusal> {
        Self::index(cid).and_then(|index| self.bearers.get_mut(index)).ok_or(Refusal::Cme(Cme::OutOfRange))
    }

    /// Whether sessions can run over it.
    pub(crate) fn is_open(&self, cid: u8) -> bool {
        Self::index(cid)
            .and_then(|index| self.bearers.get(index))
            .is_some_and(|bearer| bearer.status == Status::Connected)
    }

    /// Closes it without being asked to; says whether there was anything to close.
    pub(crate) fn lose(&mut self, cid: u8) -> bool {
        let open = self.is_open(cid);
        if let Ok(bearer) = self.bearer(cid) {
            // A bearer on its way up fails when its command ends.
            bearer.status = Status::Closed;
        }
        open
    }

    /// `AT+SAPBR`
    pub(crate) fn command(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {
                board.output.information("+SAPBR: (0-4),(1-3),\"ConParamTag\",\"ConParamValue\"");
                Ok(Step::Done)
            }
            Form::Write => self.write(command, board),
            _ => Err(Refusal::Unknown),
        }
    }

    fn write(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let parameters = command.parameters();
        let verb = parameters.number(0, 0..=5_u8)?;
        parameters.expect(if verb == 3 { 4..=4 } else { 2..=2 })?;
        let cid = parameters.number(1, Self::CIDS)?;
        let bearer = self.bearer(cid)?;
        match verb {
            0 => match bearer.status {
                Status::Connected => {
                    bearer.status = Status::Closing;
                    Ok(Step::Wait(board.config.timings.bearer_close, Slow::BearerClose(cid)))
                }
                _ => Err(Cme::NotAllowed.into()),
            },
            1 => match bearer.status {
                Status::Closed => {
                    bearer.status = Status::Connecting;
                    Ok(Step::Wait(board.config.timings.bearer_open, Slow::BearerOpen(cid)))
                }
                _ => Err(Cme::NotAllowed.into()),
            },
            2 => {
                let status = bearer.status as u8;
                let address = match bearer.status {
                    Status::Connected => format!("10.89.193.{cid}"),
                    _ => "0.0.0.0".into(),
                };
                board.output.information(&format!("+SAPBR: {cid},{status},\"{address}\""));
                Ok(Step::Done)
            }
            3 => {
                let profile = &mut bearer.profile;
                match parameters.word(2).as_str() {
                    "CONTYPE" => match parameters.word(3) {
                        contype if matches!(contype.as_str(), "GPRS" | "CSD") => profile.contype = contype,
                        _ => return Err(Cme::OutOfRange.into()),
                    },
                    "APN" => profile.apn = parameters.text(3, 64)?.into(),
                    "PHONENUM" => profile.phone_number = parameters.text(3, 32)?.into(),
                    "USER" => profile.user = parameters.text(3, 32)?.into(),
                    "PWD" => profile.password = parameters.text(3, 32)?.into(),
                    "RATE" => profile.rate = parameters.number(3, 0..=3)?,
                    _ => return Err(Cme::OutOfRange.into()),
                }
                Ok(Step::Done)
            }
            4 => {
                let Profile { contype, apn, phone_number, user, password, rate } = &bearer.profile;
                // The shape of logs; the manual's `+SAPBR: <tag>,<value>` was never seen.
                board.output.information(&format!(
                    "+SAPBR:\r\nCONTYPE: {contype}\r\nAPN: {apn}\r\nPHONENUM: {phone_number}\r\nUSER: {user}\r\nPWD: {password}\r\nRATE: {rate}"
                ));
                Ok(Step::Done)
            }
            _ => {
                let profile = bearer.profile.clone();
                if let Some(saved) = Self::index(cid).and_then(|index| self.saved.get_mut(index)) {
                    *saved = Some(profile);
                }
                Ok(Step::Done)
            }
        }
    }

    /// `AT+CIPGSMLOC`, and `AT+CLBS`, which newer firmware has in its place (drivers).
    pub(crate) fn location(command: &Command, board: &mut Board) -> Outcome {
        let is_clbs = command.name == "+CLBS";
        let Some(parameters) = command.written()? else {
            board.output.information(if is_clbs {
                "+CLBS: (1,3,4),(1-3)"
            } else {
                "+CIPGSMLOC: (1,2),(1-3)"
            });
            return Ok(Step::Done);
        };
        parameters.expect(2..=if is_clbs { 4 } else { 2 })?;
        let what = parameters.number(0, 1..=if is_clbs { 4_u8 } else { 2 })?;
        let cid = parameters.number(1, Self::CIDS)?;
        let location = match (is_clbs, what) {
            (false, 1) => Location::PlaceAndTime,
            (false, _) => Location::Time,
            (true, 4) => Location::RoughPlaceAndTime,
            (true, _) => Location::RoughPlace,
        };
        Ok(Step::Wait(board.config.timings.http, Slow::Locate(location, cid)))
    }

    /// The end of `AT+CIPGSMLOC` and `AT+CLBS`. The server that knows the cell is always there, and it is always the same time.
    pub(crate) fn located(&self, location: Location, cid: u8, board: &mut Board) {
        let name = match location {
            Location::PlaceAndTime | Location::Time => "+CIPGSMLOC",
            Location::RoughPlace | Location::RoughPlaceAndTime => "+CLBS",
        };
        let text = match location {
            _ if !self.is_open(cid) => "601".into(),
            Location::PlaceAndTime => format!("0,{PLACE},{TIME}"),
            Location::Time => format!("0,{TIME}"),
            Location::RoughPlace => format!("0,{PLACE},550"),
            Location::RoughPlaceAndTime => format!("0,{PLACE},550,{TIME}"),
        };
        board.output.information(&format!("{name}: {text}"));
    }

    /// The end of `AT+SAPBR=1`.
    pub(crate) fn opened(&mut self, cid: u8, attached: bool, board: &Board) -> Result<(), Refusal> {
        let bearer = self.bearer(cid)?;
        let granted = attached
            && bearer.status == Status::Connecting
            && bearer.profile.contype == "GPRS"
            && board.config.apn.as_ref().is_none_or(|apn| *apn == bearer.profile.apn)
            && board.config.apn_credentials.as_ref().is_none_or(|(user, password)| {
                *user == bearer.profile.user && *password == bearer.profile.password
            });
        bearer.status = if granted { Status::Connected } else { Status::Closed };
        // Logs show a plain `ERROR` here, whatever `AT+CMEE` says.
        if granted { Ok(()) } else { Err(Refusal::Unknown) }
    }

    /// The end of `AT+SAPBR=0`.
    pub(crate) fn closed(&mut self, cid: u8) {
        if let Ok(bearer) = self.bearer(cid) {
            bearer.status = Status::Closed;
        }
    }
}
