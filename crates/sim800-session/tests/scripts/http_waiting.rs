//! What an HTTP request waits for, how long, and what is known when it fails.

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use sim800_session::{Bearer, Http, HttpError, Sent};

use super::script::{Scripted, answered, once};
use super::{HTTP, http, http_client, http_get};

const TERM: &str = "> AT+HTTPTERM\n< OK\n";
const POST: &str = "> AT+HTTPACTION=1\n< OK\n";
const IDLE: &str = "> AT+HTTPSTATUS?\n< +HTTPSTATUS: POST,0,0,0\n< OK\n";
const BUSY: &str = "> AT+HTTPSTATUS?\n< +HTTPSTATUS: POST,1,0,0\n< OK\n";

/// A POST without a body.
async fn post(bearer: Bearer) -> Result<(u16, Vec<u8>), HttpError> {
    let request = http::Request::post("http://sim.com/").body(Bytes::new()).expect("a request");
    let response = http_client(&bearer).send(request).await?;
    let status = response.status().as_u16();
    let pieces: Vec<Bytes> = response.into_body().try_collect().await?;
    Ok((status, pieces.concat()))
}

fn failed(steps: &str) -> (HttpError, Duration) {
    let (result, took) = Scripted::timed(&http(steps), once(), post);
    (result.expect_err("a failure"), took)
}

#[test]
fn a_result_that_is_not_the_modules_is_waited_behind() {
    // The text of a short message may read like it; the module is still at work.
    let steps = format!("{POST}< +HTTPACTION: 1,200,0\n{BUSY}.. 3\n< +HTTPACTION: 1,500,2\n{IDLE}");
    let steps = http(&(steps + "> AT+HTTPREAD=0,3\n< +HTTPREAD: 2\\r\\nno|\n< OK\n" + TERM));
    assert_eq!(Scripted::play(&steps, post), Ok((500, b"no".to_vec())));
    // And so may a restart.
    let alive = "< RDY\n> AT\n< OK\n".to_owned() + BUSY;
    let steps = format!("{POST}{alive}.. 3\n< +HTTPACTION: 1,200,2\n{IDLE}");
    let steps = http(&(steps + "> AT+HTTPREAD=0,3\n< +HTTPREAD: 2\\r\\nok|\n< OK\n" + TERM));
    assert_eq!(Scripted::play(&steps, post), Ok((200, b"ok".to_vec())));
}

#[test]
fn a_late_ok_is_no_failure_of_what_goes_on() {
    let steps = "> AT+HTTPACTION=1\n.. 6\n< OK\n> AT\n< OK\n".to_owned()
        + BUSY
        + ".. 9\n< +HTTPACTION: 1,200,2\n"
        + IDLE
        + "> AT+HTTPREAD=0,3\n< +HTTPREAD: 2\\r\\nok|\n< OK\n"
        + TERM;
    assert_eq!(Scripted::play(&http(&steps), post), Ok((200, b"ok".to_vec())));
}

