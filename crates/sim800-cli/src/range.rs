//! A part of an object, by its octets, and what servers make of being asked for one.

use bytes::{Buf, Bytes};
use futures::stream::{self, Stream, TryStreamExt};
use http::header::{CONTENT_RANGE, HeaderValue, InvalidHeaderValue};
use http::{Response, StatusCode};
use sim800_session::{Offset, Skipped};

use crate::failure::Failure;
use crate::way::{Body, WayError};

/// Octets counted from 0, both ends included; up to the end of the object without the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u64,
    pub(crate) last: Option<u64>,
}

impl Range {
    /// `FROM-TO` or `FROM-`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let refusal = || Failure::usage("a range is written FROM-TO, as in 0-999, or FROM- up to the end");
        let number = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok());
        let (first, last) = text.split_once('-').ok_or_else(refusal)?;
        let first = number(first).flatten().ok_or_else(refusal)?;
        let last = match last {
            "" => None,
            last => Some(number(last).flatten().filter(|last| first <= *last).ok_or_else(refusal)?),
        };
        Ok(Self { first, last })
    }

    pub(crate) fn header(self) -> Result<HeaderValue, InvalidHeaderValue> {
        let last = self.last.map(|last| last.to_string()).unwrap_or_default();
        HeaderValue::try_from(format!("bytes={}-{last}", self.first))
    }

    /// How many octets it has, where its end is given.
    fn length(self) -> Option<u64> {
        self.last.map(|last| (last - self.first).saturating_add(1))
    }

    /// What has to be cut off from what the server sent.
    pub(crate) fn cut_out_of(self, response: &Response<Body>) -> Result<Cut, Failure> {
        let Some(Offset(from)) = response.extensions().get() else {
            let message = "the server sent a part of the object without saying which";
            return Err(Failure::new("incomplete", message));
        };
        let before = self.first.checked_sub(*from).ok_or_else(|| {
            let message = format!(
                "byte {} and what follows was asked for, but the server began at byte {from}",
                self.first
            );
            Failure::new("incomplete", message)
        })?;
        let total = response.body().total();
        match total {
            Some(total) if before > 0 && before >= total => {
                let message = format!("the server sent {total} bytes, so there is no byte {}", self.first);
                Err(Failure::new("incomplete", message))
            }
            _ if self.is_short_in(response, *from) => {
                let message = "the server sent less than it was asked for, although it has more";
                Err(Failure::new("incomplete", message))
            }
            _ => {
                // Of a single octet, the next was asked for, too.
                let asked = self.length().map(|length| length.max(2));
                let is_longer = total.zip(asked).is_some_and(|(total, asked)| total > asked);
                let is_behind_more = before > 0 || response.extensions().get::<Skipped>().is_some();
                Ok(Cut { before, is_more_than_asked: is_behind_more || is_longer })
            }
        }
    }

    /// Whether the server sent less than it said that it has of this, from the octet `from` on.
    pub(crate) fn is_short_in(self, response: &Response<Body>, from: u64) -> bool {
        let end = size_of_the_whole(response)
            .map(|size| self.last.map_or(size, |last| size.min(last.saturating_add(1))));
        let sent = response.body().total().map(|total| from.saturating_add(total));
        sent.zip(end).is_some_and(|(sent, end)| sent < end)
    }

    /// What of `body` belongs to it, behind `before` octets that do not.
    pub(crate) fn cut(self, body: Body, before: u64) -> impl Stream<Item = Result<Bytes, WayError>> + Send {
        let left = self.length().unwrap_or(u64::MAX);
        stream::try_unfold((body, before, left), |(mut body, mut before, mut left)| async move {
            while left > 0 {
                let Some(mut octets) = body.try_next().await? else { break };
                let skipped = octets.len().min(usize::try_from(before).unwrap_or(usize::MAX));
                octets.advance(skipped);
                before -= skipped as u64;
                octets.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                left -= octets.len() as u64;
                if !octets.is_empty() {
                    return Ok(Some((octets, (body, before, left))));
                }
            }
            Ok(None)
        })
    }
}

/// Refuses a part of an object where no part was asked for.
pub(crate) fn refuse_a_part(response: &Response<Body>) -> Result<(), Failure> {
    let is_whole = matches!(response.extensions().get(), Some(Offset(0)))
        && response.body().total().is_some_and(|total| size_of_the_whole(response) == Some(total));
    // A module may tell 200 where the server said 206 (application note 3.7).
    let is_part =
        response.status() == StatusCode::PARTIAL_CONTENT || response.headers().contains_key(CONTENT_RANGE);
    if is_part && !is_whole {
        let message = "the server sent a part of the object, although all of it was asked for";
        return Err(Failure::new("incomplete", message));
    }
    Ok(())
}

/// How many octets the object has of which a part was sent, where the server tells (RFC 9110 section 14.4).
fn size_of_the_whole(response: &Response<Body>) -> Option<u64> {
    let told = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    told.rsplit_once('/')?.1.trim().parse().ok()
}

/// What has to be cut off from what a server sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// How many octets come before the range.
    pub(crate) before: u64,
    /// Whether the server sent more than it was asked for.
    pub(crate) is_more_than_asked: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked() {
        let header = |text: &str| Range::parse(text).unwrap().header().unwrap();
        assert_eq!(header("0-999"), "bytes=0-999");
        assert_eq!(header("1000-"), "bytes=1000-");
        for range in ["", "-", "-5", "9-5", "a-b", "1-2,4-5", "0x1-2", "+1-2", "1-99999999999999999999"] {
            assert!(Range::parse(range).is_err(), "{range}");
        }
        let whole = Range::parse("0-18446744073709551615").unwrap();
        assert_eq!(whole.length(), Some(u64::MAX), "one octet less than it has, which no server has either");
    }
}
