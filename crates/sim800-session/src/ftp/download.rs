//! A download, read from the module as it is wanted.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use sim800_command::FTP_READ_LIMIT;
use sim800_parser::Value;

use super::session::{Event, PATIENCE, Session};
use super::{Ftp, FtpError, FtpStep};
use crate::client::Pending;
use crate::engine::{Request, Response};
use crate::error::Malformation;
use crate::reader;
use crate::retry::Attempts;
use crate::tail::Tail;

/// How many announcements in a row may bring no data.
const EMPTY_READS: u32 = 16;

/// A file or a listing that is being downloaded.
///
/// One read of 1460 octets is under way ahead of what the caller takes, so memory does not grow with the file. A caller
/// who is slow makes the server wait; one who takes nothing for longer than the module's limit of 75 s breaks the transfer
/// off ([`FtpError::Failed`] with 64). The end of the stream means that the module said the file is complete. Dropped
/// before that, the session is quit.
pub type Download = reader::Reader<FtpError>;

/// What is read from an opened session; with `resumption`, the session is opened again when it breaks off.
pub(super) fn download(reader: Option<Reader>, resumption: Option<Resumption>) -> Download {
    let stream = match reader {
        Some(reader) => stream::try_unfold(Transfer { reader, resumption }, Transfer::next).boxed(),
        None => stream::empty().boxed(),
    };
    Download::new(stream, None)
}

/// A download on its way.
struct Transfer {
    reader: Reader,
    resumption: Option<Resumption>,
}

impl Transfer {
    async fn next(self) -> Result<Option<(Bytes, Self)>, FtpError> {
        let Self { mut reader, resumption } = self;
        let Some(mut resumption) = resumption else {
            let octets = reader.next().await?;
            return Ok(octets.map(|octets| (octets, Self { reader, resumption: None })));
        };
        loop {
            match reader.next().await {
                Ok(Some(octets)) => {
                    let new = resumption.take(octets)?;
                    if !new.is_empty() {
                        return Ok(Some((new, Self { reader, resumption: Some(resumption) })));
                    }
                }
                Ok(None) => return resumption.end().map(|()| None),
                Err(error) => {
                    // Before it is quit, no other can be opened.
                    drop(reader);
                    match resumption.resume(error).await? {
                        Some(resumed) => reader = resumed,
                        None => return resumption.end().map(|()| None),
                    }
                }
            }
        }
    }
}

/// What it takes to go on with a download that broke off.
pub(super) struct Resumption {
    ftp: Ftp,
    path: String,
    /// Where in the file the next octet is, counted from 0.
    position: u64,
    /// Octets of the file, once the server was asked.
    size: Option<u64>,
    attempts: Attempts<FtpError>,
    tail: Tail,
}

impl Resumption {
    pub(super) fn new(ftp: &Ftp, path: &str, offset: u32) -> Self {
        Self {
            ftp: ftp.clone(),
            path: path.to_owned(),
            position: u64::from(offset),
            size: None,
            attempts: Attempts::new(&ftp.bearer),
            tail: Tail::default(),
        }
    }

    /// Takes what came; what of it is new.
    fn take(&mut self, octets: Bytes) -> Result<Bytes, FtpError> {
        let new = self.tail.strip(octets).ok_or_else(|| self.changed())?;
        if !new.is_empty() {
            self.attempts.succeeded();
        }
        self.tail.push(&new);
        self.position += new.len() as u64;
        Ok(new)
    }

    /// The module says that this is the end.
    fn end(&self) -> Result<(), FtpError> {
        let is_complete = self.size.is_none_or(|size| size == self.position);
        if is_complete && self.tail.is_found() { Ok(()) } else { Err(self.changed()) }
    }

    /// Opens another session after `error`, from a little before the octet that is wanted.
    async fn resume(&mut self, error: FtpError) -> Result<Option<Reader>, FtpError> {
        // The module counts no further (application note 3.15).
        if u32::try_from(self.position).is_err() {
            return Err(error);
        }
        let mut error = error;
        loop {
            self.attempts.again(error, Some(self.position)).await?;
            error = match self.open().await {
                Ok(reader) => return Ok(reader),
                Err(error) => error,
            };
        }
    }

