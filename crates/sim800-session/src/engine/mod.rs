//! The protocol between commands and octets: one command in flight, its time limits, and a line that can be lost and
//! found again.
//!
//! The engine does no I/O and reads no clock. Time is a `Duration` since the runtime's epoch and comes in as an
//! argument. After each call that changes something, drain it in this order:
//! [`poll_transmit`](Engine::poll_transmit), [`poll_timeout`](Engine::poll_timeout), [`poll_output`](Engine::poll_output).
//!
//! * At most one command is in flight; until its result, nothing but the octets that its prompt asked for is sent.
//! * Every [`CommandId`] gets exactly one [`Output::Complete`], whatever the module sends and however long it takes.
//! * What comes for a command after its time limit answers no other command.

mod flight;
mod request;
mod restart;
mod resync;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use sim800_command::{Command, Id, PowerDownCause, Unsolicited};
use sim800_parser::{Decoder, Event, Expect, FinalResultCode, Span};

pub use self::request::Request;
pub use self::restart::Restart;

use self::flight::{Flight, PIECE, Stray};
use self::restart::Watch;
use self::resync::{Resync, Step};
use crate::config::{Config, Limits};
use crate::error::{Disconnected, Failure, Malformation, Misuse};

pub(crate) use self::request::Name;

/// Names a command from [`Engine::enqueue`] to its [`Output::Complete`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(u64);

/// What the engine has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// A line of information text, without its line end; the header of a payload is one.
    Information(CommandId, Bytes),
    /// A piece of payload. It counts only when the command completes well.
    Payload(CommandId, Bytes),
    /// The module asked for so many octets of the body and gets them; the rest of the body is not sent.
    Granted(CommandId, u32),
    /// The command is over. Nothing follows for its id.
    Complete(CommandId, Result<(), Failure>),
    /// A line that belongs to no command, without its line end.
    Unsolicited(Bytes),
    /// A command got no result: whose lines arrive is not known until the next command found it out.
    Desynchronized,
    /// The module restarted or switched itself off: nothing that was set up in it is left.
    Restarted(Restart),
}

/// Octets to be sent. `Debug` tells how many.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit {
    /// The octets.
    pub octets: Bytes,
    /// Where in them a password or credential stands, to be masked in logs and traces.
    pub secret: Option<Range<usize>>,
    /// They are payload, or stand in for it; otherwise they are a command line.
    pub is_payload: bool,
}

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmit").field("octets", &self.octets.len()).finish_non_exhaustive()
    }
}

/// One engine drives one module. `Debug` shows no octets: an echo may repeat a password.
pub struct Engine {
    limits: Limits,
    rate: u32,
    decoder: Decoder,
    line: State,
    queue: VecDeque<(CommandId, Request)>,
    transmits: VecDeque<Outgoing>,
    outputs: VecDeque<Output>,
    watch: Watch,
    /// The last command brought payload, and nothing was sent since.
    payload_ended: bool,
    /// The name of the last command that got its result.
    last: Option<&'static str>,
    /// The module puts an empty line between information text and result code, as it should; some firmware does not
    /// (field logs).
    blanks: bool,
    next_id: u64,
}

/// Octets that wait to be handed out.
#[derive(Debug)]
struct Outgoing {
    transmit: Transmit,
    /// What may come once they are: no response comes before its command.
    expect: Option<Expect>,
}

/// What is known of the line.
#[derive(Debug)]
enum State {
    Idle,
    InFlight(Box<Flight>),
    Lost(Resync),
    Ended(Disconnected),
}

impl Engine {
    /// An engine for a line that is taken to be synchronized: the first command is sent at once.
    #[must_use]
    pub fn new(now: Duration, config: &Config) -> Self {
        Self {
            limits: config.limits.clone(),
            rate: config.rate,
            decoder: Decoder::new(config.limits.decoder),
            line: State::Idle,
            queue: VecDeque::new(),
            transmits: VecDeque::new(),
            outputs: VecDeque::new(),
            watch: Watch::new(now, config.limits.boot),
            payload_ended: false,
            last: None,
            blanks: true,
            next_id: 0,
        }
    }

