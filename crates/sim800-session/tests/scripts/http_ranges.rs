//! Objects larger than the module holds. Ranges are of ten octets here.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sim800_session::{Bearer, Config, Http, HttpError, HttpOptions};

use super::HTTP;
use super::script::{Scripted, answered, once};

/// A GET that is too large for the module, then `rest`.
fn too_large(rest: &str) -> String {
    answered(&HTTP) + "> AT+HTTPACTION=0\n< OK\n.. 9\n< +HTTPACTION: 0,602,0\n" + rest
}

/// One range, and how it is answered.
fn range(first: u32, last: u32, answer: &str) -> String {
    format!(
        "> AT+HTTPPARA=\"BREAK\",{first}\n< OK\n> AT+HTTPPARA=\"BREAKEND\",{last}\n< OK\n> AT+HTTPACTION=0\n< OK\n.. 1\n\
         < +HTTPACTION: 0,{answer}\n"
    )
}

/// What is read of a range.
fn read(octets: &str) -> String {
    let length = octets.len();
    format!("> AT+HTTPREAD=0,{}\n< +HTTPREAD: {length}\\r\\n{octets}|\n< OK\n", length + 1)
}

/// A header block, asked for.
fn head(range: &str, tag: &str) -> String {
    let block = format!("HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nETag: {tag}\r\n\r\n");
    let text = block.replace('\r', "\\r").replace('\n', "\\n");
    format!("> AT+HTTPHEAD\n< +HTTPHEAD: {}\\r\\n{text}|\n< OK\n", block.len())
}

const TERM: &str = "> AT+HTTPTERM\n< OK\n";
const PROBE: &str = "> AT+HTTPHEAD=?\n< OK\n";

fn config() -> Config {
    let mut config = once();
    config.http_range = 10;
    config
}

#[derive(Debug, PartialEq)]
struct Fetched {
    status: u16,
    total: Option<u64>,
    body: Result<String, HttpError>,
}

fn play(steps: &str, headers: bool, wanted: Option<&'static str>) -> Result<Fetched, HttpError> {
    Scripted::play_with(steps, config(), |bearer: Bearer| async move {
        let mut options = HttpOptions::default();
        options.headers = headers;
        let mut request = http::Request::get("http://sim.com/");
        if let Some(range) = wanted {
            request = request.header("Range", range);
        }
        let request = request.body(Bytes::new()).expect("a request");
        let response = Http::new(&bearer).with_options(options).send(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body();
        let total = body.total();
        let pieces: Result<Vec<Bytes>, HttpError> = body.try_collect().await;
        let body = pieces.map(|pieces| String::from_utf8(pieces.concat()).expect("text"));
        Ok(Fetched { status, total, body })
    })
}

fn fetched(status: u16, total: Option<u64>, body: &str) -> Result<Fetched, HttpError> {
    Ok(Fetched { status, total, body: Ok(body.to_owned()) })
}

#[test]
fn a_short_range_ends_the_object() {
    // The module of application note 3.7 says 200 where its server said 206.
    for status in [200, 206] {
        let steps = too_large(
            &(range(0, 9, &format!("{status},10"))
                + &read("0123456789")
                + &range(10, 19, &format!("{status},10"))
                + &read("abcdefghij")
                + &range(20, 29, &format!("{status},3"))
                + &read("xyz")
                + TERM),
        );
        assert_eq!(play(&steps, false, None), fetched(200, None, "0123456789abcdefghijxyz"));
    }
}

#[test]
fn a_refused_range_behind_the_end_ends_the_object() {
    for end in ["416,0", "416,197", "206,0"] {
        let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + &range(10, 19, end) + TERM));
        assert_eq!(play(&steps, false, None), fetched(200, None, "0123456789"), "{end}");
    }
}

#[test]
fn a_server_that_ignores_ranges_is_named() {
    for (first, answer) in [(0, "602,0"), (0, "200,300000")] {
        let steps = too_large(&(range(first, first + 9, answer) + TERM));
        let error = play(&steps, false, None).expect_err("ignored");
        assert_eq!(error, HttpError::RangesIgnored { limit: 319_488 });
        assert!(error.to_string().contains("ignores ranges"), "{error}");
    }
    let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + &range(10, 19, "602,0") + TERM));
    let body = play(&steps, false, None).expect("a response").body;
    assert_eq!(body, Err(HttpError::RangesIgnored { limit: 319_488 }));
}

