//! What differs by one value, one octet or one moment from what opens payload.

use sim800_parser::{DataPhase, Decoder, Dialect, Event, Expect, Framer, Header, Line};

/// One line that is known to be whole, and payload that comes unasked.
struct Known;

const PUSHED: [(Header, u32); 2] =
    [(Header::new("+IPD,").ended_by(":"), 20), (Header::new("+DATA:").ended_by(","), 20)];

impl Dialect for Known {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        line.name() == Some("+CREG")
    }

    fn is_whole(&self, line: Line<'_>) -> bool {
        line.name() == Some("+CREG")
    }

    fn headers(&self) -> &[(Header, u32)] {
        &PUSHED
    }
}

/// A kind and octets.
fn word(event: &Event<'_>) -> String {
    let (kind, octets) = match event {
        Event::Information(span) => ('+', span.raw()),
        Event::Unsolicited(span) => ('*', span.raw()),
        Event::Final { span, .. } => ('=', span.raw()),
        Event::Blank(span) => ('_', span.raw()),
        Event::Continuation(span) => ('~', span.raw()),
        Event::Excess { span, .. } => ('!', span.raw()),
        Event::Payload { octets, .. } => ('#', *octets),
        Event::Overlong { .. } => ('O', &b""[..]),
        _ => ('?', &b""[..]),
    };
    format!("{kind}{}", octets.trim_ascii().escape_ascii())
}

/// The events of `before`, which is there when the command begins, and of `after`.
fn told<D: Dialect>(dialect: D, before: &[u8], expect: Expect, after: &[u8]) -> Vec<String> {
    let mut framer = Framer::<96, D>::with_dialect(dialect);
    let mut words = Vec::new();
    framer.feed(before, |event| words.push(word(&event)));
    framer.begin(expect);
    framer.feed(after, |event| words.push(word(&event)));
    words
}

fn announced(header: Header, at_most: u32) -> Expect {
    Expect::result().with_data(DataPhase::Announced { header, at_most })
}

#[test]
fn a_header_has_all_its_values() {
    let header = Header::new("+CIPRXGET:").selected_by(2);
    for (header, line) in [
        (header.behind(1), "+CIPRXGET: 2,5"),
        (header.followed_by(1), "+CIPRXGET: 2,5"),
        (header, "+CIPRXGET: 2,5,5"),
        (header.behind(1).followed_by(1), "+CIPRXGET: 2,5"),
        (header.ended_by(":"), "+CIPRXGET: 2,5"),
        (Header::new("+IPD,").ended_by(":"), "+IPD,5"),
    ] {
        let octets = format!("\r\n{line}\r\nhello\r\nOK\r\n");
        let words = told((), b"", announced(header, 1460), octets.as_bytes());
        assert_eq!(words, [&format!("*{line}"), "*hello", "=OK"], "{header:?}");
    }
}

#[test]
fn all_frames_together_are_no_more_than_was_asked_for() {
    let expect = announced(Header::new("+HTTPREAD:"), 10).with_ending("+HTTPREAD: 0".into());
    let frame = "\r\n+HTTPREAD: 5\r\nhello";
    let words = told((), b"", expect, format!("{frame}{frame}\r\n+HTTPREAD: 1\r\n").as_bytes());
    assert_eq!(words, ["++HTTPREAD: 5", "#hello", "++HTTPREAD: 5", "#hello", "!+HTTPREAD: 1"]);
}

#[test]
fn the_least_limit_is_61() {
    for limit in [0, 1, 60, 61] {
        for (len, word) in [(61, '*'), (62, 'O')] {
            let line = format!("{}\r\n", "x".repeat(len - 2));
            let mut decoder = Decoder::new(limit);
            let event = decoder.next(&mut line.as_bytes()).map(|event| self::word(&event).chars().next());
            assert_eq!(event, Some(Some(word)), "{len} octets, a limit of {limit}");
        }
    }
}

