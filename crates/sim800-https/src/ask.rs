//! What is asked of which server, checked before anything is sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_TYPE, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, IF_RANGE, LOCATION, RANGE, TE,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::request::Parts;
use http::uri::Scheme;
use http::{Method, Request, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
use sim800_session::command::CREDENTIALS;

use crate::error::HttpsError;
use crate::target::{origin_form, port};

/// What this side calls itself unless told otherwise.
const AGENT: &str = concat!("sim800/", env!("CARGO_PKG_VERSION"));

/// Whom one connection leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) is_secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A request, and whom it goes to.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) origin: Origin,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl Ask {
    /// Checks the head of a request whose body has so many octets, where that is known.
    pub(crate) fn new(head: Parts, length: Option<u64>) -> Result<Self, HttpsError> {
        let Parts { method, uri, mut headers, .. } = head;
        let origin = Origin::of(&uri)?;
        let is_length = |value: &HeaderValue| {
            value.to_str().ok().and_then(|value| value.parse().ok()) == length && length.is_some()
        };
        if headers.get(CONTENT_LENGTH).is_some_and(is_length) {
            headers.remove(CONTENT_LENGTH);
        }
        for name in [CONTENT_LENGTH, CONNECTION, EXPECT, TE, TRANSFER_ENCODING, UPGRADE] {
            if headers.contains_key(&name) {
                return Err(unsupported("a header", format!("is set by this side itself: {name}")));
            }
        }
        if !headers.contains_key(HOST) {
            headers.insert(HOST, origin.value()?);
        }
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        Ok(Self { origin, method, uri, headers })
    }

    /// A request of somebody who has seen to all of it.
    pub(crate) fn as_it_is<B>(request: &Request<B>) -> Result<Self, HttpsError> {
        Ok(Self {
            origin: Origin::of(request.uri())?,
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
        })
    }

    /// With its whole target.
    pub(crate) fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    pub(crate) fn is_get(&self) -> bool {
        self.method == Method::GET
    }

    /// As it goes over the connection.
    pub(crate) fn message<B>(&self, body: B) -> Request<B> {
        let mut request = self.request(body);
        // One that is too long has no origin.
        *request.uri_mut() = origin_form(&self.uri).unwrap_or_default();
        request
    }

    /// The same for the octets from `first` on, up to `last` where there is one, unless the object is another than `tag` is for.
    pub(crate) fn rest(&self, first: u64, last: Option<u64>, tag: Option<&HeaderValue>) -> Self {
        let mut rest = self.clone();
        let range = last.map_or_else(|| format!("bytes={first}-"), |last| format!("bytes={first}-{last}"));
        if let Ok(range) = HeaderValue::try_from(range) {
            rest.headers.insert(RANGE, range);
        }
        if let Some(tag) = tag {
            rest.headers.insert(IF_RANGE, tag.clone());
        }
        rest
    }

    /// Where a response sends this request; `None` where it does not, or where it must not go: without TLS, where this has it.
    pub(crate) fn redirected(&self, status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let uri = joined(&self.uri, headers.get(LOCATION)?.to_str().ok()?)?;
        let origin = Origin::of(&uri).ok()?;
        if self.origin.is_secure && !origin.is_secure {
            return None;
        }
        let mut next = Self { uri, ..self.clone() };
        // As browsers have it (RFC 9110 section 15.4).
        let becomes_get = match status.as_u16() {
            303 => self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if becomes_get && !self.is_get() {
            next.method = Method::GET;
            for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION] {
                next.headers.remove(name);
            }
        }
        if origin != self.origin {
            next.headers.insert(HOST, origin.value().ok()?);
            let secrets: Vec<HeaderName> =
                next.headers.keys().filter(|name| is_secret(name)).cloned().collect();
            for name in secrets {
                next.headers.remove(name);
            }
            next.origin = origin;
        }
        Some(next)
    }

    /// Whether it has the body of the one that was redirected to it.
    pub(crate) fn has_body_of(&self, before: &Self) -> bool {
        self.method == before.method
    }
}

