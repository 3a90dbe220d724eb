//! The seven rules that the crate's documentation promises, as properties.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use sim800_command::{Unsolicited, Vocabulary};
use sim800_parser::{Claim, DataPhase, Decoder, Event, Expect, FinalResultCode, Framer, Limits};

const CARRY: usize = 96;
/// The framer's limit for a line, given to the decoder as well.
const LINE: usize = CARRY - 3;

/// An event with pieces of payload joined and the octets owned.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Line(&'static str, Vec<u8>),
    Prompt(Option<u32>, Vec<u8>),
    Final(FinalResultCode, Vec<u8>),
    Payload(Vec<u8>, u32),
    Excess(u64, Vec<u8>),
    Overlong(u64),
}

impl Seen {
    fn push<B: AsRef<[u8]> + std::fmt::Debug>(seen: &mut Vec<Self>, event: Event<B>) {
        let event = match event {
            Event::Echo(span) => Self::Line("echo", span.raw().to_vec()),
            Event::Information(span) => Self::Line("information", span.raw().to_vec()),
            Event::Unsolicited(span) => Self::Line("unsolicited", span.raw().to_vec()),
            Event::Continuation(span) => Self::Line("continuation", span.raw().to_vec()),
            Event::Blank(span) => Self::Line("blank", span.raw().to_vec()),
            Event::Prompt { span, granted } => Self::Prompt(granted, span.raw().to_vec()),
            Event::Final { code, span } => Self::Final(code, span.raw().to_vec()),
            Event::Excess { span, announced } => Self::Excess(announced, span.raw().to_vec()),
            Event::Overlong { discarded } => Self::Overlong(discarded),
            Event::Payload { octets, remaining } => {
                if let Some(Self::Payload(payload, left)) = seen.last_mut() {
                    if *left > 0 {
                        assert_eq!(*left as usize, octets.as_ref().len() + remaining as usize);
                        payload.extend_from_slice(octets.as_ref());
                        *left = remaining;
                        return;
                    }
                }
                Self::Payload(octets.as_ref().to_vec(), remaining)
            }
            other => panic!("an event this test does not know: {other:?}"),
        };
        seen.push(event);
    }

    fn octets(&self) -> Result<&[u8], u64> {
        match self {
            Self::Line(_, raw)
            | Self::Prompt(_, raw)
            | Self::Final(_, raw)
            | Self::Payload(raw, _)
            | Self::Excess(_, raw) => Ok(raw),
            Self::Overlong(discarded) => Err(*discarded),
        }
    }
}

/// What is done to the framer, in order: a command begins, then octets arrive.
type Script = Vec<(Option<Expect>, Vec<u8>)>;

/// Feeds the octets in reads of the given sizes, over and over.
fn reads<'a>(octets: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut reads = Vec::new();
    let mut rest = octets;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (read, after) = rest.split_at((*size).min(rest.len()));
        reads.push(read);
        rest = after;
    }
    reads
}

fn frame(script: &Script, sizes: &[usize]) -> (Vec<Seen>, Vec<u8>) {
    let mut framer = Framer::<CARRY, _>::with_dialect(Vocabulary);
    let mut seen = Vec::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            framer.begin(*expect);
        }
        for mut input in reads(octets, sizes) {
            while let Some(event) = framer.next(&mut input) {
                Seen::push(&mut seen, event);
            }
            assert!(input.is_empty(), "the framer left octets in the input");
        }
    }
    (seen, framer.pending().to_vec())
}

/// The same in the push form.
fn feed(script: &Script, sizes: &[usize]) -> (Vec<Seen>, Vec<u8>) {
    let mut framer = Framer::<CARRY, _>::with_dialect(Vocabulary);
    let mut seen = Vec::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            framer.begin(*expect);
        }
        for input in reads(octets, sizes) {
            framer.feed(input, |event| Seen::push(&mut seen, event));
        }
    }
    (seen, framer.pending().to_vec())
}

