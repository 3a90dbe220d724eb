//! Traces: captures of both directions as JSON Lines.
//!
//! `{"t":0.25,"dir":"tx","data":"AT\r"}`: seconds since the start, `tx` to the module or `rx` from it, and the octets as
//! the characters U+0000 to U+00FF. A record is a read or a write, so lines may be cut anywhere.
//!
//! `{"t":9.5,"retry":"…"}`: something failed, for the reason given, and is tried again.

use std::time::Duration;

use serde_json::Value;

use crate::capture::Capture;
use crate::event::{Direction, Event, Kind};

/// The longest line of a trace that is kept, in octets. Ours are of reads of some kilooctets.
const LIMIT: usize = 256 * 1024;

/// How much of a line that is no record is shown, in octets.
const SHOWN: usize = 1024;

/// How many octets a record has at most, so that its line is one that is kept.
const RECORD: usize = 16 * 1024;

/// Appends a record with its line end to `trace`: `octets` crossed at `time`, counted from the start. Very many of them make
/// several records.
pub fn write_record(trace: &mut Vec<u8>, time: Duration, direction: Direction, octets: &[u8]) {
    let dir = match direction {
        Direction::Sent => "tx",
        Direction::Received => "rx",
    };
    // To the microsecond: more digits would be noise.
    let time = Value::from(time.as_micros() as f64 / 1e6);
    for octets in octets.chunks(RECORD) {
        let data = Value::from(octets.iter().copied().map(char::from).collect::<String>());
        trace.extend_from_slice(format!("{{\"t\":{time},\"dir\":\"{dir}\",\"data\":{data}}}\n").as_bytes());
    }
}

/// Appends a record that tells of a `retry`, and why there is one.
pub fn write_retry(trace: &mut Vec<u8>, time: Duration, retry: &str) {
    let time = Value::from(time.as_micros() as f64 / 1e6);
    let retry = Value::from(retry);
    trace.extend_from_slice(format!("{{\"t\":{time},\"retry\":{retry}}}\n").as_bytes());
}

/// Reads a trace as it is read from its file.
#[derive(Debug, Default)]
pub struct TraceReader {
    capture: Capture,
    line: Vec<u8>,
    /// How many octets the line has, those that were not kept included.
    octets: u64,
    records: u64,
}

impl TraceReader {
    /// A reader at the beginning of a trace.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next octets of the trace, and hands `sink` the events that are complete.
    pub fn handle_input(&mut self, octets: &[u8], sink: &mut dyn FnMut(Event)) {
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            self.octets += piece.len() as u64;
            let room = LIMIT.saturating_sub(self.line.len());
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if piece.ends_with(b"\n") {
                self.take(sink);
            }
        }
    }

    /// The trace ends: what is not complete is handed out as far as it is there.
    pub fn handle_end(&mut self, sink: &mut dyn FnMut(Event)) {
        self.take(sink);
        self.capture.handle_end(sink);
    }

    /// How many records there were.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    fn take(&mut self, sink: &mut dyn FnMut(Event)) {
        let octets = std::mem::take(&mut self.octets);
        if octets == 0 {
            return;
        }
        let record = if octets == self.line.len() as u64 { record(&self.line) } else { None };
        match record {
            Some(Record::Octets { time, direction, data }) => {
                self.records += 1;
                self.capture.handle_octets(time, direction, &data, sink);
            }
            Some(Record::Retry { time, text }) => {
                self.records += 1;
                sink(retry(time, text, octets));
            }
            None => sink(unreadable(&self.line, octets)),
        }
        self.line.clear();
    }
}

/// A line of a trace.
#[derive(Debug, PartialEq)]
enum Record {
    Octets { time: Option<Duration>, direction: Direction, data: Vec<u8> },
    Retry { time: Option<Duration>, text: String },
}

fn record(line: &[u8]) -> Option<Record> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let time = record.get("t").and_then(Value::as_f64).and_then(time);
    if let Some(text) = record.get("retry").and_then(Value::as_str) {
        return Some(Record::Retry { time, text: text.to_owned() });
    }
    let direction = match record.get("dir")?.as_str()? {
        "tx" => Direction::Sent,
        "rx" => Direction::Received,
        _ => return None,
    };
    let data = record.get("data")?.as_str()?.chars().map(|c| u8::try_from(c).ok());
    Some(Record::Octets { time, direction, data: data.collect::<Option<_>>()? })
}

/// Seconds to the microsecond, as they were written.
fn time(seconds: f64) -> Option<Duration> {
    let micros = (seconds * 1e6).round();
    // Nobody listens for longer; beyond 2^53 they would not be exact.
    (0.0..9e15).contains(&micros).then(|| Duration::from_micros(micros as u64))
}

fn retry(time: Option<Duration>, text: String, octets: u64) -> Event {
    Event {
        time,
        direction: None,
        kind: Kind::Retry,
        octets,
        text: text.into_bytes(),
        payload: None,
        is_error: true,
        meaning: None,
    }
}