    async fn open(&mut self) -> Result<Option<Reader>, FtpError> {
        let size = self.ftp.size_if_told(&self.path).await?;
        if size.is_some_and(|size| size < self.position)
            || self.size.zip(size).is_some_and(|(old, new)| old != new)
        {
            return Err(self.changed());
        }
        self.size = self.size.or(size);
        let from = self.position - u64::from(self.tail.rewind(self.position));
        self.ftp.open(&self.path, u32::try_from(from).unwrap_or(u32::MAX)).await
    }

    fn changed(&self) -> FtpError {
        FtpError::Changed { position: self.position }
    }
}

/// Whether the last line of a response ends in a count, and it is 0.
fn is_count_of_none(reply: &Response) -> bool {
    let values = reply.lines().last().map(|line| line.values().collect::<Vec<_>>());
    matches!(values.as_deref(), Some([_, Value::Number(0)]))
}

/// A session that is being read.
pub(super) struct Reader {
    session: Session,
    /// How the next octets are asked for.
    read: Request,
    /// The next read, asked for already.
    ahead: Option<Pending>,
    /// Reads in a row that brought nothing.
    empty: u32,
}

impl Reader {
    /// Reads a session whose `first` event came by `read`, of 1460 octets at most; `None` when it has ended already.
    pub(super) fn new(mut session: Session, first: Event, read: Request) -> Option<Self> {
        session.begin(FtpStep::Transfer);
        if matches!(first, Event::Ended(..)) {
            return None;
        }
        let mut reader = Self { session, read, ahead: None, empty: 0 };
        reader.ask();
        Some(reader)
    }

    /// All octets, or more than `expected`.
    pub(super) async fn read_to_end(mut self, expected: usize) -> Result<Vec<u8>, FtpError> {
        let mut all = Vec::new();
        while let Some(octets) = self.next().await? {
            all.extend_from_slice(&octets);
            if all.len() > expected {
                break;
            }
        }
        Ok(all)
    }

    /// The next octets; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, FtpError> {
        loop {
            let event = match self.ahead.take() {
                None => self.session.event(PATIENCE).await?,
                Some(read) => match read.await {
                    Ok(reply) if reply.payload.is_empty() => {
                        // A read is always answered with a count, and only one of 0 brings nothing.
                        if !is_count_of_none(&reply) {
                            return Err(self.session.malformed(&self.read, Malformation::Information));
                        }
                        self.nothing().await?
                    }
                    Ok(reply) => {
                        self.check()?;
                        self.empty = 0;
                        if reply.payload.len() == FTP_READ_LIMIT as usize {
                            // There may be more: asked for in the same poll, so that the line does not wait.
                            self.ask();
                        }
                        return Ok(Some(reply.payload));
                    }
                    Err(error) if error.is_rejected() => {
                        self.count()?;
                        self.session.refused(error).await?
                    }
                    Err(error) => return Err(self.session.command(error)),
                },
            };
            match event {
                Event::Ended(..) => {
                    self.check()?;
                    return Ok(None);
                }
                _ => self.ask(),
            }
        }
    }

    /// What comes goes on from what came before, unless the line was lost between them.
    fn check(&mut self) -> Result<(), FtpError> {
        match self.session.take_loss() {
            true => Err(self.session.malformed(&self.read, Malformation::Damaged)),
            false => Ok(()),
        }
    }

    /// `2,0` means that there is nothing now; `1,1` will tell when there is, `1,0` that the file has ended.
    async fn nothing(&mut self) -> Result<Event, FtpError> {
        self.count()?;
        self.session.event(PATIENCE).await
    }

    fn count(&mut self) -> Result<(), FtpError> {
        self.empty += 1;
        if self.empty > EMPTY_READS {
            return Err(FtpError::NoProgress { operation: self.session.operation() });
        }
        Ok(())
    }

    /// Asks for the next octets, unless the session has ended already: a read would be refused then.
    fn ask(&mut self) {
        if !self.session.has_ended() {
            self.session.forget_announcements();
            self.ahead = Some(self.session.submit(self.read.clone()));
        }
    }
}
