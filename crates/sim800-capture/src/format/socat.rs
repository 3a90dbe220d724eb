//! What `socat -x` and `socat -v` write to stderr, or both together: a header with time, direction and length, then the octets.
//!
//! `> 2026/11/29 13:34:25.000282542  length=5 from=0 to=4`: `>` is from the first address to the second.

use std::time::Duration;

use super::stamp::{Clock, Stamp};
use super::{Format, Reading, Row};
use crate::event::{Direction, Kind};
use crate::record::Record;

pub(super) const ROW: Row = Row {
    format: Format::Socat,
    name: "socat",
    description: "stderr of `socat -x -v`, or of one of both options",
    fits,
    open: |sample| Box::new(Socat::new(sample)),
    is_unsure: |_| true,
    is_by_clock: true,
};

/// The longest header that is waited for, in octets.
const HEADER: usize = 256;

/// As many octets stand in a row of `-x -v` at most; of `-x` alone a row has all.
const ROW_LEN: usize = 16;

#[derive(Debug)]
struct Socat {
    /// How the octets are written.
    style: Style,
    /// Fractions of seconds have nine digits and are microseconds, as some versions write them.
    has_micros: bool,
    clock: Clock,
    /// The line that is being read, or the octet.
    line: Vec<u8>,
    /// Octets that are being read.
    block: Option<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// ` 41 54 0d`, all in a row.
    Hex,
    /// The same with text beside it, in rows of up to 16.
    HexAndText,
    /// `AT\r`, where what is no text is a dot.
    Text,
}

#[derive(Debug)]
struct Block {
    time: Option<Duration>,
    direction: Direction,
    missing: usize,
    octets: Vec<u8>,
}

impl Socat {
    fn new(sample: &[u8]) -> Self {
        let mut lines = sample.split(|octet| *octet == b'\n');
        let headers = lines.clone().filter_map(header);
        let mut fractions = headers.filter_map(|header| header.fraction);
        let is_micros = |fraction: &[u8]| fraction.len() == 9 && fraction.starts_with(b"000");
        // Nine digits of nanoseconds begin so once in a thousand times.
        let has_micros = fractions.clone().next().is_some() && fractions.all(is_micros);
        let first = lines.find(|line| header(line).is_some()).and_then(|_| lines.next()).unwrap_or_default();
        let style = match hex_row(first, usize::MAX) {
            octets if octets.is_empty() => Style::Text,
            octets if first.len() > 3 * octets.len() + 1 => Style::HexAndText,
            _ => Style::Hex,
        };
        Self { style, has_micros, clock: Clock::default(), line: Vec::new(), block: None }
    }

    fn begin(&mut self, sink: &mut dyn FnMut(Record)) {
        let line = std::mem::take(&mut self.line);
        let Some(Header { direction, stamp, length, .. }) = header(&line) else {
            if line.trim_ascii() != b"--" {
                let fault = "no header and no octets of socat; record the line with socat -x -v";
                sink(Record::unreadable(&line, line.len() as u64, fault));
            }
            return;
        };
        let time = self.clock.time(stamp);
        let micros = time.subsec_nanos();
        let time = match self.has_micros {
            true => Duration::from_secs(time.as_secs()) + Duration::from_micros(micros.into()),
            false => time,
        };
        self.block = Some(Block { time: Some(time), direction, missing: length, octets: Vec::new() });
        self.finish(sink);
    }

    /// Hands out a block that is complete.
    fn finish(&mut self, sink: &mut dyn FnMut(Record)) {
        if let Some(Block { time, direction, octets, .. }) = self.block.take_if(|block| block.missing == 0) {
            sink(Record::Octets { time, direction, octets });
        }
    }

    /// Takes an octet of the file that is of a block.
    fn take(&mut self, octet: u8, block: &mut Block) {
        self.line.push(octet);
        match self.style {
            Style::Text => {
                let octet = match &self.line[..] {
                    [b'\\'] => return,
                    [b'\\', b'r'] => b'\r',
                    [b'\\', b'n'] => b'\n',
                    [b'\\', b't'] => b'\t',
                    [.., octet] => *octet,
                    [] => return,
                };
                self.line.clear();
                block.octets.push(octet);
                block.missing -= 1;
            }
            Style::Hex | Style::HexAndText if octet == b'\n' => {
                let line = std::mem::take(&mut self.line);
                let row = if self.style == Style::Hex { block.missing } else { block.missing.min(ROW_LEN) };
                let octets = hex_row(&line, row);
                if octets.is_empty() {
                    // What was announced is not there; something else is.
                    block.missing = 0;
                    self.line = line;
                }
                block.missing = block.missing.saturating_sub(octets.len());
                block.octets.extend(octets);
            }
            Style::Hex | Style::HexAndText => {}
        }
    }
}

