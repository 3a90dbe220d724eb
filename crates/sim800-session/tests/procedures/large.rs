//! HTTP beyond one buffer of the module, and what a response tells beside its body.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Fault, HttpFailure};
use sim800_session::{Bearer, Body, Http, HttpActivity, HttpError};
use sim800_simulation::{Mishap, Resource};

use crate::lab::{Lab, hostile, whole};

const URL: &str = "http://example.com/file";

/// More than two ranges of the default size, and not a multiple of it.
const LARGE: usize = 600_001;

fn tagged(body: Vec<u8>, tag: &str) -> Resource {
    let mut resource = Resource::new(body);
    resource.headers.push(("ETag".to_owned(), tag.to_owned()));
    resource
}

fn open(lab: &mut Lab, bearer: &Bearer, range: Option<&str>) -> Result<http::Response<Body>, HttpError> {
    let mut request = http::Request::get(URL);
    if let Some(range) = range {
        request = request.header("Range", range);
    }
    let request = request.body(Bytes::new()).expect("request");
    let http = Http::new(bearer);
    lab.world.run(async move { http.send(request).await })
}

#[test]
fn an_object_larger_than_the_module_comes_whole() {
    let (mut lab, bearer) = Lab::ready();
    for length in [319_489, 524_288, LARGE] {
        let body = hostile(length);
        lab.network().put_resource(URL, tagged(body.clone(), "\"1\""));
        let response = open(&mut lab, &bearer, None).expect("response");
        assert_eq!(response.status(), 200);
        assert_eq!(response.body().total(), Some(length as u64));
        assert_eq!(response.headers()["content-length"], length.to_string());
        assert!(!response.headers().contains_key("content-range"));
        let received = lab.world.run(whole(response.into_body())).expect("body");
        assert!(received == body, "{length} octets, {} came", received.len());
    }
}

#[test]
fn a_resumed_object_comes_in_ranges_too() {
    let mut config = ModuleConfig::default();
    config.partial_content = true;
    let (mut lab, bearer) = Lab::ready_with(config);
    let body = hostile(LARGE);
    lab.network().put_resource(URL, Resource::new(body.clone()));
    for (range, expected) in [
        ("bytes=7-", &body[7..]),
        ("bytes=100-500000", &body[100..500_001]),
        ("bytes=100-900000", &body[100..]),
        ("bytes=1-262145", &body[1..262_146]),
        ("bytes=0-319488", &body[..319_489]),
    ] {
        let response = open(&mut lab, &bearer, Some(range)).expect("response");
        assert_eq!(response.status(), 206, "{range}");
        let received = lab.world.run(whole(response.into_body())).expect("body");
        assert!(received == expected, "{range}: {} of {} came", received.len(), expected.len());
    }
    let response = open(&mut lab, &bearer, Some("bytes=700000-")).expect("response");
    assert_eq!(response.status(), 416);
}

#[test]
fn an_object_that_changes_between_two_ranges_is_an_error() {
    for (length, tag) in [(LARGE, "\"2\""), (LARGE + 1, "\"1\""), (300_000, "\"1\"")] {
        let (mut lab, bearer) = Lab::ready();
        lab.network().put_resource(URL, tagged(hostile(LARGE), "\"1\""));
        let response = open(&mut lab, &bearer, None).expect("response");
        lab.network().put_resource(URL, tagged(hostile(length), tag));
        let result = lab.world.run(whole(response.into_body()));
        assert_eq!(result, Err(HttpError::Changed { position: 262_144 }), "{length} {tag}");
        lab.network().put_resource(URL, Resource::new("hello"));
        assert_eq!(lab.get(&bearer, URL).expect("body").1, "hello");
    }
}

#[test]
fn a_range_that_fails_ends_the_body_with_its_cause() {
    let (mut lab, bearer) = Lab::ready_once();
    lab.network().put_resource(URL, Resource::new(hostile(LARGE)));
    let response = open(&mut lab, &bearer, None).expect("response");
    lab.network().cause(Mishap::Http(HttpFailure::Network));
    let error = lab.world.run(whole(response.into_body())).expect_err("601");
    assert_eq!(error.code(), Some(601));
    assert_eq!(lab.get(&bearer, URL).expect("body").1.len(), LARGE);
}

#[test]
fn dropped_in_the_middle_of_a_large_object_the_next_request_works() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource(URL, Resource::new(hostile(LARGE)));
    lab.network().put_resource("http://example.com/small", Resource::new("hello"));
    for pieces in [0, 1, 16, 17] {
        let response = open(&mut lab, &bearer, None).expect("response");
        lab.world.run(response.into_body().take(pieces).for_each(|_| async {}));
        assert_eq!(lab.get(&bearer, "http://example.com/small").expect("body").1, "hello");
    }
}

