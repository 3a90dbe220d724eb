//! Answers: proper ones for hyper to send, and improper ones written by hand.

use std::convert::Infallible;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use ::http::header::{self, HeaderValue};
use ::http::request::Parts;
use ::http::{Method, Request, Response, StatusCode, Version};
use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;
use smol::stream;

use super::super::{lock, reset};
use super::State;
use super::resource::{Part, Resource};
use super::route::{Delivery, Route};

const TEXT: &str = "text/plain; charset=utf-8";
const UNKNOWN: &str = "application/octet-stream";

/// Octets per chunk of a chunked body: an odd number, so that chunks never fall on a reader's own blocks.
const CHUNK: usize = 1021;

/// Pieces per second of a slow body.
const PIECES: u32 = 10;

/// What a request is answered with.
pub(super) enum Answer {
    Proper(Response<UnsyncBoxBody<Bytes, Infallible>>),
    Improper(Improper),
}

/// Octets as they are, and how the connection ends after them.
pub(super) struct Improper {
    octets: [Bytes; 2],
    end: End,
}

enum End {
    Close,
    Reset,
    Stall,
}

impl Improper {
    pub(super) async fn send(self, mut stream: TcpStream) -> io::Result<()> {
        for octets in &self.octets {
            stream.write_all(octets).await?;
        }
        match self.end {
            End::Close => stream.close().await?,
            End::Reset => reset(stream),
            // Until the client gives up.
            End::Stall => while stream.read(&mut [0; 64]).await? > 0 {},
        }
        Ok(())
    }
}

/// Reads the request to its end, records it and answers it.
pub(super) async fn answer(state: &Mutex<State>, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let limit = lock(state).limits.stored;
    let body = match collect(body, limit).await {
        Ok(Some(body)) => body,
        Ok(None) => return whole(status(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => return whole(status(StatusCode::BAD_REQUEST)),
    };
    let mut state = lock(state);
    state.record(&parts, &body);
    match Route::from(parts.uri.path()) {
        Route::Resource(path, delivery) => {
            let response = state.resource(path, &parts, body);
            if !response.status().is_success() {
                return whole(response);
            }
            let delivery = match delivery {
                None if parts.method == Method::GET => state.deliver_next.take(),
                delivery => delivery,
            };
            deliver(response, &parts.method, delivery.unwrap_or(Delivery::Whole))
        }
        Route::Status(code) => whole(status(code)),
        Route::Redirect { hops: 0 } => whole(text(StatusCode::OK, "arrived\n")),
        Route::Redirect { hops } => whole(state.redirect(&format!("/redirect/{}", hops - 1))),
        Route::Loop => whole(state.redirect("/loop")),
        Route::Headers => whole(text(StatusCode::OK, head_of(&parts))),
        Route::Echo => {
            let content_type = parts.headers.get(header::CONTENT_TYPE).cloned();
            whole(with_type(content_type.unwrap_or(HeaderValue::from_static(UNKNOWN)), body))
        }
        Route::Silence => raw(b"", End::Stall),
        Route::Reset => raw(b"", End::Reset),
        Route::Garbage => raw(b"220 this is no HTTP\r\n\x00\xff\r\n", End::Close),
    }
}

/// The body, or `None` if it is longer than the limit: then it is read to its end all the same, because a
/// connection closed on unread octets is reset, and the answer lost with it.
async fn collect(mut body: Incoming, limit: usize) -> Result<Option<Bytes>, hyper::Error> {
    let mut collected = BytesMut::new();
    let mut fits = true;
    while let Some(frame) = body.frame().await {
        if let Ok(octets) = frame?.into_data() {
            fits &= collected.len() + octets.len() <= limit;
            if fits {
                collected.extend_from_slice(&octets);
            }
        }
    }
    Ok(fits.then(|| collected.freeze()))
}

impl State {
    fn record(&mut self, parts: &Parts, body: &Bytes) {
        let mut request = Request::new(body.clone());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = parts.uri.clone();
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers.clone();
        let fields: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        self.record.push(fields + body.len(), request);
    }

    fn redirect(&self, path: &str) -> Response<Bytes> {
        let mut response = status(StatusCode::FOUND);
        if let Ok(location) = HeaderValue::try_from(format!("http://{}{path}", self.address)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }

    fn resource(&mut self, path: &str, request: &Parts, body: Bytes) -> Response<Bytes> {
        match request.method {
            Method::GET | Method::HEAD => match self.resources.find(path) {
                Some(resource) if self.ranges => part(resource, Part::asked(&request.headers, resource)),
                Some(resource) => part(resource, Part::Whole),
                None => status(StatusCode::NOT_FOUND),
            },
            Method::PUT | Method::POST if !self.resources.has_room(path, &body, self.limits.stored) => {
                status(StatusCode::INSUFFICIENT_STORAGE)
            }
            Method::PUT | Method::POST => {
                let length = body.len();
                let content_type =
                    request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
                let created = self.resources.put(path, content_type.unwrap_or(UNKNOWN), body);
                let put_anew = created && request.method == Method::PUT;
                let code = if put_anew { StatusCode::CREATED } else { StatusCode::OK };
                text(code, format!("{length} octets stored\n"))
            }
            Method::DELETE if self.resources.remove(path) => status(StatusCode::NO_CONTENT),
            Method::DELETE => status(StatusCode::NOT_FOUND),
            _ => {
                let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
                let allowed = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
                response.headers_mut().insert(header::ALLOW, allowed);
                response
            }
        }
    }
}

fn part(resource: &Resource, part: Part) -> Response<Bytes> {
    let length = resource.body.len();
    let (code, body, range) = match part {
        Part::Whole => (StatusCode::OK, resource.body.clone(), None),
        Part::Range(range) => {
            let content = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, resource.body.slice(range), Some(content))
        }
        Part::Unsatisfiable => {
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), Some(format!("bytes */{length}")))
        }
    };
    let content_type = HeaderValue::try_from(&resource.content_type);
    let mut response = with_type(content_type.unwrap_or(HeaderValue::from_static(UNKNOWN)), body);
    *response.status_mut() = code;
    let etag = HeaderValue::try_from(&resource.etag).ok();
    let range = range.and_then(|range| HeaderValue::try_from(range).ok());
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.extend(etag.map(|etag| (header::ETAG, etag)));
    headers.extend(range.map(|range| (header::CONTENT_RANGE, range)));
    response
}

