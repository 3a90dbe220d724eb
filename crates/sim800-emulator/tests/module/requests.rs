//! What the module asks of the network in the examples of the application note, chapter 3. What it says meanwhile, the
//! transcripts have.

use bytes::Bytes;
use sim800_emulator::{Effect, FtpAction, FtpFailure, HttpMethod, NetworkEvent, PutOption};

use crate::bench::{Bench, SECOND, instant};

fn done(status: u16, body: &'static [u8]) -> NetworkEvent {
    NetworkEvent::HttpDone { status, head: Bytes::new(), body: Bytes::from_static(body) }
}

fn data(octets: &'static [u8]) -> NetworkEvent {
    NetworkEvent::FtpData(Bytes::from_static(octets))
}

const END: NetworkEvent = NetworkEvent::FtpDone { size: None };

const FIFTY: &[u8] = b"01234567890123456789012345678901234567890123456789";

#[test]
fn http_get_3_2() {
    let mut bench = Bench::online();
    bench.ok("AT+HTTPINIT");
    bench.ok("AT+HTTPPARA=\"CID\",1");
    bench.ok("AT+HTTPPARA=\"URL\",\"www.sim.com\"");
    bench.ok("AT+HTTPACTION=0");
    let (id, request) = bench.http_request();
    assert_eq!(request.method, HttpMethod::Get);
    assert_eq!(request.url, "http://www.sim.com");
    assert_eq!(request.user_agent, "SIMCOM_MODULE");
    assert_eq!(request.timeout.as_secs(), 120);
    assert_eq!(request.limit, 319_488);
    assert_eq!((request.proxy, request.redirect, request.range, request.tls), (None, false, None, false));
    bench.network(id, done(200, &[7; 1000]));
    bench.dce("\r\n+HTTPACTION: 0,200,1000\r\n");
    bench.ok("AT+HTTPTERM");
    bench.no_effect();
}

#[test]
fn http_post_3_3() {
    let mut bench = Bench::http();
    bench.exchange("AT+HTTPDATA=100,10000", "\r\nDOWNLOAD\r\n");
    bench.dte([b'x'; 100]);
    bench.dce("\r\nOK\r\n");
    bench.ok("AT+HTTPACTION=1");
    let (_, request) = bench.http_request();
    assert_eq!((request.method, &request.body[..]), (HttpMethod::Post, &[b'x'; 100][..]));
}

#[test]
fn http_head_3_4() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPACTION=2");
    let (_, request) = bench.http_request();
    assert_eq!(request.method, HttpMethod::Head);
}

#[test]
fn http_proxy_3_5() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPPARA=\"PROIP\",\"10.0.0.172\"");
    bench.ok("AT+HTTPPARA=\"PROPORT\",80");
    bench.ok("AT+HTTPACTION=0");
    let (_, request) = bench.http_request();
    assert_eq!(request.proxy, Some(("10.0.0.172".into(), 80)));
}

#[test]
fn http_redirection_3_6() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPPARA=\"REDIR\",1");
    bench.ok("AT+HTTPPARA=\"URL\",\"www.sim.com/abcde\"");
    bench.ok("AT+HTTPACTION=0");
    let (_, request) = bench.http_request();
    assert!(request.redirect);
    assert_eq!(request.url, "http://www.sim.com/abcde");
}

#[test]
fn http_break_point_3_7() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPPARA=\"URL\",\"HTTP://www.sim.com/img/sim_logo_jr_1003_38.gif\"");
    bench.ok("AT+HTTPPARA=\"BREAK\",2000");
    bench.ok("AT+HTTPACTION=0");
    let (_, request) = bench.http_request();
    assert_eq!(request.url, "http://www.sim.com/img/sim_logo_jr_1003_38.gif");
    assert_eq!(request.range, Some((2000, None)));
}

#[test]
fn ftp_get_3_9() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPGET=1");
    let (id, request) = bench.ftp_request();
    assert_eq!(
        (request.server.as_str(), request.port, request.user.as_str(), request.password.as_str()),
        ("116.228.221.52", 21, "sim.cs1", "*****")
    );
    assert_eq!((request.path.as_str(), request.name.as_str(), request.rest), ("/", "1K.txt", 0));
    assert_eq!((request.action, request.passive, request.ascii), (FtpAction::Get, false, false));
    bench.network(id, NetworkEvent::FtpReady);
    bench.effect(Effect::Credit { id, octets: 16_384 });
    bench.network(id, END);
    bench.dce("\r\n+FTPGET: 1,0\r\n");
    bench.no_effect();
}

#[test]
fn ftp_put_3_10() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPPUT=1");
    let (id, request) = bench.ftp_request();
    assert_eq!((request.path.as_str(), request.name.as_str()), ("/", "1K.txt"));
    assert_eq!(request.action, FtpAction::Put(PutOption::Stor));
    bench.network(id, NetworkEvent::FtpReady);
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
    bench.exchange("AT+FTPPUT=2,100", "\r\n+FTPPUT: 2,100\r\n");
    bench.dte([b'u'; 100]);
    bench.dce("\r\nOK\r\n");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(&[b'u'; 100]) });
    bench.network(id, NetworkEvent::FtpSent(100));
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
    bench.ok("AT+FTPPUT=2,0");
    bench.effect(Effect::Finish { id });
    bench.network(id, END);
    bench.dce("\r\n+FTPPUT: 1,0\r\n");
    bench.no_effect();
}

