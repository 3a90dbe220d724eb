//! FTP: one session at a time, whatever it is for (application note 3.9 to 3.25, manual chapter 12).

mod extended;
mod files;
mod kind;
mod session;
mod settings;
mod transfer;

use bytes::Bytes;
use sim800_command::Form;

use self::extended::Memory;
use self::session::{LONGEST_READ, Life, Session};
use self::settings::Settings;
use self::transfer::{Reconnection, Transfer};
pub(crate) use self::{kind::Kind, settings::Setting};
use crate::agenda::Timer;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Step};
use crate::effect::{Effect, FtpRequest, OperationId};
use crate::network::{FtpFailure, NetworkEvent};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// Settings, memory, and the session that is alive.
#[derive(Default)]
pub(crate) struct Ftp {
    settings: Settings,
    /// What `AT+FTPSCONT` has saved; survives a restart.
    saved: Option<Settings>,
    session: Option<Alive>,
    memory: Memory,
    /// Where in the memory `AT+FTPEXTPUT=2` puts what comes.
    loading: usize,
}

/// A session that is alive.
enum Alive {
    /// The DTE reads, writes, or just waits.
    Dialogue(Session),
    /// The module moves the octets itself.
    Transfer(Box<Transfer>),
}

impl Alive {
    fn operation(&self) -> Option<OperationId> {
        match self {
            Self::Dialogue(session) => Some(session.id()),
            Self::Transfer(transfer) => transfer.operation(),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Dialogue(session) => session.kind(),
            Self::Transfer(transfer) => transfer.kind(),
        }
    }

    fn cid(&self) -> u8 {
        match self {
            Self::Dialogue(session) => session.cid(),
            Self::Transfer(transfer) => transfer.cid(),
        }
    }
}

impl Ftp {
    /// Everything is gone, as at a restart.
    pub(crate) fn restart(&mut self, board: &mut Board) {
        self.cancel(board);
        let saved = self.saved.take();
        *self = Self { settings: saved.clone().unwrap_or_default(), saved, ..Self::default() };
    }

    /// Any of the setters.
    pub(crate) fn setting(&mut self, setting: Setting, command: &Command, board: &mut Board) -> Outcome {
        self.settings.command(setting, command, board)
    }

    /// `AT+FTPSCONT`
    pub(crate) fn context(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => self.saved = Some(self.settings.clone()),
            Form::Read => {
                let is_saved = self.saved.as_ref() == Some(&self.settings);
                let text = self.settings.show_saved(is_saved, board.config.timings.ftp_server);
                board.output.information(&text);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
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
            (1, None) => match self.loaded() {
                None => Ok(self.open(Kind::Put, bearers, board)),
                Some(source) => {
                    self.open_transfer(Kind::Put, bearers, board, |kind, cid, request, board| {
                        let reconnection = Reconnection::default();
                        Ok(Transfer::upload(kind, cid, request, source, reconnection, board))
                    });
                    Ok(Step::Done)
                }
            },
            (2, Some(length)) => self.session_of(Kind::Put)?.write(length, board),
            _ => Err(Cme::OutOfRange.into()),
        }
    }

