//! TCP and UDP, and the context that carries them (manual chapter 8).

mod lines;
mod lookup;
mod online;
mod pdp;
mod ports;
mod socket;
mod transfer;

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use sim800_command::Form;

use self::lines::Lines;
use self::lookup::{Lookup, Ping};
use self::online::Online;
use self::pdp::Pdp;
use self::ports::Ports;
use self::socket::{Phase, Socket};
use crate::agenda::Timer;
use crate::board::{Board, Outcome, Slow, Step};
use crate::effect::{Effect, OperationId};
use crate::general::General;
use crate::network::{NetworkEvent, SocketFailure};
use crate::refusal::{Cme, Refusal};
use crate::settings::Settings;
use crate::ssl::{self, Ssl};
use crate::syntax::Command;

/// The address that the context gets; the first bearer has the same, for they share it (field log).
const ADDRESS: &str = "10.89.193.1";

/// How far the context is (manual 8.2.12); what the sockets do decides what `AT+CIPSTATUS` calls the last of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Initial,
    Start,
    GprsActive,
    Status,
    Deactivated,
}

/// Where the context goes: what `AT+CSTT` and `AT+CIPCSGP` set.
#[derive(Clone)]
struct Access {
    apn: String,
    user: String,
    password: String,
}

impl Default for Access {
    fn default() -> Self {
        Self { apn: "CMNET".into(), user: String::new(), password: String::new() }
    }
}

impl Access {
    /// Whether the network lets it in.
    fn is_granted(&self, board: &Board) -> bool {
        let Self { apn, user, password } = self;
        let config = &board.config;
        config.apn.as_ref().is_none_or(|only| only == apn)
            && config.apn_credentials.as_ref().is_none_or(|(u, p)| u == user && p == password)
    }
}

/// The context and its sockets.
#[derive(Default)]
pub(crate) struct Ip {
    state: State,
    access: Access,
    servers: (String, String),
    pdp: Pdp,
    sockets: [Socket; 6],
    ports: [Ports; 6],
    /// The socket that `AT+CIPSEND` is about, and how many octets it was given.
    sending: Option<(u8, usize)>,
    lookup: Option<(OperationId, Lookup)>,
    /// What `AT+CIPPING` has found.
    pinged: Option<(IpAddr, Ping)>,
    online: Option<Online>,
}

/// What the sockets have to do with: the settings, TLS, the radio.
pub(crate) struct Surroundings<'a> {
    pub(crate) general: &'a mut General,
    pub(crate) ssl: &'a Ssl,
    pub(crate) is_registered: bool,
    pub(crate) is_attached: bool,
}

impl Ip {
    /// Everything is gone, as at a restart.
    pub(crate) fn restart(&mut self, board: &mut Board) {
        self.cancel(board);
        *self = Self::default();
    }

