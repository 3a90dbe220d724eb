//! The rules at work, at every cut.

use std::ops::Range;

use sim800_parser::{Claim, DataPhase, Decoder, Event, Expect, FinalResultCode, Framer, Header};

use super::{CARRY, LINE, Seen, decode, frame, pushing};

fn seen(expect: Expect, octets: &[u8]) -> Vec<Seen> {
    let script = vec![(Some(expect), octets.to_vec())];
    let whole = frame(&script, &[usize::MAX]);
    for cut in 1..octets.len() {
        assert_eq!(frame(&script, &[cut, usize::MAX]), whole, "cut at {cut}");
        assert_eq!(decode(&script, &[cut, usize::MAX]), whole, "cut at {cut}");
    }
    assert_eq!(whole.1, b"", "octets were left");
    whole.0
}

fn ok() -> Seen {
    Seen::Final(FinalResultCode::Ok, b"\r\nOK\r\n".to_vec())
}

/// Each data phase at every cut.
#[test]
fn data_phases() {
    let counted = Expect::result().with_data(DataPhase::Counted { count: 7 });
    assert_eq!(
        seen(counted, b"AT+FSREAD=C:\\a,1,7,0\r\r\nERR\r\nxy\r\nOK\r\n"),
        [
            Seen::Line("echo", b"AT+FSREAD=C:\\a,1,7,0\r".to_vec()),
            Seen::Line("blank", b"\r\n".to_vec()),
            Seen::Payload(b"ERR\r\nxy".to_vec(), 0),
            ok(),
        ]
    );
    assert!(matches!(seen(counted, b"\r\nERROR\r\n")[..], [_, Seen::Final(FinalResultCode::Error, _)]));
    assert!(matches!(
        seen(counted, b"\r\n+CME ERROR: 4\r\n")[..],
        [_, Seen::Final(FinalResultCode::Cme(_), _)]
    ));

    let invited = Expect::result().with_data(DataPhase::Invited { line: "DOWNLOAD".into() });
    assert_eq!(
        seen(invited, b"\r\nDOWNLOAD\r\n\r\nOK\r\n"),
        [Seen::Prompt(None, b"\r\nDOWNLOAD\r\n".to_vec()), ok()]
    );

    let prompted = Expect::result().with_data(DataPhase::Prompted);
    assert_eq!(
        seen(prompted, b"\r\n> \r\nOK\r\n"),
        [
            Seen::Prompt(None, b"\r\n>".to_vec()),
            Seen::Line("blank", b" \r\n".to_vec()),
            Seen::Final(FinalResultCode::Ok, b"OK\r\n".to_vec()),
        ]
    );

    let granted = Expect::result()
        .with_data(DataPhase::Granted { header: Header::new("+FTPPUT:").selected_by(2), at_most: 100 });
    assert_eq!(
        seen(granted, b"\r\n+FTPPUT: 2,60\r\n\r\n+FTPPUT: 1,1,1360\r\n\r\nOK\r\n"),
        [
            Seen::Prompt(Some(60), b"\r\n+FTPPUT: 2,60\r\n".to_vec()),
            Seen::Line("unsolicited", b"\r\n+FTPPUT: 1,1,1360\r\n".to_vec()),
            ok(),
        ]
    );
    assert!(matches!(seen(granted, b"\r\n+FTPPUT: 2,101\r\n")[..], [Seen::Excess(101, _)]));
}

/// An unsolicited line stands anywhere outside the payload; firmware leaves out blanks and blank lines.
#[test]
fn lines_between() {
    let read = Expect::result()
        .with_data(DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: 9 });
    assert_eq!(
        seen(read, b"\r\nRING\r\nAT+FTPGET=2,9\r\r\n+FTPGET: 1,1\r\n+FTPGET:2,2\r\n>\n\r\nRING\r\nOK\r\n"),
        [
            Seen::Line("unsolicited", b"\r\nRING\r\n".to_vec()),
            Seen::Line("echo", b"AT+FTPGET=2,9\r".to_vec()),
            Seen::Line("unsolicited", b"\r\n+FTPGET: 1,1\r\n".to_vec()),
            Seen::Line("information", b"+FTPGET:2,2\r\n".to_vec()),
            Seen::Payload(b">\n".to_vec(), 0),
            Seen::Line("unsolicited", b"\r\nRING\r\n".to_vec()),
            Seen::Final(FinalResultCode::Ok, b"OK\r\n".to_vec()),
        ]
    );
}

/// A call that ends does not end a command that has nothing to do with it.
#[test]
fn connection_codes_end_only_commands_that_connect() {
    let octets = b"\r\nNO CARRIER\r\n\r\nOK\r\n";
    assert!(matches!(
        seen(Expect::result(), octets)[..],
        [Seen::Line("unsolicited", _), Seen::Final(FinalResultCode::Ok, _)]
    ));
    assert!(matches!(
        seen(Expect::result().with_connection(), octets)[..],
        [Seen::Final(FinalResultCode::NoCarrier, _), _]
    ));
}

