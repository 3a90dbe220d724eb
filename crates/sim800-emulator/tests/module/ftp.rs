//! FTP beyond the application note: settings, wrong states, flow control, time.

use bytes::Bytes;
use sim800_emulator::{Effect, Fault, FtpAction, FtpFailure, Grant, NetworkEvent};

use crate::bench::{Bench, SECOND, instant};

fn data(octets: &[u8]) -> NetworkEvent {
    NetworkEvent::FtpData(Bytes::copy_from_slice(octets))
}

const END: NetworkEvent = NetworkEvent::FtpDone { size: None };

#[test]
fn settings_are_checked_and_shown() {
    let mut bench = Bench::new(instant());
    for (name, first, value, shown) in [
        ("FTPPORT", "21", "65535", "65535"),
        ("FTPMODE", "0", "1", "1"),
        ("FTPTYPE", "I", "\"A\"", "A"),
        ("FTPPUTOPT", "STOR", "appe", "APPE"),
        ("FTPCID", "1", "3", "3"),
        ("FTPREST", "0", "4294967295", "4294967295"),
        ("FTPSERV", "", "\"ftp.sim.com\"", "ftp.sim.com"),
        ("FTPUN", "", "\"a,b;c\"", "a,b;c"),
        ("FTPPW", "", "bare", "bare"),
        ("FTPGETNAME", "", "\"1K.txt\"", "1K.txt"),
        ("FTPGETPATH", "", "\"/\"", "/"),
        ("FTPPUTNAME", "", "\"1K.txt\"", "1K.txt"),
        ("FTPPUTPATH", "", "\"/\"", "/"),
    ] {
        bench.ok(&format!("AT+{name}=?"));
        bench.information(&format!("AT+{name}?"), &format!("+{name}: {first}"));
        bench.ok(&format!("AT+{name}={value}"));
        bench.information(&format!("AT+{name}?"), &format!("+{name}: {shown}"));
        bench.error(&format!("AT+{name}"));
        bench.error(&format!("AT+{name}={value},1"));
    }
    for wrong in [
        "FTPPORT=0",
        "FTPPORT=65536",
        "FTPMODE=2",
        "FTPTYPE=\"B\"",
        "FTPPUTOPT=\"\"",
        "FTPCID=0",
        "FTPCID=4",
        "FTPREST=4294967296",
        "FTPREST=x",
    ] {
        bench.error(&format!("AT+{wrong}"));
    }
    for (name, most) in
        [("FTPSERV", 49), ("FTPUN", 49), ("FTPPW", 49), ("FTPGETNAME", 99), ("FTPPUTPATH", 255)]
    {
        bench.ok(&format!("AT+{name}=\"{}\"", "n".repeat(most)));
        bench.error(&format!("AT+{name}=\"{}\"", "n".repeat(most + 1)));
    }
}

#[test]
fn nothing_without_a_session() {
    let mut bench = Bench::ftp();
    for line in ["AT+FTPGET=2,10", "AT+FTPPUT=2,10", "AT+FTPPUT=2,0", "AT+FTPLIST=2,10", "AT+FTPQUIT"] {
        bench.error(line);
    }
    for line in ["AT+FTPGET=3", "AT+FTPGET=1,10", "AT+FTPGET=2", "AT+FTPGET", "AT+FTPPUT?", "AT+FTPSIZE=1"] {
        bench.error(line);
    }
    for line in ["AT+FTPGET=?", "AT+FTPPUT=?", "AT+FTPSIZE=?", "AT+FTPSTATE=?", "AT+FTPQUIT=?"] {
        bench.ok(line);
    }
    bench.information("AT+FTPSTATE", "+FTPSTATE: 0");
    bench.no_effect();
}

#[test]
fn a_closed_bearer_is_61() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPCID=2");
    bench.exchange("AT+FTPGET=1", "\r\nOK\r\n\r\n+FTPGET: 1,61\r\n");
    bench.exchange("AT+FTPSIZE", "\r\nOK\r\n\r\n+FTPSIZE: 1,61\r\n");
    bench.no_effect();
    bench.ok("AT+FTPCID=1");
    let id = bench.open_put();
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
    bench.fault(Fault::BearerLost { cid: 1 });
    bench.dce("\r\n+SAPBR 1: DEACT\r\n\r\n+FTPPUT: 1,61\r\n");
    bench.effect(Effect::Cancel { id });
}

#[test]
fn reading_is_limited_to_1460() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    bench.network(id, data(&[9; 2000]));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    bench.error("AT+FTPGET=2,0");
    bench.error("AT+FTPGET=2,1461");
    bench.payload("AT+FTPGET=2,1460", "+FTPGET: 2,1460", &[9; 1460]);
    bench.payload("AT+FTPGET=2,1460", "+FTPGET: 2,540", &[9; 540]);
}

