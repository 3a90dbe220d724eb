//! The framer and the decoder: whatever comes, however it is cut.

mod reference;

use std::cell::Cell;
use std::hint::black_box;

use arbitrary::{Arbitrary, Unstructured};
use sim800_command::{Prepared, Vocabulary};
use sim800_parser::{Decoder, Dialect, Event, Expect, Framer, Header, Line, Span};

use crate::memory;
use crate::script::{Script, Step};
use reference::{Kind, Reference};

/// What a SIM800 sends unasked, and payload that comes so from other modules.
#[derive(Debug, Default)]
struct Pushing {
    /// How many octets of lines it was asked about.
    asked: Cell<usize>,
}

impl Pushing {
    fn ask(&self, line: Line<'_>) {
        self.asked.set(self.asked.get() + line.text().len());
    }
}

const PUSHED: [(Header, u32); 3] = [
    (Header::new("+IPD,").ended_by(":"), 100),
    (Header::new("+IPD,").behind(1).followed_by(2).ended_by(":"), 100),
    (Header::new("+QIURC: \"recv\",").behind(1), 100),
];

impl Dialect for Pushing {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        self.ask(line);
        Vocabulary.is_unsolicited(line)
    }

    fn is_whole(&self, line: Line<'_>) -> bool {
        self.ask(line);
        Vocabulary.is_whole(line)
    }

    fn takes_continuation(&self, line: Line<'_>) -> bool {
        self.ask(line);
        Vocabulary.takes_continuation(line)
    }

    fn headers(&self) -> &[(Header, u32)] {
        &PUSHED
    }
}

const CARRY: usize = 128;
const LINE: usize = CARRY - 3;

/// The letter for giving up on the command in flight.
const ABANDON: u8 = b'a';

/// What is done to a framer.
#[derive(Clone, Copy, Debug)]
enum Action<'a> {
    Begin(Expect),
    Abandon,
    Octets(&'a [u8]),
}

/// Commands of the table begin with what the table expects; others are entropy for any expectation.
fn actions(input: &[u8]) -> Vec<Action<'_>> {
    let actions = Script::new(input).filter_map(|step| match step {
        Step::Octets(octets) => Some(Action::Octets(octets)),
        Step::Command(line) => {
            let known = Prepared::parse(line).map(|prepared| prepared.expect);
            known.or_else(|| Expect::arbitrary(&mut Unstructured::new(line)).ok()).map(Action::Begin)
        }
        Step::Other(ABANDON) => Some(Action::Abandon),
        Step::Other(_) => None,
    });
    actions.collect()
}

/// How often an octet is repeated in lines that are stretched.
const STRETCH: usize = 8;

/// An input, ready to be framed octet by octet, as it is and with lines that are longer. What that costs is counted from outside: the
/// same for each octet, whatever came before.
#[derive(Debug)]
pub struct Framing<'a>(Vec<Action<'a>>);

impl<'a> Framing<'a> {
    /// Reads an input.
    #[must_use]
    pub fn of(data: &'a [u8]) -> Self {
        Self(actions(data))
    }

    /// Frames it, and returns how many octets and commands that were.
    #[must_use]
    pub fn run(&self) -> usize {
        // A line may be as long as an input, stretched.
        let mut framer = Framer::<32_768, _>::with_dialect(Pushing::default());
        let mut count = 0;
        for stretch in [1, STRETCH] {
            for action in &self.0 {
                match action {
                    Action::Begin(expect) => framer.begin(*expect),
                    Action::Abandon => framer.abandon(),
                    Action::Octets(octets) => {
                        for octet in *octets {
                            let times = if b"\r\n".contains(octet) { 1 } else { stretch };
                            for _ in 0..times {
                                framer.feed(std::slice::from_ref(octet), |event| _ = black_box(event));
                            }
                            count += times;
                        }
                        continue;
                    }
                }
                count += 1;
            }
        }
        count
    }
}

