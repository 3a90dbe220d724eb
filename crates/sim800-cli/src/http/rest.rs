//! What is missing of a file that broke off, asked for and compared with what is there.

use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http::header::{ETAG, LAST_MODIFIED, RANGE};
use http::response::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use sim800_session::Offset;

use super::plan::range_header;
use super::watch::Watch;
use crate::companion::Origin;
use crate::failure::Failure;
use crate::place::Remnant;
use crate::range::{Range, refuse_a_part};
use crate::resume::take_off;
use crate::way::{Body, Way, WayError};

/// What came when what is missing was asked for.
pub(super) struct Rest {
    pub(super) head: Parts,
    pub(super) origin: Origin,
    /// The position of the first octet of `body`.
    pub(super) from: u64,
    /// How many octets came before it to be compared with what is there.
    pub(super) compared: u64,
    pub(super) body: BoxStream<'static, Result<Bytes, WayError>>,
}

impl Rest {
    /// Nothing is there that it goes behind.
    fn whole(url: &str, response: Response<Body>) -> Self {
        let origin = origin(url, &response, 0);
        let (head, body) = response.into_parts();
        Self { head, origin, from: 0, compared: 0, body: body.boxed() }
    }
}

/// Asks for what is missing, or for all of it when that does not go with what is there.
pub(super) async fn ask_for_the_rest(
    way: &Way,
    request: &Request<Bytes>,
    url: &str,
    remnant: Option<&Remnant>,
    watch: &Watch<'_>,
) -> Result<Rest, Failure> {
    if let Some(there) = remnant {
        let awaited = &there.end[..];
        let asked = there.octets - awaited.len() as u64;
        let mut rest = request.clone();
        let range = Range { first: asked, last: None };
        if asked > 0 {
            rest.headers_mut().insert(RANGE, range_header(range)?);
        }
        let mut response = watch.send(way, rest).await?;
        let status = response.status();
        // Of what was not asked for in part, all comes.
        let told = response.extensions().get().map(|Offset(offset)| *offset);
        let first = if asked == 0 { Some(0) } else { told };
        match first {
            // There is no rest: what is there is of something else.
            _ if status == StatusCode::RANGE_NOT_SATISFIABLE => {}
            _ if !status.is_success() => return Ok(Rest::whole(url, response)),
            Some(first) if range.is_short_in(&response, first) => {}
            Some(first)
                if first == asked
                    && there.origin.goes_with(&origin(url, &response, first))
                    && !is_newer(&response, there.complete_since) =>
            {
                let origin = origin(url, &response, first);
                if let Some(behind) = take_off(response.body_mut(), awaited).await? {
                    let (head, body) = response.into_parts();
                    let body = stream::iter([Ok(behind)]).chain(body).boxed();
                    let compared = awaited.len() as u64;
                    return Ok(Rest { head, origin, from: there.octets, compared, body });
                }
            }
            Some(0) => return Ok(Rest::whole(url, response)),
            _ => {}
        }
    }
    let response = watch.send(way, request.clone()).await?;
    if !request.headers().contains_key(RANGE) {
        refuse_a_part(&response)?;
    }
    Ok(Rest::whole(url, response))
}

/// Whether the object has changed since a file was completed, as far as the server tells.
fn is_newer(response: &Response<Body>, since: Option<SystemTime>) -> bool {
    last_modified(response.headers()).zip(since).is_some_and(|(modified, since)| modified > since)
}

pub(super) fn last_modified(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(LAST_MODIFIED)?.to_str().ok()?).ok()
}

/// What the body of a response is a part of, that begins at the octet `from`.
fn origin(url: &str, response: &Response<Body>, from: u64) -> Origin {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    // A weak tag does not tell octets apart (RFC 9110 section 8.8.1).
    let validator = header(ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| header(LAST_MODIFIED));
    Origin {
        url: url.to_owned(),
        size: response.body().total().map(|rest| from + rest),
        validator: validator.map(str::to_owned),
    }
}
