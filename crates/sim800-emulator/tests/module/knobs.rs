//! What is set before the module starts and while it runs, and faults that have their time.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{
    Config, Damage, Effect, Emulator, Fault, FtpFailure, HttpFailure, NetworkEvent, Registration, Sim, Start,
    Timings, When,
};

use crate::bench::{Bench, SECOND, instant};

fn configure(bench: &mut Bench, change: impl FnOnce(&mut Config)) {
    bench.emulator.configure(bench.now, change);
}

#[test]
fn a_card_is_changed_while_the_module_runs() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CREG=1");
    configure(&mut bench, |config| config.sim = Sim::Absent);
    bench.dce("\r\n+CREG: 0\r\n\r\n+CPIN: NOT INSERTED\r\n");
    bench.exchange("AT+CPIN?", "\r\nERROR\r\n");
    configure(&mut bench, |config| config.sim = Sim::PinRequired { pin: "1234".into() });
    bench.dce("\r\n+CPIN: SIM PIN\r\n");
    bench.exchange("AT+CPIN=\"4321\"", "\r\nERROR\r\n");
    configure(&mut bench, |config| config.sim = Sim::Ready);
    bench.dce("\r\n+CPIN: READY\r\n\r\n+CREG: 2\r\n");
    bench.wait(SECOND, "\r\n+CREG: 1\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n");
}

#[test]
fn a_running_module_with_a_locked_card_is_ready_once_it_is_unlocked() {
    let mut config = instant();
    config.sim = Sim::PinRequired { pin: "1234".into() };
    let mut bench = Bench::new(config);
    bench.exchange("AT+CPIN=1234", "\r\nOK\r\n\r\n+CPIN: READY\r\n");
    bench.wait(SECOND, "\r\nCall Ready\r\n\r\nSMS Ready\r\n");
}

#[test]
fn registration_signal_and_attachment_change_while_the_module_runs() {
    let mut bench = Bench::online();
    bench.ok("AT+CREG=1");
    configure(&mut bench, |config| {
        config.registration = Registration::Roaming;
        config.signal = (7, 2);
    });
    bench.dce("\r\n+CREG: 5\r\n");
    bench.exchange("AT+CSQ", "\r\n+CSQ: 7,2\r\n\r\nOK\r\n");
    configure(&mut bench, |config| config.registration = Registration::Denied);
    bench.dce("\r\n+CREG: 3\r\n\r\n+SAPBR 1: DEACT\r\n");
}

#[test]
fn a_network_that_lets_nobody_attach_opens_no_way_to_gprs() {
    let mut config = instant();
    config.attach = false;
    let mut bench = Bench::new(config);
    bench.ok("AT+CMEE=1");
    for reason in ["from the start", "since it is so"] {
        bench.information("AT+CGATT?", "+CGATT: 0");
        bench.exchange("AT+CGATT=1", "\r\n+CME ERROR: 107\r\n");
        bench.error("AT+SAPBR=1,1");
        bench.ok("AT+CGDCONT=1,\"IP\",\"internet\"");
        bench.exchange("AT+CGACT=1,1", "\r\n+CME ERROR: 107\r\n");
        bench.ok("AT+CSTT=\"internet\"");
        bench.exchange("AT+CIICR", "\r\n+CME ERROR: 3\r\n");
        bench.exchange("AT+CIPSHUT", "\r\nSHUT OK\r\n");
        if reason == "from the start" {
            configure(&mut bench, |config| config.attach = true);
            bench.information("AT+CGATT?", "+CGATT: 1");
            bench.ok("AT+SAPBR=1,1");
            configure(&mut bench, |config| config.attach = false);
            bench.dce("\r\n+SAPBR 1: DEACT\r\n");
        }
    }
    // Who has detached attaches again when asked to, and not because the network would let it.
    configure(&mut bench, |config| config.attach = true);
    bench.ok("AT+CGATT=0");
    configure(&mut bench, |config| config.attach = false);
    configure(&mut bench, |config| config.attach = true);
    bench.information("AT+CGATT?", "+CGATT: 0");
    bench.ok("AT+CGATT=1");
    bench.ok("AT+SAPBR=1,1");
}

