//! Objects larger than the module holds. Ranges are of ten octets here.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use sim800_session::{Bearer, Config, Http, HttpError, HttpOptions, Offset};

use super::HTTP;
use super::script::{Scripted, answered, once};

/// A GET that is too large for the module, then `rest`.
fn too_large(rest: &str) -> String {
    answered(&HTTP) + "> AT+HTTPACTION=0\n< OK\n.. 9\n< +HTTPACTION: 0,602,0\n" + rest
}

/// What is asked for is more than the module holds, so that it is not tried in one; nothing is known of the object.
const WIDE: &str = "bytes=0-400000";

/// A GET of that, then `rest`.
fn wide(rest: &str) -> String {
    set(0, 400_000) + rest
}

/// The settings of a GET of a range.
fn set(first: u32, last: u32) -> String {
    answered(&HTTP)
        .replace("\"BREAK\",0", &format!("\"BREAK\",{first}"))
        .replace("\"BREAKEND\",0", &format!("\"BREAKEND\",{last}"))
}

/// The first answer to a request, without headers.
fn action(answer: &str) -> String {
    format!("> AT+HTTPACTION=0\n< OK\n.. 1\n< +HTTPACTION: 0,{answer}\n")
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
    block(&format!("HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nETag: {tag}\r\n\r\n"))
}

fn block(block: &str) -> String {
    let text = block.replace('\r', "\\r").replace('\n', "\\n");
    format!("> AT+HTTPHEAD\n< +HTTPHEAD: {}\\r\\n{text}|\n< OK\n", block.len())
}

/// The same where it lacks something that servers tell: the line may have damaged it.
fn lacking(text: &str) -> String {
    block(text).repeat(2)
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
    offset: Option<u64>,
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
        let offset = response.extensions().get().map(|Offset(offset)| *offset);
        let body = response.into_body();
        let total = body.total();
        let pieces: Result<Vec<Bytes>, HttpError> = body.try_collect().await;
        let body = pieces.map(|pieces| String::from_utf8(pieces.concat()).expect("text"));
        Ok(Fetched { status, offset, total, body })
    })
}

/// What came from an octet on, if it is known from which.
fn fetched(
    status: u16,
    offset: impl Into<Option<u64>>,
    total: Option<u64>,
    body: &str,
) -> Result<Fetched, HttpError> {
    Ok(Fetched { status, offset: offset.into(), total, body: Ok(body.to_owned()) })
}

#[test]
fn a_short_range_is_gone_on_behind() {
    let ranges = |status| {
        range(0, 9, &format!("{status},10"))
            + &read("0123456789")
            + &range(5, 14, &format!("{status},9"))
            + &read("56789abcd")
            + &range(10, 19, &format!("{status},7"))
            + &read("abcdxyz")
            + &range(14, 23, &format!("{status},3"))
            + &range(17, 26, "416,0")
            + TERM
    };
    assert_eq!(play(&wide(&ranges(206)), false, Some(WIDE)), fetched(206, 0, None, "0123456789abcdxyz"));
    // The module of application note 3.7 says 200 where its server said 206; that it is no whole has to be found out.
    let steps = wide(&(range(0, 9, "200,10") + &range(0, 0, "602,0") + &ranges(200)));
    assert_eq!(play(&steps, false, Some(WIDE)), fetched(206, 0, None, "0123456789abcdxyz"));
    let end = range(14, 23, "200,3") + &range(17, 26, "416,0");
    let steps = wide(&(range(0, 9, "200,10") + &range(0, 0, "200,17") + &ranges(200).replace(&end, "")));
    let steps = steps.replace("\"BREAKEND\",19", "\"BREAKEND\",16");
    assert_eq!(play(&steps, false, Some(WIDE)), fetched(206, 0, Some(17), "0123456789abcdxyz"));
}

