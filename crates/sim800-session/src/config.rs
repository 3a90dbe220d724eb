//! What a session is told about its line, and the limits it keeps.

use core::ops::RangeInclusive;
use core::time::Duration;

pub use sim800_engine::Limits;

use crate::password::Password;

/// With start and stop bit.
const BITS_PER_OCTET: u32 = 10;

/// The windows that are chosen by the rate. What goes with each on the line (`AT+HTTPREAD=…`, `+HTTPREAD: …`, `OK`) is about 1 %
/// of the least; the largest still fits into a small machine, twice.
const WINDOWS: RangeInclusive<u32> = 4_096..=65_536;

/// The line and what is asked of it.
///
/// ```
/// let mut config = sim800_session::Config::default();
/// config.rate = 460_800;
/// config.flow_control = sim800_session::FlowControl::Hardware;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Bits per second of the line, ten to an octet; 115,200 unless set. Time limits of data phases follow from it, so
    /// for a line without a rate, as a TCP connection, give that of the serial line behind it.
    pub rate: u32,
    /// The flow control that start-up asks the module for.
    pub flow_control: FlowControl,
    /// What becomes of DTR, where the port has such a line.
    pub dtr: Dtr,
    /// How many octets are asked for at once of what the module holds, an HTTP body or an extended download: 1 to 319,488, and a
    /// second or two of the line unless set, a power of two from 4,096 to 65,536 (16,384 at 115,200 bit/s). So often something
    /// arrives; each time costs some 50 octets. While the line loses octets, it is fewer. A body in transfer takes up to twice as
    /// much memory. Where it is set, files of the module, which else cross the line in pieces of 10,240, and extended uploads, in
    /// pieces of 16,384, do so in no larger ones.
    pub window: Option<u32>,
    /// How many octets of an HTTP object that is larger than the module holds are fetched at once: 3 to 319,488, and 262,144
    /// unless set. Some servers and networks break longer ones off.
    pub http_range: u32,
    /// The PIN of the SIM card, for start-up to enter where the card wants it; none unless set. A wrong one is entered once, and
    /// not again in the session, and none is where the module tells that one try is left, or does not tell how many: see
    /// [`pin_at_any_risk`](Self::pin_at_any_risk).
    pub pin: Option<Password>,
    /// Whether the PIN is entered also where a wrong one might lock the card.
    pub pin_at_any_risk: bool,
    /// How long start-up repeats `AT` before it says that no module answers; 10 s unless set. A module that was just
    /// switched on takes 3 to 5 seconds (hardware design 4.2.1).
    pub answer_within: Duration,
    /// How long start-up waits for the SIM card and for registration with the network; 60 s unless set.
    pub register_within: Duration,
    /// Whether to put several commands on one line (V.250 section 5.4.5), which saves a round trip for each; on unless set. Firmware
    /// that refuses this is found out and gets one at a time, so switch it off only for firmware that takes such lines and does not
    /// carry them out.
    pub concatenation: bool,
    /// How long the module's HTTP service stays started for another request, which then sets no more than differs; 60 s unless set,
    /// and none has each request start it and end it.
    pub http_kept_for: Duration,
    /// How transfers are tried again that failed through no fault of theirs.
    pub retries: Retries,
    /// How many commands may wait while one is in flight; 64 unless set. One more fails with
    /// [`Misuse::QueueFull`](crate::Misuse::QueueFull), unless it is one of a procedure: start-up, bearer, requests, transfers and
    /// files do not fail because of what else waits.
    pub queue: usize,
    /// How many unsolicited lines are kept for one subscriber; 32 unless set.
    pub notices: usize,
    /// Bounds of memory and time that hold whatever the module sends.
    pub limits: Limits,
}

impl Config {
    /// What the engine is told of it.
    pub(crate) fn engine(&self) -> sim800_engine::Config {
        sim800_engine::Config::new(self.rate, self.limits.clone())
    }

    /// The same for a request that may take `effort`.
    pub(crate) fn tuned(&self, effort: &Effort) -> Self {
        let retries = effort.retries.unwrap_or(self.retries);
        Self { retries, window: effort.window.or(self.window), ..self.clone() }
    }

    /// How many octets of what the module holds are asked for at once.
    pub(crate) fn octets_at_once(&self) -> u32 {
        let second = self.rate / BITS_PER_OCTET;
        self.window.map_or_else(
            || second.clamp(*WINDOWS.start(), *WINDOWS.end()).next_power_of_two(),
            |window| window.max(1),
        )
    }

