//! Faults at the places they are asked for.

use bytes::Bytes;
use sim800_emulator::{Damage, Effect, Fault, LineEnds, NetworkEvent, Place};

use crate::bench::{Bench, SECOND, instant};

fn inject(place: Place, text: &str) -> Fault {
    Fault::Inject { place, text: text.into() }
}

#[test]
fn lines_out_of_the_blue() {
    let mut config = instant();
    config.echo = true;
    config.timings.bearer_open = SECOND;
    let mut bench = Bench::new(config);
    bench.fault(inject(Place::Now, "RING"));
    bench.dce("\r\nRING\r\n");
    bench.fault(inject(Place::BeforeResponse, "+CMT: \"+49\",\"\",\"\"\r\nOK"));
    bench.fault(inject(Place::BeforeResult, "+CREG: 2"));
    bench.dce("");
    bench.exchange(
        "AT+CSQ",
        "AT+CSQ\r\r\n+CMT: \"+49\",\"\",\"\"\r\nOK\r\n\r\n+CSQ: 21,0\r\n\r\n+CREG: 2\r\n\r\nOK\r\n",
    );
    bench.exchange("AT", "AT\r\r\nOK\r\n");
    // In the middle of a command that takes time.
    bench.exchange("AT+SAPBR=1,1", "AT+SAPBR=1,1\r");
    bench.fault(inject(Place::Now, "RING"));
    bench.wait(SECOND, "\r\nRING\r\n\r\nOK\r\n");
}

#[test]
fn never_inside_payload() {
    let mut bench = Bench::http();
    bench.dte("AT+HTTPDATA=4,1000\rabcd");
    bench.dce("\r\nDOWNLOAD\r\n\r\nOK\r\n");
    bench.fault(inject(Place::BeforeResult, "RING"));
    bench.dte("AT+HTTPREAD\r");
    bench.fault(inject(Place::Now, "RING"));
    bench.dce("\r\n+HTTPREAD: 4\r\nabcd\r\nRING\r\n\r\nOK\r\n\r\nRING\r\n");
}

#[test]
fn octets_get_lost() {
    let mut bench = Bench::new(instant());
    bench.dte("AT\r");
    bench.fault(Fault::Damage { after: 2, damage: Damage::Drop });
    bench.fault(Fault::Damage { after: 3, damage: Damage::Duplicate });
    bench.fault(Fault::Damage { after: 3, damage: Damage::Flip(0x80) });
    bench.fault(Fault::Damage { after: 7, damage: Damage::Flip(0x20) });
    bench.dce(b"\r\n\xcb\xcb\r\n");
    bench.dte("AT\r");
    bench.dce(b"\r\x2aOK\r\n");
    for after in 0..6 {
        bench.fault(Fault::Damage { after, damage: Damage::Drop });
    }
    bench.exchange("AT", "");
    bench.ok("AT");
}

#[test]
fn a_restart_in_the_middle_of_everything() {
    for busy in
        ["AT+HTTPACTION=0\r", "AT+HTTPDATA=10,1000\rabc", "AT+FTPSERV=a;+FTPGETNAME=b;+FTPGET=1\r", "AT+CS"]
    {
        let mut bench = Bench::http();
        bench.dte(busy);
        bench.said();
        bench.fault(Fault::Restart { announced: true });
        let mut effects = Vec::new();
        while let Some(effect) = bench.emulator.poll_effect() {
            effects.push(effect);
        }
        let begun = effects.iter().filter(|e| matches!(e, Effect::Http { .. } | Effect::Ftp { .. })).count();
        let cancelled = effects.iter().filter(|e| matches!(e, Effect::Cancel { .. })).count();
        assert_eq!(begun, cancelled);
        bench.now += SECOND;
        bench.emulator.handle_timeout(bench.now);
        bench.said();
        bench.dte("ATE0\r");
        bench.said();
        bench.ok("AT");
        bench.information("AT+FTPSTATE", "+FTPSTATE: 0");
        bench.error("AT+HTTPTERM");
        bench.wait(1000 * SECOND, "");
    }
}

#[test]
fn noise_and_a_line_that_is_glued_to_it() {
    let mut bench = Bench::new(instant());
    bench.fault(Fault::Noise { octets: Bytes::from_static(b"\xf8\0\r\n+CREG: 1") });
    bench.fault(inject(Place::Now, "RING"));
    bench.dce(b"\xf8\0\r\n+CREG: 1\r\nRING\r\n");
}