#[test]
fn a_server_that_does_not_go_on_is_named() {
    for (answer, error) in [
        ("500,20", HttpError::RangeRefused { status: 500, position: 10 }),
        ("404,0", HttpError::RangeRefused { status: 404, position: 10 }),
    ] {
        let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + &range(10, 19, answer) + TERM));
        assert_eq!(play(&steps, false, None).expect("a response").body, Err(error));
    }
    let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + &range(10, 19, "601,0") + TERM));
    let error = play(&steps, false, None).expect("a response").body.expect_err("601");
    assert_eq!(error.code(), Some(601));
}

#[test]
fn an_object_that_is_not_there_in_ranges_is_the_response() {
    let steps = too_large(&(range(0, 9, "404,4") + &read("gone") + TERM));
    assert_eq!(play(&steps, false, None), fetched(404, Some(4), "gone"));
}

#[test]
fn headers_tell_the_length_and_no_range_goes_beyond_it() {
    let steps = too_large(
        &(range(0, 9, "206,10")
            + PROBE
            + &head("bytes 0-9/21", "\"a\"")
            + &read("0123456789")
            // The last octet cannot be asked for alone but as all that is left.
            + &range(10, 18, "206,9")
            + &head("bytes 10-18/21", "\"a\"")
            + &read("abcdefghi")
            + &range(19, 20, "206,2")
            + &head("bytes 19-20/21", "\"a\"")
            + &read("yz")
            + TERM),
    );
    assert_eq!(play(&steps, true, None), fetched(200, Some(21), "0123456789abcdefghiyz"));
}

#[test]
fn an_object_that_changes_meanwhile_is_noticed() {
    for (range_header, tag) in [("bytes 10-19/30", "\"b\""), ("bytes 10-19/31", "\"a\"")] {
        let steps = too_large(
            &(range(0, 9, "206,10")
                + PROBE
                + &head("bytes 0-9/30", "\"a\"")
                + &read("0123456789")
                + &range(10, 19, "206,10")
                + &head(range_header, tag)
                + TERM),
        );
        let body = play(&steps, true, None).expect("a response").body;
        assert_eq!(body, Err(HttpError::Changed { position: 10 }));
    }
    let steps = too_large(
        &(range(0, 9, "206,10")
            + PROBE
            + &head("bytes 0-9/30", "\"a\"")
            + &read("0123456789")
            + &range(10, 19, "416,0")
            + &head("bytes */10", "\"a\"")
            + TERM),
    );
    let body = play(&steps, true, None).expect("a response").body;
    assert_eq!(body, Err(HttpError::Changed { position: 10 }));
}

#[test]
fn a_range_that_is_asked_for_is_fetched_in_ranges_too() {
    let set = |first: u32, last: u32| {
        answered(&HTTP)
            .replace("\"BREAK\",0", &format!("\"BREAK\",{first}"))
            .replace("\"BREAKEND\",0", &format!("\"BREAKEND\",{last}"))
    };
    // On to the end, as one resumes.
    let steps = set(5, 0)
        + "> AT+HTTPACTION=0\n< OK\n< +HTTPACTION: 0,602,0\n"
        + &range(5, 14, "206,10")
        + &read("0123456789")
        + &range(15, 24, "206,1")
        + &read("a")
        + TERM;
    assert_eq!(play(&steps, false, Some("bytes=5-")), fetched(206, None, "0123456789a"));
    // More than the module holds: not even tried in one.
    let steps = set(100_000, 500_000)
        + &range(100_000, 100_009, "206,10")
        + &read("0123456789")
        + &range(100_010, 100_019, "206,2")
        + &read("ab")
        + TERM;
    assert_eq!(play(&steps, false, Some("bytes=100000-500000")), fetched(206, None, "0123456789ab"));
}

#[test]
fn only_a_get_is_fetched_in_ranges() {
    let steps = answered(&HTTP) + "> AT+HTTPACTION=3\n< OK\n< +HTTPACTION: 3,602,0\n" + TERM;
    let error = Scripted::play(&steps, |bearer| async move {
        let request = http::Request::delete("http://sim.com/").body(Bytes::new()).expect("a request");
        Http::new(&bearer).send(request).await.map(drop).expect_err("602")
    });
    assert_eq!((error.kind(), error.code()), ("http", Some(602)));
}

#[test]
fn dropped_between_two_ranges_the_service_is_ended() {
    let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + TERM));
    Scripted::play_with(&steps, config(), |bearer| async move {
        let request = http::Request::get("http://sim.com/").body(Bytes::new()).expect("a request");
        let response = super::http_client(&bearer).send(request).await.expect("a response");
        let mut body = response.into_body();
        assert_eq!(body.next().await, Some(Ok(Bytes::from_static(b"0123456789"))));
    });
}