#[test]
fn payload_counts_as_remaining_from_its_header_on() {
    let mut framer = Framer::<96>::new();
    framer.begin(announced(Header::new("+HTTPREAD:"), 10));
    let mut first: &[u8] = b"\r\n+HTTPREAD: 5\r";
    assert!(framer.next(&mut first).is_none());
    let mut second: &[u8] = b"\nhe";
    assert!(matches!(framer.next(&mut second), Some(Event::Information(_))));
    assert_eq!(framer.remaining(), 5);
    assert!(matches!(framer.next(&mut second), Some(Event::Payload { octets: b"he", remaining: 3 })));
    assert_eq!(framer.remaining(), 3);
}

#[test]
fn the_line_end_behind_a_closing_mark_may_be_a_line_feed() {
    let expect = announced(Header::new("+URDFILE:").behind(1).ended_by(",\""), 10);
    for end in ["\"\r\n", "\"\n"] {
        let octets = format!("\r\n+URDFILE: \"a\",2,\"hi{end}\r\nOK\r\n");
        let words = told((), b"", expect, octets.as_bytes());
        assert_eq!(
            words,
            ["++URDFILE: \"a\",2,\"", "#hi", "+\"", "=OK"].map(|word| word.replace('"', "\\\""))
        );
    }
}

#[test]
fn a_header_behind_a_line_without_a_line_end_is_one() {
    let words = told(Known, b"", Expect::result(), b"\r\n+CREG: 1+DATA:6,a\r\nbcd\r\nOK\r\n");
    assert_eq!(words, ["*+CREG: 1", "*+DATA:6,", r"#a\r\nbcd", "=OK"]);
}

/// The command cannot have asked for it, whatever it asks for.
#[test]
fn a_header_that_began_before_the_command_is_none_of_its() {
    let expect = announced(Header::new("+IPD,").ended_by(":"), 1460);
    let words = told(Known, b"\r\n+IPD,5", expect, b":hello\r\n+IPD,2:hi\r\nOK\r\n");
    assert_eq!(words, ["*+IPD,5:", "#hello", "++IPD,2:", "#hi", "=OK"]);
    let words = told(Known, b"\r\n+IPD,30", expect, b":hello\r\n");
    assert_eq!(words[0], "!+IPD,30:");
}

#[test]
fn an_echo_behind_payload_that_was_pending_when_the_command_began_is_one() {
    // What of the two headers it is cannot be told before more has come.
    let longer = Header::new("+IPD,").behind(1).followed_by(2).ended_by(":");
    let mut framer = Framer::<96, _>::with_dialect(Known);
    framer.begin(announced(longer, 20));
    framer.feed(b"+IPD,1:\r", |event| panic!("{event:?}"));
    framer.abandon();
    framer.begin(Expect::result());
    let mut seen = Vec::new();
    framer.feed(b"AT\r\r\nOK\r\n", |event| seen.push((word(&event), matches!(event, Event::Echo(_)))));
    let echoes: Vec<bool> = seen.iter().map(|(_, is_echo)| *is_echo).collect();
    assert_eq!(echoes, [false, false, true, false], "{seen:?}");
}

#[test]
fn the_line_end_of_what_came_before_is_no_payload() {
    let mut expect = Expect::result().with_data(DataPhase::AtOnce { count: 5 });
    expect.echo = false;
    assert_eq!(told((), b"\r", expect, b"\nhello\r\nOK\r\n"), ["_", "#hello", "=OK"]);
}

#[test]
fn a_dialect_that_says_nothing_knows_nothing() {
    struct Silent;
    impl Dialect for Silent {
        fn is_unsolicited(&self, _line: Line<'_>) -> bool {
            false
        }
    }
    let octets = b"\r\n+CMT: 1\r\n+CREG: 1+CGREG: 1\r\n\r\nOK\r\n";
    let words = ["*+CMT: 1", "*+CREG: 1+CGREG: 1", "=OK"];
    assert_eq!(told(Silent, b"", Expect::result(), octets), words);
    assert_eq!(told((), b"", Expect::result(), octets), words);
}
