//! The engine: one command in flight, its time limits, and a line that can be lost and found again.

mod ending;
mod unsolicited;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::fmt;
use core::mem;
use core::time::Duration;

use bytes::{Bytes, BytesMut};
use sim800_command::Vocabulary;
use sim800_parser::{Decoder, Dialect, Event, Expect, FinalResultCode, Span};

use crate::config::Config;
use crate::failure::{Disconnected, Failure, Malformation, Misuse};
use crate::flight::{Blanks, Flight, Latest, PIECE, Stray};
use crate::inbox::Inbox;
use crate::last::Last;
use crate::output::Output;
use crate::pieces::Pieces;
use crate::request::{Parts, Request, SHORT};
use crate::response::Response;
use crate::restart::{Restart, Watch, is_power_up};
use crate::resync::{Resync, Situation, Step};
use crate::transmit::{Outgoing, Transmit};

/// The least room for a read. What is left of the buffer when there is less is moved to a new one.
const ROOM: usize = 256;

/// How many octets may be in front of a response on the line, of lines that the module sends of its own accord. They gather while
/// a long payload is on its way.
const BACKLOG: usize = 16_384;

/// For how long a line of the module's own may pause before it counts as broken off, by a restart that nothing tells of: a module that
/// starts is deaf for longer. What comes then would end it, and a number in it may lack digits.
const BROKEN_OFF: Duration = Duration::from_secs(1);

/// One engine drives one module. `Debug` shows no octets: an echo may repeat a password.
///
/// The [`Dialect`] says which lines the module sends of its own accord, where it is not a SIM800.
pub struct Engine<D = Vocabulary> {
    config: Config,
    decoder: Decoder<D>,
    inbox: Inbox,
    line: State,
    transmits: VecDeque<Outgoing>,
    /// Where command lines are cut from that are sent, and lines of the module's own: one allocation each serves again and again.
    lines: BytesMut,
    own_lines: BytesMut,
    /// The request that was through last.
    spent: Option<Request>,
    outputs: VecDeque<Output>,
    watch: Watch,
    last: Last,
    blanks: Blanks,
    pieces: Pieces,
    /// The payload that is on its way belongs to an unsolicited line.
    pushed: bool,
    /// When the line paused in the middle of one of the module's own.
    paused: Option<Duration>,
    /// It did so for too long: nobody is told of it when it ends.
    is_broken_off: bool,
}

/// What is known of the line.
#[derive(Debug)]
enum State {
    Idle,
    InFlight(Flight),
    /// With the command that waits until the line is found again.
    Lost(Resync, Option<Box<Parts>>),
    Ended(Disconnected),
}

impl Engine {
    /// An engine for a line that is taken to be synchronized: the first command is sent at once.
    #[must_use]
    pub fn new(now: Duration, config: Config) -> Self {
        Self::with_dialect(now, config, Vocabulary)
    }
}

impl<D: Dialect> Engine<D> {
    /// The same for a module that sends other lines of its own accord.
    #[must_use]
    pub fn with_dialect(now: Duration, config: Config, dialect: D) -> Self {
        Self {
            decoder: Decoder::with_dialect(config.limits.line, dialect),
            inbox: Inbox::default(),
            line: State::Idle,
            transmits: VecDeque::new(),
            lines: BytesMut::new(),
            own_lines: BytesMut::new(),
            spent: None,
            outputs: VecDeque::new(),
            watch: Watch::new(now, config.limits.boot),
            last: Last::default(),
            blanks: Blanks::USUAL,
            pieces: Pieces::default(),
            pushed: false,
            paused: None,
            is_broken_off: false,
            config,
        }
    }

    /// Has it begin on a line of which nothing is known: what a program before it asked for may still arrive, and the
    /// module may still count payload that it was promised. The first command waits until the line is synchronized.
    #[must_use]
    pub fn on_unknown_line(mut self, now: Duration) -> Self {
        self.line = State::Lost(Resync::on_unknown_line(now, &self.config), None);
        self
    }

