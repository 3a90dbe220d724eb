//! Octets of connections that come as they arrive (`AT+CIPRXGET=0`), between any two lines.

use sim800_capture::{Capture, Direction, Event, Kind, Subject};

const TX: Direction = Direction::Sent;
const RX: Direction = Direction::Received;

/// As read at once, and octet by octet, which have to agree.
fn decode(pieces: &[(Direction, &[u8])]) -> Vec<Event> {
    let read = |size: usize| {
        let mut events = Vec::new();
        let mut capture = Capture::new();
        for (direction, octets) in pieces {
            for piece in octets.chunks(size) {
                capture.handle_octets(None, *direction, piece, &mut |event| events.push(event));
            }
        }
        capture.handle_end(&mut |event| events.push(event));
        events
    };
    let whole = read(usize::MAX);
    assert_eq!(read(1), whole);
    let crossed: usize = pieces.iter().map(|(_, octets)| octets.len()).sum();
    assert_eq!(whole.iter().map(|event| event.octets).sum::<u64>(), crossed as u64);
    whole
}

/// `kind text`, as a line or as payload.
fn told(pieces: &[(Direction, &[u8])]) -> Vec<String> {
    let line = |event: &Event| {
        let text = match &event.payload {
            Some(payload) => payload.octets.escape_ascii().to_string(),
            None => event.text().escape_ascii().to_string(),
        };
        let error = if event.is_error { event.meaning.as_deref().unwrap_or_default() } else { "" };
        format!("{} {text} {error}", event.kind.name()).trim_end().to_owned()
    };
    decode(pieces).iter().map(line).collect()
}

#[test]
fn octets_are_counted_whatever_they_read() {
    for header in [
        "\r\n+IPD,14:",
        "\r\n+IPD,14,TCP:",
        "\r\n+RECEIVE,0,14:\r\n",
        "\r\n+RECEIVE,0,14,93.184.216.34:80:\r\n",
    ] {
        let received =
            [header.as_bytes(), b"\r\nOK\r\n\r\nRDY\r\n\r", b"\r\n+CSQ: 20,0\r\n\r\nOK\r\n"].concat();
        // Of 14 octets the last is a CR; what follows begins with its own.
        let events = told(&[(TX, b"AT+CSQ\r"), (RX, &received)]);
        assert_eq!(
            events,
            [
                "command AT+CSQ",
                &format!("unsolicited {}", header.trim()),
                r"payload \r\nOK\r\n\r\nRDY\r\n\r",
                "information +CSQ: 20,0",
                "final OK",
            ],
            "{header}"
        );
    }
}