    /// Whether a context is up, of the sockets or of `AT+CGACT`.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::GprsActive | State::Status)
    }

    /// The network takes the context away.
    pub(crate) fn lose(&mut self, board: &mut Board) {
        self.pdp.deactivate();
        if self.is_up() {
            self.cancel(board);
            self.state = State::Deactivated;
            board.output.unsolicited("+PDP: DEACT");
        }
    }

    /// Drops all that is under way without a word.
    fn cancel(&mut self, board: &mut Board) {
        // A command that waits for one of them is over.
        let is_closing = self.sockets.iter().any(|socket| socket.phase == Phase::Closing);
        let is_pinging = matches!(self.lookup, Some((_, Lookup::Ping(_))));
        if is_closing || is_pinging || self.sending.take().is_some() {
            board.hurry();
        }
        for (index, socket) in (0..).zip(&mut self.sockets) {
            socket.cancel(board);
            *socket = Socket::default();
            board.agenda.cancel(Timer::SocketOpen(index));
        }
        if let Some((id, _)) = self.lookup.take() {
            board.agenda.cancel(Timer::Lookup);
            board.effect(Effect::Cancel { id });
        }
        self.online = None;
        board.agenda.cancel(Timer::Escape);
    }

    /// The end of `AT+CGACT`.
    pub(crate) fn activated(&mut self, cid: u8, is_active: bool, board: &Board) -> Result<(), Refusal> {
        self.pdp.activated(cid, is_active, board)
    }

    /// The commands that are more than a setting.
    pub(crate) fn command(
        &mut self,
        command: &Command,
        mut with: Surroundings<'_>,
        board: &mut Board,
    ) -> Outcome {
        match command.name.as_str() {
            "+CSTT" => self.task(command, board),
            "+CIPCSGP" => self.carrier(command, board),
            "+CIICR" => self.bring_up(command, &with, board),
            "+CIFSR" => self.address(command, board),
            "+CIPSHUT" => self.shut(command, board),
            "+CIPMUX" if command.form == Form::Write && self.state != State::Initial => {
                Err(Cme::NotAllowed.into())
            }
            "+CIPMODE" if command.form == Form::Write && self.has_socket() => Err(Cme::NotAllowed.into()),
            "+CIPSSL" => {
                ssl::require(board)?;
                with.setting(command, board)
            }
            "+CIPSERVER" => server(command, board),
            "+CIPSCONT" => self.store(command, &mut with, board),
            "+CDNSCFG" => self.name_servers(command, board),
            "+CDNSGIP" | "+CIPPING" => self.look_up(command, board),
            "+CGDCONT" | "+CGACT" | "+CGPADDR" => self.pdp.command(command, with.is_registered, board),
            "+CLPORT" => self.local_port(command, &with, board),
            "+CIPSTART" => self.start(command, &with, board),
            "+CIPSEND" => self.send(command, &with, board),
            "+CIPCLOSE" => self.close(command, &with, board),
            "+CIPSTATUS" => self.status(command, &with, board),
            "+CIPACK" => self.acknowledged(command, &with, board),
            "+CIPRXGET" => self.read(command, &mut with, board),
            _ => with.setting(command, board),
        }
    }

    fn has_socket(&self) -> bool {
        self.sockets.iter().any(Socket::is_alive)
    }

    /// `AT+CSTT`
    fn task(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CSTT: \"APN\",\"USER\",\"PWD\""),
            Form::Read => {
                let Access { apn, user, password } = &self.access;
                board.output.information(&format!("+CSTT: \"{apn}\",\"{user}\",\"{password}\""));
            }
            Form::Write | Form::Execution => {
                if self.state != State::Initial {
                    return Err(Cme::NotAllowed.into());
                }
                if command.form == Form::Write {
                    let parameters = command.parameters();
                    parameters.expect(1..=3)?;
                    self.access = Access {
                        apn: parameters.text(0, 50)?.into(),
                        user: parameters.text(1, 50)?.into(),
                        password: parameters.text(2, 50)?.into(),
                    };
                }
                self.state = State::Start;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CIPCSGP`. Circuit-switched data is no more.
    fn carrier(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information(
                "+CIPCSGP: 0-CSD,DIALNUMBER,USER NAME,PASSWORD,RATE(0-3)\r\n+CIPCSGP: 1-GPRS,APN,USER NAME,PASSWORD",
            ),
            Form::Read => {
                let Access { apn, user, password } = &self.access;
                board.output.information(&format!("+CIPCSGP: 1,{apn},{user},{password}"));
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=5)?;
                if parameters.number(0, 0..=1_u8)? == 0 {
                    return Err(Cme::NotSupported.into());
                }
                if parameters.len() > 1 {
                    self.access = Access {
                        apn: parameters.text(1, 50)?.into(),
                        user: parameters.text(2, 50)?.into(),
                        password: parameters.text(3, 50)?.into(),
                    };
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CIICR`
    fn bring_up(&mut self, command: &Command, with: &Surroundings<'_>, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => Ok(Step::Done),
            Form::Execution if self.state == State::Start && with.is_attached => {
                Ok(Step::Wait(board.config.timings.bearer_open, Slow::ContextOpen))
            }
            Form::Execution => Err(Cme::NotAllowed.into()),
            _ => Err(Refusal::Unknown),
        }
    }

    /// The end of `AT+CIICR`.
    pub(crate) fn opened(&mut self, is_attached: bool, board: &mut Board) -> Result<(), Refusal> {
        if self.state == State::Start && is_attached && self.access.is_granted(board) {
            self.state = State::GprsActive;
            return Ok(());
        }
        self.state = State::Deactivated;
        board.output.unsolicited("+PDP: DEACT");
        Err(Refusal::Unknown)
    }

    /// `AT+CIFSR`, which has no result code.
    fn address(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => Ok(Step::Done),
            Form::Execution if self.is_up() => {
                self.state = State::Status;
                board.output.information(ADDRESS);
                Ok(Step::Answered)
            }
            Form::Execution => Err(Cme::NotAllowed.into()),
            _ => Err(Refusal::Unknown),
        }
    }

    /// `AT+CIPSHUT`. The sockets go without a word.
    fn shut(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => Ok(Step::Done),
            Form::Execution => {
                let time = if self.is_up() { board.config.timings.bearer_close } else { Duration::ZERO };
                self.cancel(board);
                Ok(Step::Wait(time, Slow::ContextClose))
            }
            _ => Err(Refusal::Unknown),
        }
    }

    /// The end of `AT+CIPSHUT`.
    pub(crate) fn closed(&mut self, board: &mut Board) -> Outcome {
        self.cancel(board);
        self.state = State::Initial;
        board.output.information("SHUT OK");
        Ok(Step::Answered)
    }

    /// `AT+CIPSCONT`
    fn store(&mut self, command: &Command, with: &mut Surroundings<'_>, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => with.general.store_context(),
            Form::Read => {
                let Access { apn, user, password } = &self.access;
                let settings = &with.general.settings;
                let kept = [
                    "+CIPHEAD",
                    "+CIPSHOWTP",
                    "+CIPSRIP",
                    "+CIPATS",
                    "+CIPSPRT",
                    "+CIPQSEND",
                    "+CIPMODE",
                    "+CIPCCFG",
                    "+CIPMUX",
                    "+CIPDPDP",
                    "+CIPRXGET",
                    "+CIPRDTIMER",
                ];
                let kept: Vec<String> = kept.iter().map(|name| settings.show(name)).collect();
                board.output.information(&format!(
                    "+CIPSCONT: {}\r\n+CIPCSGP: 1\r\nGprs Config APN: {apn}\r\nGprs Config UserId: {user}\r\nGprs Config Password: {password}\r\n{}",
                    u8::from(!with.general.is_context_stored()),
                    kept.join("\r\n")
                ));
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+CDNSCFG`. Names are looked up by whoever makes the network real, whatever is set here.
    fn name_servers(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => board.output.information("+CDNSCFG: (\"Primary DNS\"),(\"Secondary DNS\")"),
            Form::Read => {
                let shown =
                    |server: &str| if server.is_empty() { "0.0.0.0".to_owned() } else { server.to_owned() };
                let (first, second) = (shown(&self.servers.0), shown(&self.servers.1));
                board.output.information(&format!("PrimaryDns: {first}\r\nSecondaryDns: {second}"));
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=2)?;
                let server = |index| -> Result<String, Refusal> {
                    let text = parameters.text(index, 15)?;
                    let is_address =
                        text.parse::<std::net::Ipv4Addr>().is_ok() || text.is_empty() && index == 1;
                    if is_address { Ok(text.to_owned()) } else { Err(Cme::OutOfRange.into()) }
                };
                self.servers = (server(0)?, server(1)?);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// News from the network; ignored unless they are of something under way.
    pub(crate) fn handle_network(
        &mut self,
        id: OperationId,
        event: NetworkEvent,
        general: &mut General,
        board: &mut Board,
    ) {
        if self.lookup.as_ref().is_some_and(|(lookup, _)| *lookup == id) {
            self.found(event, general, board);
            return;
        }
        let Some((index, socket)) = (0..).zip(&mut self.sockets).find(|(_, socket)| socket.is(id)) else {
            return;
        };
        let lines = Lines { index, settings: &general.settings };
        let is_sending = self.sending.is_some_and(|(sending, _)| sending == index);
        match (socket.phase, event) {
            (Phase::Connecting, NetworkEvent::SocketOpen { remote }) => {
                board.agenda.cancel(Timer::SocketOpen(index));
                socket.open(remote, board);
                if lines.is_transparent() {
                    board.output.unsolicited("CONNECT");
                    self.online = Some(Online::new(board.now));
                } else {
                    lines.say("CONNECT OK", board);
                }
            }
            (Phase::Connecting, NetworkEvent::SocketFailed(failure)) => {
                board.agenda.cancel(Timer::SocketOpen(index));
                socket.end(Phase::Closed);
                if failure == SocketFailure::Tls {
                    lines.say("CLOSE OK", board);
                } else {
                    lines.say_connect_fail("TCP CLOSED", board);
                }
            }
            (Phase::Connected, NetworkEvent::SocketData(octets)) => {
                socket.receive(octets);
            }
            (Phase::Connected | Phase::Closing, NetworkEvent::SocketSent(octets)) => {
                let left = socket.sent(octets);
                if left == 0 && is_sending {
                    board.hurry();
                }
            }
            (Phase::Connected, NetworkEvent::SocketClosed) => {
                if is_sending {
                    board.hurry();
                }
                socket.end(Phase::RemoteClosing);
            }
            (Phase::Closing, NetworkEvent::SocketClosed) => {
                socket.end(Phase::Closed);
                board.hurry();
            }
            _ => {}
        }
        self.deliver(&general.settings, board);
    }

    /// Hands the DTE what has come for it, as long as it takes it, and what is to be told behind that.
    pub(crate) fn deliver(&mut self, settings: &Settings, board: &mut Board) {
        let is_online = self.online.as_ref().is_some_and(|online| !online.is_suspended());
        // Asked on every turn of the module, most of the time of sockets that nobody uses.
        let is_used =
            |socket: &Socket| socket.held() > 0 || !matches!(socket.phase, Phase::Initial | Phase::Closed);
        for (index, socket) in (0..).zip(&mut self.sockets).filter(|(_, socket)| is_used(socket)) {
            let lines = Lines { index, settings };
            let is_raw = lines.is_transparent();
            let is_manual = lines.is_manual() && !is_raw;
            while !is_manual && (is_online || !is_raw) && !board.is_quiet && !board.is_congested() {
                let Some(octets) = socket.take(transfer::LONGEST) else { break };
                let header = if is_raw { String::new() } else { lines.header(socket, octets.len()) };
                board.output.received(&header, octets);
            }
            socket.grant(board);
            if is_manual && !board.is_quiet && socket.announces() {
                lines.say_readable(board);
            }
            if socket.phase == Phase::RemoteClosing && (is_manual || socket.held() == 0) && !board.is_quiet {
                socket.phase = Phase::Closed;
                if is_raw {
                    self.online = None;
                    board.agenda.cancel(Timer::Escape);
                }
                lines.say("CLOSED", board);
            }
        }
    }

    /// A server did not take the connection in time.
    pub(crate) fn handle_timeout(&mut self, index: u8, settings: &Settings, board: &mut Board) {
        if let Some(socket) = self.sockets.get_mut(usize::from(index)) {
            socket.cancel(board);
            socket.end(Phase::Closed);
            Lines { index, settings }.say_connect_fail("TCP CLOSED", board);
        }
    }
}

/// `AT+CIPSERVER`. Nobody can call a module behind an operator's translation of addresses, and so nobody can here.
fn server(command: &Command, board: &mut Board) -> Outcome {
    match command.form {
        Form::Test => board.output.information("+CIPSERVER: (0-CLOSE SERVER,1-OPEN SERVER),(1-65535)"),
        Form::Read => board.output.information("+CIPSERVER: 0"),
        Form::Write => {
            let parameters = command.parameters();
            parameters.expect(1..=2)?;
            if parameters.number(0, 0..=1_u8)? == 1 {
                return Err(Cme::NotSupported.into());
            }
        }
        _ => return Err(Refusal::Unknown),
    }
    Ok(Step::Done)
}

impl Surroundings<'_> {
    fn setting(&mut self, command: &Command, board: &mut Board) -> Outcome {
        self.general.settings.command(command, board).unwrap_or(Err(Refusal::Unknown))
    }

    fn has_many(&self) -> bool {
        self.general.settings.is_on("+CIPMUX")
    }
}

/// The octets that a data mode has not sent yet must not grow without bound: this is how many may be under way.
const MOST_UNDER_WAY: usize = 16 * 1024;

impl Ip {
    /// Whether the octets of the DTE go to a socket as they are.
    pub(crate) fn is_online(&self) -> bool {
        self.online.as_ref().is_some_and(|online| !online.is_suspended())
    }

    /// Whether so much is under way to the server that the DTE has to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.is_online() && self.sockets.first().is_some_and(|socket| socket.under_way() >= MOST_UNDER_WAY)
    }

    /// The DTE sends octets as they are.
    pub(crate) fn transmit(&mut self, octets: &[u8], board: &mut Board) {
        let (Some(online), Some(socket)) = (&mut self.online, self.sockets.first_mut()) else { return };
        let data = online.filter(octets, board);
        socket.send(Bytes::from(data), board);
    }

    /// The line was silent behind `+`.
    pub(crate) fn handle_escape(&mut self, board: &mut Board) -> bool {
        let (Some(online), Some(socket)) = (&mut self.online, self.sockets.first_mut()) else { return false };
        match online.silence() {
            Some(data) => {
                socket.send(data, board);
                false
            }
            None => true,
        }
    }

    /// `ATO`
    pub(crate) fn resume(&mut self, board: &mut Board) -> Outcome {
        match &mut self.online {
            Some(online) if online.is_suspended() => {
                online.resume(board.now);
                board.output.information("CONNECT");
                Ok(Step::Answered)
            }
            _ => Err(Cme::NotAllowed.into()),
        }
    }
}