    /// A piece of `most` octets, or of fewer where so many are not to be asked for at once.
    pub(crate) fn piece(&self, most: u32) -> u32 {
        self.window.map_or(most, |window| window.clamp(1, most))
    }

    /// How long `octets` take on the line, pauses included.
    pub(crate) fn transfer_time(&self, octets: usize) -> Duration {
        self.engine().transfer_time(octets)
    }

    /// How many octets the line moves within `time`, pauses included.
    pub(crate) fn transferable(&self, time: Duration) -> u64 {
        self.engine().transferable(time)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rate: 115_200,
            flow_control: FlowControl::None,
            dtr: Dtr::On,
            window: None,
            http_range: 262_144,
            pin: None,
            pin_at_any_risk: false,
            answer_within: Duration::from_secs(10),
            register_within: Duration::from_secs(60),
            concatenation: true,
            http_kept_for: Duration::from_secs(60),
            retries: Retries::default(),
            queue: 64,
            notices: 32,
            limits: Limits::default(),
        }
    }
}

/// What one request may take, other than [`Config`] has it for all: of [`HttpOptions`](crate::HttpOptions) and
/// [`FtpOptions`](crate::FtpOptions).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effort {
    /// Instead of [`Config::retries`].
    pub retries: Option<Retries>,
    /// Instead of [`Config::window`].
    pub window: Option<u32>,
    /// How long all of it may take, tries and the reading of a body included; as long as it gets on unless set. Then it fails, and
    /// what it left in the module is put back.
    pub deadline: Option<Duration>,
}

/// Flow control of the serial line, in both directions. XON/XOFF is not offered: payload holds every octet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowControl {
    /// None.
    #[default]
    None,
    /// RTS and CTS. Both lines have to be wired.
    Hardware,
}

/// What becomes of DTR, which puts a module to sleep or wakes it (`AT+CSCLK=1`), and which resets some boards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtr {
    /// It is switched on when the port is opened. Closing does what the port is set to (`HUPCL`): usually it goes off.
    #[default]
    On,
    /// It is switched off when the port is opened.
    Off,
    /// The driver leaves it alone when it opens the port, and has the system leave it alone when it closes it. The system itself
    /// switches it on when the port is opened by nobody else.
    Keep,
}

/// How often, and after which pauses, an operation is tried again.
///
/// ```
/// use sim800_session::{Config, Retries};
///
/// let mut config = Config::default();
/// config.retries = Retries::NONE; // the first failure is final
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// How many tries may follow one another without any octet moved by them; 3 unless set.
    pub at_most: u32,
    /// The pause before the first of them, doubled before each further one; 1 s unless set.
    pub pause: Duration,
    /// The longest pause; 30 s unless set.
    pub pause_max: Duration,
}

impl Retries {
    /// The first failure is final.
    pub const NONE: Self = Self { at_most: 0, pause: Duration::ZERO, pause_max: Duration::ZERO };

    /// The pause before the `n`th try in a row, counted from 1.
    pub(crate) fn pause(&self, n: u32) -> Duration {
        let factor = 1_u32.checked_shl(n.saturating_sub(1)).unwrap_or(u32::MAX);
        self.pause.saturating_mul(factor).min(self.pause_max)
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self { at_most: 3, pause: Duration::from_secs(1), pause_max: Duration::from_secs(30) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_the_rate() {
        let window = |rate| Config { rate, ..Config::default() }.octets_at_once();
        assert_eq!([0, 1_200, 9_600, 57_600].map(window), [4_096, 4_096, 4_096, 8_192]);
        assert_eq!([115_200, 460_800, 921_600, u32::MAX].map(window), [16_384, 65_536, 65_536, 65_536]);
        let set = |window| Config { window: Some(window), ..Config::default() }.octets_at_once();
        assert_eq!([0, 1, 300_000].map(set), [1, 1, 300_000]);
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let pauses = |retries: Retries| [1, 2, 3, 6, 40, u32::MAX].map(|n| retries.pause(n).as_secs());
        assert_eq!(pauses(Retries::default()), [1, 2, 4, 30, 30, 30]);
        assert_eq!(pauses(Retries::NONE), [0; 6]);
    }
}