impl Origin {
    fn of(uri: &Uri) -> Result<Self, HttpsError> {
        let is_secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => {
                return Err(unsupported(
                    "the URL",
                    "begins neither with https:// nor with http://".to_owned(),
                ));
            }
        };
        let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
            return Err(unsupported("the URL", "has no host; give it as https://host/path".to_owned()));
        };
        if authority.as_str().contains('@') {
            let reason = "holds credentials; send them as an Authorization header, which is kept out of logs";
            return Err(unsupported("the URL", reason.to_owned()));
        }
        if origin_form(uri).is_none() {
            return Err(unsupported("the URL", "is too long".to_owned()));
        }
        let no_port = || unsupported("the URL", "has a port that is none".to_owned());
        let port = port(authority).ok_or_else(no_port)?.unwrap_or_else(|| default_port(is_secure));
        Ok(Self { is_secure, host: authority.host().to_ascii_lowercase(), port })
    }

    /// As `Host` has it.
    fn value(&self) -> Result<HeaderValue, HttpsError> {
        let text = match self.port {
            port if port == default_port(self.is_secure) => self.host.clone(),
            port => format!("{}:{port}", self.host),
        };
        HeaderValue::try_from(text).map_err(|_| unsupported("the URL", "has a host that is none".to_owned()))
    }
}

fn default_port(is_secure: bool) -> u16 {
    if is_secure { 443 } else { 80 }
}

/// Whether a header is for nobody but the server that it was given for.
fn is_secret(name: &HeaderName) -> bool {
    *name == AUTHORIZATION || *name == COOKIE || CREDENTIALS.iter().any(|word| name.as_str().contains(word))
}

/// Where a `Location` leads (RFC 3986 section 5.2).
fn joined(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    if has_scheme(location) {
        return location.parse().ok();
    }
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let path = base.path();
    let target = match location {
        "" => origin_form(base)?.to_string(),
        relative if relative.starts_with("//") => return format!("{scheme}:{relative}").parse().ok(),
        relative if relative.starts_with('/') => without_dots(relative),
        relative if relative.starts_with('?') => format!("{path}{relative}"),
        relative => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            without_dots(&format!("{folder}/{relative}"))
        }
    };
    format!("{scheme}://{authority}{target}").parse().ok()
}

/// Whether a reference begins with a scheme (RFC 3986 section 4.1): behind `/` or `?`, `://` is part of a path or a query.
fn has_scheme(location: &str) -> bool {
    location.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
    })
}

/// A path, and perhaps a query, without `.` and `..` in the path (RFC 3986 section 5.2.4).
fn without_dots(target: &str) -> String {
    let (path, query) = target.find('?').map_or((target, ""), |at| target.split_at(at));
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    format!("/{}{query}", kept.join("/"))
}

fn unsupported(what: &'static str, reason: String) -> HttpsError {
    HttpsError::Unsupported { what, reason }
}

/// How much of a body is given to the connection at once, in octets: that copies what it is given.
const PIECE: usize = 16 * 1024;

/// The body of a request that may be sent again.
#[derive(Debug)]
pub(crate) struct Whole(Bytes);

impl From<Bytes> for Whole {
    fn from(octets: Bytes) -> Self {
        Self(octets)
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.0.len().min(PIECE);
        let piece = self.0.split_to(length);
        Poll::Ready((length > 0).then_some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, url: &str, headers: &[(&str, &str)]) -> Result<Ask, HttpsError> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ask::new(request.body(()).expect("a request").into_parts().0, Some(3))
    }

