//! TCP and UDP: manual chapter 8, and what drivers and logs show of it.

use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{
    Config, Effect, Fault, NetworkEvent, OperationId, SocketFailure, SocketRequest, Transport,
};

use crate::bench::{Bench, SECOND, instant};

impl Bench {
    /// With the context up and its address known.
    fn context(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.ok("AT+CSTT=\"internet\",\"\",\"\"");
        bench.ok("AT+CIICR");
        bench.exchange("AT+CIFSR", "\r\n10.89.193.1\r\n");
        bench
    }

    /// With several sockets allowed, and read by the DTE where `manual`.
    fn many(manual: bool) -> Self {
        let mut bench = Self::new(instant());
        bench.ok("AT+CIPMUX=1");
        if manual {
            bench.ok("AT+CIPRXGET=1");
        }
        bench.ok("AT+CSTT;+CIICR");
        bench.exchange("AT+CIFSR;E0", "\r\n10.89.193.1\r\n\r\nOK\r\n");
        bench
    }

    #[track_caller]
    fn socket_request(&mut self) -> (OperationId, SocketRequest) {
        match self.emulator.poll_effect() {
            Some(Effect::Socket { id, request }) => (id, request),
            other => panic!("no socket: {other:?}"),
        }
    }

    /// A socket is opened and the first credit taken.
    #[track_caller]
    fn connect(&mut self, line: &str, up: &str) -> OperationId {
        self.ok(line);
        let (id, _) = self.socket_request();
        let remote = ([93, 184, 216, 34], 80).into();
        self.network(id, NetworkEvent::SocketOpen { remote });
        self.dce(format!("\r\n{up}\r\n"));
        self.effect(Effect::Credit { id, octets: 8192 });
        id
    }

    fn data(&mut self, id: OperationId, octets: &'static [u8]) {
        self.network(id, NetworkEvent::SocketData(Bytes::from_static(octets)));
    }
}

const SINGLE: &str = "AT+CIPSTART=\"TCP\",\"example.com\",80";

#[test]
fn the_context_goes_from_state_to_state() {
    let mut bench = Bench::new(instant());
    let state = |bench: &mut Bench, name: &str| {
        bench.exchange("AT+CIPSTATUS", format!("\r\nOK\r\n\r\nSTATE: {name}\r\n"));
    };
    state(&mut bench, "IP INITIAL");
    bench.information("AT+CSTT?", "+CSTT: \"CMNET\",\"\",\"\"");
    for refused in ["AT+CIICR", "AT+CIFSR", "AT+CIPCLOSE", "AT+CIPSEND", "AT+CDNSGIP=\"a\""] {
        bench.error(refused);
    }
    bench.ok("AT+CSTT=\"internet\"");
    state(&mut bench, "IP START");
    bench.error("AT+CSTT=\"internet\"");
    bench.error("AT+CIPMUX=1");
    bench.ok("AT+CIICR");
    state(&mut bench, "IP GPRSACT");
    bench.exchange("AT+CIFSR", "\r\n10.89.193.1\r\n");
    state(&mut bench, "IP STATUS");
    bench.exchange("AT+CIPSHUT", "\r\nSHUT OK\r\n");
    state(&mut bench, "IP INITIAL");
    bench.exchange("AT+CIPSHUT", "\r\nSHUT OK\r\n");
    bench.ok("AT+CIPMUX=1");
    bench.information("AT+CIPMUX?", "+CIPMUX: 1");
}

