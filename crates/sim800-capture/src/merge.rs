//! Two files of one line: each has a direction of it.

use std::collections::VecDeque;

use sim800_command::Unsolicited;
use sim800_parser::Line;

use crate::capture::Capture;
use crate::dialogue::is_response;
use crate::event::{Direction, Event};
use crate::reader::{Reader, Unrecognized};
use crate::record::Record;
use crate::start::Start;

/// How much of each file is looked at before it is known which direction it has, in octets.
const SAMPLE: usize = 16 * 1024;

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum Half {
    /// The first.
    First,
    /// The second.
    Second,
}

/// Reads two captures of one line as one. Where both have times, these tell what crossed first; where not, the sense does: a
/// command comes before its response, and what the module takes of payload behind its prompt.
///
/// The file that has result codes is what was received, the other one what was sent; where neither or both have some, as formats
/// with both directions do, what they say stays.
#[derive(Debug)]
pub struct Merge {
    files: [File; 2],
    order: Option<Order>,
    start: Start,
}

#[derive(Debug)]
struct File {
    reader: Reader,
    records: VecDeque<Record>,
    octets: usize,
    has_responses: bool,
    /// Octets of a line that is looked at for whether it is a response.
    line: Vec<u8>,
    is_over: bool,
    /// What it has, whatever it says.
    direction: Option<Direction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Time,
    Sense,
}

impl Merge {
    /// Of what two readers read.
    #[must_use]
    pub fn new(first: Reader, second: Reader) -> Self {
        Self { files: [first, second].map(File::new), order: None, start: Start::First }
    }

    /// Takes the next octets of a file, and hands `capture` what crossed.
    ///
    /// # Errors
    ///
    /// When the file has no format that is known.
    pub fn handle_input(
        &mut self,
        half: Half,
        octets: &[u8],
        capture: &mut Capture,
        sink: &mut dyn FnMut(Event),
    ) -> Result<(), Unrecognized> {
        self.file(half).take(|reader, sink| reader.handle_input(octets, sink))?;
        self.pump(capture, sink);
        Ok(())
    }

    /// A file ends.
    ///
    /// # Errors
    ///
    /// When it has no format that is known.
    pub fn handle_end(
        &mut self,
        half: Half,
        capture: &mut Capture,
        sink: &mut dyn FnMut(Event),
    ) -> Result<(), Unrecognized> {
        let file = self.file(half);
        file.take(|reader, sink| reader.handle_end(sink))?;
        file.is_over = true;
        self.pump(capture, sink);
        Ok(())
    }

    /// The file to read from next, so that neither waits in memory for the other; `None` when both have ended.
    #[must_use]
    pub fn wants(&self) -> Option<Half> {
        let [first, second] = &self.files;
        match (first.is_over, second.is_over) {
            (true, true) => None,
            (false, true) => Some(Half::First),
            (true, false) => Some(Half::Second),
            // What has less to offer is what the other one waits for.
            (false, false) if first.octets <= second.octets => Some(Half::First),
            (false, false) => Some(Half::Second),
        }
    }

    fn file(&mut self, half: Half) -> &mut File {
        let [first, second] = &mut self.files;
        match half {
            Half::First => first,
            Half::Second => second,
        }
    }

    fn pump(&mut self, capture: &mut Capture, sink: &mut dyn FnMut(Event)) {
        if self.order.is_none() && self.files.iter().all(|file| file.is_over || file.octets >= SAMPLE) {
            let [first, second] = &mut self.files;
            if first.has_responses != second.has_responses {
                let (received, sent) = if first.has_responses { (first, second) } else { (second, first) };
                received.direction = Some(Direction::Received);
                sent.direction = Some(Direction::Sent);
            }
            let is_timed = |file: &File| file.records.iter().all(|record| record.time().is_some());
            self.order = Some(if self.files.iter().all(is_timed) { Order::Time } else { Order::Sense });
        }
        match self.order {
            None => {}
            Some(Order::Time) => self.pump_by_time(capture, sink),
            Some(Order::Sense) => self.pump_by_sense(capture, sink),
        }
    }

    fn pump_by_time(&mut self, capture: &mut Capture, sink: &mut dyn FnMut(Event)) {
        loop {
            let [first, second] = &mut self.files;
            let next = match (first.records.front(), second.records.front()) {
                (Some(one), Some(other)) if one.time() <= other.time() => first,
                (Some(_), Some(_)) => second,
                (Some(_), None) if second.is_over => first,
                (None, Some(_)) if first.is_over => second,
                _ => return,
            };
            let Some(mut record) = next.next() else { return };
            self.start.count(&mut record);
            capture.handle_record(record, sink);
        }
    }