#[test]
fn a_refused_range_behind_the_end_ends_the_object() {
    for end in ["416,0", "416,197"] {
        let last = range(0, 9, "206,10") + &read("0123456789") + &range(5, 14, "206,5");
        let steps = wide(&(last + &range(10, 19, end) + TERM));
        assert_eq!(play(&steps, false, Some(WIDE)), fetched(206, 0, None, "0123456789"), "{end}");
    }
    // That nothing came proves nothing.
    let steps = wide(&(range(0, 9, "206,10") + &read("0123456789") + &range(5, 14, "206,0") + TERM));
    let body = play(&steps, false, Some(WIDE)).expect("a response").body;
    assert_eq!(body, Err(HttpError::RangeRefused { status: 206, position: 10 }));
}

#[test]
fn what_the_module_cannot_hold_does_not_end_before_that() {
    let last = range(0, 9, "206,10") + &read("0123456789") + &range(5, 14, "206,5");
    let steps = too_large(&(last + &range(10, 19, "416,0") + TERM));
    let body = play(&steps, false, None).expect("a response").body;
    assert_eq!(body, Err(HttpError::RangeRefused { status: 416, position: 10 }));
    for (first, error) in [
        ("206,0", HttpError::RangeRefused { status: 206, position: 0 }),
        ("200,0", HttpError::RangeRefused { status: 200, position: 0 }),
    ] {
        let steps = too_large(&(range(0, 9, first) + TERM));
        assert_eq!(play(&steps, false, None), Err(error));
    }
    let told = range(0, 9, "206,10") + PROBE + &head("bytes 0-9/10", "\"a\"") + TERM;
    assert_eq!(play(&too_large(&told), true, None), Err(HttpError::Changed { position: 0 }));
    // What is left of it from an octet on is longer, too.
    let steps = set(5, 0)
        + &action("602,0")
        + &range(5, 14, "206,1")
        + &read("a")
        + &range(5, 14, "206,1")
        + &range(6, 15, "416,0")
        + TERM;
    let body = play(&steps, false, Some("bytes=5-")).expect("a response").body;
    assert_eq!(body, Err(HttpError::RangeRefused { status: 416, position: 6 }));
}

#[test]
fn a_server_without_ranges_sends_the_whole_and_nothing_is_made_up() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
    let read = read("0123456789ab");
    // Of a range that is wider than the module, and of one that is not.
    for (steps, asked) in [
        (set(3, 400_000) + &range(3, 12, "200,12"), "bytes=3-400000"),
        (set(3, 8) + &action("200,12"), "bytes=3-8"),
        (set(3, 14) + &action("200,12"), "bytes=3-14"),
        (set(3, 0) + &action("200,12"), "bytes=3-"),
    ] {
        let known = steps.clone() + PROBE + &lacking(whole) + &read + TERM;
        assert_eq!(play(&known, true, Some(asked)), fetched(200, 0, Some(12), "0123456789ab"), "{asked}");
        // Firmware without headers: as many octets without a range are the whole, and are there already.
        let question = if asked == "bytes=3-8" { "" } else { &range(0, 0, "200,12") };
        let question = if asked == "bytes=3-400000" { "" } else { question };
        let unknown = steps + question + &read + TERM;
        assert_eq!(play(&unknown, false, Some(asked)), fetched(200, 0, Some(12), "0123456789ab"), "{asked}");
    }
}

/// A server that ignores ranges and sends less than it says. For want of a range its headers are asked for twice.
#[test]
fn headers_of_which_the_line_damaged_more_replace_none() {
    let (sent, damaged) =
        ("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Lengdh: 12\r\n\r\n");
    for blocks in [[sent, damaged], [damaged, sent]] {
        let steps = set(3, 8) + &action("200,9") + PROBE + &blocks.map(block).concat() + TERM;
        let body = play(&steps, true, Some("bytes=3-8")).expect("a response").body;
        assert_eq!(body, Err(HttpError::Length { promised: 12, came: 9 }));
    }
}

#[test]
fn the_headers_are_those_of_the_server() {
    let sent = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nServer: x\r\n\r\n";
    let steps =
        set(3, 400_000) + &range(3, 12, "200,12") + PROBE + &lacking(sent) + &read("0123456789ab") + TERM;
    let headers = Scripted::play_with(&steps, config(), |bearer: Bearer| async move {
        let request = http::Request::get("http://sim.com/").header("Range", "bytes=3-400000");
        let response = Http::new(&bearer).send(request.body(Bytes::new()).expect("a request")).await;
        let (head, body) = response.expect("a response").into_parts();
        let _whole: Vec<Bytes> = body.try_collect().await.expect("a body");
        head.headers
    });
    let names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!((names, headers["content-length"].as_bytes()), (vec!["content-length", "server"], &b"12"[..]));
}

