//! What the HTTP service tells beside the body: headers, progress, parameters; and SSL.

use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use sim800_session::{Bearer, Http, HttpError, HttpOptions};

use super::script::{Scripted, answered, once};
use super::{HTTP, http, http_client};

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).expect("a request")
}

/// The settings of a GET over HTTPS.
fn https(rest: &str) -> String {
    answered(&HTTP)
        .replace("http://sim.com/", "https://sim.com/")
        .replace("> AT+HTTPSSL=0\n< OK\n", "> AT+HTTPSSL=1\n< OK\n> AT+SSLOPT=0,0\n< ERROR\n")
        + rest
}

#[test]
fn headers_are_told_where_the_firmware_knows_them_and_it_is_asked_once() {
    let header = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 2\r\n\r\n";
    let length = header.len();
    let header = header.replace('\r', "\\r").replace('\n', "\\n");
    let request = |probe: &str| {
        http(&format!(
            "> AT+HTTPACTION=0
             < OK
             < +HTTPACTION: 0,200,2
             {probe}
             > AT+HTTPHEAD
             < +HTTPHEAD: {length}\\r\\n{header}|
             < OK
             > AT+HTTPREAD=0,3
             < +HTTPREAD: 2\\r\\nab|
             < OK
             > AT+HTTPTERM
             < OK
            "
        ))
    };
    let steps = request("> AT+HTTPHEAD=?\n< OK") + &request("");
    Scripted::play(&steps, |bearer| async move {
        for _ in 0..2 {
            let response = Http::new(&bearer).send(get("http://sim.com/")).await.expect("a response");
            assert_eq!(response.headers().get("etag").map(|tag| tag.as_bytes()), Some(&b"\"1\""[..]));
            assert_eq!(response.headers().len(), 2);
            let body: Vec<Bytes> = response.into_body().try_collect().await.expect("a body");
            assert_eq!(body.concat(), b"ab");
        }
    });
}

#[test]
fn firmware_without_headers_is_asked_once_and_firmware_that_has_none_to_tell_is_believed() {
    let response = |header: &str| {
        http(&format!("> AT+HTTPACTION=0\n< OK\n< +HTTPACTION: 0,204,0\n{header}\n> AT+HTTPTERM\n< OK\n"))
    };
    let head = |bearer: Bearer| async move {
        for _ in 0..2 {
            let response = Http::new(&bearer).send(get("http://sim.com/")).await.expect("a response");
            assert!(response.headers().is_empty());
        }
    };
    Scripted::play(&(response("> AT+HTTPHEAD=?\n< ERROR") + &response("")), head);
    let refused = "> AT+HTTPHEAD\n< +CME ERROR: 3\n> AT+HTTPSTATUS?\n< +HTTPSTATUS: GET,0,0,0\n< OK";
    let steps = response(&format!("> AT+HTTPHEAD=?\n< OK\n{refused}")) + &response(refused);
    Scripted::play(&steps, head);
}

/// A refusal may be another's, or the line has damaged the question; and without headers nothing tells that a body was cut.
#[test]
fn headers_that_are_refused_are_asked_for_again() {
    let header = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n";
    let told = format!("> AT+HTTPHEAD\n< +HTTPHEAD: 38\\r\\n{header}|\n< OK\n");
    let refused = "> AT+HTTPHEAD\n< +CME ERROR: 3\n";
    let asked = "> AT+HTTPHEAD=?\n< +CME ERROR: 3\n> AT+HTTPHEAD=?\n< OK\n";
    let request = format!("> AT+HTTPACTION=0\n< OK\n< +HTTPACTION: 0,200,2\n{asked}{refused}{told}");
    let mut config = once();
    config.retries.at_most = 1;
    Scripted::play_with(&http(&format!("{request}> AT+HTTPTERM\n< OK\n")), config, |bearer| async move {
        let response = Http::new(&bearer).send(get("http://sim.com/")).await.expect("a response");
        assert_eq!(response.headers().get("content-length").map(|length| length.as_bytes()), Some(&b"2"[..]));
    });
}

/// Its headers are gone with the service, and with them what would tell that the body is.
#[test]
fn a_module_that_started_anew_is_no_firmware_without_headers() {
    let steps = http(
        "> AT+HTTPACTION=0
         < OK
         < +HTTPACTION: 0,200,0
         > AT+HTTPHEAD=?
         < OK
         > AT+HTTPHEAD
         < ERROR
         > AT+HTTPSTATUS?
         < ERROR
         > AT+HTTPTERM
         < ERROR",
    );
    let fetch =
        |bearer: Bearer| async move { Http::new(&bearer).send(get("http://sim.com/")).await.map(drop) };
    assert!(matches!(Scripted::play(&steps, fetch), Err(HttpError::Command { .. })));
}