#[test]
fn what_is_told_after_the_ok_is_told_a_moment_later() {
    let mut config = Config::default();
    config.echo = false;
    let mut bench = Bench::new(config);
    bench.exchange("AT+CIPSTATUS", "\r\nOK\r\n");
    bench.wait(Duration::from_millis(20), "\r\nSTATE: IP INITIAL\r\n");
    // Who does not wait hears it before the next answer: it is older than what the next command sets off.
    bench.exchange("AT+CIPSTATUS", "\r\nOK\r\n");
    bench.exchange("AT+CSQ", "\r\nSTATE: IP INITIAL\r\n\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
}

#[test]
fn sockets_do_not_fall_between_a_command_and_its_answer() {
    let mut config = instant();
    config.timings.unsolicited = Duration::from_millis(20);
    let mut bench = Bench::new(config);
    bench.ok("AT+CIPRXGET=1");
    bench.ok(SINGLE);
    let (id, _) = bench.socket_request();
    bench.network(id, NetworkEvent::SocketOpen { remote: ([93, 184, 216, 34], 80).into() });
    bench.wait(SECOND, "\r\nCONNECT OK\r\n");
    bench.ok("AT");
    bench.data(id, b"hello");
    bench.information("AT+CIPRXGET=4", "+CIPRXGET: 4,5");
    bench.wait(Duration::from_millis(20), "\r\n+CIPRXGET: 1\r\n");
    // Who has read it need not be told, and who never waits is told after a while.
    bench.ok("AT");
    bench.data(id, b"you");
    bench.exchange("AT+CIPRXGET=2,9", "\r\n+CIPRXGET: 2,8,0\r\nhelloyou\r\nOK\r\n");
    bench.wait(SECOND, "");
    bench.ok("AT");
    bench.data(id, b"there");
    let mut commands = 0;
    loop {
        bench.wait(Duration::from_millis(10), "");
        bench.dte("AT\r");
        match &*bench.said() {
            b"\r\nOK\r\n" => commands += 1,
            said => break assert_eq!(said, b"\r\n+CIPRXGET: 1\r\n\r\nOK\r\n"),
        }
        assert!(commands < 20, "never told");
    }
}

#[test]
fn the_network_refuses_the_access_point() {
    let mut config = instant();
    config.apn = Some("internet".into());
    let mut bench = Bench::new(config);
    bench.ok("AT+CSTT=\"cmnet\"");
    bench.exchange("AT+CIICR", "\r\n+PDP: DEACT\r\n\r\nERROR\r\n");
    bench.exchange("AT+CIPSTATUS", "\r\nOK\r\n\r\nSTATE: PDP DEACT\r\n");
    bench.error("AT+CSTT=\"internet\"");
    bench.exchange("AT+CIPSHUT", "\r\nSHUT OK\r\n");
    bench.ok("AT+CSTT=\"internet\"");
    bench.ok("AT+CIICR");
}

#[test]
fn a_single_connection_brings_its_context_up() {
    let mut bench = Bench::new(instant());
    bench.ok(SINGLE);
    let (id, request) = bench.socket_request();
    let expected = SocketRequest {
        transport: Transport::Tcp,
        host: "example.com".into(),
        port: 80,
        check_certificate: false,
    };
    assert_eq!(request, expected);
    bench.exchange("AT+CIPSTATUS", "\r\nOK\r\n\r\nSTATE: TCP CONNECTING\r\n");
    bench.network(id, NetworkEvent::SocketOpen { remote: ([93, 184, 216, 34], 80).into() });
    bench.dce("\r\nCONNECT OK\r\n");
    bench.exchange("AT+CIPSTATUS", "\r\nOK\r\n\r\nSTATE: CONNECT OK\r\n");
    bench.exchange(SINGLE, "\r\nERROR\r\n\r\nALREADY CONNECT\r\n");
}

#[test]
fn connections_fail() {
    let mut bench = Bench::context(instant());
    bench.ok(SINGLE);
    let (id, _) = bench.socket_request();
    bench.network(id, NetworkEvent::SocketFailed(SocketFailure::Connect));
    bench.dce("\r\nSTATE: TCP CLOSED\r\n\r\nCONNECT FAIL\r\n");
    bench.exchange("AT+CIPSTATUS", "\r\nOK\r\n\r\nSTATE: TCP CLOSED\r\n");
    // Nobody answers for as long as a field log has it.
    bench.ok(SINGLE);
    let (id, _) = bench.socket_request();
    bench.wait(75 * SECOND, "\r\nSTATE: TCP CLOSED\r\n\r\nCONNECT FAIL\r\n");
    bench.effect(Effect::Cancel { id });
    // A handshake that fails is told of differently.
    bench.ok("AT+CIPSSL=1");
    bench.ok(SINGLE);
    let (id, request) = bench.socket_request();
    assert_eq!(request.transport, Transport::Tls);
    bench.network(id, NetworkEvent::SocketFailed(SocketFailure::Tls));
    bench.dce("\r\nCLOSE OK\r\n");
}

#[test]
fn sending_to_the_last_octet() {
    let mut bench = Bench::context(instant());
    let id = bench.connect(SINGLE, "CONNECT OK");
    bench.information("AT+CIPSEND?", "+CIPSEND: 1460");
    // Counted: Ctrl-Z and ESC are data.
    bench.exchange("AT+CIPSEND=4", "\r\n> ");
    bench.dte(b"a\x1a\x1bb");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"a\x1a\x1bb") });
    bench.dce("");
    bench.network(id, NetworkEvent::SocketSent(4));
    bench.dce("\r\nSEND OK\r\n");
    // Up to Ctrl-Z.
    bench.exchange("AT+CIPSEND", "\r\n> ");
    bench.dte(b"GET / HTTP/1.0\r\n\r\n\x1a");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"GET / HTTP/1.0\r\n\r\n") });
    bench.network(id, NetworkEvent::SocketSent(18));
    bench.dce("\r\nSEND OK\r\n");
    bench.information("AT+CIPACK", "+CIPACK: 22,22,0");
    // ESC takes it back.
    bench.exchange("AT+CIPSEND", "\r\n> ");
    bench.dte(b"no\x1b");
    bench.dce("\r\nOK\r\n");
    bench.no_effect();
    bench.error("AT+CIPSEND=1461");
    bench.ok("AT");
}