#[test]
fn ftp_error_3_12() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPPW=\"3214567\"");
    bench.ok("AT+FTPGET=1");
    let (id, request) = bench.ftp_request();
    assert_eq!(request.password, "3214567");
    bench.network(id, NetworkEvent::FtpFailed(FtpFailure::PASSWORD));
    bench.dce("\r\n+FTPGET: 1,72\r\n");
    bench.information("AT+FTPSTATE", "+FTPSTATE: 0");
    bench.no_effect();
}

#[test]
fn ftp_operation_error_3_13() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPGETNAME=\"\"");
    bench.exchange("AT+FTPGET=1", "\r\nOK\r\n\r\n+FTPGET: 1,64\r\n");
    bench.ok("AT+FTPPUT=1");
    let (id, _) = bench.ftp_request();
    bench.exchange("AT+FTPPUT=1", "\r\nOK\r\n\r\n+FTPPUT: 1,66\r\n");
    bench.no_effect();
    // The first session lives on.
    bench.network(id, NetworkEvent::FtpReady);
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
}

#[test]
fn the_end_of_a_download_waits_until_all_is_read_3_14() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPGET=1");
    bench.error("AT+FTPGET=2,1000");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    bench.error("AT+FTPGET=2,1000");
    bench.network(id, data(FIFTY));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    bench.network(id, END);
    bench.dce("");
    let expected = [b"\r\n+FTPGET: 2,50\r\n", FIFTY, b"\r\nOK\r\n", b"\r\n+FTPGET: 1,0\r\n"].concat();
    bench.exchange("AT+FTPGET=2,1000", expected);
    bench.error("AT+FTPGET=2,1000");
    bench.effect(Effect::Credit { id, octets: 16_384 });
}

#[test]
fn ftp_break_point_3_15() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPREST=20");
    bench.ok("AT+FTPGET=1");
    let (_, request) = bench.ftp_request();
    assert_eq!(request.rest, 20);
}

#[test]
fn ftp_one_shots_3_16_to_3_18() {
    for (name, action, path, end) in [
        ("FTPDELE", FtpAction::Delete, "/", END),
        ("FTPSIZE", FtpAction::Size, "/", NetworkEvent::FtpDone { size: Some(1024) }),
        ("FTPMKD", FtpAction::MakeDirectory, "/test", END),
        ("FTPRMD", FtpAction::RemoveDirectory, "/test", END),
    ] {
        let mut bench = Bench::ftp();
        bench.ok(&format!("AT+FTPGETPATH=\"{path}\""));
        bench.ok(&format!("AT+{name}"));
        let (id, request) = bench.ftp_request();
        assert_eq!((request.path.as_str(), request.action), (path, action));
        bench.network(id, end);
        bench.dce(if name == "FTPSIZE" {
            "\r\n+FTPSIZE: 1,0,1024\r\n".into()
        } else {
            format!("\r\n+{name}: 1,0\r\n")
        });
    }
}

#[test]
fn ftp_list_3_19() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPLIST=1");
    let (id, request) = bench.ftp_request();
    assert_eq!((request.action, request.name.as_str()), (FtpAction::List, ""));
    bench.network(id, NetworkEvent::FtpReady);
    bench.network(id, data(b"total 0\r\n"));
    bench.dce("\r\n+FTPLIST: 1,1\r\n");
    bench.error("AT+FTPGET=2,1024");
}

#[test]
fn ftp_quit_3_25() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPGET=1");
    let (id, _) = bench.ftp_request();
    bench.exchange("AT+FTPQUIT", "\r\nOK\r\n\r\n+FTPGET: 1,86\r\n");
    bench.effect(Effect::Cancel { id });
    bench.information("AT+FTPSTATE", "+FTPSTATE: 0");
}

/// Some programs read the echo first, and then wait for the answer: it comes from a server.
#[test]
fn a_place_takes_its_time() {
    let mut config = instant();
    config.timings.http = 2 * SECOND;
    let mut bench = Bench::online_with(config);
    for (line, text) in [
        ("AT+CIPGSMLOC=1,1", "+CIPGSMLOC: 0,-74.007729,40.730160,2015/10/15,19:24:55"),
        ("AT+CLBS=1,1", "+CLBS: 0,-74.007729,40.730160,550"),
        ("AT+CLBS=4,1", "+CLBS: 0,-74.007729,40.730160,550,2015/10/15,19:24:55"),
        ("AT+CLBS=4,2", "+CLBS: 601"),
    ] {
        bench.exchange(line, "");
        bench.wait(SECOND, "");
        bench.wait(SECOND, format!("\r\n{text}\r\n\r\nOK\r\n"));
    }
}
