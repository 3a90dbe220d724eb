//! How the command in flight ends, and what is known of the line then.

use core::mem;
use core::time::Duration;

use bytes::Bytes;
use sim800_parser::{Dialect, FinalResultCode};

use super::{Engine, State};
use crate::failure::{Failure, Malformation};
use crate::output::Output;
use crate::request::Request;
use crate::response::Response;
use crate::restart::Restart;
use crate::resync::Resync;

impl<D: Dialect> Engine<D> {
    /// The command in flight has its result, by a line of its own where it `is_told`.
    pub(super) fn finish(&mut self, now: Duration, code: FinalResultCode, is_told: bool) {
        let State::InFlight(mut flight) = mem::replace(&mut self.line, State::Idle) else { return };
        self.last = flight.last(mem::take(&mut self.last), code);
        let (unsent, handed_out) = (flight.unsent(), flight.handed_out());
        let is_headless = flight.request.is_headless();
        let counts_others = flight.may_have_counted_others();
        let result = flight.take_result_of(code);
        flight.request.body = None;
        self.spent = flight.request.is_short().then(|| Request(flight.request));
        let is_refused = matches!(result, Err(Failure::Rejected(_)));
        let is_damaged = result == Err(Failure::Malformed(Malformation::Damaged));
        let is_uninvited = result == Err(Failure::Malformed(Malformation::PromptMissing));
        self.complete(result);
        if unsent > 0 {
            // What was handed out may still be on its way, and the module takes it for command lines now: `A/` is the last one again.
            self.lose(Resync::new(now).owing(handed_out + unsent));
            self.outputs.push_back(Output::Desynchronized);
        } else if is_uninvited {
            // The result was another's.
            self.lose_behind_result(now);
        } else if is_refused && handed_out > 0 && !is_told {
            // The module's time for them may have run out before they came: then it takes them for command lines.
            self.lose(Resync::new(now).after_payload_to_module(handed_out, Bytes::new(), Duration::ZERO));
        } else if is_damaged || (is_refused && is_headless) {
            // What ended it may have been a part of the payload, and the rest of it is on its way.
            self.lose(Resync::new(now).after_payload_from_module());
            let is_lost = is_damaged && counts_others;
            self.outputs.extend(is_lost.then_some(Output::Desynchronized));
        }
    }

    /// Gives up on the command in flight.
    pub(super) fn abandon(&mut self, now: Duration, failure: Failure) {
        let State::InFlight(flight) = &mut self.line else { return };
        if flight.is_doubtful() {
            return self.handle_restart(now, Restart::Ready);
        }
        let mut resync = Resync::new(now);
        if flight.request.announced_at_most() > 0 {
            resync = resync.after_payload_from_module();
        }
        if flight.can_be_cancelled() {
            resync = resync.at_prompt();
        } else if flight.request.is_prompted() {
            let (offered, promised) = flight.owed();
            let owed = match failure {
                Failure::Malformed(Malformation::Excess { announced }) => {
                    usize::try_from(announced).unwrap_or(usize::MAX)
                }
                _ => offered,
            };
            resync = resync.after_payload_to_module(owed, promised, flight.patience(now));
        }
        self.complete(Err(failure));
        self.lose(resync);
        self.outputs.push_back(Output::Desynchronized);
    }

    pub(super) fn lose(&mut self, resync: Resync) {
        self.pushed = false;
        self.last.may_go_on = false;
        let payload = self.decoder.remaining();
        self.decoder.abandon();
        if self.decoder.remaining() < payload {
            // What has come of it is nobody's now.
            self.inbox.skip(payload as usize);
        }
        self.transmits.clear();
        self.line = State::Lost(resync.owing(self.owed()), None);
    }

    pub(super) fn complete(&mut self, result: Result<Response, Failure>) {
        self.outputs.push_back(Output::Complete(result));
    }
}
