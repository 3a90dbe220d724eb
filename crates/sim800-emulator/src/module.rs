//! The module itself: what comes in, what goes out, and when.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sim800_command::Id;

use crate::agenda::Timer;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Sink, Slow, Step};
use crate::card::Card;
use crate::config::{Config, Registration, Start};
use crate::effect::{Effect, OperationId};
use crate::fault::PowerDown;
use crate::files::Files;
use crate::ftp::Ftp;
use crate::general::General;
use crate::http::Http;
use crate::intake::{Intake, Taken};
use crate::interference::Interference;
use crate::network::NetworkEvent;
use crate::planted::Planted;
use crate::radio::Radio;
use crate::refusal::{Cme, Refusal};
use crate::seen::Seen;
use crate::ssl::Ssl;
use crate::syntax::{self, Command};

/// What the serial port sends for synchronisation at power-on (manual 1.4).
const SYNC: [u8; 9] = [0x00, 0x49, 0x49, 0x49, 0x49, 0xFF, 0xFF, 0xFF, 0xFF];

/// The most octets that are kept while a command is executed; more are lost, as on a line without flow control.
const TYPE_AHEAD: usize = 4096;

/// The most that is remembered of what the module has seen.
const MOST_SEEN: usize = 64;

/// A SIM800-series module, seen from its serial port.
///
/// Time is an argument: any monotonic clock that starts near zero when the emulator is made. After each `handle_*` call drain
/// [`poll_transmit`](Self::poll_transmit) and [`poll_effect`](Self::poll_effect), and call
/// [`handle_timeout`](Self::handle_timeout) once the time of [`poll_timeout`](Self::poll_timeout) has come.
pub struct Emulator {
    pub(crate) board: Board,
    pub(crate) intake: Intake,
    type_ahead: Vec<u8>,
    /// What is still to be executed of the command line.
    line: VecDeque<Command>,
    activity: Activity,
    /// Whether the serial port is awake.
    pub(crate) on: bool,
    /// Whether its firmware hangs.
    pub(crate) hangs: bool,
    /// Whether the start-up lines are held back, as under autobauding.
    autobaud: bool,
    /// Whether `Call Ready` was said.
    pub(crate) call_ready: bool,
    /// `SMS Ready` has come.
    pub(crate) sms_ready: bool,
    pub(crate) general: General,
    pub(crate) card: Card,
    pub(crate) radio: Radio,
    pub(crate) bearers: Bearers,
    pub(crate) ssl: Ssl,
    pub(crate) http: Http,
    pub(crate) ftp: Ftp,
    pub(crate) files: Files,
    /// What is going to go wrong.
    pub(crate) planted: Planted,
    /// What the line does to the octets of the DTE.
    pub(crate) interference: Option<Interference>,
    seen: VecDeque<Seen>,
}

impl fmt::Debug for Emulator {
    /// Shows no more than the time: the rest is full of other people's passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("now", &self.board.now).field("on", &self.on).finish_non_exhaustive()
    }
}

/// What becomes of the next octet.
enum Activity {
    /// It belongs to a command line.
    Idle,
    /// It waits until the command is done.
    Waiting(Slow),
    /// It is payload.
    Input(Input),
}

struct Input {
    octets: BytesMut,
    count: usize,
    sink: Sink,
    /// How much was said up to the end of the prompt.
    prompt_end: u64,
}