#[test]
fn a_quick_send_does_not_wait() {
    let mut bench = Bench::context(instant());
    bench.ok("AT+CIPQSEND=1");
    let id = bench.connect(SINGLE, "CONNECT OK");
    bench.exchange("AT+CIPSEND=2", "\r\n> ");
    bench.dte(b"ab");
    bench.dce("\r\nDATA ACCEPT:2\r\n");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"ab") });
    bench.information("AT+CIPACK", "+CIPACK: 2,0,2");
    bench.network(id, NetworkEvent::SocketSent(2));
    bench.information("AT+CIPACK", "+CIPACK: 2,2,0");
}

#[test]
fn a_server_that_takes_nothing_stops_even_the_quick() {
    let mut bench = Bench::context(instant());
    bench.ok("AT+CIPQSEND=1");
    let id = bench.connect(SINGLE, "CONNECT OK");
    let mut sent = 0;
    loop {
        bench.exchange("AT+CIPSEND=1460", "\r\n> ");
        bench.dte([b'x'; 1460]);
        assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Send { .. })));
        sent += 1460;
        assert!(sent < 64 * 1024, "the module takes whatever it is given");
        if bench.said().is_empty() {
            break;
        }
    }
    bench.network(id, NetworkEvent::SocketSent(sent));
    bench.dce("\r\nDATA ACCEPT:1460\r\n");
}

#[test]
fn the_connection_goes_while_something_is_sent() {
    let mut bench = Bench::context(instant());
    let id = bench.connect(SINGLE, "CONNECT OK");
    bench.exchange("AT+CIPSEND=1", "\r\n> ");
    bench.dte(b"a");
    bench.network(id, NetworkEvent::SocketClosed);
    bench.wait(Duration::ZERO, "\r\nCLOSED\r\n\r\nSEND FAIL\r\n");
}

#[test]
fn octets_come_as_they_are() {
    let mut bench = Bench::context(instant());
    let id = bench.connect(SINGLE, "CONNECT OK");
    bench.data(id, b"hello");
    bench.dce("hello");
    bench.ok("AT+CIPHEAD=1");
    bench.data(id, b"hello");
    bench.dce("\r\n+IPD,5:hello");
    bench.ok("AT+CIPSHOWTP=1");
    bench.data(id, b"hello");
    bench.dce("\r\n+IPD,5,TCP:hello");
    bench.ok("AT+CIPSRIP=1");
    bench.data(id, b"hello");
    bench.dce("\r\nRECV FROM:93.184.216.34:80\r\n\r\n+IPD,5,TCP:hello");
    bench.network(id, NetworkEvent::SocketClosed);
    bench.dce("\r\nCLOSED\r\n");
    bench.exchange("AT+CIPSTATUS", "\r\nOK\r\n\r\nSTATE: TCP CLOSED\r\n");
}