    /// An engine for a line of which nothing is known: what a program before it asked for may still arrive, and the
    /// module may still count payload that it was promised. The first command waits until the line is synchronized.
    #[must_use]
    pub fn on_unknown_line(now: Duration, config: &Config) -> Self {
        let mut engine = Self::new(now, config);
        engine.line = State::Lost(Resync::on_unknown_line(now));
        engine
    }

    /// Takes a command, and for one that sends payload its octets.
    ///
    /// A command that cannot be sent completes with its failure.
    pub fn enqueue<C: Command>(&mut self, now: Duration, command: &C, body: Option<Bytes>) -> CommandId {
        match Request::new(command) {
            Ok(mut request) => {
                request.body = body;
                self.submit(now, request)
            }
            Err(failure) => {
                let id = self.id();
                self.complete(id, Err(failure));
                id
            }
        }
    }

    /// Takes a command whose type is forgotten.
    pub fn submit(&mut self, now: Duration, mut request: Request) -> CommandId {
        let id = self.id();
        request.anew &= !matches!(self.line, State::Lost(_));
        if let State::Ended(reason) = self.line {
            self.complete(id, Err(Failure::Disconnected(reason)));
        } else if let Some(misuse) = request.misuse() {
            self.complete(id, Err(Failure::Misuse(misuse)));
        } else if self.queue.len() >= self.limits.queue.max(1) {
            self.complete(id, Err(Failure::Misuse(Misuse::QueueFull)));
        } else {
            self.queue.push_back((id, request));
            self.advance(now);
        }
        id
    }

    /// Takes octets from the module.
    pub fn handle_input(&mut self, now: Duration, octets: &[u8]) {
        if octets.is_empty() || self.has_ended() {
            return;
        }
        if let State::Lost(resync) = &mut self.line {
            resync.handle_octets(now);
        }
        self.decoder.handle_input(octets);
        while let Some(event) = self.decoder.poll_event() {
            self.handle_event(now, event);
        }
        self.watch_payload(now);
        // Only now: what the read held behind the result of a command must not answer the next one.
        self.advance(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Duration) {
        if let State::InFlight(flight) = &mut self.line {
            if now >= flight.deadline && !flight.is_still_moving(now, self.limits.stall) {
                let held = u32::try_from(self.decoder.pending().len()).unwrap_or(u32::MAX);
                let missing = self.decoder.remaining().saturating_sub(held);
                let failure = match missing {
                    0 => Failure::TimedOut { limit: now.saturating_sub(flight.started) },
                    _ => Failure::Starved { missing },
                };
                self.abandon(now, failure);
            }
        }
        self.advance(now);
    }

    /// The line was closed from the other side.
    pub fn handle_eof(&mut self, _now: Duration) {
        self.handle_disconnect(Disconnected::Ended);
    }

    /// The line is gone.
    pub fn handle_disconnect(&mut self, reason: Disconnected) {
        if self.has_ended() {
            return;
        }
        if let State::InFlight(flight) = std::mem::replace(&mut self.line, State::Ended(reason)) {
            self.complete(flight.id, Err(Failure::Disconnected(reason)));
        }
        self.transmits.clear();
        self.fail_queued(&Failure::Disconnected(reason));
    }

    /// The next octets to send. It may change after any other call.
    #[must_use = "octets that are not sent are lost"]
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        if let Some(Outgoing { transmit, expect }) = self.transmits.pop_front() {
            if let Some(expect) = expect {
                self.decoder.begin(expect);
            }
            return Some(transmit);
        }
        let octets = match &mut self.line {
            State::InFlight(flight) => flight.poll_piece()?,
            State::Lost(resync) => resync.poll_promised(PIECE)?,
            State::Idle | State::Ended(_) => return None,
        };
        Some(Transmit { octets, secret: None, is_payload: true })
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. It may change after any other call.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match &self.line {
            State::InFlight(flight) => Some(flight.deadline),
            State::Lost(resync) => resync.poll_timeout(&self.limits),
            State::Idle | State::Ended(_) => None,
        }
    }