    fn pump_by_sense(&mut self, capture: &mut Capture, sink: &mut dyn FnMut(Event)) {
        loop {
            let [first, second] = &mut self.files;
            let (sent, received) =
                if second.direction == Some(Direction::Sent) { (second, first) } else { (first, second) };
            let wanted = if let Some(octets) = capture.to_be_sent() {
                sent.part(usize::try_from(octets).unwrap_or(usize::MAX), false)
            } else if capture.is_in_flight() || received.is_unsolicited() {
                received.line(b'\n')
            } else {
                sent.line(b'\r')
            };
            let Wanted::Record(record) = wanted else {
                // Whoever has ended keeps nobody waiting.
                let is_stuck = match wanted {
                    Wanted::Over => [sent, received].into_iter().find_map(|file| file.next()),
                    _ => None,
                };
                let Some(record) = is_stuck else { return };
                capture.handle_record(record, sink);
                continue;
            };
            capture.handle_record(record, sink);
        }
    }
}

/// What is wanted of a file.
enum Wanted {
    Record(Record),
    /// More of it has to be read first.
    More,
    /// It has no more.
    Over,
}

impl File {
    fn new(reader: Reader) -> Self {
        Self {
            reader: reader.keeping_clock(),
            records: VecDeque::new(),
            octets: 0,
            has_responses: false,
            line: Vec::new(),
            is_over: false,
            direction: None,
        }
    }

    fn take(
        &mut self,
        read: impl FnOnce(&mut Reader, &mut dyn FnMut(Record)) -> Result<(), Unrecognized>,
    ) -> Result<(), Unrecognized> {
        let Self { reader, records, octets: count, has_responses, line, .. } = self;
        read(reader, &mut |record| {
            if let Record::Octets { octets, .. } = &record {
                *count += octets.len();
                if !*has_responses {
                    *has_responses = has_response(line, octets);
                }
            }
            records.push_back(record);
        })
    }

    fn next(&mut self) -> Option<Record> {
        let mut record = self.records.pop_front()?;
        if let Record::Octets { octets, direction, .. } = &mut record {
            self.octets = self.octets.saturating_sub(octets.len());
            *direction = self.direction.unwrap_or(*direction);
        }
        Some(record)
    }

    /// All octets up to `end`, or a note that stands before it.
    fn line(&mut self, end: u8) -> Wanted {
        let front = self.records.iter().take_while(|record| matches!(record, Record::Octets { .. }));
        let mut len = 0;
        for record in front {
            let Record::Octets { octets, .. } = record else { break };
            if let Some(at) = octets.iter().position(|octet| *octet == end) {
                return self.part(len + at + 1, true);
            }
            len += octets.len();
            if len >= SAMPLE {
                // No line is so long.
                return self.part(len, true);
            }
        }
        match self.records.front() {
            Some(Record::Note { .. }) => self.next().map_or(Wanted::More, Wanted::Record),
            Some(_) if self.is_over => self.part(len, true),
            None if self.is_over => Wanted::Over,
            _ => Wanted::More,
        }
    }

    /// So many octets; where not `whole`, fewer will do.
    fn part(&mut self, len: usize, whole: bool) -> Wanted {
        let mut part: Vec<u8> = Vec::new();
        let mut time = None;
        let mut direction = self.direction;
        while part.len() < len {
            let Some(Record::Octets { octets, .. }) = self.records.front_mut() else { break };
            let rest = octets.split_off(octets.len().min(len - part.len()));
            let Some(Record::Octets { time: own, direction: way, octets }) = self.next() else { break };
            if !rest.is_empty() {
                let record = Record::Octets { time: own, direction: way, octets: rest };
                self.records.push_front(record);
            }
            part.extend(octets);
            time = own;
            direction = Some(way);
        }
        match direction.filter(|_| !part.is_empty()) {
            Some(direction) => Wanted::Record(Record::Octets { time, direction, octets: part }),
            None if self.is_over && self.records.is_empty() => Wanted::Over,
            None if !whole || self.records.is_empty() => match self.next() {
                Some(note) => Wanted::Record(note),
                None => Wanted::More,
            },
            None => Wanted::More,
        }
    }

    /// Whether the next line comes unasked.
    fn is_unsolicited(&self) -> bool {
        let mut line = Vec::new();
        for record in &self.records {
            let Record::Octets { octets, .. } = record else { return false };
            for octet in octets {
                match octet {
                    b'\r' | b'\n' if line.is_empty() => {}
                    b'\r' | b'\n' => {
                        return !matches!(Unsolicited::from(Line::new(&line)), Unsolicited::Other(_));
                    }
                    octet if line.len() < SAMPLE => line.push(*octet),
                    _ => return false,
                }
            }
        }
        false
    }
}

/// Whether `octets` end a line that only a module sends; `line` is what was before them.
fn has_response(line: &mut Vec<u8>, octets: &[u8]) -> bool {
    for octet in octets {
        if !matches!(octet, b'\r' | b'\n') {
            if line.len() < SAMPLE {
                line.push(*octet);
            }
            continue;
        }
        if is_response(&std::mem::take(line)) {
            return true;
        }
    }
    false
}