/// A DELETE that the server has carried out, before its headers are asked for.
fn deleted(rest: &str) -> String {
    http(&format!("> AT+HTTPACTION=3\n< OK\n< +HTTPACTION: 3,204,0\n{rest}"))
}

async fn delete(bearer: Bearer) -> Result<(u16, usize), HttpError> {
    let request = http::Request::delete("http://sim.com/").body(Bytes::new()).expect("a request");
    let response = Http::new(&bearer).send(request).await?;
    Ok((response.status().as_u16(), response.headers().len()))
}

/// The line damages the response to this command: nothing in time, and then it is synchronized.
fn damaged(command: &str) -> String {
    format!("> {command}\n< O~\n.. 5\n> AT\n< OK\n")
}

#[test]
fn whether_there_are_headers_is_asked_again_when_the_answer_is_lost() {
    let steps = deleted(&damaged("AT+HTTPHEAD=?"))
        + "> AT+HTTPHEAD=?
           < OK
           > AT+HTTPHEAD
           < +HTTPHEAD: 13\\r\\nETag: \"1\"\\r\\n\\r\\n|
           < OK
           > AT+HTTPTERM
           < OK";
    assert_eq!(Scripted::play(&steps, delete), Ok((204, 1)));
}

#[test]
fn what_was_carried_out_is_told_without_headers_rather_than_not_at_all() {
    let term = "> AT+HTTPTERM\n< OK";
    let probe = damaged("AT+HTTPHEAD=?") + &damaged("AT+HTTPHEAD=?");
    let head = "> AT+HTTPHEAD=?\n< OK\n".to_owned() + &damaged("AT+HTTPHEAD") + &damaged("AT+HTTPHEAD");
    for lost in [&probe, &head] {
        assert_eq!(Scripted::play(&deleted(&(lost.clone() + term)), delete), Ok((204, 0)));
        // What may be sent again has failed.
        let get = deleted(&(lost.clone() + term)).replace("=3\n", "=0\n").replace(": 3,", ": 0,");
        let error = Scripted::play(&get, |bearer| async move {
            Http::new(&bearer).send(self::get("http://sim.com/")).await.map(drop).expect_err("no headers")
        });
        assert_eq!(error.kind().as_str(), "timed-out");
    }
    // Nothing is left of it in a module that restarts.
    let error =
        Scripted::play(&deleted("> AT+HTTPHEAD=?\n< RDY\n> AT\n< OK\n> AT+HTTPTERM\n< ERROR\n"), delete);
    assert_eq!(error.expect_err("restarted").kind().as_str(), "restarted");
}

#[test]
fn https_switches_ssl_on() {
    let steps = https("> AT+HTTPACTION=0\n< OK\n< +HTTPACTION: 0,605,0\n> AT+HTTPTERM\n< OK\n");
    let error = Scripted::play(&steps, |bearer| async move {
        Http::new(&bearer).send(get("https://sim.com/")).await.map(drop).expect_err("605")
    });
    assert_eq!((error.kind().as_str(), error.code()), ("http", Some(605)));
    assert!(error.to_string().contains("TLS 1.0"), "{error}");
}

#[test]
fn firmware_without_ssl_is_named() {
    let settings = answered(&HTTP).replace("http://sim.com/", "https://sim.com/");
    let (before, _) = settings.split_once("> AT+HTTPSSL").expect("it is set");
    let steps = format!("{before}> AT+HTTPSSL=1\n< +CME ERROR: 100\n> AT+HTTPTERM\n< OK\n");
    let error = Scripted::play(&steps, |bearer| async move {
        Http::new(&bearer).send(get("https://sim.com/")).await.map(drop).expect_err("no SSL")
    });
    assert_eq!((error.kind().as_str(), error.code()), ("no-ssl", Some(100)));
    assert!(error.to_string().contains("R14"), "{error}");
}