#[test]
fn a_part_without_headers_is_told_from_the_whole() {
    // As much as was asked for, with the 200 of application note 3.7.
    let part = action("200,6");
    let steps = set(3, 8) + &part + &range(0, 0, "200,12") + &range(3, 8, "200,6") + &read("345678") + TERM;
    assert_eq!(play(&steps, false, Some("bytes=3-8")), fetched(206, 3, Some(6), "345678"));
    // An object of as many octets is all that there is.
    let steps = set(3, 8) + &part + &range(0, 0, "200,6") + &read("012345") + TERM;
    assert_eq!(play(&steps, false, Some("bytes=3-8")), fetched(200, 0, Some(6), "012345"));
    // It became another meanwhile.
    let steps = set(3, 8) + &part + &range(0, 0, "200,12") + &range(3, 8, "200,4") + TERM;
    assert_eq!(play(&steps, false, Some("bytes=3-8")), Err(HttpError::Changed { position: 3 }));
    // Also where both begin with the first octet.
    let begin = set(0, 5) + &action("200,6");
    let part = begin.clone() + &range(0, 0, "200,12") + &range(0, 5, "200,6") + &read("012345") + TERM;
    assert_eq!(play(&part, false, Some("bytes=0-5")), fetched(206, 0, Some(6), "012345"));
    let whole = begin + &range(0, 0, "200,6") + &read("012345") + TERM;
    assert_eq!(play(&whole, false, Some("bytes=0-5")), fetched(200, 0, Some(6), "012345"));
    // Of a single octet, the next was asked for.
    let single =
        set(5, 6) + &action("200,2") + &range(0, 0, "200,12") + &range(5, 6, "200,2") + &read("56") + TERM;
    assert_eq!(play(&single, false, Some("bytes=5-5")), fetched(206, 5, Some(1), "5"));
    // A 206 says what it is.
    let steps = set(3, 8) + &action("206,6") + &read("345678") + TERM;
    assert_eq!(play(&steps, false, Some("bytes=3-8")), fetched(206, 3, Some(6), "345678"));
}

#[test]
fn a_part_that_does_not_say_which_is_known_not_to_be_known() {
    let sent = lacking("HTTP/1.1 206 Partial Content\r\nContent-Length: 6\r\n\r\n");
    let steps = set(3, 8) + &action("206,6") + PROBE + &sent + &read("345678") + TERM;
    assert_eq!(play(&steps, true, Some("bytes=3-8")), fetched(206, None, Some(6), "345678"));
    // The module of application note 3.7 says 200 all the same.
    let steps = set(3, 8) + &action("200,6") + PROBE + &sent + &read("345678") + TERM;
    assert_eq!(play(&steps, true, Some("bytes=3-8")), fetched(206, None, Some(6), "345678"));
    let steps = wide(&(range(0, 9, "206,6") + PROBE + &sent + TERM));
    let refused = HttpError::RangeRefused { status: 206, position: 0 };
    assert_eq!(play(&steps, true, Some(WIDE)), Err(refused));
}

