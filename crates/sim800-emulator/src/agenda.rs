//! What the module is going to do by itself, and when.

use std::time::Duration;

/// Something that happens when its time has come. Each is on the agenda at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The serial port wakes up.
    Boot,
    /// The start-up lines.
    Ready,
    /// The search for a network ends.
    Search,
    /// `Call Ready`
    CallReady,
    /// `SMS Ready`
    SmsReady,
    /// The command that is being executed ends.
    Command,
    /// Payload did not come in time.
    Input,
    /// The HTTP server was silent too long.
    HttpServer,
    /// The DTE is told again that octets wait.
    FtpRepeat,
    /// The DTE did not read or write for too long.
    FtpNeglect,
    /// The FTP server was silent too long.
    FtpServer,
    /// What was downloaded is in the file system.
    PutOption,
    /// A transfer to or from the file system connects again.
    FtpReconnect,
    /// The line was quiet long enough behind a result code for something nobody asked for.
    Speak,
    /// A server takes no connection of the socket with this number.
    SocketOpen(u8),
    /// `+++` was followed by silence.
    Escape,
    /// Nobody answers a question of the sockets' part: for an address, for the time.
    Lookup,
    /// Nobody takes the call.
    Ring,
    /// The network answers `AT+CUSD`.
    Ussd,
}

/// A handful of timers, in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: Vec<(Duration, Timer)>,
}

impl Agenda {
    /// Sets the timer, instead of what was set for it before.
    pub(crate) fn set(&mut self, timer: Timer, at: Duration) {
        self.cancel(timer);
        self.entries.push((at, timer));
    }

    pub(crate) fn cancel(&mut self, timer: Timer) {
        self.entries.retain(|&(_, entry)| entry != timer);
    }

    pub(crate) fn has(&self, timer: Timer) -> bool {
        self.entries.iter().any(|&(_, entry)| entry == timer)
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// When the next timer is due.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.entries.iter().map(|&(at, _)| at).min()
    }

    /// Takes off the earliest timer that is due; of several at one time the one that was set first.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<(Duration, Timer)> {
        let (index, &(at, _)) = self.entries.iter().enumerate().min_by_key(|(_, (at, _))| *at)?;
        (at <= now).then(|| self.entries.remove(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_then_in_the_order_of_setting() {
        let second = Duration::from_secs(1);
        let mut agenda = Agenda::default();
        agenda.set(Timer::CallReady, second);
        agenda.set(Timer::Boot, second);
        agenda.set(Timer::Search, Duration::ZERO);
        agenda.set(Timer::CallReady, 2 * second);
        assert_eq!(agenda.next(), Some(Duration::ZERO));
        assert_eq!(agenda.pop_due(second), Some((Duration::ZERO, Timer::Search)));
        assert_eq!(agenda.pop_due(second), Some((second, Timer::Boot)));
        assert_eq!(agenda.pop_due(second), None);
        agenda.cancel(Timer::CallReady);
        assert_eq!(agenda.next(), None);
    }
}
