//! What Saleae's Logic exports of its Async Serial analyzers as CSV, one octet a row: the data table of Logic 2, and the older
//! `Time [s],Value,…` and `Time [s],Analyzer Name,Decoded Protocol Result`.

use std::time::Duration;

use super::channel::Channels;
use super::lines::{self, Lines};
use super::{Format, Row};
use crate::event::Direction;
use crate::record::Record;

pub(super) const ROW: Row = Row {
    format: Format::Saleae,
    name: "saleae",
    description: "CSV that Saleae Logic exports of one or two Async Serial analyzers",
    fits,
    open: |sample| Box::new(Lines::new(Saleae { columns: None, channels: channels(sample) })),
    is_unsure: |sample| channels(sample).are_two(),
    is_by_clock: false,
};

#[derive(Debug, Default)]
struct Saleae {
    columns: Option<Columns>,
    channels: Channels,
}

/// Where what is wanted stands.
#[derive(Clone, Copy, Debug)]
struct Columns {
    time: usize,
    value: usize,
    /// The name of the analyzer, where there may be several.
    name: Option<usize>,
}

impl Columns {
    fn new(header: &[u8]) -> Option<Self> {
        let fields: Vec<_> = fields(header);
        let place = |names: &[&str]| {
            fields
                .iter()
                .position(|field| names.iter().any(|name| field.eq_ignore_ascii_case(name.as_bytes())))
        };
        Some(Self {
            time: place(&["start_time", "Time [s]", "time"])?,
            value: place(&["data", "Value", "Decoded Protocol Result"])?,
            name: place(&["name", "Analyzer Name"]),
        })
    }
}

impl lines::Format for Saleae {
    const FAULT: &'static str = "no row of an Async Serial analyzer";

    fn take(&mut self, line: &[u8], sink: &mut dyn FnMut(Record)) {
        let Some(columns) = self.columns else {
            self.columns = Columns::new(line);
            return;
        };
        match self.octet(columns, &fields(line)) {
            Some(record) => sink(record),
            None => sink(Record::unreadable(line, line.len() as u64, Self::FAULT)),
        }
    }
}

impl Saleae {
    fn octet(&mut self, columns: Columns, fields: &[Vec<u8>]) -> Option<Record> {
        let seconds: f64 = std::str::from_utf8(fields.get(columns.time)?).ok()?.parse().ok()?;
        // A trigger is time 0, and there may be something before it.
        let time = Duration::try_from_secs_f64(seconds.max(0.0)).ok();
        let octet = value(fields.get(columns.value)?)?;
        let name = columns.name.and_then(|name| fields.get(name));
        let direction = name.map_or(Direction::Received, |name| self.channels.direction(name));
        Some(Record::Octets { time, direction, octets: vec![octet] })
    }
}

/// `0x41`, `A (0x41)`, `'65'`, `\r`, `COMMA`, `A`.
fn value(text: &[u8]) -> Option<u8> {
    let quoted =
        |text: &[u8]| text.strip_prefix(b"'").and_then(|text| text.strip_suffix(b"'")).map(<[u8]>::to_vec);
    let text = quoted(text).unwrap_or_else(|| text.to_vec());
    if let Some(at) = text.windows(2).position(|two| two == b"0x") {
        let digits: Vec<u8> =
            text.iter().skip(at + 2).take(2).copied().filter(u8::is_ascii_hexdigit).collect();
        return u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok();
    }
    match &text[..] {
        [octet] => Some(*octet),
        b"\\r" => Some(b'\r'),
        b"\\n" => Some(b'\n'),
        b"\\t" => Some(b'\t'),
        b"\\0" => Some(0),
        b"\\\\" => Some(b'\\'),
        b"COMMA" => Some(b','),
        digits => std::str::from_utf8(digits).ok()?.parse().ok(),
    }
}

/// The fields of a row, without their quotation marks; two within a field are one of its own.
fn fields(line: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = vec![Vec::new()];
    let mut is_quoted = false;
    let mut octets = line.trim_ascii_end().iter().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' if is_quoted && octets.next_if_eq(&&b'"').is_none() => is_quoted = false,
            b'"' if !is_quoted => is_quoted = true,
            b',' if !is_quoted => fields.push(Vec::new()),
            octet => fields.last_mut().into_iter().for_each(|field| field.push(*octet)),
        }
    }
    fields
}

fn channels(sample: &[u8]) -> Channels {
    let mut lines = sample.split_inclusive(|octet| *octet == b'\n');
    let name = lines.next().and_then(Columns::new).and_then(|columns| columns.name);
    // The last may be cut.
    let rows: Vec<_> = lines.filter(|line| line.ends_with(b"\n")).map(fields).collect();
    Channels::new(rows.iter().filter_map(|row| row.get(name?).map(Vec::as_slice)))
}

fn fits(sample: &[u8]) -> bool {
    let mut lines = sample.split_inclusive(|octet| *octet == b'\n');
    lines.next().and_then(Columns::new).is_some_and(|columns| {
        lines.next().is_none_or(|row| Saleae::default().octet(columns, &fields(row)).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Option<Duration>, Direction, u8)> {
        assert!(fits(text.as_bytes()));
        let mut reader = (ROW.open)(text.as_bytes());
        let mut records = Vec::new();
        reader.handle_input(text.as_bytes(), &mut |record| match record {
            Record::Octets { time, direction, octets } => records.push((time, direction, octets[0])),
            record => panic!("{record:?}"),
        });
        records
    }

    #[test]
    fn each_export_is_the_same_octets() {
        let one = |seconds| Some(Duration::from_secs_f64(seconds));
        let both = [(one(0.5), Direction::Sent, b'A'), (one(0.75), Direction::Received, b'\r')];
        assert_eq!(
            read(
                "name,type,start_time,duration,data,error\n\"TX\",\"data\",0.5,8.7e-05,0x41,\n\"RX\",\"data\",0.75,8.7e-05,0x0D,\n"
            ),
            both
        );
        assert_eq!(
            read(
                "Time [s],Analyzer Name,Decoded Protocol Result\n0.5,Async Serial,A (0x41)\n0.75,Async Serial [2],\\r\n"
            ),
            both
        );
        let values = |text: &str| read(text).iter().map(|(_, _, octet)| *octet).collect::<Vec<_>>();
        assert_eq!(
            values(
                "Time [s],Value,Parity Error,Framing Error\r\n0.5,A,,\r\n0.6,COMMA,,\r\n0.7,' ',,\r\n0.8,'255',,\r\n0.9,\\n,,\r\n1.0,\"\"\"\",,\r\n"
            ),
            b"A, \xff\n\""
        );
    }

    #[test]
    fn other_tables_are_none() {
        for text in ["name,age\nA,3\n", "Time [s],Channel 0\n0.0,1\n", "time,data\n1,hello world\n", "AT\r\n"]
        {
            assert!(!fits(text.as_bytes()), "{text}");
        }
    }
}