#[test]
fn a_search_that_is_under_way_ends_in_what_was_set_meanwhile() {
    let mut config = instant();
    config.start = Start::FixedRate;
    config.timings.registration = 10 * SECOND;
    let mut bench = Bench::new(config);
    bench.wait(SECOND, b"\x00IIII\xff\xff\xff\xff\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n");
    configure(&mut bench, |config| config.registration = Registration::Denied);
    bench.exchange("AT+CREG?", "\r\n+CREG: 0,2\r\n\r\nOK\r\n");
    bench.wait(10 * SECOND, "");
    bench.exchange("AT+CREG?", "\r\n+CREG: 0,3\r\n\r\nOK\r\n");
}

#[test]
fn a_module_that_is_off_says_nothing_until_its_power_key_is_pressed() {
    let mut config = instant();
    config.start = Start::Off;
    let mut bench = Bench::new(config);
    bench.exchange("AT", "");
    bench.emulator.handle_power_key(bench.now);
    bench.wait(SECOND, b"\x00IIII\xff\xff\xff\xff\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n");
    assert!(bench.emulator.is_on());
    bench.ok("AT");
    // One that hangs is not off, and takes more than its key.
    bench.fault(Fault::Silence);
    bench.emulator.handle_power_key(bench.now);
    bench.wait(SECOND, "");
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.ok("AT");
}

#[test]
fn commands_that_the_firmware_lacks_are_errors_and_are_told() {
    let mut config = instant();
    config.lacks = vec!["+HTTPHEAD".into()];
    let mut bench = Bench::http_with(config);
    while bench.emulator.poll_line().is_some() {}
    bench.exchange("at+httphead;+CSQ", "\r\nERROR\r\n");
    bench.exchange("AT+NOSUCH=1", "\r\nERROR\r\n");
    // Known, but not in this form.
    bench.exchange("AT+CSQ?", "\r\nERROR\r\n");
    let unknown: Vec<String> = std::iter::from_fn(|| bench.emulator.poll_unknown()).collect();
    assert_eq!(unknown, ["+HTTPHEAD", "+NOSUCH"]);
    let lines: Vec<String> = std::iter::from_fn(|| bench.emulator.poll_line()).collect();
    assert_eq!(lines, ["+httphead;+CSQ", "+NOSUCH=1", "+CSQ?"]);
}

#[test]
fn lines_that_nobody_takes_are_bounded() {
    let mut bench = Bench::new(instant());
    for _ in 0..1000 {
        bench.ok("AT");
    }
    assert!(std::iter::from_fn(|| bench.emulator.poll_line()).count() <= 64);
}

#[test]
fn requests_take_their_time() {
    let mut config = instant();
    config.timings.http = 2 * SECOND;
    let mut bench = Bench::http_with(config);
    bench.ok("AT+HTTPACTION=0");
    assert_eq!(bench.emulator.poll_effect(), None);
    assert!(bench.emulator.poll_timeout().is_some_and(|due| due == bench.now + 2 * SECOND));
    bench.wait(2 * SECOND, "");
    assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Http { .. })));
    // What is given up before it began begins and ends.
    bench.ok("AT+HTTPTERM");
    assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Cancel { .. })));
    assert_eq!(bench.emulator.poll_effect(), None);
}

#[test]
fn realistic_timings_are_those_of_the_logs() {
    let mut config = instant();
    config.timings = Timings::realistic();
    let mut bench = Bench::new(config);
    bench.exchange("AT+SAPBR=1,1", "");
    bench.wait(Duration::from_millis(1_309), "");
    bench.wait(Duration::from_millis(1), "\r\nOK\r\n");
    bench.exchange("AT+CSQ", "");
    bench.wait(Duration::from_millis(10), "\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
}

#[test]
fn a_request_fails_before_the_network() {
    let mut bench = Bench::http();
    bench.fault(Fault::Http(HttpFailure::Dns));
    bench.ok("AT+HTTPACTION=0");
    assert_eq!(bench.emulator.poll_effect(), None);
    bench.dce("\r\n+HTTPACTION: 0,603,0\r\n");
    bench.ok("AT+HTTPACTION=0");
    assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Http { .. })), "only once");

    let mut bench = Bench::ftp();
    bench.fault(Fault::Ftp(FtpFailure::TIMEOUT));
    bench.ok("AT+FTPGET=1");
    assert_eq!(bench.emulator.poll_effect(), None);
    bench.dce("\r\n+FTPGET: 1,64\r\n");
    bench.ok("AT+FTPGET=1");
    assert!(matches!(bench.emulator.poll_effect(), Some(Effect::Ftp { .. })));
}

