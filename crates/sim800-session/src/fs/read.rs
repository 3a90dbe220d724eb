//! A file of the module, read as it is wanted.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use sim800_command::{FS_CHUNK_LIMIT, FsFlSize, FsRead, FsReadMode, Number, Path};

use super::FsError;
use crate::client::{Client, Pending};
use crate::engine::Name;
use crate::error::{Error, Failure, Malformation};
use crate::notices::{Notice, Notices};
use crate::overlap::Overlap;
use crate::reader::Reader;
use crate::retry::Attempts;
use crate::stride::Stride;

/// How a piece must not begin: then it reads like a refusal.
const REFUSALS: [&[u8]; 3] = [b"ERROR\r\n", b"+CME ERROR:", b"+CMS ERROR:"];

/// How often the end is read once more where it came as something else.
const ENDS: u32 = 2;

/// How long a line is waited for, behind which there is room for a piece.
const GAP: Duration = Duration::from_secs(1);

/// A file of the module that is being read.
///
/// It comes in pieces of 10,240 octets, or of [`Config::window`](crate::Config::window), one ahead of what the caller takes. No header says which octets they are: each begins with
/// the last octets of the one before, and the last ones of all are read again by themselves. A piece that the line damaged is read
/// again, as [`Config::retries`](crate::Config::retries) has it, in smaller ones.
pub type FsFile = Reader<FsError>;

/// Reads the file at `path`, of `length` octets.
pub(super) fn read(client: &Client, path: &str, length: u64) -> FsFile {
    let pieces = Pieces {
        client: client.clone(),
        path: path.to_owned(),
        length,
        position: 0,
        window: Stride::new(client.config().piece(FS_CHUNK_LIMIT)),
        overlap: Overlap::default(),
        is_aside: false,
        is_wary: false,
        ahead: None,
        attempts: Attempts::of_commands(client),
        notices: client.subscribe(|_| false),
    };
    FsFile::new(stream::try_unfold(pieces, Pieces::next).boxed(), Some(length))
}

/// The pieces of a file.
struct Pieces {
    client: Client,
    path: String,
    length: u64,
    position: u64,
    window: Stride,
    /// What was read before `position`, as far as it comes again.
    overlap: Overlap,
    /// The next piece is one octet: a longer one may begin like a refusal.
    is_aside: bool,
    /// A piece came as something else: from then on, each is asked for when the lines before it are through.
    is_wary: bool,
    /// The next piece, asked for already.
    ahead: Option<Pending>,
    attempts: Attempts<FsError>,
    /// Tells when the line was lost.
    notices: Notices,
}

impl Pieces {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, FsError> {
        if self.position >= self.length {
            return Ok(None);
        }
        let mut is_again = false;
        let octets = loop {
            match self.piece(is_again).await {
                Ok(octets) => break octets,
                Err(error) => {
                    self.window.lost();
                    self.attempts.again(error, Some(self.position)).await?;
                    // The line is synchronized again.
                    self.take_loss();
                    (self.is_wary, is_again) = (true, true);
                }
            }
        };
        self.attempts.succeeded();
        self.window.came();
        if octets.is_empty() {
            let path = core::mem::take(&mut self.path);
            return Err(FsError::Incomplete { path, expected: self.length, found: self.position });
        }
        self.advance(&octets);
        if self.position < self.length && !self.is_wary {
            self.ahead = Some(self.ask()?);
        }
        Ok(Some((octets, self)))
    }

    /// The octets of the next piece that were not read before. The end of the last piece is read again: behind it, nothing that was
    /// left of a payload can follow.
    async fn piece(&mut self, is_again: bool) -> Result<Bytes, FsError> {
        if self.is_wary {
            self.let_lines_through().await?;
        }
        if is_again {
            self.await_gap().await;
        }
        let octets = self.read().await?;
        let is_last = self.position + octets.len() as u64 >= self.length;
        if octets.is_empty() || !is_last {
            return Ok(octets);
        }
        let begin = (self.position, self.overlap);
        self.advance(&octets);
        let end = self.end().await;
        (self.position, self.overlap) = begin;
        end.map(|()| octets)
    }

