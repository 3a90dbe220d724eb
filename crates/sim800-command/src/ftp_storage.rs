//! FTP by way of the module's memory and file system (manual chapter 12).
//!
//! The extended forms move a whole file between server and module, without the DTE; between DTE and module it goes before or
//! after. The read forms tell how far a transfer has come. Their lines have the name of the unsolicited one that ends
//! it, and are told apart by the count of their values, where that suffices.

use core::time::Duration;

use crate::fs::FsStorage;
use crate::{
    DataPhase, Domain, Encoder, Header, Information, Line, Number, Parameter, ParameterSpec, Text, Value,
    Values, time_limit,
};

/// The octets that the module's memory holds for an extended transfer.
///
/// The manual says "300k" and leaves open which thousand is meant (manual 12.2.20, 12.2.26): the smaller is safe.
pub const FTP_EXTENDED_LIMIT: u32 = 300_000;

/// A place in the module's memory.
pub type FtpExtendedPosition = Number<0, FTP_EXTENDED_LIMIT>;
/// Octets of the module's memory.
pub type FtpExtendedLength = Number<1, FTP_EXTENDED_LIMIT>;
/// How long the module waits for octets, in milliseconds.
pub type FtpExtendedTime = Number<1_000, 1_000_000>;
/// Name of a file in the module's file system.
pub type FtpFileName<'a> = Text<'a, 64>;
/// Path of a file in the module's file system.
pub type FtpFilePath<'a> = Text<'a, 128>;
/// How often the module connects anew.
pub type FtpReconnectionTimes = Number<0, 255>;
/// How long it waits before that, in seconds.
pub type FtpReconnectionDelay = Number<0, 60>;