#[test]
fn faults_have_their_time() {
    let mut bench = Bench::online();
    let lost = Box::new(Fault::BearerLost { cid: 1 });
    bench.fault(Fault::Later { when: When::Time(5 * SECOND), fault: lost });
    assert_eq!(bench.emulator.poll_timeout(), Some(bench.now + 5 * SECOND));
    bench.wait(4 * SECOND, "");
    bench.wait(SECOND, "\r\n+SAPBR 1: DEACT\r\n");
    let restart = Box::new(Fault::Restart { announced: false });
    bench.fault(Fault::Later { when: When::Time(SECOND), fault: restart });
    bench.fault(Fault::Over);
    bench.wait(10 * SECOND, "");
    bench.ok("AT");
}

#[test]
fn a_restart_after_octets_lets_no_more_of_them_out() {
    let mut bench = Bench::http();
    bench.ok("AT+HTTPACTION=0");
    let id = bench.emulator.poll_effect().map(|effect| effect.id()).expect("a request");
    let body = Bytes::from(vec![b'x'; 100_000]);
    bench.network(id, NetworkEvent::HttpDone { status: 200, head: Bytes::new(), body });
    bench.said();
    let restart = Box::new(Fault::Restart { announced: false });
    bench.fault(Fault::Later { when: When::Octets(10_000), fault: restart });
    bench.dte("AT+HTTPREAD\r");
    let said = bench.said();
    assert_eq!(said.len(), 10_000);
    bench.wait(SECOND, "");
    bench.exchange("AT", "\r\nOK\r\n");
}

#[test]
fn interference_hits_the_same_octets_for_a_seed() {
    let said = |seed| {
        let mut bench = Bench::new(instant());
        let one_in = NonZeroU32::new(20).expect("not zero");
        bench.fault(Fault::Interference { damage: Damage::Flip(0x20), one_in, seed });
        for _ in 0..100 {
            bench.dte("AT+CSQ\r");
        }
        let said = bench.said();
        bench.fault(Fault::Over);
        bench.dte("\r");
        bench.said();
        bench.ok("AT");
        said
    };
    assert_eq!(said(7), said(7));
    assert_ne!(said(7), said(8));
    assert_ne!(said(7), b"\r\n+CSQ: 21,0\r\n\r\nOK\r\n".repeat(100));
}

#[test]
fn names_in_a_header_block_are_in_lower_case_where_the_firmware_is_so() {
    let mut config = instant();
    config.lower_header_names = true;
    let mut bench = Bench::http_with(config);
    bench.ok("AT+HTTPACTION=0");
    let id = bench.emulator.poll_effect().map(|effect| effect.id()).expect("a request");
    let head = Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Type: Text/Plain\r\n\r\n");
    bench.network(id, NetworkEvent::HttpDone { status: 200, head, body: Bytes::new() });
    bench.said();
    bench.exchange(
        "AT+HTTPHEAD",
        "\r\n+HTTPHEAD: 45\r\nHTTP/1.1 200 OK\r\ncontent-type: Text/Plain\r\n\r\n\r\nOK\r\n",
    );
}

#[test]
fn echo_and_shape_of_lines_change_while_the_module_runs() {
    let mut bench = Bench::new(instant());
    configure(&mut bench, |config| {
        config.echo = true;
        config.line_ends = sim800_emulator::LineEnds::MissingBeforeResult;
    });
    bench.exchange("AT+CSQ", "AT+CSQ\r\r\n+CSQ: 21,0\r\nOK\r\n");
    let mut emulator = Emulator::new(instant());
    emulator.configure(SECOND, |config| config.rate = 9600);
    assert_eq!(emulator.rate(), NonZeroU32::new(9600));
}