/// Passing the limit is an event, and the next line is read as usual.
#[test]
fn overlong_lines_do_not_cost_the_next_one() {
    let limit = |len: usize| -> (Range<usize>, Vec<u8>) {
        let line = [vec![b'x'; len - 2], b"\r\n".to_vec()].concat();
        (0..len, [&b"\r\n"[..], &line, b"\r\nOK\r\n"].concat())
    };
    let (_, fits) = limit(LINE);
    assert!(matches!(seen(Expect::result(), &fits)[..], [Seen::Line("unsolicited", _), Seen::Final(..)]));
    let (len, too_long) = limit(LINE + 1);
    assert_eq!(seen(Expect::result(), &too_long)[0], Seen::Overlong(len.end as u64 + 2));
    let (len, endless) = limit(100_000);
    let (events, pending) = frame(&vec![(Some(Expect::result()), endless)], &[16]);
    assert_eq!((&events[..], &pending[..]), (&[Seen::Overlong(len.end as u64 + 2), ok()][..], &b""[..]));
}

/// Whoever wants the payload as a whole has the pieces shown again until it is there.
#[test]
fn payload_that_is_put_back_is_shown_again() {
    let mut decoder = Decoder::with_dialect(LINE, pushing());
    decoder.begin(Expect::result().with_data(DataPhase::Counted { count: 6 }));
    let octets = b"\r\nabcdef\r\nOK\r\n";
    for held in 3..8 {
        let mut input = &octets[if held == 3 { 0 } else { 2 }..held];
        if held == 3 {
            assert!(matches!(decoder.next(&mut input), Some(Event::Blank(_))));
        }
        let Some(Event::Payload { octets, remaining }) = decoder.next(&mut input) else {
            panic!("{held} octets")
        };
        assert_eq!((octets.len(), remaining as usize), (held - 2, 8 - held));
        decoder.put_back(octets.len() as u32);
        assert_eq!(decoder.remaining(), 6);
    }
    let mut input = &octets[2..];
    assert_eq!(decoder.next(&mut input), Some(Event::Payload { octets: b"abcdef", remaining: 0 }));
    assert!(matches!(decoder.next(&mut input), Some(Event::Final { .. })));
    assert!(format!("{decoder:?}").starts_with("Decoder { state: Line"));
}

/// After giving up on a command its payload is text, and the next command is not answered by the old result code.
#[test]
fn abandoned() {
    let mut framer = Framer::<CARRY, _>::with_dialect(pushing());
    framer.begin(
        Expect::result().with_data(DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: 50 }),
    );
    let mut input: &[u8] = b"\r\n+HTTPREAD: 50\r\nsome";
    while framer.next(&mut input).is_some() {}
    assert_eq!(framer.remaining(), 46);
    framer.abandon();
    assert!(!framer.in_flight());
    let mut input: &[u8] = b" text\r\nOK\r\n";
    let mut kinds = Vec::new();
    while let Some(event) = framer.next(&mut input) {
        Seen::push(&mut kinds, event);
    }
    assert_eq!(
        kinds,
        [Seen::Line("unsolicited", b" text\r\n".to_vec()), Seen::Line("unsolicited", b"OK\r\n".to_vec())]
    );
}

/// What was the beginning of an echo is looked at for headers from its start when the next command has none.
#[test]
fn a_line_that_began_as_an_echo_ends_where_it_ends() {
    let mut silent = Expect::result();
    silent.echo = false;
    let script = vec![
        (Some(Expect::result()), b"\r\n+IPD,1,2,\"::1\",80:xx\r\nAT+FTPGET=2,40\r".to_vec()),
        (Some(silent), b"\r\n+HTTPREAD: 13\r\n".to_vec()),
    ];
    for sizes in [1, usize::MAX] {
        let (events, pending) = frame(&script, &[sizes]);
        let lines = [&b"\r\nAT+FTPGET=2,40\r\r\n"[..], b"+HTTPREAD: 13\r\n"];
        assert_eq!(events[2..], lines.map(|line| Seen::Line("unsolicited", line.to_vec())), "{sizes}");
        assert!(pending.is_empty());
        assert_eq!(decode(&script, &[sizes]).0, events);
    }
}

/// Where no empty line comes between them, a known line stands behind an echo that is not known again.
#[test]
fn a_line_behind_a_damaged_echo_is_known() {
    let told = |line: &[u8]| {
        let script = vec![(Some(Expect::result().with_information(Claim::Text)), line.to_vec())];
        let kind = |seen: &Seen| match seen {
            Seen::Line(kind, _) => *kind,
            _ => "final",
        };
        frame(&script, &[usize::MAX]).0.iter().map(kind).collect::<Vec<_>>()
    };
    let head = "+CMT: \"+491\",\"\",\"24/07/24,14:04:19+08\"";
    assert_eq!(told(format!("T+CGMM\r{head}\r\nOK\r\n").as_bytes()), ["unsolicited", "continuation"]);
    assert_eq!(told(b"T+CGMM\r+CBM: 88\rOK\r\nOK\r\n"), ["information", "final"]);
    assert_eq!(told(b"T+CGMM\r+CMTI: \"SM\",3\r\nOK\r\n"), ["unsolicited", "final"]);
}
