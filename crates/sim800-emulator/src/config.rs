//! What kind of module is emulated, and how fast it is.

use std::sync::Arc;
use std::time::Duration;

use crate::storage::{MemoryStorage, Storage};

/// The module and the world it wakes up in.
///
/// The default is a module that is up and running: SIM ready, registered at home, attached, echo on. Clones share their storage.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How the module comes up when the emulator is made.
    pub start: Start,
    /// The SIM card.
    pub sim: Sim,
    /// Where the search for a network ends.
    pub registration: Registration,
    /// Whether the network lets the module attach to GPRS, which it does by itself once it is registered.
    pub attach: bool,
    /// `+CSQ: <rssi>,<ber>`
    pub signal: (u8, u8),
    /// 15 digits, the answer to `AT+GSN`.
    pub imei: String,
    /// 15 digits, the answer to `AT+CIMI`.
    pub imsi: String,
    /// 19 or 20 digits, the answer to `AT+CCID`.
    pub iccid: String,
    /// The answer to `AT+GMM`.
    pub model: String,
    /// The answer to `AT+GMR` behind `Revision:`.
    pub revision: String,
    /// The operator's long name.
    pub operator: String,
    /// The fixed rate in bit/s that `AT+IPR?` tells at first (0 under autobauding).
    pub rate: u32,
    /// Echo at first; what `AT&W` stores takes its place.
    pub echo: bool,
    /// The only access point name the network knows; `None` accepts every one.
    pub apn: Option<String>,
    /// User and password that the network's access point asks for; `None` lets everybody in.
    pub apn_credentials: Option<(String, String)>,
    /// Whether the firmware speaks TLS; without, `AT+HTTPSSL`, `AT+FTPSSL` and `AT+SSLOPT` are `ERROR`.
    pub ssl: bool,
    /// Whether the firmware has `AT+FTPRENAME`, which no SIM800 manual has.
    pub ftp_rename: bool,
    /// Names of commands that the firmware does not have, such as `+HTTPHEAD`: they are `ERROR`.
    pub lacks: Vec<String>,
    /// Drive C, inside the module.
    pub storage: Arc<dyn Storage>,
    /// Drive D, an SD card.
    pub card: Option<Arc<dyn Storage>>,
    /// Whether the firmware takes several commands on a line (manual 1.4.4); without, such a line is `ERROR` and none of them is
    /// carried out.
    pub concatenation: bool,
    /// How header lines are spaced.
    pub spacing: Spacing,
    /// Whether the names in a header block are in lower case, whatever the server sent.
    pub lower_header_names: bool,
    /// Where the line ends before responses are left out.
    pub line_ends: LineEnds,
    /// What the stored profile does with short messages.
    pub messages: Messages,
    /// Whether `AT+CNMI` is refused (SIM busy) before `SMS Ready`, as some firmware does (field logs).
    pub late_messages: bool,
    /// What `AT+HTTPDATA` says when its time runs out.
    pub http_data_expiry: DataExpiry,
    /// What `AT+FSWRITE` says behind `TimeOut` when its time runs out.
    pub fs_write_expiry: DataExpiry,
    /// Whether a part that `BREAK` asked for is told as 206, as servers have it (field logs), or as 200 (application note 3.7).
    pub partial_content: bool,
    /// The most octets per `AT+FTPPUT=2`, announced in `+FTPPUT: 1,1,<max>`: one per round, the last one for all further rounds.
    /// Empty means 1360 (application note 3.10).
    pub ftp_put_maxima: Vec<u16>,
    /// How many of the octets asked for `AT+FTPPUT=2` grants.
    pub ftp_put_grant: Grant,
    /// Octets of a download that the module holds before the DTE has read them.
    pub ftp_window: usize,
    /// Delays and time limits.
    pub timings: Timings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            start: Start::Running,
            sim: Sim::Ready,
            registration: Registration::Home,
            attach: true,
            signal: (21, 0),
            imei: "866771029893217".into(),
            imsi: "262019876543210".into(),
            iccid: "8949021234567890123".into(),
            model: "SIMCOM_SIM800L".into(),
            revision: "1418B05SIM800L24".into(),
            operator: "T-Mobile D".into(),
            rate: 115_200,
            echo: true,
            apn: None,
            apn_credentials: None,
            ssl: true,
            ftp_rename: true,
            lacks: Vec::new(),
            storage: Arc::new(internal(INTERNAL_CAPACITY)),
            card: None,
            concatenation: true,
            spacing: Spacing::Sim800,
            lower_header_names: false,
            line_ends: LineEnds::Usual,
            messages: Messages::Stored,
            late_messages: false,
            http_data_expiry: DataExpiry::Error,
            fs_write_expiry: DataExpiry::Error,
            partial_content: false,
            ftp_put_maxima: Vec::new(),
            ftp_put_grant: Grant::Full,
            ftp_window: 16 * 1024,
            timings: Timings::default(),
        }
    }
}