commands! {
    FtpExtPut "12.2.20" {
        /// Ends the extended upload: from now on `AT+FTPPUT=1` asks for the octets again.
        Write FtpExtPutEnd = 0, within |_| time_limit::FTP_MEMORY;
        /// Begins an extended upload: `AT+FTPPUT=1` will send what was loaded. Not together with `AT+FTPEXTGET` or
        /// `AT+FTPFILEPUT`.
        Write FtpExtPutBegin = 1, within |_| time_limit::FTP_MEMORY;
        /// Loads octets into the module's memory: `+FTPEXTPUT: <position>,<length>` grants them.
        Write FtpExtPutLoad = 2 {
            /// Where they go, counted from 0.
            position: FtpExtendedPosition,
            /// How many octets there are to load.
            length: FtpExtendedLength,
            /// How long the module waits for them, in milliseconds.
            time: FtpExtendedTime,
        },
        within |command| time_limit::UNSTATED + Duration::from_millis(u64::from(command.time.get())),
        data "+FTPEXTPUT: <position>,<n>" |command| DataPhase::Granted {
            header: Header::new("+FTPEXTPUT:").selected_by(command.position.get()),
            at_most: command.length.get(),
        };
        test FtpExtPutLoad;
    }

    FtpGetToFs "12.2.24" {
        /// Downloads into the module's file system, over a file that is there: `user\ftp\` on the internal drive, `ftp\`
        /// on the card. `+FTPGETTOFS: 0,<total>` ends it well, `+FTPGETTOFS: <error>` badly.
        Write FtpGetToFs<'a> {
            /// On which drive.
            storage: FsStorage,
            /// The name of the file there.
            name: FtpFileName<'a>,
            /// What the module does when the connection breaks; without it 3 times after 5 seconds.
            reconnection: Option<FtpReconnection>,
        },
        within |_| time_limit::FTP_SESSION,
        then "+FTPGETTOFS: <result>[,<total>]";
        /// Asks how far the download has come.
        Read FtpGetToFsStatus -> FtpGetToFsProgress;
        test FtpGetToFs<'a>;
    }

    FtpPutFrmFs "12.2.25" {
        /// Uploads from the module's file system. `+FTPPUTFRMFS: 0,<total>` ends it well, `+FTPPUTFRMFS: <error>` badly.
        Write FtpPutFrmFs<'a> {
            /// The file, with its whole path.
            file: FtpFilePath<'a>,
            /// What the module does when the connection breaks; without it 3 times after 5 seconds.
            reconnection: Option<FtpReconnection>,
        },
        within |_| time_limit::FTP_SESSION,
        then "+FTPPUTFRMFS: <result>[,<total>]";
        /// Asks how far the upload has come.
        Read FtpPutFrmFsStatus -> FtpPutFrmFsProgress;
        test FtpPutFrmFs<'a>;
    }

    FtpExtGet "12.2.26" {
        /// Ends the extended download and gives its memory back.
        Write FtpExtGetEnd = 0, within |_| time_limit::FTP_MEMORY;
        /// Downloads into the module's memory. `+FTPEXTGET: 1,0` ends it well, `+FTPEXTGET: 1,<error>` badly. Not together
        /// with `AT+FTPEXTPUT`.
        Write FtpExtGetOpen = 1, within |_| time_limit::FTP_SESSION,
            then "+FTPEXTGET: 1,<result>";
        /// Saves what was downloaded as a file in `C:\User\FTP\`.
        Write FtpExtGetSave<'a> = 2 {
            /// The name of the file there.
            name: FtpFileName<'a>,
        }
        -> FtpExtGetSaved,
        within |_| time_limit::FTP_FILE;
        /// Reads a part of what was downloaded; any part, any number of times.
        Write FtpExtGetRead = 3 {
            /// Where the part begins, counted from 0.
            position: FtpExtendedPosition,
            /// How many octets it has at most.
            length: FtpExtendedLength,
        },
        within |_| time_limit::FTP_MEMORY,
        data "+FTPEXTGET: 3,<n> and <n> octets" |command| DataPhase::Announced {
            header: Header::new("+FTPEXTGET:").selected_by(3),
            at_most: command.length.get(),
        };
        /// Asks how far the download has come.
        Read FtpExtGetStatus -> FtpExtGetProgress;
        test FtpExtGetRead;
    }

    FtpFilePut "12.2.27" {
        /// Ends the upload of a file: from now on `AT+FTPPUT=1` asks for the octets again.
        Write FtpFilePutEnd = 0, within |_| time_limit::FTP_MEMORY;
        /// Loads a file of the module's file system into its memory: `AT+FTPPUT=1` will send it. Not together with
        /// `AT+FTPEXTPUT`.
        Write FtpFilePutLoad<'a> = 1 {
            /// The file, with its whole path.
            file: FtpFileName<'a>,
        },
        within |_| time_limit::FTP_FILE;
        test FtpFilePutLoad<'a>;
    }
}

/// What the module does when the connection breaks during a transfer from or to its file system: it goes on where the
/// transfer broke.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a value to be written down, like the commands")]
pub struct FtpReconnection {
    /// How often it connects again.
    pub times: FtpReconnectionTimes,
    /// How long it waits before, in seconds.
    pub delay: FtpReconnectionDelay,
}

impl<'a> Parameter<'a> for FtpReconnection {
    const DOMAIN: Domain = Domain::Group(&[
        ParameterSpec {
            name: "times",
            domain: FtpReconnectionTimes::DOMAIN,
            optional: false,
            doc: " How often the module connects again when the connection breaks; 3 without it.\n",
        },
        ParameterSpec {
            name: "delay",
            domain: FtpReconnectionDelay::DOMAIN,
            optional: false,
            doc: " How long it waits before, in seconds; 5 without it.\n",
        },
    ]);

    fn encode(&self, line: &mut Encoder<'_>) {
        self.times.encode(line);
        self.delay.encode(line);
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        Some(Self { times: Parameter::decode(values)?, delay: Parameter::decode(values)? })
    }
}

/// How far a download into the module's file system has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FtpGetToFsProgress {
    /// None is running.
    Idle,
    /// It is running.
    Running {
        /// Octets that have come from the server.
        received: u64,
        /// Octets of them that are in the file.
        written: u64,
    },
}