#[test]
fn several_connections() {
    let mut bench = Bench::many(false);
    let line = |n: u8| format!("AT+CIPSTART={n},\"TCP\",\"example.com\",\"80\"");
    let zero = bench.connect(&line(0), "0, CONNECT OK");
    let five = bench.connect(&line(5), "5, CONNECT OK");
    bench.error(SINGLE);
    bench.error("AT+CIPSTART=6,\"TCP\",\"example.com\",80");
    bench.exchange(&line(5), "\r\nERROR\r\n\r\n5, ALREADY CONNECT\r\n");
    bench.data(five, b"five");
    bench.data(zero, b"zero!");
    bench.dce("\r\n+RECEIVE,5,4:\r\nfive\r\n+RECEIVE,0,5:\r\nzero!");
    bench.exchange("AT+CIPSEND=5,2", "\r\n> ");
    bench.dte(b"ab");
    bench.effect(Effect::Send { id: five, octets: Bytes::from_static(b"ab") });
    bench.network(five, NetworkEvent::SocketSent(2));
    bench.dce("\r\n5, SEND OK\r\n");
    bench.exchange(
        "AT+CIPSTATUS",
        concat!(
            "\r\nOK\r\n\r\nSTATE: IP PROCESSING\r\n\r\n",
            "C: 0,0,\"TCP\",\"93.184.216.34\",\"80\",\"CONNECTED\"\r\n",
            "C: 1,,\"\",\"\",\"\",\"INITIAL\"\r\n",
            "C: 2,,\"\",\"\",\"\",\"INITIAL\"\r\n",
            "C: 3,,\"\",\"\",\"\",\"INITIAL\"\r\n",
            "C: 4,,\"\",\"\",\"\",\"INITIAL\"\r\n",
            "C: 5,0,\"TCP\",\"93.184.216.34\",\"80\",\"CONNECTED\"\r\n",
        ),
    );
    bench.information("AT+CIPSTATUS=2", "+CIPSTATUS: 2,,\"\",\"\",\"\",\"INITIAL\"");
    bench.exchange(
        "AT+CIPSEND?",
        "\r\n+CIPSEND: 0,1460\r\n+CIPSEND: 1,0\r\n+CIPSEND: 2,0\r\n+CIPSEND: 3,0\r\n+CIPSEND: 4,0\r\n+CIPSEND: 5,1460\r\n\r\nOK\r\n",
    );
    bench.network(zero, NetworkEvent::SocketClosed);
    bench.dce("\r\n0, CLOSED\r\n");
    bench.exchange("AT+CIPCLOSE=5,1", "");
    bench.effect(Effect::Finish { id: five });
    bench.network(five, NetworkEvent::SocketClosed);
    bench.wait(Duration::ZERO, "\r\n5, CLOSE OK\r\n");
    bench.error("AT+CIPCLOSE=5");
    bench.exchange("AT+CIPSHUT", "\r\nSHUT OK\r\n");
    bench.no_effect();
}

#[test]
fn closing_does_not_wait_for_ever() {
    let mut bench = Bench::context(instant());
    let id = bench.connect(SINGLE, "CONNECT OK");
    bench.exchange("AT+CIPCLOSE", "");
    bench.effect(Effect::Finish { id });
    bench.wait(10 * SECOND, "\r\nCLOSE OK\r\n");
    bench.effect(Effect::Cancel { id });
    bench.error("AT+CIPCLOSE");
}

#[test]
fn the_dte_reads_when_it_likes() {
    let mut bench = Bench::many(true);
    let id = bench.connect("AT+CIPSTART=1,\"TCP\",\"example.com\",80", "1, CONNECT OK");
    bench.error("AT+CIPRXGET=0");
    bench.data(id, b"0123456789");
    bench.dce("\r\n+CIPRXGET: 1,1\r\n");
    bench.data(id, b"abc");
    bench.dce("");
    bench.information("AT+CIPRXGET=4,1", "+CIPRXGET: 4,1,13");
    bench.exchange("AT+CIPRXGET=2,1,11", "\r\n+CIPRXGET: 2,1,11,2\r\n0123456789a\r\nOK\r\n");
    bench.exchange("AT+CIPRXGET=3,1,11", "\r\n+CIPRXGET: 3,1,2,0\r\n6263\r\nOK\r\n");
    bench.information("AT+CIPRXGET=2,1,11", "+CIPRXGET: 2,1,0,0");
    // What comes after a read is told of again, and what is left when the server goes can be read.
    bench.data(id, b"end");
    bench.dce("\r\n+CIPRXGET: 1,1\r\n");
    bench.network(id, NetworkEvent::SocketClosed);
    bench.dce("\r\n1, CLOSED\r\n");
    bench.exchange("AT+CIPRXGET=2,1,1460", "\r\n+CIPRXGET: 2,1,3,0\r\nend\r\nOK\r\n");
    bench.error("AT+CIPRXGET=2,0,10");
}

