//! The commands of one socket: connecting, sending, reading, closing, and how it is.

use std::time::Duration;

use bytes::Bytes;
use sim800_command::Form;

use super::lines::Lines;
use super::socket::{Phase, Socket};
use super::{Ip, State, Surroundings};
use crate::agenda::Timer;
use crate::board::{Board, Outcome, Sink, Slow, Step};
use crate::effect::{SocketRequest, Transport};
use crate::refusal::{Cme, Refusal};
use crate::settings::Settings;
use crate::syntax::{Command, Parameters};

/// The most octets that are sent, read or handed on at a time (manual 8.2.3, 8.2.26).
pub(super) const LONGEST: usize = 1460;

/// How long a server has to take a connection (manual 8.2.2; field logs show it used up).
const CONNECTING: Duration = Duration::from_secs(75);
/// How long `AT+CIPSEND` waits for its octets, and then for the server to have them (manual 8.2.3).
const SENDING: Duration = Duration::from_secs(645);
/// How long the server's side of a connection may take to close.
const CLOSING: Duration = Duration::from_secs(10);
/// Under `AT+CIPQSEND=1` a command does not wait for the server, unless so many octets are under way.
const MOST_UNDER_WAY: usize = 32 * 1024;

impl Ip {
    /// The number of the socket that a command begins with where there are several, and where its other parameters begin.
    pub(super) fn index(
        &self,
        parameters: &Parameters<'_>,
        with: &Surroundings<'_>,
    ) -> Result<(u8, usize), Refusal> {
        if with.has_many() { Ok((parameters.number(0, 0..=5)?, 1)) } else { Ok((0, 0)) }
    }

    fn socket(&mut self, index: u8) -> Result<&mut Socket, Refusal> {
        self.sockets.get_mut(usize::from(index)).ok_or(Refusal::Cme(Cme::OutOfRange))
    }

    /// `AT+CIPSTART`
    pub(super) fn start(&mut self, command: &Command, with: &Surroundings<'_>, board: &mut Board) -> Outcome {
        let many = if with.has_many() { "(0-5)," } else { "" };
        let Some(parameters) = command.written()? else {
            board.output.information(&format!(
                "+CIPSTART: {many}(\"TCP\",\"UDP\"),(\"(0-255).(0-255).(0-255).(0-255)\"),(1-65535)\r\n+CIPSTART: {many}(\"TCP\",\"UDP\"),(\"DOMAIN NAME\"),(1-65535)"
            ));
            return Ok(Step::Done);
        };
        let (index, first) = self.index(&parameters, with)?;
        parameters.expect(first + 3..=first + 3)?;
        let has_tls = with.general.settings.is_on("+CIPSSL");
        let transport = match parameters.word(first).as_str() {
            "TCP" if has_tls => Transport::Tls,
            "TCP" => Transport::Tcp,
            "UDP" => Transport::Udp,
            _ => return Err(Cme::OutOfRange.into()),
        };
        let host = parameters.text(first + 1, 100)?.to_owned();
        let port = parameters.number(first + 2, 1..=u16::MAX)?;
        if host.is_empty() {
            return Err(Cme::TooFewParameters.into());
        }
        if self.socket(index)?.is_alive() {
            let lines = Lines { index, settings: &with.general.settings };
            board.output.unsolicited_after_result(lines.text("ALREADY CONNECT"));
            return Err(Cme::NotAllowed.into());
        }
        match self.state {
            State::Status => {}
            // A single socket brings the context up by itself.
            State::Initial | State::Start if !with.has_many() => {
                if !with.is_attached || !self.access.is_granted(board) {
                    board.output.unsolicited_after_result("STATE: IP INITIAL".into());
                    board.output.unsolicited_after_result("CONNECT FAIL".into());
                    return Ok(Step::Done);
                }
                self.state = State::Status;
            }
            _ => return Err(Cme::NotAllowed.into()),
        }
        let check_certificate = with.ssl.checks_certificate();
        let request = SocketRequest { transport, host, port, check_certificate };
        *self.socket(index)? = Socket::begin(request, board);
        board.after(CONNECTING, Timer::SocketOpen(index));
        Ok(Step::Done)
    }

