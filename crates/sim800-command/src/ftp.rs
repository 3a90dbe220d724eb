//! The FTP service (manual chapter 12).

use crate::bearer::Cid;
use crate::context::{entries, saved, value};
use crate::{Claim, DataPhase, Header, Information, Line, Number, Secret, Text, time_limit};

/// The octets that one `AT+FTPGET=2` may ask for (manual 12.2.14).
pub const FTP_READ_LIMIT: u32 = 1_460;

/// The octets that one `AT+FTPPUT=2` may offer.
///
/// The manual names no number but "depends on the network"; a segment of TCP holds no more. Each `+FTPPUT: 1,1,<max>`
/// says what counts at the time, mostly 1360 (application note 3.10).
pub const FTP_WRITE_LIMIT: u32 = 1_460;

/// The control port of a server.
pub type FtpPortNumber = Number<1, 65_535>;
/// Host name or address of a server.
pub type FtpHost<'a> = Text<'a, 49>;
/// Name of a user.
pub type FtpUser<'a> = Text<'a, 49>;
/// Password of a user.
pub type FtpPassword<'a> = Secret<'a, 49>;
/// Name of a file on the server.
pub type FtpName<'a> = Text<'a, 99>;
/// Directory on the server.
pub type FtpPath<'a> = Text<'a, 255>;
/// A place in a file on the server.
pub type FtpOffset = Number<0, { u32::MAX }>;
/// A time that the module keeps with the settings.
pub type FtpTimeout = Number<0, { u32::MAX }>;
/// Octets that are read at once.
pub type FtpReadLength = Number<1, FTP_READ_LIMIT>;
/// Octets that are sent at once.
pub type FtpWriteLength = Number<1, FTP_WRITE_LIMIT>;