fn decode(script: &Script, sizes: &[usize], gather: usize) -> (Vec<Seen>, Vec<u8>) {
    let mut limits = Limits::default();
    limits.line = LINE;
    limits.buffer = 256;
    limits.gather = gather;
    let mut decoder = Decoder::with_dialect(limits, Vocabulary);
    let mut seen = Vec::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            decoder.begin(*expect);
        }
        for (n, input) in reads(octets, sizes).into_iter().enumerate() {
            // Both ways in, in turn.
            if n % 3 == 0 {
                decoder.handle_input(input);
            } else {
                decoder.spare(input.len())[..input.len()].copy_from_slice(input);
                decoder.handle_filled(input.len());
            }
            while let Some(event) = decoder.poll_event() {
                Seen::push(&mut seen, event);
            }
            assert!(decoder.pending().len() <= LINE.max(gather) + 3, "the decoder holds too much");
        }
    }
    let mut pending = decoder.pending().to_vec();
    if decoder.remaining() > 0 && !pending.is_empty() {
        // What the decoder gathers is late, never lost.
        let remaining = decoder.remaining() - u32::try_from(pending.len()).unwrap();
        Seen::push(&mut seen, Event::Payload { octets: std::mem::take(&mut pending), remaining });
    }
    (seen, pending)
}

fn two_values(values: sim800_parser::Values<'_>) -> bool {
    values.count() == 2
}

fn any_values(_: sim800_parser::Values<'_>) -> bool {
    true
}

fn claim() -> impl Strategy<Value = Claim> {
    prop_oneof![
        Just(Claim::None),
        Just(Claim::Text),
        Just(Claim::Named { name: "+CREG", accepts: two_values }),
        Just(Claim::Named { name: "+CPIN", accepts: any_values }),
    ]
}

fn data() -> impl Strategy<Value = DataPhase> {
    prop_oneof![
        3 => Just(DataPhase::None),
        2 => (0..60_u32).prop_map(|at_most| DataPhase::Announced { name: "+HTTPREAD", selector: None, at_most }),
        2 => (0..60_u32).prop_map(|at_most| DataPhase::Announced { name: "+FTPGET", selector: Some(2), at_most }),
        1 => (0..40_u32).prop_map(|count| DataPhase::Counted { count }),
        1 => Just(DataPhase::Invited { line: "DOWNLOAD" }),
        1 => Just(DataPhase::Prompted),
        1 => (0..60_u32).prop_map(|at_most| DataPhase::Granted { name: "+FTPPUT", selector: 2, at_most }),
    ]
}

fn expect() -> impl Strategy<Value = Expect> {
    (any::<bool>(), claim(), data(), any::<bool>()).prop_map(|(echo, information, data, connection)| {
        let mut expect = Expect::result().with_information(information).with_data(data);
        expect.echo = echo;
        expect.connection = connection;
        expect
    })
}

/// Pieces that real lines are made of, and that hostile ones are.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec![
        "\r\n",
        "\r",
        "\n",
        "\r\nOK\r\n",
        "\r\nERROR\r\n",
        "\r\n+CME ERROR: 3\r\n",
        "AT+FTPGET=2,40\r",
        "AT\r\r\nOK\r\n",
        "\r\n+HTTPREAD: 13\r\n",
        "\r\n+HTTPREAD:0\r\n",
        "\r\n+HTTPREAD: 99999999999999999999\r\n",
        "\r\n+FTPGET: 2,5\r\n",
        "\r\n+FTPGET: 1,1\r\n",
        "\r\n+FTPGET:1,0\r\n",
        "\r\n+FTPPUT: 2,50\r\n",
        "\r\nDOWNLOAD\r\n",
        "\r\n> ",
        ">",
        "\r\nRING\r\n",
        "\r\n+HTTPACTION: 1,200,94",
        "+SAPBR 1: DEACT",
        "+CREG: 0,1\r\n",
        "\r\n+CMT: \"+491\",\"\",\"24/07/24\"\r\n",
        "\r\n+CDS: 25\r\n",
        "\r\n+CREG: 0,1\r\n",
        "\r\n+CREG: 1\r\n",
        "\r\nNO CARRIER\r\n",
        "\r\n861234567890123\r\n",
        "ERR",
        "+CME ERR",
        "+CMS ERROR: 1",
        "\0IIII\u{ff}",
        " ",
        ",",
        "\"",
        "A",
        "AT",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![
        8 => known,
        1 => vec(any::<u8>(), 0..20),
        1 => (any::<u8>(), 60..140_usize).prop_map(|(octet, len)| vec![octet; len]),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let octets = vec(fragment(), 0..12).prop_map(|fragments| fragments.concat());
    vec((proptest::option::of(expect()), octets), 1..5)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    vec(1..20_usize, 1..8)
}

