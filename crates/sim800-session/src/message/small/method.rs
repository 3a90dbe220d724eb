//! Methods and statuses.

use core::fmt;
use core::str::FromStr;

use super::Invalid;

/// The method of a request: one of those that a module knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Method(&'static str);

impl Method {
    /// GET
    pub const GET: Self = Self("GET");
    /// POST
    pub const POST: Self = Self("POST");
    /// HEAD
    pub const HEAD: Self = Self("HEAD");
    /// DELETE
    pub const DELETE: Self = Self("DELETE");

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0
    }

    /// Whether it changes nothing on the server (RFC 9110 section 9.2.1).
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(*self, Self::GET | Self::HEAD)
    }
}

impl Default for Method {
    fn default() -> Self {
        Self::GET
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for Method {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let known = [Self::GET, Self::POST, Self::HEAD, Self::DELETE];
        known.into_iter().find(|method| method.0 == name).ok_or(Invalid::Method)
    }
}

impl TryFrom<&str> for Method {
    type Error = Invalid;

    fn try_from(name: &str) -> Result<Self, Invalid> {
        name.parse()
    }
}

/// The status of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

impl StatusCode {
    /// 200
    pub const OK: Self = Self(200);
    /// 206
    pub const PARTIAL_CONTENT: Self = Self(206);

    /// The status of this number.
    ///
    /// # Errors
    ///
    /// It has not three digits.
    pub fn from_u16(status: u16) -> Result<Self, Invalid> {
        if (100..1000).contains(&status) { Ok(Self(status)) } else { Err(Invalid::StatusCode) }
    }

    /// Its number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether the server did what it was asked for.
    #[must_use]
    pub fn is_success(self) -> bool {
        (200..300).contains(&self.0)
    }
}

impl Default for StatusCode {
    fn default() -> Self {
        Self::OK
    }
}
