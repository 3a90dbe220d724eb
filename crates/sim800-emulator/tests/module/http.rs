//! The HTTP service beyond the application note: wrong states, ranges, limits, time.

use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{DataExpiry, Effect, Fault, HttpFailure, NetworkEvent};

use crate::bench::{Bench, SECOND, instant};

fn done(status: u16, body: &[u8]) -> NetworkEvent {
    NetworkEvent::HttpDone { status, head: Bytes::new(), body: Bytes::copy_from_slice(body) }
}

#[test]
fn nothing_but_tests_before_initialization() {
    let mut bench = Bench::online();
    bench.ok("AT+CMEE=1");
    for line in [
        "AT+HTTPTERM",
        "AT+HTTPPARA=\"CID\",1",
        "AT+HTTPPARA?",
        "AT+HTTPDATA=1,1000",
        "AT+HTTPACTION=0",
        "AT+HTTPREAD",
        "AT+HTTPREAD=0,1",
        "AT+HTTPSTATUS?",
    ] {
        bench.exchange(line, "\r\n+CME ERROR: 3\r\n");
    }
    for line in ["AT+HTTPINIT=?", "AT+HTTPTERM=?", "AT+HTTPSTATUS=?"] {
        bench.ok(line);
    }
    bench.information("AT+HTTPPARA=?", "+HTTPPARA: \"HTTPParamTag\",\"HTTPParmValue\"");
    bench.information("AT+HTTPDATA=?", "+HTTPDATA: (0-319488),(1000-120000)");
    bench.information("AT+HTTPACTION=?", "+HTTPACTION: (0-3)");
    bench.information("AT+HTTPREAD=?", "+HTTPREAD: (0-319488),(1-319488)");
    bench.ok("AT+HTTPINIT");
    bench.exchange("AT+HTTPINIT", "\r\n+CME ERROR: 3\r\n");
    bench.ok("AT+HTTPTERM");
}

#[test]
fn parameters_are_checked_and_shown() {
    let mut bench = Bench::http();
    for line in [
        "AT+HTTPPARA=\"CID\",4",
        "AT+HTTPPARA=\"CID\",x",
        "AT+HTTPPARA=\"CID\"",
        "AT+HTTPPARA=\"REDIR\",2",
        "AT+HTTPPARA=\"TIMEOUT\",29",
        "AT+HTTPPARA=\"TIMEOUT\",1001",
        "AT+HTTPPARA=\"PROPORT\",65536",
        "AT+HTTPPARA=\"BREAK\",-1",
        "AT+HTTPPARA=\"NONE\",1",
        "AT+HTTPPARA=\"URL\",\"a\",\"b\"",
        "AT+HTTPACTION=4",
        "AT+HTTPACTION",
        "AT+HTTPDATA=319489,1000",
        "AT+HTTPDATA=1,999",
        "AT+HTTPDATA=1,120001",
        "AT+HTTPDATA",
        "AT+HTTPREAD=0,0",
        "AT+HTTPREAD=319489,1",
    ] {
        bench.error(line);
    }
    bench.ok("AT+HTTPPARA=UA,\"me\";+HTTPPARA=\"CONTENT\",\"text/plain\"");
    bench.ok("at+httppara=break,5;+httppara=breakend,9");
    bench.ok(r#"AT+HTTPPARA="USERDATA","A: b\r\nC: d""#);
    bench.information(
        "AT+HTTPPARA?",
        "+HTTPPARA:\r\nCID,1\r\nURL,www.sim.com\r\nUA,me\r\nPROIP,\r\nPROPORT,\r\nREDIR,0\r\nBREAK,5\r\nBREAKEND,9\r\n\
         TIMEOUT,120\r\nCONTENT,text/plain\r\nUSERDATA,A: b\\r\\nC: d",
    );
    bench.ok("AT+HTTPACTION=0");
    let (_, request) = bench.http_request();
    assert_eq!(request.user_agent, "me");
    assert_eq!(request.content_type.as_deref(), Some("text/plain"));
    assert_eq!(request.range, Some((5, Some(9))));
    assert_eq!(request.headers, [("A".into(), "b".into()), ("C".into(), "d".into())]);
}

#[test]
fn actions_need_an_address_and_a_bearer() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+HTTPINIT");
    bench.error("AT+HTTPACTION=0");
    bench.ok("AT+HTTPPARA=\"URL\",\"a\"");
    bench.error("AT+HTTPACTION=0");
    bench.ok("AT+HTTPPARA=\"CID\",1");
    bench.exchange("AT+HTTPACTION=1", "\r\nOK\r\n\r\n+HTTPACTION: 1,601,0\r\n");
    bench.no_effect();
}

