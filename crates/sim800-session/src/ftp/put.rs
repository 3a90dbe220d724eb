//! Uploads, and what becomes of one that breaks off.

use core::time::Duration;

use crate::io::{AsyncRead, AsyncSeek, AsyncSeekExt};
use sim800_command::{FtpCode, FtpPutOpen, PutOption};

use super::settings::Target;
use super::source::{Seekable, Source, Window};
use super::upload::{Found, Rest, Upload};
use super::{Ftp, FtpError, FtpOperation};
use crate::boxed::{boxed, pinned};
use crate::retry::Attempts;
use crate::sent::Sent;

/// How often a server is asked for the size of what was stored before another one than was sent is believed, and after which
/// pauses: some tell it late.
const SIZES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// What the size of a file is compared with after an upload.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// So many octets were sent, and they are the file.
    All(u64),
    /// So many octets were sent, and appended to a file of at least so many.
    Appended { sent: u64, before: u64 },
}

impl Expected {
    /// After an upload of so many octets, to a file of which `before` says how many it had if it was appended to.
    fn new(sent: u64, before: Option<u64>) -> Self {
        before.map_or(Self::All(sent), |before| Self::Appended { sent, before })
    }

    fn sent(self) -> u64 {
        match self {
            Self::All(sent) | Self::Appended { sent, .. } => sent,
        }
    }

    /// Whether a file of `stored` octets is this one, and nobody else's are behind it.
    fn is(self, stored: u64) -> bool {
        match self {
            Self::All(sent) => stored == sent,
            Self::Appended { sent, before } => before.checked_add(sent) == Some(stored),
        }
    }

    /// Compares with a file of `stored` octets; how many it should have is the error.
    fn check(self, stored: u64) -> Result<(), u64> {
        match self {
            Self::All(sent) if stored != sent => Err(sent),
            // Others may append to it as well.
            Self::Appended { sent, before } => match before.checked_add(sent) {
                Some(least) if stored >= least => Ok(()),
                least => Err(least.unwrap_or(u64::MAX)),
            },
            Self::All(_) => Ok(()),
        }
    }
}

impl Ftp {
    /// Uploads all that `source` has, of whatever length, and returns how many octets that were once the server has
    /// confirmed them, and told the size of a file that has them all.
    ///
    /// That size is asked for by a session of its own; one that [appends](PutOption::Append) asks before as well, twice. A server
    /// that tells none, or a firmware that cannot ask, has nothing compared; neither has an upload of type ASCII, nor one of
    /// which the server makes up the [name](PutOption::Unique).
    ///
    /// The module ends the session with 64 when `source` is too slow.
    ///
    /// When the line, the bearer, the module or the server breaks it off, it goes on where the file on the server ends, as
    /// [`Config::retries`](crate::Config::retries) has it: by `APPE`, once that file was read back and is a beginning of
    /// `source`. In the same way one is found to be complete whose end was not confirmed. Only an upload of type binary that
    /// [replaces](PutOption::Replace) a file can be gone on with, on a server that tells sizes; and no further back than the
    /// last 65,536 octets that were read from `source`, which are kept for that, with a checksum of those before. For
    /// [`put_seekable`](Self::put_seekable) there is no such limit. Any other is tried again only until the module has let
    /// it begin, and one of which the server makes up the name only until the server may have done so.
    ///
    /// # Errors
    ///
    /// [`FtpError`], with [`Partial`](FtpError::Partial) when it cannot be gone on with, [`Incomplete`](FtpError::Incomplete)
    /// when the server has something else than was sent, and [`Unconfirmed`](FtpError::Unconfirmed) when what it has could
    /// not be found out; before anything is sent when a value cannot stand in a command.
    pub async fn put(&self, path: &str, source: impl AsyncRead + Unpin) -> Result<u64, FtpError> {
        self.deadline(FtpOperation::Put)
            .run(|| async { self.upload(path, Upload::new(Window::new(source))).await })
            .await
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
        self.deadline(FtpOperation::Put)
            .run(|| async {
                let start = position(&mut source, 0).await?;
                self.upload(path, Upload::new(Seekable::new(source, start))).await
            })
            .await
    }

