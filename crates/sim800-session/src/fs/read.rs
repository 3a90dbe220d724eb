//! A file of the module, read as it is wanted.

use bytes::Bytes;
use futures::{StreamExt, stream};
use sim800_command::{At, FS_CHUNK_LIMIT, FsRead, FsReadMode, Number, Path};

use super::FsError;
use crate::client::{Client, Pending};
use crate::engine::{Request, Response};
use crate::error::{Error, Failure, Malformation};
use crate::notices::{Notice, Notices};
use crate::reader::Reader;
use crate::retry::Attempts;
use crate::stride::Stride;

/// A file of the module that is being read.
///
/// It comes in pieces of 10,240 octets, one ahead of what the caller takes. A piece that the line damaged is read again, as
/// [`Config::retries`](crate::Config::retries) has it, in smaller ones.
pub type FsFile = Reader<FsError>;

/// Reads the file at `path`, of `length` octets.
pub(super) fn read(client: &Client, path: &str, length: u64) -> FsFile {
    let pieces = Pieces {
        client: client.clone(),
        path: path.to_owned(),
        length,
        position: 0,
        window: Stride::new(FS_CHUNK_LIMIT),
        one_octet: false,
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
    /// The next piece is one octet: a longer one that begins with `ERROR` reads like a refusal.
    one_octet: bool,
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
        let octets = loop {
            let piece = match self.ahead.take() {
                Some(pending) => pending,
                None => self.ask()?,
            };
            match self.settle(piece.await).await {
                Ok(octets) => break octets,
                Err(error) if !self.one_octet && matches!(error.failure(), Failure::Rejected(_)) => {
                    self.one_octet = true;
                    // What it was, if it was a piece, is still on its way.
                    self.client.synchronize().await;
                    while self.notices.remove(is_loss).is_some() {}
                }
                Err(error) => {
                    self.window.lost();
                    self.attempts.again(error.into(), Some(self.position)).await?;
                    // The line is synchronized again.
                    while self.notices.remove(is_loss).is_some() {}
                }
            }
        };
        self.attempts.succeeded();
        self.window.came();
        if octets.is_empty() {
            let path = std::mem::take(&mut self.path);
            return Err(FsError::Incomplete { path, expected: self.length, found: self.position });
        }
        self.one_octet = false;
        self.position += octets.len() as u64;
        if self.position < self.length {
            self.ahead = Some(self.ask()?);
        }
        Ok(Some((octets, self)))
    }

    /// A piece has no header, so one that began with a line of somebody else is known by what is left of it behind its
    /// result. Behind the last piece, a command has to be answered to see that.
    async fn settle(&mut self, result: Result<Response, Error>) -> Result<Bytes, Error> {
        let octets = result?.payload;
        let is_last = self.position + octets.len() as u64 >= self.length;
        if is_last {
            self.client.execute(&At).await?;
        }
        match self.notices.remove(is_loss) {
            Some(_) => Err(Error::of(&At, Failure::Malformed(Malformation::Damaged))),
            None => Ok(octets),
        }
    }

    /// Asks for no more than there is: the octets come without a count.
    fn ask(&self) -> Result<Pending, FsError> {
        let limit = if self.one_octet { 1 } else { self.window.octets() };
        let left = (self.length - self.position).min(u64::from(limit));
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let command = FsRead {
            file: Path::new(&self.path)?,
            mode: FsReadMode::Position,
            size: Number::saturating(number(left)),
            position: Number::saturating(number(self.position)),
        };
        let request = Request::new(&command).map_err(|failure| Error::of(&command, failure))?;
        Ok(self.client.submit(request))
    }
}

fn is_loss(notice: &Notice) -> bool {
    *notice == Notice::Desynchronized
}
