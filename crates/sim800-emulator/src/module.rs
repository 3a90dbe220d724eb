//! The module itself: what comes in, what goes out, and when.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use crate::agenda::Timer;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Sink, Slow, Step};
use crate::call::{Calls, Cause};
use crate::card::Card;
use crate::config::{Config, Start};
use crate::effect::{Effect, OperationId};
use crate::files::Files;
use crate::ftp::Ftp;
use crate::general::General;
use crate::http::Http;
use crate::intake::{Intake, Taken};
use crate::interference::Interference;
use crate::ip::Ip;
use crate::message::{self, Messages};
use crate::network::NetworkEvent;
use crate::onlooker::{Lines, Unknown};
use crate::phone_book::PhoneBook;
use crate::planted::Planted;
use crate::radio::Radio;
use crate::refusal::Refusal;
use crate::ssl::Ssl;
use crate::syntax::{self, Command};

/// The most octets that are kept while a command is executed; more are lost, as on a line without flow control.
const TYPE_AHEAD: usize = 4096;

/// A SIM800-series module, seen from its serial port.
///
/// Time is an argument: any monotonic clock that starts near zero when the emulator is made. After each `handle_*` call drain
/// [`poll_transmit`](Self::poll_transmit) and [`poll_effect`](Self::poll_effect), and call
/// [`handle_timeout`](Self::handle_timeout) once the time of [`poll_timeout`](Self::poll_timeout) has come.
pub struct Emulator {
    pub(crate) board: Board,
    pub(crate) intake: Intake,
    pub(crate) type_ahead: Vec<u8>,
    /// What is still to be executed of the command line.
    pub(crate) line: VecDeque<Command>,
    pub(crate) activity: Activity,
    /// Whether the serial port is awake.
    pub(crate) on: bool,
    /// How often it woke up.
    pub(crate) starts: u64,
    /// Whether its firmware hangs: neither does it anything, nor does the power key help.
    pub(crate) hangs: bool,
    /// Whether the start-up lines are held back, as under autobauding.
    pub(crate) autobaud: bool,
    /// Since when nothing is said that was not asked for.
    pub(crate) quiet_since: Option<Duration>,
    /// Whether the command that reset the module is still without its result code.
    pub(crate) owes_result: bool,
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
    pub(crate) ip: Ip,
    pub(crate) messages: Messages,
    pub(crate) phone_book: PhoneBook,
    pub(crate) calls: Calls,
    pub(crate) unknown: Unknown,
    /// What is going to go wrong.
    pub(crate) planted: Planted,
    /// What the line does to the octets of the DTE.
    pub(crate) interference: Option<Interference>,
    pub(crate) lines: Lines,
}

impl fmt::Debug for Emulator {
    /// Shows no more than the time: the rest is full of other people's passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("now", &self.board.now).field("on", &self.on).finish_non_exhaustive()
    }
}

/// What becomes of the next octet.
pub(crate) enum Activity {
    /// It belongs to a command line.
    Idle,
    /// It waits until the command is done.
    Waiting(Slow),
    /// It is payload.
    Input(Input),
}

pub(crate) struct Input {
    octets: BytesMut,
    count: usize,
    /// Whether it is text, which Ctrl-Z ends.
    is_text: bool,
    sink: Sink,
    /// How much was said up to the end of the prompt.
    prompt_end: u64,
}

/// How long a prompt for text waits; it is not known of any module.
const TEXT_TIME: Duration = Duration::from_secs(600);

/// A DTE that gives one command after the other hears of its sockets after so many of the silences behind a result code.
const PATIENCE: u32 = 10;