fn with_type(content_type: HeaderValue, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

fn text(code: StatusCode, text: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = with_type(HeaderValue::from_static(TEXT), text.into());
    *response.status_mut() = code;
    response
}

/// An answer that says its status, where a body is allowed.
fn status(code: StatusCode) -> Response<Bytes> {
    match code {
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = code;
            response
        }
        _ => text(code, format!("{code}\n")),
    }
}

/// The request's line and header fields, as lines.
fn head_of(request: &Parts) -> Bytes {
    let mut head = format!("{} {} {:?}\r\n", request.method, request.uri, request.version).into_bytes();
    fields_of(&request.headers, &mut head);
    head.into()
}

fn fields_of(headers: &header::HeaderMap, head: &mut Vec<u8>) {
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
}

fn raw(octets: &'static [u8], end: End) -> Answer {
    Answer::Improper(Improper { octets: [Bytes::from_static(octets), Bytes::new()], end })
}

fn whole(response: Response<Bytes>) -> Answer {
    Answer::Proper(response.map(|body| Full::new(body).boxed_unsync()))
}

fn deliver(mut response: Response<Bytes>, method: &Method, delivery: Delivery) -> Answer {
    let length = response.body().len();
    let (after, end) = match delivery {
        Delivery::Whole => return whole(response),
        Delivery::Chunked => return Answer::Proper(response.map(|body| pieces(body, CHUNK, Duration::ZERO))),
        Delivery::Slow { rate } => {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
            let piece = rate.get().div_ceil(PIECES);
            let pause = Duration::from_secs(1) * piece / rate.get();
            let piece = usize::try_from(piece).unwrap_or(usize::MAX);
            return Answer::Proper(response.map(|body| pieces(body, piece, pause)));
        }
        Delivery::Unframed => (length, End::Close),
        Delivery::Reset { after } => (after, End::Reset),
        Delivery::Truncated { after } => (after, End::Close),
        Delivery::Stall { after } => (after, End::Stall),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if delivery != Delivery::Unframed {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    let mut head = format!("{:?} {}\r\n", Version::HTTP_11, response.status()).into_bytes();
    fields_of(response.headers(), &mut head);
    head.extend_from_slice(b"\r\n");
    let after = if method == Method::HEAD { 0 } else { after.min(length) };
    Answer::Improper(Improper { octets: [head.into(), response.into_body().slice(..after)], end })
}

/// A body of unknown length, in pieces with a pause before each.
fn pieces(body: Bytes, length: usize, pause: Duration) -> UnsyncBoxBody<Bytes, Infallible> {
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        if !pause.is_zero() {
            smol::Timer::after(pause).await;
        }
        let piece = rest.split_to(length.min(rest.len()));
        Some((Ok(Frame::data(piece)), rest))
    });
    StreamBody::new(pieces).boxed_unsync()
}
