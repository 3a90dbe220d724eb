//! Lines that the command in flight did not ask for: the module's own, signs of a restart, and the rest of something.

use core::mem;
use core::time::Duration;

use bytes::Bytes;
use sim800_command::Id;
use sim800_parser::{Dialect, Event, Span};

use super::{Engine, State, cut};
use crate::failure::{Failure, Malformation};
use crate::flight::Stray;
use crate::output::Output;
use crate::response::Response;
use crate::restart::Restart;
use crate::resync::Resync;

impl<D: Dialect> Engine<D> {
    /// Whether a line that the command in flight does not claim is what a later one of its line has to say: those before it said
    /// nothing, and the line is to be read once more. No response comes before its command.
    pub(super) fn is_skipped_to(&mut self, event: Event<'_>) -> bool {
        let (Event::Unsolicited(span), State::InFlight(flight)) = (event, &mut self.line) else {
            return false;
        };
        let skipped = self.decoder.in_flight().then(|| flight.skip_to(span.line()));
        let Some(expect) = skipped.flatten() else { return false };
        self.decoder.begin_line();
        self.decoder.begin(expect);
        true
    }

    pub(super) fn handle_unsolicited(&mut self, now: Duration, span: Span<'_>) {
        let sign = self.watch.sign(now, span, self.config.limits.boot);
        match &mut self.line {
            State::InFlight(flight) if sign == Some(Restart::Ready) && flight.may_be_text() => {
                flight.take_doubtful(span.line().text(), self.config.limits.information);
                // What follows a start is a sign of it by itself.
                return self.watch.forget_last();
            }
            _ => {}
        }
        if let Some(sign) = sign.filter(|_| !self.may_be_payload()) {
            return self.handle_restart(now, sign);
        }
        // What reads like a sign of a restart and is none is a part of something.
        let stray = match &self.line {
            _ if sign.is_some() => Stray::Rest,
            State::InFlight(flight) => flight.stray(span),
            _ => Stray::new(span),
        };
        if stray == Stray::Known && !self.may_be_payload() {
            self.blanks.learn_own(span.raw());
        }
        // A piece of the echo is nothing that the module says, and may hold what is secret.
        let is_echo = match &mut self.line {
            State::InFlight(flight) if stray == Stray::Rest => flight.takes_echo(span.line().text()),
            _ => false,
        };
        if is_echo {
            return;
        }
        if let State::InFlight(flight) = &mut self.line {
            flight.pass_line(span.raw());
        }
        // The result that ended the command was not its own.
        let is_late = stray == Stray::Rest && self.last.is_answered_by(span.line());
        // Whoever takes it may keep it for long: it must not keep the read buffer with it.
        let line = cut(&mut self.own_lines, span.line().text());
        match &mut self.line {
            State::InFlight(_) if is_late => {
                self.abandon(now, Failure::Malformed(Malformation::Information));
            }
            State::Idle if is_late => self.lose_behind_result(now),
            State::InFlight(flight) if stray == Stray::Known => {
                if !flight.take_known(now, span.raw(), self.blanks) {
                    return self.tell(Output::Stray, line);
                }
            }
            State::InFlight(flight) => flight.take_stray(now, stray),
            State::Lost(resync, _) => {
                if stray == Stray::Rest {
                    resync.handle_stray_line(now);
                }
                if resync.is_first() {
                    return self.tell(Output::Stray, line);
                } else if resync.is_late_payload() {
                    return;
                }
            }
            State::Idle | State::Ended(_) => {}
        }
        self.tell(Output::Unsolicited, line);
    }

    /// Tells of a line; one of noise alone says nothing, and what was broken off may say something else than the module did.
    pub(super) fn tell(&mut self, what: fn(Bytes) -> Output, line: Bytes) {
        if !line.is_empty() && !self.is_broken_off {
            self.outputs.push_back(what(line));
        }
    }

    /// Whether a line that comes now may be octets of a payload, so that it tells nothing of the module.
    pub(super) fn may_be_payload(&self) -> bool {
        match &self.line {
            State::InFlight(flight) => flight.is_among_payload(),
            State::Lost(resync, _) => resync.is_among_payload(&self.config.limits),
            State::Idle | State::Ended(_) => false,
        }
    }

    /// What comes belongs to a command that has its result already.
    pub(super) fn lose_behind_result(&mut self, now: Duration) {
        self.lose(Resync::new(now).after_payload_from_module());
        self.outputs.push_back(Output::Desynchronized);
    }

    /// How many octets the module may wait for of those that were offered in vain, also before the line was lost: it may ask for them
    /// behind a result that was not its own.
    pub(super) fn owed(&mut self) -> usize {
        let lost = if let State::Lost(resync, _) = &self.line { resync.owed() } else { 0 };
        mem::take(&mut self.last.offered).max(lost)
    }

    pub(super) fn handle_restart(&mut self, now: Duration, sign: Restart) {
        let mut resync = Resync::new(now);
        let failure = Err(Failure::Restarted(sign));
        match mem::replace(&mut self.line, State::Idle) {
            State::InFlight(mut flight) => {
                if flight.request.is_prompted() {
                    // What looked like a restart may have been noise, and the module still waits for octets. One that did
                    // restart would take those that were promised for command lines.
                    let (owed, _promised) = flight.owed();
                    resync = resync.after_payload_to_module(owed, Bytes::new(), Duration::ZERO);
                }
                // `AT+CPOWD=1` has no other result (manual 6.2.2).
                let asked_for = flight.request.id == Some(Id::Cpowd) && sign == Restart::PowerDown;
                self.complete(if asked_for { Ok(Response::default()) } else { failure });
            }
            State::Lost(before, waiting) => {
                resync = resync.owing(before.owed());
                if waiting.is_some() {
                    self.complete(failure);
                }
            }
            _ => {}
        }
        self.lose(resync);
        self.outputs.push_back(Output::Restarted(sign));
    }
}