    /// Takes a command, which completes by one [`Output::Complete`].
    ///
    /// # Errors
    ///
    /// The command was not taken, and nothing follows: [`Misuse::Busy`] unless [`is_idle`](Self::is_idle), [`Misuse::Body`]
    /// when it comes without the octets that it sends or with octets that it does not, [`Failure::Disconnected`] when the
    /// line has ended.
    pub fn begin(&mut self, now: Duration, Request(request): Request) -> Result<(), Failure> {
        if let Some(misuse) = request.misuse() {
            return Err(Failure::Misuse(misuse));
        }
        match &mut self.line {
            State::Ended(reason) => return Err(Failure::Disconnected(*reason)),
            // What an earlier command offered may still be asked for, by a prompt that is like its own.
            State::Idle if request.anew || (request.is_prompted() && self.last.offered > 0) => {
                let resync = Resync::new(now).owing(self.owed());
                self.line = State::Lost(resync, Some(request));
            }
            State::Idle => self.send(now, request),
            State::Lost(_, waiting @ None) => *waiting = Some(request),
            State::Lost(_, Some(_)) | State::InFlight(_) => return Err(Failure::Misuse(Misuse::Busy)),
        }
        self.advance(now);
        Ok(())
    }

    /// Takes octets from the module.
    pub fn handle_input(&mut self, now: Duration, mut octets: &[u8]) {
        while !octets.is_empty() {
            let room = self.spare();
            let (part, rest) = octets.split_at(octets.len().min(room.len()));
            let Some(room) = room.get_mut(..part.len()) else { return };
            room.copy_from_slice(part);
            octets = rest;
            self.handle_filled(now, part.len());
        }
    }

    /// Room for a read from the module, so that it lands where it stays until somebody takes it. Tell
    /// [`handle_filled`](Self::handle_filled) how much was read.
    pub fn spare(&mut self) -> &mut [u8] {
        // A payload counts as a whole or not at all, so it stays together where the port has put it.
        let at_least = match self.missing() {
            0 => ROOM,
            missing => missing,
        };
        self.inbox.spare(at_least, self.config.limits.buffer)
    }

    /// The first `len` octets of [`spare`](Self::spare) were read from the module.
    pub fn handle_filled(&mut self, now: Duration, len: usize) {
        if len == 0 || self.has_ended() {
            return;
        }
        match &mut self.line {
            State::Lost(resync, _) => resync.handle_octets(now, &self.config.limits),
            State::InFlight(flight) => flight.handle_octets(now),
            State::Idle | State::Ended(_) => {}
        }
        let had = if self.decoder.remaining() > 0 { self.inbox.octets() } else { &[] };
        let is_something_else = self.pieces.go_on(now, had, self.config.limits.quiet);
        self.inbox.handle_filled(len);
        let is_chatter = self.handle_octets(now);
        if let State::Lost(resync, _) = &mut self.line {
            resync.handle_events(is_chatter, self.inbox.octets().is_empty());
        }
        self.watch_payload(now);
        if is_something_else {
            self.starve(now);
        }
        let is_prompted = self.is_prompted();
        if let State::InFlight(flight) = &mut self.line {
            flight.prompted = is_prompted.then_some(now).filter(|_| !flight.request.is_prompted());
        }
        self.paused = self.is_amid_own_line().then_some(now);
        if is_prompted && matches!(self.line, State::Idle) && self.last.offered > 0 {
            self.lose_behind_result(now);
        }
        // Only now: what the read held behind the result of a probe must not answer the command that waits.
        self.advance(now);
    }