/// A frame of counted payload: the expectation, the octets, the payload within.
fn payload_frame() -> impl Strategy<Value = (Expect, Vec<u8>, Vec<u8>)> {
    let traps = select(vec![
        "\r\nOK\r\n",
        "\r\nERROR\r\n",
        "\r\n+FTPGET: 1,0\r\n",
        "\r\n+FTPGET: 2,9\r\n",
        "\r\n> ",
        "AT\r",
        "\r\n+CMT: 1\r\n",
        "\r\nRDY\r\n",
    ])
    .prop_map(|trap| trap.as_bytes().to_vec());
    let payload = vec(prop_oneof![traps, vec(any::<u8>(), 0..300)], 0..5).prop_map(|pieces| pieces.concat());
    (payload, any::<bool>()).prop_map(|(payload, http)| {
        let len = u32::try_from(payload.len()).unwrap();
        let (name, selector, header) = if http {
            ("+HTTPREAD", None, format!("\r\n+HTTPREAD: {len}\r\n"))
        } else {
            ("+FTPGET", Some(2), format!("\r\n+FTPGET: 2,{len}\r\n"))
        };
        let expect = Expect::result().with_data(DataPhase::Announced { name, selector, at_most: len });
        (expect, [header.as_bytes(), &payload, b"\r\nOK\r\n"].concat(), payload)
    })
}

