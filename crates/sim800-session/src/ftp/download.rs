//! A download, read from the module as it is wanted.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use sim800_command::FTP_READ_LIMIT;
use sim800_parser::Value;

use super::resumption::Resumption;
use super::session::{CHECK, Event, PATIENCE, Session};
use super::{FtpError, FtpStep};
use crate::client::Pending;
use crate::engine::{Request, Response};
use crate::error::Malformation;
use crate::reader;

/// How many reads in a row may bring no data.
const EMPTY_READS: u32 = 16;

/// A file or a listing that is being downloaded.
///
/// One read of 1460 octets is under way ahead of what the caller takes, so memory does not grow with the file. A caller
/// who is slow makes the server wait; one who takes nothing for longer than the module's limit of 75 s breaks the transfer
/// off ([`FtpError::Failed`] with 64), and after a minute other operations that want the session fail with
/// [`FtpError::InUse`]. The last octets of a file whose size was told come when the module has said that it is complete, and the
/// session is free then. The end of the stream means that the module said the file is complete, and that as
/// many octets came as the server told before, where it told any; a file that grows meanwhile may bring more than
/// [`total`](reader::Reader::total). Dropped before that, the session is quit.
pub type Download = reader::Reader<FtpError>;

/// What is read from an opened session, which is opened again when it breaks off; of `total` octets, where that is known.
pub(super) async fn download(reader: Reader, resumption: Resumption, total: Option<u64>) -> Download {
    reader.session.is_handed_out();
    let is_empty = matches!(reader.event, Some(Event::Ended(..))) || resumption.is_complete();
    let transfer = Some(Transfer { reader, resumption });
    if is_empty {
        // Nobody has to read that there is nothing, for the session to be free.
        return Download::begun(transfer, Transfer::next, total).await;
    }
    Download::new(stream::try_unfold(transfer, Transfer::next).boxed(), total)
}

/// A download on its way.
struct Transfer {
    reader: Reader,
    resumption: Resumption,
}

impl Transfer {
    /// The next octets. The last ones of a file whose size is known come when it has ended, and the session is let go with
    /// them, also when the caller keeps the download.
    async fn next(transfer: Option<Self>) -> Result<Option<(Bytes, Option<Self>)>, FtpError> {
        let Some(Self { mut reader, mut resumption }) = transfer else { return Ok(None) };
        let mut last = Bytes::new();
        loop {
            reader.session.is_used();
            let error = match reader.next().await {
                Ok(Some(octets)) => {
                    let new = resumption.take(octets)?;
                    // A file may grow meanwhile.
                    let new = if last.is_empty() { new } else { [last, new].concat().into() };
                    if new.is_empty() || resumption.is_complete() {
                        last = new;
                        continue;
                    }
                    reader.session.is_handed_out();
                    return Ok(Some((new, Some(Self { reader, resumption }))));
                }
                Ok(None) => match resumption.end() {
                    Ok(()) => return Ok(Some((last, None)).filter(|(last, _)| !last.is_empty())),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            // Before it is quit, no other can be opened.
            drop(reader);
            reader = resumption.resume(error).await?;
        }
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
    /// What the session said that was not dealt with.
    event: Option<Event>,
    /// Octets that have to come still, where that is known.
    rest: Option<u64>,
    /// Reads in a row that brought nothing.
    empty: u32,
    /// How long nothing was said and nothing came.
    waited: Duration,
    /// A line said that it is over, and the module did not agree.
    doubtful: bool,
}

impl Reader {
    /// Reads a session whose `first` event came by `read`, of 1460 octets at most; all but those that come when `rest`
    /// octets have come are to end it beyond doubt.
    pub(super) fn new(mut session: Session, first: Event, read: Request, rest: Option<u64>) -> Self {
        session.begin(FtpStep::Transfer);
        let (ahead, waited) = (None, Duration::ZERO);
        let mut reader =
            Self { session, read, ahead, event: Some(first), rest, empty: 0, waited, doubtful: false };
        if !matches!(first, Event::Ended(..)) {
            reader.event = None;
            reader.ask();
        }
        reader
    }

    /// The next octets; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, FtpError> {
        loop {
            let event = match (self.event.take(), self.ahead.take()) {
                (Some(event), _) => event,
                (None, None) => self.wait().await?,
                (None, Some(read)) => match read.await {
                    Ok(reply) if reply.payload.is_empty() => {
                        // A read is always answered with a count, and only one of 0 brings nothing.
                        if !is_count_of_none(&reply) {
                            return Err(self.session.malformed(&self.read, Malformation::Information));
                        }
                        // `1,1` will tell when there is something, `1,0` that the file has ended.
                        self.count()?;
                        self.wait().await?
                    }
                    Ok(reply) => return self.take(reply.payload).map(Some),
                    Err(error) if error.is_rejected() && self.doubtful => return Ok(None),
                    Err(error) if error.is_rejected() => {
                        self.count()?;
                        self.session.refused(error).await?
                    }
                    Err(error) => return Err(self.session.command(error)),
                },
            };
            if !matches!(event, Event::Ended(..)) {
                self.ask();
                continue;
            }
            self.check()?;
            if self.rest == Some(0) || !self.session.goes_on().await? {
                return Ok(None);
            }
            self.doubtful = true;
        }
    }

    fn take(&mut self, octets: Bytes) -> Result<Bytes, FtpError> {
        self.check()?;
        (self.empty, self.waited, self.doubtful) = (0, Duration::ZERO, false);
        self.rest = self.rest.map(|rest| rest.saturating_sub(octets.len() as u64));
        if octets.len() == FTP_READ_LIMIT as usize {
            // There may be more: asked for in the same poll, so that the line does not wait.
            self.ask();
        }
        Ok(octets)
    }

    /// What comes goes on from what came before, unless the line was lost between them.
    fn check(&mut self) -> Result<(), FtpError> {
        match self.session.take_loss() {
            true => Err(self.session.malformed(&self.read, Malformation::Damaged)),
            false => Ok(()),
        }
    }

    /// Waits for what the session says next. When that is nothing, the next octets are asked for all the same: the line that
    /// announced them may have been lost, or the one that said it is over, or the module may be dead.
    async fn wait(&mut self) -> Result<Event, FtpError> {
        match self.session.event_within(CHECK).await? {
            Some(event) => Ok(event),
            None => {
                self.waited += CHECK;
                if self.waited >= PATIENCE {
                    Err(self.session.silent(self.waited))
                } else {
                    Ok(Event::Available)
                }
            }
        }
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