    /// Takes what makes events of the octets that have come. Whether nothing came but lines that the module sends of its own
    /// accord.
    fn handle_octets(&mut self, now: Duration) -> bool {
        let mut is_chatter = true;
        // Events are made of what lies there, while all else of the engine may change.
        let mut inbox = mem::take(&mut self.inbox);
        let mut taken = 0;
        loop {
            let octets = inbox.octets().get(taken..).unwrap_or_default();
            // A payload counts as a whole or not at all.
            if octets.len() < self.decoder.remaining() as usize {
                break;
            }
            let mut rest = octets;
            let event = self.decoder.next(&mut rest);
            let len = octets.len() - rest.len();
            is_chatter &= matches!(event, Some(Event::Unsolicited(span)) if Stray::new(span) != Stray::Rest)
                || event.is_none();
            match event {
                Some(Event::Payload { remaining: 0, .. }) => {
                    let payload = inbox.split(mem::take(&mut taken), len);
                    self.handle_payload(payload);
                }
                Some(Event::Payload { octets, .. }) => {
                    self.decoder.put_back(octets.len() as u32);
                    break;
                }
                Some(event) if self.is_skipped_to(event) => {}
                Some(event) => {
                    self.handle_event(now, event);
                    self.is_broken_off = false;
                    taken += len;
                }
                None => {
                    taken += len;
                    break;
                }
            }
        }
        inbox.skip(taken);
        self.inbox = inbox;
        is_chatter
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.is_broken_off |= self.pause_deadline().is_some_and(|deadline| now >= deadline);
        self.paused = self.paused.filter(|_| !self.is_broken_off);
        if self.prompt_deadline().is_some_and(|deadline| now >= deadline) {
            // The module waits for octets, and the command has none; one before it may.
            let is_late = self.last.offered > 0;
            let late = Failure::Malformed(Malformation::Information);
            self.abandon(now, if is_late { late } else { Failure::Misuse(Misuse::Body) });
        } else if let State::InFlight(flight) = &mut self.line {
            let limits = &self.config.limits;
            if now >= flight.deadline
                && !flight.is_still_moving(now, limits.stall)
                && !flight.is_still_heard(now, limits)
            {
                let limit = now.saturating_sub(flight.started);
                let failure = match u32::try_from(self.missing()) {
                    Ok(missing @ 1..) => Failure::Starved { missing },
                    _ => Failure::TimedOut { limit },
                };
                self.abandon(now, failure);
            }
        }
        self.advance(now);
    }