    /// What had to wait for the last piece comes first, and would count for the next. Of an `AT`, what is left of that piece may answer.
    async fn let_lines_through(&self) -> Result<(), FsError> {
        let size = FsFlSize { file: Path::new(&self.path)? };
        match self.client.query(&size, |size| size).await? {
            size if size == self.length => Ok(()),
            _ => Err(damaged()),
        }
    }

    /// Waits until a line has come, for a while: where lines come over and over, there is most room for a piece just behind one. A piece that
    /// is asked for in the same distance from one each time may meet the next each time.
    async fn await_gap(&self) {
        let mut lines = self.client.subscribe(|_| true);
        // That none came is as good.
        let _line = self.client.within(GAP, lines.next()).await;
    }

    /// Reads the end again, behind the lines that had to wait for the last piece.
    async fn end(&mut self) -> Result<(), FsError> {
        self.let_lines_through().await?;
        let mut end = self.read().await;
        for _ in 0..ENDS {
            match &end {
                Err(FsError::Command(error)) if matches!(error.failure(), Failure::Malformed(_)) => {}
                _ => break,
            }
            drop(self.client.synchronize().await);
            self.take_loss();
            self.await_gap().await;
            end = self.read().await;
        }
        end.map(drop)
    }

    /// Reads what is asked for, and takes off what was read before.
    async fn read(&mut self) -> Result<Bytes, FsError> {
        loop {
            let piece = match self.ahead.take() {
                Some(pending) => pending,
                None => self.ask()?,
            };
            let octets = match piece.await {
                Err(error) if error.is_rejected() && self.step_aside() => {
                    // What it was, if it was a piece, is still on its way.
                    drop(self.client.synchronize().await);
                    self.take_loss();
                    continue;
                }
                result => result?.payload,
            };
            let is_lost = self.take_loss();
            let length = self.overlap.length() as usize;
            let told_apart = self.overlap.tell_apart(octets).filter(|(again, _)| *again == length);
            let (_, new) = told_apart.filter(|_| !is_lost).ok_or_else(damaged)?;
            self.is_aside = false;
            return Ok(new);
        }
    }

    /// Whether a piece that was refused is worth asking for in another way: it may have been one, and not known to begin so.
    fn step_aside(&mut self) -> bool {
        let may_help = !self.is_aside && self.position < self.length && self.overlap.length() < 2;
        if may_help {
            self.overlap.clear();
            self.is_aside = true;
        }
        may_help
    }

    /// Octets were read of which some will come again.
    fn advance(&mut self, octets: &Bytes) {
        self.position += octets.len() as u64;
        self.overlap.follow(octets, octets.len());
        if self.overlap.length() > 1 && self.overlap.is_like(&REFUSALS) {
            self.overlap.shorten();
        }
    }

    /// Asks for no more than there is: the octets come without a count.
    fn ask(&self) -> Result<Pending, FsError> {
        let again = u64::from(self.overlap.length());
        let limit = if self.is_aside { 1 } else { self.window.octets() };
        let new = self.length.saturating_sub(self.position).min(u64::from(limit));
        let octets = (new + again).min(u64::from(FS_CHUNK_LIMIT));
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let command = FsRead {
            file: Path::new(&self.path)?,
            mode: FsReadMode::Position,
            size: Number::saturating(number(octets)),
            position: Number::saturating(number(self.position - again)),
        };
        let request = self.client.encode(&command).map_err(|failure| Error::of(&command, failure))?;
        Ok(self.client.submit(request.compared()))
    }

    /// Whether the line was lost since this was asked last: also behind a result that was not its command's own.
    fn take_loss(&mut self) -> bool {
        core::iter::from_fn(|| self.notices.remove(is_loss)).count() > 0
    }
}

fn damaged() -> FsError {
    Error::new(&Name::of::<FsRead>(), Failure::Malformed(Malformation::Damaged)).into()
}

fn is_loss(notice: &Notice) -> bool {
    *notice == Notice::Desynchronized
}
