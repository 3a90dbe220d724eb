//! What the network tells the module.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

/// Something that happened to an operation on the network.
///
/// Events of operations that are over (done, failed, cancelled) are ignored, as are events that do not fit the operation's kind.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NetworkEvent {
    /// So much of a request's body has left; seen in `AT+HTTPSTATUS?`.
    HttpSent {
        /// Octets of the body so far.
        sent: u64,
    },
    /// So much of a response body has arrived; seen in `AT+HTTPSTATUS?`.
    HttpProgress {
        /// Octets of the body so far.
        received: u64,
        /// Octets of the whole body, where the server said so.
        total: Option<u64>,
    },
    /// The response is complete.
    HttpDone {
        /// The HTTP status code.
        status: u16,
        /// The header block as the server sent it.
        head: Bytes,
        /// The body, at most [`limit`](crate::HttpRequest::limit) octets.
        body: Bytes,
    },
    /// There is no response.
    HttpFailed(HttpFailure),
    /// Logged in and the data connection is open: download octets will follow, upload octets may be sent.
    FtpReady,
    /// Download octets, within the credit granted.
    FtpData(Bytes),
    /// So many upload octets were handed to the network.
    FtpSent(usize),
    /// The server has confirmed the end of the session's action.
    FtpDone {
        /// The answer to `SIZE`.
        size: Option<u64>,
    },
    /// The session is over.
    FtpFailed(FtpFailure),
    /// The socket is connected: octets may be sent, and come within the credit granted.
    SocketOpen {
        /// Whom it is connected to.
        remote: SocketAddr,
    },
    /// The socket is not connected and never will be.
    SocketFailed(SocketFailure),
    /// Octets for the DTE, within the credit granted.
    SocketData(Bytes),
    /// So many octets were handed to the network.
    SocketSent(usize),
    /// The socket is closed, by whomever.
    SocketClosed,
    /// A host's addresses; none, if nobody knows it.
    Addresses(Vec<IpAddr>),
    /// Seconds since the beginning of 2000, in UTC; none, if there is no such server.
    Time(Option<u64>),
}

/// Why a socket could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketFailure {
    /// The server's name could not be resolved.
    Dns,
    /// The server does not accept the connection.
    Connect,
    /// There is a connection, but no TLS over it.
    Tls,
}

/// Why there is no HTTP response: the module's own codes in the place of a status (manual 11.2.5; 605 and 606 from the SSL note).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpFailure {
    /// 600: what the server sent is not HTTP.
    NotHttp,
    /// 601: no connection, or it broke, or the server was silent too long.
    Network,
    /// 602: the body does not fit the module's buffer.
    TooLarge,
    /// 603: the server's name could not be resolved.
    Dns,
    /// 604: the network stack is busy.
    Busy,
    /// 605: no TLS channel could be set up.
    SslSetup,
    /// 606: the server ended the TLS channel with a fatal alert.
    SslAlert,
}

impl HttpFailure {
    /// The number in `+HTTPACTION: <method>,<code>,0`.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::NotHttp => 600,
            Self::Network => 601,
            Self::TooLarge => 602,
            Self::Dns => 603,
            Self::Busy => 604,
            Self::SslSetup => 605,
            Self::SslAlert => 606,
        }
    }
}

/// Why an FTP session ended: the number in `+FTPGET: 1,<code>` and its kin (manual 12.2.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FtpFailure(pub u8);

impl FtpFailure {
    /// Network error, for one: the bearer is closed.
    pub const NETWORK: Self = Self(61);
    /// The server's name could not be resolved.
    pub const DNS: Self = Self(62);
    /// The server does not accept the connection.
    pub const CONNECT: Self = Self(63);
    /// Somebody was silent too long: the server, or the DTE.
    pub const TIMEOUT: Self = Self(64);
    /// The server failed.
    pub const SERVER: Self = Self(65);
    /// Not allowed now: a session is alive.
    pub const NOT_ALLOWED: Self = Self(66);
    /// The server's reply was not understood.
    pub const REPLY: Self = Self(70);
    /// User name rejected.
    pub const USER: Self = Self(71);
    /// Password rejected.
    pub const PASSWORD: Self = Self(72);
    /// `TYPE` failed.
    pub const TYPE: Self = Self(73);
    /// `REST` failed.
    pub const REST: Self = Self(74);
    /// `PASV` failed.
    pub const PASSIVE: Self = Self(75);
    /// `PORT` failed.
    pub const ACTIVE: Self = Self(76);
    /// `CWD`, `SIZE`, `DELE`, `MKD` or `RMD` was refused.
    pub const OPERATE: Self = Self(77);
    /// The upload was refused or broke.
    pub const UPLOAD: Self = Self(78);
    /// The download was refused or broke.
    pub const DOWNLOAD: Self = Self(79);
    /// The module's file system failed.
    pub const FILE_SYSTEM: Self = Self(85);
    /// Ended by `AT+FTPQUIT`.
    pub const QUIT: Self = Self(86);
}