#[test]
fn failures_have_their_codes() {
    for (failure, code) in [
        (HttpFailure::NotHttp, 600),
        (HttpFailure::Network, 601),
        (HttpFailure::TooLarge, 602),
        (HttpFailure::Dns, 603),
        (HttpFailure::Busy, 604),
        (HttpFailure::SslSetup, 605),
        (HttpFailure::SslAlert, 606),
    ] {
        let mut bench = Bench::http();
        bench.ok("AT+HTTPACTION=0");
        let (id, _) = bench.http_request();
        bench.network(id, NetworkEvent::HttpFailed(failure));
        bench.dce(format!("\r\n+HTTPACTION: 0,{code},0\r\n"));
        bench.ok("AT+HTTPREAD");
    }
}

#[test]
fn a_request_under_way_refuses_the_rest() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.error("AT+HTTPACTION=0");
    bench.error("AT+HTTPPARA=\"CID\",1");
    bench.error("AT+HTTPDATA=1,1000");
    bench.ok("AT+HTTPREAD");
    bench.information("AT+HTTPSTATUS?", "+HTTPSTATUS: GET,1,0,0");
    bench.ok("AT+HTTPTERM");
    bench.effect(Effect::Cancel { id });
    // Late news find nobody.
    bench.network(id, done(200, b"late"));
    bench.dce("");
    bench.wait(200 * SECOND, "");
    bench.ok("AT+HTTPINIT");
    bench.ok("AT+HTTPREAD");
}

#[test]
fn a_part_is_told_as_the_note_has_it_or_as_the_server() {
    for (partial_content, told) in [(false, 200), (true, 206)] {
        let mut config = instant();
        config.partial_content = partial_content;
        let mut bench = Bench::http_with(config);
        bench.ok("AT+HTTPPARA=\"BREAK\",2");
        bench.ok("AT+HTTPACTION=0");
        let (id, _) = bench.http_request();
        bench.network(id, done(206, b"234"));
        bench.dce(format!("\r\n+HTTPACTION: 0,{told},3\r\n"));
    }
}

#[test]
fn reads_what_is_there() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPREAD");
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.network(id, done(200, b"0123456789"));
    bench.dce("\r\n+HTTPACTION: 0,200,10\r\n");
    bench.payload("AT+HTTPREAD=0,4", "+HTTPREAD: 4", b"0123");
    bench.payload("AT+HTTPREAD=8,4", "+HTTPREAD: 2", b"89");
    bench.ok("AT+HTTPREAD=10,4");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 10", b"0123456789");
    // It stays until the next input or action.
    bench.exchange("AT+HTTPDATA=2,1000", "\r\nDOWNLOAD\r\n");
    bench.dte("ab");
    bench.dce("\r\nOK\r\n");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 2", b"ab");
    bench.ok("AT+HTTPDATA=0,1000");
    bench.ok("AT+HTTPREAD");
}

#[test]
fn a_body_over_the_buffer_is_602() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.network(id, done(200, &vec![0; 319_488]));
    bench.dce("\r\n+HTTPACTION: 0,200,319488\r\n");
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.network(id, done(200, &vec![0; 319_489]));
    bench.dce("\r\n+HTTPACTION: 0,602,0\r\n");
}

#[test]
fn a_silent_server_is_601() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPPARA=\"TIMEOUT\",30");
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.wait(29 * SECOND, "");
    bench.network(id, NetworkEvent::HttpProgress { received: 1, total: None });
    bench.wait(29 * SECOND, "");
    bench.wait(SECOND, "\r\n+HTTPACTION: 0,601,0\r\n");
    bench.effect(Effect::Cancel { id });
}

