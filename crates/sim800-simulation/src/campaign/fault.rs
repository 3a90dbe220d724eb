//! What goes wrong in a scenario, and when.

use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use sim800_emulator::{Damage, Fault, FtpFailure, HttpFailure, Place, PowerDown, Registration};
use sim800_session::Direction;

use super::content::{CONTENT_PATH, CONTENT_URL};
use super::kind::Task;
use crate::{Incident, Mishap, Resource, When};

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Planned {
    /// When, counted from the beginning of the scenario's task.
    pub when: When,
    /// What.
    pub what: What,
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// Octets in a row are damaged on the line.
    Damage {
        /// On their way to whom.
        direction: Direction,
        /// How.
        damage: Damage,
        /// How many.
        octets: u8,
    },
    /// The module does it.
    Module(Fault),
    /// A known unsolicited line comes, which says nothing of what is being done.
    Line(Place, &'static str),
    /// A line comes that would answer a command, though none was sent.
    Answer(&'static str),
    /// Lines that no list has come over and over.
    Unknown {
        /// In what distance.
        every: Duration,
        /// How many.
        times: u32,
    },
    /// A short message arrives.
    Message(&'static str),
    /// Nobody polls the program for so long.
    Pause(Duration),
    /// The module falls silent and never comes back.
    Gone,
    /// An unsolicited line comes over and over.
    Flood {
        /// How often.
        times: u32,
        /// In what distance.
        every: Duration,
    },
    /// A line that never ends.
    Endless {
        /// Its octets.
        octets: u32,
    },
    /// It happens to an operation on the network that has not begun.
    Network(Mishap),
    /// The file on the server becomes another one.
    Change {
        /// By how many octets it is longer, or twice as long.
        longer: usize,
    },
}

/// Lines that anything but a transfer may cause (manual 18.2), and that end nothing.
const LINES: [&str; 9] = [
    "RING",
    "+CREG: 1",
    "+CGREG: 5",
    "*PSUTTZ: 2026,1,2,3,4,5,\"+4\",0",
    "DST: 1",
    "+CIEV: 10,\"26201\",\"net\",\"net\",0,0",
    "Call Ready",
    "UNDER-VOLTAGE WARNNING",
    "+CLCC: 1,1,4,0,0,\"+491711234567\",145,\"\"",
];

/// Lines that are well formed, and that nobody knows: of a newer firmware, of a relative, of a location service.
const UNKNOWN: [&str; 4] = [
    "+UGNSINF: 1,1,20260102030405.000,52.520008,13.404954,34.000,0.00,184.2,1,,1.1,1.4,0.9,,11,7,,,38,,",
    "+QIND: SMS DONE",
    "^HCSQ: \"GSM\",42",
    "+CENG: 0,\"0062,31,00,262,01,17,c8a1,05,05,1b2c,255\"",
];

/// Texts of short messages whose lines read like the module's.
const TEXTS: [&str; 8] = [
    "OK",
    "x\r\nOK",
    "x\r\n+FTPGET: 1,0",
    "x\r\ny\r\n+HTTPACTION: 0,200,0\r\n+HTTPACTION: 1,200,0",
    "x\r\nRDY",
    "x\r\n+FTPPUT: 1,0\r\n+FTPSIZE: 1,0,7",
    "+HTTPREAD: 5\r\nhello\r\nOK",
    "x\r\n>\r\nDOWNLOAD\r\nERROR",
];

/// A short message whose text reads like a result code.
const MESSAGE: &str = "+CMT: \"+491711234567\",\"\",\"26/01/02,03:04:05+04\"\r\nOK";

const ANSWERS: [&str; 8] = [
    "OK",
    "ERROR",
    "+CME ERROR: 3",
    "+HTTPACTION: 0,200,4294967296",
    "+HTTPACTION: 1,200,0",
    "+HTTPREAD: 18446744073709551620",
    "DOWNLOAD",
    "NO CARRIER",
];

/// How long a program may be busy with something else without any harm: not longer than the module waits for what it asked for,
/// which is 5 s and more for a body (`AT+HTTPDATA`, as the session sets it) and a file of its own.
fn patience(task: Task) -> Duration {
    let is_waited_for = task == Task::StartUp || task.is_upload();
    Duration::from_secs(if is_waited_for { 2 } else { 20 })
}

/// What a module sends just after power-up (manual 1.4).
const SYNC: &[u8] = b"\0IIII\xFF\xFF\xFF\xFF";

/// A number that was drawn, and most of the time a smaller one: so many seldom show what fewer do not.
fn seldom_many(drawn: u32, few: u32) -> u32 {
    if drawn.is_multiple_of(8) { drawn } else { drawn.min(few / 2 + drawn % few) }
}

impl What {
    /// Draws something that can go wrong with `task`.
    pub(super) fn draw(rng: &mut Rng, task: Task) -> Self {
        match rng.u32(..100) {
            0..=29 => {
                let direction = if rng.u8(..3) == 0 { Direction::Sent } else { Direction::Received };
                let damage = match rng.u8(..5) {
                    0 | 1 => Damage::Drop,
                    2 | 3 => Damage::Duplicate,
                    _ => Damage::Flip(1 << rng.u8(..8)),
                };
                let octets = if rng.u8(..4) == 0 { rng.u8(2..=64) } else { 1 };
                Self::Damage { direction, damage, octets }
            }
            30..=37 => {
                let place = rng.choice([Place::Now, Place::BeforeResponse, Place::BeforeResult]);
                let line = if rng.u8(..3) == 0 { Some(MESSAGE) } else { rng.choice(LINES) };
                Self::Line(place.unwrap_or(Place::Now), line.unwrap_or(MESSAGE))
            }
            38..=41 => Self::Answer(rng.choice(ANSWERS).unwrap_or("OK")),
            42..=45 => Self::Module(Fault::Noise { octets: noise(rng) }),
            46..=47 => Self::Module(Fault::Noise { octets: Bytes::from_static(SYNC) }),
            48..=49 => Self::Endless { octets: seldom_many(rng.u32(600..60_000), 3_000) },
            50..=51 => Self::Flood {
                times: seldom_many(rng.u32(20..2_000), 300),
                every: Duration::from_micros(rng.u64(0..200_000)),
            },
            52..=53 => Self::Module(Fault::Echo(true)),
            54..=55 => {
                let every = Duration::from_millis(rng.u64(100..2_000));
                Self::Unknown { every, times: seldom_many(rng.u32(2..2_000), 300) }
            }
            56..=57 => Self::Module(Fault::Hesitate { by: Duration::from_millis(1 << rng.u32(0..13)) }),
            58..=59 => {
                let likely = TEXTS
                    .into_iter()
                    .find(|text| text.contains(if task.is_http() { "+HTTPACTION" } else { "+FTP" }));
                let text = if rng.bool() { likely } else { None };
                Self::Message(text.or_else(|| rng.choice(TEXTS)).unwrap_or("OK"))
            }
            60 => Self::Gone,
            61..=62 => Self::Pause(Duration::from_millis(rng.u64(100..20_000))),
            63 => {
                let at_most = if rng.bool() { 0 } else { rng.usize(1..2_000) };
                Self::Module(Fault::ShortRead { at_most })
            }
            64..=65 => {
                let octets = 1 << rng.u32(0..15);
                // The head of a response is asked for up to all that the module holds: more than that takes long.
                if task.is_http() && octets > 2 {
                    Self::Module(Fault::ShortRead { at_most: octets })
                } else {
                    Self::Module(Fault::Overrun { octets })
                }
            }
            66..=67 => {
                let count = match rng.u8(..4) {
                    0 => "4294967296".to_owned(),
                    1 => "18446744073709551620".to_owned(),
                    _ => rng.u32(16_386..4_000_000).to_string(),
                };
                Self::Module(Fault::Announce { count })
            }
            68..=73 => Self::Module(Fault::Restart { announced: rng.bool() }),
            74..=75 => Self::Module(Fault::Silence),
            76..=77 => {
                let kind = if rng.bool() { PowerDown::Normal } else { PowerDown::UnderVoltage };
                Self::Module(Fault::PowerDown(kind))
            }
            78..=82 if task == Task::Sockets => Self::Module(Fault::ContextLost),
            78..=82 => Self::Module(Fault::BearerLost { cid: 1 }),
            83..=84 => {
                let registration = rng.choice([
                    Registration::NotRegistered,
                    Registration::Searching,
                    Registration::Denied,
                    Registration::Roaming,
                ]);
                Self::Module(Fault::Registration(registration.unwrap_or(Registration::Searching)))
            }
            85..=96 => Self::Network(mishap(rng, task)),
            _ => Self::Change { longer: if rng.bool() { 777 } else { 0 } },
        }
    }

    /// What it is called in the list of what was tried.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Damage { direction: Direction::Sent, damage: Damage::Drop, .. } => "octets lost to the DCE",
            Self::Damage { direction: Direction::Sent, damage: Damage::Duplicate, .. } => {
                "octets doubled to the DCE"
            }
            Self::Damage { direction: Direction::Sent, .. } => "octets damaged to the DCE",
            Self::Damage { damage: Damage::Drop, .. } => "octets lost to the DTE",
            Self::Damage { damage: Damage::Duplicate, .. } => "octets doubled to the DTE",
            Self::Damage { .. } => "octets damaged to the DTE",
            Self::Module(fault) => module_kind(fault),
            Self::Line(_, line) if *line == MESSAGE => "+CMT whose text reads OK",
            Self::Line(..) => "unsolicited line",
            Self::Answer(_) => "result for a command that was not sent",
            Self::Unknown { .. } => "unknown unsolicited lines over and over",
            Self::Message(_) => "short message that reads like the module",
            Self::Pause(_) => "program that is not polled for a while",
            Self::Gone => "module that never comes back",
            Self::Flood { .. } => "flood of unsolicited lines",
            Self::Endless { .. } => "endless line",
            Self::Network(Mishap::Http(_)) => "HTTP connection refused or reset",
            Self::Network(Mishap::Ftp { after: 0, .. }) => "FTP control connection refused",
            Self::Network(Mishap::Ftp { .. }) => "FTP data connection reset",
            Self::Network(Mishap::FtpStall { .. }) => "FTP data connection stalled",
            Self::Network(Mishap::SetBack { .. }) => "server loses what it has not stored",
            Self::Network(Mishap::Unconfirmed { by: Some(_) }) => "+FTPPUT: 1,0 late",
            Self::Network(Mishap::Unconfirmed { by: None }) => "+FTPPUT: 1,0 never",
            Self::Network(Mishap::SocketBreak { .. }) => "TCP connection broken",
            Self::Network(Mishap::Silence) => "server silent",
            Self::Change { longer: 0 } => "file changes on the server, and not in size",
            Self::Change { .. } => "file changes on the server",
        }
    }

    /// Whether a driver that keeps its promises succeeds all the same, whatever the task.
    pub(super) fn is_harmless(&self, task: Task) -> bool {
        match self {
            Self::Line(..) | Self::Unknown { .. } | Self::Message(_) | Self::Module(Fault::Echo(_)) => true,
            Self::Pause(pause) => *pause <= patience(task),
            // What befalls one protocol is nothing to another.
            Self::Network(Mishap::Http(_)) => !task.is_http(),
            Self::Network(
                Mishap::Ftp { .. }
                | Mishap::FtpStall { .. }
                | Mishap::SetBack { .. }
                | Mishap::Unconfirmed { .. },
            ) => !task.is_ftp(),
            Self::Network(Mishap::SocketBreak { .. }) => task != Task::Sockets,
            Self::Module(Fault::Hesitate { by }) => *by < Duration::from_millis(400),
            Self::Module(Fault::ShortRead { at_most }) => *at_most > 0 || task != Task::HttpGet,
            _ => false,
        }
    }

    /// Whether octets come from nowhere.
    pub(super) fn adds_octets(&self) -> bool {
        matches!(
            self,
            Self::Module(Fault::Noise { .. }) | Self::Endless { .. } | Self::Answer(_) | Self::Line(..)
        )
    }

    /// Whether lines of the module's own accord come.
    pub(super) fn is_line(&self) -> bool {
        matches!(self, Self::Line(..) | Self::Unknown { .. } | Self::Flood { .. } | Self::Message(_))
    }

    /// How many octets come from nowhere that are neither answers nor lines of the module's own accord, if any do.
    pub(super) fn pretended(&self) -> Option<usize> {
        match self {
            Self::Answer(line) => Some(line.len()),
            Self::Module(Fault::Noise { octets }) => Some(octets.len()),
            Self::Endless { octets } => Some(*octets as usize),
            _ => None,
        }
    }

    /// Whether so much comes that it takes a while to cross the line.
    pub(super) fn fills_line(&self) -> bool {
        matches!(
            self,
            Self::Endless { .. }
                | Self::Flood { .. }
                | Self::Unknown { .. }
                | Self::Module(Fault::Overrun { .. })
        )
    }

    /// Whether the module has to be switched on again after it.
    pub(super) fn switches_off(&self) -> bool {
        matches!(self, Self::Gone | Self::Module(Fault::Silence | Fault::PowerDown(_)))
    }

    /// What a world is to be told.
    ///
    /// `length` is that of the content.
    pub(super) fn incident(&self, length: usize) -> Incident {
        let line = |place, text: &str| Incident::Fault(Fault::Inject { place, text: text.to_owned() });
        match self {
            Self::Damage { direction, damage, .. } => Incident::Damage(*direction, *damage),
            Self::Module(fault) => Incident::Fault(fault.clone()),
            Self::Line(place, text) => line(*place, text),
            Self::Answer(text) => line(Place::Now, text),
            Self::Flood { times, every } => {
                Incident::Lines { lines: &["RING", "+CREG: 1"], every: *every, times: *times }
            }
            Self::Unknown { every, times } => {
                Incident::Lines { lines: &UNKNOWN, every: *every, times: *times }
            }
            Self::Message(text) => Incident::Fault(Fault::Message { text: (*text).to_owned() }),
            Self::Pause(pause) => Incident::Pause(*pause),
            Self::Gone => Incident::Fault(Fault::Silence),
            Self::Endless { octets } => {
                Incident::Fault(Fault::Noise { octets: vec![b'x'; *octets as usize].into() })
            }
            Self::Network(mishap) => {
                let mishap = *mishap;
                Incident::Network(Box::new(move |network| network.cause(mishap)))
            }
            Self::Change { longer } => {
                let changed = changed(length, *longer);
                Incident::Network(Box::new(move |network| {
                    network.put_file(CONTENT_PATH, changed.clone());
                    network.put_resource(CONTENT_URL, Resource::new(changed));
                }))
            }
        }
    }
}

/// What the content becomes: none of its octets is what it was before, and they are others where it becomes longer, which is to twice
/// its length at most: servers that send single octets of a short one would be at it for hours.
pub(super) fn changed(content: usize, longer: usize) -> Bytes {
    vec![if longer > 0 { b'#' } else { 0xA7 }; content + longer.min(content + 1)].into()
}

fn module_kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Noise { octets } if octets == SYNC => "power-up octets out of the blue",
        Fault::Noise { octets } if octets.contains(&b'+') => "unsolicited line glued to another",
        Fault::Noise { .. } => "noise",
        Fault::Echo(_) => "echo coming back",
        Fault::Hesitate { .. } => "result before its command's OK",
        Fault::ShortRead { at_most: 0 } => "read of zero length",
        Fault::ShortRead { .. } => "short read",
        Fault::Announce { count } => match count.len() {
            ..10 => "count beyond what was asked for",
            10 => "count of 2^32",
            _ => "count of twenty digits",
        },
        Fault::Overrun { .. } => "payload longer than was asked for",
        Fault::Restart { announced: true } => "restart with RDY",
        Fault::Restart { announced: false } => "restart without RDY",
        Fault::Silence => "silence",
        Fault::PowerDown(PowerDown::Normal) => "NORMAL POWER DOWN",
        Fault::PowerDown(_) => "UNDER-VOLTAGE POWER DOWN",
        Fault::BearerLost { .. } => "bearer lost",
        Fault::ContextLost => "context of the sockets lost",
        Fault::Registration(_) => "registration lost",
        _ => "something else in the module",
    }
}