    /// `AT+CIPSEND`
    pub(super) fn send(&mut self, command: &Command, with: &Surroundings<'_>, board: &mut Board) -> Outcome {
        let parameters = match command.form {
            Form::Test => {
                let many = if with.has_many() { "(0-5)," } else { "" };
                board.output.information(&format!("+CIPSEND: {many}<length>"));
                return Ok(Step::Done);
            }
            Form::Read => {
                let room = |socket: &Socket| if socket.phase == Phase::Connected { LONGEST } else { 0 };
                let lines: Vec<String> = if with.has_many() {
                    let line = |(index, socket)| format!("+CIPSEND: {index},{}", room(socket));
                    self.sockets.iter().enumerate().map(line).collect()
                } else {
                    self.sockets.iter().take(1).map(|socket| format!("+CIPSEND: {}", room(socket))).collect()
                };
                board.output.information(&lines.join("\r\n"));
                return Ok(Step::Done);
            }
            Form::Execution if !with.has_many() => None,
            Form::Write => Some(command.parameters()),
            _ => return Err(Refusal::Unknown),
        };
        let (index, length) = match &parameters {
            None => (0, None),
            Some(parameters) => {
                let (index, first) = self.index(parameters, with)?;
                parameters.expect(1..=first + 1)?;
                let length = (parameters.len() > first).then(|| parameters.number(first, 1..=LONGEST));
                (index, length.transpose()?)
            }
        };
        if self.socket(index)?.phase != Phase::Connected {
            return Err(Cme::NotAllowed.into());
        }
        if with.general.settings.number("+CIPSPRT", 0) != 2
            && with.general.settings.number("+CIPSPRT", 0) != 0
        {
            board.output.prompt_for_text();
        }
        self.sending = Some((index, 0));
        Ok(match length {
            Some(length) => Step::Input(length, SENDING, Sink::Socket),
            None => Step::Text(LONGEST, Sink::Socket),
        })
    }

    /// The octets for a socket have come, all of them if `complete`.
    pub(crate) fn input(
        &mut self,
        octets: Bytes,
        complete: bool,
        settings: &Settings,
        board: &mut Board,
    ) -> Outcome {
        let Some((index, _)) = self.sending.take().filter(|_| complete && !octets.is_empty()) else {
            return Err(Refusal::Unknown);
        };
        let count = octets.len();
        let socket = self.socket(index)?;
        socket.send(octets, board);
        self.sending = Some((index, count));
        let is_quick = settings.is_on("+CIPQSEND") && self.socket(index)?.under_way() < MOST_UNDER_WAY;
        if is_quick || self.socket(index)?.phase != Phase::Connected {
            return self.sent(settings, board);
        }
        Ok(Step::Wait(SENDING, Slow::SocketSend))
    }

    /// The server has what `AT+CIPSEND` was given, or the connection is gone.
    pub(crate) fn sent(&mut self, settings: &Settings, board: &mut Board) -> Outcome {
        let Some((index, count)) = self.sending.take() else { return Err(Refusal::Unknown) };
        let lines = Lines { index, settings };
        let socket = self.socket(index)?;
        let is_quick = settings.is_on("+CIPQSEND");
        let text = if socket.phase != Phase::Connected || !is_quick && socket.under_way() > 0 {
            lines.text("SEND FAIL")
        } else if is_quick && lines.has_many() {
            format!("DATA ACCEPT:{index},{count}")
        } else if is_quick {
            format!("DATA ACCEPT:{count}")
        } else {
            lines.text("SEND OK")
        };
        if settings.number("+CIPSPRT", 0) != 2 {
            board.output.information(&text);
        }
        Ok(Step::Answered)
    }

    /// `AT+CIPCLOSE`. How fast it is makes no difference here.
    pub(super) fn close(&mut self, command: &Command, with: &Surroundings<'_>, board: &mut Board) -> Outcome {
        let index = match command.form {
            Form::Test => return Ok(Step::Done),
            Form::Execution if !with.has_many() => 0,
            Form::Write => {
                let parameters = command.parameters();
                let (index, first) = self.index(&parameters, with)?;
                parameters.expect(1..=first + 1)?;
                if parameters.len() > first {
                    parameters.number(first, 0..=1_u8)?;
                }
                index
            }
            _ => return Err(Refusal::Unknown),
        };
        let socket = self.socket(index)?;
        match socket.phase {
            Phase::Connected => {
                socket.finish(board);
                Ok(Step::Wait(CLOSING, Slow::SocketClose(index)))
            }
            Phase::Connecting | Phase::RemoteClosing => self.shut_down(index, &with.general.settings, board),
            _ => Err(Cme::NotAllowed.into()),
        }
    }

    /// The end of `AT+CIPCLOSE`.
    pub(crate) fn shut_down(&mut self, index: u8, settings: &Settings, board: &mut Board) -> Outcome {
        board.agenda.cancel(Timer::SocketOpen(index));
        let socket = self.socket(index)?;
        socket.cancel(board);
        socket.forget();
        socket.end(Phase::Closed);
        if index == 0 {
            self.online = None;
        }
        board.output.information(&Lines { index, settings }.text("CLOSE OK"));
        Ok(Step::Answered)
    }

