//! Headers.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use core::{fmt, slice, str};

use super::Invalid;

/// The name of a header, in small letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderName(Cow<'static, str>);

macro_rules! names {
    ($($constant:ident = $name:literal;)*) => {$(
        #[doc = $name]
        pub const $constant: HeaderName = HeaderName::from_static($name);
    )*};
}

names! {
    AUTHORIZATION = "authorization";
    CONNECTION = "connection";
    CONTENT_LENGTH = "content-length";
    CONTENT_RANGE = "content-range";
    CONTENT_TYPE = "content-type";
    ETAG = "etag";
    EXPECT = "expect";
    HOST = "host";
    IF_NONE_MATCH = "if-none-match";
    LAST_MODIFIED = "last-modified";
    RANGE = "range";
    TE = "te";
    TRANSFER_ENCODING = "transfer-encoding";
    UPGRADE = "upgrade";
    USER_AGENT = "user-agent";
}

impl HeaderName {
    /// The name `name`, which is written in small letters.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name in `octets`, in small letters.
    ///
    /// # Errors
    ///
    /// It is no token (RFC 9110 section 5.6.2).
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Invalid> {
        let is_token = |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet);
        if octets.is_empty() || !octets.iter().all(is_token) {
            return Err(Invalid::HeaderName);
        }
        let name = str::from_utf8(octets).map_err(|_| Invalid::HeaderName)?;
        Ok(Self(Cow::Owned(name.to_ascii_lowercase())))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for HeaderName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&str> for HeaderName {
    type Error = Invalid;

    fn try_from(name: &str) -> Result<Self, Invalid> {
        Self::from_bytes(name.as_bytes())
    }
}

/// The value of a header. `Debug` does not show it, for it may be a secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HeaderValue(Vec<u8>);

impl HeaderValue {
    /// The value in `octets`.
    ///
    /// # Errors
    ///
    /// It has octets that no value may have.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, Invalid> {
        let is_valid = |octet: &u8| matches!(octet, b'\t' | b' '..=b'~' | 0x80..);
        if octets.iter().all(is_valid) { Ok(Self(octets.into())) } else { Err(Invalid::HeaderValue) }
    }

    /// The value as text.
    ///
    /// # Errors
    ///
    /// It has characters other than printable ASCII.
    pub fn to_str(&self) -> Result<&str, Invalid> {
        let text = str::from_utf8(&self.0).map_err(|_| Invalid::HeaderValue)?;
        if text.is_ascii() { Ok(text) } else { Err(Invalid::HeaderValue) }
    }

    /// The value as octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl From<u64> for HeaderValue {
    fn from(number: u64) -> Self {
        Self(format!("{number}").into_bytes())
    }
}

impl TryFrom<&str> for HeaderValue {
    type Error = Invalid;

    fn try_from(value: &str) -> Result<Self, Invalid> {
        Self::from_bytes(value.as_bytes())
    }
}

impl TryFrom<alloc::string::String> for HeaderValue {
    type Error = Invalid;

    fn try_from(value: alloc::string::String) -> Result<Self, Invalid> {
        Self::from_bytes(value.as_bytes())
    }
}

/// Headers, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMap(Vec<(HeaderName, HeaderValue)>);

impl HeaderMap {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a header of this name.
    pub fn contains_key(&self, name: impl AsRef<str>) -> bool {
        self.get(name).is_some()
    }

    /// The first value of this name.
    pub fn get(&self, name: impl AsRef<str>) -> Option<&HeaderValue> {
        self.0.iter().find(|(other, _)| other.0.eq_ignore_ascii_case(name.as_ref())).map(|(_, value)| value)
    }

    /// All values of this name.
    pub fn get_all(&self, name: impl AsRef<str>) -> GetAll<'_> {
        let is_it = |header: &&(HeaderName, HeaderValue)| header.0.0.eq_ignore_ascii_case(name.as_ref());
        GetAll { headers: &self.0, name: self.0.iter().find(is_it).map(|(name, _)| name) }
    }

    /// Adds a value to those of this name; whether there were any.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) -> bool {
        let is_there = self.contains_key(&name);
        self.0.push((name, value));
        is_there
    }

    /// Puts a value in the place of those of this name, and tells the first of these.
    pub fn insert(&mut self, name: HeaderName, value: HeaderValue) -> Option<HeaderValue> {
        let former = self.remove(&name);
        self.0.push((name, value));
        former
    }

    /// Takes out the values of this name, and tells the first of them.
    pub fn remove(&mut self, name: impl AsRef<str>) -> Option<HeaderValue> {
        let former = self.get(&name).cloned();
        self.0.retain(|(other, _)| !other.0.eq_ignore_ascii_case(name.as_ref()));
        former
    }

    /// Names and values.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }
}

impl<'m> IntoIterator for &'m HeaderMap {
    type Item = (&'m HeaderName, &'m HeaderValue);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Iter<'m> {
        self.iter()
    }
}

/// Names and values.
#[derive(Clone, Debug)]
pub struct Iter<'m>(slice::Iter<'m, (HeaderName, HeaderValue)>);

impl<'m> Iterator for Iter<'m> {
    type Item = (&'m HeaderName, &'m HeaderValue);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }
}

/// All values of one name.
#[derive(Clone, Copy, Debug)]
pub struct GetAll<'m> {
    headers: &'m [(HeaderName, HeaderValue)],
    /// As the first of them has it.
    name: Option<&'m HeaderName>,
}

impl<'m> GetAll<'m> {
    /// The values.
    pub fn iter(&self) -> impl Iterator<Item = &'m HeaderValue> + use<'m> {
        let Self { headers, name } = *self;
        headers.iter().filter(move |(other, _)| Some(other) == name).map(|(_, value)| value)
    }
}
