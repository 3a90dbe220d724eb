//! The bodies of the fuzz targets.
//!
//! Each takes any octets and panics when a promise is broken. They are plain functions, so that normal builds compile
//! them and a test replays what was found before.

use arbitrary::{Arbitrary, Result, Unstructured};
use sim800_parser::{Claim, DataPhase, Decoder, Event, Expect, Framer, Limits};

const CARRY: usize = 128;
const LINE: usize = CARRY - 3;

/// Commands that begin and octets that arrive, in this order.
#[derive(Debug)]
struct Script<'a>(Vec<(Option<Expect>, &'a [u8])>);

impl<'a> Arbitrary<'a> for Script<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut steps = Vec::new();
        for _ in 0..u.int_in_range(1..=4)? {
            let expect = if u.arbitrary()? { Some(expect(u)?) } else { None };
            steps.push((expect, u.arbitrary()?));
        }
        steps.push((None, u.bytes(u.len())?));
        Ok(Self(steps))
    }
}

fn expect(u: &mut Unstructured<'_>) -> Result<Expect> {
    let claim = match u.int_in_range(0..=3)? {
        0 => Claim::None,
        1 => Claim::Text,
        2 => Claim::Named { name: "+CREG", accepts: |values| values.count() == 2 },
        _ => Claim::Named { name: "+CPIN", accepts: |_| true },
    };
    let count = u.int_in_range(0..=300)?;
    let data = match u.int_in_range(0..=6)? {
        0 => DataPhase::None,
        1 => DataPhase::Announced { name: "+HTTPREAD", selector: None, at_most: count },
        2 => DataPhase::Announced { name: "+FTPGET", selector: Some(2), at_most: count },
        3 => DataPhase::Counted { count },
        4 => DataPhase::Invited { line: "DOWNLOAD" },
        5 => DataPhase::Prompted,
        _ => DataPhase::Granted { name: "+FTPPUT", selector: 2, at_most: count },
    };
    let mut expect = Expect::result().with_information(claim).with_data(data);
    expect.echo = u.arbitrary()?;
    expect.connection = u.arbitrary()?;
    Ok(expect)
}

/// Any octets under any expectations: no panic, nothing lost, no result code without a command, bounded memory.
pub fn framer(data: &[u8]) {
    let Ok(Script(script)) = Script::arbitrary(&mut Unstructured::new(data)) else { return };
    let input: Vec<u8> = script.iter().flat_map(|(_, octets)| octets.iter().copied()).collect();
    let (mut at, mut in_flight) = (0, false);
    let mut framer: Framer<CARRY> = Framer::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            framer.begin(expect);
            in_flight = true;
        }
        let mut rest = octets;
        while let Some(event) = framer.next(&mut rest) {
            let raw = match &event {
                Event::Overlong { discarded } => {
                    at += usize::try_from(*discarded).unwrap();
                    continue;
                }
                Event::Payload { octets, .. } => octets,
                Event::Final { span, .. } => {
                    assert!(in_flight, "a result code without a command");
                    in_flight = false;
                    span.raw()
                }
                Event::Echo(span)
                | Event::Prompt { span, .. }
                | Event::Information(span)
                | Event::Unsolicited(span)
                | Event::Continuation(span)
                | Event::Excess { span, .. }
                | Event::Blank(span) => span.raw(),
                other => panic!("an event this target does not know: {other:?}"),
            };
            assert_eq!(raw, &input[at..at + raw.len()], "the spans are not the input");
            at += raw.len();
        }
        assert!(rest.is_empty(), "octets were left");
        assert_eq!(framer.in_flight(), in_flight);
    }
    // A line that is too long and has not ended is in no event yet.
    let left = &input[at..];
    assert!(left.len() > CARRY || left == framer.pending(), "octets were lost");
}

/// Events do not depend on how the reads were cut, and framer and decoder agree.
pub fn cuts(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let Ok(sizes) = <[u8; 4]>::arbitrary(&mut u) else { return };
    let Ok(Script(script)) = Script::arbitrary(&mut u) else { return };
    let whole = frame(&script, &[u8::MAX]);
    assert_eq!(frame(&script, &sizes), whole, "reads of {sizes:?}");
    assert_eq!(frame(&script, &[1]), whole, "octet by octet");
    assert_eq!(feed(&script, &sizes), whole, "pushed, reads of {sizes:?}");
    assert_eq!(decode(&script, &sizes), whole, "decoder, reads of {sizes:?}");
}

