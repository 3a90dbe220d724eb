//! What the module wants done outside of itself: requests to the network.
//!
//! The emulator owns no socket. Each [`Effect`] names the operation it belongs to; whoever makes the network real (or scripted)
//! answers with [`NetworkEvent`](crate::NetworkEvent)s under the same [`OperationId`].

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// Names one operation on the network from its start to its last event.
///
/// Never used twice by one [`Emulator`](crate::Emulator), so that late events of a cancelled operation can be told from those of
/// its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub u64);

/// Something to be done on the network.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "whoever makes the network real has to handle every effect")]
pub enum Effect {
    /// Performs an HTTP request; ends in `HttpDone` or `HttpFailed`.
    Http {
        /// The operation that starts here.
        id: OperationId,
        /// What to ask of which server.
        request: HttpRequest,
    },
    /// Opens an FTP session; ends in `FtpDone` or `FtpFailed`.
    Ftp {
        /// The operation that starts here.
        id: OperationId,
        /// What to ask of which server.
        request: FtpRequest,
    },
    /// Opens a socket; answered by `SocketOpen` or `SocketFailed`, ends in `SocketClosed`.
    Socket {
        /// The operation that starts here.
        id: OperationId,
        /// Where to connect to.
        request: SocketRequest,
    },
    /// Looks up the addresses of a host; ends in `Addresses`.
    Resolve {
        /// The operation that starts here.
        id: OperationId,
        /// The host's name, or an address.
        host: String,
    },
    /// Asks a server for the time; ends in `Time`.
    Time {
        /// The operation that starts here.
        id: OperationId,
        /// The server.
        host: String,
    },
    /// Octets of an FTP upload or for a socket, one datagram under UDP; each is reported back by `FtpSent` or `SocketSent`.
    Send {
        /// The FTP session or socket that they belong to.
        id: OperationId,
        /// The octets, in their order.
        octets: Bytes,
    },
    /// No octets will follow. An FTP session closes the data connection and awaits the server's confirmation (`FtpDone`), a socket
    /// is closed behind what was sent (`SocketClosed`).
    Finish {
        /// The FTP session or socket.
        id: OperationId,
    },
    /// The network may deliver this many more octets (`FtpData`, `SocketData`) than were granted before.
    Credit {
        /// The FTP session or socket.
        id: OperationId,
        /// Octets granted in addition.
        octets: usize,
    },
    /// Nobody waits for this operation any more: drop its connections. No event of it is heard from here on.
    Cancel {
        /// The operation that is over.
        id: OperationId,
    },
}

impl Effect {
    /// The operation that it belongs to.
    #[must_use]
    pub const fn id(&self) -> OperationId {
        match self {
            Self::Http { id, .. }
            | Self::Ftp { id, .. }
            | Self::Socket { id, .. }
            | Self::Resolve { id, .. }
            | Self::Time { id, .. }
            | Self::Send { id, .. }
            | Self::Finish { id }
            | Self::Credit { id, .. }
            | Self::Cancel { id } => *id,
        }
    }
}

/// The method of an HTTP request (application note 3.2 to 3.4; `DELETE` since manual V1.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the network has to handle every method")]
pub enum HttpMethod {
    /// `AT+HTTPACTION=0`
    Get,
    /// `AT+HTTPACTION=1`
    Post,
    /// `AT+HTTPACTION=2`
    Head,
    /// `AT+HTTPACTION=3`
    Delete,
}

impl HttpMethod {
    /// The method's name as it goes over the network and into `+HTTPSTATUS`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Head => "HEAD",
            Self::Delete => "DELETE",
        }
    }
}