impl Config {
    /// Puts another drive C in the module, as it is delivered, with room for so many octets.
    pub fn set_capacity(&mut self, octets: u64) {
        self.storage = Arc::new(internal(octets));
    }
}

/// With this much room (a log says 190464 free octets) drive C is one of the larger ones.
const INTERNAL_CAPACITY: u64 = 190_464;

/// Drive C as it is delivered.
fn internal(capacity: u64) -> MemoryStorage {
    let storage = MemoryStorage::new(capacity);
    for directory in [&["User".to_owned()][..], &["User".to_owned(), "FTP".to_owned()]] {
        // In memory this cannot fail.
        let _ = storage.make_directory(directory);
    }
    storage
}

/// How a module comes up (manual 1.4, 2.2.41). Whether `AT+CFUN=1,1` finds it autobauding again depends on `AT+IPR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Start {
    /// At a fixed rate: sync octets, `RDY` and the other start-up lines.
    FixedRate,
    /// Autobauding: nothing is said before an `AT` was heard, and no `RDY`, `+CFUN`, `+CPIN` at all.
    Autobaud,
    /// Somebody switched it on long ago.
    Running,
    /// It is switched off until somebody presses the power key.
    Off,
}

/// The SIM card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sim {
    /// No PIN needed.
    Ready,
    /// Locked.
    PinRequired {
        /// What unlocks it; the third wrong one blocks the card.
        pin: String,
    },
    /// Blocked by too many wrong PINs. Nobody knows the PUK.
    PukRequired,
    /// None in the holder.
    Absent,
}

/// Registration with the network: `<stat>` of `+CREG` (manual 3.2.32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Registration {
    /// 0
    NotRegistered,
    /// 1
    Home,
    /// 2
    Searching,
    /// 3
    Denied,
    /// 5
    Roaming,
}

impl Registration {
    /// `<stat>`
    #[must_use]
    pub const fn stat(self) -> u8 {
        match self {
            Self::NotRegistered => 0,
            Self::Home => 1,
            Self::Searching => 2,
            Self::Denied => 3,
            Self::Roaming => 5,
        }
    }

    /// Whether the network serves us.
    #[must_use]
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }
}

/// The blank behind the colon of HTTP and FTP lines, which differs between firmwares (field log).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Spacing {
    /// `+HTTPACTION: 0,200,12`
    Sim800,
    /// `+HTTPACTION:0,200,12`
    Sim900,
}

/// The CR LF that stands before a line under `ATV1` (V.250 5.7.1). Some firmware leaves it out (field logs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LineEnds {
    /// Before every line.
    Usual,
    /// Missing before final result codes: `+CSQ: 21,0` CR LF `OK`.
    MissingBeforeResult,
    /// Missing before all lines.
    Missing,
}

/// Where short messages go: `<mt>` of `AT+CNMI`, and `AT+CMGF` (manual 4.2.8, 4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Messages {
    /// Into the memory: `+CMTI: "SM",<index>`.
    Stored,
    /// To the DTE, as hexadecimal digits: `+CMT: "",<length>`.
    Pdu,
    /// To the DTE, as its sender wrote it: `+CMT: "<number>","","<time>"`.
    Text,
}

/// How a command ends whose octets do not come in time. For `AT+HTTPDATA` the manual does not say, and logs show `OK`; for
/// `AT+FSWRITE` one driver waits for the line `TimeOut` and looks no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataExpiry {
    /// `ERROR`, and what came is discarded.
    Error,
    /// `OK`, and what came is taken.
    Ok,
}

/// How many octets `+FTPPUT: 2,<granted>` grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grant {
    /// As many as were asked for.
    Full,
    /// At most this many, at least one.
    AtMost(u16),
}

