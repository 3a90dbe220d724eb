//! Captures of the line and traces: whatever they hold, however they are cut.

use std::time::Duration;

use sim800_capture::{
    Capture, Direction, Event, Format, Half, Merge, PayloadAs, Pcapng, Reader, Record, Report, Summary, Text,
    json, write_record, write_remark, write_retry,
};
use sim800_command::HTTP_LIMIT;

use crate::memory;
use crate::script::{Script, Step};
use lossless::assert_lossless;

#[path = "../../crates/sim800-capture/tests/rules/lossless.rs"]
mod lossless;

/// The letters before octets that are sent, and before those that are received.
pub(crate) const SEND: u8 = b's';
pub(crate) const RECEIVE: u8 = b'r';

/// What is held of a capture whose events nobody keeps, whatever it announces: the largest data phase, once while it is moved, and lines.
const MEMORY: usize = 2 * HTTP_LIMIT as usize + 128 * 1024;
/// How many octets are read as a file of each format.
const BEGINNING: usize = 2048;

/// Any octets as what a module sent, as a file of each format, and as an exchange: no panic, nothing lost, and cuts do not matter.
pub fn trace(data: &[u8]) {
    let Some((cut, data)) = data.split_first() else { return };
    let cut = 1 + usize::from(*cut) % 32;
    let received = [(Direction::Received, data.to_vec())];
    assert_decoded(&received, cut);
    memory::at_most(MEMORY, || {
        let mut capture = Capture::new();
        for (direction, octets) in received.iter().chain(&exchange(data)) {
            capture.handle_octets(None, *direction, octets, &mut drop);
        }
        capture.handle_end(&mut drop);
    });
    assert_decoded(&exchange(data), cut);
    assert_eq!(
        read(Format::Trace, data, cut),
        read(Format::Trace, data, data.len().max(1)),
        "a trace in pieces of {cut}"
    );
    // A beginning is enough of what is mostly none of the format.
    let data = data.get(..BEGINNING).unwrap_or(data);
    for format in Format::all() {
        let whole = read(format, data, data.len().max(1));
        assert_eq!(read(format, data, cut), whole, "{} in pieces of {cut}", format.name());
        // Read on as it grows, it may be taken for something else, and is read to its end all the same.
        let mut reader = Reader::with_format(format);
        for piece in data.chunks(cut) {
            let _ = reader.handle_input(piece, &mut |_| {});
            reader.handle_pause(&mut |_| {});
        }
        let _ = reader.handle_end(&mut |_| {});
        render(whole);
    }
    let (first, second) = data.split_at(data.len() / 2);
    merge([first, second], cut);
    merge([data, data], cut);
}

/// Two files of one line, whatever they hold: each is read to its end, or is none of any format.
fn merge(mut files: [&[u8]; 2], cut: usize) {
    let mut merge = Merge::new(Reader::new().keeping_clock(), Reader::new().keeping_clock());
    let (mut capture, mut events) = (Capture::new(), Vec::new());
    while let Some(half) = merge.wants() {
        let file = &mut files[usize::from(half == Half::Second)];
        let (piece, rest) = file.split_at(cut.min(file.len()));
        *file = rest;
        let sink = &mut |event| events.push(event);
        let taken = if piece.is_empty() {
            merge.handle_end(half, &mut capture, sink)
        } else {
            merge.handle_input(half, piece, &mut capture, sink)
        };
        if taken.is_err() {
            return;
        }
    }
    assert!(files.iter().all(|file| file.is_empty()), "what both files hold was taken");
    capture.handle_end(&mut |event| events.push(event));
    render(events);
}

/// Nothing of this may fail either, nor mean anything to a terminal or a browser.
fn render(events: Vec<Event>) {
    let [mut text, mut digits, mut lines] =
        [PayloadAs::Sum, PayloadAs::Hex, PayloadAs::Text].map(|payload| Text::new().with_payload(payload));
    digits = digits.colored(true);
    let ((mut packets, _), (mut report, _)) = (Pcapng::new(), Report::new(""));
    let mut summary = Summary::new();
    for mut event in events {
        event.mask();
        summary.take(&event);
        assert!(is_legible(&text.render(&event).unwrap_or_default()));
        assert!(is_legible(&lines.render(&event).unwrap_or_default()));
        let colored = digits.render(&event).unwrap_or_default();
        assert!(is_legible(&colored.replace("\x1b[", "")));
        assert!(json(&event).bytes().all(|octet| matches!(octet, b' '..=b'~')));
        let _ = packets.event(&event);
        assert!(!report.event(&event).contains(['<', '>', '&']));
    }
    summary.finish();
    assert!(is_legible(&summary.text()));
    assert!(summary.json().bytes().all(|octet| matches!(octet, b' '..=b'~')));
    let _ = report.finish(&summary);
}

/// Whether a terminal obeys nothing of it.
fn is_legible(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && c != '\n')
}