#[test]
fn what_nobody_reads_fills_the_window_and_no_more() {
    let mut bench = Bench::many(true);
    let id = bench.connect("AT+CIPSTART=0,\"UDP\",\"example.com\",7", "0, CONNECT OK");
    bench.network(id, NetworkEvent::SocketData(vec![b'x'; 8192].into()));
    bench.dce("\r\n+CIPRXGET: 1,0\r\n");
    bench.no_effect();
    let payload = [b"\r\n+CIPRXGET: 2,0,1460,6732\r\n", &[b'x'; 1460][..], b"\r\nOK\r\n"].concat();
    bench.exchange("AT+CIPRXGET=2,0,1460", payload);
    bench.no_effect();
    for _ in 0..2 {
        bench.dte("AT+CIPRXGET=2,0,1460\r");
        bench.said();
    }
    bench.effect(Effect::Credit { id, octets: 4380 });
}

#[test]
fn a_dte_that_does_not_listen_holds_the_server_up() {
    let mut bench = Bench::context(instant());
    let id = bench.connect(SINGLE, "CONNECT OK");
    let mut credit = 8192;
    let mut given = 0;
    while credit > 0 {
        let piece = 1460.min(credit);
        bench.network(id, NetworkEvent::SocketData(vec![b'x'; piece].into()));
        given += piece;
        credit -= piece;
        while let Some(Effect::Credit { octets, .. }) = bench.emulator.poll_effect() {
            credit += octets;
        }
        assert!(given < 1024 * 1024, "no end of it");
    }
    assert_eq!(bench.said().len(), given);
    assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Credit { .. })));
}

#[test]
fn data_mode() {
    let mut bench = Bench::context(instant());
    bench.ok("AT+CIPMODE=1");
    bench.error("ATO");
    let id = bench.connect(SINGLE, "CONNECT");
    bench.dte("AT\r");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"AT\r") });
    bench.network(id, NetworkEvent::SocketSent(3));
    bench.data(id, b"hello");
    bench.dce("hello");
    // Too soon behind data it is data, and with data behind it.
    bench.dte("+++");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"+++") });
    bench.wait(SECOND, "");
    bench.dte("++");
    bench.no_effect();
    bench.dte("+a");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"+++a") });
    bench.wait(SECOND, "");
    bench.dte("+++");
    bench.no_effect();
    bench.wait(SECOND / 2, "\r\nOK\r\n");
    bench.ok("AT");
    bench.data(id, b"later");
    bench.exchange("ATO", "\r\nCONNECT\r\nlater");
    bench.dte("x");
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"x") });
    bench.network(id, NetworkEvent::SocketClosed);
    bench.dce("\r\nCLOSED\r\n");
    bench.ok("AT");
}

#[test]
fn the_line_waits_for_a_server_in_data_mode() {
    let mut bench = Bench::context(instant());
    bench.ok("AT+CIPMODE=1");
    let id = bench.connect(SINGLE, "CONNECT");
    assert!(!bench.emulator.holds_line());
    bench.dte([b'x'; 16 * 1024]);
    assert!(bench.emulator.holds_line());
    bench.dte("waits");
    assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Send { .. })));
    bench.no_effect();
    bench.network(id, NetworkEvent::SocketSent(1));
    bench.effect(Effect::Send { id, octets: Bytes::from_static(b"waits") });
}

