//! URLs.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use super::Invalid;

/// The scheme of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scheme(Protocol);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Protocol {
    Http,
    Https,
    Other,
}

impl Scheme {
    /// `http`
    pub const HTTP: Self = Self(Protocol::Http);
    /// `https`
    pub const HTTPS: Self = Self(Protocol::Https);
}

/// The host of a URL, with what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authority<'u>(&'u str);

impl<'u> Authority<'u> {
    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &'u str {
        self.0
    }
}

/// A URL, or the path of one. It has no fragment: that is no business of a server's.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    text: String,
    scheme: Option<Scheme>,
    authority: Range<usize>,
}

impl Uri {
    /// Its scheme.
    #[must_use]
    pub fn scheme(&self) -> Option<&Scheme> {
        self.scheme.as_ref()
    }

    /// Its host, with what stands around it.
    #[must_use]
    pub fn authority(&self) -> Option<Authority<'_>> {
        self.text.get(self.authority.clone()).filter(|text| !text.is_empty()).map(Authority)
    }
}

impl FromStr for Uri {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // What RFC 3986 lets stand as it is, and what servers and users take for that.
        let is_valid = |octet: u8| octet.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&octet);
        let text = text.split('#').next().unwrap_or_default();
        if text.is_empty() || !text.bytes().all(is_valid) {
            return Err(Invalid::Url);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            if !text.starts_with('/') {
                return Err(Invalid::Url);
            }
            return Ok(Self { text: text.to_owned(), scheme: None, authority: 0..0 });
        };
        let is_of_scheme = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
        if scheme.is_empty() || !scheme.bytes().all(is_of_scheme) {
            return Err(Invalid::Url);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or_default();
        if !is_authority(authority) {
            return Err(Invalid::Url);
        }
        let known = [("http", Scheme::HTTP), ("https", Scheme::HTTPS)];
        let known = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme));
        let mut url = known.as_ref().map_or(scheme, |(name, _)| name).to_owned();
        url.push_str("://");
        let start = url.len();
        url.push_str(authority);
        let end = url.len();
        if !path.starts_with('/') {
            url.push('/');
        }
        url.push_str(path);
        let scheme = known.map_or(Scheme(Protocol::Other), |(_, scheme)| scheme);
        Ok(Self { text: url, scheme: Some(scheme), authority: start..end })
    }
}

/// Whether it is a host, with credentials before it and a port behind it if they are there.
fn is_authority(text: &str) -> bool {
    let is_one_of = |text: &str, more: &[u8]| {
        text.bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) || more.contains(&octet))
    };
    let (credentials, host) = text.rsplit_once('@').unwrap_or(("", text));
    let (address, behind) = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, behind))) => (is_one_of(address, b":"), behind),
        Some(None) => return false,
        None => {
            let (name, behind) =
                host.split_at_checked(host.find(':').unwrap_or(host.len())).unwrap_or_default();
            (!name.is_empty() && is_one_of(name, b""), behind)
        }
    };
    let is_port =
        |port: &str| port.bytes().all(|octet| octet.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let port_is_one = behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port);
    is_one_of(credentials, b":") && address && port_is_one
}

impl TryFrom<&str> for Uri {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl TryFrom<&String> for Uri {
    type Error = Invalid;

    fn try_from(text: &String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl TryFrom<String> for Uri {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