/// What an event is and its octets, pieces of payload joined.
type Seen = Vec<(String, Vec<u8>)>;

fn push<B: AsRef<[u8]>>(seen: &mut Seen, event: Event<B>) {
    let (kind, raw) = match event {
        Event::Echo(span) => ("echo".to_owned(), span.raw().to_vec()),
        Event::Prompt { span, granted } => (format!("prompt {granted:?}"), span.raw().to_vec()),
        Event::Information(span) => ("information".to_owned(), span.raw().to_vec()),
        Event::Payload { octets, remaining } => {
            let octets = octets.as_ref();
            if let Some((kind, payload)) = seen.last_mut() {
                if *kind == format!("payload, {} to come", octets.len() as u64 + u64::from(remaining)) {
                    payload.extend_from_slice(octets);
                    *kind = format!("payload, {remaining} to come");
                    return;
                }
            }
            (format!("payload, {remaining} to come"), octets.to_vec())
        }
        Event::Final { code, span } => (format!("final {code}"), span.raw().to_vec()),
        Event::Unsolicited(span) => ("unsolicited".to_owned(), span.raw().to_vec()),
        Event::Continuation(span) => ("continuation".to_owned(), span.raw().to_vec()),
        Event::Excess { span, announced } => (format!("excess {announced}"), span.raw().to_vec()),
        Event::Blank(span) => ("blank".to_owned(), span.raw().to_vec()),
        Event::Overlong { discarded } => (format!("overlong {discarded}"), Vec::new()),
        _ => panic!("an event this target does not know"),
    };
    seen.push((kind, raw));
}

fn frame(script: &[(Option<Expect>, &[u8])], sizes: &[u8]) -> (Seen, Vec<u8>) {
    let mut framer: Framer<CARRY> = Framer::new();
    let mut seen = Seen::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            framer.begin(*expect);
        }
        for mut read in reads(octets, sizes) {
            while let Some(event) = framer.next(&mut read) {
                push(&mut seen, event);
            }
        }
    }
    (seen, framer.pending().to_vec())
}

fn feed(script: &[(Option<Expect>, &[u8])], sizes: &[u8]) -> (Seen, Vec<u8>) {
    let mut framer: Framer<CARRY> = Framer::new();
    let mut seen = Seen::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            framer.begin(*expect);
        }
        for read in reads(octets, sizes) {
            framer.feed(read, |event| push(&mut seen, event));
        }
    }
    (seen, framer.pending().to_vec())
}

fn decode(script: &[(Option<Expect>, &[u8])], sizes: &[u8]) -> (Seen, Vec<u8>) {
    let mut limits = Limits::default();
    limits.line = LINE;
    limits.gather = 1;
    let mut decoder = Decoder::new(limits);
    let mut seen = Seen::new();
    for (expect, octets) in script {
        if let Some(expect) = expect {
            decoder.begin(*expect);
        }
        for read in reads(octets, sizes) {
            decoder.handle_input(read);
            while let Some(event) = decoder.poll_event() {
                push(&mut seen, event);
            }
        }
    }
    (seen, decoder.pending().to_vec())
}

/// Cuts `octets` into pieces of these sizes, over and over.
fn reads<'a>(octets: &'a [u8], sizes: &[u8]) -> Vec<&'a [u8]> {
    let mut reads = Vec::new();
    let mut rest = octets;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            return reads;
        }
        let (read, after) = rest.split_at(usize::from(*size).clamp(1, rest.len()));
        reads.push(read);
        rest = after;
    }
    reads
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs a target over what was found before, and over every transcript as octets.
    fn replay(target: &str, body: impl Fn(&[u8])) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut inputs = 0;
        for folder in [root.join("regressions").join(target), root.join("../testdata/transcripts")] {
            for entry in fs::read_dir(folder).unwrap() {
                body(&fs::read(entry.unwrap().path()).unwrap());
                inputs += 1;
            }
        }
        assert!(inputs > 20, "{inputs} inputs");
    }

    #[test]
    fn framer() {
        replay("framer", super::framer);
    }

    #[test]
    fn cuts() {
        replay("cuts", super::cuts);
    }
}