/// An HTTP request with everything that `AT+HTTPPARA` and `AT+HTTPDATA` said about it.
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    /// The method.
    pub method: HttpMethod,
    /// The address, always with its scheme in lower case (`http://` is added where the DTE left it out).
    pub url: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Host and port of the proxy, which gets the absolute form of the request.
    pub proxy: Option<(String, u16)>,
    /// Whether redirections (30x) are followed.
    pub redirect: bool,
    /// First and, where one was set, last octet of the range to ask for.
    pub range: Option<(u64, Option<u64>)>,
    /// Further header lines, from `USERDATA`.
    pub headers: Vec<(String, String)>,
    /// The `Content-Type` header of the body.
    pub content_type: Option<String>,
    /// The body, empty for all methods but POST.
    pub body: Bytes,
    /// How long the server may be silent. The emulator watches this itself and cancels.
    pub timeout: Duration,
    /// The most octets of a response body; a longer one is `HttpFailure::TooLarge`.
    pub limit: usize,
    /// Whether to speak TLS.
    pub tls: bool,
    /// Whether the server's certificate has to be valid.
    pub check_certificate: bool,
}

impl fmt::Debug for HttpRequest {
    /// Shows sizes instead of the body, and no values of headers: they carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("user_agent", &self.user_agent)
            .field("proxy", &self.proxy)
            .field("redirect", &self.redirect)
            .field("range", &self.range)
            .field("headers", &names)
            .field("content_type", &self.content_type)
            .field("body", &format_args!("{} octets", self.body.len()))
            .field("timeout", &self.timeout)
            .field("limit", &self.limit)
            .field("tls", &self.tls)
            .field("check_certificate", &self.check_certificate)
            .finish()
    }
}

/// A socket of `AT+CIPSTART`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRequest {
    /// What it speaks.
    pub transport: Transport,
    /// Address or name of the server.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// Whether the server's certificate has to be valid, where TLS is spoken.
    pub check_certificate: bool,
}

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the network has to handle every transport")]
pub enum Transport {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
    /// TLS over TCP (`AT+CIPSSL=1`).
    Tls,
}

impl Transport {
    /// As `AT+CIPSTATUS` shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp | Self::Tls => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// An FTP session: where to log in, and the one thing to do there. The control connection is closed after it (application note 3.9).
#[derive(Clone, PartialEq)]
pub struct FtpRequest {
    /// Address or name of the server.
    pub server: String,
    /// Port of the control connection.
    pub port: u16,
    /// User name.
    pub user: String,
    /// Password; masked in `Debug`.
    pub password: String,
    /// Whether the data connection is opened by us (`PASV`) or by the server (`PORT`).
    pub passive: bool,
    /// `TYPE A` rather than `TYPE I`.
    pub ascii: bool,
    /// The offset for `REST`; 0 is none.
    pub rest: u64,
    /// The directory to change to first; empty is where the login put us.
    pub path: String,
    /// The file; empty where the action is about the directory.
    pub name: String,
    /// What to do.
    pub action: FtpAction,
}

impl fmt::Debug for FtpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FtpRequest")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("password", &"***")
            .field("passive", &self.passive)
            .field("ascii", &self.ascii)
            .field("rest", &self.rest)
            .field("path", &self.path)
            .field("name", &self.name)
            .field("action", &self.action)
            .finish()
    }
}

/// What an FTP session is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the network has to handle every action")]
pub enum FtpAction {
    /// Retrieve the file (`RETR`).
    Get,
    /// List the directory (`LIST`).
    List,
    /// Store the file, in one of three ways.
    Put(PutOption),
    /// Ask for the file's size (`SIZE`).
    Size,
    /// Delete the file (`DELE`).
    Delete,
    /// Make the directory `path` (`MKD`).
    MakeDirectory,
    /// Remove the directory `path` (`RMD`).
    RemoveDirectory,
    /// Rename the file (`RNFR`, `RNTO`).
    Rename {
        /// The directory of the new name.
        to_path: String,
        /// The new name.
        to_name: String,
    },
}

/// How an upload treats what is there already (`AT+FTPPUTOPT`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the network has to handle every way")]
pub enum PutOption {
    /// Replace it.
    #[default]
    Stor,
    /// Append to it.
    Appe,
    /// Choose a name that is not there yet.
    Stou,
}