    /// The next thing the engine has to say. It may change after any other call.
    #[must_use = "outputs that are not taken are lost"]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether no command is in flight or waiting.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && !matches!(self.line, State::InFlight(_))
    }

    fn has_ended(&self) -> bool {
        matches!(self.line, State::Ended(_))
    }

    fn id(&mut self) -> CommandId {
        self.next_id += 1;
        CommandId(self.next_id)
    }

    /// How long `octets` take on the line, with half as much again for pauses.
    fn transfer(&self, octets: usize) -> Duration {
        transfer_time(octets, self.rate)
    }

    /// Sends the next command, or what the line needs before it can be sent.
    fn advance(&mut self, now: Duration) {
        loop {
            match &mut self.line {
                State::Idle => {
                    let Some((id, mut request)) = self.queue.pop_front() else { return };
                    if !std::mem::take(&mut request.anew) {
                        return self.send(now, id, request);
                    }
                    self.queue.push_front((id, request));
                    self.line = State::Lost(Resync::new(now));
                }
                State::Lost(resync) => {
                    if !self.queue.is_empty() {
                        resync.want(now, &self.limits);
                    }
                    let rate = self.rate;
                    let clogged = !self.transmits.is_empty();
                    match resync
                        .handle_timeout(now, clogged, &self.limits, |octets| transfer_time(octets, rate))
                    {
                        Step::Wait => return,
                        Step::Probe { fill, line } => {
                            if !fill.is_empty() {
                                let transmit = Transmit { octets: fill, secret: None, is_payload: true };
                                self.transmits.push_back(Outgoing { transmit, expect: None });
                            }
                            let transmit = Transmit { octets: line, secret: None, is_payload: false };
                            self.transmits.push_back(Outgoing { transmit, expect: Some(Expect::result()) });
                            return;
                        }
                        Step::Abandon => {
                            self.decoder.abandon();
                            self.transmits.clear();
                        }
                        Step::Done => self.line = State::Idle,
                        Step::GiveUp => {
                            self.decoder.abandon();
                            self.transmits.clear();
                            self.fail_queued(&Failure::Desynchronized);
                        }
                    }
                }
                State::InFlight(_) | State::Ended(_) => return,
            }
        }
    }

    fn send(&mut self, now: Duration, id: CommandId, request: Request) {
        let octets = request.line.len() + request.announced_at_most() as usize;
        let deadline = now.saturating_add(request.time_limit).saturating_add(self.transfer(octets));
        if request.may_announce() {
            self.watch.expect_lines(now.saturating_add(request.time_limit), self.limits.boot);
        }
        let transmit =
            Transmit { octets: request.line.clone(), secret: request.secret.clone(), is_payload: false };
        self.transmits.push_back(Outgoing { transmit, expect: Some(request.expect) });
        self.payload_ended = false;
        self.line = State::InFlight(Box::new(Flight::new(id, request, now, deadline)));
    }

    fn handle_event(&mut self, now: Duration, event: Event<Bytes>) {
        match event {
            Event::Unsolicited(span) => self.handle_unsolicited(now, span),
            Event::Information(span) => {
                if let State::InFlight(flight) = &mut self.line {
                    let text = text(&span);
                    if flight.take_information(text.len(), self.limits.information) {
                        self.outputs.push_back(Output::Information(flight.id, text));
                    }
                }
            }
            Event::Payload { octets, .. } => {
                if let State::InFlight(flight) = &mut self.line {
                    flight.take_payload(&octets);
                    self.outputs.push_back(Output::Payload(flight.id, octets));
                }
            }
            Event::Prompt { granted, .. } => {
                if let State::InFlight(flight) = &mut self.line {
                    if let Some(granted) = flight.grant(granted) {
                        self.outputs.push_back(Output::Granted(flight.id, granted));
                        flight.deadline = now
                            .saturating_add(flight.request.time_limit)
                            .saturating_add(transfer_time(granted as usize, self.rate));
                    }
                }
            }
            Event::Final { code, span } => {
                if let State::InFlight(flight) = &mut self.line {
                    if flight.is_text() {
                        self.blanks = span.raw().starts_with(b"\r\n");
                    }
                    flight.take_result(span.raw(), self.blanks);
                }
                self.handle_final(now, code);
            }
            Event::Excess { announced, .. } => {
                self.abandon(now, Failure::Malformed(Malformation::Excess { announced }));
            }
            Event::Overlong { .. } => match &mut self.line {
                State::InFlight(flight) => flight.take_stray(Stray::Rest),
                _ => self.handle_rest(now),
            },
            Event::Blank(_) => {
                if let State::InFlight(flight) = &mut self.line {
                    flight.take_blank();
                }
            }
            // The text of a short message is nobody's; the head of it was told.
            Event::Continuation(_) | Event::Echo(_) => {}
            _ => {}
        }
    }

    fn handle_final(&mut self, now: Duration, code: FinalResultCode) {
        match &mut self.line {
            State::InFlight(flight) => {
                let id = flight.id;
                let result = flight.result(code);
                let cut_short = flight.has_unsent();
                let may_be_payload =
                    flight.request.is_headless() && matches!(result, Err(Failure::Rejected(_)));
                self.payload_ended = flight.had_payload();
                self.last = flight.request.id.map(Id::name);
                self.line = State::Idle;
                self.complete(id, result);
                if cut_short {
                    // What was handed out may still be on its way, and the module takes it for command lines now.
                    self.lose(Resync::new(now));
                    self.outputs.push_back(Output::Desynchronized);
                } else if may_be_payload {
                    // If it was the beginning of the payload, the rest of it is on its way.
                    self.lose(Resync::new(now).after_payload_from_module());
                }
            }
            State::Lost(resync) => resync.handle_result(now, code, &self.limits),
            State::Idle | State::Ended(_) => {}
        }
    }

    fn handle_unsolicited(&mut self, now: Duration, span: Span<Bytes>) {
        if let Some(sign) = self.watch.sign(now, &span, self.limits.boot) {
            self.handle_restart(now, sign, &span);
            return;
        }
        let stray = Stray::new(&span);
        let name = span.line().name();
        let is_text = stray == Stray::Rest && name.is_none();
        // The result that ended the command was not its own.
        let is_late = stray == Stray::Rest && name.is_some() && name == self.last;
        match &mut self.line {
            State::InFlight(_) if is_late => {
                self.abandon(now, Failure::Malformed(Malformation::Information));
            }
            State::Idle if is_late => self.lose_behind_result(now),
            State::InFlight(flight) => flight.take_stray(stray),
            State::Lost(resync) => {
                if stray == Stray::Rest {
                    resync.handle_stray_line(now);
                }
                if resync.is_late_payload() {
                    return;
                }
            }
            State::Idle if is_text => self.handle_rest(now),
            State::Idle | State::Ended(_) => {}
        }
        self.outputs.push_back(Output::Unsolicited(text(&span)));
    }

    /// Text came that is no module's of its own accord. Behind a payload it is what a count left of it that the line
    /// damaged, where the content read like a result code just there.
    fn handle_rest(&mut self, now: Duration) {
        if std::mem::take(&mut self.payload_ended) && matches!(self.line, State::Idle) {
            self.lose_behind_result(now);
        }
    }

    /// What comes belongs to a command that has its result already.
    fn lose_behind_result(&mut self, now: Duration) {
        self.lose(Resync::new(now).after_payload_from_module());
        self.outputs.push_back(Output::Desynchronized);
    }

    fn handle_restart(&mut self, now: Duration, sign: Restart, span: &Span<Bytes>) {
        let failure = Failure::Restarted(sign);
        let mut resync = Resync::new(now);
        if let State::InFlight(flight) = &mut self.line {
            if flight.request.is_prompted() {
                // What looked like a restart may have been noise, and the module still waits for octets. One that did
                // restart would take those that were promised for command lines.
                let (owed, _promised) = flight.owed();
                resync = resync.after_payload_to_module(owed, Bytes::new(), Duration::ZERO);
            }
            let id = flight.id;
            // `AT+CPOWD=1` has no other result (manual 6.2.2).
            let asked_for = flight.request.id == Some(Id::Cpowd)
                && span.unsolicited() == Unsolicited::PowerDown(PowerDownCause::Normal);
            self.complete(id, if asked_for { Ok(()) } else { Err(failure.clone()) });
        }
        self.lose(resync);
        self.fail_queued(&failure);
        self.outputs.push_back(Output::Restarted(sign));
    }

    /// Gives up on the command in flight.
    fn abandon(&mut self, now: Duration, failure: Failure) {
        let State::InFlight(flight) = &mut self.line else { return };
        let id = flight.id;
        let mut resync = Resync::new(now);
        if flight.request.announced_at_most() > 0 {
            resync = resync.after_payload_from_module();
        }
        if flight.request.is_prompted() {
            let (offered, promised) = flight.owed();
            let owed = match failure {
                Failure::Malformed(Malformation::Excess { announced }) => {
                    usize::try_from(announced).unwrap_or(usize::MAX)
                }
                _ => offered,
            };
            resync = resync.after_payload_to_module(owed, promised, flight.request.time_limit);
        }
        self.complete(id, Err(failure));
        self.lose(resync);
        self.outputs.push_back(Output::Desynchronized);
    }

    fn lose(&mut self, resync: Resync) {
        self.decoder.abandon();
        if self.decoder.remaining() > 0 {
            // What was gathered of a payload is nobody's now.
            let _payload = self.decoder.poll_event();
        }
        self.transmits.clear();
        self.line = State::Lost(resync);
    }

    /// While a counted payload is on its way, its octets are what moves the deadline on; once it is complete, the
    /// result code has to follow.
    fn watch_payload(&mut self, now: Duration) {
        let State::InFlight(flight) = &mut self.line else { return };
        if flight.is_in_payload(self.decoder.remaining()) {
            flight.deadline = now
                .saturating_add(self.limits.stall)
                .saturating_add(transfer_time(self.limits.decoder.gather, self.rate));
        }
    }

    fn fail_queued(&mut self, failure: &Failure) {
        while let Some((id, _)) = self.queue.pop_front() {
            self.complete(id, Err(failure.clone()));
        }
    }

    fn complete(&mut self, id: CommandId, result: Result<(), Failure>) {
        self.outputs.push_back(Output::Complete(id, result));
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("line", &self.line)
            .field("queue", &self.queue)
            .field("transmits", &self.transmits)
            .field("outputs", &self.outputs.len())
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}

/// The text of a line, without a copy.
fn text(span: &Span<Bytes>) -> Bytes {
    span.clone().into_raw().slice_ref(span.line().text())
}

/// The time of fifteen bits: ten on the line, and half as much again for pauses. In millionths of a bit.
const MICROBITS_PER_OCTET: u64 = 15_000_000;

/// How long `octets` take on a line of `rate` bits per second, pauses included.
pub(crate) fn transfer_time(octets: usize, rate: u32) -> Duration {
    Duration::from_micros((octets as u64).saturating_mul(MICROBITS_PER_OCTET) / u64::from(rate.max(1)))
}

/// How many octets a line of `rate` bits per second moves within `time`, pauses included.
pub(crate) fn transferable(time: Duration, rate: u32) -> u64 {
    let bits = time.as_micros().saturating_mul(u128::from(rate)) / u128::from(MICROBITS_PER_OCTET);
    u64::try_from(bits).unwrap_or(u64::MAX)
}
