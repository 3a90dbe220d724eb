//! FTP by the module's own stack.

mod download;
mod error;
mod session;
mod settings;
mod upload;

use futures::AsyncRead;
use sim800_command::{FtpGetOpen, FtpPutOpen, FtpSize};

pub use self::download::Download;
pub use self::error::{FtpError, FtpOperation, FtpStep};

use self::session::{Event, Session};
use crate::bearer::Bearer;
use crate::password::Password;

/// An FTP server and who logs in there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// Host name or dotted IPv4 address, at most 49 octets.
    pub host: String,
    /// Control port; 21 unless set.
    pub port: u16,
    /// User name, at most 49 octets; `anonymous` unless set.
    pub user: String,
    /// Password, at most 49 octets.
    pub password: Password,
}

impl Server {
    /// A server at port 21 that lets anyone in.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), port: 21, user: "anonymous".to_owned(), password: "anonymous".into() }
    }

    /// With user and password.
    #[must_use]
    pub fn with_credentials(mut self, user: impl Into<String>, password: impl Into<Password>) -> Self {
        self.user = user.into();
        self.password = password.into();
        self
    }

    /// At another control port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }
}

/// How files are transferred.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FtpOptions {
    /// The module opens the data connection, rather than the server; it does unless set.
    pub passive: bool,
    /// Type ASCII, which loses bit 7, rather than binary; binary unless set.
    pub ascii: bool,
    /// How an upload treats a file that is there already.
    pub put: PutOption,
}

impl Default for FtpOptions {
    fn default() -> Self {
        Self { passive: true, ascii: false, put: PutOption::Replace }
    }
}

/// How an upload treats a file that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PutOption {
    /// Replaces it (`STOR`).
    #[default]
    Replace,
    /// Appends to it (`APPE`).
    Append,
    /// Leaves it alone; the server makes up another name (`STOU`).
    Unique,
}

/// An FTP client over a bearer.
///
/// The module has one FTP session: an operation waits until no other is under way, and logs in anew. Paths begin at the
/// root that the server shows to the user; the directory has at most 255 octets, the name of the file 99.
#[derive(Clone, Debug)]
pub struct Ftp {
    bearer: Bearer,
    server: Server,
    options: FtpOptions,
}

impl Ftp {
    /// A client of `server` with the default options.
    #[must_use]
    pub fn new(bearer: &Bearer, server: Server) -> Self {
        Self { bearer: bearer.clone(), server, options: FtpOptions::default() }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(mut self, options: FtpOptions) -> Self {
        self.options = options;
        self
    }

    /// Opens a file for download.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn get(&self, path: &str) -> Result<Download, FtpError> {
        let mut session = self.prepare(FtpOperation::Get, path).await?;
        let first = session.open(&FtpGetOpen).await?;
        Download::new(session, first)
    }

    /// Uploads all that `source` has, of whatever length, and returns how many octets that were once the server has
    /// confirmed them.
    ///
    /// The module ends the session with 64 when `source` is too slow.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn put(&self, path: &str, source: impl AsyncRead + Unpin) -> Result<u64, FtpError> {
        let mut session = self.prepare(FtpOperation::Put, path).await?;
        let first = session.open(&FtpPutOpen).await?;
        upload::upload(session, first, source).await
    }

    /// Asks for the size of a file in octets.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn size(&self, path: &str) -> Result<u64, FtpError> {
        let mut session = self.prepare(FtpOperation::Size, path).await?;
        match session.open(&FtpSize).await? {
            Event::Ended(_, Some(size)) => Ok(size),
            _ => Err(FtpError::NoProgress { operation: FtpOperation::Size }),
        }
    }

    async fn prepare(&self, operation: FtpOperation, path: &str) -> Result<Session, FtpError> {
        let settings =
            settings::settings(operation, self.bearer.profile(), &self.server, &self.options, path)?;
        Session::prepare(self.bearer.client(), self.bearer.cid(), operation, settings).await
    }
}
