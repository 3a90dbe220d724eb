//! Every transcript as a capture: all of it is understood.

use sim800_capture::{Capture, Direction, Event, Kind};
use sim800_testdata::{Response, Step, Transcript, transcripts, written};

fn decode(pieces: impl IntoIterator<Item = (Direction, Vec<u8>)>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut capture = Capture::new();
    for (direction, octets) in pieces {
        capture.handle_octets(None, direction, &octets, &mut |event| events.push(event));
    }
    capture.handle_end(&mut |event| events.push(event));
    events
}

fn both_ways(transcript: &Transcript) -> Vec<(Direction, Vec<u8>)> {
    let pieces = transcript.steps.iter().filter_map(|step| match step {
        Step::Command(octets) | Step::Payload(octets) => Some((Direction::Sent, octets.clone())),
        Step::Response(response) => Some((Direction::Received, response.octets.clone())),
        Step::Pause(_) => None,
    });
    pieces.collect()
}

/// What the module sends with its echo on.
fn one_way(transcript: &Transcript) -> Vec<(Direction, Vec<u8>)> {
    let pieces = transcript.steps.iter().enumerate().filter_map(|(n, step)| match step {
        // Some transcripts have the echo.
        Step::Command(line) => match transcript.steps.get(n + 1) {
            Some(Step::Response(response)) if response.octets.starts_with(line) => None,
            _ => Some((Direction::Received, line.clone())),
        },
        Step::Payload(_) | Step::Pause(_) => None,
        Step::Response(response) => Some((Direction::Received, response.octets.clone())),
    });
    pieces.collect()
}

/// The events of the transcripts' own language that an event of a capture is.
fn seen(event: &Event) -> Option<String> {
    let text = written(event.text());
    Some(match (event.kind, &event.payload) {
        (Kind::Payload, Some(payload)) => format!("payload {}", payload.received),
        (Kind::Information, _) => format!("information {text}"),
        (Kind::Final, _) => format!("final {text}"),
        (Kind::Prompt, _) => "prompt".to_owned(),
        _ => return None,
    })
}

/// Of what a transcript expects, the kinds that are compared.
fn expected(transcript: &Transcript) -> Vec<String> {
    let mut query = None;
    let events = transcript.steps.iter().filter_map(|step| match step {
        Step::Response(Response { events, .. }) => Some(answered(events, query.take())),
        Step::Command(line) => {
            query = line.strip_prefix(b"AT").and_then(|line| line.strip_suffix(b"?\r"));
            None
        }
        Step::Payload(_) | Step::Pause(_) => None,
    });
    let kinds = ["payload ", "information ", "final ", "prompt"];
    let kept = events.flatten().filter(|event| kinds.iter().any(|kind| event.starts_with(kind)));
    kept.map(|event| if event.starts_with("prompt") { "prompt".to_owned() } else { event.clone() }).collect()
}

/// The events of a response. What the parser has to take for the end of a transfer answers a query that nothing else does.
fn answered(events: &[String], query: Option<&[u8]>) -> Vec<String> {
    let mut events = events.to_vec();
    if let Some(name) = query.filter(|_| !events.iter().any(|event| event.starts_with("information "))) {
        let line = format!("unsolicited {}: ", String::from_utf8_lossy(name));
        if let Some(event) = events.iter_mut().find(|event| event.starts_with(&line)) {
            *event = event.replacen("unsolicited", "information", 1);
        }
    }
    events
}

fn assert_understood(transcript: &Transcript, events: &[Event]) {
    for event in events {
        assert_ne!(event.kind, Kind::Unreadable, "{transcript}: {event:?}");
    }
    let received = |event: &&Event| event.direction == Some(Direction::Received);
    let seen: Vec<_> = events.iter().filter(received).filter_map(seen).collect();
    assert_eq!(seen, expected(transcript), "{transcript}");
}

#[test]
fn what_both_sides_sent_is_understood() {
    for transcript in transcripts() {
        let events = decode(both_ways(&transcript));
        assert_understood(&transcript, &events);
        let sent: u64 = transcript
            .steps
            .iter()
            .map(|step| if let Step::Payload(octets) = step { octets.len() as u64 } else { 0 })
            .sum();
        let payloads = events.iter().filter(|event| event.direction == Some(Direction::Sent));
        let summed: u64 = payloads.filter_map(|event| Some(event.payload.as_ref()?.received)).sum();
        assert_eq!(summed, sent, "{transcript}");
    }
}

#[test]
fn what_the_module_sent_is_understood() {
    for transcript in transcripts() {
        assert_understood(&transcript, &decode(one_way(&transcript)));
    }
}