#[test]
fn credit_follows_what_was_read() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    bench.network(id, data(&[1; 16_384]));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    for _ in 0..5 {
        bench.payload("AT+FTPGET=2,1460", "+FTPGET: 2,1460", &[1; 1460]);
        bench.no_effect();
    }
    bench.payload("AT+FTPGET=2,1460", "+FTPGET: 2,1460", &[1; 1460]);
    bench.effect(Effect::Credit { id, octets: 6 * 1460 });
    // More than was granted ends the session: memory is bounded.
    bench.network(id, data(&[1; 6 * 1460 + 1]));
    bench.dce("\r\n+FTPGET: 1,79\r\n");
    bench.effect(Effect::Cancel { id });
}

#[test]
fn payload_that_looks_like_lines() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    let evil = b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n>";
    bench.network(id, data(evil));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    bench.payload("AT+FTPGET=2,1460", &format!("+FTPGET: 2,{}", evil.len()), evil);
}

#[test]
fn an_empty_file_has_nothing_but_an_end() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    bench.network(id, END);
    bench.dce("\r\n+FTPGET: 1,0\r\n");
    bench.error("AT+FTPGET=2,10");
}

#[test]
fn waiting_data_are_announced_again_until_64() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    bench.network(id, data(b"abc"));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    bench.wait(5 * SECOND - SECOND / 10, "");
    bench.wait(SECOND / 10, "\r\n+FTPGET: 1,1\r\n");
    bench.payload("AT+FTPGET=2,1", "+FTPGET: 2,1", b"a");
    bench.wait(4 * SECOND, "");
    // However late the clock is read, everything happens in its order: 14 times 1,1, and the neglect ends at 75 s.
    bench.wait(80 * SECOND, "\r\n+FTPGET: 1,1\r\n".repeat(14) + "\r\n+FTPGET: 1,64\r\n");
    bench.effect(Effect::Cancel { id });
    bench.wait(100 * SECOND, "");
    assert_eq!(bench.emulator.poll_timeout(), None);
}

#[test]
fn nothing_is_announced_while_nothing_waits() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    bench.network(id, data(b"abc"));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    bench.payload("AT+FTPGET=2,100", "+FTPGET: 2,3", b"abc");
    bench.wait(74 * SECOND, "");
    bench.network(id, data(b"d"));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    bench.payload("AT+FTPGET=2,100", "+FTPGET: 2,1", b"d");
    bench.wait(75 * SECOND, "\r\n+FTPGET: 1,64\r\n");
    bench.effect(Effect::Cancel { id });
}

#[test]
fn a_full_window_is_not_the_servers_silence() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    bench.network(id, data(&[0; 16_384]));
    bench.said();
    for _ in 0..4 {
        bench.wait(60 * SECOND, "\r\n+FTPGET: 1,1\r\n".repeat(12));
        bench.payload("AT+FTPGET=2,1", "+FTPGET: 2,1", b"\0");
    }
}

#[test]
fn silent_servers_are_64() {
    for line in ["AT+FTPGET=1", "AT+FTPPUT=1", "AT+FTPSIZE"] {
        let mut bench = Bench::ftp();
        bench.ok(line);
        let (id, _) = bench.ftp_request();
        bench.wait(74 * SECOND, "");
        let name = line.trim_start_matches("AT").trim_end_matches("=1");
        bench.wait(SECOND, format!("\r\n{name}: 1,64\r\n"));
        bench.effect(Effect::Cancel { id });
    }
    let mut bench = Bench::ftp();
    let id = bench.open_put();
    bench.said();
    bench.ok("AT+FTPPUT=2,0");
    bench.effect(Effect::Finish { id });
    bench.wait(75 * SECOND, "\r\n+FTPPUT: 1,64\r\n");
}

#[test]
fn uploads_follow_the_maximum_of_each_round() {
    let mut config = instant();
    config.ftp_put_maxima = vec![1360, 10];
    config.ftp_put_grant = Grant::AtMost(4);
    let mut bench = Bench::ftp_with(config);
    let id = bench.open_put();
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
    bench.error("AT+FTPPUT=2,1361");
    bench.exchange("AT+FTPPUT=2,5", "\r\n+FTPPUT: 2,4\r\n");
    bench.dte("abcd");
    bench.dce("\r\nOK\r\n");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"abcd") });
    // The next round begins when the network took it, and not before.
    bench.error("AT+FTPPUT=2,1");
    bench.network(id, NetworkEvent::FtpSent(3));
    bench.dce("");
    bench.network(id, NetworkEvent::FtpSent(1));
    bench.dce("\r\n+FTPPUT: 1,1,10\r\n");
    bench.error("AT+FTPPUT=2,11");
    bench.exchange("AT+FTPPUT=2,3", "\r\n+FTPPUT: 2,3\r\n");
    bench.dte("efg");
    bench.dce("\r\nOK\r\n");
    bench.network(id, NetworkEvent::FtpSent(3));
    bench.dce("\r\n+FTPPUT: 1,1,10\r\n");
}

