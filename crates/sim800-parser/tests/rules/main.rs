//! The seven rules that the crate's documentation promises, as properties.

#[path = "../buffered/mod.rs"]
mod buffered;
mod examples;

use buffered::Buffered;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use sim800_command::{Unsolicited, Vocabulary};
use sim800_parser::{
    Claim, DataPhase, Decoder, Dialect, Ending, Event, Expect, FinalResultCode, Framer, Header, Line, Name,
    WithHeaders,
};

const CARRY: usize = 96;
/// The framer's limit for a line, given to the decoder as well.
const LINE: usize = CARRY - 3;

/// Payload that comes unasked from other modules, of each way to end a header.
static PUSHED: [(Header, u32); 3] = [
    (Header::new("+IPD,").ended_by(":"), 30),
    (Header::new("+IPD,").behind(1).followed_by(2).ended_by(":"), 30),
    (Header::new("+QIURC: \"recv\",").behind(1), 30),
];

/// What a SIM800 sends unasked, and that.
fn pushing() -> WithHeaders<'static, Vocabulary> {
    Vocabulary.with_headers(&PUSHED)
}

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
    fn push(seen: &mut Vec<Self>, event: Event<'_>) {
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
                        assert_eq!(*left as usize, octets.len() + remaining as usize);
                        payload.extend_from_slice(octets);
                        *left = remaining;
                        return;
                    }
                }
                Self::Payload(octets.to_vec(), remaining)
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
    // Borrowed, so that it is held to what the dialect itself does.
    let dialect: &dyn Dialect = &pushing();
    let mut framer = Framer::<CARRY, _>::with_dialect(dialect);
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
    let mut framer = Framer::<CARRY, _>::with_dialect(pushing());
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

fn decode(script: &Script, sizes: &[usize]) -> (Vec<Seen>, Vec<u8>) {
    let mut buffered = Buffered::new(Decoder::with_dialect(LINE, pushing()));
    let mut seen = Vec::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            buffered.decoder.begin(*expect);
        }
        for input in reads(octets, sizes) {
            buffered.feed(input, |event| Seen::push(&mut seen, event));
            assert!(buffered.pending.len() <= LINE + 3, "more than a line is to be kept");
        }
    }
    (seen, buffered.pending)
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
        Just(Claim::named("+CREG", two_values)),
        Just(Claim::named("+CPIN", any_values)),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    select(vec![
        Header::new("+HTTPREAD:"),
        Header::new("+FTPGET:").selected_by(2),
        Header::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1),
        Header::new("+HTTPREAD: DATA,"),
        Header::new("CONNECT "),
        Header::new("+IPD,").ended_by(":"),
        Header::new("+URDFILE:").behind(1).ended_by(",\""),
    ])
}

fn ending() -> impl Strategy<Value = Option<Ending>> {
    let told: fn(Line<'_>) -> Option<FinalResultCode> = |line| match line.text() {
        b"SEND OK" => Some(FinalResultCode::Ok),
        b"SEND FAIL" => Some(FinalResultCode::Error),
        _ => None,
    };
    prop_oneof![
        4 => Just(None),
        1 => Just(Name::copied("+HTTPREAD: 0").map(Ending::Line)),
        1 => Just(Some(Ending::OneOf(told))),
    ]
}

fn data() -> impl Strategy<Value = DataPhase> {
    prop_oneof![
        3 => Just(DataPhase::None),
        6 => (header(), 0..60_u32).prop_map(|(header, at_most)| DataPhase::Announced { header, at_most }),
        1 => (0..40_u32).prop_map(|count| DataPhase::Counted { count }),
        1 => (0..40_u32).prop_map(|count| DataPhase::AtOnce { count }),
        1 => Just(DataPhase::Invited { line: "DOWNLOAD".into() }),
        1 => Just(DataPhase::Prompted),
        1 => (0..60_u32).prop_map(|at_most| DataPhase::Granted { header: Header::new("+FTPPUT:").selected_by(2), at_most }),
    ]
}

