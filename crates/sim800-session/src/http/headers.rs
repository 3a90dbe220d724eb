//! What the headers of a response say of its body.

use core::str;

use crate::message::header::{
    CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, TRANSFER_ENCODING,
};
use sim800_command::HttpStatus;

/// What the module has of the head of a response.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The server's status; some firmware tells 200 of a part (application note 3.7).
    status: Option<u16>,
    pub(super) headers: HeaderMap,
}

impl Head {
    /// The status of a response of which the module `told` one.
    pub(super) fn status(&self, told: HttpStatus) -> HttpStatus {
        match (told.0, self.status) {
            (200, Some(206)) => HttpStatus(206),
            _ => told,
        }
    }
}

/// Reads a header block, if there is one. After redirections the last one counts; a line that is no header is left out.
pub(super) fn read(block: &[u8]) -> Option<Head> {
    let mut head = Head::default();
    for line in block.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii) {
        if line.starts_with(b"HTTP/") {
            let status = line.split(u8::is_ascii_whitespace).nth(1);
            let status = status.and_then(|status| str::from_utf8(status).ok()?.parse().ok());
            head = Head { status, ..Head::default() };
            continue;
        }
        let Some(colon) = line.iter().position(|octet| *octet == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            head.headers.append(name, value);
        }
    }
    (!block.is_empty()).then_some(head)
}

/// Whether something is missing that servers tell of the body of a response, with a part of an object where it is. The line may have
/// damaged its name.
pub(super) fn lack(headers: &HeaderMap, is_part: bool) -> bool {
    match ContentRange::of(headers) {
        Some(_) => false,
        None => is_part || (!headers.contains_key(TRANSFER_ENCODING) && content_length(headers).is_none()),
    }
}

/// Whether their validator is of octets: no weak tag, and no date, within which an object may change (RFC 9110 section 8.8.1).
pub(super) fn is_strong(headers: &HeaderMap) -> bool {
    headers.get(ETAG).is_some_and(|tag| !tag.as_bytes().starts_with(b"W/"))
}

/// What tells one state of an object from another.
pub(super) fn validator(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(ETAG).or_else(|| headers.get(LAST_MODIFIED))
}

/// What `Content-Range` tells (RFC 9110 section 14.4), counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "all that the header has")]
pub struct ContentRange {
    /// First octet and last; none in the answer to what cannot be satisfied.
    pub octets: Option<(u64, u64)>,
    /// Octets of the whole object, where the server knows.
    pub total: Option<u64>,
}

impl ContentRange {
    /// That of a response with these headers; `None` where there is none in octets.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(CONTENT_RANGE)?.to_str().ok()?;
        let (unit, value) = value.split_once(' ')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (range, total) = value.split_once('/')?;
        let octets = range
            .split_once('-')
            .and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
        Some(Self { octets, total: total.trim().parse().ok() })
    }

    /// The first octet.
    pub(super) fn first(self) -> Option<u64> {
        self.octets.map(|(first, _)| first)
    }

    /// How many octets it names.
    #[must_use]
    pub fn length(self) -> Option<u64> {
        self.octets.and_then(|(first, last)| last.checked_sub(first)?.checked_add(1))
    }
}

/// How many octets the headers of a response promise: as the part of `Content-Range`, and as its `Content-Length`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Promise([Option<u64>; 2]);

impl Promise {
    /// That of a response with this status. A transfer encoding leaves `Content-Length` without meaning, and so do responses
    /// without a body (RFC 9110 section 8.6, RFC 9112 section 6.3).
    pub(super) fn of(status: HttpStatus, headers: &HeaderMap) -> Self {
        let part = ContentRange::of(headers).filter(|_| status.0 == 206).and_then(ContentRange::length);
        let whole = content_length(headers).filter(|_| !matches!(status.0, 204 | 304));
        Self([part, whole])
    }

    /// How many octets it says, where that is something else than what `came`.
    pub(super) fn broken_by(self, came: u32) -> Option<u64> {
        self.0.into_iter().flatten().find(|promised| *promised != u64::from(came))
    }
}

/// Whether the headers say as well that so many octets came.
pub(super) fn confirms(headers: &HeaderMap, came: u32) -> bool {
    content_length(headers) == Some(u64::from(came))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    // Some servers say the same twice, which is the same; what differs says nothing.
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter().map(length);
    let first = lengths.next()??;
    lengths.all(|other| other == Some(first)).then_some(first)
}

fn length(value: &HeaderValue) -> Option<u64> {
    let mut lengths = value.to_str().ok()?.split(',').map(|length| length.trim().parse().ok());
    let first = lengths.next()??;
    lengths.all(|other| other == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_block_is_read_whatever_is_in_it() {
        let block = b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"a:b\"\r\nno header\r\nbad name: x\r\nX-A:1\r\nX-A: 2\r\n\r\n";
        let Head { status, headers } = read(block).expect("headers");
        assert_eq!(status, Some(200));
        assert_eq!(headers.get("etag").map(HeaderValue::as_bytes), Some(&b"\"a:b\""[..]));
        assert_eq!(headers.get_all("x-a").iter().count(), 2);
        assert_eq!(headers.len(), 3, "of the last block alone");
        assert!(read(b"\x00\xff").is_some_and(|head| head.headers.is_empty() && head.status.is_none()));
        assert!(read(b"").is_none());
    }

    #[test]
    fn headers_lack_what_the_line_has_damaged() {
        let lack = |block: &[u8], is_part| lack(&read(block).expect("headers").headers, is_part);
        for (block, lacks, lacks_of_part) in [
            (&b"HTTP/1.1 200\r\nContent-Length: 2\r\n"[..], false, true),
            (b"Transfer-Encoding: chunked\r\n", false, true),
            (b"Content-Range: bytes 1-2/9\r\n", false, false),
            (b"Content-Length: 2\r\nContent-Ringe: bytes 1-2/9\r\n", false, true),
            (b"\x03ontent-Length: 2\r\n", true, true),
            (b"Content-Lengdh: 2\r\n", true, true),
            (b"Content-Length:!2\r\n", true, true),
        ] {
            let shown = block.escape_ascii();
            assert_eq!((lack(block, false), lack(block, true)), (lacks, lacks_of_part), "{shown}");
        }
    }

    #[test]
    fn a_promise_is_what_has_a_meaning() {
        let broken = |status, block: &str, came| {
            Promise::of(HttpStatus(status), &read(block.as_bytes()).expect("headers").headers).broken_by(came)
        };
        for (status, block) in [
            (200, "Content-Length: 10"),
            (404, "content-LENGTH:10"),
            (200, "Content-Length: 10\nContent-Encoding: gzip"),
            (200, "Content-Length: 10, 10\nContent-Length: 10"),
            (206, "Content-Range: Bytes 5-14/100\nContent-Length: 10"),
            (206, "Content-Range: bytes 5-14/*\nTransfer-Encoding: chunked"),
        ] {
            assert_eq!(broken(status, block, 10), None, "{block}");
            assert_eq!(broken(status, block, 9), Some(10), "{block}");
        }
        let two = "Content-Range: bytes 5-14/100\nContent-Length: 0";
        assert_eq!((broken(206, two, 10), broken(206, two, 0)), (Some(0), Some(10)));
        for nothing in [
            "Content-Length: 10\nTransfer-Encoding: chunked",
            "Content-Length: 10\nContent-Length: 11",
            "Content-Length: 10, 11",
            "Content-Length: ten",
            "ETag: 1",
        ] {
            assert_eq!(broken(200, nothing, 5), None, "{nothing}");
        }
        assert_eq!(broken(304, "Content-Length: 10", 0), None);
    }
}
