//! FTP: one session at a time, whatever it is for (application note 3.9 to 3.19 and 3.25, manual chapter 12).

mod session;
mod settings;

use bytes::Bytes;
use sim800_command::Form;

use self::session::{LONGEST_READ, Life, Session};
use self::settings::Settings;
pub(crate) use self::{session::Kind, settings::Setting};
use crate::agenda::Timer;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Step};
use crate::effect::{Effect, FtpAction, FtpRequest, OperationId};
use crate::network::{FtpFailure, NetworkEvent};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// Settings, and the session that is alive.
#[derive(Default)]
pub(crate) struct Ftp {
    settings: Settings,
    session: Option<Session>,
}

impl Ftp {
    /// Everything is gone, as at a restart.
    pub(crate) fn restart(&mut self, board: &mut Board) {
        self.cancel(board);
        *self = Self::default();
    }

    /// Any of the setters.
    pub(crate) fn setting(&mut self, setting: Setting, command: &Command, board: &mut Board) -> Outcome {
        self.settings.command(setting, command, board)
    }

    /// `AT+FTPGET` and `AT+FTPLIST`
    pub(crate) fn download(
        &mut self,
        kind: Kind,
        command: &Command,
        bearers: &Bearers,
        board: &mut Board,
    ) -> Outcome {
        let Some((verb, length)) = Self::verb(command)? else { return Ok(Step::Done) };
        match (verb, length) {
            (1, None) => Ok(self.open(kind, bearers, board)),
            (2, Some(length)) => {
                let session = self.session_of(kind)?;
                if !(1..=LONGEST_READ).contains(&length) {
                    return Err(Cme::OutOfRange.into());
                }
                let life = session.read(length, board)?;
                self.settle(life, board);
                Ok(Step::Done)
            }
            _ => Err(Cme::OutOfRange.into()),
        }
    }

    /// `AT+FTPPUT`
    pub(crate) fn upload(&mut self, command: &Command, bearers: &Bearers, board: &mut Board) -> Outcome {
        let Some((verb, length)) = Self::verb(command)? else { return Ok(Step::Done) };
        match (verb, length) {
            (1, None) => Ok(self.open(Kind::Put, bearers, board)),
            (2, Some(length)) => self.session_of(Kind::Put)?.write(length, board),
            _ => Err(Cme::OutOfRange.into()),
        }
    }

    /// `AT+FTPSIZE`, `AT+FTPDELE`, `AT+FTPMKD`, `AT+FTPRMD`
    pub(crate) fn one_shot(
        &mut self,
        kind: Kind,
        command: &Command,
        bearers: &Bearers,
        board: &mut Board,
    ) -> Outcome {
        match command.form {
            Form::Test => Ok(Step::Done),
            Form::Execution => Ok(self.open(kind, bearers, board)),
            _ => Err(Refusal::Unknown),
        }
    }