#[test]
fn a_lost_bearer_is_601() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPACTION=2");
    let (id, _) = bench.http_request();
    bench.fault(Fault::BearerLost { cid: 2 });
    bench.dce("");
    bench.fault(Fault::BearerLost { cid: 1 });
    bench.dce("\r\n+SAPBR 1: DEACT\r\n\r\n+HTTPACTION: 2,601,0\r\n");
    bench.effect(Effect::Cancel { id });
}

#[test]
fn input_counts_octets_and_scans_none() {
    let mut bench = Bench::http();
    let body = b"\r\nOK\r\nAT\r\nATE1\r\n\x08\x1a\x1b+++\x00\xff";
    bench.ok("ATE1");
    bench.said();
    bench.dte(format!("AT+HTTPDATA={},1000\r\n", body.len()));
    bench.dce(format!("AT+HTTPDATA={},1000\r\r\nDOWNLOAD\r\n", body.len()));
    for octet in body {
        bench.dce("");
        bench.dte([*octet]);
    }
    bench.dce("\r\nOK\r\n");
    bench.dte("ATE0\r");
    bench.dce("ATE0\r\r\nOK\r\n");
    bench.payload("AT+HTTPREAD", &format!("+HTTPREAD: {}", body.len()), body);
}

#[test]
fn input_that_does_not_come() {
    let mut bench = Bench::http();
    bench.exchange("AT+HTTPDATA=3,1000", "\r\nDOWNLOAD\r\n");
    bench.dte("ab");
    bench.wait(Duration::from_millis(999), "");
    bench.wait(Duration::from_millis(1), "\r\nERROR\r\n");
    bench.ok("AT+HTTPREAD");

    let mut config = instant();
    config.http_data_expiry = DataExpiry::Ok;
    let mut bench = Bench::http_with(config);
    bench.exchange("AT+HTTPDATA=3,1000", "\r\nDOWNLOAD\r\n");
    bench.dte("ab");
    bench.wait(SECOND, "\r\nOK\r\n");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 2", b"ab");
}

#[test]
fn tls_is_switched_by_its_own_command() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPPARA=\"URL\",\"https://www.sim.com/\"");
    bench.information("AT+HTTPSSL?", "+HTTPSSL: 0");
    bench.ok("AT+HTTPSSL=1");
    bench.ok("AT+HTTPACTION=0");
    let (_, request) = bench.http_request();
    assert_eq!((request.tls, request.url.as_str()), (true, "https://www.sim.com/"));

    let mut config = instant();
    config.ssl = false;
    let mut bench = Bench::http_with(config);
    bench.error("AT+HTTPSSL=1");
    bench.ok("AT+CMEE=2");
    bench.exchange("AT+HTTPSSL=1", "\r\n+CME ERROR: unknown\r\n");
}

#[test]
fn the_header_block_is_read_by_itself_or_before_the_body() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPHEAD");
    bench.information("AT+HTTPGETHEAD=?", "+HTTPGETHEAD: (0-1)");
    bench.information("AT+HTTPGETHEAD?", "+HTTPGETHEAD: 0");
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.ok("AT+HTTPHEAD");
    bench.error("AT+HTTPGETHEAD=1");
    let head = Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    let body = Bytes::from_static(b"hello");
    bench.network(id, NetworkEvent::HttpDone { status: 200, head: head.clone(), body });
    bench.dce("\r\n+HTTPACTION: 0,200,5\r\n");
    bench.payload("AT+HTTPHEAD", "+HTTPHEAD: 38", &head);
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 5", b"hello");
    bench.ok("AT+HTTPGETHEAD=1");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 43", &[&head[..], b"hello"].concat());
    bench.payload("AT+HTTPREAD=36,100", "+HTTPREAD: 7", b"\r\nhello");
    bench.ok("AT+HTTPACTION=2");
    let (id, _) = bench.http_request();
    bench.ok("AT+HTTPHEAD");
    bench.network(id, NetworkEvent::HttpDone { status: 200, head: head.clone(), body: Bytes::new() });
    bench.dce("\r\n+HTTPACTION: 2,200,38\r\n");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 38", &head);
    bench.ok("AT+HTTPDATA=0,1000");
    bench.ok("AT+HTTPHEAD");
    bench.error("AT+HTTPGETHEAD=2");
    bench.error("AT+HTTPHEAD?");
}

