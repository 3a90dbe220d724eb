//! The serial line's rate, and when octets have crossed it.

use std::num::NonZeroU32;
use std::time::Duration;

/// Bits on the line per octet: start bit, eight data bits, stop bit.
const BITS_PER_OCTET: u128 = 10;

/// A line between DTE and DCE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Line {
    rate: Option<NonZeroU32>,
    is_serial: bool,
}

impl Line {
    /// Octets cross as fast as both ends take them.
    #[must_use]
    pub const fn unpaced() -> Self {
        Self { rate: None, is_serial: false }
    }

    /// Octets cross at `baud` bit/s, ten bits each, independently in both directions.
    #[must_use]
    pub const fn paced(baud: NonZeroU32) -> Self {
        Self { rate: Some(baud), is_serial: false }
    }

    /// Octets cross at the module's rate, which is that of [`Config::rate`](crate::Config::rate) until `AT+IPR` changes it. Under
    /// autobauding it is the DTE's, where that is known. Octets of a DTE with another rate come out as rubbish, in both directions.
    #[must_use]
    pub const fn serial() -> Self {
        Self { rate: None, is_serial: true }
    }

    /// Whether it has the module's rate.
    pub(crate) const fn is_serial(self) -> bool {
        self.is_serial
    }

    pub(crate) fn pacer(self) -> Option<Pacer> {
        self.rate.map(Pacer::new)
    }
}

/// Tells when octets have crossed one direction of a paced line.
///
/// Deadlines are counted from the moment the line last became busy, not from one another, so neither rounding nor a timer that
/// fires late adds up: what is late is caught up with.
#[derive(Debug)]
pub(crate) struct Pacer {
    baud: NonZeroU32,
    /// When the line became busy, and what has begun to cross since; nothing while it is idle.
    busy: Option<(Duration, u64)>,
}

impl Pacer {
    pub(crate) const fn new(baud: NonZeroU32) -> Self {
        Self { baud, busy: None }
    }

    pub(crate) const fn rate(&self) -> NonZeroU32 {
        self.baud
    }

    /// Lets `octets` follow what is on the line, or leave now if that is idle; returns when the last of them has crossed.
    pub(crate) fn cross(&mut self, now: Duration, octets: usize) -> Duration {
        let (since, count) = self.busy.get_or_insert((now, 0));
        *count += octets as u64;
        let nanos = u128::from(*count) * BITS_PER_OCTET * 1_000_000_000 / u128::from(self.baud.get());
        *since + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// There is nothing to send: what comes next is counted from its own time.
    pub(crate) fn idle(&mut self) {
        self.busy = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacer(baud: u32) -> Pacer {
        Pacer::new(NonZeroU32::new(baud).unwrap())
    }

    #[test]
    fn an_octet_takes_ten_bits() {
        assert_eq!(pacer(9_600).cross(Duration::ZERO, 960), Duration::from_secs(1));
        assert_eq!(pacer(115_200).cross(Duration::from_secs(5), 11_520), Duration::from_secs(6));
    }

    #[test]
    fn bursts_add_up_without_drift_however_late_they_are_asked_for() {
        let mut pacer = pacer(115_200);
        let mut last = Duration::ZERO;
        for burst in 0..7_200_u64 {
            // Each is asked for a little after the one before has crossed.
            let late = last + Duration::from_micros(burst % 50);
            last = pacer.cross(late, 16);
        }
        assert_eq!(last, Duration::from_secs(10));
    }

    #[test]
    fn an_idle_line_earns_no_credit() {
        let mut pacer = pacer(9_600);
        assert_eq!(pacer.cross(Duration::ZERO, 96), Duration::from_millis(100));
        pacer.idle();
        assert_eq!(pacer.cross(Duration::from_secs(60), 96), Duration::from_millis(60_100));
    }
}