/// A line that is no record; what there was before it may be incomplete.
fn unreadable(line: &[u8], octets: u64) -> Event {
    let text = line.trim_ascii();
    let is_blank = text.is_empty() && octets == line.len() as u64;
    Event {
        time: None,
        direction: None,
        kind: if is_blank { Kind::Blank } else { Kind::Unreadable },
        octets,
        text: text.get(..SHOWN).unwrap_or(text).to_vec(),
        payload: None,
        is_error: !is_blank,
        meaning: (!is_blank).then(|| "no record of a trace".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(trace: &[u8]) -> (Vec<Event>, u64) {
        let mut reader = TraceReader::new();
        let mut events = Vec::new();
        reader.handle_input(trace, &mut |event| events.push(event));
        reader.handle_end(&mut |event| events.push(event));
        (events, reader.records())
    }

    #[test]
    fn octets_are_code_points() {
        let mut trace = Vec::new();
        write_record(&mut trace, Duration::from_millis(250), Direction::Sent, b"AT\r");
        write_record(&mut trace, Duration::from_secs(1), Direction::Received, &[0, 34, 0xFF]);
        let expected = "{\"t\":0.25,\"dir\":\"tx\",\"data\":\"AT\\r\"}\n\
                        {\"t\":1.0,\"dir\":\"rx\",\"data\":\"\\u0000\\\"ÿ\"}\n";
        assert_eq!(String::from_utf8(trace).unwrap(), expected);
    }

    #[test]
    fn what_was_written_is_read() {
        let all: Vec<u8> = (0..=255).collect();
        for micros in [0, 1, 1_234_567, 86_400_000_001] {
            let time = Duration::from_micros(micros);
            for direction in [Direction::Sent, Direction::Received] {
                let mut trace = Vec::new();
                write_record(&mut trace, time, direction, &all);
                let data = all.clone();
                assert_eq!(record(&trace), Some(Record::Octets { time: Some(time), direction, data }));
            }
        }
    }

    #[test]
    fn retries_are_told() {
        let mut trace = Vec::new();
        write_retry(&mut trace, Duration::from_secs(2), "\"it\" broke; again");
        let (events, records) = read(&trace);
        let [event] = &events[..] else { panic!("{events:?}") };
        assert_eq!((event.kind, &event.text[..], records), (Kind::Retry, &b"\"it\" broke; again"[..], 1));
        assert_eq!((event.time, event.octets), (Some(Duration::from_secs(2)), trace.len() as u64));
    }

    #[test]
    fn no_record_is_too_long_to_be_read() {
        let mut trace = Vec::new();
        // The longest in JSON: `\u0000`.
        write_record(&mut trace, Duration::ZERO, Direction::Received, &[0; 100_000]);
        let (events, records) = read(&trace);
        assert_eq!(records, 7);
        assert!(events.iter().all(|event| event.direction == Some(Direction::Received)));
        assert_eq!(events.iter().map(|event| event.octets).sum::<u64>(), 100_000);
    }

    #[test]
    fn what_is_no_record_is_shown() {
        for line in [
            "garbage",
            "{\"t\":1.0,\"dir\":\"rx\",\"data\":\"cut",
            "{\"t\":1.0,\"dir\":\"up\",\"data\":\"\"}",
            "{\"t\":1.0,\"dir\":\"rx\"}",
            "{\"t\":1.0,\"dir\":\"rx\",\"data\":\"\u{100}\"}",
            "{\"t\":1.0,\"dir\":\"rx\",\"data\":\"\\ud800\"}",
            "[]",
            "7",
        ] {
            let (events, records) = read(line.as_bytes());
            let [event] = &events[..] else { panic!("{line}: {events:?}") };
            assert_eq!(
                (event.kind, event.octets, records),
                (Kind::Unreadable, line.len() as u64, 0),
                "{line}"
            );
            assert_eq!(event.text, line.as_bytes());
        }
        let long = [vec![b'x'; LIMIT + 10], b"\n{\"dir\":\"rx\",\"data\":\"\\r\\nRDY\\r\\n\"}\n\n".to_vec()]
            .concat();
        let (events, records) = read(&long);
        let seen: Vec<_> = events.iter().map(|event| (event.kind, event.octets)).collect();
        assert_eq!(seen, [(Kind::Unreadable, LIMIT as u64 + 11), (Kind::Unsolicited, 7), (Kind::Blank, 1)]);
        assert_eq!((records, events[1].time), (1, None));
    }

    #[test]
    fn odd_times_are_none() {
        for text in ["-1.0", "1e300", "\"1\"", "null"] {
            let (events, records) =
                read(format!("{{\"t\":{text},\"dir\":\"tx\",\"data\":\"AT\\r\"}}").as_bytes());
            assert_eq!((events[0].time, records), (None, 1), "{text}");
        }
    }
}
