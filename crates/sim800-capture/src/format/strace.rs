//! What `strace -xx` writes: the octets of a program's `read` and `write` on the port.

use std::time::Duration;

use super::lines::{self, Lines};
use super::stamp::{Clock, Stamp};
use super::{Format, Row};
use crate::dialogue::{is_command, is_response};
use crate::event::{Direction, Kind};
use crate::record::Record;

pub(super) const ROW: Row = Row {
    format: Format::Strace,
    name: "strace",
    description: "what `strace -xx -s 65536 -ttt -e trace=read,write` wrote of a program that uses the port",
    fits,
    open: |_| Box::new(Lines::new(Strace::default())),
    is_unsure: |_| true,
    is_by_clock: true,
};

/// How many descriptors are taken to be the line at most.
const DESCRIPTORS: usize = 16;

#[derive(Debug, Default)]
struct Strace {
    clock: Clock,
    /// What is the line: whatever a dialogue with a module was seen on.
    descriptors: Vec<Vec<u8>>,
}

/// `read(3, "\x4f\x4b\x0d\x0a", 256) = 4`
struct Call<'a> {
    direction: Direction,
    descriptor: &'a [u8],
    octets: Vec<u8>,
    /// How many there were; strace may have shown the beginning only.
    count: usize,
}

impl lines::Format for Strace {
    const FAULT: &'static str =
        "a line longer than any; trace read and write alone, with strace -e trace=read,write";

    fn take(&mut self, line: &[u8], sink: &mut dyn FnMut(Record)) {
        // What a program does besides is none of the line.
        let Some((stamp, call)) = call(line) else { return };
        let time: Option<Duration> = stamp.map(|stamp| self.clock.time(stamp));
        let is_line = self.descriptors.iter().any(|descriptor| descriptor == call.descriptor);
        if !is_line {
            if !is_of_the_line(&call) || self.descriptors.len() == DESCRIPTORS {
                return;
            }
            self.descriptors.push(call.descriptor.to_vec());
        }
        let missing = call.count - call.octets.len();
        sink(Record::Octets { time, direction: call.direction, octets: call.octets });
        if missing > 0 {
            // Not the line itself, whose digits no mask knows.
            let text = format!("{missing} bytes that strace does not show").into_bytes();
            let fault = Some("they are missing below; let strace show all with -s 65536");
            sink(Record::Note { time, kind: Kind::Unreadable, text, octets: 0, fault });
        }
    }
}

/// Whether a call begins a dialogue with a module.
fn is_of_the_line(call: &Call<'_>) -> bool {
    let mut lines = call.octets.split(|octet| matches!(octet, b'\r' | b'\n'));
    match call.direction {
        Direction::Sent => call.octets.ends_with(b"\r") && lines.any(is_command),
        Direction::Received => call.octets.starts_with(b"\r\n") && lines.any(is_response),
    }
}

fn call(line: &[u8]) -> Option<(Option<Stamp>, Call<'_>)> {
    let mut rest = line.trim_ascii_start();
    // The process, of several: `29815 ` or `[pid 29815] `.
    let pid = rest.strip_prefix(b"[pid ").map_or(rest, |rest| rest.trim_ascii_start());
    let digits = pid.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(pid.len());
    if let Some(after) = pid.get(digits..).filter(|_| digits > 0) {
        let after = after.strip_prefix(b"]").unwrap_or(after);
        rest = after.strip_prefix(b" ").map_or(rest, |after| after.trim_ascii_start());
    }
    let stamp = Stamp::parse(rest);
    if let Some((_, after)) = stamp {
        rest = after.trim_ascii_start();
    }
    let (direction, rest) = match rest.strip_prefix(b"write(") {
        Some(rest) => (Direction::Sent, rest),
        None => (Direction::Received, rest.strip_prefix(b"read(")?),
    };
    let end = rest.windows(3).position(|three| three == b", \"")?;
    let (descriptor, rest) = rest.split_at_checked(end)?;
    let (octets, rest) = string(rest.get(3..)?)?;
    // What was not written, or failed, did not cross.
    let result = rest.windows(2).rposition(|two| two == b"= ").and_then(|at| rest.get(at + 2..))?;
    let digits = result.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(result.len());
    let count: usize = std::str::from_utf8(result.get(..digits)?).ok()?.parse().ok()?;
    let octets = octets.get(..count).map_or_else(|| octets.clone(), <[u8]>::to_vec);
    Some((stamp.map(|(stamp, _)| stamp), Call { direction, descriptor, octets, count }))
}

/// `\x4f\x4b"`, and what follows.
fn string(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut octets = Vec::new();
    let mut rest = text;
    loop {
        match rest {
            [b'"', after @ ..] => return Some((octets, after)),
            [b'\\', b'x', high, low, after @ ..] => {
                let digit = |digit: u8| char::from(digit).to_digit(16);
                octets.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                rest = after;
            }
            _ => return None,
        }
    }
}

fn fits(sample: &[u8]) -> bool {
    sample.split(|octet| *octet == b'\n').any(|line| call(line).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Reading as _;

    fn read(text: &str) -> Vec<Record> {
        let mut reader = Lines::new(Strace::default());
        let mut records = Vec::new();
        reader.handle_input(text.as_bytes(), &mut |record| records.push(record));
        reader.handle_end(&mut |record| records.push(record));
        records
    }

    #[test]
    fn calls_are_read_with_what_strace_writes_before_them() {
        for before in ["", "29815 1795959249.684149 ", "[pid 29815] 13:34:16.342722 ", "13:34:16 ", "29815 "]
        {
            let records = read(&format!(
                "{before}write(3, \"\\x41\\x54\\x0d\", 3) = 3\n{before}read(3, \"\\x0d\\x0a\\x4f\\x4b\\x0d\\x0a\", 256) = 6\n"
            ));
            let [Record::Octets { octets, .. }, Record::Octets { octets: response, .. }] = &records[..]
            else {
                panic!("{before}: {records:?}")
            };
            assert_eq!((&octets[..], &response[..]), (&b"AT\r"[..], &b"\r\nOK\r\n"[..]));
        }
    }

    #[test]
    fn other_files_are_none_of_the_line() {
        let records = read(
            "read(4, \"\\x41\\x54\\x0a\", 3) = 3\nwrite(1, \"\\x4f\\x4b\\x0a\", 3) = 3\n\
             write(3</dev/ttyUSB0>, \"\\x41\\x54\\x0d\", 3) = 3\nwrite(3</dev/ttyUSB0>, \"\\x41\\x54\\x0d\", 3) = 2\n\
             write(3</dev/ttyUSB0>, \"\\x41\"..., 99) = 99\n\
             write(3</dev/ttyUSB0>, \"\\x41\\x54\\x0d\", 3) = -1 EAGAIN (Resource temporarily unavailable)\n",
        );
        let octets = |octets: &[u8]| Record::Octets {
            time: None,
            direction: Direction::Sent,
            octets: octets.to_vec(),
        };
        assert_eq!(records[..3], [octets(b"AT\r"), octets(b"AT"), octets(b"A")]);
        assert!(matches!(records[3..], [Record::Note { fault: Some(_), .. }]), "{records:?}");
    }
}
