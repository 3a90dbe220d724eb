//! Who may use the proxy.

use std::fmt;
use std::path::Path;

use data_encoding::BASE64;
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::private;

/// Where it may stand beside a file.
const VARIABLE: &str = "SIM800_PROXY_USER";

/// What programs have to give, as a digest: how long a comparison takes says nothing of what was given.
pub(super) struct Login([u8; 32]);

impl Login {
    /// That of a file, or of the environment.
    pub(super) fn read(file: Option<&Path>) -> Result<Option<Self>, Failure> {
        let given = match file {
            Some(path) => Some(private::read(path)?),
            None => std::env::var(VARIABLE).ok().filter(|user| !user.is_empty()),
        };
        match given {
            Some(user) if !user.contains(':') => Err(Failure::usage(format!(
                "the login in --user-file or {VARIABLE} is written NAME:PASSWORD"
            ))),
            given => Ok(given.map(|user| Self::of(user.as_bytes()))),
        }
    }

    fn of(user: &[u8]) -> Self {
        Self(Sha256::digest(user).into())
    }

    /// Whether the headers of a request have it (RFC 7617).
    pub(super) fn is_given(&self, headers: &HeaderMap) -> bool {
        headers.get_all(PROXY_AUTHORIZATION).iter().any(|value| {
            let given = credentials(value.as_bytes());
            given.is_some_and(|given| Self::of(&given).0 == self.0)
        })
    }
}

/// What an `Authorization` of the scheme Basic says: a name, a colon and a password.
pub(super) fn credentials(value: &[u8]) -> Option<Vec<u8>> {
    let (scheme, rest) = value.split_at_checked(6)?;
    let rest = rest.trim_ascii();
    scheme.eq_ignore_ascii_case(b"basic ").then(|| BASE64.decode(rest).ok())?
}

/// Without what it is made of.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_login_is_let_in() {
        // RFC 7617 section 2.
        let login = Login::of(b"Aladdin:open sesame");
        for (value, is_right) in [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true),
            ("basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true),
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", false),
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZA==", false),
            ("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", false),
            ("Basic", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(PROXY_AUTHORIZATION, value.parse().unwrap());
            assert_eq!(login.is_given(&headers), is_right, "{value}");
        }
        assert!(!login.is_given(&HeaderMap::new()));
    }
}