    /// Goes on with an upload that broke off: appends all that `source` has behind its first `offset` octets, counted from
    /// where it stands, to a file that is these octets. Returns how many octets the file has once the server has confirmed
    /// them.
    ///
    /// That it is this file is told by its size and, where it can be read, by all of its octets: they are read back. When it
    /// breaks off again it goes on as [`put_seekable`](Self::put_seekable) does, but never from the start; options that say
    /// how a file is [put](super::FtpOptions::put) have no effect. With an `offset` of 0 and a server that tells no size, be
    /// it because there is no such file, all of it is sent, and replaces what is there.
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
        self.deadline(FtpOperation::Put)
            .run(|| async {
                let start = position(&mut source, offset).await?;
                let mut upload = Upload::append(Seekable::new(source, start), offset).await?;
                let mut attempts = Attempts::new(&self.bearer);
                let mut ftp = self.clone();
                ftp.options.put = loop {
                    match attempts.settle(self.after(&attempts).find(path, &mut upload).await).await? {
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
            })
            .await
    }

    async fn upload(&self, path: &str, mut upload: Upload<impl Source>) -> Result<u64, FtpError> {
        // What is appended to a file of its own beginning is all of it in the end.
        let before = if upload.appends() { None } else { boxed(|| self.before(path)).await? };
        let mut attempts = Attempts::new(&self.bearer);
        let mut ftp = self.clone();
        // All of it was sent before, and not confirmed: the server may have put it aside, and in the file behind that was looked at.
        let mut is_aside = false;
        loop {
            let trial = ftp.after(&attempts);
            let error = match pinned(|| trial.send(path, &mut upload)).await {
                Ok(sent) => {
                    let expected = Expected::new(sent, before);
                    match boxed(|| self.confirm(FtpOperation::Put, path, expected, &mut attempts)).await {
                        Ok(()) if is_aside => match self.after(&attempts).find(path, &mut upload).await {
                            Ok(Found::Other(_)) => FtpError::Unconfirmed { octets: sent },
                            Ok(_) => return Ok(sent),
                            Err(error) => error,
                        },
                        Ok(()) => return Ok(sent),
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            is_aside |= upload.is_sent();
            match pinned(|| self.recover(path, &mut upload, error, &mut attempts)).await? {
                Some(option) => ftp.options.put = option,
                None => return Ok(upload.taken()),
            }
        }
    }

    /// How many octets a file has that is to be appended to, none where the server tells no size; `None` when it is not.
    pub(super) async fn before(&self, path: &str) -> Result<Option<u64>, FtpError> {
        match self.options.put {
            PutOption::Append if !self.options.ascii => Ok(Some(self.certain_size(path).await?.unwrap_or(0))),
            _ => Ok(None),
        }
    }

    /// Compares the size of a file with what was uploaded, where the server tells it.
    async fn confirm(
        &self,
        operation: FtpOperation,
        path: &str,
        expected: Expected,
        attempts: &mut Attempts<FtpError>,
    ) -> Result<(), FtpError> {
        if self.options.ascii || self.options.put == PutOption::Unique {
            return Ok(());
        }
        let (mut asked, mut enough) = (0, 0);
        loop {
            let ftp = self.after(attempts);
            let size = match asked {
                0 => ftp.ask_size_of_sent(path).await,
                _ => ftp.ask_size_if_told(path).await,
            };
            let told = match size {
                Ok(told) => told,
                Err(error) => {
                    let octets = expected.sent();
                    // The module has said that the server has it.
                    let again = attempts.again(error, Some(octets)).await;
                    again.map_err(|_| FtpError::Unconfirmed { octets })?;
                    continue;
                }
            };
            asked += 1;
            match told.map(|found| (found, expected.check(found))) {
                Some((found, Err(expected))) if asked == SIZES => {
                    return Err(FtpError::Incomplete { operation, expected, found });
                }
                Some((_, Err(_))) => self.bearer.client().pause(PAUSE).await,
                // The line may have made more of it.
                Some((found, Ok(()))) if !expected.is(found) && enough == 0 => enough += 1,
                None | Some((_, Ok(()))) => return Ok(()),
            }
        }
    }

    /// What came of a try that `sent` so many octets, where it knows how many: it is compared, or there may be another try.
    pub(super) async fn settle(
        &self,
        operation: FtpOperation,
        path: &str,
        before: Option<u64>,
        mut sent: Result<Option<u64>, FtpError>,
        attempts: &mut Attempts<FtpError>,
    ) -> Result<Option<Option<u64>>, FtpError> {
        if let Ok(Some(octets)) = sent {
            let confirmed = self.confirm(operation, path, Expected::new(octets, before), attempts).await;
            sent = confirmed.map(|()| Some(octets));
        }
        // What replaces a file may be done again; what appends to it, or makes another, may not.
        let was_sent = sent.as_ref().err().is_none_or(|error| error.sent() != Sent::No);
        if self.options.put != PutOption::Replace && was_sent {
            return sent.map(Some);
        }
        attempts.settle(sent).await
    }

    async fn send(&self, path: &str, upload: &mut Upload<impl Source>) -> Result<u64, FtpError> {
        let mut session = boxed(|| self.prepare(FtpOperation::Put, Target::Destination(path))).await?;
        match boxed(|| session.open_or_silence(&FtpPutOpen)).await {
            Ok(first) => {
                // Asked once more, the server would make up another name.
                if self.options.put == PutOption::Unique {
                    upload.begin();
                }
                upload.run(session, first).await
            }
            Err(error) => {
                if self.options.put == PutOption::Unique && error.may_have_been_asked_for() {
                    upload.begin();
                }
                Err(error)
            }
        }
    }

    /// Makes ready to go on with an upload after `error`; how, or that there is nothing left to do.
    async fn recover(
        &self,
        path: &str,
        upload: &mut Upload<impl Source>,
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
            let position = upload.has_begun().then(|| upload.taken());
            attempts.again(error, position).await?;
            if !upload.has_begun() {
                return Ok(Some(self.options.put));
            }
            error = match self.after(attempts).find(path, upload).await {
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
                        // What it has may be an old file, and be put aside for this one.
                        (Rest::Lost, Found::Other(_)) if upload.is_sent() => {
                            Err(FtpError::Unconfirmed { octets: upload.taken() })
                        }
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
    async fn find(&self, path: &str, upload: &mut Upload<impl Source>) -> Result<Found, FtpError> {
        let (session, stored) = boxed(|| self.open_source(path)).await?;
        let Some(stored) = stored else { return Ok(Found::Untold) };
        let Some(mut comparison) = upload.compare(stored) else { return Ok(Found::Other(stored)) };
        let compare = async {
            if comparison.is_complete() {
                return Ok(true);
            }
            let position = comparison.position();
            let mut reader = boxed(|| self.read_from(session, position, Some(stored))).await?;
            while let Some(octets) = reader.next().await? {
                if !upload.is_like(&mut comparison, &octets).await {
                    return Ok(false);
                }
            }
            Ok(comparison.is_complete())
        };
        match compare.await {
            Ok(true) => Ok(Found::Beginning(stored)),
            Ok(false) => Ok(Found::Other(stored)),
            // It may be written but not read, or not from there.
            Err(
                FtpError::Failed { code: FtpCode::REST | FtpCode::OPERATE | FtpCode::DOWNLOAD, .. }
                | FtpError::TooFar { .. },
            ) => Ok(Found::Unreadable(stored)),
            Err(error) => Err(error),
        }
    }
}

/// Where a source stands, of which `octets` are on the server.
async fn position(source: &mut (impl AsyncSeek + Unpin), octets: u64) -> Result<u64, FtpError> {
    source.stream_position().await.map_err(|error| FtpError::Source { octets, kind: error.kind() })
}

#[cfg(test)]
mod tests {
    use super::Expected;

    #[test]
    fn no_size_is_too_large_to_be_compared() {
        let appended = Expected::new(10, Some(u64::MAX));
        assert_eq!((appended.check(u64::MAX), appended.is(u64::MAX)), (Err(u64::MAX), false));
        assert_eq!(Expected::new(10, Some(5)).check(15), Ok(()));
        assert_eq!(Expected::new(10, Some(5)).check(14), Err(15));
    }
}