proptest! {
    // Under Miri, which takes a thousand times as long, a few.
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 2048 }))]

    /// Rules 1 and 2, and that both levels agree.
    #[test]
    fn events_do_not_depend_on_how_the_reads_were_cut(script in script(), sizes in sizes(), gather in 1..64_usize) {
        let whole = frame(&script, &[usize::MAX]);
        prop_assert_eq!(&frame(&script, &sizes), &whole);
        prop_assert_eq!(&frame(&script, &[1]), &whole);
        prop_assert_eq!(&feed(&script, &sizes), &whole);
        prop_assert_eq!(&decode(&script, &[usize::MAX], 1), &whole);
        prop_assert_eq!(&decode(&script, &sizes, 1), &whole);

        prop_assert_eq!(&decode(&script, &sizes, gather), &whole);
    }

    /// Rule 3.
    #[test]
    fn information_is_claimed_and_nothing_else(expect in expect(), fragments in vec(fragment(), 0..12)) {
        let (seen, _) = frame(&vec![(Some(expect), fragments.concat())], &[usize::MAX]);
        for event in seen {
            let Seen::Line(kind @ ("information" | "unsolicited"), raw) = event else { continue };
            let span = sim800_parser::Span::new(&raw[..]);
            let line = span.line();
            let is_header = match expect.data {
                DataPhase::Announced { name, .. } => line.name() == Some(name),
                _ => false,
            };
            let claimed = match expect.information {
                Claim::Named { name, accepts } => line.name() == Some(name) && accepts(line.values()),
                Claim::Text => matches!(Unsolicited::from(line), Unsolicited::Other(_)),
                _ => false,
            };
            if kind == "information" {
                prop_assert!(claimed || is_header, "{line:?} was not claimed");
            }
        }
    }

    /// Rule 4: traps inside the payload are payload.
    #[test]
    fn counted_octets_are_never_scanned((expect, octets, payload) in payload_frame(), sizes in sizes()) {
        let (seen, pending) = frame(&vec![(Some(expect), octets)], &sizes);
        prop_assert!(pending.is_empty());
        prop_assert!(matches!(&seen[0], Seen::Line("information", _)));
        let after = if payload.is_empty() {
            1
        } else {
            prop_assert_eq!(&seen[1], &Seen::Payload(payload, 0));
            2
        };
        prop_assert_eq!(&seen[after..], &[Seen::Final(FinalResultCode::Ok, b"\r\nOK\r\n".to_vec())]);
    }

    /// Rule 4: a header that announces more than was asked opens nothing.
    #[test]
    fn counts_are_believed_up_to_what_was_asked(at_most in 0..1000_u32, excess in 1..u64::MAX) {
        let announced = u64::from(at_most).saturating_add(excess);
        let expect = Expect::result().with_data(DataPhase::Announced { name: "+FTPGET", selector: Some(2), at_most });
        let (seen, _) = frame(&vec![(Some(expect), format!("\r\n+FTPGET: 2,{announced}\r\n\r\nOK\r\n").into())], &[7]);
        prop_assert!(matches!(&seen[0], Seen::Excess(count, _) if *count == announced));
        prop_assert_eq!(&seen[1], &Seen::Final(FinalResultCode::Ok, b"\r\nOK\r\n".to_vec()));
    }

    /// Rule 5: one final result code for each command, none without.
    #[test]
    fn result_codes_count_only_while_a_command_is_in_flight(script in script()) {
        let (seen, _) = frame(&script, &[usize::MAX]);
        let commands = script.iter().filter(|(expect, _)| expect.is_some()).count();
        prop_assert!(seen.iter().filter(|event| matches!(event, Seen::Final(..))).count() <= commands);

        let without = script.into_iter().map(|(_, octets)| (None, octets)).collect();
        let (seen, _) = frame(&without, &[usize::MAX]);
        for event in seen {
            let silent = matches!(
                event,
                Seen::Line("unsolicited" | "continuation" | "blank", _) | Seen::Overlong(_)
            );
            prop_assert!(silent, "{event:?} without a command");
        }
    }

    /// Rule 5: the second line of a short message is text, even when it reads like a result code.
    #[test]
    fn second_lines_are_text(text in select(vec!["OK", "ERROR", "", "+FTPGET: 2,5", "RDY"]), sizes in sizes()) {
        let octets = format!("\r\n+CMT: \"+491\",\"\",\"x\"\r\n{text}\r\n\r\nOK\r\n");
        let (seen, _) = frame(&vec![(Some(Expect::result()), octets.into())], &sizes);
        prop_assert_eq!(&seen[1], &Seen::Line("continuation", format!("{text}\r\n").into()));
        prop_assert_eq!(&seen[2], &Seen::Final(FinalResultCode::Ok, b"\r\nOK\r\n".to_vec()));
    }

    /// A line end that is missing behind an unsolicited line costs nobody the next line.
    #[test]
    fn a_second_line_is_read_as_if_it_stood_alone(
        first in select(vec![
            "+HTTPACTION: 1,200,94", "+FTPGET: 1,1", "+FTPPUT:1,1,1360 ", "+FTPSIZE: 1,0,174125", "+SAPBR 1: DEACT",
            "+PDP: DEACT", "+CFUN:1", "+FTPGETTOFS: 0,7",
        ]),
        second in select(vec![
            "+SAPBR 1: DEACT", "+CREG: 0,1", "+CREG: 1", "+FTPGET: 2,50", "+FTPGET: 1,0", "+CME ERROR: 3",
            "+X: \"http://a/?b=1+FTPGET: 1,0\"", "+CMT: \"+491\",\"\",\"x\"",
        ]),
        sizes in sizes(),
    ) {
        let expect = Expect::result()
            .with_information(Claim::Named { name: "+CREG", accepts: two_values })
            .with_data(DataPhase::Announced { name: "+FTPGET", selector: Some(2), at_most: 50 });
        let octets = format!("\r\n{first}{second}\r\n").into_bytes();
        let (alone, _) = frame(&vec![(Some(expect), format!("{second}\r\n").into_bytes())], &[usize::MAX]);
        let expected = [vec![Seen::Line("unsolicited", format!("\r\n{first}").into_bytes())], alone].concat();
        let script = vec![(Some(expect), octets)];
        prop_assert_eq!(&frame(&script, &sizes).0, &expected);
        prop_assert_eq!(&decode(&script, &sizes, 1).0, &expected);
    }

    /// A plus sign begins a line only where a known line can have ended.
    #[test]
    fn other_plus_signs_begin_no_line(
        (claim, line) in select(vec![
            (Claim::Named { name: "+X", accepts: any_values }, "+X: URL,http://a/?b=1+FTPGET: 1,0"),
            (Claim::Text, "+X: 1+FTPGET: 1,0"),
            (Claim::None, "+X: URL,http://a/?b=1+FTPGET: 1,0"),
            (Claim::None, "URL: http://a/?b=1+FTPGET: 1,0"),
            (Claim::None, "+CLIP: \"+491\",145"),
            (Claim::None, "+FTPGET: 1,\"a\"+FTPGET: 1,0"),
            (Claim::None, "+FTPGET: 1,+FTPGET: 1,0"),
            (Claim::None, "+FTPGET: 1,0+1"),
            (Claim::None, "+FTPGET: 1,0+1: 2"),
            (Claim::None, "+CDS: 25+FTPGET: 1,0"),
        ]),
        sizes in sizes(),
    ) {
        let script = vec![(Some(Expect::result().with_information(claim)), format!("\r\n{line}\r\n").into())];
        let (seen, _) = frame(&script, &sizes);
        prop_assert!(matches!(&seen[..], [Seen::Line(_, raw)] if raw.len() == line.len() + 4), "{seen:?}");
    }

    /// Rule 6.
    #[test]
    fn the_spans_are_the_input(script in script(), sizes in sizes()) {
        let input: Vec<u8> = script.iter().flat_map(|(_, octets)| octets.clone()).collect();
        let (seen, pending) = frame(&script, &sizes);
        let mut at = 0;
        for event in &seen {
            match event.octets() {
                Ok(raw) => {
                    prop_assert_eq!(raw, &input[at..at + raw.len()]);
                    at += raw.len();
                }
                Err(discarded) => at += usize::try_from(discarded).unwrap(),
            }
        }
        // A line that is too long and has not ended is in no event yet.
        prop_assert!(input.len() - at >= pending.len());
        prop_assert!(input.ends_with(&pending));
        if input.len() - at > pending.len() {
            prop_assert!(input.len() - at >= LINE);
        }
    }
}

