//! Every transcript at every cut gives its events, through the framer and the decoder.

mod buffered;

use buffered::Buffered;
use sim800_command::{Prepared, Vocabulary};
use sim800_parser::{Decoder, Event, Expect, Framer};
use sim800_testdata::{Response, Step, transcripts, written};

/// Events as the transcripts write them, pieces of payload joined.
#[derive(Default)]
struct Notes {
    notes: Vec<String>,
    payload: usize,
}

impl Notes {
    fn push(&mut self, event: Event<'_>) {
        let note = match event {
            Event::Payload { octets, remaining } => {
                self.payload += octets.len();
                if remaining > 0 {
                    return;
                }
                format!("payload {}", std::mem::take(&mut self.payload))
            }
            Event::Blank(_) => return,
            Event::Echo(span) => {
                format!("echo {}", span.raw().escape_ascii()).trim_end_matches("\\r").to_owned()
            }
            Event::Prompt { granted: None, .. } => "prompt".to_owned(),
            Event::Prompt { granted: Some(count), .. } => format!("prompt {count}"),
            Event::Information(span) => format!("information {}", written(span.raw())),
            Event::Final { span, .. } => format!("final {}", written(span.raw())),
            Event::Unsolicited(span) => format!("unsolicited {}", written(span.raw())),
            Event::Continuation(span) => format!("continuation {}", written(span.raw())),
            Event::Excess { announced, .. } => format!("excess {announced}"),
            Event::Overlong { discarded } => format!("overlong {discarded}"),
            other => panic!("an event this test does not know: {other:?}"),
        };
        self.notes.push(note);
    }
}

/// What the table expects after this command line.
fn expect(line: &[u8]) -> Expect {
    Prepared::parse(line).unwrap_or_else(|| panic!("the table has no {}", line.escape_ascii())).expect
}

#[test]
fn at_every_cut() {
    for transcript in transcripts() {
        let mut expectation = None;
        for step in &transcript.steps {
            match step {
                Step::Command(line) => expectation = Some(expect(line)),
                Step::Payload(_) | Step::Pause(_) => {}
                // What follows payload of the DTE needs the prompt before it: that is in `across_steps`.
                Step::Response(Response { octets, events, .. })
                    if !is_answer_to_payload(&transcript.steps, step) =>
                {
                    let expectation = expectation.take();
                    // Miri takes a thousand times as long.
                    if cfg!(miri) && octets.len() > 1000 {
                        continue;
                    }
                    // Cuts deep inside long payload are all alike.
                    let cuts = (0..octets.len()).filter(|cut| *cut < 2000 || octets.len() - cut < 40);
                    for cut in cuts.step_by(if cfg!(miri) { 41 } else { 1 }) {
                        let reads = octets.split_at(cut);
                        let seen = frame(expectation, &[reads.0, reads.1]);
                        assert_eq!(&seen, events, "{transcript}: framer, cut at {cut}");
                        let seen = decode(expectation, &[reads.0, reads.1]);
                        assert_eq!(&seen, events, "{transcript}: decoder, cut at {cut}");
                    }
                    let octet_by_octet: Vec<_> = octets.chunks(1).collect();
                    assert_eq!(&frame(expectation, &octet_by_octet), events, "{transcript}: octet by octet");
                }
                Step::Response(_) => {}
            }
        }
    }
}

/// Whole transcripts through one framer.
#[test]
fn across_steps() {
    for transcript in transcripts() {
        let mut framer = Framer::<256, _>::with_dialect(Vocabulary);
        let mut granted = None;
        for step in &transcript.steps {
            match step {
                Step::Command(line) => framer.begin(expect(line)),
                Step::Payload(octets) => {
                    let granted = granted.take().expect("payload without a prompt");
                    assert!(
                        octets.len() as u32 == granted || granted == u32::MAX,
                        "{transcript}: {granted} granted"
                    );
                }
                Step::Pause(_) => {}
                Step::Response(Response { octets, events, .. }) => {
                    let mut notes = Notes::default();
                    let mut input = &octets[..];
                    while let Some(event) = framer.next(&mut input) {
                        if let Event::Prompt { granted: count, .. } = event {
                            granted = Some(count.unwrap_or(u32::MAX));
                        }
                        notes.push(event);
                    }
                    assert_eq!(&notes.notes, events, "{transcript}");
                    assert_eq!(framer.pending(), b"", "{transcript}");
                }
            }
        }
    }
}

fn is_answer_to_payload(steps: &[Step], step: &Step) -> bool {
    let place = steps.iter().position(|other| std::ptr::eq(other, step)).unwrap();
    place > 0 && matches!(steps[place - 1], Step::Payload(_))
}

fn frame(expect: Option<Expect>, reads: &[&[u8]]) -> Vec<String> {
    let mut framer = Framer::<256, _>::with_dialect(Vocabulary);
    if let Some(expect) = expect {
        framer.begin(expect);
    }
    let mut notes = Notes::default();
    for mut input in reads.iter().copied() {
        while let Some(event) = framer.next(&mut input) {
            notes.push(event);
        }
    }
    notes.notes
}

fn decode(expect: Option<Expect>, reads: &[&[u8]]) -> Vec<String> {
    let mut buffered = Buffered::new(Decoder::with_dialect(1024, Vocabulary));
    if let Some(expect) = expect {
        buffered.decoder.begin(expect);
    }
    let mut notes = Notes::default();
    for input in reads {
        buffered.feed(input, |event| notes.push(event));
    }
    notes.notes
}