#[test]
fn a_certificate_is_not_accepted_behind_the_users_back() {
    let steps = https("").replace("> AT+SSLOPT=0,0\n< ERROR\n", "> AT+SSLOPT=0,1\n< ERROR\n");
    let (before, _) = steps.split_once("> AT+HTTPGETHEAD").expect("it is set");
    let steps = format!("{before}> AT+HTTPTERM\n< OK\n");
    let error = Scripted::play(&steps, |bearer| async move {
        let mut options = HttpOptions::default();
        options.accept_invalid_certificate = true;
        let http = Http::new(&bearer).with_options(options);
        http.send(get("https://sim.com/")).await.map(drop).expect_err("not to be had")
    });
    assert_eq!(error.kind().as_str(), "no-ssl");
}

async fn observed(bearer: Bearer, every: u64) -> (Result<u16, HttpError>, Vec<(u64, u64)>) {
    let mut told = Vec::new();
    let result = http_client(&bearer)
        .send_with_progress(get("http://sim.com/"), Duration::from_secs(every), |progress| {
            told.push((progress.finished, progress.remaining));
        })
        .await;
    (result.map(|response| response.status().as_u16()), told)
}

#[test]
fn progress_is_asked_for_while_a_request_runs() {
    // Application note 3.8, its figures among them; the last question crosses the result.
    let steps = http(
        "> AT+HTTPACTION=0
         < OK
         .. 1
         > AT+HTTPSTATUS?
         < +HTTPSTATUS: GET,1,1440,7915
         < OK
         .. 1
         > AT+HTTPSTATUS?
         < +HTTPSTATUS: 0,1,5000,4355
         < +HTTPACTION: 0, 200,9335
         < OK
         > AT+HTTPTERM
         < OK",
    );
    let (status, seen) = Scripted::play(&steps, |bearer| observed(bearer, 1));
    assert_eq!(status, Ok(200));
    assert_eq!(seen, [(1440, 7915), (5000, 4355)]);
}

#[test]
fn firmware_that_tells_no_progress_is_not_asked_again() {
    let steps = http(
        "> AT+HTTPACTION=0
         < OK
         .. 2
         > AT+HTTPSTATUS?
         < ERROR
         > AT+HTTPSTATUS=?
         < ERROR
         .. 30
         < +HTTPACTION: 0,200,0
         > AT+HTTPREAD=0,1
         < OK
         > AT+HTTPTERM
         < OK",
    );
    let (status, seen) = Scripted::play(&steps, |bearer| observed(bearer, 2));
    assert_eq!((status, seen), (Ok(200), Vec::new()));
}

#[test]
fn a_result_before_the_ok_of_its_action_needs_no_question() {
    let steps = http(
        "> AT+HTTPACTION=0
         < +HTTPACTION: 0,603,0
         < OK
         > AT+HTTPTERM
         < OK",
    );
    let (status, seen) = Scripted::play(&steps, |bearer| observed(bearer, 1));
    assert_eq!(status.expect_err("603").code(), Some(603));
    assert_eq!(seen, []);
}

#[test]
fn a_request_that_never_ends_is_given_up_however_much_it_tells() {
    let questions = ".. 10\n> AT+HTTPSTATUS?\n< +HTTPSTATUS: GET,1,1,1\n< OK\n".repeat(15);
    let steps = http(&format!("> AT+HTTPACTION=0\n< OK\n{questions}> AT+HTTPTERM\n< ERROR\n"));
    let (status, seen) = Scripted::play(&steps, |bearer| observed(bearer, 10));
    assert_eq!(status.expect_err("no result").kind().as_str(), "timed-out");
    assert_eq!(seen.len(), 15);
}

#[test]
fn parameters_are_saved_and_read_back() {
    let steps = http(
        "> AT+HTTPSCONT
         < OK
         > AT+HTTPTERM
         < OK
         > AT+HTTPINIT
         < OK
         > AT+HTTPSCONT?
         < +HTTPSCONT: 0\\r\\nCID: 1\\r\\nURL: http://sim.com/\\r\\nREDIR: 1\\r\\nUSERDATA: Authorization: Basic eA==\\r\\n|
         < OK
         > AT+HTTPTERM
         < OK",
    );
    Scripted::play(&steps, |bearer| async move {
        let http = Http::new(&bearer);
        http.save(get("http://sim.com/")).await.expect("saved");
        let shown = http.saved(|context| {
            assert!(context.saved);
            assert_eq!(context.url.map(|url| url.as_str()), Some("http://sim.com/"));
            format!("{context:?}")
        });
        let shown = shown.await.expect("read back");
        assert!(!shown.contains("eA=="), "{shown}");
        let post = http::Request::post("http://sim.com/").body(Bytes::from_static(b"x")).expect("a request");
        assert_eq!(http.save(post).await.expect_err("a body").kind().as_str(), "unsupported");
    });
}
