//! How a user logs in at an HTTP server.

use data_encoding::BASE64;
use http::HeaderValue;

/// `NAME:PASSWORD` as an `Authorization` header (RFC 7617), which `Debug` does not show.
pub(crate) fn basic(user: &[u8]) -> HeaderValue {
    // Base64 is nothing but letters, digits and `+/=`.
    let value = HeaderValue::try_from(format!("Basic {}", BASE64.encode(user)));
    let mut value = value.unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_basic_authentication() {
        // RFC 7617 section 2.
        assert_eq!(basic(b"Aladdin:open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{:?}", basic(b"me:sesame")).contains("Basic"));
    }
}