/// Any octets under any expectations: no panic, nothing lost, no result code without a command, nothing allocated.
pub fn framer(data: &[u8]) {
    let actions = actions(data);
    let mut input = Vec::new();
    let (mut at, mut in_flight) = (0, false);
    let mut framer = Framer::<CARRY, _>::with_dialect(Pushing::default());
    for action in actions {
        let mut rest = match action {
            Action::Begin(expect) => {
                framer.begin(expect);
                in_flight = true;
                continue;
            }
            Action::Abandon => {
                framer.abandon();
                in_flight = false;
                continue;
            }
            Action::Octets(octets) => octets,
        };
        input.extend_from_slice(rest);
        while let Some(event) = memory::none(|| framer.next(&mut rest)) {
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
    assert!(left.len() >= LINE || left == framer.pending(), "octets were lost");
}

/// Events do not depend on how the reads were cut, framer and decoder agree, and small reads make nothing dearer.
pub fn cuts(data: &[u8]) {
    let Some((sizes, data)) = data.split_at_checked(4) else { return };
    let script = actions(data);
    let whole = frame(&script, &[u8::MAX]);
    assert_eq!(frame(&script, sizes), whole, "reads of {sizes:?}");
    assert_eq!(frame(&script, &[1]), whole, "octet by octet");
    assert_eq!(feed(&script, sizes), whole, "pushed, reads of {sizes:?}");
    assert_eq!(decode(&script, sizes), whole, "decoder, reads of {sizes:?}");
}

/// Framer and decoder tell what a slow reading of their documentation tells, for drivers that wait for one command at a time.
pub fn agreement(data: &[u8]) {
    let mut reference = Reference::new(LINE, Pushing::default());
    let (mut script, mut seen) = (Vec::new(), Seen::new());
    for action in actions(data) {
        match action {
            Action::Begin(expect) => {
                if reference.in_flight() {
                    reference.abandon();
                    script.push(Action::Abandon);
                }
                reference.begin(expect);
            }
            Action::Abandon => reference.abandon(),
            Action::Octets(octets) => {
                for (kind, octets) in reference.take(octets) {
                    push(&mut seen, event(&kind, &octets));
                }
            }
        }
        script.push(action);
    }
    let expected = (seen, reference.pending().to_vec());
    assert_eq!(frame(&script, &[u8::MAX]), expected, "framer");
    assert_eq!(decode(&script, &[1]), expected, "decoder, octet by octet");
}

/// What the reference tells, as the parser would.
fn event<'a>(kind: &Kind, octets: &'a [u8]) -> Event<'a> {
    let span = Span::new(octets);
    match kind {
        Kind::Echo => Event::Echo(span),
        Kind::Prompt(granted) => Event::Prompt { span, granted: *granted },
        Kind::Information => Event::Information(span),
        Kind::Payload(remaining) => Event::Payload { octets, remaining: *remaining },
        Kind::Final(code) => Event::Final { code: *code, span },
        Kind::Unsolicited => Event::Unsolicited(span),
        Kind::Continuation => Event::Continuation(span),
        Kind::Excess(announced) => Event::Excess { span, announced: *announced },
        Kind::Blank => Event::Blank(span),
        Kind::Overlong => Event::Overlong { discarded: octets.len() as u64 },
    }
}

/// What an event is and its octets, pieces of payload joined.
type Seen = Vec<(String, Vec<u8>)>;

fn push(seen: &mut Seen, event: Event<'_>) {
    let (kind, raw) = match event {
        Event::Echo(span) => ("echo".to_owned(), span.raw().to_vec()),
        Event::Prompt { span, granted } => (format!("prompt {granted:?}"), span.raw().to_vec()),
        Event::Information(span) => ("information".to_owned(), span.raw().to_vec()),
        Event::Payload { octets, remaining } => {
            let due = format!("payload, {} to come", octets.len() as u64 + u64::from(remaining));
            if let Some((kind, payload)) = seen.last_mut()
                && *kind == due
            {
                payload.extend_from_slice(octets);
                *kind = format!("payload, {remaining} to come");
                return;
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

fn frame(script: &[Action<'_>], sizes: &[u8]) -> (Seen, Vec<u8>) {
    let mut framer = Framer::<CARRY, _>::with_dialect(Pushing::default());
    let (mut seen, mut len) = (Seen::new(), 0);
    for action in script {
        let octets = match action {
            Action::Begin(expect) => {
                framer.begin(*expect);
                continue;
            }
            Action::Abandon => {
                framer.abandon();
                continue;
            }
            Action::Octets(octets) => octets,
        };
        len += octets.len();
        for mut read in reads(octets, sizes) {
            while let Some(event) = framer.next(&mut read) {
                push(&mut seen, event);
            }
        }
    }
    // Whether it is known, whole, and the head of another: each is asked of a line once, however it came.
    assert!(framer.dialect().asked.get() <= 3 * len, "work that grows with the number of reads");
    (seen, framer.pending().to_vec())
}

fn feed(script: &[Action<'_>], sizes: &[u8]) -> (Seen, Vec<u8>) {
    let mut framer = Framer::<CARRY, _>::with_dialect(Pushing::default());
    let mut seen = Seen::new();
    for action in script {
        let octets = match action {
            Action::Begin(expect) => {
                framer.begin(*expect);
                continue;
            }
            Action::Abandon => {
                framer.abandon();
                continue;
            }
            Action::Octets(octets) => octets,
        };
        for read in reads(octets, sizes) {
            framer.feed(read, |event| push(&mut seen, event));
        }
    }
    (seen, framer.pending().to_vec())
}

/// In a buffer that holds what is not taken.
fn decode(script: &[Action<'_>], sizes: &[u8]) -> (Seen, Vec<u8>) {
    let mut decoder = Decoder::with_dialect(LINE, Pushing::default());
    let (mut seen, mut buffer) = (Seen::new(), Vec::new());
    for action in script {
        let octets = match action {
            Action::Begin(expect) => {
                decoder.begin(*expect);
                continue;
            }
            Action::Abandon => {
                decoder.abandon();
                continue;
            }
            Action::Octets(octets) => octets,
        };
        for read in reads(octets, sizes) {
            buffer.extend_from_slice(read);
            let mut input = &buffer[..];
            while let Some(event) = memory::none(|| decoder.next(&mut input)) {
                push(&mut seen, event);
            }
            let taken = buffer.len() - input.len();
            buffer.drain(..taken);
        }
    }
    (seen, buffer)
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
