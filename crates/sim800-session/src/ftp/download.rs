//! A download, read from the module as it is wanted.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{AsyncRead, Stream, StreamExt};
use sim800_command::FTP_READ_LIMIT;

use super::session::{Event, PATIENCE, Session};
use super::{FtpError, FtpStep};
use crate::chunks::Chunks;
use crate::client::Pending;
use crate::engine::Request;

/// How many announcements in a row may bring no data.
const EMPTY_READS: u32 = 16;

/// A file or a listing that is being downloaded: an [`AsyncRead`], and a [`Stream`] of [`Bytes`].
///
/// One read of 1460 octets is under way ahead of what the caller takes, so memory does not grow with the file. A caller
/// who is slow makes the server wait; one who takes nothing for longer than the module's limit of 75 s finds
/// [`FtpError::Failed`] with 64. The end of the stream means that the module said the file is complete. Dropped before
/// that, the session is quit.
#[must_use = "a download goes on only as it is polled"]
pub struct Download {
    chunks: Chunks<FtpError>,
}

impl Download {
    /// A session whose `first` event came, to be read by `read`, of 1460 octets at most.
    pub(super) fn new(mut session: Session, first: Event, read: Request) -> Self {
        session.begin(FtpStep::Transfer);
        let stream: BoxStream<'static, _> = match first {
            Event::Ended(..) => stream::empty().boxed(),
            _ => {
                let mut transfer = Transfer { session, read, ahead: None, empty: 0 };
                transfer.ask();
                stream::try_unfold(transfer, Transfer::next).boxed()
            }
        };
        Self::of(stream)
    }

    pub(super) fn of(stream: BoxStream<'static, Result<Bytes, FtpError>>) -> Self {
        Self { chunks: Chunks::new(stream) }
    }
}

impl Stream for Download {
    type Item = Result<Bytes, FtpError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.poll_next_unpin(context)
    }
}

/// Errors are [`FtpError`]s inside of [`io::Error`](std::io::Error).
impl AsyncRead for Download {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.chunks).poll_read(context, buffer)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").finish_non_exhaustive()
    }
}

/// A download on its way.
struct Transfer {
    session: Session,
    /// How the next octets are asked for.
    read: Request,
    /// The next read, asked for already.
    ahead: Option<Pending>,
    /// Reads in a row that brought nothing.
    empty: u32,
}

impl Transfer {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, FtpError> {
        loop {
            let event = match self.ahead.take() {
                None => self.session.event(PATIENCE).await?,
                Some(read) => match read.await {
                    Ok(reply) if reply.payload.is_empty() => {
                        // A read is always answered with a count.
                        if reply.information.is_empty() {
                            return Err(self.session.malformed(&self.read));
                        }
                        self.nothing().await?
                    }
                    Ok(reply) => {
                        self.empty = 0;
                        if reply.payload.len() == FTP_READ_LIMIT as usize {
                            // There may be more: asked for in the same poll, so that the line does not wait.
                            self.ask();
                        }
                        return Ok(Some((reply.payload, self)));
                    }
                    Err(error) if error.is_rejected() => {
                        self.count()?;
                        self.session.refused(error).await?
                    }
                    Err(error) => return Err(self.session.command(error)),
                },
            };
            match event {
                Event::Ended(..) => return Ok(None),
                _ => self.ask(),
            }
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