    /// `AT+FTPSTATE`
    pub(crate) fn state(&self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                board.output.information(&format!("+FTPSTATE: {}", u8::from(self.session.is_some())));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+FTPQUIT`
    pub(crate) fn quit(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                let session = self.session.as_ref().ok_or(Refusal::Cme(Cme::NotAllowed))?;
                let end = session.end_line(FtpFailure::QUIT);
                board.output.unsolicited_after_result(end);
                self.cancel(board);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `<mode>[,<length>]`; `None` for the test form.
    fn verb(command: &Command) -> Result<Option<(u8, Option<usize>)>, Refusal> {
        match command.form {
            Form::Test => Ok(None),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                let verb = parameters.number(0, 1..=2)?;
                let length =
                    if parameters.len() == 2 { Some(parameters.number(1, 0..=usize::MAX)?) } else { None };
                Ok(Some((verb, length)))
            }
            _ => Err(Refusal::Unknown),
        }
    }

    fn session_of(&mut self, kind: Kind) -> Result<&mut Session, Refusal> {
        self.session.as_mut().filter(|session| session.kind() == kind).ok_or(Refusal::Cme(Cme::NotAllowed))
    }

    /// Begins a session. What is wrong with it is said after the `OK`.
    fn open(&mut self, kind: Kind, bearers: &Bearers, board: &mut Board) -> Step {
        match self.begin(kind, bearers, board) {
            Ok(session) => self.session = Some(session),
            Err(failure) => {
                let line = format!("{}: 1,{}", kind.name(), failure.0);
                board.output.unsolicited_after_result(line);
            }
        }
        Step::Done
    }

    fn begin(&self, kind: Kind, bearers: &Bearers, board: &mut Board) -> Result<Session, FtpFailure> {
        let settings = &self.settings;
        if self.session.is_some() {
            return Err(FtpFailure::NOT_ALLOWED);
        }
        if !bearers.is_open(settings.cid) {
            return Err(FtpFailure::NETWORK);
        }
        if settings.server.is_empty() {
            return Err(FtpFailure::DNS);
        }
        let (path, name, action) = match kind {
            Kind::Get => (&settings.get_path, Some(&settings.get_name), FtpAction::Get),
            Kind::Put => (&settings.put_path, Some(&settings.put_name), FtpAction::Put(settings.put_option)),
            Kind::Size => (&settings.get_path, Some(&settings.get_name), FtpAction::Size),
            Kind::Delete => (&settings.get_path, Some(&settings.get_name), FtpAction::Delete),
            Kind::List => (&settings.get_path, None, FtpAction::List),
            Kind::MakeDirectory => (&settings.get_path, None, FtpAction::MakeDirectory),
            Kind::RemoveDirectory => (&settings.get_path, None, FtpAction::RemoveDirectory),
        };
        // 64 for an empty name is what application note 3.13 shows.
        let missing = match kind {
            Kind::MakeDirectory | Kind::RemoveDirectory => path.is_empty(),
            _ => name.is_some_and(String::is_empty),
        };
        if missing {
            return Err(FtpFailure::TIMEOUT);
        }
        let request = FtpRequest {
            server: settings.server.clone(),
            port: settings.port,
            user: settings.user.clone(),
            password: settings.password.clone(),
            passive: settings.passive,
            ascii: settings.ascii,
            rest: if kind == Kind::Get { settings.rest.into() } else { 0 },
            path: path.clone(),
            name: name.cloned().unwrap_or_default(),
            action,
        };
        let id = board.operation();
        board.effect(Effect::Ftp { id, request });
        Ok(Session::begin(id, kind, settings.cid, board))
    }

    /// The octets for `AT+FTPPUT=2` have come, or not in time.
    pub(crate) fn input(&mut self, octets: Bytes, complete: bool, board: &mut Board) -> Result<(), Refusal> {
        let session = self.session.as_mut().ok_or(Refusal::Cme(Cme::NotAllowed))?;
        if !complete {
            let end = session.end_line(FtpFailure::TIMEOUT);
            board.output.unsolicited_after_result(end);
            self.cancel(board);
            return Err(Refusal::Unknown);
        }
        session.input(octets, board)
    }

    /// News from the network; ignored unless they are of the session that is alive.
    pub(crate) fn handle_network(&mut self, id: OperationId, event: NetworkEvent, board: &mut Board) {
        if let Some(session) = self.session.as_mut().filter(|session| session.id() == id) {
            let life = session.handle_network(event, board);
            self.settle(life, board);
        }
    }

    /// Octets still wait for the DTE.
    pub(crate) fn handle_repeat(&mut self, board: &mut Board) {
        if let Some(session) = &mut self.session {
            session.announce(board);
        }
    }

    /// The DTE or the server was silent too long.
    pub(crate) fn handle_timeout(&mut self, board: &mut Board) {
        self.fail(FtpFailure::TIMEOUT, board);
    }

    /// The bearer is gone; a session over it fails.
    pub(crate) fn handle_bearer_lost(&mut self, cid: u8, board: &mut Board) {
        if self.session.as_ref().is_some_and(|session| session.cid() == cid) {
            self.fail(FtpFailure::NETWORK, board);
        }
    }

    fn fail(&mut self, failure: FtpFailure, board: &mut Board) {
        if let Some(session) = &self.session {
            let end = session.end_line(failure);
            board.output.unsolicited(&end);
        }
        self.cancel(board);
    }

    /// Drops the session without a word.
    fn cancel(&mut self, board: &mut Board) {
        if let Some(session) = &self.session {
            board.effect(Effect::Cancel { id: session.id() });
            self.settle(Life::Over, board);
        }
    }

    fn settle(&mut self, life: Life, board: &mut Board) {
        if life == Life::Over {
            self.session = None;
            board.agenda.cancel(Timer::FtpRepeat);
            board.agenda.cancel(Timer::FtpNeglect);
            board.agenda.cancel(Timer::FtpServer);
        }
    }
}
