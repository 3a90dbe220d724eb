//! What a session is told about its line, and the limits it keeps.

use std::time::Duration;

use crate::retry::Retries;

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
    /// How many octets of an HTTP body are asked for at once: 1–319,488, and 16,384 unless set. A body in transfer takes
    /// up to twice as much memory.
    pub http_window: u32,
    /// How many octets of an HTTP object that is larger than the module holds are fetched at once: 3 to 319,488, and 262,144
    /// unless set. Some servers and networks break longer ones off.
    pub http_range: u32,
    /// How many octets of an extended download are asked for at once: 1 to 300,000, and 16,384 unless set.
    pub ftp_window: u32,
    /// How long start-up repeats `AT` before it says that no module answers; 10 s unless set. A module that was just
    /// switched on takes 3 to 5 seconds (hardware design 4.2.1).
    pub answer_within: Duration,
    /// How long start-up waits for the SIM card and for registration with the network; 60 s unless set.
    pub register_within: Duration,
    /// How transfers are tried again that failed through no fault of theirs.
    pub retries: Retries,
    /// Limits of the engine.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rate: 115_200,
            flow_control: FlowControl::None,
            http_window: 16_384,
            http_range: 262_144,
            ftp_window: 16_384,
            answer_within: Duration::from_secs(10),
            register_within: Duration::from_secs(60),
            retries: Retries::default(),
            limits: Limits::default(),
        }
    }
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

/// Bounds of memory and time that hold whatever the module sends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// How many commands may wait while one is in flight; 16 unless set.
    pub queue: usize,
    /// How many octets of information text one command may get; 16,384 unless set.
    pub information: usize,
    /// How many unsolicited lines are kept for one subscriber; 32 unless set.
    pub notices: usize,
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
    /// Limits of the decoder.
    pub decoder: sim800_parser::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue: 16,
            information: 16_384,
            notices: 32,
            stall: Duration::from_secs(3),
            quiet: Duration::from_millis(300),
            probe: Duration::from_millis(700),
            resync: Duration::from_secs(10),
            boot: Duration::from_secs(20),
            decoder: sim800_parser::Limits::default(),
        }
    }
}