impl Emulator {
    /// A module that is switched on at time zero.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let general = General::new(&config);
        let mut emulator = Self {
            radio: Radio::new(),
            board: Board::new(config, general.format()),
            intake: Intake::default(),
            type_ahead: Vec::new(),
            line: VecDeque::new(),
            activity: Activity::Idle,
            on: false,
            starts: 0,
            hangs: false,
            autobaud: false,
            quiet_since: None,
            owes_result: false,
            call_ready: false,
            sms_ready: false,
            general,
            card: Card::new(),
            bearers: Bearers::default(),
            ssl: Ssl::default(),
            http: Http::default(),
            ftp: Ftp::default(),
            files: Files::default(),
            ip: Ip::default(),
            messages: Messages::default(),
            phone_book: PhoneBook::default(),
            calls: Calls::default(),
            unknown: Unknown::default(),
            planted: Planted::default(),
            interference: None,
            lines: Lines::default(),
        };
        match emulator.board.config.start {
            Start::Running => {
                emulator.on = true;
                emulator.card.power_up(&emulator.board.config.sim);
                if emulator.card.is_open() {
                    emulator.call_ready = true;
                    emulator.sms_ready = true;
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
        self.ftp.handle_network(id, event.clone(), &mut self.board);
        self.ip.handle_network(id, event, &mut self.general, &mut self.board);
        // A command may have waited for just that.
        self.fire_due(self.board.now);
        self.resume();
    }

    /// Somebody holds the power key for a while. Of consequence only to a module that is off.
    pub fn handle_power_key(&mut self, now: Duration) {
        self.advance(now);
        self.press_power_key();
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

    /// Whether the DTE has to wait with its octets: they are for a socket that does not take them as fast.
    #[must_use]
    pub fn holds_line(&self) -> bool {
        self.ip.is_full()
    }

    /// What has not been polled yet is never said.
    pub(crate) fn withhold(&mut self) {
        self.board.output.withhold();
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
                if let Activity::Waiting(slow) = self.activity {
                    self.activity = Activity::Idle;
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
            Timer::Speak => self.speak(),
            Timer::SocketOpen(index) => {
                self.ip.handle_timeout(index, &self.general.settings, &mut self.board);
            }
            Timer::Escape => {
                if self.ip.handle_escape(&mut self.board) {
                    self.conclude(Ok(()));
                }
            }
            Timer::Lookup => self.ip.handle_lookup_timeout(&mut self.board),
            Timer::Ring => {
                self.calls.end(Cause::NoAnswer);
                self.board.output.unsolicited("NO ANSWER");
            }
            Timer::Ussd => {
                let text = message::to_dte(Calls::NO_SERVICE, &self.general.settings);
                self.board.output.unsolicited(&format!("+CUSD: 0, \"{text}\", 15"));
            }
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
            if matches!(self.activity, Activity::Waiting(Slow::Dial)) {
                if first == b'\n' {
                    // That of the line before.
                    self.intake.take(first, &mut self.board.output);
                    octets = rest;
                    continue;
                }
                // Whatever the DTE sends breaks off a call that it waits for (manual 2.2.2, V.250 5.6.1).
                self.calls.end(Cause::HungUp);
                self.board.hurry();
                self.fire_due(self.board.now);
            }
            if self.is_held() {
                let room = TYPE_AHEAD.saturating_sub(self.type_ahead.len());
                self.type_ahead.extend(octets.iter().take(room));
                return;
            }
            if self.ip.is_online() && matches!(self.activity, Activity::Idle) {
                self.ip.transmit(octets, &mut self.board);
                return;
            }
            if let Activity::Input(input) = &mut self.activity {
                let prompt_seen = self.board.output.transmitted() >= input.prompt_end;
                if input.octets.is_empty() && self.intake.take_line_feed(first, prompt_seen) {
                    octets = rest;
                    continue;
                }
                if input.is_text {
                    octets = rest;
                    self.take_text(first);
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
                let taken = self.intake.take(first, &mut self.board.output);
                if taken != Taken::Nothing {
                    // What was held back is older than what this command sets off.
                    self.board.output.speak();
                }
                match taken {
                    Taken::Nothing => {}
                    Taken::TooLong => self.finish(Err(Refusal::Unknown)),
                    Taken::Line(line) => self.take_line(&line),
                }
            }
        }
    }

    /// A command line is complete.
    fn take_line(&mut self, line: &[u8]) {
        self.lines.note(line);
        if !self.survives(line) {
            return;
        }
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

    /// Takes an octet behind a prompt for text: up to Ctrl-Z; ESC drops it.
    fn take_text(&mut self, octet: u8) {
        const CTRL_Z: u8 = 0x1A;
        const ESC: u8 = 0x1B;
        const BACKSPACE: u8 = 8;
        let Activity::Input(input) = &mut self.activity else { return };
        match octet {
            CTRL_Z => self.end_text(true),
            ESC => self.end_text(false),
            BACKSPACE => {
                input.octets.truncate(input.octets.len().saturating_sub(1));
                self.board.output.echo(octet);
            }
            _ => {
                if input.octets.len() < input.count {
                    input.octets.extend_from_slice(&[octet]);
                }
                self.board.output.echo(octet);
            }
        }
    }

    /// Text has come, or is not wanted any more.
    fn end_text(&mut self, is_wanted: bool) {
        self.board.agenda.cancel(Timer::Input);
        if let Activity::Input(input) = std::mem::replace(&mut self.activity, Activity::Idle) {
            let outcome = match input.sink {
                _ if !is_wanted => Ok(Step::Done),
                Sink::Message => {
                    let text = input.octets.freeze();
                    self.messages.input(&text, &self.general.settings, &mut self.board)
                }
                _ => self.ip.input(input.octets.freeze(), true, &self.general.settings, &mut self.board),
            };
            self.proceed(outcome);
        }
    }

    /// Whether octets have to wait for their turn.
    fn is_held(&self) -> bool {
        match self.activity {
            Activity::Idle if self.ip.is_full() => true,
            Activity::Idle => self.board.is_congested(),
            Activity::Waiting(_) => true,
            Activity::Input(_) => false,
        }
    }

    /// Goes on with what had to wait.
    fn resume(&mut self) {
        self.ip.deliver(&self.general.settings, &mut self.board);
        if !self.type_ahead.is_empty() && !self.is_held() {
            let octets = std::mem::take(&mut self.type_ahead);
            self.receive(&octets);
        }
    }

    /// Executes the commands of the line, up to the first that takes time or fails.
    fn run(&mut self) {
        while let Some(command) = self.line.pop_front() {
            if self.board.config.lacks.contains(&command.name) {
                self.unknown.note(&command.name);
                return self.finish(Err(Refusal::Unknown));
            }
            match self.execute(&command) {
                Ok(Step::Done) => {}
                outcome => return self.proceed(outcome),
            }
        }
        self.finish(Ok(()));
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
                let input = Input { octets: BytesMut::new(), count, is_text: false, sink, prompt_end };
                self.activity = Activity::Input(input);
                self.board.after(time, Timer::Input);
            }
            Ok(Step::Text(count, sink)) => {
                let prompt_end = self.board.output.said();
                let input = Input { octets: BytesMut::new(), count, is_text: true, sink, prompt_end };
                self.activity = Activity::Input(input);
                self.board.after(TEXT_TIME, Timer::Input);
            }
            Ok(Step::Answered) if self.line.is_empty() => self.follow_up(),
            Ok(Step::Answered) => self.run(),
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
            _ => self.conclude(result),
        }
    }

    /// The result code of a command line, and what it has caused.
    pub(crate) fn conclude(&mut self, result: Result<(), Refusal>) {
        let patience = PATIENCE * self.board.config.timings.unsolicited;
        if self.quiet_since.is_some_and(|since| self.board.now.saturating_sub(since) >= patience) {
            self.speak();
        }
        self.board.output.result(result);
        self.follow_up();
    }

    /// The command line has its answer. For a moment nothing is said that was not asked for.
    fn follow_up(&mut self) {
        let gap = self.board.config.timings.unsolicited;
        if !gap.is_zero() {
            self.board.output.be_quiet();
            self.board.is_quiet = true;
            self.quiet_since.get_or_insert(self.board.now);
            self.board.after(gap, Timer::Speak);
        }
        self.board.output.follow_up();
    }

    /// What was held back is said.
    pub(crate) fn speak(&mut self) {
        self.quiet_since = None;
        self.board.is_quiet = false;
        self.board.output.speak();
        self.ip.deliver(&self.general.settings, &mut self.board);
    }

    /// Payload has come in full, or not in time.
    fn end_input(&mut self) {
        if matches!(self.activity, Activity::Input(Input { is_text: true, .. })) {
            return self.end_text(false);
        }
        self.board.agenda.cancel(Timer::Input);
        if let Activity::Input(input) = std::mem::replace(&mut self.activity, Activity::Idle) {
            let complete = input.octets.len() == input.count;
            let octets = input.octets.freeze();
            let result = match input.sink {
                Sink::HttpData => self.http.input(octets, complete, &self.board),
                Sink::FtpPut => self.ftp.input(octets, complete, &mut self.board),
                Sink::FtpExtPut => self.ftp.load(&octets, complete),
                Sink::FsWrite => self.files.input(&octets, complete, &mut self.board),
                Sink::Socket | Sink::Message => {
                    let settings = &self.general.settings;
                    let outcome = self.ip.input(octets, complete, settings, &mut self.board);
                    return self.proceed(outcome);
                }
            };
            self.proceed(result.map(|()| Step::Done));
        }
    }
}