#[test]
fn a_part_that_may_be_shorter_than_what_there_is_is_gone_on_behind() {
    let told = |first: u64, last: u64| head(&format!("bytes {first}-{last}/*"), "\"a\"");
    let begin = set(3, 20) + &action("206,10") + PROBE + &told(3, 12) + &read("3456789abc");
    // There is more of it, or there is not.
    let more = range(13, 20, "206,8") + &told(13, 20) + &read("defghijk") + TERM;
    let whole = fetched(206, 3, None, "3456789abcdefghijk");
    assert_eq!(play(&(begin.clone() + &more), true, Some("bytes=3-20")), whole);
    let end = range(13, 20, "416,0") + &head("bytes */13", "\"a\"") + TERM;
    assert_eq!(play(&(begin.clone() + &end), true, Some("bytes=3-20")), fetched(206, 3, None, "3456789abc"));
    let open = begin.replace("\"BREAKEND\",20", "\"BREAKEND\",0");
    let end = range(13, 22, "416,0") + &head("bytes */13", "\"a\"") + TERM;
    assert_eq!(play(&(open + &end), true, Some("bytes=3-")), fetched(206, 3, None, "3456789abc"));
    // Something else is told, and what comes then is no end either.
    let other = range(13, 20, "416,0") + &head("bytes */30", "\"a\"") + TERM;
    let body = play(&(begin.clone() + &other), true, Some("bytes=3-20")).expect("a response").body;
    assert_eq!(body, Err(HttpError::Changed { position: 13 }));
    // Firmware without headers, and a server that says 206.
    let steps = set(3, 20)
        + &action("206,10")
        + &read("3456789abc")
        + &range(8, 17, "206,10")
        + &read("89abcdefgh")
        + &range(13, 20, "206,8")
        + &read("defghijk")
        + TERM;
    assert_eq!(play(&steps, false, Some("bytes=3-20")), whole);
    // Firmware without headers that says 200, of an object that it does not hold.
    let steps = steps.replace("206,", "200,").replacen(
        &action("200,10"),
        &(action("200,10") + &range(0, 0, "602,0") + &range(3, 20, "200,10")),
        1,
    );
    assert_eq!(play(&steps, false, Some("bytes=3-20")), whole);
    // Where the whole is known, a part of it is as long as it is.
    let steps = set(3, 8) + &action("200,4") + &range(0, 0, "200,12") + TERM;
    assert_eq!(play(&steps, false, Some("bytes=3-8")), Err(HttpError::Length { promised: 6, came: 4 }));
}

#[test]
fn a_single_octet_is_asked_for_with_the_next() {
    for (asked, first, octets) in [("bytes=0-0", 0, "01"), ("bytes=5-5", 5, "56")] {
        let told = head(&format!("bytes {first}-{}/12", first + 1), "\"a\"");
        let steps = set(first, first + 1) + &action("206,2") + PROBE + &told + &read(octets) + TERM;
        let both = fetched(206, u64::from(first), Some(2), octets);
        assert_eq!(play(&steps, true, Some(asked)), both);
        // Where only the status says that it is a part, it is the part that was asked for.
        let steps = set(first, first + 1) + &action("206,2") + &read(octets) + TERM;
        let one = fetched(206, u64::from(first), Some(1), &octets[..1]);
        assert_eq!(play(&steps, false, Some(asked)), one);
        // Also where there are headers, and none of them says how much or from where.
        let told = lacking("HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\r\n");
        let steps = set(first, first + 1) + &action("206,2") + PROBE + &told + &read(octets) + TERM;
        assert_eq!(play(&steps, true, Some(asked)), fetched(206, None, Some(1), &octets[..1]));
    }
}

#[test]
fn a_part_of_another_length_than_it_says_is_none() {
    let told = range(0, 9, "206,9") + PROBE + &head("bytes 0-9/30", "\"a\"") + TERM;
    let short = HttpError::Length { promised: 10, came: 9 };
    assert_eq!(play(&wide(&told), true, Some(WIDE)), Err(short.clone()));
    let steps = set(0, 9) + &action("206,9") + PROBE + &head("bytes 0-9/30", "\"a\"") + TERM;
    assert_eq!(play(&steps, true, Some("bytes=0-9")).expect("a response").body, Err(short));
    // One from somewhere else, too.
    let told = range(0, 9, "206,10") + PROBE + &head("bytes 1-10/30", "\"a\"") + TERM;
    let elsewhere = HttpError::RangeRefused { status: 206, position: 0 };
    assert_eq!(play(&wide(&told), true, Some(WIDE)), Err(elsewhere));
}

