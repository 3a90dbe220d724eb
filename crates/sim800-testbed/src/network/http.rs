//! HTTP as the module speaks it: one request per connection, nothing kept.
//!
//! hyper's connection level is used, so that each step is ours and fails with the code of its own: a name that does not resolve is
//! 603, a connection that fails or breaks 601, an answer that is not HTTP 600, a TLS channel that cannot be set up 605, and one that
//! the server ends with an alert 606.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use sim800_emulator::{HttpFailure, HttpMethod, HttpRequest, NetworkEvent, Url};
use smol::io::{AsyncRead, AsyncWrite};
use smol_hyper::rt::FuturesIo;

use super::{Events, connect, resolve, tls};

/// How many redirections are followed; the answer to the last request is the result then.
const REDIRECTIONS: usize = 10;

/// The octets of a request body that are handed over at a time; the progress is told in these steps.
const PIECE: usize = 4096;

/// What hyper keeps at most of a request that the network does not take, and of a header block. Little, so that the progress is real.
const BUFFER: usize = 64 * 1024;

/// A complete answer.
pub(super) struct Answer {
    status: StatusCode,
    head: Bytes,
    body: Bytes,
}

impl From<Answer> for NetworkEvent {
    fn from(answer: Answer) -> Self {
        Self::HttpDone { status: answer.status.as_u16(), head: answer.head, body: answer.body }
    }
}

/// Performs a request, and those it is redirected to.
pub(super) async fn perform(request: &HttpRequest, events: &Events) -> Result<Answer, HttpFailure> {
    // What is no address at all has no server that could be found.
    let mut url = Url::parse(&request.url).ok_or(HttpFailure::Dns)?;
    let mut method = match request.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Delete => Method::DELETE,
    };
    let mut redirections = if request.redirect { REDIRECTIONS } else { 0 };
    loop {
        let step = exchange(request, &method, &url, redirections > 0, events).await?;
        let (status, location) = match step {
            Step::Done(answer) => return Ok(answer),
            Step::Redirect(status, location) => (status, location),
        };
        redirections -= 1;
        url = url.join(&location).ok_or(HttpFailure::Network)?;
        if redirects_to_get(status, &method) {
            method = Method::GET;
        }
    }
}

enum Step {
    Done(Answer),
    Redirect(StatusCode, String),
}

/// One request on one connection.
async fn exchange(
    request: &HttpRequest,
    method: &Method,
    url: &Url,
    follow: bool,
    events: &Events,
) -> Result<Step, HttpFailure> {
    // `https` is spoken only after `AT+HTTPSSL=1`, wherever a redirection leads. How a module reaches it through a proxy is not known.
    if url.tls && (!request.tls || request.proxy.is_some()) {
        return Err(HttpFailure::SslSetup);
    }
    let message = message(request, method, url, events)?;
    let (host, port) = match &request.proxy {
        Some((host, port)) => (host.as_str(), *port),
        None => (url.host.as_str(), url.port),
    };
    let addresses = resolve(host, port).await.map_err(|_| HttpFailure::Dns)?;
    let stream = connect(&addresses).await.map_err(|_| HttpFailure::Network)?;
    if url.tls {
        let stream = tls::connect(stream, &url.host, request.check_certificate).await?;
        converse(stream, message, request.limit, follow, events).await
    } else {
        converse(stream, message, request.limit, follow, events).await
    }
}

/// A request and its answer on a connection.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    message: Request<Upload>,
    limit: usize,
    follow: bool,
    events: &Events,
) -> Result<Step, HttpFailure> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(BUFFER)
        .handshake(FuturesIo::new(stream))
        .await
        .map_err(|error| failure(&error))?;

    alongside(connection, async {
        let response = sender.send_request(message).await.map_err(|error| failure(&error))?;
        if follow && let Some(location) = location(&response) {
            return Ok(Step::Redirect(response.status(), location));
        }
        let (status, head) = (response.status(), head(&response));
        let body = body(response.into_body(), limit, events).await?;
        Ok(Step::Done(Answer { status, head, body }))
    })
    .await
}

