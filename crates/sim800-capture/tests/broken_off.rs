//! Captures of what went wrong: what is told of it.

use sim800_capture::{Capture, Direction, Event, Kind};

fn decode(pieces: &[(Direction, &[u8])]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut capture = Capture::new();
    for (direction, octets) in pieces {
        capture.handle_octets(None, *direction, octets, &mut |event| events.push(event));
    }
    capture.handle_end(&mut |event| events.push(event));
    events
}

/// `event name text meaning`, as far as they are there; of payload, how many octets.
fn told(pieces: &[(Direction, &[u8])]) -> Vec<String> {
    let line = |event: &Event| {
        let text = match &event.payload {
            Some(payload) => format!("{} of {:?}", payload.received, payload.announced),
            None => event.text.escape_ascii().to_string(),
        };
        let meaning = event.meaning.as_deref().map_or_else(String::new, |meaning| format!(": {meaning}"));
        format!("{} {text}{meaning}", event.kind.name())
    };
    decode(pieces).iter().map(line).collect()
}

const TX: Direction = Direction::Sent;
const RX: Direction = Direction::Received;

#[test]
fn a_restart_ends_the_command() {
    let seen = told(&[
        (TX, b"AT+CSQ\r"),
        (RX, b"\r\nRDY\r\n\r\n+CFUN: 1\r\n"),
        (RX, b"\r\n+CSQ: 1,0\r\n\r\nOK\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            "command AT+CSQ: Asks for the signal quality",
            "unsolicited RDY: the module has started",
            "unsolicited +CFUN: 1: full functionality",
            "unsolicited +CSQ: 1,0",
            "final OK: no command is in flight",
        ]
    );
}

#[test]
fn a_restart_within_payload_is_noticed() {
    let seen = told(&[
        (TX, b"AT+HTTPREAD\r"),
        (RX, b"\r\n+HTTPREAD: 500\r\nabc"),
        (RX, b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n"),
        (TX, b"AT\r"),
        (RX, b"AT\r\r\nOK\r\n"),
    ]);
    assert_eq!(
        seen[2..],
        [
            "payload 38 of Some(500): 462 octets are missing; the module started anew",
            "command AT: Asks for nothing but `OK`",
            "echo AT: the module repeats the command",
            "final OK",
        ]
    );
}

#[test]
fn a_file_may_have_less_than_was_asked_for() {
    let seen = told(&[(TX, b"AT+FSREAD=C:\\a,0,100,0\r"), (RX, b"\r\nabc\r\nOK\r\n"), (TX, b"AT\r")]);
    assert_eq!(
        seen[2],
        "payload 9 of Some(100): 91 octets are missing; the last are a result code, so there were no more"
    );
}

#[test]
fn an_upload_that_the_module_gives_up_is_short() {
    let seen = told(&[
        (TX, b"AT+HTTPDATA=10,1000\r"),
        (RX, b"\r\nDOWNLOAD\r\n"),
        (TX, b"abc"),
        (RX, b"\r\nERROR\r\n"),
        (TX, b"AT\r"),
    ]);
    assert_eq!(
        seen[1..],
        [
            "prompt DOWNLOAD: the module takes 10 octets",
            "payload 3 of Some(10): 7 octets are missing",
            "final ERROR: refused, without a reason",
            "command AT: Asks for nothing but `OK`",
        ]
    );
}

#[test]
fn foreign_commands_have_their_lines() {
    let seen = told(&[
        (TX, b"AT+CCLK?\r\n"),
        (RX, b"\r\n+CCLK: \"24/01/01,00:00:00+04\"\r\n\r\n+CREG: 3\r\n\r\nOK\r\n"),
        (TX, b"AT+CLCC\r\n"),
        (RX, b"\r\n+CLCC: 1,0,4,0,0\r\n\r\nOK\r\n"),
        (TX, b"AT+HTTPREAD=0,999999\r"),
        (RX, b"\r\n+HTTPREAD: 3\r\n\r\n\n\r\nOK\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            "command AT+CCLK?",
            "information +CCLK: \\\"24/01/01,00:00:00+04\\\"",
            "unsolicited +CREG: 3: network: registration denied",
            "final OK",
            "command AT+CLCC",
            "information +CLCC: 1,0,4,0,0",
            "final OK",
            "command AT+HTTPREAD=0,999999: Reads a part of the body that was received",
            "information +HTTPREAD: 3: 3 octets follow",
            "payload 3 of Some(3)",
            "final OK",
        ]
    );
}

#[test]
fn a_header_that_counts_too_much_opens_nothing() {
    let events = decode(&[(TX, b"AT+FTPGET=2,10\r"), (RX, b"\r\n+FTPGET: 2,11\r\n"), (RX, b"\r\nOK\r\n")]);
    assert_eq!(events[1].kind, Kind::Unsolicited);
    assert!(events[1].is_error);
    assert_eq!(events[2].kind, Kind::Final);
}

#[test]
fn a_masked_password_is_a_value_like_others() {
    let events = decode(&[(TX, b"AT+FTPPW=********\r"), (RX, b"AT+FTPPW=********\r\r\nOK\r\n")]);
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::Command, Kind::Echo, Kind::Final]);
    assert_eq!(events[0].name(), Some("+FTPPW"));
    assert_eq!(events[0].meaning.as_deref(), Some("Sets the password"));
}
