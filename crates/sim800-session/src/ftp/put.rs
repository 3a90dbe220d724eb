//! Uploads, and what becomes of one that breaks off.

use futures::{AsyncRead, AsyncSeek, AsyncSeekExt};
use sim800_command::{FtpCode, FtpPutOpen};

use super::session::{PATIENCE, may_have_been_asked};
use super::settings::Target;
use super::upload::{Found, Rest, Upload};
use super::window::Window;
use super::{Ftp, FtpError, FtpOperation, PutOption};
use crate::retry::Attempts;

impl Ftp {
    /// Uploads all that `source` has, of whatever length, and returns how many octets that were once the server has
    /// confirmed them.
    ///
    /// The module ends the session with 64 when `source` is too slow.
    ///
    /// When the line, the bearer or the module breaks it off, it goes on where the file on the server ends, as
    /// [`Config::retries`](crate::Config::retries) has it: by `APPE`, once the first and the last 1,024 octets of that file
    /// were read back and are those of `source`. Only an upload of type binary that [replaces](PutOption::Replace) a file
    /// can be gone on with, on a server that tells sizes; and no further back than the last 65,536 octets that were read
    /// from `source`, which are kept for that. For [`put_seekable`](Self::put_seekable) there is no such limit. Any other is
    /// tried again only until the module has let it begin, and one of which the server makes up the
    /// [name](PutOption::Unique) only until the server may have done so.
    ///
    /// # Errors
    ///
    /// [`FtpError`], with [`Partial`](FtpError::Partial) when it cannot be gone on with; before anything is sent when a
    /// value cannot stand in a command.
    pub async fn put(&self, path: &str, source: impl AsyncRead + Unpin) -> Result<u64, FtpError> {
        self.upload(path, Upload::new(Window::new(source), 0)).await
    }

    /// The same with a source that can be read again, from where it stands, and that does not change meanwhile: nothing of
    /// it is kept, and the upload goes on however far the server's file is behind. A server that has something else, or
    /// does not tell what it has, is sent all of it again.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put), and [`FtpError::Source`] when `source` cannot tell where it stands.
    pub async fn put_seekable(
        &self,
        path: &str,
        mut source: impl AsyncRead + AsyncSeek + Unpin,
    ) -> Result<u64, FtpError> {
        let start = position(&mut source, 0).await?;
        self.upload(path, Upload::new(source, start)).await
    }

    /// Goes on with an upload that broke off: appends all that `source` has behind its first `offset` octets, counted from
    /// where it stands, to a file that is these octets. Returns how many octets the file has once the server has confirmed
    /// them.
    ///
    /// That it is this file is told by its size and, where it can be read, by its first and last octets. When it breaks off
    /// again it goes on as [`put_seekable`](Self::put_seekable) does, but never from the start; options that say how a file
    /// is [put](super::FtpOptions::put) have no effect. With an `offset` of 0 and a server that tells no size, be it because
    /// there is no such file, all of it is sent, and replaces what is there.
    ///
    /// # Errors
    ///
    /// As [`put_seekable`](Self::put_seekable), and [`FtpError::Mismatch`] when the file is another one.
    pub async fn resume_put(
        &self,
        path: &str,
        mut source: impl AsyncRead + AsyncSeek + Unpin,
        offset: u64,
    ) -> Result<u64, FtpError> {
        let start = position(&mut source, offset).await?;
        let mut upload = Upload::append(source, start, offset).await?;
        let mut attempts = Attempts::new(&self.bearer);
        let mut ftp = self.clone();
        ftp.options.put = loop {
            match attempts.settle(self.find(path, &mut upload).await).await? {
                Some(Found::Beginning(stored) | Found::Unreadable(stored)) if stored == offset => {
                    break PutOption::Append;
                }
                Some(Found::Untold) if offset == 0 => {
                    // There is no such file, or one whose octets must not stay in front of these.
                    upload.replace();
                    break PutOption::Replace;
                }
                Some(_) => return Err(FtpError::Mismatch { offset }),
                None => {}
            }
        };
        if upload.rewind(Found::Beginning(offset)).await == Rest::Nothing {
            return Ok(offset);
        }
        ftp.upload(path, upload).await
    }

    async fn upload(
        &self,
        path: &str,
        mut upload: Upload<impl AsyncRead + AsyncSeek + Unpin>,
    ) -> Result<u64, FtpError> {
        let mut attempts = Attempts::new(&self.bearer);
        let mut ftp = self.clone();
        let mut broken = None;
        loop {
            match (ftp.send(path, &mut upload).await, broken) {
                (Ok(octets), None) => return Ok(octets),
                (Ok(octets), Some(cause)) => return self.confirm(path, octets, cause).await,
                (Err(error), _) => {
                    // Before it began nothing was sent: there are no pieces whose sum is to be looked at.
                    broken = upload.has_begun().then(|| error.clone());
                    match self.recover(path, &mut upload, error, &mut attempts).await? {
                        Some(option) => ftp.options.put = option,
                        None => return Ok(upload.taken()),
                    }
                }
            }
        }
    }

