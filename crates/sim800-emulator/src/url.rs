//! The addresses that `AT+HTTPPARA="URL"` takes, which are looser than the standard.

/// Where an [`HttpRequest`](crate::HttpRequest) goes.
///
/// The module takes more than the standard allows: no scheme, no path, octets that are to be encoded, and the port behind the path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Url {
    /// Whether to speak TLS.
    pub tls: bool,
    /// Name or address; an IPv6 address keeps its brackets.
    pub host: String,
    /// The port, the scheme's own unless another one is named.
    pub port: u16,
    /// Path and query, beginning with a slash, all of it allowed in a request line.
    pub target: String,
}

impl Url {
    /// Reads `[http[s]://]host[:port][/path]`, the scheme in any case, and the form of the manual's table,
    /// `http://host/path:port`, if the port is not behind the host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (tls, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => return None,
            _ => (false, text),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        // Credentials have no place in a request; the manual knows none either.
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (host, port) = split_port(authority);
        let (path, port) = match port {
            Some(port) => (path, Some(port)),
            None => split_port(path),
        };
        if host.is_empty() {
            return None;
        }
        let default = if tls { 443 } else { 80 };
        let port = port.map_or(Some(default), |port| port.parse().ok().filter(|port| *port != 0))?;
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self { tls, host: host.to_owned(), port, target: format!("{slash}{}", encode(path)) })
    }

    /// Where a `Location` leads from here.
    #[must_use]
    pub fn join(&self, location: &str) -> Option<Self> {
        let location = location.split('#').next().unwrap_or(location);
        if location.contains("://") {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme()));
        }
        let path = self.target.split('?').next().unwrap_or(&self.target);
        let target = match location.chars().next() {
            None => self.target.clone(),
            Some('/') => location.to_owned(),
            Some('?') => format!("{path}{location}"),
            Some(_) => format!("{}{location}", &path[..=path.rfind('/').unwrap_or(0)]),
        };
        Some(Self { target: without_dots(&encode(&target)), ..self.clone() })
    }

    /// Host and, unless it is the scheme's own, port: the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        match (self.tls, self.port) {
            (false, 80) | (true, 443) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// The absolute form that a proxy wants.
    #[must_use]
    pub fn absolute(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.authority(), self.target)
    }

    fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

/// Splits `:<digits>` off the end.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((rest, port)) if !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit()) => {
            (rest, Some(port))
        }
        _ => (text, None),
    }
}

/// Percent-encodes what a request line cannot carry. What is encoded already stays as it is.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    encoded
}

/// Resolves `.` and `..` in the path (RFC 3986, 5.2.4).
fn without_dots(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut segments: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    segments.pop();
                }
                if last {
                    segments.push("");
                }
            }
            _ => segments.push(part),
        }
    }
    format!("/{}{query}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, host: &str, port: u16, target: &str) {
        let expected = Url { tls: false, host: host.into(), port, target: target.into() };
        assert_eq!(Url::parse(text), Some(expected), "{text}");
    }

    #[test]
    fn scheme_port_and_path_may_be_missing() {
        check("www.sim.com", "www.sim.com", 80, "/");
        check("HTTP://www.sim.com/a?b=c", "www.sim.com", 80, "/a?b=c");
        check("http://10.0.0.1:8080", "10.0.0.1", 8080, "/");
        check("http://host?q", "host", 80, "/?q");
        check("http://[::1]:81/x", "[::1]", 81, "/x");
        check("http://[::1]/x", "[::1]", 80, "/x");
        check("http://user:word@host:81/x#part", "host", 81, "/x");
        assert!(Url::parse("https://host/").is_some_and(|url| url.tls && url.port == 443));
    }

    #[test]
    fn the_manual_puts_the_port_last() {
        check("http://www.sim.com/path:7313", "www.sim.com", 7313, "/path");
        check("http://www.sim.com:80/a:7", "www.sim.com", 80, "/a:7");
        check("http://www.sim.com/a:b", "www.sim.com", 80, "/a:b");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "http://", "http:///path", "ftp://host/", "http://host:0/", "http://host:65536/"] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_request_line_cannot_carry_is_encoded() {
        check("http://h/a b\"ü%20", "h", 80, "/a%20b%22%C3%BC%20");
    }

    #[test]
    fn locations_are_relative_to_the_request() {
        let base = Url::parse("http://h:81/a/b/c?q").unwrap();
        for (location, expected) in [
            ("http://other/x", "http://other/x"),
            ("//other/x", "http://other/x"),
            ("/x?y#z", "http://h:81/x?y"),
            ("x", "http://h:81/a/b/x"),
            ("../x", "http://h:81/a/x"),
            ("../../../x/./y/..", "http://h:81/x/"),
            ("?y", "http://h:81/a/b/c?y"),
            ("", "http://h:81/a/b/c?q"),
        ] {
            assert_eq!(
                base.join(location).map(|url| url.absolute()).as_deref(),
                Some(expected),
                "{location}"
            );
        }
    }
}