/// The request as it goes over the network.
fn message(
    request: &HttpRequest,
    method: &Method,
    url: &Url,
    events: &Events,
) -> Result<Request<Upload>, HttpFailure> {
    let target = if request.proxy.is_some() { url.absolute() } else { url.target.clone() };
    let body = if *method == Method::POST { request.body.clone() } else { Bytes::new() };
    let mut builder = Request::builder()
        .method(method)
        .uri(target)
        .header(header::HOST, url.authority())
        .header(header::USER_AGENT, &request.user_agent)
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close");
    if let Some((first, last)) = request.range {
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        builder = builder.header(header::RANGE, format!("bytes={first}-{last}"));
    }
    if *method == Method::POST {
        // hyper leaves it out where the body is empty, and some servers then take the request for one without a body.
        builder = builder.header(header::CONTENT_LENGTH, body.len());
    }
    if let (Some(content_type), true) = (&request.content_type, *method == Method::POST) {
        builder = builder.header(header::CONTENT_TYPE, content_type);
    }
    let mut message = builder
        .body(Upload { rest: body, sent: 0, events: events.clone() })
        .map_err(|_| HttpFailure::Network)?;
    let ours = message.headers().clone();
    for (name, value) in &request.headers {
        // A line that is none cannot be sent; a server would not take it either.
        let name = HeaderName::try_from(name).map_err(|_| HttpFailure::Network)?;
        let value = HeaderValue::try_from(value).map_err(|_| HttpFailure::Network)?;
        if ours.contains_key(&name) {
            message.headers_mut().insert(name, value);
        } else {
            message.headers_mut().append(name, value);
        }
    }
    Ok(message)
}

/// The body of a request, telling how far it has come.
struct Upload {
    rest: Bytes,
    sent: u64,
    events: Events,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.sent += length as u64;
        self.events.mention(NetworkEvent::HttpSent { sent: self.sent });
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Collects a body, telling how far it has come.
async fn body(mut body: Incoming, limit: usize, events: &Events) -> Result<Bytes, HttpFailure> {
    let total = body.size_hint().exact();
    if total.is_some_and(|total| total > limit as u64) {
        return Err(HttpFailure::TooLarge);
    }
    let mut received = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(octets) = frame.map_err(|error| failure(&error))?.into_data() else { continue };
        if received.len() + octets.len() > limit {
            return Err(HttpFailure::TooLarge);
        }
        received.extend_from_slice(&octets);
        events.mention(NetworkEvent::HttpProgress { received: received.len() as u64, total });
    }
    Ok(received.freeze())
}

/// The header block, for `AT+HTTPHEAD`. hyper forgets how names were written; this is how most servers do.
fn head<B>(response: &Response<B>) -> Bytes {
    let mut head = format!("{:?} {}", response.version(), response.status().as_str()).into_bytes();
    let reason = match response.extensions().get::<ReasonPhrase>() {
        Some(reason) => reason.as_bytes(),
        None => response.status().canonical_reason().unwrap_or_default().as_bytes(),
    };
    head.push(b' ');
    head.extend_from_slice(reason);
    head.extend_from_slice(b"\r\n");
    for (name, value) in response.headers() {
        let mut start = true;
        for octet in name.as_str().bytes() {
            head.push(if start { octet.to_ascii_uppercase() } else { octet });
            start = octet == b'-';
        }
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head.into()
}

/// Where an answer sends us.
fn location<B>(response: &Response<B>) -> Option<String> {
    use StatusCode as S;
    match response.status() {
        S::MOVED_PERMANENTLY | S::FOUND | S::SEE_OTHER | S::TEMPORARY_REDIRECT | S::PERMANENT_REDIRECT => {
            let location = response.headers().get(header::LOCATION)?;
            Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
        }
        _ => None,
    }
}

/// Whether a redirected request becomes a GET, as browsers have it (RFC 9110, 15.4).
fn redirects_to_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::SEE_OTHER => *method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        _ => false,
    }
}

fn failure(error: &hyper::Error) -> HttpFailure {
    if error.is_parse() {
        HttpFailure::NotHttp
    } else if tls::is_alert(error) {
        HttpFailure::SslAlert
    } else {
        HttpFailure::Network
    }
}

/// Awaits `work` while the connection, which does not move by itself, is driven beside it.
async fn alongside<T>(
    connection: impl Future<Output = hyper::Result<()>>,
    work: impl Future<Output = Result<T, HttpFailure>>,
) -> Result<T, HttpFailure> {
    let mut connection = pin!(connection);
    let mut work = pin!(work);
    let mut end = Poll::Pending;
    std::future::poll_fn(|cx| {
        if end.is_pending() {
            end = connection.as_mut().poll(cx);
        }
        work.as_mut().poll(cx).map_err(|failure_of_work| match &end {
            // What ends the connection is told to the request as well, but not always why.
            Poll::Ready(Err(error)) if failure_of_work == HttpFailure::Network => failure(error),
            _ => failure_of_work,
        })
    })
    .await
}