#[test]
fn a_server_that_ignores_ranges_is_named() {
    for (first, answer) in [(0, "602,0"), (0, "200,300000")] {
        let steps = too_large(&(range(first, first + 9, answer) + TERM));
        let error = play(&steps, false, None).expect_err("ignored");
        assert_eq!(error, HttpError::RangesIgnored { limit: 319_488 });
        assert_eq!((error.kind().as_str(), error.code()), ("too-large", Some(602)));
        assert!(error.to_string().contains("ignores ranges"), "{error}");
    }
    let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + &range(5, 14, "602,0") + TERM));
    let body = play(&steps, false, None).expect("a response").body;
    assert_eq!(body, Err(HttpError::RangesIgnored { limit: 319_488 }));
}

#[test]
fn a_server_that_does_not_go_on_is_named() {
    for (answer, error) in [
        ("500,20", HttpError::RangeRefused { status: 500, position: 10 }),
        ("404,0", HttpError::RangeRefused { status: 404, position: 10 }),
    ] {
        let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + &range(5, 14, answer) + TERM));
        assert_eq!(play(&steps, false, None).expect("a response").body, Err(error));
    }
    let steps = too_large(&(range(0, 9, "206,10") + &read("0123456789") + &range(5, 14, "601,0") + TERM));
    let error = play(&steps, false, None).expect("a response").body.expect_err("601");
    assert_eq!(error.code(), Some(601));
}

#[test]
fn an_object_that_is_not_there_in_ranges_is_the_response() {
    let steps = too_large(&(range(0, 9, "404,4") + &read("gone") + TERM));
    assert_eq!(play(&steps, false, None), fetched(404, None, Some(4), "gone"));
}

