//! FTP by the module's own stack.

mod digest;
mod download;
mod error;
mod event;
mod extended;
mod patience;
mod pieces;
mod progress;
mod put;
mod resumption;
mod session;
mod settings;
mod size;
mod source;
mod stored;
mod upload;

use crate::sync::Arc;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use sim800_command::{
    Command, FtpContext, FtpDele, FtpGetOpen, FtpGetRead, FtpListOpen, FtpListRead, FtpMkd, FtpRename,
    FtpRmd, FtpScont, FtpScontRead, FtpSecurity, FtpSize, Number, PutOption, Test,
};

pub use self::download::Download;
pub use self::error::{FtpError, FtpOperation, FtpStep};
pub use self::extended::Extended;
pub use self::progress::FtpProgress;

use self::event::Event;
use self::pieces::Pieces;
use self::resumption::Resumption;
use self::session::Session;
use self::settings::Target;
use crate::bearer::Bearer;
use crate::boxed::boxed;
use crate::config::Effort;
use crate::deadline::Deadline;
use crate::engine::Request;
use crate::password::Password;
use crate::retry::{Attempts, STANDSTILL};
use crate::sent::Sent;
use crate::settings::Setting;

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
    /// How an upload treats a file that is there already; it replaces it unless set.
    pub put: PutOption,
    /// Whether and how the session is secured, where the firmware has SSL at all; most knows nothing newer than TLS 1.0. It is
    /// not unless set.
    pub security: FtpSecurity,
    /// With SSL, whether a certificate of the server that is not valid will do; it does not unless set. What a firmware
    /// checks is not documented.
    pub accept_invalid_certificate: bool,
    /// What a request may take; what [`Config`](crate::Config) has for all unless set.
    pub effort: Effort,
}

impl Default for FtpOptions {
    fn default() -> Self {
        Self {
            passive: true,
            ascii: false,
            put: PutOption::Replace,
            security: FtpSecurity::None,
            accept_invalid_certificate: false,
            effort: Effort::default(),
        }
    }
}

/// An FTP client over a bearer.
///
/// The module has one FTP session: an operation waits until no other is under way, and logs in anew. When another one keeps the
/// session that nobody goes on with (a [`Download`] or an [`Extended`] that is not read for a minute, an upload whose source
/// brings nothing for longer), it fails with [`FtpError::InUse`]. A download keeps it up to its last octet, where its size is
/// told or its end was read; one without octets does not. Paths begin at the
/// root that the server shows to the user; the directory has at most 255 octets, the name of the file 99.
///
/// # How long it may take to fail
///
/// A server that says nothing is given up by the module after 75 s, and here after 90 s; one that moves nothing, in several tries
/// or of a transfer that the module carries out by itself, after two minutes. When the module itself says nothing for 10 s, it is
/// asked whether it is still at it, or for the next octets. One that has fallen silent for good is an error, all
/// [tries](crate::Config::retries) of the usual kind included, after at most
///
/// | | s |
/// |---|---|
/// | [`saved`](Self::saved), [`save`](Self::save) | 10 |
/// | [`delete`](Self::delete), [`make_directory`](Self::make_directory), [`remove_directory`](Self::remove_directory), [`rename`](Self::rename), which are not tried again | 40 |
/// | [`size`](Self::size), [`size_if_told`](Self::size_if_told) | 80 |
/// | [`get`](Self::get), [`list`](Self::list), [`put`](Self::put), [`put_seekable`](Self::put_seekable), [`resume_put`](Self::resume_put), [`get_extended`](Self::get_extended), [`get_to_fs`](Self::get_to_fs), [`put_from_fs`](Self::put_from_fs) | 100 |
/// | [`put_extended`](Self::put_extended), [`put_file`](Self::put_file) | 120 |
#[derive(Clone, Debug)]
pub struct Ftp {
    bearer: Bearer,
    server: Server,
    options: FtpOptions,
    /// How long a session may wait for somebody who says nothing.
    standstill: Duration,
}