    /// `AT+FTPSIZE`, `AT+FTPDELE`, `AT+FTPMKD`, `AT+FTPRMD`, `AT+FTPRENAME`
    pub(crate) fn one_shot(
        &mut self,
        kind: Kind,
        command: &Command,
        bearers: &Bearers,
        board: &mut Board,
    ) -> Outcome {
        match command.form {
            _ if kind == Kind::Rename && !board.config.ftp_rename => Err(Refusal::Unknown),
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
                let end = session.kind().failed(FtpFailure::QUIT);
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
        match &mut self.session {
            Some(Alive::Dialogue(session)) if session.kind() == kind => Ok(session),
            _ => Err(Cme::NotAllowed.into()),
        }
    }

    /// How far the module's own transfer of this kind has come, if it is alive.
    fn progress_of(&self, kind: Kind) -> Option<(u64, u64)> {
        match &self.session {
            Some(Alive::Transfer(transfer)) if transfer.kind() == kind => Some(transfer.progress()),
            _ => None,
        }
    }

    /// Begins a session with the DTE. What is wrong with it is said after the `OK`.
    fn open(&mut self, kind: Kind, bearers: &Bearers, board: &mut Board) -> Step {
        match self.request(kind, bearers) {
            Ok(request) => {
                let id = board.operation();
                board.effect(Effect::Ftp { id, request });
                self.session = Some(Alive::Dialogue(Session::begin(id, kind, self.settings.cid, board)));
            }
            Err(failure) => board.output.unsolicited_after_result(kind.failed(failure)),
        }
        Step::Done
    }

    /// Begins a transfer of the module's own. What is wrong with it is said after the `OK`.
    fn open_transfer(
        &mut self,
        kind: Kind,
        bearers: &Bearers,
        board: &mut Board,
        begin: impl FnOnce(Kind, u8, FtpRequest, &mut Board) -> Result<Transfer, FtpFailure>,
    ) {
        let cid = self.settings.cid;
        match self.request(kind, bearers).and_then(|request| begin(kind, cid, request, board)) {
            Ok(transfer) => self.session = Some(Alive::Transfer(Box::new(transfer))),
            Err(failure) => board.output.unsolicited_after_result(kind.failed(failure)),
        }
    }

    fn request(&self, kind: Kind, bearers: &Bearers) -> Result<FtpRequest, FtpFailure> {
        if self.session.is_some() {
            return Err(FtpFailure::NOT_ALLOWED);
        }
        if !bearers.is_open(self.settings.cid) {
            return Err(FtpFailure::NETWORK);
        }
        self.settings.request(kind)
    }

    /// The octets for `AT+FTPPUT=2` have come, or not in time.
    pub(crate) fn input(&mut self, octets: Bytes, complete: bool, board: &mut Board) -> Result<(), Refusal> {
        let session = self.session_of(Kind::Put)?;
        if !complete {
            let end = Kind::Put.failed(FtpFailure::TIMEOUT);
            board.output.unsolicited_after_result(end);
            self.cancel(board);
            return Err(Refusal::Unknown);
        }
        session.input(octets, board)
    }

    /// News from the network; ignored unless they are of the session that is alive.
    pub(crate) fn handle_network(&mut self, id: OperationId, event: NetworkEvent, board: &mut Board) {
        let life = match self.session.as_mut().filter(|session| session.operation() == Some(id)) {
            None => return,
            Some(Alive::Dialogue(session)) => session.handle_network(event, board),
            Some(Alive::Transfer(transfer)) => transfer.handle_network(event, board),
        };
        self.settle(life, board);
    }

    /// Octets still wait for the DTE.
    pub(crate) fn handle_repeat(&mut self, board: &mut Board) {
        if let Some(Alive::Dialogue(session)) = &mut self.session {
            session.announce(board);
        }
    }

    /// Octets are to be in the file system by now.
    pub(crate) fn handle_store(&mut self, board: &mut Board) {
        if let Some(Alive::Transfer(transfer)) = &mut self.session {
            let life = transfer.handle_store(board);
            self.settle(life, board);
        }
    }

    /// The time to connect again has come.
    pub(crate) fn handle_reconnect(&mut self, board: &mut Board) {
        if let Some(Alive::Transfer(transfer)) = &mut self.session {
            transfer.connect(board);
        }
    }

    /// The DTE or the server was silent too long.
    pub(crate) fn handle_timeout(&mut self, board: &mut Board) {
        match &mut self.session {
            Some(Alive::Transfer(transfer)) => {
                let life = transfer.lose(FtpFailure::TIMEOUT, board);
                self.settle(life, board);
            }
            _ => self.fail(FtpFailure::TIMEOUT, board),
        }
    }

    /// The bearer is gone; a session over it fails.
    pub(crate) fn handle_bearer_lost(&mut self, cid: u8, board: &mut Board) {
        if self.session.as_ref().is_some_and(|session| session.cid() == cid) {
            self.fail(FtpFailure::NETWORK, board);
        }
    }

    fn fail(&mut self, failure: FtpFailure, board: &mut Board) {
        if let Some(session) = &self.session {
            board.output.unsolicited(&session.kind().failed(failure));
        }
        self.cancel(board);
    }

    /// Drops the session without a word.
    fn cancel(&mut self, board: &mut Board) {
        if let Some(session) = &self.session {
            if let Some(id) = session.operation() {
                board.effect(Effect::Cancel { id });
            }
            self.settle(Life::Over, board);
        }
    }

    fn settle(&mut self, life: Life, board: &mut Board) {
        if life == Life::Over {
            let octets = match self.session.take() {
                Some(Alive::Transfer(transfer)) => transfer.into_memory(),
                _ => None,
            };
            if let Some(octets) = octets {
                self.memory = Memory::Downloaded(octets);
            }
            for timer in
                [Timer::FtpRepeat, Timer::FtpNeglect, Timer::FtpServer, Timer::PutOption, Timer::FtpReconnect]
            {
                board.agenda.cancel(timer);
            }
        }
    }
}
