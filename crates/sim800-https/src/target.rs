//! What a URI says of server and request line, read as it stands: the types of `http` are lax with both.

use http::Uri;
use http::uri::{Authority, PathAndQuery};

/// What the request line for a server has of a URI: its path and query (RFC 9112 section 3.2.1), a slash for a path that is missing.
/// `None` where that is too long.
#[must_use]
pub fn origin_form(uri: &Uri) -> Option<Uri> {
    let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let slash = if target.starts_with('/') { "" } else { "/" };
    format!("{slash}{target}").parse().ok()
}

/// The port that an authority names, if it does; outer `None` where that is none from 1 to 65535.
#[must_use]
pub fn port(authority: &Authority) -> Option<Option<u16>> {
    let text = authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, server)| server);
    match text.strip_prefix(authority.host())?.strip_prefix(':') {
        None | Some("") => Some(None),
        // A sign is none of a port's.
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port > 0).map(Some)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_missing_takes_no_query_with_it() {
        for (uri, target) in [
            ("http://h", "/"),
            ("http://h/", "/"),
            ("http://h?a=b", "/?a=b"),
            ("http://h:81?a=/b", "/?a=/b"),
            ("http://h/a?b", "/a?b"),
        ] {
            let uri: Uri = uri.parse().expect("a URI");
            assert_eq!(origin_form(&uri).expect("a target").to_string(), target, "{uri}");
        }
        let long = format!("http://h?{}", "a".repeat(65_533 - "?".len()));
        let target = long.parse().ok().and_then(|uri: Uri| origin_form(&uri));
        assert!(target.is_none_or(|target| target.to_string().len() > 65_000), "all of it or nothing");
    }

    #[test]
    fn a_port_is_a_number_or_nothing() {
        for (authority, expected) in [
            ("h", Some(None)),
            ("h:", Some(None)),
            ("h:81", Some(Some(81))),
            ("me:7@h:81", Some(Some(81))),
            ("[2001:db8::1]:81", Some(Some(81))),
            ("[2001:db8::1]", Some(None)),
            ("h:0", None),
            ("h:65536", None),
            ("h:99999", None),
            ("h:+81", None),
            ("h:81x", None),
        ] {
            let authority: Authority = authority.parse().expect("an authority");
            assert_eq!(port(&authority), expected, "{authority}");
        }
    }
}