#[test]
fn they_come_between_any_two_lines_and_while_a_command_is_sent() {
    let seen = told(&[
        (RX, b"\r\n+RECEIVE,1,3:\r\nabc\r\n+RECEIVE,2,3:\r\ndef"),
        (TX, b"AT+CGMR\r"),
        (RX, b"\r\nRevision\r\n\r\n+RECEIVE,1,4:\r\n\r\nOK\r\nOK\r\n\r\n1, CLOSED\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            "unsolicited +RECEIVE,1,3:",
            "payload abc",
            "unsolicited +RECEIVE,2,3:",
            "payload def",
            "command AT+CGMR",
            "information Revision",
            "unsolicited +RECEIVE,1,4:",
            r"payload \r\nOK",
            "final OK",
            "unsolicited 1, CLOSED",
        ]
    );
    let seen = told(&[
        (RX, b"\r\n+RECEIVE,1,9:\r\nabc"),
        (TX, b"AT+CSQ\r"),
        (RX, b"defghi\r\n+CSQ: 20,0\r\n\r\nOK\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            "unsolicited +RECEIVE,1,9:",
            "command AT+CSQ",
            "payload abcdefghi",
            "information +CSQ: 20,0",
            "final OK"
        ]
    );
}

#[test]
fn a_command_that_waits_for_payload_of_its_own_gets_it() {
    let seen = told(&[
        (TX, b"AT+HTTPREAD\r"),
        (RX, b"\r\n+IPD,2:hi\r\n+HTTPREAD: 4\r\n+IPD\r\nOK\r\n"),
        (TX, b"AT+CIPSEND=2\r"),
        (RX, b"\r\n+IPD,2:hi\r\n> "),
        (TX, b"yo"),
        (RX, b"\r\n+IPD,2:ho\r\nSEND OK\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            "command AT+HTTPREAD",
            "unsolicited +IPD,2:",
            "payload hi",
            "information +HTTPREAD: 4",
            "payload +IPD",
            "final OK",
            "command AT+CIPSEND=2",
            "unsolicited +IPD,2:",
            "payload hi",
            "prompt >",
            "payload yo",
            "blank",
            "unsolicited +IPD,2:",
            "payload ho",
            "final SEND OK",
        ]
    );
}

#[test]
fn a_count_that_the_rest_contradicts_is_not_believed() {
    // Three octets were lost.
    let seen = told(&[
        (TX, b"AT+CSQ\r"),
        (RX, b"\r\n+RECEIVE,0,8:\r\nabcde\r\n+CSQ: 20,0\r\n\r\nOK\r\n"),
        (TX, b"AT\r"),
        (RX, b"\r\n+RECEIVE,0,8:\r\nabcde\r\n+RECEIVE,1,2:\r\nhi\r\nOK\r\n"),
    ]);
    let lost = "payload abcde 3 octets are missing; no line follows, so octets were lost or added";
    assert_eq!(
        seen,
        [
            "command AT+CSQ",
            "unsolicited +RECEIVE,0,8:",
            lost,
            "information +CSQ: 20,0",
            "final OK",
            "command AT",
            "unsolicited +RECEIVE,0,8:",
            lost,
            "unsolicited +RECEIVE,1,2:",
            "payload hi",
            "final OK",
        ]
    );
    // One came twice.
    let seen = told(&[(RX, b"\r\n+RECEIVE,0,5:\r\nabbcde\r\n+CREG: 1\r\n")]);
    assert_eq!(
        seen,
        [
            "unsolicited +RECEIVE,0,5:",
            "payload abbcd no line follows, so octets were lost or added",
            "unsolicited e",
            "unsolicited +CREG: 1",
        ]
    );
    // It says more than there can be.
    let seen = told(&[(RX, b"\r\n+RECEIVE,0,4000000000:\r\nabc\r\n")]);
    assert_eq!(
        seen[0],
        "unsolicited +RECEIVE,0,4000000000: announces 4000000000 octets, more than were asked for"
    );
}

#[test]
fn what_a_capture_cuts_is_told_as_far_as_it_is_there() {
    for (received, payload) in [
        (&b"\r\n+IPD,5:abc"[..], Some("abc 2 octets are missing")),
        (b"\r\n+IPD,3:abc", Some("abc")),
        (b"\r\n+IPD,3:", None),
    ] {
        let seen = told(&[(RX, received)]);
        assert_eq!(
            seen.get(1).map(String::as_str),
            payload.map(|payload| format!("payload {payload}")).as_deref()
        );
    }
}

#[test]
fn they_are_about_sockets() {
    let events = decode(&[(TX, b"AT+CSQ\r"), (RX, b"\r\n+RECEIVE,0,3:\r\nabc\r\n+CSQ: 20,0\r\n\r\nOK\r\n")]);
    let subjects: Vec<_> = events.iter().map(|event| (event.kind, event.subject)).collect();
    assert_eq!(subjects[1], (Kind::Unsolicited, Subject::Sockets));
    assert_eq!(subjects[2], (Kind::Payload, Subject::Sockets));
    assert_eq!(events[1].meaning.as_deref(), Some("3 octets of a connection follow"));
    assert_eq!(events[2].payload.as_ref().and_then(|payload| payload.name.as_deref()), Some("+RECEIVE"));
}
