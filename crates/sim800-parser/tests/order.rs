//! What is carried comes before what is read after it, wherever payload begins.

use sim800_parser::{DataPhase, Dialect, Event, Expect, Framer, Header, Line};

/// A line without a line end behind it is known to be whole, and payload comes unasked on the line of its header.
struct Joined;

const NOTICE: [(Header, u32); 1] = [(Header::new("+DATA:").ended_by(",\""), 100)];

impl Dialect for Joined {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        line.name().is_some()
    }

    fn is_whole(&self, line: Line<'_>) -> bool {
        line.name() == Some("+CFUN")
    }

    fn headers(&self) -> &[(Header, u32)] {
        &NOTICE
    }
}

/// The octets of the events, where `octets` come in two reads that are cut at `cut` and then in some of `size`.
fn raw(expect: Option<Expect>, octets: &[u8], cut: usize, size: usize) -> Vec<u8> {
    let mut framer = Framer::<64, _>::with_dialect(Joined);
    if let Some(expect) = expect {
        framer.begin(expect);
    }
    let mut seen = Vec::new();
    let (first, rest) = octets.split_at(cut);
    for mut read in std::iter::once(first).chain(rest.chunks(size)) {
        while let Some(event) = framer.next(&mut read) {
            seen.extend_from_slice(match &event {
                Event::Payload { octets, .. } => octets,
                Event::Final { span, .. }
                | Event::Echo(span)
                | Event::Prompt { span, .. }
                | Event::Information(span)
                | Event::Unsolicited(span)
                | Event::Continuation(span)
                | Event::Blank(span) => span.raw(),
                other => panic!("{other:?}"),
            });
        }
    }
    seen.extend_from_slice(framer.pending());
    seen
}

fn at_every_cut(expect: Option<Expect>, octets: &[u8]) {
    for cut in 0..octets.len() {
        for size in [1, 2, 7, 30, octets.len()] {
            let seen = raw(expect, octets, cut, size);
            assert_eq!(seen.escape_ascii().to_string(), octets.escape_ascii().to_string(), "{cut}, {size}");
        }
    }
}

#[test]
fn an_echo_that_does_not_end_is_payload_from_its_first_octet() {
    let at_once = Expect::result().with_data(DataPhase::AtOnce { count: 200 });
    let mut octets = b"AT+HTTPAC".to_vec();
    octets.extend((0..191).map(|n| b'a' + n % 26));
    octets.extend_from_slice(b"\r\nOK\r\n");
    at_every_cut(Some(at_once), &octets);
}

#[test]
fn payload_on_the_line_of_a_header_that_is_glued_to_another_line() {
    at_every_cut(None, b"\r\n+CFUN: 1+DATA: 30,\"line\nline\r\n+CFUN: 1+DATA: 9,\"\n\"\r\nRING\r\n");
    let header = Header::new("+DATA:").ended_by(",\"");
    let announced = Expect::result().with_data(DataPhase::Announced { header, at_most: 100 });
    at_every_cut(
        Some(announced),
        b"\r\n+CFUN: 1+DATA: 30,\"line\nline\r\n+CFUN: 1+DATA: 9,\"\n\"\r\n\r\nOK\r\n",
    );
}
