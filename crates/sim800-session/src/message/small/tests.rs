//! What is here means what it means in the `http` crate.

use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::*;

/// Characters that URLs are made of, and some that they are not.
fn url() -> impl Strategy<Value = String> {
    "(http|HTTPS|ftp|h t)?(://|:|//|)(user@|)([a-z0-9.%_-]{0,8}|\\[::1\\])(:[0-9]{0,6}|)(/|)[ -~]{0,12}"
}

proptest! {
    #[test]
    fn a_url_that_is_taken_is_the_same_url(text in url()) {
        let Ok(small) = text.parse::<Uri>() else { return Ok(()) };
        let Ok(large) = text.parse::<::http::Uri>() else {
            return Err(TestCaseError::fail("the other does not take it"));
        };
        prop_assert_eq!(small.to_string(), large.to_string());
        prop_assert_eq!(small.authority().map(|it| it.as_str()), large.authority().map(|it| it.as_str()));
        prop_assert_eq!(small.scheme() == Some(&uri::Scheme::HTTP), large.scheme() == Some(&::http::uri::Scheme::HTTP));
        prop_assert_eq!(small.scheme() == Some(&uri::Scheme::HTTPS), large.scheme() == Some(&::http::uri::Scheme::HTTPS));
    }

    #[test]
    fn headers_are_the_same(name in prop::collection::vec(any::<u8>(), 0..3), value in prop::collection::vec(any::<u8>(), 0..4)) {
        let small = HeaderName::from_bytes(&name).ok();
        let large = ::http::HeaderName::from_bytes(&name).ok();
        prop_assert_eq!(small.as_ref().map(HeaderName::as_str), large.as_ref().map(::http::HeaderName::as_str));
        let small = HeaderValue::from_bytes(&value).ok();
        let large = ::http::HeaderValue::from_bytes(&value).ok();
        prop_assert_eq!(small.as_ref().map(HeaderValue::as_bytes), large.as_ref().map(::http::HeaderValue::as_bytes));
        let (small, large) = (small.as_ref().and_then(|it| it.to_str().ok()), large.as_ref().and_then(|it| it.to_str().ok()));
        prop_assert_eq!(small, large);
    }

    #[test]
    fn statuses_are_the_same(status: u16) {
        let (small, large) = (StatusCode::from_u16(status).ok(), ::http::StatusCode::from_u16(status).ok());
        prop_assert_eq!(small.map(StatusCode::as_u16), large.map(|it| it.as_u16()));
        prop_assert_eq!(small.is_some_and(StatusCode::is_success), large.is_some_and(|it| it.is_success()));
    }
}

#[test]
fn usual_urls_are_taken() {
    for url in [
        "http://example.com",
        "https://example.com:8443/a/b?c=d&e=%20f",
        "http://192.0.2.1/?q",
        "http://[2001:db8::1]:80/",
        "http://user:password@example.com/",
        "/path",
    ] {
        assert!(url.parse::<Uri>().is_ok(), "{url}");
    }
}

#[test]
fn a_map_keeps_the_order_and_knows_no_case() {
    let value = |text| HeaderValue::try_from(text).expect("a value");
    let mut headers = HeaderMap::new();
    assert!(!headers.append(header::ETAG, value("1")));
    assert!(headers.append(HeaderName::try_from("ETag").expect("a name"), value("2")));
    assert_eq!(headers.get("eTaG"), Some(&value("1")));
    assert_eq!(headers.get_all(header::ETAG).iter().count(), 2);
    assert_eq!(headers.insert(header::ETAG, value("3")), Some(value("1")));
    assert_eq!((headers.len(), headers.remove(header::ETAG)), (1, Some(value("3"))));
    assert!(headers.is_empty() && !headers.contains_key(header::ETAG));
}

#[test]
fn a_request_says_what_was_wrong_with_it_first() {
    let request =
        |url, name, value| Request::get(url).header(name, value).body(()).map(|it| it.uri().to_string());
    assert_eq!(request("http://a", "b", "c"), Ok("http://a/".to_string()));
    assert_eq!(request("a b", "b", "\0"), Err(Invalid::Url));
    assert_eq!(request("http://a", "b b", "\0"), Err(Invalid::HeaderName));
    assert_eq!(request("http://a", "b", "\0"), Err(Invalid::HeaderValue));
}

#[test]
fn a_response_has_one_value_of_a_type() {
    let mut response = Response::new(1);
    assert_eq!(response.extensions_mut().insert(5_u8), None);
    assert_eq!(response.extensions_mut().insert(6_u8), Some(5));
    assert_eq!((response.extensions().get::<u8>(), response.extensions().get::<u16>()), (Some(&6), None));
    assert_eq!(response.map(|body| body + 1).into_body(), 2);
}