#[test]
fn the_network_takes_the_context_away() {
    let mut bench = Bench::many(false);
    let id = bench.connect("AT+CIPSTART=0,\"TCP\",\"example.com\",80", "0, CONNECT OK");
    bench.ok("AT+SAPBR=1,1");
    bench.exchange(
        "AT+CFUN=0",
        "\r\n+SAPBR 1: DEACT\r\n\r\n+PDP: DEACT\r\n\r\n+CPIN: NOT READY\r\n\r\nOK\r\n",
    );
    bench.effect(Effect::Cancel { id });
    bench.exchange("AT+CIPSHUT", "\r\nSHUT OK\r\n");
    bench.exchange("AT+CFUN=1", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
    let mut bench = Bench::many(false);
    bench.fault(Fault::ContextLost);
    bench.dce("\r\n+PDP: DEACT\r\n");
}

#[test]
fn names_and_signs_of_life() {
    let mut bench = Bench::context(instant());
    bench.ok("AT+CDNSGIP=\"example.com\"");
    let Some(Effect::Resolve { id, host }) = bench.emulator.poll_effect() else { panic!("not asked") };
    assert_eq!(host, "example.com");
    bench.error("AT+CDNSGIP=\"example.org\"");
    bench.network(id, NetworkEvent::Addresses(vec![[93, 184, 215, 14].into()]));
    bench.dce("\r\n+CDNSGIP: 1,\"example.com\",\"93.184.215.14\"\r\n");
    bench.ok("AT+CDNSGIP=\"nowhere\"");
    let Some(Effect::Resolve { id, .. }) = bench.emulator.poll_effect() else { panic!("not asked") };
    bench.network(id, NetworkEvent::Addresses(Vec::new()));
    bench.dce("\r\n+CDNSGIP: 0,8\r\n");
    bench.exchange("AT+CIPPING=\"example.com\",2", "");
    let Some(Effect::Resolve { id, .. }) = bench.emulator.poll_effect() else { panic!("not asked") };
    bench.network(id, NetworkEvent::Addresses(vec![[93, 184, 215, 14].into()]));
    bench.wait(
        Duration::ZERO,
        "\r\n+CIPPING: 1,\"93.184.215.14\",1,64\r\n\r\n+CIPPING: 2,\"93.184.215.14\",1,64\r\n\r\nOK\r\n",
    );
    bench.exchange("AT+CIPPING=\"example.com\"", "");
    let Some(Effect::Resolve { id, .. }) = bench.emulator.poll_effect() else { panic!("not asked") };
    bench.wait(60 * SECOND, "\r\nERROR\r\n");
    bench.effect(Effect::Cancel { id });
    bench.exchange("AT+CDNSCFG?", "\r\nPrimaryDns: 0.0.0.0\r\nSecondaryDns: 0.0.0.0\r\n\r\nOK\r\n");
    bench.ok("AT+CDNSCFG=\"8.8.8.8\",\"8.8.4.4\"");
    bench.exchange("AT+CDNSCFG?", "\r\nPrimaryDns: 8.8.8.8\r\nSecondaryDns: 8.8.4.4\r\n\r\nOK\r\n");
}

#[test]
fn the_time_comes_from_the_network() {
    let mut bench = Bench::online();
    bench.ok("AT+CNTPCID=1;+CNTP=\"pool.ntp.org\",4");
    bench.information("AT+CNTP?", "+CNTP: \"pool.ntp.org\",4");
    bench.ok("AT+CNTP");
    let Some(Effect::Time { id, host }) = bench.emulator.poll_effect() else { panic!("not asked") };
    assert_eq!(host, "pool.ntp.org");
    bench.network(id, NetworkEvent::Time(Some(86_400)));
    bench.dce("\r\n+CNTP: 1\r\n");
    bench.information("AT+CCLK?", "+CCLK: \"00/01/02,01:00:00+04\"");
    bench.ok("AT+SAPBR=0,1");
    bench.exchange("AT+CNTP", "\r\nOK\r\n\r\n+CNTP: 61\r\n");
}

#[test]
fn contexts_by_number() {
    let mut bench = Bench::new(instant());
    bench.information("AT+CGDCONT?", "+CGDCONT: 1,\"IP\",\"CMNET\",\"0.0.0.0\",0,0");
    bench.ok("AT+CGDCONT=1,\"IP\",\"internet\"");
    bench.ok("AT+CMEE=1");
    bench.exchange("AT+CGDCONT=4,\"IP\",\"a\"", "\r\n+CME ERROR: 3\r\n");
    bench.exchange("AT+CGDCONT=1,\"IPV4V6\",\"a\"", "\r\n+CME ERROR: 3\r\n");
    bench.exchange("AT+CGACT=1,2", "\r\n+CME ERROR: 3\r\n");
    bench.ok("AT+CGACT=1,1");
    bench.ok("AT+CGACT=1,1");
    bench.exchange("AT+CGACT?", "\r\n+CGACT: 1,1\r\n+CGACT: 2,0\r\n+CGACT: 3,0\r\n\r\nOK\r\n");
    bench.information("AT+CGPADDR=1", "+CGPADDR: 1,\"10.89.193.1\"");
    bench.ok("AT+CGATT=0");
    bench.information("AT+CGPADDR=1", "+CGPADDR: 1,\"0.0.0.0\"");
    // It attaches by itself.
    bench.ok("AT+CGACT=1,1");
    bench.information("AT+CGATT?", "+CGATT: 1");
}

#[test]
fn local_ports_are_kept_for_each_connection() {
    let mut bench = Bench::new(instant());
    bench.information("AT+CLPORT=?", "+CLPORT: (\"TCP\",\"UDP\"),(0-65535)");
    bench.information("AT+CLPORT?", "+CLPORT: 0,0");
    bench.ok("AT+CLPORT=\"UDP\",8888");
    bench.information("AT+CLPORT?", "+CLPORT: 0,8888");
    for wrong in ["\"SCTP\",1", "\"TCP\",65536", "\"TCP\"", "0,\"TCP\",1"] {
        bench.error(&format!("AT+CLPORT={wrong}"));
    }
    bench.ok("AT+CIPMUX=1");
    bench.ok("AT+CLPORT=5,\"TCP\",65535");
    bench.error("AT+CLPORT=6,\"TCP\",1");
    bench.information(
        "AT+CLPORT?",
        "+CLPORT: 0,0,8888\r\n+CLPORT: 1,0,0\r\n+CLPORT: 2,0,0\r\n+CLPORT: 3,0,0\r\n+CLPORT: 4,0,0\r\n+CLPORT: 5,65535,0",
    );
}

#[test]
fn nobody_can_call_the_module() {
    let mut bench = Bench::context(instant());
    bench.information("AT+CIPSERVER?", "+CIPSERVER: 0");
    bench.ok("AT+CMEE=2");
    bench.exchange("AT+CIPSERVER=1,8080", "\r\n+CME ERROR: operation not supported\r\n");
    bench.ok("AT+CIPSERVER=0");
}

#[test]
fn a_restart_forgets_the_settings_of_sockets_unless_they_were_stored() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CIPHEAD=1;+CIPQSEND=1");
    bench.ok("AT+CIPSCONT");
    bench.ok("AT+CIPQSEND=0;+CIPSPRT=2");
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.information("AT+CIPHEAD?", "+CIPHEAD: 1");
    bench.information("AT+CIPQSEND?", "+CIPQSEND: 1");
    bench.information("AT+CIPSPRT?", "+CIPSPRT: 1");
    bench.dte("AT+CIPSCONT?\r");
    assert!(bench.said().starts_with(b"\r\n+CIPSCONT: 0\r\n+CIPCSGP: 1\r\nGprs Config APN: CMNET\r\n"));
}