    /// `AT+CIPSTATUS`. What it tells follows its `OK`, but of a single one of several sockets.
    pub(super) fn status(
        &mut self,
        command: &Command,
        with: &Surroundings<'_>,
        board: &mut Board,
    ) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                let mut text = format!("STATE: {}", self.state_name(with.has_many()));
                if with.has_many() {
                    text.push_str("\r\n");
                    for (index, socket) in self.sockets.iter().enumerate() {
                        text.push_str(&format!("\r\nC: {index},{}", socket.status()));
                    }
                }
                board.output.unsolicited_after_result(text);
            }
            Form::Write if with.has_many() => {
                let index = command.parameters().number(0, 0..=5)?;
                let text = format!("+CIPSTATUS: {index},{}", self.socket(index)?.status());
                board.output.information(&text);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    fn state_name(&self, has_many: bool) -> &'static str {
        let first = self
            .sockets
            .first()
            .map_or((Phase::Initial, ""), |socket| (socket.phase_told(), socket.transport_name()));
        match (self.state, first) {
            (State::Initial, _) => "IP INITIAL",
            (State::Start, _) => "IP START",
            (State::GprsActive, _) => "IP GPRSACT",
            (State::Deactivated, _) => "PDP DEACT",
            (State::Status, _) if has_many && self.has_socket() => "IP PROCESSING",
            (State::Status, _) if has_many => "IP STATUS",
            (State::Status, (Phase::Initial, _)) => "IP STATUS",
            (State::Status, (Phase::Connecting, "UDP")) => "UDP CONNECTING",
            (State::Status, (Phase::Connecting, _)) => "TCP CONNECTING",
            (State::Status, (Phase::Connected, _)) => "CONNECT OK",
            (State::Status, (Phase::Closing, "UDP")) => "UDP CLOSING",
            (State::Status, (Phase::Closing, _)) => "TCP CLOSING",
            (State::Status, (_, "UDP")) => "UDP CLOSED",
            (State::Status, _) => "TCP CLOSED",
        }
    }

    /// `AT+CIPACK`
    pub(super) fn acknowledged(
        &mut self,
        command: &Command,
        with: &Surroundings<'_>,
        board: &mut Board,
    ) -> Outcome {
        let index = match command.form {
            Form::Test => return Ok(Step::Done),
            Form::Execution if !with.has_many() => 0,
            Form::Write if with.has_many() => command.parameters().number(0, 0..=5)?,
            _ => return Err(Refusal::Unknown),
        };
        let socket = self.socket(index)?;
        if socket.phase == Phase::Initial {
            return Err(Cme::NotAllowed.into());
        }
        board.output.information(&socket.acknowledgement());
        Ok(Step::Done)
    }

    /// `AT+CIPRXGET`
    pub(super) fn read(
        &mut self,
        command: &Command,
        with: &mut Surroundings<'_>,
        board: &mut Board,
    ) -> Outcome {
        let parameters = command.parameters();
        if command.form != Form::Write || parameters.number(0, 0..=4_u8)? < 2 {
            if command.form == Form::Write && self.has_socket() {
                return Err(Cme::NotAllowed.into());
            }
            return with.setting(command, board);
        }
        let mode = parameters.number(0, 2..=4_u8)?;
        let has_many = with.has_many();
        let index = if has_many { parameters.number(1, 0..=5)? } else { 0 };
        let first = if has_many { 2 } else { 1 };
        let shown = if has_many { format!("{mode},{index}") } else { mode.to_string() };
        parameters.expect(first..=first + usize::from(mode != 4))?;
        let is_manual = with.general.settings.is_on("+CIPRXGET");
        let socket = self.socket(index)?;
        if !is_manual || socket.phase == Phase::Initial {
            return Err(Cme::NotAllowed.into());
        }
        if mode == 4 {
            board.output.information(&format!("+CIPRXGET: {shown},{}", socket.held()));
            return Ok(Step::Done);
        }
        let most = if mode == 2 { LONGEST } else { LONGEST / 2 };
        let asked = if parameters.len() > first { parameters.number(first, 1..=most)? } else { most };
        let octets = socket.take(asked).unwrap_or_default();
        socket.grant(board);
        board.output.information(&format!("+CIPRXGET: {shown},{},{}", octets.len(), socket.held()));
        if mode == 2 && !octets.is_empty() {
            board.output.octets(octets);
        } else if !octets.is_empty() {
            let digits: String = octets.iter().map(|octet| format!("{octet:02X}")).collect();
            board.output.octets(digits.into());
        }
        Ok(Step::Done)
    }
}
