//! What an engine is told about its line, and the limits it keeps.

use core::time::Duration;

/// The line, and what may be spent on it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Bits per second of the line, ten to an octet; 115,200 unless set. Time limits of data phases follow from it.
    pub rate: u32,
    /// Bounds of memory and time.
    pub limits: Limits,
}

/// The time of fifteen bits: ten on the line, and half as much again for pauses. In millionths of a bit.
const MICROBITS_PER_OCTET: u64 = 15_000_000;

impl Config {
    /// A line of `rate` bits per second.
    #[must_use]
    pub const fn new(rate: u32, limits: Limits) -> Self {
        Self { rate, limits }
    }

    /// How long `octets` take on the line, with half as much again for pauses.
    #[must_use]
    pub fn transfer_time(&self, octets: usize) -> Duration {
        let micros = (octets as u64).saturating_mul(MICROBITS_PER_OCTET) / u64::from(self.rate.max(1));
        Duration::from_micros(micros)
    }

    /// How many octets the line moves within `time`, with half as much again for pauses.
    #[must_use]
    pub fn transferable(&self, time: Duration) -> u64 {
        let bits = time.as_micros().saturating_mul(u128::from(self.rate)) / u128::from(MICROBITS_PER_OCTET);
        u64::try_from(bits).unwrap_or(u64::MAX)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new(115_200, Limits::default())
    }
}

/// Bounds of memory and time that hold whatever the module sends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// How many octets of information text one command may get; 16,384 unless set. Keeping a line counts for 32 more, so that
    /// lines without octets are bounded, too.
    pub information: usize,
    /// How long a counted payload may stand still before it counts as starved; 3 s unless set.
    pub stall: Duration,
    /// How long the line has to be quiet before it counts as empty; 300 ms unless set.
    pub quiet: Duration,
    /// How long a synchronizing `AT` waits for its `OK`; 700 ms unless set.
    pub probe: Duration,
    /// How long a command waits for the line to be synchronized; 10 s unless set.
    pub resync: Duration,
    /// How long after a start of the module its `+CFUN` and `+CPIN` lines belong to that start; 20 s unless set.
    pub boot: Duration,
    /// Longest line in octets, line end included; 64 at least and 1,024 unless set. A longer one is dropped.
    pub line: usize,
    /// Octets of the read buffer; 4,096 unless set. It grows for a payload, to what the command asked for at most.
    pub buffer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            information: 16_384,
            stall: Duration::from_secs(3),
            quiet: Duration::from_millis(300),
            probe: Duration::from_millis(700),
            resync: Duration::from_secs(10),
            boot: Duration::from_secs(20),
            line: 1024,
            buffer: 4096,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_octet_takes_fifteen_bits() {
        for (rate, octets, seconds) in [(9_600, 9_600, 15), (115_200, 115_200, 15), (19_200, 1_280, 1)] {
            let config = Config::new(rate, Limits::default());
            let time = Duration::from_secs(seconds);
            assert_eq!((config.transfer_time(octets), config.transferable(time)), (time, octets as u64));
        }
        let stopped = Config::new(0, Limits::default());
        assert_eq!(stopped.transfer_time(1), Duration::from_secs(15), "as slow as a line can be");
        assert_eq!(stopped.transferable(Duration::MAX), 0);
    }
}