impl Emulator {
    /// A module that is switched on at time zero.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let general = General::new(&config);
        let mut emulator = Self {
            radio: Radio::new(config.attach),
            board: Board::new(config, general.format()),
            intake: Intake::default(),
            type_ahead: Vec::new(),
            line: VecDeque::new(),
            activity: Activity::Idle,
            on: false,
            hangs: false,
            autobaud: false,
            call_ready: false,
            sms_ready: false,
            general,
            card: Card::new(),
            bearers: Bearers::default(),
            ssl: Ssl::default(),
            http: Http::default(),
            ftp: Ftp::default(),
            files: Files::default(),
            planted: Planted::default(),
            interference: None,
            seen: VecDeque::new(),
        };
        match emulator.board.config.start {
            Start::Running => {
                emulator.on = true;
                emulator.call_ready = true;
                emulator.sms_ready = true;
                emulator.card.power_up(&emulator.board.config.sim);
                if emulator.card.is_open() {
                    emulator.radio.register(emulator.board.config.registration, &mut emulator.board);
                }
            }
            Start::Off => {}
            start => emulator.restart(start == Start::Autobaud),
        }
        emulator
    }

    /// Octets from the DTE, cut anywhere.
    pub fn handle_input(&mut self, now: Duration, octets: &[u8]) {
        self.advance(now);
        match self.interference.as_mut().map(|interference| interference.cross(octets)) {
            Some(octets) => self.receive(&octets),
            None => self.receive(octets),
        }
    }

    /// Time has passed. Calling too early or too late is harmless: what was due in between happens in order.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.advance(now);
    }

    /// News of an operation on the network.
    pub fn handle_network(&mut self, now: Duration, id: OperationId, event: NetworkEvent) {
        self.advance(now);
        self.http.handle_network(id, event.clone(), &mut self.board);
        self.ftp.handle_network(id, event, &mut self.board);
    }

    /// The next octets for the DTE.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        loop {
            let octets = self.board.output.poll(self.planted.next_octets());
            let has_struck = self.strike_due();
            self.resume();
            if octets.is_some() || !has_struck {
                return octets;
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, unless something else is handled before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let effects = self.board.outbox.next(self.board.now);
        [self.board.agenda.next(), self.planted.next_time(), effects].into_iter().flatten().min()
    }

    /// The next thing to do on the network.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        let effect = loop {
            match self.board.outbox.pop_due(self.board.now) {
                Some(effect) if self.is_withheld(&effect) => {}
                effect => break effect,
            }
        };
        self.resume();
        effect
    }

    /// What the module has seen, the oldest first; of what nobody takes, the last few lines are kept.
    pub fn poll_seen(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    /// What kind of module it is at present.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.board.config
    }

    /// Whether its serial port is awake.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.on
    }

    /// Whether it is switched off: neither on, nor on its way there, nor hung.
    #[must_use]
    pub fn is_off(&self) -> bool {
        !self.on && !self.hangs && !self.board.agenda.is_set(Timer::Boot)
    }

    /// Somebody presses the power key: a module that is on switches itself off, any other starts.
    pub fn handle_power_key(&mut self, now: Duration) {
        self.advance(now);
        if self.on {
            self.power_down(Some(PowerDown::Normal.text()));
        } else {
            self.restart(self.general.is_autobauding());
        }
    }

    /// The rate that `AT+IPR` has set in bit/s; `None` under autobauding.
    #[must_use]
    pub fn rate(&self) -> Option<NonZeroU32> {
        self.general.fixed_rate()
    }

    /// Lets everything happen that was due up to now.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.fire_due(now);
        self.board.now = self.board.now.max(now);
    }

    fn fire_due(&mut self, now: Duration) {
        loop {
            // In the order of their times, a fault before what the module does.
            let fault = self.planted.next_time().filter(|at| *at <= now);
            let timer = self.board.agenda.next().filter(|at| *at <= now);
            match (fault, timer) {
                (Some(at), timer) if timer.is_none_or(|timer| at <= timer) => {
                    self.board.now = self.board.now.max(at);
                    self.strike_due();
                }
                _ => match self.board.agenda.pop_due(now) {
                    Some((at, timer)) => {
                        self.board.now = self.board.now.max(at);
                        self.fire(timer);
                    }
                    None => return,
                },
            }
            self.resume();
        }
    }

    fn see(&mut self, seen: Seen) {
        if self.seen.len() >= MOST_SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(seen);
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Boot => self.wake_up(),
            Timer::Ready => self.start_up(),
            Timer::Search => self.register(self.board.config.registration),
            Timer::CallReady => {
                self.call_ready = true;
                if self.general.announces_call_ready() {
                    self.board.output.unsolicited("Call Ready");
                }
                self.board.after(self.board.config.timings.call_ready, Timer::SmsReady);
            }
            Timer::SmsReady => {
                self.sms_ready = true;
                self.board.output.unsolicited("SMS Ready");
            }
            Timer::Command => {
                if let Activity::Waiting(slow) = std::mem::replace(&mut self.activity, Activity::Idle) {
                    let outcome = self.complete(slow);
                    self.proceed(outcome);
                }
            }
            Timer::Input => self.end_input(),
            Timer::HttpServer => self.http.handle_timeout(&mut self.board),
            Timer::FtpRepeat => self.ftp.handle_repeat(&mut self.board),
            Timer::PutOption => self.ftp.handle_store(&mut self.board),
            Timer::FtpReconnect => self.ftp.handle_reconnect(&mut self.board),
            Timer::FtpNeglect | Timer::FtpServer => self.ftp.handle_timeout(&mut self.board),
        }
    }

    /// Takes octets one after the other, each for what it is at its turn.
    fn receive(&mut self, mut octets: &[u8]) {
        while let Some((&first, rest)) = octets.split_first() {
            // What the octets before have made due comes first, or the cuts of the input would matter.
            self.fire_due(self.board.now);
            if !self.on {
                return;
            }
            if self.is_held() {
                let room = TYPE_AHEAD.saturating_sub(self.type_ahead.len());
                self.type_ahead.extend(octets.iter().take(room));
                return;
            }
            if let Activity::Input(input) = &mut self.activity {
                let prompt_seen = self.board.output.transmitted() >= input.prompt_end;
                if input.octets.is_empty() && self.intake.take_line_feed(first, prompt_seen) {
                    octets = rest;
                    continue;
                }
                let (payload, behind) = octets.split_at(octets.len().min(input.count - input.octets.len()));
                input.octets.extend_from_slice(payload);
                octets = behind;
                if input.octets.len() == input.count {
                    self.end_input();
                }
            } else {
                octets = rest;
                match self.intake.take(first, &mut self.board.output) {
                    Taken::Nothing => {}
                    Taken::TooLong => self.finish(Err(Refusal::Unknown)),
                    Taken::Line(line) => {
                        self.see(Seen::Line(String::from_utf8_lossy(&line).into_owned()));
                        self.take_line(&line);
                    }
                }
            }
        }
    }

    /// A command line is complete.
    fn take_line(&mut self, line: &[u8]) {
        match syntax::commands(line) {
            Some(commands) if commands.len() > 1 && !self.board.config.concatenation => {
                self.finish(Err(Refusal::Unknown));
            }
            Some(commands) => {
                self.line = commands.into();
                self.proceed(Ok(Step::Wait(self.board.config.timings.line, Slow::Line)));
            }
            None => self.finish(Err(Refusal::Unknown)),
        }
    }

    /// Whether octets have to wait for their turn.
    fn is_held(&self) -> bool {
        match self.activity {
            Activity::Idle => self.board.is_congested(),
            Activity::Waiting(_) => true,
            Activity::Input(_) => false,
        }
    }

    /// Goes on with what had to wait.
    fn resume(&mut self) {
        if !self.type_ahead.is_empty() && !self.is_held() {
            let octets = std::mem::take(&mut self.type_ahead);
            self.receive(&octets);
        }
    }

    /// Executes the commands of the line, up to the first that takes time or fails.
    fn run(&mut self) {
        while let Some(command) = self.line.pop_front() {
            if self.board.config.lacks.contains(&command.name) {
                return self.refuse(command);
            }
            match self.execute(&command) {
                Ok(Step::Done) => {}
                Err(Refusal::Unknown) if Id::from_name(&command.name).is_none() => {
                    return self.refuse(command);
                }
                outcome => return self.proceed(outcome),
            }
        }
        self.finish(Ok(()));
    }

    /// The firmware does not have the command.
    fn refuse(&mut self, command: Command) {
        self.see(Seen::Unknown(command.name));
        self.finish(Err(Refusal::Unknown));
    }

    /// Goes on behind a command.
    fn proceed(&mut self, outcome: Outcome) {
        match outcome {
            Ok(Step::Done) => self.run(),
            Ok(Step::Wait(Duration::ZERO, slow)) => {
                let outcome = self.complete(slow);
                self.proceed(outcome);
            }
            Ok(Step::Wait(delay, slow)) => {
                self.activity = Activity::Waiting(slow);
                self.board.after(delay, Timer::Command);
            }
            Ok(Step::Input(count, time, sink)) => {
                let prompt_end = self.board.output.said();
                self.activity = Activity::Input(Input { octets: BytesMut::new(), count, sink, prompt_end });
                self.board.after(time, Timer::Input);
            }
            Ok(Step::Silent) => self.line.clear(),
            Err(refusal) => self.finish(Err(refusal)),
        }
    }

    fn finish(&mut self, result: Result<(), Refusal>) {
        self.line.clear();
        match self.board.hesitation.take() {
            Some(delay) if !delay.is_zero() => {
                self.activity = Activity::Waiting(Slow::Result(result));
                self.board.after(delay, Timer::Command);
            }
            _ => self.board.output.result(result),
        }
    }

    /// Payload has come in full, or not in time.
    fn end_input(&mut self) {
        self.board.agenda.cancel(Timer::Input);
        if let Activity::Input(input) = std::mem::replace(&mut self.activity, Activity::Idle) {
            let complete = input.octets.len() == input.count;
            let octets = input.octets.freeze();
            let result = match input.sink {
                Sink::HttpData => self.http.input(octets, complete, &self.board),
                Sink::FtpPut => self.ftp.input(octets, complete, &mut self.board),
                Sink::FtpExtPut => self.ftp.load(&octets, complete),
                Sink::FsWrite => self.files.input(&octets, complete, &mut self.board),
            };
            self.proceed(result.map(|()| Step::Done));
        }
    }

    /// Ends a command that took its time.
    fn complete(&mut self, slow: Slow) -> Outcome {
        match slow {
            Slow::Line => {}
            Slow::BearerOpen(cid) => {
                let opened = self.bearers.opened(cid, self.radio.is_attached(), &self.board);
                if !self.radio.is_on() {
                    return Err(Cme::RadioOff.into());
                }
                opened?;
            }
            Slow::BearerClose(cid) => {
                self.bearers.closed(cid);
                self.fail_sessions(cid);
            }
            Slow::Attach(attach) => {
                self.radio.attach(attach, &mut self.board)?;
                if !attach {
                    self.lose_bearers();
                }
            }
            Slow::Functionality(level) => self.set_functionality(level),
            Slow::Restart => {
                self.board.output.result(Ok(()));
                self.restart(self.general.is_autobauding());
                return Ok(Step::Silent);
            }
            Slow::Unlock => {
                self.card.unlock();
                self.board.output.unsolicited_after_result(self.card.report().into());
                self.radio.search(&mut self.board);
            }
            Slow::Register(true) => {
                self.card.require()?;
                self.register(self.board.config.registration);
            }
            Slow::Register(false) => self.register(Registration::NotRegistered),
            Slow::ListOperators => self.radio.list_operators(&mut self.board),
            Slow::Result(result) => {
                self.board.output.result(result);
                return Ok(Step::Silent);
            }
        }
        Ok(Step::Done)
    }

    fn set_functionality(&mut self, level: u8) {
        self.radio.set_functionality(level, &mut self.board);
        if level != 1 {
            self.lose_bearers();
        }
        match level {
            0 => {
                self.card.power_down();
                self.call_ready = false;
                self.board.agenda.cancel(Timer::CallReady);
                self.board.agenda.cancel(Timer::SmsReady);
                self.board.output.unsolicited_after_result(self.card.report().into());
            }
            1 => {
                if self.card.require() == Err(Cme::SimBusy.into()) {
                    self.card.power_up(&self.board.config.sim);
                    self.board.output.unsolicited_after_result(self.card.report().into());
                }
                if self.card.is_open() {
                    self.radio.search(&mut self.board);
                }
            }
            _ => {}
        }
    }

    /// The registration has changed. Without one no bearer lives.
    pub(crate) fn register(&mut self, registration: Registration) {
        self.board.agenda.cancel(Timer::Search);
        self.radio.register(registration, &mut self.board);
        if !registration.is_registered() {
            self.lose_bearers();
        } else if !self.call_ready {
            self.board.after(self.board.config.timings.call_ready, Timer::CallReady);
        }
    }

    fn lose_bearers(&mut self) {
        for cid in Bearers::CIDS {
            self.lose_bearer(cid);
        }
    }

    pub(crate) fn lose_bearer(&mut self, cid: u8) {
        if self.bearers.lose(cid) {
            self.board.output.unsolicited(&format!("+SAPBR {cid}: DEACT"));
            self.fail_sessions(cid);
        }
    }

    fn fail_sessions(&mut self, cid: u8) {
        self.http.handle_bearer_lost(cid, &mut self.board);
        self.ftp.handle_bearer_lost(cid, &mut self.board);
    }

    /// `AT+CPOWD`
    pub(crate) fn power_down(&mut self, text: Option<&str>) -> Step {
        if let Some(text) = text {
            self.board.output.unsolicited(text);
        }
        self.switch_off();
        Step::Silent
    }

    /// Deaf and mute from here on; all that is not stored is gone.
    pub(crate) fn switch_off(&mut self) {
        self.on = false;
        self.hangs = false;
        self.http.restart(&mut self.board);
        self.ftp.restart(&mut self.board);
        self.ssl.restart();
        self.files.restart();
        self.bearers.restart();
        self.board.agenda.clear();
        self.board.output.forget();
        self.activity = Activity::Idle;
        self.line.clear();
        self.type_ahead.clear();
        self.call_ready = false;
        self.sms_ready = false;
        self.card.power_down();
        self.radio = Radio::new(self.board.config.attach);
        self.general.restart(&mut self.board.output, &mut self.radio);
    }

    pub(crate) fn restart(&mut self, autobaud: bool) {
        self.switch_off();
        self.autobaud = autobaud;
        self.board.after(self.board.config.timings.boot, Timer::Boot);
    }

    /// The serial port is there.
    fn wake_up(&mut self) {
        self.on = true;
        self.intake.restart(self.autobaud);
        self.board.output.set_mute(self.autobaud);
        if !self.autobaud {
            self.board.output.raw(&SYNC);
        }
        self.board.after(self.board.config.timings.ready, Timer::Ready);
    }

    /// The rest is there as well.
    fn start_up(&mut self) {
        self.card.power_up(&self.board.config.sim);
        if !self.autobaud {
            self.board.output.unsolicited("RDY");
            self.board.output.unsolicited("+CFUN: 1");
            self.board.output.unsolicited(self.card.report());
        }
        if self.card.is_open() {
            self.radio.search(&mut self.board);
        }
    }
}