impl Ftp {
    /// A client of `server` with the default options.
    #[must_use]
    pub fn new(bearer: &Bearer, server: Server) -> Self {
        Self { bearer: bearer.of_procedure(), server, options: FtpOptions::default(), standstill: STANDSTILL }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(mut self, options: FtpOptions) -> Self {
        self.bearer = self.bearer.tuned(&options.effort);
        self.options = options;
        self
    }

    /// Opens a file for download.
    ///
    /// # Errors
    ///
    /// As [`get_from`](Self::get_from).
    pub async fn get(&self, path: &str) -> Result<Download, FtpError> {
        self.get_from(path, 0).await
    }

    /// Opens a file for download from `offset` on: the first octet that comes is the one with that number, counted from 0
    /// (application note 3.15). Nothing is left of it in the module afterwards.
    ///
    /// The server is asked for the size of the file before, by a session of its own; one that tells none, or a firmware that
    /// cannot ask, has nothing compared. When more comes than that, it is asked again: either the file grew, or the line damaged
    /// what was told.
    ///
    /// When the line, the bearer, the module or the server breaks it off, or it ends short of that size, it goes on where it
    /// was, as [`Config::retries`](crate::Config::retries) has it. That the file is still the same is told by its size and by
    /// the last octets that came: they are read once more. One of type ASCII, of which no size is told, comes anew, and
    /// what came before is compared and left out.
    ///
    /// # Errors
    ///
    /// [`FtpError`], with 74 when the server cannot begin there; before anything is sent when a value cannot stand in a
    /// command.
    pub async fn get_from(&self, path: &str, offset: u64) -> Result<Download, FtpError> {
        let deadline = self.deadline(FtpOperation::Get);
        let download = deadline
            .run(|| async {
                settings::position(offset)?;
                let mut attempts = Attempts::new(&self.bearer);
                loop {
                    let ftp = self.after(&attempts);
                    match boxed(|| ftp.open(path, offset)).await {
                        Ok((reader, size)) => {
                            let resumption = Resumption::of_file(self, path, offset, size);
                            let total = size.map(|size| size.saturating_sub(offset));
                            return Ok(boxed(|| download::download(reader, resumption, total)).await);
                        }
                        Err(error) => attempts.again(error, None).await?,
                    }
                }
            })
            .await?;
        Ok(deadline.read(download))
    }

    /// Lists a directory, as text in the form that the server chooses.
    ///
    /// When it breaks off it comes anew, and what came before is compared and left out. Its size is not known before: that it
    /// is complete is what the module says.
    ///
    /// # Errors
    ///
    /// [`FtpError`], with [`Changed`](FtpError::Changed) when it reads otherwise the second time; before anything is sent
    /// when a value cannot stand in a command.
    pub async fn list(&self, directory: &str) -> Result<Download, FtpError> {
        let deadline = self.deadline(FtpOperation::List);
        let download = deadline
            .run(|| async {
                let mut attempts = Attempts::new(&self.bearer);
                loop {
                    if let Some(reader) =
                        attempts.settle(self.after(&attempts).open_list(directory).await).await?
                    {
                        let resumption = Resumption::of_listing(self, directory);
                        return Ok(download::download(reader, resumption, None).await);
                    }
                }
            })
            .await?;
        Ok(deadline.read(download))
    }

    /// Asks for the size of a file in octets.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn size(&self, path: &str) -> Result<u64, FtpError> {
        self.deadline(FtpOperation::Size)
            .run(|| async {
                let mut attempts = Attempts::new(&self.bearer);
                loop {
                    if let Some(size) = attempts.settle(self.after(&attempts).ask_size(path).await).await? {
                        return Ok(size);
                    }
                }
            })
            .await
    }

    /// Asks for the size of a file in octets where not knowing it is no failure: `None` when there is no such file, when the
    /// server does not tell its size (the module says 77 to both), and when the firmware refuses to ask.
    ///
    /// # Errors
    ///
    /// As those of [`size`](Self::size) otherwise.
    pub async fn size_if_told(&self, path: &str) -> Result<Option<u64>, FtpError> {
        self.deadline(FtpOperation::Size)
            .run(|| async {
                let mut attempts = Attempts::new(&self.bearer);
                loop {
                    if let Some(size) =
                        attempts.settle(self.after(&attempts).ask_size_if_told(path).await).await?
                    {
                        return Ok(size);
                    }
                }
            })
            .await
    }

