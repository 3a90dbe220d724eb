//! HTTP/1.1 over one connection, one request after the other.

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::io::{AsyncRead, AsyncWrite};
use futures::{FutureExt, Stream};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::client::conn::http1::{self, SendRequest};
use sim800_session::Sent;
use smol_hyper::rt::FuturesIo;

use crate::error::{BoxError, HttpsError};
use crate::watched::{Vain, Watch, Watched};

/// How many octets of status line and headers are taken.
pub const HEAD_LIMIT: usize = 64 * 1024;

/// How many answers that are none yet (RFC 9110 section 15.2) are taken. One after the other, they are never silent and have no end.
const INTERIM_LIMIT: usize = 32;

/// The body of a request.
type Outgoing = UnsyncBoxBody<Bytes, BoxError>;

/// A connection that HTTP/1.1 is spoken over, whatever carries it: a [`Socket`](sim800_session::Socket), [TLS](crate::Tls) over one, or
/// any other stream.
///
/// It needs no executor: it gets on while somebody waits for an answer or reads one. An answer has the connection while it is read; at
/// its end it is where [`send`](Self::send) was told to leave it, if the server takes another request over it.
pub struct Connection {
    sender: SendRequest<Outgoing>,
    work: Work,
    watch: Watch,
    /// Since when it has nothing to do.
    idle_since: Option<Duration>,
}

/// How long a connection is kept with nothing to do. Networks forget it without a word after a while, and what is sent then is waited for in
/// vain.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// Reads from and writes to the stream.
struct Work {
    /// Until it has ended.
    future: Option<BoxFuture<'static, hyper::Result<()>>>,
    /// What it ended with.
    error: Option<hyper::Error>,
}

impl Work {
    fn poll(&mut self, context: &mut Context<'_>) {
        if let Some(future) = &mut self.future
            && let Poll::Ready(result) = future.poll_unpin(context)
        {
            self.error = result.err();
            self.future = None;
        }
    }
}

/// Where a connection is left when an answer was read to its end.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<Option<Connection>>>);

impl Shelf {
    /// Takes what is there.
    #[must_use]
    pub fn take(&self) -> Option<Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, connection: Connection) {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(connection);
        // No lock is held any more.
        drop(before);
    }
}

impl Connection {
    /// Begins to speak HTTP/1.1 over `stream`.
    ///
    /// # Errors
    ///
    /// None is known; nothing was sent.
    pub async fn open<S>(stream: Watched<S>) -> Result<Self, HttpsError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Watched { stream, watch } = stream;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_LIMIT).max_header_size(HEAD_LIMIT).title_case_headers(true);
        let (sender, connection) = builder
            .handshake(FuturesIo::new(stream))
            .await
            .map_err(|error| HttpsError::of_connection(error, Sent::No))?;
        Ok(Self {
            sender,
            work: Work { future: Some(connection.boxed()), error: None },
            watch,
            idle_since: None,
        })
    }

    /// Whether another request may be sent, as far as is known here: the server has not closed it, and it was not kept for more than a
    /// minute.
    pub async fn is_open(&mut self) -> bool {
        let Self { sender, work, watch, idle_since } = self;
        if idle_since.take().is_some_and(|since| watch.runtime.now().saturating_sub(since) > KEPT_FOR) {
            return false;
        }
        let ready = poll_fn(|context| {
            work.poll(context);
            sender.poll_ready(context)
        });
        matches!(watch.bound(ready).await, Ok(Ok(())))
    }

    /// Sends a request and waits for status and headers. Its target is what goes into the request line: a path for a server, a whole URL
    /// for a proxy; it should have a `Host`. The length of its body is told where its [`size_hint`](Body::size_hint) is exact.
    ///
    /// With the end of the answer, the connection is put on `shelf`, if it can be used again.
    ///
    /// # Errors
    ///
    /// [`HttpsError`], whose [`sent`](HttpsError::sent) tells whether the server may have got the request.
    pub async fn send<B>(
        mut self,
        request: Request<B>,
        shelf: &Shelf,
    ) -> Result<Response<Incoming>, HttpsError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let is_head = request.method() == Method::HEAD;
        let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        let interim = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&interim);
        hyper::ext::on_informational(&mut request, move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        if !self.is_open().await {
            return Err(self.failed(None, Sent::No));
        }
        let mut answer = Box::pin(self.sender.try_send_request(request));
        let work = &mut self.work;
        let waited = poll_fn(|context| {
            work.poll(context);
            match answer.as_mut().poll(context).map(Some) {
                Poll::Pending if interim.load(Ordering::Relaxed) > INTERIM_LIMIT => Poll::Ready(None),
                answered => answered,
            }
        });
        let failed = match self.watch.bound(waited).await {
            Ok(Some(Ok(response))) => return self.answered(response, is_head, shelf),
            Ok(Some(Err(failed))) => failed,
            Ok(None) => return Err(HttpsError::in_vain(Vain::Noise, Sent::Unknown)),
            Err(vain) => return Err(HttpsError::in_vain(vain, Sent::Unknown)),
        };
        // The request comes back where nothing of it was written.
        let sent = if failed.message().is_some() { Sent::No } else { Sent::Unknown };
        Err(self.failed(Some(failed.into_error()), sent))
    }

    /// Closes the connection, and lets the server know where the stream has a good-bye. Dropped, it is closed without one.
    pub async fn close(self) {
        let Self { sender, mut work, mut watch, .. } = self;
        drop(sender);
        let closed = poll_fn(|context| {
            work.poll(context);
            if work.future.is_none() { Poll::Ready(()) } else { Poll::Pending }
        });
        // One that is silent is dropped.
        let _ = watch.bound(closed).await;
    }

    /// What went wrong, by what an exchange and what the connection itself ended with.
    fn failed(&mut self, exchange: Option<hyper::Error>, sent: Sent) -> HttpsError {
        // An exchange is just given up when the connection breaks.
        let error = match (exchange, self.work.error.take()) {
            (Some(exchange), Some(_)) if !exchange.is_canceled() && !exchange.is_closed() => Some(exchange),
            (exchange, connection) => connection.or(exchange),
        };
        error.map_or(HttpsError::Closed { sent }, |error| HttpsError::of_connection(error, sent))
    }

    fn answered(
        self,
        mut response: Response<hyper::body::Incoming>,
        is_head: bool,
        shelf: &Shelf,
    ) -> Result<Response<Incoming>, HttpsError> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(HttpsError::Malformed("it changes to a protocol that nobody asked for".into()));
        }
        let has_body =
            !is_head && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
        let length = response.body().size_hint().exact();
        let is_delimited = !has_body || told_end(response.headers_mut(), length)?;
        Ok(response.map(|body| {
            let mut incoming = Incoming { body, connection: Some(self), shelf: shelf.clone(), is_delimited };
            if incoming.body.is_end_stream() {
                incoming.leave();
            }
            incoming
        }))
    }
}