    async fn send(
        &self,
        path: &str,
        upload: &mut Upload<impl AsyncRead + AsyncSeek + Unpin>,
    ) -> Result<u64, FtpError> {
        let mut session = self.prepare(FtpOperation::Put, Target::Destination(path)).await?;
        match session.open(&FtpPutOpen, PATIENCE).await {
            Ok(first) => upload.run(session, first).await,
            Err(error) => {
                // Asked once more, the server would make up another name.
                if self.options.put == PutOption::Unique && may_have_been_asked(&error) {
                    upload.begin();
                }
                Err(error)
            }
        }
    }

    /// Compares the size of a file that was uploaded in pieces, the last but one of which ended with `cause`.
    async fn confirm(&self, path: &str, octets: u64, cause: FtpError) -> Result<u64, FtpError> {
        match self.size_if_told(path).await? {
            Some(stored) if stored != octets => Err(FtpError::partial(stored, cause)),
            _ => Ok(octets),
        }
    }

    /// Makes ready to go on with an upload after `error`; how, or that there is nothing left to do.
    async fn recover(
        &self,
        path: &str,
        upload: &mut Upload<impl AsyncRead + AsyncSeek + Unpin>,
        error: FtpError,
        attempts: &mut Attempts<FtpError>,
    ) -> Result<Option<PutOption>, FtpError> {
        let is_safe = (self.options.put == PutOption::Replace || upload.appends()) && !self.options.ascii;
        if upload.has_begun() && !is_safe {
            return Err(error);
        }
        let cause = error.clone();
        let mut error = error;
        loop {
            attempts.again(error, upload.has_begun().then(|| upload.taken())).await?;
            if !upload.has_begun() {
                return Ok(Some(self.options.put));
            }
            error = match self.find(path, upload).await {
                Ok(found) => {
                    let before = upload.confirmed();
                    let rest = upload.rewind(found).await;
                    if upload.confirmed() > before {
                        attempts.succeeded();
                    }
                    return match (rest, found) {
                        (Rest::Nothing, _) => Ok(None),
                        (Rest::Append, _) => Ok(Some(PutOption::Append)),
                        (Rest::All, _) => Ok(Some(PutOption::Replace)),
                        (Rest::Lost, Found::Untold) => Err(cause),
                        (
                            Rest::Lost,
                            Found::Beginning(stored) | Found::Other(stored) | Found::Unreadable(stored),
                        ) => Err(FtpError::partial(stored, cause)),
                    };
                }
                Err(error) => error,
            };
        }
    }

    /// What the server has of an upload. Some servers keep the old file until the new one is complete.
    async fn find(
        &self,
        path: &str,
        upload: &mut Upload<impl AsyncRead + AsyncSeek + Unpin>,
    ) -> Result<Found, FtpError> {
        let Some(stored) = self.ask_size_if_told(path).await? else { return Ok(Found::Untold) };
        let Some(expected) = upload.before(stored).await else { return Ok(Found::Other(stored)) };
        if expected.is_empty() {
            return Ok(Found::Beginning(stored));
        }
        let Ok(from) = u32::try_from(stored - expected.len() as u64) else {
            // The module counts no further.
            return Ok(Found::Unreadable(stored));
        };
        let head = upload.head(stored);
        let compare = async {
            if self.read(path, from, expected.len()).await? != expected {
                return Ok(false);
            }
            // An older version may well end as this one goes on, with what fills an image up, say.
            Ok(from == 0 || self.read(path, 0, head.len()).await?.starts_with(head))
        };
        match compare.await {
            Ok(true) => Ok(Found::Beginning(stored)),
            Ok(false) => Ok(Found::Other(stored)),
            // It may be written but not read.
            Err(FtpError::Failed { code: FtpCode::REST | FtpCode::OPERATE | FtpCode::DOWNLOAD, .. }) => {
                Ok(Found::Unreadable(stored))
            }
            Err(error) => Err(error),
        }
    }

    /// The octets of a file from `from` on: all of them, or more than `expected`.
    async fn read(&self, path: &str, from: u32, expected: usize) -> Result<Vec<u8>, FtpError> {
        match self.open(path, from).await? {
            Some(reader) => reader.read_to_end(expected).await,
            None => Ok(Vec::new()),
        }
    }
}

/// Where a source stands, of which `octets` are on the server.
async fn position(source: &mut (impl AsyncSeek + Unpin), octets: u64) -> Result<u64, FtpError> {
    source.stream_position().await.map_err(|error| FtpError::Source { octets, kind: error.kind() })
}