#[test]
fn the_echo_comes_back() {
    let mut bench = Bench::new(instant());
    bench.fault(Fault::Echo(true));
    bench.exchange("AT", "AT\r\r\nOK\r\n");
}

#[test]
fn the_echo_comes_back_behind_the_line_that_is_being_sent() {
    let mut bench = Bench::new(instant());
    bench.dte("AT+C");
    bench.fault(Fault::Echo(true));
    bench.exchange("SQ", "\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
    bench.exchange("AT", "AT\r\r\nOK\r\n");
}

#[test]
fn a_short_message_goes_where_it_is_to_go() {
    let message = Fault::Message { text: "a\r\nOK".into() };
    let mut bench = Bench::new(instant());
    bench.fault(message.clone());
    bench.dce("\r\n+CMTI: \"SM\",1\r\n");
    bench.ok("AT+CNMI=2,0");
    bench.fault(message.clone());
    bench.dce("");
    bench.ok("AT+CNMI=2,2");
    bench.fault(message.clone());
    bench.dce("\r\n+CMT: \"\",24\r\n00040C9194711132547600006210203040504005E186E2B904\r\n");
    bench.ok("AT+CMGF=1");
    bench.fault(message);
    bench.dce("\r\n+CMT: \"+491711234567\",\"\",\"26/01/02,03:04:05+04\"\r\na\r\nOK\r\n");
}

#[test]
fn a_result_before_the_ok_of_its_command() {
    let mut bench = Bench::http();
    bench.fault(Fault::Hesitate { by: SECOND });
    bench.exchange("AT+HTTPACTION=0", "");
    let (id, _) = bench.http_request();
    let (head, body) = (Bytes::new(), Bytes::from_static(b"a"));
    bench.network(id, NetworkEvent::HttpDone { status: 200, head, body });
    bench.dce("\r\n+HTTPACTION: 0,200,1\r\n");
    bench.wait(SECOND, "\r\nOK\r\n");
    bench.ok("AT");
}

#[test]
fn a_read_is_shorter_than_what_there_is() {
    let mut bench = Bench::http();
    bench.dte("AT+HTTPDATA=4,1000\rabcd");
    bench.dce("\r\nDOWNLOAD\r\n\r\nOK\r\n");
    bench.fault(Fault::ShortRead { at_most: 3 });
    bench.exchange("AT+HTTPREAD=0,4", "\r\n+HTTPREAD: 3\r\nabc\r\nOK\r\n");
    bench.fault(Fault::ShortRead { at_most: 0 });
    bench.ok("AT+HTTPREAD=3,1");
    bench.exchange("AT+HTTPREAD=3,1", "\r\n+HTTPREAD: 1\r\nd\r\nOK\r\n");
}

#[test]
fn counts_that_are_not_true() {
    let mut bench = Bench::http();
    bench.dte("AT+HTTPDATA=4,1000\rabcd");
    bench.dce("\r\nDOWNLOAD\r\n\r\nOK\r\n");
    bench.fault(Fault::Announce { count: "18446744073709551620".into() });
    bench.exchange("AT+HTTPREAD=0,4", "\r\n+HTTPREAD: 18446744073709551620\r\nabcd\r\nOK\r\n");
    bench.fault(Fault::Overrun { octets: 2 });
    bench.exchange("AT+HTTPREAD=0,4", "\r\n+HTTPREAD: 6\r\nabcd??\r\nOK\r\n");
    bench.exchange("AT+HTTPREAD=0,4", "\r\n+HTTPREAD: 4\r\nabcd\r\nOK\r\n");
}

#[test]
fn what_was_planted_does_not_happen_when_it_is_over() {
    let mut bench = Bench::new(instant());
    bench.fault(inject(Place::BeforeResult, "RING"));
    bench.fault(Fault::Damage { after: 0, damage: Damage::Drop });
    bench.fault(Fault::Hesitate { by: SECOND });
    bench.fault(Fault::Over);
    bench.ok("AT");
}

#[test]
fn line_ends_that_firmware_leaves_out() {
    let mut config = instant();
    config.line_ends = LineEnds::MissingBeforeResult;
    Bench::new(config.clone()).exchange("AT+CSQ", "\r\n+CSQ: 21,0\r\nOK\r\n");
    config.line_ends = LineEnds::Missing;
    let mut bench = Bench::new(config);
    bench.exchange("AT+CSQ", "+CSQ: 21,0\r\nOK\r\n");
    bench.fault(inject(Place::Now, "RING"));
    bench.dce("RING\r\n");
}
