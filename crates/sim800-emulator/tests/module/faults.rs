//! Faults at the places they are asked for.

use sim800_emulator::{Damage, Effect, Fault, Place};

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