impl<'a> Information<'a> for FtpGetToFsProgress {
    const SHAPE: &'static str = "<status>[,<received>,<written>]";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("status", "0: no download is running; 1: one is"),
        ("received", "bytes that have come from the server"),
        ("written", "bytes of them that are in the file"),
    ];
    const EXAMPLE: &'static str = ": 1,2048,1024";

    /// Two values end the download well, and one that is an error badly.
    fn accepts(mut values: Values<'_>) -> bool {
        match values.count() {
            1 => is_status(values.next()),
            3 => true,
            _ => false,
        }
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        match values.next_number()? {
            0_u8 => Some(Self::Idle),
            _ => Some(Self::Running { received: count(&mut values)?, written: count(&mut values)? }),
        }
    }
}

/// How far an upload from the module's file system has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FtpPutFrmFsProgress {
    /// None is running.
    Idle,
    /// It is running.
    Running {
        /// Octets that were sent to the server.
        sent: u64,
    },
}

impl<'a> Information<'a> for FtpPutFrmFsProgress {
    const SHAPE: &'static str = "<status>[,<sent>]";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("status", "0: no upload is running; 1: one is"), ("sent", "bytes that were sent to the server")];
    const EXAMPLE: &'static str = ": 1,2048";

    /// Two values of which the first is zero end the upload well, and one that is an error badly.
    fn accepts(mut values: Values<'_>) -> bool {
        match values.count() {
            1 => is_status(values.next()),
            2 => values.next().and_then(Value::number) == Some(1),
            _ => false,
        }
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        match values.next_number()? {
            0_u8 => Some(Self::Idle),
            _ => Some(Self::Running { sent: count(&mut values)? }),
        }
    }
}

/// How far an extended download has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FtpExtGetProgress {
    /// None is running.
    Idle,
    /// It is running.
    Running {
        /// Octets that have come from the server.
        received: u64,
    },
    /// The response reads like the unsolicited line that ends the download, and was taken for it: `+FTPEXTGET: 1,<n>` of a
    /// download that has `n` octets, where `n` is 0 or the number of an error. Ask again before you believe that line.
    Unclear,
}

impl<'a> Information<'a> for FtpExtGetProgress {
    const SHAPE: &'static str = "<status>[,<received>]";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("status", "0: no download is running; 1: one is"),
        ("received", "bytes that have come from the server"),
    ];
    const EXAMPLE: &'static str = ": 1,2048";

    fn accepts(mut values: Values<'_>) -> bool {
        let count = values.count();
        let (status, received) = (values.next(), values.next().and_then(Value::number));
        match count {
            1 => is_status(status),
            2 => is_status(status) && (status == Some(Value::Number(0)) || !received.is_some_and(is_result)),
            _ => false,
        }
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let Some(line) = lines.first() else { return Some(Self::Unclear) };
        let mut values = line.values();
        match values.next_number()? {
            0_u8 => Some(Self::Idle),
            _ => Some(Self::Running { received: count(&mut values)? }),
        }
    }
}

/// What `AT+FTPEXTGET=2` saved.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct FtpExtGetSaved {
    /// The size of the file in octets.
    pub size: u64,
}

impl<'a> Information<'a> for FtpExtGetSaved {
    const SHAPE: &'static str = "2,<size>";
    const VALUES: &'static [(&'static str, &'static str)] = &[("size", "bytes of the file")];
    const EXAMPLE: &'static str = ": 2,2048";

    /// An unsolicited line begins with 1.
    fn accepts(mut values: Values<'_>) -> bool {
        values.next().and_then(Value::number) == Some(2)
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let _use: u8 = values.next_number()?;
        Some(Self { size: values.next_number()? })
    }
}

/// 0 not running, 1 running: no result code of FTP but 0 is so small.
fn is_status(value: Option<Value<'_>>) -> bool {
    matches!(value, Some(Value::Number(0 | 1)))
}

/// Whether this may be how a session ended (manual 12.2.14).
fn is_result(number: u64) -> bool {
    matches!(number, 0 | 61..=86)
}

/// The next value as a count of octets; one that is not printed is none.
fn count(values: &mut Values<'_>) -> Option<u64> {
    match values.next() {
        None => Some(0),
        Some(value) => value.number(),
    }
}
