//! A connection to a server, as a stream of octets both ways.

use crate::sync::Arc;
use alloc::boxed::Box;
use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::io::{self, AsyncRead, AsyncWrite};
use futures::{FutureExt, StreamExt, stream};
use sim800_command::SOCKET_LIMIT;

use super::SocketError;
use super::link::{Link, Shared};
use super::receiver::Receiver;
use super::sender::Sender;
use crate::notices::Notices;
use crate::reader::Reader;

/// A connection to a server: an [`AsyncRead`] and an [`AsyncWrite`], which may be used at once
/// ([`split`](futures::AsyncReadExt::split)).
///
/// Reading takes from the module what it holds, 1460 octets at a time and one piece ahead; a caller who is slow makes the server
/// wait. The end of the stream is told when the module says that the connection is closed and all was read. The module tells no
/// difference between a server that has closed it and a connection that broke, so who has to know must see it by what was said: TLS
/// does. A connection that ended otherwise is an error, always, and once it failed it fails for good.
///
/// Where the line doubles octets of a piece so that the rest of it reads like the end of a response, the piece was handed out before that
/// shows. The error comes with the next read, write or close.
///
/// Writing hands at most 1460 octets to the module, which begins to send them at once: who writes little at a time does better behind
/// a `BufWriter`. [`flush`](futures::AsyncWriteExt::flush) waits until the module has them, [`close`](futures::AsyncWriteExt::close)
/// until the server has, and closes the connection then. That is both directions, for the module cannot close one: what has come by
/// then and was not read is lost. [`progress`](Self::progress) tells how much has arrived.
///
/// Where the line to the module damages the prompt for a piece, or a result that nobody gave ends its command, the module still waits
/// for as many octets as were announced. What brings it back is ESC and carriage returns, and these reach the server: what was
/// written may be followed by octets that nobody wrote. The connection is closed behind them, and whoever
/// writes gets [`SocketError::Spoilt`]; whoever reads gets what ended the connection first.
///
/// Dropped, the driver closes the connection; octets that were not flushed may not be sent.
pub struct Socket {
    link: Shared,
    reader: Reader<SocketError>,
    /// All was read that came before the server's end.
    is_at_end: bool,
    writer: Writer,
}

/// What the writing half is doing.
enum Writer {
    Idle(Box<Sender>),
    Busy(BoxFuture<'static, (Box<Sender>, Result<(), SocketError>)>),
    /// It ended, and with what where that was no end of ours.
    Ended,
}

/// How much of what was written has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketProgress {
    /// Octets that the module has taken.
    pub sent: u64,
    /// Those of them that the server has acknowledged, as far as was asked.
    pub acknowledged: u64,
}

impl Socket {
    /// A connection of which `notices` have what was not heard yet; there `may_hold` be something to read.
    pub(super) fn new(link: Link, notices: Notices, may_hold: bool, is_stream: bool) -> Self {
        let link = Arc::new(link);
        let receiver = Receiver::new(Arc::clone(&link), notices, may_hold);
        let sender = Sender::new(Arc::clone(&link), link.subscribe(), is_stream);
        let reader = Reader::new(stream::try_unfold(receiver, Receiver::next).boxed(), None);
        Self { link, reader, is_at_end: false, writer: Writer::Idle(Box::new(sender)) }
    }

    /// How much of what was written the module has taken, and how much of that the server had acknowledged when the module was asked
    /// last: by a write that waited for room, by [`close`](futures::AsyncWriteExt::close), or by
    /// [`acknowledged`](Self::acknowledged).
    #[must_use]
    pub fn progress(&self) -> SocketProgress {
        let (sent, acknowledged) = self.link.progress();
        SocketProgress { sent, acknowledged }
    }

    /// Asks how much of what was written the server has acknowledged.
    ///
    /// # Errors
    ///
    /// [`SocketError`].
    pub async fn acknowledged(&self) -> Result<SocketProgress, SocketError> {
        self.link.acknowledgement().await?;
        Ok(self.progress())
    }

    /// Waits until the writing half has nothing to do.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        match &mut self.writer {
            Writer::Idle(_) => {}
            Writer::Busy(busy) => {
                let (sender, result) = ready!(busy.poll_unpin(context));
                if let Err(error) = result {
                    self.writer = Writer::Ended;
                    self.link.fail_sending(&error);
                    return Poll::Ready(Err(error));
                }
                self.writer = Writer::Idle(sender);
            }
            Writer::Ended => return Poll::Ready(Err(self.link.unsent())),
        }
        Poll::Ready(Ok(()))
    }

    /// Lets the sender do something.
    fn begin<F>(&mut self, work: impl FnOnce(Box<Sender>) -> F)
    where
        F: Future<Output = (Box<Sender>, Result<(), SocketError>)> + Send + 'static,
    {
        self.writer = match mem::replace(&mut self.writer, Writer::Ended) {
            Writer::Idle(sender) => Writer::Busy(work(sender).boxed()),
            other => other,
        };
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.reader).poll_read(context, buffer));
        Poll::Ready(match (read, self.link.broken()) {
            // The reader tells of it once, and has ended then.
            (Ok(0), Some(error)) if !buffer.is_empty() && !self.is_at_end => Err(error.into()),
            (Ok(0), _) => {
                self.is_at_end |= !buffer.is_empty();
                Ok(0)
            }
            (Err(error), _) => Err(typed(error)),
            (read, _) => read,
        })
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_idle(context))?;
        let piece = octets.get(..octets.len().min(SOCKET_LIMIT as usize)).unwrap_or(octets);
        if piece.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.link.check()?;
        let (piece, length) = (Bytes::copy_from_slice(piece), piece.len());
        self.begin(|mut sender| async move {
            let result = sender.send(piece).await;
            (sender, result)
        });
        // So that it is under way whether anybody comes for it or not.
        match self.poll_idle(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
            _ => Poll::Ready(Ok(length)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_idle(context).map_err(Into::into)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.link.broken() != Some(SocketError::ClosedHere) {
            ready!(self.poll_idle(context))?;
        }
        if self.link.broken() == Some(SocketError::ClosedHere) {
            return Poll::Ready(Ok(()));
        }
        let link = Arc::clone(&self.link);
        self.begin(|mut sender| async move {
            let mut result = sender.settle().await;
            if result.is_ok() {
                result = link.close().await;
            }
            (sender, result)
        });
        self.poll_idle(context).map_err(Into::into)
    }
}

/// An error of the reader with the kind that it has.
fn typed(error: io::Error) -> io::Error {
    match error.get_ref().and_then(|error| error.downcast_ref::<SocketError>()) {
        Some(typed) => typed.clone().into(),
        None => error,
    }
}

/// Without the octets.
impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("connection", &self.link.number()).finish_non_exhaustive()
    }
}