    /// The line is gone.
    pub fn handle_disconnect(&mut self, reason: Disconnected) {
        if self.has_ended() {
            return;
        }
        let line = mem::replace(&mut self.line, State::Ended(reason));
        if let State::InFlight(_) | State::Lost(_, Some(_)) = line {
            self.complete(Err(Failure::Disconnected(reason)));
        }
        self.transmits.clear();
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
            State::Lost(resync, _) => resync.poll_promised(PIECE)?,
            State::Idle | State::Ended(_) => return None,
        };
        Some(Transmit::payload(octets))
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. It may change after any other call.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let due = match &self.line {
            State::InFlight(flight) => {
                Some(self.prompt_deadline().map_or(flight.deadline, |deadline| deadline.min(flight.deadline)))
            }
            State::Lost(resync, _) => resync.poll_timeout(&self.config.limits),
            State::Idle => None,
            State::Ended(_) => return None,
        };
        due.into_iter().chain(self.pause_deadline()).min()
    }

    /// The next thing the engine has to say. It may change after any other call.
    #[must_use = "outputs that are not taken are lost"]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The request of the last command that got its result, for another to be made in its place.
    pub fn take_spent(&mut self) -> Option<Request> {
        self.spent.take()
    }

    /// Whether [`begin`](Self::begin) takes a command: none is in flight or waits for the line.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.line, State::Idle | State::Lost(_, None) | State::Ended(_))
    }

    /// Whether it is known whose lines arrive.
    #[must_use]
    pub fn is_synchronized(&self) -> bool {
        matches!(self.line, State::Idle | State::InFlight(_))
    }

    /// Whether a `>` is the last that came.
    fn is_prompted(&self) -> bool {
        matches!(Span::new(self.inbox.octets()).line().text(), [b'>'])
    }

    /// How many octets of a payload are still to be read.
    fn missing(&self) -> usize {
        (self.decoder.remaining() as usize).saturating_sub(self.inbox.octets().len())
    }

    /// When a prompt counts as one that the command in flight has no octets for, unless it goes on as a line of text.
    fn prompt_deadline(&self) -> Option<Duration> {
        let State::InFlight(flight) = &self.line else { return None };
        flight.prompted.map(|since| since.saturating_add(self.config.limits.quiet))
    }

    /// Whether the last that came is the beginning of a line with a name. One that lacks nothing but its last octet is whole.
    fn is_amid_own_line(&self) -> bool {
        let pending = self.inbox.octets();
        let line = pending.strip_prefix(b"\r\n").unwrap_or(pending);
        self.decoder.remaining() == 0 && line.starts_with(b"+") && !line.ends_with(b"\r")
    }

    /// When a line that paused counts as broken off.
    fn pause_deadline(&self) -> Option<Duration> {
        self.paused.map(|since| since.saturating_add(BROKEN_OFF))
    }

    fn has_ended(&self) -> bool {
        matches!(self.line, State::Ended(_))
    }

    /// Does what the line needs before the command that waits for it can be sent, and then sends it.
    fn advance(&mut self, now: Duration) {
        while let State::Lost(resync, waiting) = &mut self.line {
            if waiting.is_some() {
                resync.want(now, &self.config.limits);
            }
            let situation = Situation {
                proven: waiting.as_ref().is_some_and(|request| request.proof),
                clogged: !self.transmits.is_empty(),
                prompted: matches!(Span::new(self.inbox.octets()).line().text(), [b'>', ..]),
            };
            match resync.handle_timeout(now, situation, &self.config) {
                Step::Wait => return,
                Step::Probe { fill, line } => {
                    if !fill.is_empty() {
                        self.transmits
                            .push_back(Outgoing { transmit: Transmit::payload(fill), expect: None });
                    }
                    let transmit = Transmit::line(line, None);
                    self.transmits.push_back(Outgoing { transmit, expect: Some(Expect::result()) });
                    return;
                }
                Step::Abandon => {
                    self.decoder.abandon();
                    self.transmits.clear();
                }
                Step::GiveUp => {
                    *waiting = None;
                    self.decoder.abandon();
                    self.transmits.clear();
                    self.complete(Err(Failure::Desynchronized));
                    return;
                }
                Step::Done => {
                    let waiting = waiting.take();
                    // What a program before this one offered is not remembered: nobody knows how much it was, or whether it was.
                    self.last.offered = if resync.is_first() { 0 } else { resync.unfed() };
                    self.line = State::Idle;
                    match waiting {
                        // The probe was one.
                        Some(request) if request.is_synchronization() => {
                            self.complete(Ok(Response::default()))
                        }
                        Some(request) => self.send(now, request),
                        None => {}
                    }
                }
            }
        }
    }

    fn send(&mut self, now: Duration, request: Box<Parts>) {
        let deadline = now
            .saturating_add(request.first_time_limit())
            .saturating_add(self.config.transfer_time(request.line.len()));
        let after = |octets| deadline.saturating_add(self.config.transfer_time(octets));
        let latest = Latest { rest: after(request.announced_at_most() as usize), backlog: after(BACKLOG) };
        if request.may_announce() {
            self.watch.expect_lines(now.saturating_add(request.time_limit), self.config.limits.boot);
        }
        if request.announced_at_most() == 0 {
            self.inbox.keep_one();
        }
        let transmit = Transmit::line(cut(&mut self.lines, &request.line), request.secret.clone());
        let mut flight = Flight::new(request, now, deadline, latest);
        flight.pass_silent();
        self.transmits.push_back(Outgoing { transmit, expect: Some(flight.request.expect) });
        self.line = State::InFlight(flight);
    }

    fn handle_event(&mut self, now: Duration, event: Event<'_>) {
        match event {
            Event::Unsolicited(span) => {
                // No command opens a data phase by a line that it does not claim.
                self.pushed = self.decoder.remaining() > 0;
                self.handle_unsolicited(now, span);
            }
            // No text has these octets.
            Event::Information(span) if is_power_up(span) && !self.may_be_payload() => {
                if let Some(sign) = self.watch.sign(now, span, self.config.limits.boot) {
                    self.handle_restart(now, sign);
                }
            }
            Event::Information(span) => {
                if let State::InFlight(flight) = &mut self.line {
                    flight.take_line(span.raw(), &mut self.blanks);
                    flight.take_information(span.line().text(), self.config.limits.information);
                    flight.forget_echo();
                }
                self.go_on();
            }
            Event::Prompt { granted, .. } => {
                if let State::InFlight(flight) = &mut self.line {
                    if let Some(granted) = flight.grant(now, granted) {
                        // The time of an invitation is that of the octets.
                        let octets = if flight.request.is_invited() { 0 } else { granted as usize };
                        flight.deadline = now
                            .saturating_add(flight.request.time_limit)
                            .saturating_add(self.config.transfer_time(octets));
                    }
                }
            }
            Event::Final { code, span } => match &mut self.line {
                State::InFlight(flight) if flight.is_doubtful() && code != FinalResultCode::Ok => {
                    self.handle_restart(now, Restart::Ready);
                }
                State::InFlight(flight) => {
                    if flight.is_text() {
                        self.blanks.learn_result(span.raw());
                    }
                    let is_told =
                        flight.request.expect.ending.is_some_and(|ending| ending.code(span.line()).is_some());
                    if is_told {
                        // It says more than that the command is done.
                        flight.take_information(span.line().text(), self.config.limits.information);
                    }
                    flight.take_result(span.raw(), &mut self.blanks);
                    self.finish(now, code, is_told);
                }
                State::Lost(resync, _) => resync.handle_result(now, code, &self.config.limits),
                State::Idle | State::Ended(_) => {}
            },
            Event::Excess { announced, .. } => {
                self.abandon(now, Failure::Malformed(Malformation::Excess { announced }));
            }
            Event::Overlong { .. } => match &mut self.line {
                State::InFlight(flight) => {
                    flight.take_overlong();
                    flight.take_stray(now, Stray::Rest);
                }
                State::Idle if self.last.may_go_on => self.lose_behind_result(now),
                _ => {}
            },
            // An echo comes before the response.
            Event::Blank(_) | Event::Echo(_) => {
                if let State::InFlight(flight) = &mut self.line {
                    flight.take_blank(event);
                }
            }
            // The text of a short message is nobody's; the head of it was told.
            Event::Continuation(_) => {}
            _ => {}
        }
    }

    /// A payload has come, all of it.
    fn handle_payload(&mut self, octets: Bytes) {
        if mem::take(&mut self.pushed) {
            // It is kept by whoever takes it, and must not keep the read buffer with it.
            return self.outputs.push_back(Output::Pushed(Bytes::copy_from_slice(&octets)));
        }
        if let State::InFlight(flight) = &mut self.line {
            flight.take_payload(octets);
        }
        self.go_on();
    }

    /// Goes on to the next command of the line when this one has said what it has to say.
    fn go_on(&mut self) {
        let State::InFlight(flight) = &mut self.line else { return };
        let next = if self.decoder.remaining() == 0 { flight.next() } else { None };
        next.into_iter().for_each(|expect| self.decoder.begin(expect));
    }

    /// While a counted payload is on its way, its octets are what moves the deadline on; once it is complete, the
    /// result code has to follow.
    fn watch_payload(&mut self, now: Duration) {
        let State::InFlight(flight) = &mut self.line else { return };
        if self.pushed {
            return;
        }
        if flight.is_in_payload(self.decoder.remaining()) {
            flight.deadline = now.saturating_add(self.config.limits.stall);
        }
    }

    /// What the module sends is not the payload that is still awaited.
    fn starve(&mut self, now: Duration) {
        if let Ok(missing @ 1..) = u32::try_from(self.missing()) {
            self.abandon(now, Failure::Starved { missing });
        }
    }
}

/// A copy of `octets` on what `place` has of the heap, if nobody has any of that still. Long ones come seldom, and their place is not kept.
fn cut(place: &mut BytesMut, octets: &[u8]) -> Bytes {
    if octets.is_empty() || octets.len() > SHORT {
        return Bytes::copy_from_slice(octets);
    }
    place.extend_from_slice(octets);
    place.split().freeze()
}

impl<D> fmt::Debug for Engine<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("line", &self.line)
            .field("transmits", &self.transmits)
            .field("outputs", &self.outputs.len())
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}
