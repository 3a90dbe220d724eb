//! The body of a response, and how it is gone on with when the connection breaks.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures::{StreamExt, TryStreamExt, stream};
use http::header::{ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};
use http::{Request, Response, StatusCode};
use sim800_session::{ContentRange, Offset, Reader, Tail};

use crate::again::Again;
use crate::ask::Ask;
use crate::connection::Incoming;
use crate::error::HttpsError;
use crate::tries::Tries;

/// The answer to a request, with a body that is gone on with where it breaks, as [`Https::send`](crate::Https::send) has it.
///
/// # Errors
///
/// [`HttpsError::Unsupported`] when the target of the request is no URL of HTTP.
pub fn go_on(
    again: Arc<dyn Again>,
    request: &Request<Bytes>,
    response: Response<Incoming>,
) -> Result<Response<Reader<HttpsError>>, HttpsError> {
    Ok(begin(again, Ask::as_it_is(request)?, response))
}

/// A response whose body is gone on with.
pub(crate) fn begin(
    again: Arc<dyn Again>,
    ask: Ask,
    response: Response<Incoming>,
) -> Response<Reader<HttpsError>> {
    let place = Place::of(&ask, &response);
    let (mut head, body) = response.into_parts();
    let total = body.length();
    if let Some(place) = &place {
        head.extensions.insert(Offset(place.first));
    }
    let transfer = Transfer {
        end: End::of(&ask, &head.headers, head.status, &body),
        again: place.as_ref().filter(|place| place.is_known()).map(|_| again),
        ask,
        body: Some(body),
        place: place.unwrap_or_default(),
        handed_out: 0,
        left_out: 0,
        tail: Tail::default(),
        tries: Tries::default(),
    };
    Response::from_parts(head, Reader::new(stream::try_unfold(transfer, Transfer::next).boxed(), total))
}

/// A response whose body is not.
pub(crate) fn begin_once(ask: &Ask, response: Response<Incoming>) -> Response<Reader<HttpsError>> {
    let (head, body) = response.into_parts();
    let total = body.length();
    let end = End::of(ask, &head.headers, head.status, &body);
    let stream = body.chain(stream::iter(end.check(0).err().filter(|_| end.is_lost).map(Err)));
    Response::from_parts(head, Reader::new(stream.boxed(), total))
}

/// What is known of where a body ends.
#[derive(Clone, Copy, Debug)]
struct End {
    /// How many octets headers promise.
    promised: Option<u64>,
    /// Nobody tells it from a break.
    is_lost: bool,
}

impl End {
    fn of(ask: &Ask, headers: &HeaderMap, status: StatusCode, body: &Incoming) -> Self {
        let part = ContentRange::of(headers).filter(|_| status == StatusCode::PARTIAL_CONTENT);
        Self {
            promised: part.and_then(ContentRange::length).or_else(|| body.length()),
            is_lost: !body.is_delimited() && !ask.origin.is_secure,
        }
    }

    /// Whether all came, where so many octets did.
    fn check(self, came: u64) -> Result<(), HttpsError> {
        match self.promised {
            _ if self.is_lost => Err(HttpsError::Undelimited),
            Some(promised) if promised != came => Err(HttpsError::Length { promised, came }),
            _ => Ok(()),
        }
    }
}

/// Which part of which object a body is.
#[derive(Debug, Default)]
struct Place {
    /// Its first octet.
    first: u64,
    /// Its last, where it is a part and that is told.
    last: Option<u64>,
    /// How many octets the object has, where that is told.
    total: Option<u64>,
    tag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
}

impl Place {
    /// That of the body of a response to a GET which can be asked for again.
    fn of(ask: &Ask, response: &Response<Incoming>) -> Option<Self> {
        let headers = response.headers();
        let header = |name| headers.get(name).cloned();
        let (tag, modified) = (header(ETAG), header(LAST_MODIFIED));
        match response.status() {
            _ if !ask.is_get() => None,
            StatusCode::OK => {
                let total = response.body().length();
                Some(Self { first: 0, last: None, total, tag, modified })
            }
            StatusCode::PARTIAL_CONTENT => {
                let ContentRange { octets, total } = ContentRange::of(headers)?;
                let (first, last) = octets.filter(|(first, last)| first <= last)?;
                Some(Self { first, last: Some(last), total, tag, modified })
            }
            _ => None,
        }
    }

    /// Whether anything tells it from another.
    fn is_known(&self) -> bool {
        self.tag.is_some() || self.modified.is_some() || self.total.is_some()
    }