#[test]
fn an_upload_may_be_ended_before_the_next_round() {
    // As in application note 3.14.
    let mut bench = Bench::ftp();
    let id = bench.open_put();
    bench.said();
    bench.exchange("AT+FTPPUT=2,1", "\r\n+FTPPUT: 2,1\r\n");
    bench.dte("a");
    bench.dce("\r\nOK\r\n");
    bench.ok("AT+FTPPUT=2,0");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"a") });
    bench.effect(Effect::Finish { id });
    bench.error("AT+FTPPUT=2,0");
    bench.network(id, NetworkEvent::FtpSent(1));
    bench.dce("");
    bench.network(id, END);
    bench.dce("\r\n+FTPPUT: 1,0\r\n");
}

#[test]
fn uploads_that_nobody_writes_to_are_64() {
    let mut bench = Bench::ftp();
    let id = bench.open_put();
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
    bench.wait(75 * SECOND, "\r\n+FTPPUT: 1,64\r\n");
    bench.effect(Effect::Cancel { id });
    let id = bench.open_put();
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
    bench.exchange("AT+FTPPUT=2,2", "\r\n+FTPPUT: 2,2\r\n");
    bench.dte("a");
    bench.wait(75 * SECOND, "\r\nERROR\r\n\r\n+FTPPUT: 1,64\r\n");
    bench.effect(Effect::Cancel { id });
}

#[test]
fn a_session_that_ends_under_the_dtes_hands() {
    let mut bench = Bench::ftp();
    let id = bench.open_put();
    bench.said();
    bench.exchange("AT+FTPPUT=2,2", "\r\n+FTPPUT: 2,2\r\n");
    bench.dte("a");
    bench.network(id, NetworkEvent::FtpFailed(FtpFailure::UPLOAD));
    bench.dce("\r\n+FTPPUT: 1,78\r\n");
    // The octets that were asked for are still counted.
    bench.dte("b");
    bench.dce("\r\nERROR\r\n");
    bench.ok("AT");
}

#[test]
fn one_session_at_a_time() {
    let mut bench = Bench::ftp();
    let id = bench.open_get();
    for (line, name) in [
        ("AT+FTPGET=1", "+FTPGET"),
        ("AT+FTPPUT=1", "+FTPPUT"),
        ("AT+FTPSIZE", "+FTPSIZE"),
        ("AT+FTPLIST=1", "+FTPLIST"),
    ] {
        bench.exchange(line, format!("\r\nOK\r\n\r\n{name}: 1,66\r\n"));
    }
    bench.information("AT+FTPSTATE", "+FTPSTATE: 1");
    bench.network(id, data(b"x"));
    bench.dce("\r\n+FTPGET: 1,1\r\n");
    bench.exchange("AT+FTPQUIT", "\r\nOK\r\n\r\n+FTPGET: 1,86\r\n");
    bench.effect(Effect::Cancel { id });
    bench.network(id, data(b"late"));
    bench.dce("");
}

#[test]
fn a_file_is_renamed_where_the_firmware_can() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPPUTPATH=\"/old/\"");
    bench.ok("AT+FTPPUTNAME=\"2K.txt\"");
    bench.ok("AT+FTPRENAME=?");
    bench.ok("AT+FTPRENAME");
    let (id, request) = bench.ftp_request();
    assert_eq!((request.path.as_str(), request.name.as_str()), ("/", "1K.txt"));
    let expected = FtpAction::Rename { to_path: "/old/".into(), to_name: "2K.txt".into() };
    assert_eq!(request.action, expected);
    bench.network(id, END);
    bench.dce("\r\n+FTPRENAME: 1,0\r\n");
    bench.ok("AT+FTPPUTNAME=\"\"");
    bench.exchange("AT+FTPRENAME", "\r\nOK\r\n\r\n+FTPRENAME: 1,64\r\n");

    let mut config = instant();
    config.ftp_rename = false;
    let mut bench = Bench::ftp_with(config);
    bench.error("AT+FTPRENAME=?");
    bench.error("AT+FTPRENAME");
}

#[test]
fn saved_settings_survive_a_restart() {
    let mut bench = Bench::ftp();
    let settings = |mode| {
        format!(
            "+FTPSCONT: {mode}\r\n+FTPSERV: 116.228.221.52\r\n+FTPPORT: 21\r\n+FTPUN: sim.cs1\r\n+FTPPW: *****\r\n+FTPCID: 1\r\n+FTPMODE: 0\r\n+FTPTYPE: I\r\n+FTPPUTOPT: STOR\r\n+FTPREST: 0\r\n+FTPGETNAME: 1K.txt\r\n+FTPGETPATH: /\r\n+FTPPUTNAME: 1K.txt\r\n+FTPPUTPATH: /\r\n+FTPTIMEOUT: 75"
        )
    };
    bench.information("AT+FTPSCONT?", &settings(1));
    bench.ok("AT+FTPSCONT");
    bench.information("AT+FTPSCONT?", &settings(0));
    bench.ok("AT+FTPREST=5");
    bench.information("AT+FTPSCONT?", &settings(1).replace("REST: 0", "REST: 5"));
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.dte("ATE0\r");
    bench.said();
    bench.information("AT+FTPSCONT?", &settings(0));
}
