//! What happens to a module from outside of its line: faults, a world that changes, and people who look on.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::card::Card;
use crate::config::{Config, Registration};
use crate::effect::{Effect, OperationId};
use crate::fault::Fault;
use crate::interference::Interference;
use crate::module::Emulator;
use crate::network::NetworkEvent;

impl Emulator {
    /// Something goes wrong.
    pub fn handle_fault(&mut self, now: Duration, fault: Fault) {
        self.advance(now);
        self.strike(fault);
        self.strike_due();
    }

    /// Lets go wrong what is due; whether anything was.
    pub(crate) fn strike_due(&mut self) -> bool {
        let mut has_struck = false;
        while let Some(fault) = self.planted.pop_due(self.board.now, self.board.output.transmitted()) {
            if matches!(fault, Fault::Restart { .. } | Fault::Silence) {
                self.board.output.withhold();
            }
            self.strike(fault);
            has_struck = true;
        }
        has_struck
    }

    /// Lets go wrong what does so at such a line; whether the module is still there to carry it out.
    pub(crate) fn survives(&mut self, line: &[u8]) -> bool {
        let faults = self.planted.flaws_at(line);
        let takes_down =
            |fault: &Fault| matches!(fault, Fault::Restart { .. } | Fault::Silence | Fault::PowerDown(_));
        let survives = !faults.iter().any(takes_down);
        faults.into_iter().for_each(|fault| self.strike(fault));
        survives
    }

    fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Later { when, fault } => {
                let transmitted = self.board.output.transmitted();
                self.planted.plant(when, *fault, self.board.now, transmitted);
            }
            Fault::Flaw { line, fault } => self.planted.plant_flaw(line, *fault),
            Fault::Restart { announced } => self.restart(!announced),
            Fault::Damage { after, damage } => self.board.output.damage(after, damage),
            Fault::Interference { damage, one_in, seed } => {
                self.board.output.interfere(Interference::new(damage, one_in, seed));
                // The other direction has a draw of its own.
                self.interference = Some(Interference::new(damage, one_in, !seed));
            }
            Fault::Over => {
                self.board.heal();
                self.planted.clear();
                self.interference = None;
            }
            Fault::Silence => {
                self.switch_off();
                self.hangs = true;
            }
            Fault::Http(failure) => self.board.http_failure = Some(failure),
            Fault::Ftp(failure) => self.board.ftp_failure = Some(failure),
            // The others happen to a module that is awake.
            _ if !self.on => {}
            Fault::BearerLost { cid } => self.lose_bearer(cid),
            Fault::ContextLost => self.ip.lose(&mut self.board),
            Fault::Registration(registration) => self.register(registration),
            Fault::PowerDown(kind) => {
                // There is no later.
                self.speak();
                self.board.output.unsolicited(kind.text());
                self.switch_off();
            }
            Fault::Inject { place, text } => self.board.output.inject(place, text),
            Fault::Noise { octets } => self.board.output.raw(&octets),
            Fault::Echo(on) => self.intake.switch_echo(on, &mut self.board.output),
            Fault::Message { text } => {
                if let Some(text) = self.messages.receive(&text, &self.general.settings) {
                    self.board.output.unsolicited(&text);
                }
            }
            Fault::Hesitate { by } => self.board.hesitation = Some(by),
            Fault::ShortRead { at_most } => self.board.shorten(at_most),
            Fault::Overrun { octets } => self.board.output.overrun(octets),
            Fault::Announce { count } => self.board.output.announce(count),
        }
    }

    /// Whether an effect does not get out, for its operation fails before; the module is told so.
    pub(crate) fn is_withheld(&mut self, effect: &Effect) -> bool {
        let failure = match effect {
            Effect::Http { .. } => self.board.http_failure.take().map(NetworkEvent::HttpFailed),
            Effect::Ftp { .. } => self.board.ftp_failure.take().map(NetworkEvent::FtpFailed),
            _ => None,
        };
        match failure {
            Some(event) => self.fail_operation(effect.id(), event),
            None => return false,
        }
        true
    }

    fn fail_operation(&mut self, id: OperationId, event: NetworkEvent) {
        self.handle_network(self.board.now, id, event);
        self.board.outbox.forget(id);
    }

    /// The module's world changes while it runs, or the module itself. A card that is changed loses its network and is read anew;
    /// another registration takes place at once, unless a search is still to end in it; what counts at the start only, counts at
    /// the next one.
    pub fn configure(&mut self, now: Duration, change: impl FnOnce(&mut Config)) {
        self.advance(now);
        let before = self.board.config.clone();
        change(&mut self.board.config);
        self.board.output.reshape(&self.board.config);
        if self.board.config.rate != before.rate {
            self.general.set_rate(self.board.config.rate);
        }
        if self.board.config.echo != before.echo {
            self.general.store_echo(self.board.config.echo);
            self.intake.switch_echo(self.board.config.echo, &mut self.board.output);
        }
        if !self.on {
            return;
        }
        if self.board.config.sim != before.sim && !self.card.is_down() {
            self.change_card();
        }
        if self.board.config.attach != before.attach {
            self.radio.allow_attachment(&mut self.board);
            if !self.radio.is_attached() {
                self.lose_bearers();
            }
        }
        if self.board.config.registration != before.registration
            && self.radio.is_settled(self.card.is_open(), &self.board)
        {
            self.register(self.board.config.registration);
        }
    }

    /// Another card is in the holder, or none.
    fn change_card(&mut self) {
        self.register(Registration::NotRegistered);
        self.call_ready = false;
        self.card = Card::new();
        self.card.power_up(&self.board.config.sim);
        self.board.output.unsolicited(self.card.report());
        if self.card.is_open() {
            self.radio.search(&mut self.board);
        }
    }

    /// The name of a command that the module does not know. Each is told once.
    pub fn poll_unknown(&mut self) -> Option<String> {
        self.unknown.pop()
    }

    /// A command line of the DTE, without prefix and line end. It may hold secrets. Of lines that nobody takes, the last few are
    /// kept.
    pub fn poll_line(&mut self) -> Option<String> {
        self.lines.pop()
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

    /// How often its serial port woke up since it was made: an end and a start between two looks at [`is_on`](Self::is_on) show here.
    #[must_use]
    pub const fn starts(&self) -> u64 {
        self.starts
    }

    /// The rate that `AT+IPR` has set in bit/s; `None` under autobauding.
    #[must_use]
    pub fn rate(&self) -> Option<NonZeroU32> {
        self.general.fixed_rate()
    }
}