#[test]
fn headers_tell_the_length_and_no_range_goes_beyond_it() {
    let steps = wide(
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
    assert_eq!(play(&steps, true, Some(WIDE)), fetched(206, 0, Some(21), "0123456789abcdefghiyz"));
}

#[test]
fn an_object_that_changes_meanwhile_is_noticed() {
    for (range_header, tag) in [("bytes 10-19/30", "\"b\""), ("bytes 10-19/31", "\"a\"")] {
        let steps = wide(
            &(range(0, 9, "206,10")
                + PROBE
                + &head("bytes 0-9/30", "\"a\"")
                + &read("0123456789")
                + &range(10, 19, "206,10")
                + &head(range_header, tag)
                + TERM),
        );
        let body = play(&steps, true, Some(WIDE)).expect("a response").body;
        assert_eq!(body, Err(HttpError::Changed { position: 10 }));
    }
    let steps = wide(
        &(range(0, 9, "206,10")
            + PROBE
            + &head("bytes 0-9/30", "\"a\"")
            + &read("0123456789")
            + &range(10, 19, "416,0")
            + &head("bytes */10", "\"a\"")
            + TERM),
    );
    let body = play(&steps, true, Some(WIDE)).expect("a response").body;
    assert_eq!(body, Err(HttpError::Changed { position: 10 }));
}

/// Of the same length, and with headers that do not tell one state from another for certain.
#[test]
fn an_object_that_changes_without_a_word_is_noticed_where_the_ranges_meet() {
    let block = |first: u64, validator: &str| {
        let range = format!("Content-Range: bytes {first}-{}/15", first + 9);
        block(&format!("HTTP/1.1 206 Partial Content\r\n{range}\r\n{validator}\r\n"))
    };
    let date = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    for validator in ["", date, "ETag: W/\"a\"\r\n"] {
        for (octets, is_same) in [("56789abcde", true), ("56780abcde", false)] {
            let steps = wide(
                &(range(0, 9, "206,10")
                    + PROBE
                    + &block(0, validator)
                    + &read("0123456789")
                    + &range(5, 14, "206,10")
                    + &block(5, validator)
                    + &read(octets)
                    + TERM),
            );
            let body = play(&steps, true, Some(WIDE)).expect("a response").body;
            let changed = Err(HttpError::Changed { position: 10 });
            assert_eq!(body, if is_same { Ok("0123456789abcde".to_owned()) } else { changed }, "{validator}");
        }
    }
    // Without headers as well.
    let begin = range(0, 9, "206,10") + &read("0123456789");
    let steps = wide(&(begin.clone() + &range(5, 14, "206,10") + &read("x6789abcde") + TERM));
    let changed = Err(HttpError::Changed { position: 10 });
    assert_eq!(play(&steps, false, Some(WIDE)).expect("a response").body, changed);
    // It became shorter than what came of it.
    for end in [range(5, 14, "416,0"), range(5, 14, "206,4") + &range(10, 19, "416,0")] {
        let steps = wide(&(begin.clone() + &end + TERM));
        assert_eq!(play(&steps, false, Some(WIDE)).expect("a response").body, changed);
    }
}

/// Where nothing of it came before, nothing tells whether what follows is of the same object.
#[test]
fn what_is_compared_with_nothing_is_not_gone_on_with() {
    let grown =
        range(0, 9, "206,10") + &read("0123456789") + &range(5, 14, "206,5") + &range(10, 19, "206,3");
    let single = range(0, 9, "206,1") + &read("0") + &range(0, 9, "206,1") + &range(1, 10, "206,1");
    for (steps, position) in [(grown, 10), (single, 1)] {
        let body = play(&wide(&(steps + TERM)), false, Some(WIDE)).expect("a response").body;
        assert_eq!(body, Err(HttpError::Changed { position }));
    }
    let told = |first: u64, octet: &str| {
        let range = format!("bytes {first}-{first}/3");
        head(&range, "\"a\"") + &read(octet)
    };
    let tagged = range(0, 9, "206,1")
        + PROBE
        + &told(0, "0")
        + &range(1, 2, "206,1")
        + &told(1, "1")
        + &range(2, 0, "206,1")
        + &told(2, "2");
    assert_eq!(play(&wide(&(tagged + TERM)), true, Some(WIDE)), fetched(206, 0, Some(3), "012"));
}

/// The line may have taken them. Behind the range is nothing, and what comes again of it tells where both are from.
#[test]
fn a_range_without_headers_is_where_the_next_one_says() {
    let wanted = "bytes=3-400000";
    let lost = lacking("HTTP/1.1 206\r\n\r\n");
    let begin = set(3, 400_000) + &range(3, 12, "206,4") + PROBE + &lost + &read("3456");
    let again = |told: &str| range(5, 14, "206,2") + &head(told, "\"a\"");
    let elsewhere = begin.clone() + &again("bytes 4-5/7") + TERM;
    let body = play(&elsewhere, true, Some(wanted)).expect("a response").body;
    assert_eq!(body, Err(HttpError::RangeRefused { status: 206, position: 7 }));
    let shorter =
        begin.clone() + &again("bytes 5-6/9") + &range(7, 8, "416,0") + &head("bytes */9", "\"a\"") + TERM;
    let body = play(&shorter, true, Some(wanted)).expect("a response").body;
    assert_eq!(body, Err(HttpError::Changed { position: 7 }));
    let whole = begin + &again("bytes 5-6/7") + TERM;
    assert_eq!(play(&whole, true, Some(wanted)), fetched(206, 3, None, "3456"));
}

#[test]
fn a_range_that_is_asked_for_is_fetched_in_ranges_too() {
    // More than the module holds: not even tried in one.
    let steps = set(100_000, 500_000)
        + &range(100_000, 100_009, "206,10")
        + &read("0123456789")
        + &range(100_005, 100_014, "206,7")
        + &read("56789ab")
        + &range(100_009, 100_018, "206,3")
        + &range(100_012, 100_021, "416,0")
        + TERM;
    assert_eq!(play(&steps, false, Some("bytes=100000-500000")), fetched(206, 100_000, None, "0123456789ab"));
}

#[test]
fn only_a_get_is_fetched_in_ranges() {
    let steps = answered(&HTTP) + "> AT+HTTPACTION=3\n< OK\n< +HTTPACTION: 3,602,0\n" + TERM;
    let error = Scripted::play(&steps, |bearer| async move {
        let request = http::Request::delete("http://sim.com/").body(Bytes::new()).expect("a request");
        Http::new(&bearer).send(request).await.map(drop).expect_err("602")
    });
    assert_eq!((error.kind().as_str(), error.code()), ("http", Some(602)));
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