fn expect() -> impl Strategy<Value = Expect> {
    (any::<bool>(), claim(), data(), any::<bool>(), ending()).prop_map(
        |(echo, information, data, connection, ending)| {
            let mut expect = Expect::result().with_information(information).with_data(data);
            expect.echo = echo;
            expect.connection = connection;
            expect.ending = ending;
            expect
        },
    )
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
        "\r\n+HTTPREAD: DATA,7\r\n",
        "\r\n+HTTPREAD: 0\r\n",
        "\r\n+CIPRXGET: 2,0,9,100\r\n",
        "\r\nCONNECT 12\r\n",
        "\r\n+IPD,5:",
        "+IPD,1,12,\"::1\",80:",
        "+IPD,\"",
        "\r\n+QIURC: \"recv\",0,8\r\n",
        "\r\n+URDFILE: \"a,\",3,\"abc\"\r\n",
        "\"\r\n",
        "\r\nSEND OK\r\n",
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
    (payload, header()).prop_map(|(payload, header)| {
        let len = u32::try_from(payload.len()).unwrap();
        let prefix = String::from_utf8(header.prefix.as_bytes().to_vec()).unwrap();
        let selector = header.selector.map_or(String::new(), |selector| format!("{selector},"));
        let line = [
            "\r\n",
            &prefix,
            &selector,
            &"\"x\",".repeat(header.before.into()),
            &len.to_string(),
            &",7".repeat(header.after.into()),
            header.end.unwrap_or("\r\n"),
        ]
        .concat();
        let expect = Expect::result().with_data(DataPhase::Announced { header, at_most: len });
        (expect, [line.as_bytes(), &payload, b"\r\nOK\r\n"].concat(), payload)
    })
}

proptest! {
    // Under Miri, which takes a thousand times as long, a few.
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 2048 }))]

    /// Rules 1 and 2, and that both levels agree.
    #[test]
    fn events_do_not_depend_on_how_the_reads_were_cut(script in script(), sizes in sizes()) {
        let whole = frame(&script, &[usize::MAX]);
        prop_assert_eq!(&frame(&script, &sizes), &whole);
        prop_assert_eq!(&frame(&script, &[1]), &whole);
        prop_assert_eq!(&feed(&script, &sizes), &whole);
        prop_assert_eq!(&decode(&script, &[usize::MAX]), &whole);
        prop_assert_eq!(&decode(&script, &sizes), &whole);
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
                DataPhase::Announced { header, .. } => {
                    let is_closing = header.end.is_some_and(|end| end.ends_with('"')) && line.text() == b"\"";
                    line.text().starts_with(header.prefix.as_bytes()) || is_closing
                }
                _ => false,
            };
            let is_intermediate = expect.ending.is_some() && line.text() == b"OK";
            let claimed = match expect.information {
                Claim::Named { name, accepts } => line.name().map(str::as_bytes) == Some(name.as_bytes()) && accepts(line.values()),
                // What stands before a CR alone may be an echo that a fault has changed, which is no part of the line.
                Claim::Text => {
                    let behind_echo = line.text().rsplit(|octet| *octet == b'\r').next().unwrap_or_default();
                    matches!(Unsolicited::from(Line::new(behind_echo)), Unsolicited::Other(_))
                }
                _ => false,
            };
            if kind == "information" {
                prop_assert!(claimed || is_header || is_intermediate, "{line:?} was not claimed");
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
        let expect = Expect::result().with_data(DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most });
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
        let mut is_pushed = false;
        for event in seen {
            let silent = match &event {
                Seen::Line("unsolicited" | "continuation" | "blank", _) | Seen::Overlong(_) => true,
                // Only what the dialect has brings payload along.
                Seen::Payload(..) => is_pushed,
                Seen::Excess(_, raw) => PUSHED.iter().any(|(header, _)| raw.trim_ascii().starts_with(header.prefix.as_bytes())),
                _ => false,
            };
            prop_assert!(silent, "{event:?} without a command");
            is_pushed = matches!(&event, Seen::Line("unsolicited", raw)
                if PUSHED.iter().any(|(header, _)| raw.trim_ascii().starts_with(header.prefix.as_bytes())));
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
            .with_information(Claim::named("+CREG", two_values))
            .with_data(DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: 50 });
        let octets = format!("\r\n{first}{second}\r\n").into_bytes();
        let (alone, _) = frame(&vec![(Some(expect), format!("{second}\r\n").into_bytes())], &[usize::MAX]);
        let expected = [vec![Seen::Line("unsolicited", format!("\r\n{first}").into_bytes())], alone].concat();
        let script = vec![(Some(expect), octets)];
        prop_assert_eq!(&frame(&script, &sizes).0, &expected);
        prop_assert_eq!(&decode(&script, &sizes).0, &expected);
    }

    /// A plus sign begins a line only where a known line can have ended.
    #[test]
    fn other_plus_signs_begin_no_line(
        (claim, line) in select(vec![
            (Claim::named("+X", any_values), "+X: URL,http://a/?b=1+FTPGET: 1,0"),
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