type Piece = (Direction, Vec<u8>);

/// Command lines are sent, and octets after the letter for that.
fn exchange(data: &[u8]) -> Vec<Piece> {
    let mut direction = Direction::Received;
    let pieces = Script::new(data).filter_map(|step| match step {
        Step::Octets(octets) => Some((direction, octets.to_vec())),
        Step::Command(line) => {
            direction = Direction::Received;
            Some((Direction::Sent, [line, b"\r"].concat()))
        }
        Step::Other(letter) => {
            match letter {
                SEND => direction = Direction::Sent,
                RECEIVE => direction = Direction::Received,
                _ => {}
            }
            None
        }
    });
    pieces.collect()
}

fn assert_decoded(pieces: &[Piece], cut: usize) {
    let events = decode(pieces.iter().map(|(direction, octets)| (*direction, &octets[..])));
    for direction in [Direction::Sent, Direction::Received] {
        let octets = pieces.iter().filter(|piece| piece.0 == direction).flat_map(|piece| piece.1.clone());
        assert_lossless(&events, direction, &octets.collect::<Vec<_>>());
    }
    let cuts =
        pieces.iter().flat_map(|(direction, octets)| octets.chunks(cut).map(|piece| (*direction, piece)));
    assert_eq!(decode(cuts), events, "in pieces of {cut}");

    let mut trace = Vec::new();
    for (direction, octets) in pieces {
        write_record(&mut trace, Duration::from_millis(250), *direction, octets);
    }
    assert_noted(&trace);
    let mut read = read(Format::Trace, &trace, trace.len().max(1));
    read.iter_mut().for_each(forget_time);
    assert_eq!(read, events, "as a trace");
    assert_packets(&events);
}

/// What is beside the line in a trace is told as it was written, and is no octet of it.
fn assert_noted(trace: &[u8]) {
    const TIME: Duration = Duration::from_millis(250);
    let mut file = trace.to_vec();
    write_retry(&mut file, TIME, "once more");
    write_remark(&mut file, TIME, "a fault");
    let mut records = Vec::new();
    let mut reader = Reader::with_format(Format::Trace);
    reader.handle_input(&file, &mut |record| records.push(record)).unwrap();
    reader.handle_end(&mut |record| records.push(record)).unwrap();
    let Some((last, [.., retry])) = records.split_last() else { panic!("{} records", records.len()) };
    assert_eq!((is_note(retry), is_note(last)), (Some("once more".into()), Some("a fault".into())));
}

fn is_note(record: &Record) -> Option<std::borrow::Cow<'_, str>> {
    match record {
        Record::Note { text, fault: None, .. } => Some(String::from_utf8_lossy(text)),
        _ => None,
    }
}

/// As packets, events have the octets that they have; where some were not kept, that is said.
fn assert_packets(events: &[Event]) {
    let (mut packets, mut file) = Pcapng::new();
    let (mut expected, mut is_whole) = ([Vec::new(), Vec::new()], true);
    for event in events {
        file.extend(packets.event(event));
        let Some(direction) = event.direction else { continue };
        let octets = event.payload.as_ref().map_or(&event.line[..], |payload| &payload.octets);
        is_whole &= octets.len() as u64 == event.octets;
        expected[usize::from(direction == Direction::Received)].extend_from_slice(octets);
    }
    let (mut seen, mut says_less) = ([Vec::new(), Vec::new()], false);
    let mut reader = Reader::with_format(Format::Pcapng);
    let sink = &mut |record| match record {
        Record::Octets { direction, octets, .. } => {
            seen[usize::from(direction == Direction::Received)].extend(octets);
        }
        _ => says_less = true,
    };
    reader.handle_input(&file, sink).unwrap();
    reader.handle_end(sink).unwrap();
    assert!(seen == expected, "the packets have other octets");
    assert_eq!(says_less, !is_whole);
}

fn decode<'a>(pieces: impl Iterator<Item = (Direction, &'a [u8])>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut capture = Capture::new();
    for (direction, octets) in pieces {
        capture.handle_octets(None, direction, octets, &mut |event| events.push(event));
    }
    capture.handle_end(&mut |event| events.push(event));
    for event in &events {
        // Nothing of this may fail either.
        let _ = (event.name(), event.values().count());
    }
    events
}

fn read(format: Format, file: &[u8], cut: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut reader, mut capture) = (Reader::with_format(format), Capture::new());
    for read in file.chunks(cut) {
        reader
            .handle_input(read, &mut |record| capture.handle_record(record, &mut |event| events.push(event)))
            .unwrap();
    }
    reader.handle_end(&mut |record| capture.handle_record(record, &mut |event| events.push(event))).unwrap();
    capture.handle_end(&mut |event| events.push(event));
    events
}

fn forget_time(event: &mut Event) {
    event.time = None;
    if let Some(payload) = &mut event.payload {
        payload.since = None;
    }
}