    /// The entity tag, if it is one of octets (RFC 9110 section 8.8.1).
    fn strong_tag(&self) -> Option<&HeaderValue> {
        self.tag.as_ref().filter(|tag| !tag.as_bytes().starts_with(b"W/"))
    }

    /// Whether a body may be of the same object in the same state.
    fn goes_with(&self, other: &Self) -> bool {
        let same = |a: &Option<HeaderValue>, b: &Option<HeaderValue>| a == b;
        let total = self.total.zip(other.total).is_none_or(|(known, told)| known == told);
        total && same(&self.tag, &other.tag) && same(&self.modified, &other.modified)
    }
}

/// A body on its way.
struct Transfer {
    /// What asks for the rest, where that can be had.
    again: Option<Arc<dyn Again>>,
    ask: Ask,
    /// Until it has ended.
    body: Option<Incoming>,
    place: Place,
    end: End,
    handed_out: u64,
    /// How many octets of what comes are left out, before those that have to come again.
    left_out: u64,
    tail: Tail,
    tries: Tries,
}

impl Transfer {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, HttpsError> {
        loop {
            let Some(body) = &mut self.body else { return Ok(None) };
            let error = match body.try_next().await {
                Ok(Some(octets)) => {
                    let Some(new) = self.new_of(octets) else { return Err(self.changed()) };
                    if new.is_empty() {
                        continue;
                    }
                    self.tries.succeeded();
                    self.tail.push(&new);
                    self.handed_out += new.len() as u64;
                    return Ok(Some((new, self)));
                }
                Ok(None) if self.left_out > 0 || !self.tail.is_found() => return Err(self.changed()),
                Ok(None) => {
                    self.end.check(self.handed_out)?;
                    self.body = None;
                    continue;
                }
                Err(error) => error,
            };
            self.body = None;
            self.recover(error).await?;
        }
    }

    /// What of `octets` was not handed out yet; `None` when they are others than were.
    fn new_of(&mut self, mut octets: Bytes) -> Option<Bytes> {
        let left_out = usize::try_from(self.left_out).unwrap_or(usize::MAX).min(octets.len());
        octets.advance(left_out);
        self.left_out -= left_out as u64;
        self.tail.strip(octets)
    }

    /// Asks for the rest after `error`, as often as that is worth while.
    async fn recover(&mut self, mut error: HttpsError) -> Result<(), HttpsError> {
        let Some(again) = self.again.clone() else { return Err(error) };
        loop {
            self.tries.again(&*again, error, Some(self.handed_out)).await?;
            error = match self.ask_again(&*again).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
        }
    }

    async fn ask_again(&mut self, asked: &dyn Again) -> Result<(), HttpsError> {
        let again = u64::from(self.tail.rewind(u64::MAX));
        let position = self.place.first + self.handed_out;
        let from = position - again;
        // From the start, where the object ends there as well, the request is what it was.
        let ask = match (from, self.place.last) {
            (0, None) => self.ask.clone(),
            (from, last) => self.ask.rest(from, last, self.place.strong_tag()),
        };
        let response = asked.ask(ask.request(Bytes::new())).await?;
        let status = response.status();
        let Some(place) = Place::of(&ask, &response) else {
            return Err(match status {
                // It has become shorter than what was handed out.
                StatusCode::RANGE_NOT_SATISFIABLE => self.changed(),
                status => HttpsError::RangeRefused { status: status.as_u16(), position: from },
            });
        };
        if !self.place.goes_with(&place) {
            return Err(self.changed());
        }
        self.left_out = match status {
            // All of it comes; more than that would be another answer than was given.
            StatusCode::OK if self.place.last.is_none() => from,
            _ if place.first == from && (place.last == self.place.last || self.place.last.is_none()) => 0,
            status => return Err(HttpsError::RangeRefused { status: status.as_u16(), position: from }),
        };
        if self.end.promised.is_none() {
            // It goes on to the end of the object, of which only this tells where it is.
            let Some(total) = place.total else {
                return Err(HttpsError::RangeRefused { status: status.as_u16(), position: from });
            };
            self.end.promised = Some(total.saturating_sub(self.place.first));
            self.place.total = Some(total);
        }
        self.body = Some(response.into_body());
        Ok(())
    }

    fn changed(&self) -> HttpsError {
        HttpsError::Changed { position: self.place.first + self.handed_out }
    }
}