    fn redirected(ask: &Ask, status: u16, location: &str) -> Option<Ask> {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(location).expect("a value"))]);
        ask.redirected(StatusCode::from_u16(status).expect("a status"), &headers)
    }

    #[test]
    fn a_request_is_what_was_asked_for_and_no_more() {
        let request =
            ask("GET", "https://Example.com:443/a?b=c", &[("X-A", "1")]).expect("an ask").message(());
        assert_eq!(request.uri(), "/a?b=c");
        assert_eq!(request.headers()["host"], "example.com");
        assert_eq!(request.headers().len(), 4);
        let request =
            ask("GET", "http://example.com:443", &[("Content-Length", "3")]).expect("an ask").message(());
        assert_eq!(
            (request.uri().path(), &request.headers()["host"]),
            ("/", &HeaderValue::from_static("example.com:443"))
        );
        assert_eq!(ask("GET", "https://h?a=b", &[]).expect("an ask").message(()).uri(), "/?a=b");
        assert!(!request.headers().contains_key(CONTENT_LENGTH));
    }

    #[test]
    fn what_cannot_be_sent_is_said_before() {
        for (url, headers) in [
            ("/a", &[][..]),
            ("ftp://h/a", &[]),
            ("https://user:sesame@h/a", &[]),
            ("https://h:99999/a", &[]),
            ("https://h:+81/a", &[]),
            ("https://h/a", &[("Content-Length", "4")]),
            ("https://h/a", &[("Transfer-Encoding", "chunked")]),
            ("https://h/a", &[("Connection", "X-A")]),
        ] {
            let error = ask("GET", url, headers).err().expect("an error").to_string();
            assert!(!error.contains("sesame"), "{error}");
        }
    }

    #[test]
    fn redirections_lead_where_they_say() {
        let get = ask("GET", "https://h/a/b?c", &[]).expect("an ask");
        for (location, expected) in [
            ("/d", "https://h/d"),
            ("d?e#f", "https://h/a/d?e"),
            ("?e", "https://h/a/b?e"),
            ("", "https://h/a/b?c"),
            ("/d?e=http://other/", "https://h/d?e=http://other/"),
            ("?e=http://other/", "https://h/a/b?e=http://other/"),
            ("d/e:f", "https://h/a/d/e:f"),
            ("../d?../e", "https://h/d?../e"),
            ("../../../d/./e/..", "https://h/d/"),
            (".", "https://h/a/"),
            ("HTTPS://other/x", "https://other/x"),
            ("//other/x", "https://other/x"),
            ("https://other:8443/x", "https://other:8443/x"),
        ] {
            let next = redirected(&get, 302, location).expect("a redirection");
            assert_eq!(next.uri, expected, "{location}");
        }
        assert!(redirected(&get, 302, "http://h/a").is_none(), "what is secret stays so");
        for nowhere in
            ["ftp://h/a", "d:e", "https:/d", "https://h:99999/d", "https://h:+1/d", "https://me:x@h/d"]
        {
            assert!(redirected(&get, 302, nowhere).is_none(), "{nowhere}");
        }
        assert!(redirected(&get, 200, "/d").is_none());
        assert!(redirected(&get, 304, "/d").is_none());
    }

    #[test]
    fn methods_change_as_with_browsers() {
        for (method, status, expected) in [
            ("POST", 301, "GET"),
            ("POST", 302, "GET"),
            ("POST", 303, "GET"),
            ("POST", 307, "POST"),
            ("PUT", 302, "PUT"),
            ("PUT", 303, "GET"),
            ("HEAD", 303, "HEAD"),
            ("DELETE", 308, "DELETE"),
        ] {
            let first = ask(method, "https://h/a", &[("Content-Type", "text/plain")]).expect("an ask");
            let next = redirected(&first, status, "/b").expect("a redirection");
            assert_eq!(next.method, expected, "{method} {status}");
            assert_eq!(next.headers.contains_key(CONTENT_TYPE), next.has_body_of(&first));
        }
    }

    #[test]
    fn secrets_are_for_the_server_that_they_were_given_for() {
        let secrets = [("Authorization", "x"), ("Cookie", "x"), ("X-Api-Key", "x"), ("X-Plain", "x")];
        let get = ask("GET", "https://h/a", &secrets).expect("an ask");
        assert_eq!(redirected(&get, 302, "/b").expect("the same server").headers.len(), 7);
        for elsewhere in ["https://other/b", "https://h:8443/b"] {
            let next = redirected(&get, 302, elsewhere).expect("another server");
            assert_eq!(next.headers.len(), 4, "{:?}", next.headers);
            assert!(next.headers.contains_key("x-plain"));
            assert_ne!(next.headers["host"], "h");
        }
    }
}