/// Whether headers tell where the body ends, which has `length` octets as far as they say (RFC 9112 section 6.3). They say it once
/// afterwards: of a length beside chunks nothing is left.
fn told_end(headers: &mut HeaderMap, length: Option<u64>) -> Result<bool, HttpsError> {
    if headers.contains_key(TRANSFER_ENCODING) {
        let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
        let is_chunked =
            codings.next().is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
        if !is_chunked || codings.next().is_some() {
            return Err(HttpsError::Malformed("its body is coded as nobody asked for".into()));
        }
        headers.remove(CONTENT_LENGTH);
        return Ok(true);
    }
    let is_told = headers.contains_key(CONTENT_LENGTH);
    if let Some(length) = length.filter(|_| is_told) {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    Ok(is_told)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// The body of an answer, which has the connection until it was read to its end. Dropped before, it closes the connection.
///
/// Its end is that of the answer for certain where the server tells the length or sends it in chunks; else see
/// [`is_delimited`](Self::is_delimited).
#[must_use = "an answer comes only as it is read"]
pub struct Incoming {
    body: hyper::body::Incoming,
    connection: Option<Connection>,
    shelf: Shelf,
    is_delimited: bool,
}

impl Incoming {
    /// Whether the server tells where the body ends. If not, it ends with the connection: that is certain over TLS, which says good-bye,
    /// and not over a socket.
    #[must_use]
    pub fn is_delimited(&self) -> bool {
        self.is_delimited
    }

    /// How many octets there are, where the server has told.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// The connection is not needed any more.
    fn leave(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            connection.watch.rest();
            connection.idle_since = Some(connection.watch.runtime.now());
            if self.is_delimited && !connection.sender.is_closed() {
                self.shelf.put(connection);
            }
        }
    }
}

/// It is fused: after an error or the end nothing comes.
impl Body for Incoming {
    type Data = Bytes;
    type Error = HttpsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpsError>>> {
        let this = &mut *self;
        let Some(connection) = &mut this.connection else { return Poll::Ready(None) };
        connection.work.poll(context);
        let frame = match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let vain = ready!(connection.watch.poll(context));
                this.connection = None;
                return Poll::Ready(Some(Err(HttpsError::in_vain(vain, Sent::Unknown))));
            }
        };
        connection.watch.rest();
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(frame)),
            Some(Err(error)) => {
                let error = connection.failed(Some(error), Sent::Unknown);
                this.connection = None;
                Some(Err(error))
            }
            None => {
                this.leave();
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.connection.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Its octets, without trailers.
impl Stream for Incoming {
    type Item = Result<Bytes, HttpsError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(octets) = frame.into_data() {
                        return Poll::Ready(Some(Ok(octets)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("length", &self.length()).finish_non_exhaustive()
    }
}