#[test]
fn headers_come_with_the_response() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource(URL, tagged(b"hello".to_vec(), "\"7\""));
    let response = open(&mut lab, &bearer, None).expect("response");
    assert_eq!(response.headers()["etag"], "\"7\"");
    assert_eq!(lab.world.run(whole(response.into_body())).expect("body"), "hello");
}

#[test]
fn a_delete_deletes() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource(URL, Resource::new("hello"));
    lab.network().put_resource("http://example.com/other", Resource::new("so that the host stays"));
    let request = http::Request::delete(URL).body(Bytes::new()).expect("request");
    let http = Http::new(&bearer);
    let response = lab.world.run(async move { http.send(request).await }).expect("response");
    assert!(response.status().is_success(), "{}", response.status());
    drop(response);
    assert_eq!(lab.get(&bearer, URL).expect("404").0, 404);
}

#[test]
fn https_needs_firmware_with_ssl() {
    let get = |lab: &mut Lab, bearer: &Bearer| {
        let request = http::Request::get("https://example.com/file").body(Bytes::new()).expect("request");
        let http = Http::new(bearer);
        lab.world.run(async move { http.send(request).await.map(drop) })
    };
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource("https://example.com/file", Resource::new("hello"));
    get(&mut lab, &bearer).expect("response");
    assert!(lab.network().http_requests().pop().expect("a request").tls);
    lab.network().put_resource(URL, Resource::new("hello"));
    lab.get(&bearer, URL).expect("body");
    assert!(!lab.network().http_requests().pop().expect("a request").tls, "SSL is switched off again");

    let mut config = ModuleConfig::default();
    config.ssl = false;
    let (mut lab, bearer) = Lab::ready_with(config);
    assert_eq!(get(&mut lab, &bearer).expect_err("no SSL").kind().as_str(), "no-ssl");
    lab.network().put_resource(URL, Resource::new("hello"));
    assert_eq!(lab.get(&bearer, URL).expect("body").1, "hello");
}

#[test]
fn progress_is_told_before_the_body_is_there() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().set_latency(Duration::from_secs(20));
    lab.network().put_resource(URL, Resource::new(hostile(100_000)));
    let http = Http::new(&bearer);
    let request = http::Request::get(URL).body(Bytes::new()).expect("request");
    let mut seen = Vec::new();
    let length = lab.world.run(async {
        let progress = |progress: sim800_session::HttpProgress| seen.push(progress);
        let response = http.send_with_progress(request, Duration::from_secs(2), progress).await?;
        let pieces: Vec<Bytes> = response.into_body().try_collect().await?;
        Ok::<_, HttpError>(pieces.concat().len())
    });
    assert_eq!(length, Ok(100_000));
    let last = seen.last().expect("progress");
    assert_eq!((last.activity, last.finished, last.remaining), (HttpActivity::Receiving, 50_000, 50_000));
}

#[test]
fn parameters_are_saved() {
    let (mut lab, bearer) = Lab::ready();
    let http = Http::new(&bearer);
    let request = http::Request::get(URL).header("Authorization", "Basic eA==").body(Bytes::new());
    let request = request.expect("request");
    let shown = lab.world.run(async move {
        http.save(request).await?;
        http.saved(|context| (context.saved, format!("{context:?}"))).await
    });
    let (saved, shown) = shown.expect("read back");
    assert!(saved && shown.contains(URL) && !shown.contains("eA=="), "{shown}");
}

#[test]
fn an_object_of_one_octet_is_fetched_again_as_a_part() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource(URL, Resource::new("x"));
    lab.world.fault(Fault::ShortRead { at_most: 0 });
    let request = ::http::Request::get(URL).header("Range", "bytes=0-400000");
    let request = request.body(Bytes::new()).expect("a request");
    let http = Http::new(&bearer);
    let body = lab.world.run(async move { whole(http.send(request).await?.into_body()).await });
    assert_eq!(body, Ok(Bytes::from_static(b"x")));
}

/// Longer than what is read with the headers.
#[test]
fn what_has_changed_before_anything_was_read_is_not_what_the_headers_are_of() {
    let (mut lab, bearer) = Lab::ready();
    for (length, is_like) in [(60_001, false), (59_999, false), (60_000, true)] {
        lab.network().put_resource(URL, Resource::new(vec![b'o'; 60_000]));
        let response = open(&mut lab, &bearer, None).expect("response");
        assert_eq!(response.headers()["content-length"], "60000");
        let new = Bytes::from(vec![b'n'; length]);
        lab.network().put_resource(URL, Resource::new(new.clone()));
        lab.world.fault(Fault::ShortRead { at_most: 0 });
        let expected = if is_like { Ok(new) } else { Err(HttpError::Changed { position: 0 }) };
        assert_eq!(lab.world.run(whole(response.into_body())), expected, "{length} octets");
    }
}
