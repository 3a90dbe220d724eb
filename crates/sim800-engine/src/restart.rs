//! Noticing that the module restarted or switched itself off.

use core::time::Duration;

use sim800_command::{POWER_UP, PowerDownCause, Unsolicited};
use sim800_parser::Span;
use thiserror::Error;

/// The sign by which a restart was noticed.
///
/// After it nothing that was set up in the module is left: no bearer, no HTTP or FTP session, and the echo is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Restart {
    /// The octets that a module sends just after power-up, before any line (manual 1.4).
    #[error("the module restarted (it sent its power-up octets); check its supply")]
    SyncOctets,
    /// `RDY`
    #[error("the module restarted (it sent RDY); check its supply")]
    Ready,
    /// `+CFUN: <n>` out of the blue.
    #[error("the module restarted (it sent +CFUN unasked); check its supply")]
    Functionality,
    /// `+CPIN: <code>` out of the blue.
    #[error("the module restarted (it sent +CPIN unasked); check its supply")]
    Pin,
    /// `NORMAL POWER DOWN`
    #[error("the module switched off (NORMAL POWER DOWN)")]
    PowerDown,
    /// `UNDER-VOLTAGE POWER DOWN`
    #[error("the module switched off because its supply voltage fell (UNDER-VOLTAGE POWER DOWN)")]
    UnderVoltage,
    /// `OVER-VOLTAGE POWER DOWN`
    #[error("the module switched off because its supply voltage rose (OVER-VOLTAGE POWER DOWN)")]
    OverVoltage,
}

/// Tells a new start of the module from the further lines of one that is known.
///
/// A start goes forward: power-up octets, `RDY`, `+CFUN`, `+CPIN`. Within a while of the first of them the later ones
/// tell nothing new, while power-up octets or `RDY` again mean another start.
#[derive(Debug)]
pub(crate) struct Watch {
    known_until: Duration,
    last: Option<Restart>,
    /// What these were before the last sign.
    before: (Duration, Option<Restart>),
}

impl Watch {
    /// Begins at a time when the module may just have been switched on.
    pub(crate) fn new(now: Duration, boot: Duration) -> Self {
        let known_until = now.saturating_add(boot);
        Self { known_until, last: None, before: (known_until, None) }
    }

    /// From `now` on, lines of functionality and SIM are the effect of a command.
    pub(crate) fn expect_lines(&mut self, now: Duration, boot: Duration) {
        self.known_until = now.saturating_add(boot);
    }

    /// The sign of a new restart that this line is, if any.
    pub(crate) fn sign(&mut self, now: Duration, span: Span<'_>, boot: Duration) -> Option<Restart> {
        let known = now < self.known_until;
        let sign = match Unsolicited::from(span.line()) {
            Unsolicited::PowerDown(PowerDownCause::UnderVoltage) => Restart::UnderVoltage,
            Unsolicited::PowerDown(PowerDownCause::OverVoltage) => Restart::OverVoltage,
            Unsolicited::PowerDown(_) => Restart::PowerDown,
            Unsolicited::Ready if known && self.last == Some(Restart::SyncOctets) => {
                self.last = Some(Restart::Ready);
                return None;
            }
            Unsolicited::Ready => Restart::Ready,
            // The card was taken out or is being read anew; that it is ready again says nothing of a restart.
            Unsolicited::Pin("NOT READY" | "NOT INSERTED") => {
                self.known_until = self.known_until.max(now.saturating_add(boot));
                return None;
            }
            Unsolicited::Pin(_) if !known => Restart::Pin,
            Unsolicited::Functionality(_) if !known => Restart::Functionality,
            _ if is_power_up(span) => Restart::SyncOctets,
            _ => return None,
        };
        self.before = (self.known_until, self.last);
        self.known_until = now.saturating_add(boot);
        self.last = Some(sign);
        Some(sign)
    }

    /// The last sign may have been none: a line `RDY` within the text of a response. Only the end of the response tells.
    pub(crate) fn forget_last(&mut self) {
        (self.known_until, self.last) = self.before;
    }
}

/// Whether a module that starts says this before anything else.
pub(crate) fn is_power_up(span: Span<'_>) -> bool {
    span.raw().windows(POWER_UP.len()).any(|window| window == POWER_UP)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const BOOT: Duration = Duration::from_secs(20);

    fn signs(lines: &[(u64, &[u8])]) -> Vec<Option<Restart>> {
        let mut watch = Watch::new(Duration::ZERO, BOOT);
        lines
            .iter()
            .map(|(seconds, raw)| watch.sign(Duration::from_secs(*seconds), Span::new(raw), BOOT))
            .collect()
    }

    #[test]
    fn one_start_is_one_restart() {
        let seen = signs(&[
            (100, b"\0IIII\xFF\xFF\xFF\xFF\r\n"),
            (103, b"\r\nRDY\r\n"),
            (103, b"\r\n+CFUN: 1\r\n"),
            (104, b"\r\n+CPIN: READY\r\n"),
            (110, b"\r\nCall Ready\r\n"),
        ]);
        assert_eq!(seen, [Some(Restart::SyncOctets), None, None, None, None]);
    }

    #[test]
    fn a_step_back_is_another_start() {
        let seen = signs(&[(100, b"\r\nRDY\r\n"), (102, b"\r\n+CFUN: 1\r\n"), (104, b"\r\nRDY\r\n")]);
        assert_eq!(seen, [Some(Restart::Ready), None, Some(Restart::Ready)]);
    }

    #[test]
    fn lines_out_of_the_blue_are_a_restart() {
        assert_eq!(signs(&[(100, b"\r\n+CFUN: 1\r\n")]), [Some(Restart::Functionality)]);
        assert_eq!(signs(&[(100, b"\r\n+CPIN: READY\r\n")]), [Some(Restart::Pin)]);
        assert_eq!(signs(&[(100, b"\r\nUNDER-VOLTAGE POWER DOWN\r\n")]), [Some(Restart::UnderVoltage)]);
    }

    #[test]
    fn lines_of_a_start_before_ours_are_not() {
        assert_eq!(signs(&[(2, b"\r\n+CFUN: 1\r\n"), (3, b"\r\n+CPIN: READY\r\n")]), [None, None]);
    }

    #[test]
    fn a_card_put_back_is_not() {
        assert_eq!(
            signs(&[(100, b"\r\n+CPIN: NOT READY\r\n"), (105, b"\r\n+CPIN: READY\r\n")]),
            [None, None]
        );
    }
}
