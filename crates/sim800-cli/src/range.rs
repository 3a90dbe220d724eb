//! A part of an object, by its octets, and what servers make of being asked for one.

use bytes::{Buf, Bytes};
use futures::stream::{self, Stream, TryStreamExt};
use http::header::{CONTENT_RANGE, HeaderValue, InvalidHeaderValue};
use http::{Response, StatusCode};
use sim800_session::{Body, HttpError};

use crate::failure::Failure;

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

    /// How many octets of the body have to be left out because the server sent more than was asked for; `None` when it did
    /// not, as far as can be told.
    pub(crate) fn excess(self, response: &Response<Body>) -> Result<Option<u64>, Failure> {
        let total = response.body().total();
        if total.is_some() && total == self.length() && response.headers().is_empty() {
            // With firmware that shows no headers, that it is as much as was asked for is all that tells.
            return Ok(None);
        }
        let longer = total.zip(self.length()).is_some_and(|(total, length)| total > length);
        let from = match first_octet(response, self.first) {
            Some(from) => from,
            None if longer => 0,
            None => return Ok(None),
        };
        let excess = self.first.checked_sub(from).ok_or_else(|| {
            let message =
                format!("asked for octet {} and what follows, the server sent it from {from} on", self.first);
            Failure::new("incomplete", message)
        })?;
        match total {
            Some(total) if excess > 0 && excess >= total => {
                let message = format!("there is no octet {} in the {total} that the server sent", self.first);
                Err(Failure::new("incomplete", message))
            }
            _ => Ok((excess > 0 || longer).then_some(excess)),
        }
    }

    /// What of `body` belongs to it, behind `excess` octets that do not.
    pub(crate) fn cut(self, body: Body, excess: u64) -> impl Stream<Item = Result<Bytes, HttpError>> + Send {
        let left = self.length().unwrap_or(u64::MAX);
        stream::try_unfold((body, excess, left), |(mut body, mut excess, mut left)| async move {
            while left > 0 {
                let Some(mut octets) = body.try_next().await? else { break };
                let skipped = octets.len().min(usize::try_from(excess).unwrap_or(usize::MAX));
                octets.advance(skipped);
                excess -= skipped as u64;
                octets.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                left -= octets.len() as u64;
                if !octets.is_empty() {
                    return Ok(Some((octets, (body, excess, left))));
                }
            }
            Ok(None)
        })
    }
}

/// The position of the first octet of what came when those from `asked` on were; `None` when that cannot be told, by firmware
/// that shows no headers. The status says little: the module of application note 3.7 tells 200 where servers say 206.
pub(crate) fn first_octet(response: &Response<Body>, asked: u64) -> Option<u64> {
    if let Some(range) = response.headers().get(CONTENT_RANGE) {
        return range.to_str().ok()?.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok();
    }
    if response.status() == StatusCode::PARTIAL_CONTENT {
        return Some(asked);
    }
    (!response.headers().is_empty()).then_some(0)
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
