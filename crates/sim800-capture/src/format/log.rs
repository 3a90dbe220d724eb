//! Logs of terminal programs and of sketches: lines of text with or without times (minicom, tio, the Arduino Serial Monitor) and
//! with or without arrows (libraries).

use std::time::Duration;

use super::arrows::{Arrows, without_stamp};
use super::body::{Body, Taken};
use super::lines::{self, Lines};
use super::stamp::{Clock, Stamp};
use super::{Format, Row};
use crate::announcement::announcement;
use crate::dialogue::{is_command, is_of_one};
use crate::event::{Direction, line};
use crate::record::Record;

pub(super) const ROW: Row = Row {
    format: Format::Log,
    name: "log",
    description: "lines of minicom, tio or the Arduino Serial Monitor, with or without times, arrows (--->) and carriage returns",
    fits,
    open: |sample| Box::new(Lines::new(Log::new(sample))),
    is_unsure: |_| false,
    is_by_clock: true,
};

#[derive(Debug)]
struct Log {
    /// The log has the line ends as they crossed.
    is_exact: bool,
    arrows: Option<Arrows>,
    clock: Clock,
    /// The time of the last line that had one.
    time: Option<Duration>,
    /// Payload whose line ends have to be guessed.
    body: Option<Body>,
}

impl Log {
    fn new(sample: &[u8]) -> Self {
        // Payload may have line feeds alone, where the log is exact.
        let lines = || sample.split_inclusive(|octet| *octet == b'\n').filter(|line| line.ends_with(b"\n"));
        let is_exact = 2 * lines().filter(|line| line.ends_with(b"\r\n")).count() > lines().count();
        Self { is_exact, arrows: Arrows::of(sample), clock: Clock::default(), time: None, body: None }
    }

    /// Takes a line from the module, whose end is not as it crossed.
    fn take_line(&mut self, text: &[u8], sink: &mut dyn FnMut(Record)) {
        let time = self.time;
        let mut cross = |octets| sink(Record::Octets { time, direction: Direction::Received, octets });
        if let Some(mut body) = self.body.take() {
            match body.take(text) {
                Taken::More => return self.body = Some(body),
                Taken::Last(octets) => return cross(octets),
                Taken::Ended(octets) => cross(octets),
            }
        }
        // The blank line of a response is lost beside arrows, and behind an echo, which ends in a carriage return.
        let (start, end): (&[u8], &[u8]) = match self.arrows {
            Some(_) if text.is_empty() => return,
            Some(_) => (b"\r\n", b"\r\n"),
            None if is_command(text) => (b"", b"\r\r\n"),
            None => (b"", b"\r\n"),
        };
        cross([start, text, end].concat());
        let announced = announcement(line(text)).and_then(|(_, count)| usize::try_from(count).ok());
        self.body = announced.filter(|count| *count > 0).map(|count| Body::new(count, self.arrows.is_none()));
    }
}

impl lines::Format for Log {
    const FAULT: &'static str = "a line longer than any";

    fn take(&mut self, line: &[u8], sink: &mut dyn FnMut(Record)) {
        let mut text = line;
        if let Some((stamp, _)) = Stamp::parse(line) {
            self.time = Some(self.clock.time(stamp));
            text = without_stamp(line);
        }
        let time = self.time;
        let Some(arrows) = self.arrows else {
            return match self.is_exact {
                true => sink(Record::Octets { time, direction: Direction::Received, octets: text.to_vec() }),
                false => self.take_line(without_end(text), sink),
            };
        };
        match arrows.parse(text) {
            Some((direction @ Direction::Sent, text)) => {
                sink(Record::Octets { time, direction, octets: [text, b"\r"].concat() });
            }
            Some((Direction::Received, text)) => self.take_line(text, sink),
            // What the program itself has to say.
            None => sink(Record::remark(time, line)),
        }
    }

    fn end(&mut self, sink: &mut dyn FnMut(Record)) {
        if let Some(body) = self.body.take() {
            sink(Record::Octets { time: self.time, direction: Direction::Received, octets: body.lines });
        }
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Lines of a dialogue behind times or arrows, or such whose carriage returns are gone.
fn fits(sample: &[u8]) -> bool {
    let lines = || sample.split(|octet| *octet == b'\n');
    let is_stamped = |line: &[u8]| Stamp::parse(line).is_some() && is_of_one(without_stamp(line));
    lines().any(is_stamped)
        || Arrows::of(sample).is_some()
        || !sample.contains(&b'\r') && sample.contains(&b'\n') && lines().any(is_of_one)
}