#[test]
fn a_request_that_the_module_never_heard_of_is_given_up_soon() {
    let lost = "> AT+HTTPACTION=1\n.. 6\n> AT\n< OK\n";
    let questions = IDLE.to_owned() + &format!(".. 1\n{IDLE}").repeat(5);
    let (error, took) = failed(&format!("{lost}{questions}{TERM}"));
    assert_eq!((error.kind().as_str(), error.sent()), ("timed-out", Sent::Unknown));
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_damaged_answer_to_a_question_about_progress_is_asked_again() {
    let damaged = "> AT+HTTPSTATUS?\n< +HTTPSTATUS: PO~\n< OK\n> AT\n< OK\n";
    let steps =
        format!("{POST}.. 20\n{damaged}.. 1\n{BUSY}.. 5\n< +HTTPACTION: 1,204,0\n{damaged}{IDLE}{TERM}");
    assert_eq!(Scripted::play(&http(&steps), post), Ok((204, Vec::new())));
}

#[test]
fn a_lost_result_costs_no_more_than_the_module_needs_to_say_that_it_is_idle() {
    let (error, took) = failed(&format!("{POST}.. 20\n{IDLE}.. 20\n{IDLE}{TERM}"));
    assert!(matches!(error, HttpError::NoResult { .. }), "{error:?}");
    assert_eq!((error.kind().as_str(), error.sent()), ("timed-out", Sent::Unknown));
    assert!(took < Duration::from_secs(45), "{took:?}");
}

#[test]
fn a_body_that_keeps_coming_is_waited_for_however_long_it_is() {
    let progress = |n: u32| {
        format!(".. 20\n> AT+HTTPSTATUS?\n< +HTTPSTATUS: GET,1,{},{}\n< OK\n", n * 1000, (99 - n) * 1000)
    };
    let all: String = (1..40).map(progress).collect();
    let steps = format!("> AT+HTTPACTION=0\n< OK\n{all}< +HTTPACTION: 0,200,2\n{IDLE}");
    let steps = http(&(steps + "> AT+HTTPREAD=0,3\n< +HTTPREAD: 2\\r\\nok|\n< OK\n" + TERM));
    let (result, took) = Scripted::timed(&steps, once(), http_get);
    assert_eq!(result, Ok((200, b"ok".to_vec())));
    assert!(took > Duration::from_secs(700), "{took:?}");
}

#[test]
fn what_goes_back_and_forth_gets_no_further() {
    let at = |n: u32| format!(".. 20\n> AT+HTTPSTATUS?\n< +HTTPSTATUS: GET,1,{n},9\n< OK\n");
    let all = [at(1), at(0)].concat().repeat(4);
    let steps = http(&format!("> AT+HTTPACTION=0\n< OK\n{all}.. 10\n{TERM}"));
    let (result, _) = Scripted::timed(&steps, once(), http_get);
    assert!(matches!(result, Err(HttpError::NoResult { .. })), "{result:?}");
}

#[test]
fn firmware_that_tells_no_progress_has_the_time_of_the_largest_body() {
    let steps = format!(
        "{POST}.. 20\n> AT+HTTPSTATUS?\n< ERROR\n> AT+HTTPSTATUS=?\n< ERROR\n.. 400\n< +HTTPACTION: 1,204,0\n{TERM}"
    );
    assert_eq!(Scripted::play(&http(&steps), post), Ok((204, Vec::new())));
}

/// One of them is somebody else's, and nobody knows which.
#[test]
fn a_request_with_two_results_has_none() {
    for results in ["1,200,0\n< +HTTPACTION: 1,601,0", "1,601,0\n< +HTTPACTION: 1,200,0"] {
        let steps = http(&format!("{POST}< +HTTPACTION: {results}\n{IDLE}{TERM}"));
        let error = Scripted::play(&steps, post).expect_err("two");
        assert_eq!((error.kind().as_str(), error.sent()), ("malformed", Sent::Unknown), "{results}");
    }
    let same = http(&format!("{POST}< +HTTPACTION: 1,204,0\n< +HTTPACTION: 1,204,0\n{IDLE}{TERM}"));
    assert_eq!(Scripted::play(&same, post), Ok((204, Vec::new())));
}

/// It forgot the request when it restarted, and nothing told of that.
#[test]
fn a_module_that_knows_the_question_and_no_service_is_not_waited_for() {
    let refused = "> AT+HTTPSTATUS?\n< ERROR\n> AT+HTTPSTATUS=?\n< OK\n";
    let steps = http(&format!("{POST}.. 20\n{refused}{TERM}"));
    let error = Scripted::play(&steps, post).expect_err("gone");
    assert_eq!((error.kind().as_str(), error.sent()), ("rejected", Sent::Unknown));
    // Whatever reads like its result.
    let result = format!("{POST}< +HTTPACTION: 1,200,0\n> AT+HTTPSTATUS?\n< ERROR\n{refused}{TERM}");
    let error = Scripted::play(&http(&result), post).expect_err("gone");
    assert_eq!((error.kind().as_str(), error.sent()), ("rejected", Sent::Unknown));
}

#[test]
fn a_dead_module_is_noticed_in_two_minutes_wherever_it_dies() {
    // Before each command of a request it falls silent, and while the request is under way.
    let lines: Vec<String> = HTTP.iter().map(|line| format!("> {line}\n< OK\n")).collect();
    let commands: Vec<&str> = HTTP.iter().copied().chain(["AT+HTTPACTION=1"]).collect();
    for (index, command) in commands.iter().enumerate() {
        let steps = lines.iter().take(index).cloned().collect::<String>() + &format!("> {command}\n.. 500\n");
        died(&steps, index);
    }
    died(&http(&format!("{POST}.. 500\n")), commands.len());
    died(&http(&format!("{POST}.. 20\n{BUSY}.. 500\n")), commands.len());
    died(&http(&format!("{POST}< +HTTPACTION: 1,200,2\n{IDLE}> AT+HTTPREAD=0,3\n.. 500\n")), commands.len());
}

fn died(steps: &str, index: usize) {
    let (result, took) = Scripted::until_it_dies(steps, post);
    let error = result.expect_err("nothing answers");
    assert!(took <= Duration::from_secs(120), "{index}: {took:?}: {error:?}");
    let sent = if index < HTTP.len() { Sent::No } else { Sent::Unknown };
    assert_eq!(error.sent(), sent, "{index}: {error:?}");
}

#[test]
fn what_was_not_sent_is_said_to_be_so() {
    let refused = |line: &str| {
        let steps = answered(&HTTP) + line;
        let steps = steps + TERM;
        Scripted::play(&steps, post).expect_err("refused")
    };
    // That it is not at work says the module itself, and may say so while it connects.
    let idle = |line: &str| refused(&(line.to_owned() + &format!(".. 1\n{IDLE}").repeat(6)));
    assert_eq!(idle("> AT+HTTPACTION=1\n< ERROR\n").sent(), Sent::No);
    let bearer = idle("> AT+HTTPACTION=1\n< +SAPBR 1: DEACT\n< ERROR\n");
    assert_eq!((bearer.kind().as_str(), bearer.sent()), ("bearer-lost", Sent::No));
    // Where it has no service any more, does not know the question, or has a result, the refusal may have been another's.
    for what in [".. 1\n> AT+HTTPSTATUS?\n< ERROR\n", "DCE \"\\r\\n+HTTPACTION: 1,200,0\\r\\n\"\n.. 1\n"] {
        let unclear = refused(&format!("> AT+HTTPACTION=1\n< ERROR\n{what}"));
        assert_eq!((unclear.kind().as_str(), unclear.sent()), ("rejected", Sent::Unknown), "{what}");
    }
    // The line has made something else of the `OK`, and of the result, and the refusal is somebody's.
    let garbled = "> AT+HTTPACTION=1\n< GC..#@\\\\XACTION: 1,200,0\n< +CME ERROR: 3\n> AT\n< OK\n";
    let patience = format!("{garbled}{IDLE}") + &format!(".. 1\n{IDLE}").repeat(5);
    let unknown = refused(&patience);
    assert_eq!((unknown.kind().as_str(), unknown.sent()), ("malformed", Sent::Unknown));
    // The module's own codes do not tell how far it came: it may have been redirected before.
    let code = refused("> AT+HTTPACTION=1\n< OK\n< +HTTPACTION: 1,601,0\n");
    assert_eq!((code.code(), code.sent()), (Some(601), Sent::Unknown));
    let bearer = refused("> AT+HTTPACTION=1\n< OK\n< +SAPBR 1: DEACT\n");
    assert_eq!((bearer.kind().as_str(), bearer.sent()), ("bearer-lost", Sent::Unknown));
}

/// The line damages the first answer that says so.
#[test]
fn a_request_that_goes_on_was_refused_to_somebody_else() {
    let damaged = "> AT+HTTPSTATUS?\n< +HTTPSTATUS: 241\n< OK\n";
    let steps = http(&format!(
        "> AT+HTTPACTION=1\n< ERROR\n.. 1\n{damaged}> AT\n< OK\n.. 1\n{BUSY}.. 3\n< +HTTPACTION: 1,204,0\n{IDLE}{TERM}"
    ));
    assert_eq!(Scripted::play(&steps, post), Ok((204, Vec::new())));
}

#[test]
fn headers_in_a_shape_of_their_own_are_none() {
    // A count of something else than the octets that follow, twice; the body is read all the same.
    let odd = "> AT+HTTPHEAD\n< +HTTPHEAD: 5\\r\\nETag: 1\\r\\n|\n< OK\n";
    let steps = "> AT+HTTPACTION=0\n< OK\n< +HTTPACTION: 0,200,2\n".to_owned()
        + IDLE
        + "> AT+HTTPHEAD=?\n< OK\n"
        + odd
        + "> AT\n< OK\n"
        + odd
        + "> AT\n< OK\n> AT+HTTPREAD=0,3\n< +HTTPREAD: 2\\r\\nok|\n< OK\n"
        + TERM;
    let body = Scripted::play(&http(&steps), |bearer| async move {
        let request = http::Request::get("http://sim.com/").body(Bytes::new()).expect("a request");
        let response = Http::new(&bearer).send(request).await.expect("a response");
        assert!(response.headers().is_empty());
        let pieces: Vec<Bytes> = response.into_body().try_collect().await.expect("a body");
        pieces.concat()
    });
    assert_eq!(body, b"ok");
}

/// What the line damages twice is not damaged in the same way, and no shape of the firmware's.
#[test]
fn headers_that_are_damaged_in_two_ways_are_asked_for_once_more() {
    let block = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let steps = "> AT+HTTPACTION=0\n< OK\n< +HTTPACTION: 0,200,5\n".to_owned()
        + IDLE
        + "> AT+HTTPHEAD=?\n< OK\n> AT+HTTPHEAD\n< +HTTPHEAD: 4294967296\n> AT\n< OK\n"
        + "> AT+HTTPHEAD\n< +HTTPHEAD: 5\\r\\nETag: 1\\r\\n|\n< OK\n> AT\n< OK\n"
        + &head(block)
        + TERM;
    assert_eq!(Scripted::play(&http(&steps), body), Err(HttpError::Length { promised: 10, came: 5 }));
}

/// Somebody else's result came before the module's own.
#[test]
fn a_bare_ok_is_no_answer_to_the_question_for_headers() {
    let told = head("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    let steps = format!(
        "> AT+HTTPACTION=0\n< OK\n< +HTTPACTION: 0,200,5\n{IDLE}> AT+HTTPHEAD=?\n< OK\n> AT+HTTPHEAD\n< OK\n> AT\n< OK\n{told}{TERM}"
    );
    assert_eq!(Scripted::play(&http(&steps), body), Err(HttpError::Length { promised: 10, came: 5 }));
}

/// The body of the response to a GET whose headers are asked for.
async fn body(bearer: Bearer) -> Result<Vec<u8>, HttpError> {
    let request = http::Request::get("http://sim.com/").body(Bytes::new()).expect("a request");
    let response = Http::new(&bearer).send(request).await?;
    super::whole(response.into_body()).await
}

/// The headers, as they are asked for.
fn head(block: &str) -> String {
    let text = block.replace('\r', "\\r").replace('\n', "\\n");
    format!("> AT+HTTPHEAD\n< +HTTPHEAD: {}\\r\\n{text}|\n< OK\n", block.len())
}

#[test]
fn a_body_of_another_length_than_headers_promise_is_none() {
    let response = |method: u8, header: &str, rest: &str| {
        http(&format!(
            "> AT+HTTPACTION={method}\n< OK\n< +HTTPACTION: {method},200,5\n> AT+HTTPHEAD=?\n< OK\n{}{rest}{TERM}",
            head(&format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n"))
        ))
    };
    let fetch = |method: http::Method| {
        move |bearer: Bearer| async move {
            let request = http::Request::builder().method(method).uri("http://sim.com/");
            let response = Http::new(&bearer).send(request.body(Bytes::new()).expect("a request")).await?;
            let pieces: Result<Vec<Bytes>, HttpError> = response.into_body().try_collect().await;
            Ok::<_, HttpError>(pieces.map(|pieces| pieces.concat()))
        }
    };
    let short = HttpError::Length { promised: 10, came: 5 };
    let steps = response(0, "Content-Length: 10", "");
    assert_eq!(Scripted::play(&steps, fetch(http::Method::GET)), Ok(Err(short.clone())));
    // The response to a POST is there all the same.
    let steps = response(1, "Content-Length: 10", "");
    assert_eq!(Scripted::play(&steps, fetch(http::Method::POST)), Ok(Err(short.clone())));
    let read = "> AT+HTTPREAD=0,6\n< +HTTPREAD: 5\\r\\nhello|\n< OK\n";
    for meaningless in ["Content-Length: 10\r\nTransfer-Encoding: chunked", "Content-Length: 5"] {
        let steps = response(0, meaningless, read);
        assert_eq!(
            Scripted::play(&steps, fetch(http::Method::GET)),
            Ok(Ok(b"hello".to_vec())),
            "{meaningless}"
        );
    }
    // None at all is asked for twice. What the line made of a name is seen then.
    let server = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n";
    let steps = response(0, "Server: x", &(head(server) + read));
    assert_eq!(Scripted::play(&steps, fetch(http::Method::GET)), Ok(Ok(b"hello".to_vec())));
    for damaged in ["\x03ontent-Length: 10", "Contend-Length: 10", "Content-Length: 1P"] {
        let again = head("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
        let steps = response(0, damaged, &again);
        assert_eq!(Scripted::play(&steps, fetch(http::Method::GET)), Ok(Err(short.clone())), "{damaged}");
    }
    let steps = response(2, "Content-Length: 10", "");
    assert_eq!(Scripted::play(&steps, fetch(http::Method::HEAD)), Ok(Ok(Vec::new())));
}