impl Reading for Socat {
    fn handle_input(&mut self, octets: &[u8], sink: &mut dyn FnMut(Record)) {
        for octet in octets {
            if let Some(mut block) = self.block.take() {
                self.take(*octet, &mut block);
                self.block = Some(block);
                self.finish(sink);
                if self.block.is_none() && !self.line.is_empty() {
                    self.begin(sink);
                }
                continue;
            }
            if self.line.is_empty() && *octet == b'\n' {
                // Of the block before.
                continue;
            }
            self.line.push(*octet);
            // Two hyphens end a block, without a line end in some versions.
            if *octet == b'\n' || self.line.len() > HEADER || self.line == b"--" {
                self.begin(sink);
            }
        }
    }

    fn handle_end(&mut self, sink: &mut dyn FnMut(Record)) {
        if let Some(mut block) = self.block.take() {
            self.take(b'\n', &mut block);
            block.missing = 0;
            self.block = Some(block).filter(|block| !block.octets.is_empty());
            self.finish(sink);
        } else if !self.line.is_empty() {
            self.begin(sink);
        }
        if self.style == Style::Text {
            let text =
                b"socat -v writes a dot for each byte that is no text; socat -x tells them all".to_vec();
            sink(Record::Note { time: None, kind: Kind::Remark, text, octets: 0, fault: None });
        }
    }
}

struct Header<'a> {
    direction: Direction,
    stamp: Stamp,
    /// The digits behind the point.
    fraction: Option<&'a [u8]>,
    length: usize,
}

fn header(line: &[u8]) -> Option<Header<'_>> {
    // In text, the end of a block and the next header share a line.
    let start = line.windows(2).rposition(|two| matches!(two, b"> " | b"< "))?;
    let (sign, rest) = line.get(start..)?.split_at_checked(2)?;
    let direction = if sign == b"> " { Direction::Sent } else { Direction::Received };
    let (stamp, behind) = Stamp::parse(rest)?;
    let stamped = rest.get(..rest.len() - behind.len())?;
    let point = stamped.iter().position(|octet| *octet == b'.');
    let fraction = point.and_then(|point| stamped.get(point + 1..));
    let behind = behind.trim_ascii_start().strip_prefix(b"length=")?;
    let end = behind.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(behind.len());
    let length = std::str::from_utf8(behind.get(..end)?).ok()?.parse().ok()?;
    Some(Header { direction, stamp, fraction, length })
}

/// The octets that `line` begins with, ` 41 54 0d`, up to `most`.
fn hex_row(line: &[u8], most: usize) -> Vec<u8> {
    let pair = |three: &[u8]| match three {
        [b' ', high, low] => {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
        }
        _ => None,
    };
    line.chunks(3).map_while(pair).take(most).collect()
}

fn fits(sample: &[u8]) -> bool {
    sample.split(|octet| *octet == b'\n').any(|line| header(line).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Record> {
        let mut records = Vec::new();
        let mut reader = Socat::new(text);
        for piece in text.chunks(7) {
            reader.handle_input(piece, &mut |record| records.push(record));
        }
        reader.handle_end(&mut |record| records.push(record));
        records
    }

    #[test]
    fn each_style_is_the_same_octets() {
        let hex = "> 2026/11/29 13:34:25.000282542  length=3 from=0 to=2\n 41 54 0d\n\
                   < 2026/11/29 13:34:25.000283733  length=22 from=0 to=21\n \
                   0d 0a 2b 43 53 51 3a 20 32 31 2c 30 0d 0a 0d 0a 4f 4b 0d 0a 3e 20\n";
        let both = "> 2026/11/29 13:34:25.000282542  length=3 from=0 to=2\n 41 54 0d                                         AT.\n--\n\
                    < 2026/11/29 13:34:25.000283733  length=22 from=0 to=21\n 0d 0a                                            ..\n \
                    2b 43 53 51 3a 20 32 31 2c 30 0d 0a              +CSQ: 21,0..\n 0d 0a                                            ..\n \
                    4f 4b 0d 0a                                      OK..\n 3e 20                                            > \n--";
        let text = "> 2026/11/29 13:34:25.000282542  length=3 from=0 to=2\nAT\\r\
                    < 2026/11/29 13:34:25.000283733  length=22 from=0 to=21\n\\r\n+CSQ: 21,0\\r\n\\r\nOK\\r\n> ";
        let expected = read(hex.as_bytes());
        let [Record::Octets { time, direction, octets }, Record::Octets { octets: response, .. }] =
            &expected[..]
        else {
            panic!("{expected:?}")
        };
        assert_eq!((*direction, &octets[..]), (Direction::Sent, &b"AT\r"[..]));
        assert_eq!(response, b"\r\n+CSQ: 21,0\r\n\r\nOK\r\n> ");
        assert_eq!(time.unwrap().subsec_micros(), 282_542, "nine digits are microseconds in this version");
        assert_eq!(read(both.as_bytes()), expected);
        assert_eq!(read(text.as_bytes())[..2], expected);
    }

    #[test]
    fn what_is_damaged_is_told() {
        let records =
            read(b"> 2026/11/29 13:34:25.000282542  length=3 from=0 to=2\n 41 54\nsocat[7] W exiting\n");
        let [Record::Octets { octets, .. }, Record::Note { fault: Some(_), .. }] = &records[..] else {
            panic!("{records:?}")
        };
        assert_eq!(octets, b"AT");
    }
}
