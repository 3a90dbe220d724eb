//! Power, the level of functionality, and what goes with registration and context.

use crate::agenda::Timer;
use crate::bearer::Bearers;
use crate::board::Step;
use crate::config::Registration;
use crate::module::{Activity, Emulator};
use crate::radio::Radio;
use crate::refusal::Cme;

/// What the serial port sends for synchronisation at power-on (manual 1.4).
const SYNC: [u8; 9] = [0x00, 0x49, 0x49, 0x49, 0x49, 0xFF, 0xFF, 0xFF, 0xFF];

impl Emulator {
    pub(crate) fn set_functionality(&mut self, level: u8) {
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
                // Before the result code: a log with the time of each line, and four programs that compare.
                self.board.output.unsolicited(self.card.report());
            }
            1 => {
                if self.card.require() == Err(Cme::SimBusy.into()) {
                    self.card.power_up(&self.board.config.sim);
                    self.board.output.unsolicited(self.card.report());
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

    pub(crate) fn lose_bearers(&mut self) {
        for cid in Bearers::CIDS {
            self.lose_bearer(cid);
        }
        self.ip.lose(&mut self.board);
        self.calls.restart();
        self.board.agenda.cancel(Timer::Ring);
    }

    pub(crate) fn lose_bearer(&mut self, cid: u8) {
        if self.bearers.lose(cid) {
            self.board.output.unsolicited(&format!("+SAPBR {cid}: DEACT"));
            self.fail_sessions(cid);
        }
    }

    pub(crate) fn fail_sessions(&mut self, cid: u8) {
        self.http.handle_bearer_lost(cid, &mut self.board);
        self.ftp.handle_bearer_lost(cid, &mut self.board);
    }

    /// `AT+CPOWD`
    pub(crate) fn power_down(&mut self, text: Option<&str>) -> Step {
        // There is no later.
        self.speak();
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
        self.ip.restart(&mut self.board);
        self.messages.restart();
        self.phone_book.restart();
        self.calls.restart();
        self.bearers.restart();
        self.board.agenda.clear();
        self.board.output.forget();
        self.activity = Activity::Idle;
        self.line.clear();
        self.type_ahead.clear();
        self.call_ready = false;
        self.sms_ready = false;
        self.owes_result = false;
        self.quiet_since = None;
        self.board.is_quiet = false;
        self.card.power_down();
        self.radio = Radio::new();
        self.general.restart(&mut self.board.output, &mut self.radio);
    }

    /// Somebody holds the power key: a module that is off starts.
    pub(crate) fn press_power_key(&mut self) {
        if !self.on && !self.hangs && !self.board.agenda.has(Timer::Boot) {
            self.restart(self.general.is_autobauding());
        }
    }

    pub(crate) fn restart(&mut self, autobaud: bool) {
        self.switch_off();
        self.autobaud = autobaud;
        self.board.after(self.board.config.timings.boot, Timer::Boot);
    }

    /// The serial port is there.
    pub(crate) fn wake_up(&mut self) {
        self.on = true;
        self.starts += 1;
        self.intake.restart(self.autobaud);
        self.board.output.set_mute(self.autobaud);
        if !self.autobaud {
            self.board.output.raw(&SYNC);
        }
        if std::mem::take(&mut self.owes_result) {
            self.conclude(Ok(()));
        }
        self.board.after(self.board.config.timings.ready, Timer::Ready);
    }

    /// The rest is there as well.
    pub(crate) fn start_up(&mut self) {
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
