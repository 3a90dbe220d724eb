//! What a request wants of the proxy.

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{Authority, Uri};
use http::{Method, StatusCode};

use crate::failure::Failure;

/// The port of a server where a URL names none.
pub(super) const HTTP_PORT: u16 = 80;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Octets both ways.
    Tunnel { host: String, port: u16 },
    /// A request to a server.
    Http { host: String, port: u16 },
    /// A file, or a directory.
    Ftp,
}

impl Wanted {
    /// What a request wants (RFC 9112 section 3.2), or why that is nothing for a proxy.
    pub(super) fn of(request: &Parts) -> Result<Self, Failure> {
        if is_coded(&request.headers) {
            return Err(Failure::new(
                "unsupported",
                "the only transfer coding that the proxy knows is chunked",
            ));
        }
        let uri = &request.uri;
        if request.method == Method::CONNECT {
            let no_target = || Failure::usage("CONNECT names a host and a port");
            let authority = uri.authority().ok_or_else(no_target)?;
            let (host, port) = server(authority, None)?;
            return Ok(Self::Tunnel { host, port });
        }
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) => {
                let (host, port) = server(authority, Some(HTTP_PORT))?;
                Ok(Self::Http { host, port })
            }
            (Some("ftp"), Some(_)) => Ok(Self::Ftp),
            (Some("https"), Some(_)) => Err(Failure::usage(
                "https:// goes through a proxy by CONNECT, so that TLS is between you and the server",
            )),
            (Some(scheme), Some(_)) => Err(Failure::usage(format!("the proxy knows no {scheme}://"))),
            _ => Err(Failure::usage("this is a proxy and no server; ask it for whole URLs")),
        }
    }
}

/// Host and port as the module takes them.
fn server(authority: &Authority, usual: Option<u16>) -> Result<(String, u16), Failure> {
    let host = authority.host();
    if host.starts_with('[') {
        return Err(Failure::usage("the module knows no IPv6"));
    }
    let port = sim800_https::port(authority).and_then(|port| port.or(usual));
    match port.filter(|_| !host.is_empty()) {
        Some(port) => Ok((host.to_owned(), port)),
        None => Err(Failure::usage("the request names no host and port")),
    }
}

/// What is asked for, as the log has it: neither a login nor a query, which may have secrets in it.
pub(super) fn shown(uri: &Uri) -> String {
    let Some(authority) = uri.authority() else { return uri.path().to_owned() };
    let port = authority.port().map_or_else(String::new, |port| format!(":{port}"));
    let server = format!("{}{port}", authority.host());
    let Some(scheme) = uri.scheme_str() else { return server };
    let query = if uri.query().is_some() { "?…" } else { "" };
    format!("{scheme}://{server}{}{query}", uri.path())
}

/// Whether a body is coded otherwise than in chunks, which are made anew: what follows would not be told of it.
fn is_coded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
}

/// Checks the head of an answer that the module has read, and takes out of it what it says of a length that does not count: one beside chunks,
/// or one that is no number.
pub(super) fn check(status: StatusCode, headers: &mut HeaderMap) -> Result<(), Failure> {
    if status.is_informational() || is_coded(headers) {
        return Err(Failure::new(
            "http",
            "the server answered what nobody asked for, a change of protocol or a coding",
        ));
    }
    let is_number = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.parse::<u64>().is_ok());
    if headers.contains_key(TRANSFER_ENCODING) || !headers.get_all(CONTENT_LENGTH).iter().all(is_number) {
        headers.remove(CONTENT_LENGTH);
    }
    Ok(())
}

/// Takes out what is between two ends of one connection only (RFC 9110 section 7.6.1).
///
/// No `Via` is added: servers that see one leave off compression, which is worth more on this line than the trace of a proxy that is the
/// user's own.
pub(super) fn strip_hops(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(http::header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    const ALWAYS: [&str; 9] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    for name in named.iter().map(String::as_str).chain(ALWAYS) {
        headers.remove(name);
    }
}

/// Whether an answer with this status has a body (RFC 9110 section 6.4.1).
pub(super) fn has_body(method: &Method, status: StatusCode) -> bool {
    *method != Method::HEAD && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn wanted(method: &str, target: &str) -> Result<Wanted, String> {
        let request = Request::builder().method(method).uri(target).body(()).unwrap();
        Wanted::of(&request.into_parts().0).map_err(|failure| failure.to_string())
    }

    #[test]
    fn requests_name_what_they_want() {
        let host = || "example.com".to_owned();
        assert_eq!(wanted("CONNECT", "example.com:443"), Ok(Wanted::Tunnel { host: host(), port: 443 }));
        assert_eq!(wanted("GET", "http://example.com/a?b"), Ok(Wanted::Http { host: host(), port: 80 }));
        assert_eq!(wanted("PUT", "http://me:x@example.com:81/"), Ok(Wanted::Http { host: host(), port: 81 }));
        assert_eq!(wanted("GET", "ftp://example.com/a"), Ok(Wanted::Ftp));
        for (method, target, why) in [
            ("CONNECT", "example.com", "no host and port"),
            ("CONNECT", "example.com:0", "no host and port"),
            ("GET", "http://example.com:99999/", "no host and port"),
            ("GET", "http://example.com:+81/", "no host and port"),
            ("CONNECT", "[2001:db8::1]:443", "no IPv6"),
            ("GET", "https://example.com/", "by CONNECT"),
            ("GET", "gopher://example.com/", "no gopher://"),
            ("GET", "/index.html", "no server"),
            ("OPTIONS", "*", "no server"),
        ] {
            assert!(wanted(method, target).unwrap_err().contains(why), "{method} {target}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        for (target, text) in [
            ("http://me:sesame@example.com:81/a/b?key=sesame", "http://example.com:81/a/b?…"),
            ("ftp://me:sesame@example.com/a", "ftp://example.com/a"),
            ("example.com:443", "example.com:443"),
            ("/a?key=sesame", "/a"),
        ] {
            assert_eq!(shown(&target.parse().unwrap()), text);
        }
    }

    #[test]
    fn what_is_for_one_connection_goes_no_further() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("connection", "keep-alive"),
            ("x-mine", "1"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic x"),
            ("te", "trailers"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("x-other", "2"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        strip_hops(&mut headers);
        let left: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(left, [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-other", "2")]);
    }
}
