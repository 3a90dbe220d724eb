//! Traces: captures of both directions as JSON Lines.
//!
//! `{"t":0.25,"dir":"tx","data":"AT\r"}`: seconds since the start, `tx` to the module or `rx` from it, and the octets as
//! the characters U+0000 to U+00FF. A record is a read or a write, so lines may be cut anywhere.
//!
//! `{"t":9.5,"retry":"…"}`: something failed, for the reason given, and is tried again.
//!
//! `{"t":9.5,"remark":"…"}`: what the program that recorded the line says beside it.

use std::time::Duration;

use serde_json::Value;

use super::{Format, Row, lines};
use crate::event::{Direction, Kind};
use crate::record::Record;

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

/// Appends a record that tells something beside the line, such as a fault that it was given on purpose.
pub fn write_remark(trace: &mut Vec<u8>, time: Duration, remark: &str) {
    let time = Value::from(time.as_micros() as f64 / 1e6);
    let remark = Value::from(remark);
    trace.extend_from_slice(format!("{{\"t\":{time},\"remark\":{remark}}}\n").as_bytes());
}

pub(super) const ROW: Row = Row {
    format: Format::Trace,
    name: "trace",
    description: "what --trace wrote",
    fits,
    open: |_| Box::new(lines::Lines::new(Trace)),
    is_unsure: |_| false,
    is_by_clock: false,
};

#[derive(Debug, Default)]
struct Trace;

impl lines::Format for Trace {
    const FAULT: &'static str = "no record of a trace";

    fn take(&mut self, line: &[u8], sink: &mut dyn FnMut(Record)) {
        let octets = line.len() as u64;
        sink(record(line).unwrap_or_else(|| Record::unreadable(line, octets, Self::FAULT)));
    }
}

/// Whether a line of `sample` is a record, or the beginning of one that goes on behind it.
fn fits(sample: &[u8]) -> bool {
    let begins = |line: &[u8]| line.starts_with(b"{\"t\":") && !line.ends_with(b"\n");
    sample.split_inclusive(|octet| *octet == b'\n').any(|line| begins(line) || record(line).is_some())
}

fn record(line: &[u8]) -> Option<Record> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let time = record.get("t").and_then(Value::as_f64).and_then(time);
    for (name, kind) in [("retry", Kind::Retry), ("remark", Kind::Remark)] {
        if let Some(text) = record.get(name).and_then(Value::as_str) {
            let text = text.as_bytes().to_vec();
            return Some(Record::Note { time, kind, text, octets: line.len() as u64, fault: None });
        }
    }
    let direction = match record.get("dir")?.as_str()? {
        "tx" => Direction::Sent,
        "rx" => Direction::Received,
        _ => return None,
    };
    let octets = record.get("data")?.as_str()?.chars().map(|c| u8::try_from(c).ok());
    Some(Record::Octets { time, direction, octets: octets.collect::<Option<_>>()? })
}

/// Seconds to the microsecond, as they were written.
fn time(seconds: f64) -> Option<Duration> {
    let micros = (seconds * 1e6).round();
    // Nobody listens for longer; beyond 2^53 they would not be exact.
    (0.0..9e15).contains(&micros).then(|| Duration::from_micros(micros as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Reading as _;
    use crate::format::lines::LIMIT;

    fn read(trace: &[u8]) -> Vec<Record> {
        let mut reader = lines::Lines::new(Trace);
        let mut records = Vec::new();
        reader.handle_input(trace, &mut |record| records.push(record));
        reader.handle_end(&mut |record| records.push(record));
        records
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
                let octets = all.clone();
                assert_eq!(record(&trace), Some(Record::Octets { time: Some(time), direction, octets }));
            }
        }
    }

    #[test]
    fn retries_are_told() {
        let mut trace = Vec::new();
        write_retry(&mut trace, Duration::from_secs(2), "\"it\" broke; again");
        let time = Some(Duration::from_secs(2));
        let (text, octets) = (b"\"it\" broke; again".to_vec(), trace.len() as u64);
        assert_eq!(read(&trace), [Record::Note { time, kind: Kind::Retry, text, octets, fault: None }]);
    }

    #[test]
    fn no_record_is_too_long_to_be_read() {
        let mut trace = Vec::new();
        // The longest in JSON: `\u0000`.
        write_record(&mut trace, Duration::ZERO, Direction::Received, &[0; 100_000]);
        let records = read(&trace);
        assert_eq!(records.len(), 7);
        let len = |record: &Record| match record {
            Record::Octets { direction: Direction::Received, octets, .. } => octets.len(),
            record => panic!("{record:?}"),
        };
        assert_eq!(records.iter().map(len).sum::<usize>(), 100_000);
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
            let records = read(line.as_bytes());
            let [Record::Note { kind: Kind::Unreadable, text, octets, fault: Some(_), .. }] = &records[..]
            else {
                panic!("{line}: {records:?}")
            };
            assert_eq!((*octets, &text[..]), (line.len() as u64, line.as_bytes()));
        }
        let long = [vec![b'x'; LIMIT + 10], b"\n{\"dir\":\"rx\",\"data\":\"\\r\\nRDY\\r\\n\"}\n\n".to_vec()];
        let records = read(&long.concat());
        let octets = b"\r\nRDY\r\n".to_vec();
        assert_eq!(records[1], Record::Octets { time: None, direction: Direction::Received, octets });
        let note = |record: &Record| match record {
            Record::Note { kind, octets, .. } => (*kind, *octets),
            record => panic!("{record:?}"),
        };
        assert_eq!(note(&records[0]), (Kind::Unreadable, LIMIT as u64 + 11));
        assert_eq!(note(&records[2]), (Kind::Blank, 1));
    }

    #[test]
    fn odd_times_are_none() {
        for text in ["-1.0", "1e300", "\"1\"", "null"] {
            let records = read(format!("{{\"t\":{text},\"dir\":\"tx\",\"data\":\"AT\\r\"}}").as_bytes());
            assert!(matches!(records[..], [Record::Octets { time: None, .. }]), "{text}: {records:?}");
        }
    }
}
