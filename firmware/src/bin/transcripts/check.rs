//! Every event is the one that the transcript has.

use core::fmt;

use sim800_command::{Prepared, Vocabulary};
use sim800_parser::{Event, Framer};

use crate::data::{Expected, LONGEST_READ, Step, TRANSCRIPTS, Transcript};

/// An octet at a time, what the UART's FIFO holds, and what DMA may bring.
const READS: [usize; 3] = [1, 16, LONGEST_READ];

/// How much was looked at.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) events: u32,
    pub(crate) payload: u32,
}

/// What is not as the transcript has it.
pub(crate) struct Finding {
    transcript: &'static str,
    read: usize,
    what: &'static str,
    expected: Option<Expected<'static>>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, in reads of {}: {}", self.transcript, self.read, self.what)?;
        match self.expected {
            Some(expected) => write!(f, ", expected was {expected:?}"),
            None => write!(f, ", expected was no more"),
        }
    }
}

/// Frames all transcripts in reads of each length.
pub(crate) fn all() -> Result<Checked, Finding> {
    let mut checked = Checked::default();
    for transcript in TRANSCRIPTS {
        for read in READS {
            frame(transcript, read, &mut checked).map_err(|(what, expected)| Finding {
                transcript: transcript.name,
                read,
                what,
                expected,
            })?;
        }
    }
    Ok(checked)
}

type Mismatch = (&'static str, Option<Expected<'static>>);

fn frame(transcript: &Transcript, read: usize, checked: &mut Checked) -> Result<(), Mismatch> {
    let mut framer = Framer::<256, _>::with_dialect(Vocabulary);
    for step in transcript.steps {
        let (pieces, expected) = match step {
            Step::Command(line) => {
                let prepared = Prepared::parse(line).ok_or(("the table has no such command", None))?;
                framer.begin(prepared.expect);
                continue;
            }
            Step::Response(pieces, expected) => (pieces, expected),
        };
        let mut expected = expected.iter();
        let mut payload = 0;
        for mut input in pieces.iter().flat_map(|piece| piece.reads(read)) {
            while let Some(event) = framer.next(&mut input) {
                let Some(seen) = note(&event, &mut payload) else { continue };
                let next = expected.next().copied();
                if next != Some(seen) {
                    return Err(("another event", next));
                }
                checked.events += 1;
                if let Expected::Payload(count) = seen {
                    checked.payload += count;
                }
            }
        }
        if let Some(next) = expected.next() {
            return Err(("an event is missing", Some(*next)));
        }
        if !framer.pending().is_empty() {
            return Err(("octets are left over", None));
        }
    }
    Ok(())
}

/// The event as transcripts have it; `None` for blank lines and for payload of which more is to come.
fn note<'a>(event: &Event<'a>, payload: &mut u32) -> Option<Expected<'a>> {
    Some(match event {
        Event::Payload { octets, remaining } => {
            *payload += octets.len() as u32;
            if *remaining > 0 {
                return None;
            }
            Expected::Payload(core::mem::take(payload))
        }
        Event::Blank(_) => return None,
        Event::Echo(span) => Expected::Echo(text(span.raw())),
        Event::Prompt { granted, .. } => Expected::Prompt(*granted),
        Event::Information(span) => Expected::Information(text(span.raw())),
        Event::Final { span, .. } => Expected::Final(text(span.raw())),
        Event::Unsolicited(span) => Expected::Unsolicited(text(span.raw())),
        Event::Continuation(span) => Expected::Continuation(text(span.raw())),
        Event::Excess { announced, .. } => Expected::Excess(*announced),
        Event::Overlong { discarded } => Expected::Overlong(*discarded),
        other => panic!("an event that this firmware does not know: {other:?}"),
    })
}

fn text(raw: &[u8]) -> &[u8] {
    raw.trim_ascii()
}
