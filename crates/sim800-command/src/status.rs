//! The numbers by which the module's HTTP and FTP stacks tell how an operation ended.

use core::fmt;

/// The status of `+HTTPACTION`: an HTTP status code, or one of the module's own from 600 (manual 11.2.5).
///
/// These are not the numbers 600–614 of [`CmeError`](sim800_parser::CmeError).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpStatus(pub u16);

impl HttpStatus {
    /// What came back is not HTTP.
    pub const NOT_HTTP: Self = Self(600);
    /// The connection could not be made or broke; also when the bearer is not open.
    pub const NETWORK: Self = Self(601);
    /// The object does not fit the module's buffer of 319,488 octets.
    pub const NO_MEMORY: Self = Self(602);
    /// The host name could not be resolved.
    pub const DNS: Self = Self(603);
    /// The module's stack is busy.
    pub const STACK_BUSY: Self = Self(604);
    /// The TLS channel could not be set up (field log: SSL application note).
    pub const SSL_SETUP: Self = Self(605);
    /// TLS ended with a fatal alert (field log: SSL application note).
    pub const SSL_ALERT: Self = Self(606);

    /// Whether the module made it up because there was no HTTP response.
    #[must_use]
    pub const fn is_module_error(self) -> bool {
        self.0 >= 600
    }

    /// What a module error means; `None` for HTTP's own codes and unlisted ones.
    #[must_use]
    pub const fn description(self) -> Option<&'static str> {
        Some(match self {
            Self::NOT_HTTP => "the server's response is not HTTP",
            Self::NETWORK => "network error",
            Self::NO_MEMORY => "the object does not fit the module's memory",
            Self::DNS => "the host name could not be resolved",
            Self::STACK_BUSY => "the module's stack is busy",
            Self::SSL_SETUP => "the TLS channel could not be set up",
            Self::SSL_ALERT => "TLS ended with a fatal alert",
            _ => return None,
        })
    }
}

/// Number and meaning, as far as it is known.
impl fmt::Display for HttpStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.description() {
            Some(description) => write!(f, "{} ({description})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// The result of an FTP session, the number in every `+FTP…: 1,<err>` (manual 12.2.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FtpCode(pub u16);

impl FtpCode {
    /// The session ended well.
    pub const DONE: Self = Self(0);
    /// The connection broke; also when the bearer is not open.
    pub const NETWORK: Self = Self(61);
    /// The host name could not be resolved.
    pub const DNS: Self = Self(62);
    /// The server did not accept the connection.
    pub const CONNECT: Self = Self(63);
    /// Nothing came for too long; also when the DTE did not read or write (application note 3.11).
    pub const TIMEOUT: Self = Self(64);
    /// The server failed.
    pub const SERVER: Self = Self(65);
    /// A session is running already (application note 3.13).
    pub const NOT_ALLOWED: Self = Self(66);
    /// The server's reply makes no sense.
    pub const REPLY: Self = Self(70);
    /// The user name was rejected.
    pub const USER: Self = Self(71);
    /// The password was rejected (application note 3.12).
    pub const PASSWORD: Self = Self(72);
    /// `TYPE` failed.
    pub const TYPE: Self = Self(73);
    /// `REST` failed.
    pub const REST: Self = Self(74);
    /// `PASV` failed.
    pub const PASSIVE: Self = Self(75);
    /// `PORT` failed.
    pub const ACTIVE: Self = Self(76);
    /// The server refused the operation, or the file is not there.
    pub const OPERATE: Self = Self(77);
    /// The upload failed.
    pub const UPLOAD: Self = Self(78);
    /// The download failed.
    pub const DOWNLOAD: Self = Self(79);
    /// The module's file system failed or is full.
    pub const FILE_SYSTEM: Self = Self(85);
    /// `AT+FTPQUIT` ended the session (application note 3.25).
    pub const QUIT: Self = Self(86);

    /// What it means; `None` for unlisted numbers.
    #[must_use]
    pub const fn description(self) -> Option<&'static str> {
        Some(match self {
            Self::DONE => "done",
            Self::NETWORK => "network error",
            Self::DNS => "the host name could not be resolved",
            Self::CONNECT => "the server did not accept the connection",
            Self::TIMEOUT => "timeout",
            Self::SERVER => "server error",
            Self::NOT_ALLOWED => "a session is running already",
            Self::REPLY => "the server's reply could not be understood",
            Self::USER => "the user name was rejected",
            Self::PASSWORD => "the password was rejected",
            Self::TYPE => "the server refused the transfer type",
            Self::REST => "the server refused the restart position",
            Self::PASSIVE => "passive mode failed",
            Self::ACTIVE => "active mode failed",
            Self::OPERATE => "the server refused the operation",
            Self::UPLOAD => "the upload failed",
            Self::DOWNLOAD => "the download failed",
            Self::FILE_SYSTEM => "the module's file system failed",
            Self::QUIT => "the session was quit",
            _ => return None,
        })
    }
}

/// Number and meaning, as far as it is known.
impl fmt::Display for FtpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.description() {
            Some(description) => write!(f, "{} ({description})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn the_module_has_statuses_of_its_own_from_600() {
        assert!(!HttpStatus(200).is_module_error());
        assert!(!HttpStatus(599).is_module_error());
        assert!(HttpStatus::NOT_HTTP.is_module_error());
        assert!(HttpStatus(777).is_module_error());
    }

    #[test]
    fn http_statuses_are_shown_with_what_they_mean() {
        for (status, text) in [
            (HttpStatus(404), "404"),
            (HttpStatus(600), "600 (the server's response is not HTTP)"),
            (HttpStatus(601), "601 (network error)"),
            (HttpStatus(602), "602 (the object does not fit the module's memory)"),
            (HttpStatus(603), "603 (the host name could not be resolved)"),
            (HttpStatus(604), "604 (the module's stack is busy)"),
            (HttpStatus(605), "605 (the TLS channel could not be set up)"),
            (HttpStatus(606), "606 (TLS ended with a fatal alert)"),
            (HttpStatus(607), "607"),
        ] {
            assert_eq!(status.to_string(), text);
        }
    }

    #[test]
    fn ftp_codes_are_shown_with_what_they_mean() {
        for (code, text) in [
            (0, "0 (done)"),
            (1, "1"),
            (61, "61 (network error)"),
            (62, "62 (the host name could not be resolved)"),
            (63, "63 (the server did not accept the connection)"),
            (64, "64 (timeout)"),
            (65, "65 (server error)"),
            (66, "66 (a session is running already)"),
            (67, "67"),
            (70, "70 (the server's reply could not be understood)"),
            (71, "71 (the user name was rejected)"),
            (72, "72 (the password was rejected)"),
            (73, "73 (the server refused the transfer type)"),
            (74, "74 (the server refused the restart position)"),
            (75, "75 (passive mode failed)"),
            (76, "76 (active mode failed)"),
            (77, "77 (the server refused the operation)"),
            (78, "78 (the upload failed)"),
            (79, "79 (the download failed)"),
            (85, "85 (the module's file system failed)"),
            (86, "86 (the session was quit)"),
        ] {
            assert_eq!(FtpCode(code).to_string(), text);
        }
    }
}