commands! {
    FtpPort "12.2.1" {
        /// Sets the control port of the server; the default is 21.
        Write FtpPort {
            /// The port.
            port: FtpPortNumber,
        };
        read FtpPort;
        test FtpPort;
    }

    FtpMode "12.2.2" {
        /// Sets who opens the data connection.
        Write FtpMode {
            /// Who does.
            mode: FtpDataConnection,
        };
        read FtpMode;
        test FtpMode;
    }

    FtpType "12.2.3" {
        /// Sets the type of the data.
        Write FtpType {
            /// The type.
            kind: FtpRepresentation,
        };
        read FtpType;
        test FtpType;
    }

    FtpPutOpt "12.2.4" {
        /// Sets how an upload treats a file that is there already.
        Write FtpPutOpt {
            /// How.
            option: PutOption,
        };
        read FtpPutOpt;
        test FtpPutOpt;
    }

    FtpCid "12.2.5" {
        /// Sets the bearer profile of FTP sessions.
        Write FtpCid {
            /// The bearer profile.
            cid: Cid,
        };
        read FtpCid;
        test FtpCid;
    }

    FtpRest "12.2.6" {
        /// Sets where the next download begins. Whether the module takes it back afterwards is not documented.
        Write FtpRest {
            /// Octets to leave out.
            offset: FtpOffset,
        };
        read FtpRest;
        test FtpRest;
    }

    FtpServ "12.2.7" {
        /// Sets the server.
        Write FtpServ<'a> {
            /// IPv4 address in dotted form, or host name.
            server: FtpHost<'a>,
        };
        read FtpServ<'a>;
        test FtpServ<'a>;
    }

    FtpUn "12.2.8" {
        /// Sets the user name.
        Write FtpUn<'a> {
            /// The user name.
            user: FtpUser<'a>,
        };
        read FtpUn<'a>;
        test FtpUn<'a>;
    }

    FtpPw "12.2.9" {
        /// Sets the password.
        Write FtpPw<'a> {
            /// The password.
            password: FtpPassword<'a>,
        };
        read FtpPw<'a>;
        test FtpPw<'a>;
    }

    FtpGetName "12.2.10" {
        /// Sets the file to download, to ask the size of or to delete.
        Write FtpGetName<'a> {
            /// Its name, without the path.
            name: FtpName<'a>,
        };
        read FtpGetName<'a>;
        test FtpGetName<'a>;
    }

    FtpGetPath "12.2.11" {
        /// Sets the directory of that file, to list, to make or to remove.
        Write FtpGetPath<'a> {
            /// The path of the directory.
            path: FtpPath<'a>,
        };
        read FtpGetPath<'a>;
        test FtpGetPath<'a>;
    }

    FtpPutName "12.2.12" {
        /// Sets the file to upload to.
        Write FtpPutName<'a> {
            /// Its name, without the path.
            name: FtpName<'a>,
        };
        read FtpPutName<'a>;
        test FtpPutName<'a>;
    }

    FtpPutPath "12.2.13" {
        /// Sets the directory to upload to.
        Write FtpPutPath<'a> {
            /// The path of the directory.
            path: FtpPath<'a>,
        };
        read FtpPutPath<'a>;
        test FtpPutPath<'a>;
    }

    FtpGet "12.2.14" {
        /// Opens a download. `+FTPGET: 1,1` tells when there is something to read, and comes again while it waits;
        /// `+FTPGET: 1,0` ends the session, `+FTPGET: 1,<error>` as well.
        Write FtpGetOpen = 1, within |_| time_limit::FTP_SESSION,
            then "+FTPGET: 1,<result>";
        /// Reads from the download. No octets mean that there are none yet, not that the file has ended.
        Write FtpGetRead = 2 {
            /// How many octets to read at most.
            length: FtpReadLength,
        },
        within |_| time_limit::FTP_MEMORY,
        data "+FTPGET: 2,<n> and <n> octets" |command| DataPhase::Announced {
            header: Header::new("+FTPGET:").selected_by(2),
            at_most: command.length.get(),
        };
        test FtpGetRead;
    }

    FtpPut "12.2.15" {
        /// Opens an upload. `+FTPPUT: 1,1,<max>` tells when and how much may be written; `+FTPPUT: 1,<error>` ends the
        /// session.
        Write FtpPutOpen = 1, within |_| time_limit::FTP_SESSION,
            then "+FTPPUT: 1,<result>[,<max>]";
        /// Writes to the upload: `+FTPPUT: 2,<n>` grants `n` octets, which may be fewer than offered. The next write
        /// waits for the next `+FTPPUT: 1,1,<max>`.
        Write FtpPutWrite = 2 {
            /// How many octets there are to write.
            length: FtpWriteLength,
        },
        within |_| time_limit::FTP_MEMORY,
        data "+FTPPUT: 2,<n>" |command| DataPhase::Granted {
            header: Header::new("+FTPPUT:").selected_by(2),
            at_most: command.length.get(),
        },
        then "+FTPPUT: 1,<result>[,<max>]";
        /// Ends the upload; `+FTPPUT: 1,0` tells when the server has it all.
        Write FtpPutClose = 2, 0, within |_| time_limit::FTP_SESSION,
            then "+FTPPUT: 1,<result>";
        test FtpPutWrite;
    }

    FtpScont "12.2.16" {
        /// Saves the settings of FTP sessions, so that they outlive a restart: the password among them.
        Execution FtpScont;
        /// Reads the settings of FTP sessions, and whether they are the saved ones.
        Read FtpScontRead -> FtpContext<'r>;
        test FtpScont;
    }

    FtpDele "12.2.17" {
        /// Deletes a file on the server; the result comes unsolicited: `+FTPDELE: 1,0` or `+FTPDELE: 1,<error>`.
        Execution FtpDele, within |_| time_limit::FTP_SESSION,
            then "+FTPDELE: 1,<result>";
        test FtpDele;
    }

    FtpSize "12.2.18" {
        /// Asks the server for the size of a file; the result comes unsolicited: `+FTPSIZE: 1,0,<size>` or
        /// `+FTPSIZE: 1,<error>`.
        Execution FtpSize, within |_| time_limit::FTP_SESSION,
            then "+FTPSIZE: 1,<result>[,<size>]";
        test FtpSize;
    }

    FtpState "12.2.19" {
        /// Asks whether a session is running.
        Execution FtpState -> FtpActivity;
        test FtpState;
    }

    FtpMkd "12.2.21" {
        /// Makes a directory on the server; the result comes unsolicited: `+FTPMKD: 1,0` or `+FTPMKD: 1,<error>`.
        Execution FtpMkd, within |_| time_limit::FTP_SESSION,
            then "+FTPMKD: 1,<result>";
        test FtpMkd;
    }

    FtpRmd "12.2.22" {
        /// Removes a directory on the server; the result comes unsolicited: `+FTPRMD: 1,0` or `+FTPRMD: 1,<error>`.
        Execution FtpRmd, within |_| time_limit::FTP_SESSION,
            then "+FTPRMD: 1,<result>";
        test FtpRmd;
    }

    FtpList "12.2.23" {
        /// Opens a listing of a directory on the server. `+FTPLIST: 1,1` tells when there is something to read, and comes
        /// again while it waits; `+FTPLIST: 1,0` ends the session, `+FTPLIST: 1,<error>` as well.
        Write FtpListOpen = 1, within |_| time_limit::FTP_SESSION,
            then "+FTPLIST: 1,<result>";
        /// Reads from the listing, which is text as the server sends it. No octets mean that there are none yet, not
        /// that the listing has ended.
        Write FtpListRead = 2 {
            /// How many octets to read at most.
            length: FtpReadLength,
        },
        within |_| time_limit::FTP_MEMORY,
        data "+FTPLIST: 2,<n> and <n> octets" |command| DataPhase::Announced {
            header: Header::new("+FTPLIST:").selected_by(2),
            at_most: command.length.get(),
        };
        test FtpListRead;
    }

    FtpQuit "12.2.28" {
        /// Ends the running session, whose unsolicited result is then 86. Since V1.04 of the manual.
        Execution FtpQuit, within |_| time_limit::FTP_SESSION;
        test FtpQuit;
    }

    FtpRename "field logs" {
        /// Renames a file on the server, from the names of the download to those of the upload; the result comes
        /// unsolicited: `+FTPRENAME: 1,0` or `+FTPRENAME: 1,<error>`.
        ///
        /// No manual of these modules has it, some of their firmware does: its test form tells.
        Execution FtpRename, within |_| time_limit::FTP_SESSION,
            then "+FTPRENAME: 1,<result>";
        test FtpRename;
    }
}