/// Delays and time limits. The default is what application note, manual and logs say, or the reference's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// From power-on or restart to the first octet; the module is deaf until then.
    pub boot: Duration,
    /// From the first octet to `RDY`, `+CFUN: 1` and `+CPIN: READY`.
    pub ready: Duration,
    /// From there to the registration.
    pub registration: Duration,
    /// From the registration to `Call Ready`, and from there to `SMS Ready`.
    pub call_ready: Duration,
    /// `AT+SAPBR=1`; the manual allows 85 s.
    pub bearer_open: Duration,
    /// `AT+SAPBR=0`; the manual allows 65 s.
    pub bearer_close: Duration,
    /// `AT+CGATT`; the manual allows 75 s.
    pub attach: Duration,
    /// `AT+CFUN=1`; the manual allows 10 s.
    pub functionality: Duration,
    /// `AT+CFUN=0` and `AT+CFUN=4`; the manual allows 10 s.
    pub functionality_off: Duration,
    /// `AT+CPIN=`; the manual allows 5 s.
    pub pin: Duration,
    /// `AT+COPS=` and `AT+COPS=?`; the manual allows 120 s and 45 s.
    pub operators: Duration,
    /// Between two `+FTPGET: 1,1` while octets wait to be read.
    pub ftp_repeat: Duration,
    /// How long a ready FTP session waits for the DTE to read or to write before it ends with 64.
    pub ftp_neglect: Duration,
    /// How long an FTP server may be silent before the session ends with 64.
    pub ftp_server: Duration,
    /// From the arrival of downloaded octets to their being in the file system.
    pub fs_write: Duration,
    /// From `AT+HTTPACTION` to its request on the network, and from `AT+CIPGSMLOC` to its answer.
    pub http: Duration,
    /// From a command that begins an FTP session to its connection.
    pub ftp_open: Duration,
    /// How long each piece of an FTP transfer is under way, beside what the network takes.
    pub ftp_piece: Duration,
    /// From the end of an upload to its being told to the server.
    pub ftp_close: Duration,
    /// From `AT+CIPSTART` to its connection.
    pub socket_open: Duration,
    /// From the end of an answer to what was not asked for: no module says it in the same breath (field log).
    pub unsolicited: Duration,
    /// From the end of a command line to its first command; none unless set. Logs with the time of each line show 1 to 5 ms, and
    /// what a DTE sees is often ten times that.
    pub line: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            boot: Duration::from_millis(2_500),
            ready: Duration::from_millis(500),
            registration: Duration::from_secs(3),
            call_ready: Duration::from_secs(1),
            bearer_open: Duration::from_millis(1_500),
            bearer_close: Duration::from_millis(500),
            attach: Duration::from_millis(500),
            functionality: Duration::from_millis(500),
            functionality_off: Duration::from_millis(500),
            pin: Duration::from_millis(200),
            operators: Duration::from_millis(500),
            ftp_repeat: Duration::from_secs(5),
            ftp_neglect: Duration::from_secs(75),
            ftp_server: Duration::from_secs(75),
            fs_write: Duration::from_millis(50),
            http: Duration::ZERO,
            ftp_open: Duration::ZERO,
            ftp_piece: Duration::ZERO,
            ftp_close: Duration::ZERO,
            socket_open: Duration::ZERO,
            unsolicited: Duration::from_millis(20),
            line: Duration::ZERO,
        }
    }
}

impl Timings {
    /// No delays at all; the time limits stay.
    #[must_use]
    pub fn instant() -> Self {
        Self::default().scaled(0.0)
    }

    /// As long as real modules took in stamped logs: 1 to 30 ms per command line, 0.7 to 1.3 s for a bearer, 1.15 and 5.04 s for
    /// `AT+CFUN=1` and `=0` and 2.1 s from there to `SMS Ready`, 2.8 s for a request. No log has times of FTP and of
    /// connections: a session is taken to open as a request begins, a connection within a second.
    #[must_use]
    pub fn realistic() -> Self {
        Self {
            bearer_open: Duration::from_millis(1_300),
            attach: Duration::from_secs(1),
            functionality: Duration::from_millis(1_150),
            functionality_off: Duration::from_millis(5_040),
            call_ready: Duration::from_millis(1_050),
            http: Duration::from_millis(2_500),
            ftp_open: Duration::from_millis(2_500),
            ftp_piece: Duration::from_millis(500),
            ftp_close: Duration::from_secs(1),
            socket_open: Duration::from_secs(1),
            line: Duration::from_millis(10),
            ..Self::default()
        }
    }

    /// With all delays `factor` times as long, an hour at most; the time limits stay.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        for delay in self.delays() {
            let seconds = delay.as_secs_f64() * factor;
            *delay = Duration::try_from_secs_f64(seconds).unwrap_or_default().min(LONGEST_DELAY);
        }
        self
    }

    /// What takes time, and is no limit.
    fn delays(&mut self) -> [&mut Duration; 19] {
        [
            &mut self.boot,
            &mut self.ready,
            &mut self.registration,
            &mut self.call_ready,
            &mut self.bearer_open,
            &mut self.bearer_close,
            &mut self.attach,
            &mut self.functionality,
            &mut self.functionality_off,
            &mut self.pin,
            &mut self.operators,
            &mut self.fs_write,
            &mut self.http,
            &mut self.ftp_open,
            &mut self.ftp_piece,
            &mut self.ftp_close,
            &mut self.socket_open,
            &mut self.unsolicited,
            &mut self.line,
        ]
    }
}

/// Longer than anybody waits.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_scaled_and_limits_are_not() {
        let usual = Timings::realistic();
        let twice = usual.clone().scaled(2.0);
        assert_eq!(twice.bearer_open, 2 * usual.bearer_open);
        assert_eq!((twice.ftp_server, twice.ftp_neglect), (usual.ftp_server, usual.ftp_neglect));
        assert_eq!(usual.clone().scaled(0.0), Timings::instant());
        for absurd in [f64::INFINITY, f64::NAN, -1.0, 1e300] {
            let mut timings = usual.clone().scaled(absurd);
            assert!(timings.delays().iter().all(|delay| **delay <= LONGEST_DELAY), "{absurd}");
        }
    }
}