/// Programs that poll ask how much there is to read and then whether the connection still stands.
#[test]
fn the_end_of_a_connection_is_told_behind_what_came_over_it() {
    let pause = Duration::from_millis(20);
    let mut config = instant();
    config.timings.unsolicited = pause;
    let mut bench = Bench::new(config);
    for line in ["AT+CIPMUX=1", "AT+CIPRXGET=1", "AT+CSTT;+CIICR"] {
        bench.ok(line);
    }
    bench.exchange("AT+CIFSR", "\r\n10.89.193.1\r\n");
    let connected = |bench: &mut Bench| {
        bench.ok("AT+CIPSTART=0,\"TCP\",\"example.com\",80");
        let (id, _) = bench.socket_request();
        bench.network(id, NetworkEvent::SocketOpen { remote: ([93, 184, 216, 34], 80).into() });
        bench.wait(pause, "\r\n0, CONNECT OK\r\n");
        assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Credit { .. })));
        bench.information("AT+CIPRXGET=4,0", "+CIPRXGET: 4,0,0");
        bench.data(id, b"hello");
        bench.network(id, NetworkEvent::SocketClosed);
        bench.dce("");
        bench.information("AT+CIPSTATUS=0", "+CIPSTATUS: 0,0,\"TCP\",\"93.184.216.34\",\"80\",\"CONNECTED\"");
    };
    connected(&mut bench);
    bench.wait(pause, "\r\n+CIPRXGET: 1,0\r\n\r\n0, CLOSED\r\n");
    bench.payload("AT+CIPRXGET=2,0,1460", "+CIPRXGET: 2,0,5,0", b"hello");
    // What the DTE did not wait for is not told of a connection that it has closed.
    connected(&mut bench);
    bench.exchange("AT+CIPCLOSE=0,1", "\r\n0, CLOSE OK\r\n");
    bench.wait(pause, "");
    bench.information("AT+CIPRXGET=4,0", "+CIPRXGET: 4,0,0");
}