choice! {
    /// Who opens the data connection.
    pub enum FtpDataConnection {
        /// The server.
        Active = "0",
        /// The module.
        Passive = "1",
    }
}

choice! {
    /// Representation type of the data.
    pub enum FtpRepresentation {
        /// ASCII; bit 7 is lost.
        Ascii = "\"A\"",
        /// Binary.
        Binary = "\"I\"",
    }
}

choice! {
    /// How an upload treats a file that is there already.
    pub enum PutOption {
        /// Appends to it.
        Append = "\"APPE\"",
        /// Leaves it alone and makes up another name.
        Unique = "\"STOU\"",
        /// Replaces it.
        Replace = "\"STOR\"",
    }
}

/// Replaces it.
impl Default for PutOption {
    fn default() -> Self {
        Self::Replace
    }
}

/// Whether an FTP session is running.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FtpActivity {
    /// None is.
    Idle,
    /// One is.
    Running,
    /// A number that the manual does not have.
    Other(u8),
}

impl<'a> Information<'a> for FtpActivity {
    const SHAPE: &'static str = "<state>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("state", "0: no session; 1: a session is running")];
    const EXAMPLE: &'static str = ": 1";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        match lines.first()?.values().next_number()? {
            0 => Some(Self::Idle),
            1 => Some(Self::Running),
            other => Some(Self::Other(other)),
        }
    }
}

/// The settings of FTP sessions; `None` for those that the module does not print, or prints in a way in which they
/// could not be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct FtpContext<'a> {
    /// Whether these are the saved settings, rather than those of the present.
    pub saved: bool,
    /// The server.
    pub server: Option<FtpHost<'a>>,
    /// Its control port.
    pub port: Option<FtpPortNumber>,
    /// The user name.
    pub user: Option<FtpUser<'a>>,
    /// The password. Its `Debug` masks it.
    pub password: Option<FtpPassword<'a>>,
    /// The bearer profile.
    pub cid: Option<Cid>,
    /// Who opens the data connection.
    pub mode: Option<FtpDataConnection>,
    /// The type of the data.
    pub kind: Option<FtpRepresentation>,
    /// How an upload treats a file that is there already.
    pub option: Option<PutOption>,
    /// Where the next download begins.
    pub offset: Option<FtpOffset>,
    /// The file to download.
    pub get_name: Option<FtpName<'a>>,
    /// Its directory.
    pub get_path: Option<FtpPath<'a>>,
    /// The file to upload to.
    pub put_name: Option<FtpName<'a>>,
    /// Its directory.
    pub put_path: Option<FtpPath<'a>>,
    /// `+FTPTIMEOUT`, which the manual prints here and explains nowhere.
    pub timeout: Option<FtpTimeout>,
}

impl<'a> Information<'a> for FtpContext<'a> {
    const SHAPE: &'static str = "<mode>, then lines of +<command>: <value>";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("mode", "0: the settings of now; 1: the saved ones"),
        ("command", "one that sets a value, such as `FTPSERV`"),
        ("value", "what it is set to"),
    ];

    /// Each line has the name of another command.
    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut context = Self { saved: saved(lines, "+FTPSCONT")?, ..Self::default() };
        for (tag, text) in entries(lines) {
            match tag {
                "+FTPSERV" => context.server = Text::new(text).ok(),
                "+FTPPORT" => context.port = value(text),
                "+FTPUN" => context.user = Text::new(text).ok(),
                "+FTPPW" => context.password = Secret::new(text).ok(),
                "+FTPCID" => context.cid = value(text),
                "+FTPMODE" => context.mode = value(text),
                "+FTPTYPE" => context.kind = value(text),
                "+FTPPUTOPT" => context.option = value(text),
                "+FTPREST" => context.offset = value(text),
                "+FTPGETNAME" => context.get_name = Text::new(text).ok(),
                "+FTPGETPATH" => context.get_path = Text::new(text).ok(),
                "+FTPPUTNAME" => context.put_name = Text::new(text).ok(),
                "+FTPPUTPATH" => context.put_path = Text::new(text).ok(),
                "+FTPTIMEOUT" => context.timeout = value(text),
                _ => {}
            }
        }
        Some(context)
    }
}