fn seen(expect: Expect, octets: &[u8]) -> Vec<Seen> {
    let script = vec![(Some(expect), octets.to_vec())];
    let whole = frame(&script, &[usize::MAX]);
    for cut in 1..octets.len() {
        assert_eq!(frame(&script, &[cut, usize::MAX]), whole, "cut at {cut}");
        assert_eq!(decode(&script, &[cut, usize::MAX], 1), whole, "cut at {cut}");
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

    let invited = Expect::result().with_data(DataPhase::Invited { line: "DOWNLOAD" });
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

    let granted =
        Expect::result().with_data(DataPhase::Granted { name: "+FTPPUT", selector: 2, at_most: 100 });
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
    let read =
        Expect::result().with_data(DataPhase::Announced { name: "+FTPGET", selector: Some(2), at_most: 9 });
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

/// The decoder gives up as the framer does.
#[test]
fn abandoned_by_the_decoder() {
    let mut decoder = Decoder::with_dialect(Limits::default(), Vocabulary);
    assert!(!decoder.in_flight());
    decoder.begin(Expect::result().with_data(DataPhase::Announced {
        name: "+HTTPREAD",
        selector: None,
        at_most: 50,
    }));
    assert!(decoder.in_flight());
    decoder.handle_input(b"\r\n+HTTPREAD: 50\r\nsome");
    while decoder.poll_event().is_some() {}
    assert_eq!(decoder.remaining(), 50, "what is not polled yet is still to come");
    decoder.abandon();
    assert!(!decoder.in_flight() && decoder.remaining() == 4, "what came is payload");
    decoder.handle_input(b"more text\r\n");
    let Some(Event::Payload { octets, remaining: 0 }) = decoder.poll_event() else { panic!("it is lost") };
    assert_eq!(&octets[..], b"some");
    let Some(Event::Unsolicited(span)) = decoder.poll_event() else { panic!("the text is lost") };
    assert_eq!(span.raw(), b"more text\r\n");
    assert_eq!(decoder.remaining(), 0);
}

/// After giving up on a command its payload is text, and the next command is not answered by the old result code.
#[test]
fn abandoned() {
    let mut framer = Framer::<CARRY, _>::with_dialect(Vocabulary);
    framer.begin(Expect::result().with_data(DataPhase::Announced {
        name: "+HTTPREAD",
        selector: None,
        at_most: 50,
    }));
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