    /// Deletes a file. Once the server may have been told so, it is not tried again: [`FtpError::sent`] says whether it was.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn delete(&self, path: &str) -> Result<(), FtpError> {
        self.carry_out(FtpOperation::Delete, Target::Source(path), &FtpDele).await.map(drop)
    }

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn make_directory(&self, path: &str) -> Result<(), FtpError> {
        self.carry_out(FtpOperation::MakeDirectory, Target::Directory(path), &FtpMkd).await.map(drop)
    }

    /// Removes a directory.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn remove_directory(&self, path: &str) -> Result<(), FtpError> {
        self.carry_out(FtpOperation::RemoveDirectory, Target::Directory(path), &FtpRmd).await.map(drop)
    }

    /// Gives a file another name, or moves it. No manual of these modules has the command, some of their firmware does.
    ///
    /// # Errors
    ///
    /// [`FtpError::NotSupported`] without it, and others; before anything is sent when a value cannot stand in a command.
    pub async fn rename(&self, old: &str, new: &str) -> Result<(), FtpError> {
        self.deadline(FtpOperation::Rename).run(|| self.until_sent(|| self.rename_once(old, new))).await
    }

    async fn rename_once(&self, old: &str, new: &str) -> Result<(), FtpError> {
        let operation = FtpOperation::Rename;
        let mut session = self.prepare(operation, Target::Renaming(old, new)).await?;
        match session.insist(&Test::<FtpRename>::new()).await {
            Err(FtpError::Command { source, .. }) if source.is_rejected() => {
                return Err(FtpError::NotSupported { operation, source });
            }
            result => result?,
        };
        session.open(&FtpRename).await.map(drop)
    }

    /// Saves server, credentials and options in the module, so that they outlive a restart (manual 12.2.16). Nothing here needs
    /// them: every operation sets what the module is not known to have.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn save(&self) -> Result<(), FtpError> {
        let mut session = self.prepare(FtpOperation::Save, Target::Nothing).await?;
        session.execute(&FtpScont).await.map(drop)
    }

    /// Reads the settings that the module has, and whether they are saved ones. `Debug` masks the password.
    ///
    /// # Errors
    ///
    /// [`FtpError::Command`].
    pub async fn saved<T>(&self, read: impl FnOnce(FtpContext<'_>) -> T) -> Result<T, FtpError> {
        let operation = FtpOperation::Saved;
        let (client, cid, name) = (self.bearer.client(), self.bearer.cid(), Target::Nothing.name(operation));
        let mut session = Session::prepare(client, cid, operation, name, &[], STANDSTILL).await?;
        let saved = session.client().query(&FtpScontRead, read).await;
        saved.map_err(|error| session.command(error))
    }

    /// The same for a try after those that were `attempts`.
    fn after(&self, attempts: &Attempts<FtpError>) -> Self {
        Self { standstill: attempts.left(), ..self.clone() }
    }

    /// How long an operation that begins now may take.
    fn deadline(&self, operation: FtpOperation) -> Deadline<FtpError> {
        Deadline::begin(self.bearer.client(), |limit| FtpError::Deadline { operation, limit })
    }

    /// Carries out what the module answers with one line, and returns the number in it.
    async fn carry_out<C: Command + Sync>(
        &self,
        operation: FtpOperation,
        target: Target<'_>,
        command: &C,
    ) -> Result<Option<u64>, FtpError> {
        let once = || async { number(self.prepare(operation, target).await?, operation, command).await };
        self.deadline(operation).run(|| self.until_sent(once)).await
    }

    /// Tries what must not be done twice until the server may have been told to do it.
    async fn until_sent<T, F>(&self, once: impl Fn() -> F) -> Result<T, FtpError>
    where
        F: Future<Output = Result<T, FtpError>>,
    {
        let mut attempts = Attempts::of_commands(self.bearer.client());
        loop {
            match once().await {
                Err(error) if error.sent() == Sent::No => attempts.again(error, None).await?,
                result => return result,
            }
        }
    }

    /// Opens a file for download, and returns its size, where that is told.
    async fn open(&self, path: &str, offset: u64) -> Result<(Pieces, Option<u64>), FtpError> {
        let (session, size) = self.open_source(path).await?;
        Ok((self.read_from(session, offset, size).await?, size))
    }

    /// Prepares the download of a file and asks for its size. In type ASCII a server may tell anything.
    async fn open_source(&self, path: &str) -> Result<(Box<Session>, Option<u64>), FtpError> {
        let mut session = self.prepare(FtpOperation::Get, Target::Source(path)).await?;
        let size = if self.options.ascii { None } else { session.size_if_told().await? };
        Ok((session, size))
    }

    /// Downloads what was prepared, from an offset on, of `size` octets where that is known.
    async fn read_from(
        &self,
        mut session: Box<Session>,
        offset: u64,
        size: Option<u64>,
    ) -> Result<Pieces, FtpError> {
        if offset > 0 {
            session.set(&[settings::position(offset)?]).await?;
        }
        let first = session.open(&FtpGetOpen).await?;
        let read = request(FtpOperation::Get, &FtpGetRead { length: Number::MAX })?;
        Ok(Pieces::new(session, first, read, size.map(|size| size.saturating_sub(offset))))
    }

    async fn open_list(&self, directory: &str) -> Result<Pieces, FtpError> {
        let mut session = self.prepare(FtpOperation::List, Target::Directory(directory)).await?;
        let first = session.open(&FtpListOpen).await?;
        if matches!(first, Event::Ended(..)) {
            session.proves_nothing();
        }
        let read = request(FtpOperation::List, &FtpListRead { length: Number::MAX })?;
        Ok(Pieces::new(session, first, read, None))
    }

    async fn ask_size(&self, path: &str) -> Result<u64, FtpError> {
        let session = self.prepare(FtpOperation::Size, Target::Source(path)).await?;
        let size = number(session, FtpOperation::Size, &FtpSize).await?;
        size.ok_or(FtpError::NoProgress { operation: FtpOperation::Size })
    }

    async fn ask_size_if_told(&self, path: &str) -> Result<Option<u64>, FtpError> {
        self.prepare(FtpOperation::Size, Target::Source(path)).await?.size_if_told().await
    }

    /// The same of a file that was just sent: what names it was set for that, and is said again only when it is asked once more.
    async fn ask_size_of_sent(&self, path: &str) -> Result<Option<u64>, FtpError> {
        let settings = self.settings(Target::Source(path))?.into_iter().map(Setting::once);
        let name = Target::Source(path).name(FtpOperation::Size);
        self.begin(FtpOperation::Size, name, &settings.collect::<Vec<_>>()).await?.size_if_told().await
    }

    async fn prepare(&self, operation: FtpOperation, target: Target<'_>) -> Result<Box<Session>, FtpError> {
        self.begin(operation, target.name(operation), &self.settings(target)?).await
    }

    fn settings(&self, target: Target<'_>) -> Result<Vec<Setting>, FtpError> {
        settings::settings(self.bearer.profile(), &self.server, &self.options, target)
    }

    async fn begin(
        &self,
        operation: FtpOperation,
        name: Arc<str>,
        settings: &[Setting],
    ) -> Result<Box<Session>, FtpError> {
        let (client, cid) = (self.bearer.client(), self.bearer.cid());
        let mut session = Session::prepare(client, cid, operation, name, settings, self.standstill).await?;
        if operation.is_upload() && self.options.put == PutOption::Unique {
            // Each time, the server makes up another name.
            session.do_once();
        }
        Ok(session)
    }
}

/// What the module answers to a command with one line: the number in it.
async fn number(
    mut session: Box<Session>,
    operation: FtpOperation,
    command: &(impl Command + Sync),
) -> Result<Option<u64>, FtpError> {
    match session.open(command).await? {
        Event::Ended(_, number) => Ok(number),
        _ => Err(FtpError::NoProgress { operation }),
    }
}

fn request(operation: FtpOperation, command: &impl Command) -> Result<Request, FtpError> {
    Request::new(command).map_err(|source| FtpError::Interrupted { operation, source })
}