/// Octets that come when levels change, or a line without its end, which the next one is glued to.
fn noise(rng: &mut Rng) -> Bytes {
    if rng.u8(..3) == 0 {
        return Bytes::from_static(b"\r\n+CREG: 1");
    }
    (0..rng.usize(1..20)).map(|_| if rng.u8(..4) == 0 { rng.u8(..) } else { rng.u8(0x80..) }).collect()
}

fn mishap(rng: &mut Rng, task: Task) -> Mishap {
    let after = if rng.u8(..3) == 0 { 0 } else { rng.u64(1..60_000) };
    if task == Task::Sockets {
        return match rng.u8(..4) {
            0 => Mishap::Silence,
            _ => Mishap::SocketBreak { after: after / 4 },
        };
    }
    if task.is_http() {
        let failures = [HttpFailure::Network, HttpFailure::Dns, HttpFailure::NotHttp, HttpFailure::Busy];
        return match rng.u8(..4) {
            0 => Mishap::Silence,
            _ => Mishap::Http(rng.choice(failures).unwrap_or(HttpFailure::Network)),
        };
    }
    let failures = [
        FtpFailure::NETWORK,
        FtpFailure::CONNECT,
        FtpFailure::TIMEOUT,
        FtpFailure::SERVER,
        FtpFailure::REPLY,
    ];
    match rng.u8(..8) {
        0 => Mishap::Silence,
        1 => Mishap::Unconfirmed { by: None },
        2 => Mishap::Unconfirmed { by: Some(Duration::from_secs(rng.u64(1..70))) },
        3 if task.is_long_upload() => {
            Mishap::SetBack { after: rng.u64(1..300_000), lost: rng.usize(1..200_000) }
        }
        3 | 4 => Mishap::FtpStall { after },
        _ => Mishap::Ftp { after, failure: rng.choice(failures).unwrap_or(FtpFailure::NETWORK) },
    }
}
