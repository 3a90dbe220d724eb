//! What can go wrong with a module, to be caused on purpose.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;

use crate::config::Registration;
use crate::network::{FtpFailure, HttpFailure};

/// Something that goes wrong, now; see [`Emulator::handle_fault`](crate::Emulator::handle_fault).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The network takes the bearer away: `+SAPBR <cid>: DEACT`, and every session on it fails.
    BearerLost {
        /// The bearer profile, 1 to 3.
        cid: u8,
    },
    /// The network takes the context of the sockets away: `+PDP: DEACT`, and every connection on it is gone without a word.
    ContextLost,
    /// The registration changes.
    Registration(Registration),
    /// The module restarts by itself (weak supply): all sessions, bearers and unsaved settings are gone. Brings a module back
    /// that was switched off or fell silent, too.
    Restart {
        /// Whether the start-up lines come; under autobauding they do not.
        announced: bool,
    },
    /// The firmware hangs: nothing is heard, nothing is said, until a restart.
    Silence,
    /// The module switches itself off, with a last line.
    PowerDown(PowerDown),
    /// A line out of the blue.
    Inject {
        /// Where it appears.
        place: Place,
        /// The line, without line ends; several lines are separated by CR LF.
        text: String,
    },
    /// A short message arrives. What the module says of it is as `AT+CNMI` and `AT+CMGF` have it (manual 4.2.8): nothing, where
    /// it is stored, or the whole message, in text mode as its sender wrote it.
    Message {
        /// The text; several lines are separated by CR LF.
        text: String,
    },
    /// Octets that are no line: noise of a level shifter, power-up octets out of the blue, a line without its end, which the next
    /// one is then glued to. They appear behind what the module has said so far.
    Noise {
        /// The octets.
        octets: Bytes,
    },
    /// The echo is switched, as by a profile that is restored on its own; within a command line, behind that.
    Echo(bool),
    /// The next final result code comes so much later, while the module says what it likes: what a command sets off may then be
    /// told before the command's own `OK`.
    Hesitate {
        /// How much later.
        by: Duration,
    },
    /// The next read of a payload that has a header gets so many octets at most. Of an HTTP body none is a bare `OK`; of the memory
    /// of extended transfers one is the least, for none is its end.
    ShortRead {
        /// How many.
        at_most: usize,
    },
    /// The next header of a payload, and the next prompt that grants octets, tells another count than is true.
    Announce {
        /// The digits that stand in place of the count; whether they fit any number is not asked.
        count: String,
    },
    /// The next payload that has a header is longer than was asked for: question marks follow, and its header counts them.
    Overrun {
        /// By how many octets it is too long, 64 KiB at most.
        octets: usize,
    },
    /// The next HTTP request does not reach its server.
    Http(HttpFailure),
    /// The next FTP session does not reach its server.
    Ftp(FtpFailure),
    /// From now on octets get lost or damaged on the line, in both directions, drawn by `seed`.
    Interference {
        /// What happens to an octet.
        damage: Damage,
        /// It happens to one of so many on average.
        one_in: NonZeroU32,
        /// Where the draw begins: the same seed hits the same octets.
        seed: u64,
    },
    /// It goes wrong later.
    Later {
        /// When.
        when: When,
        /// What.
        fault: Box<Self>,
    },
    /// A flaw of the firmware: it goes wrong each time when such a command line comes. A module that is then off, or hangs, does
    /// not carry it out.
    Flaw {
        /// The whole line, `AT` included and the carriage return not; `*` stands for any octets, `?` for any one. Case counts.
        line: String,
        /// What goes wrong.
        fault: Box<Self>,
    },
    /// Nothing goes wrong any more: what was planted for later will not happen. What has happened stays.
    Over,
    /// Octets get lost or damaged on their way to the DTE.
    Damage {
        /// How many octets are still transmitted whole, counted from the first that was not polled yet.
        after: u64,
        /// What happens to the next one.
        damage: Damage,
    },
}

/// When something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// After so many more octets to the DTE; a restart, and silence, let no more of them out.
    Octets(u64),
    /// After so much time.
    Time(Duration),
}

/// The last line before the module is off (manual 18.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PowerDown {
    /// `NORMAL POWER DOWN`
    Normal,
    /// `UNDER-VOLTAGE POWER DOWN`
    UnderVoltage,
    /// `OVER-VOLTAGE POWER DOWN`
    OverVoltage,
}

impl PowerDown {
    /// The line.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL POWER DOWN",
            Self::UnderVoltage => "UNDER-VOLTAGE POWER DOWN",
            Self::OverVoltage => "OVER-VOLTAGE POWER DOWN",
        }
    }
}

/// Where an injected line appears. Inside counted payload none ever does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// Behind what the module has said so far.
    Now,
    /// Before the next response: behind the echo, before information text and result code.
    BeforeResponse,
    /// Before the next final result code: behind information text or payload.
    BeforeResult,
}

/// What happens to one octet on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// It does not arrive.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// Its bits in this mask are inverted.
    Flip(u8),
}