#[test]
fn the_progress_of_an_upload_is_told() {
    let mut bench = Bench::http();
    bench.exchange("AT+HTTPDATA=10,1000", "\r\nDOWNLOAD\r\n");
    bench.dte("0123456789");
    bench.dce("\r\nOK\r\n");
    bench.ok("AT+HTTPACTION=1");
    let (id, _) = bench.http_request();
    bench.information("AT+HTTPSTATUS?", "+HTTPSTATUS: POST,2,0,10");
    bench.network(id, NetworkEvent::HttpSent { sent: 4 });
    bench.information("AT+HTTPSTATUS?", "+HTTPSTATUS: POST,2,4,6");
    bench.network(id, NetworkEvent::HttpProgress { received: 3, total: Some(5) });
    bench.network(id, NetworkEvent::HttpSent { sent: 10 });
    bench.information("AT+HTTPSTATUS?", "+HTTPSTATUS: POST,1,3,2");
}

#[test]
fn a_saved_context_is_there_again() {
    let mut bench = Bench::new(instant());
    bench.error("AT+HTTPSCONT");
    bench.error("AT+HTTPSCONT?");
    bench.ok("AT+HTTPSCONT=?");
    bench.ok("AT+HTTPINIT");
    bench.ok("AT+HTTPPARA=\"CID\",1");
    bench.ok("AT+HTTPPARA=\"URL\",\"www.sim.com\"");
    bench.ok("AT+HTTPPARA=\"USERDATA\",\"Accept: text/plain\\r\\nX-Id: 7\"");
    let context = |mode| {
        format!(
            "+HTTPSCONT: {mode}\r\nCID: 1\r\nURL: www.sim.com\r\nUA: SIMCOM_MODULE\r\nPROIP: \r\nPROPORT: \r\nREDIR: 0\r\nBREAK: 0\r\nBREAKEND: 0\r\nUSERDATA: Accept: text/plain\\r\\nX-Id: 7"
        )
    };
    bench.information("AT+HTTPSCONT?", &context(1));
    bench.ok("AT+HTTPSCONT");
    bench.information("AT+HTTPSCONT?", &context(0));
    bench.ok("AT+HTTPPARA=\"REDIR\",1");
    bench.information("AT+HTTPSCONT?", &context(1).replace("REDIR: 0", "REDIR: 1"));
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.dte("ATE0\r");
    bench.said();
    bench.ok("AT+HTTPINIT");
    bench.information("AT+HTTPSCONT?", &context(0));
}

#[test]
fn delete_is_a_method() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPACTION=3");
    let (id, request) = bench.http_request();
    assert_eq!(request.method, sim800_emulator::HttpMethod::Delete);
    bench.information("AT+HTTPSTATUS?", "+HTTPSTATUS: DELETE,1,0,0");
    bench.network(id, done(204, b""));
    bench.dce("\r\n+HTTPACTION: 3,204,0\r\n");
}

#[test]
fn certificates_are_looked_at_on_request() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPSSL=1");
    bench.ok("AT+SSLOPT=1,0");
    for (line, checked) in [("AT+SSLOPT=0,1", false), ("AT+SSLOPT=0,0", true)] {
        bench.ok(line);
        bench.ok("AT+HTTPACTION=0");
        let (id, request) = bench.http_request();
        assert_eq!(request.check_certificate, checked);
        bench.network(id, NetworkEvent::HttpFailed(HttpFailure::SslSetup));
        bench.dce("\r\n+HTTPACTION: 0,605,0\r\n");
    }
    for line in
        ["AT+SSLOPT=1,1", "AT+SSLOPT=2,0", "AT+SSLOPT=0,2", "AT+SSLOPT=0", "AT+FTPSSL=1", "AT+FTPSSL=3"]
    {
        bench.error(line);
    }
    bench.ok("AT+FTPSSL=0");
    bench.information("AT+FTPSSL?", "+FTPSSL: 0");
    bench.ok("AT+CMEE=1");
    bench.exchange("AT+FTPSSL=2", "\r\n+CME ERROR: 4\r\n");

    let mut config = instant();
    config.ssl = false;
    let mut bench = Bench::http_with(config);
    for line in ["AT+SSLOPT=0,1", "AT+FTPSSL=0", "AT+FTPSSL=?"] {
        bench.error(line);
    }
}
