//! How the commands end that take their time.

use crate::board::{Outcome, Slow, Step};
use crate::call::Cause;
use crate::config::Registration;
use crate::message;
use crate::module::Emulator;
use crate::refusal::{Cme, Refusal};

impl Emulator {
    /// Ends a command that took its time.
    pub(crate) fn complete(&mut self, slow: Slow) -> Outcome {
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
                // At a fixed rate the result code comes when the serial port is back (manual 3.2.42).
                let autobaud = self.general.is_autobauding();
                if autobaud {
                    self.board.output.result(Ok(()));
                }
                self.restart(autobaud);
                self.owes_result = !autobaud;
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
                self.conclude(result);
                return Ok(Step::Silent);
            }
            Slow::ContextOpen => self.ip.opened(self.radio.is_attached(), &mut self.board)?,
            Slow::ContextClose => return self.ip.closed(&mut self.board),
            Slow::SocketSend => return self.ip.sent(&self.general.settings, &mut self.board),
            Slow::SocketClose(index) => {
                return self.ip.shut_down(index, &self.general.settings, &mut self.board);
            }
            Slow::Ping => return self.ip.pinged(&mut self.board),
            Slow::Activate(cid, is_active) => {
                if is_active && !self.radio.is_attached() {
                    // It attaches by itself.
                    self.radio.attach(true, &mut self.board)?;
                }
                self.ip.activated(cid, is_active, &self.board)?;
            }
            Slow::Dial => {
                return Err(if self.calls.end(Cause::NoAnswer) {
                    Refusal::NoAnswer
                } else {
                    Refusal::NoCarrier
                });
            }
            Slow::Locate(location, cid) => self.bearers.located(location, cid, &mut self.board),
            Slow::MessageSend(reference) => return message::sent(reference, &mut self.board),
        }
        Ok(Step::Done)
    }
}
