//! Payload that was received, kept until what follows tells whether its count is right.
//!
//! Octets get lost, and a file may have less than was asked for. A count that is believed all the same takes the result code
//! for payload, and the commands behind it. So the count holds only if a response goes on behind it, and where none does,
//! payload ends where one goes on.

use std::time::Duration;

use sim800_command::{Id, Unsolicited};
use sim800_parser::{FinalResultCode, Line};

use crate::payload::Sum;

/// How many octets behind payload are looked at for a result code: some unsolicited lines may come before it.
const BEHIND: usize = 4096;

/// How many octets behind payload are looked at where they are no result code: one may begin before the count says so.
const STRADDLING: usize = 64;

/// A line end of the module.
const LINE_END: &[u8] = b"\r\n";

/// Octets that crossed at one time.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) time: Option<Duration>,
    pub(crate) octets: Vec<u8>,
}

/// What comes next, as far as it tells of payload before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// More octets may come.
    Octets,
    /// The next command is sent, so whatever belongs to the one before has come.
    Command,
    /// The capture ends, and cuts what there was.
    Nothing,
}

/// What payload belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// A command, whose result code comes behind it.
    Command,
    /// One of several commands on a line, whose responses come behind it.
    CommandAmongOthers,
    /// A command, and the count is what that asked for; the module said nothing of it.
    File,
    /// A connection: it comes unasked, between any two lines and also while the next command is sent.
    Connection,
}

/// A data phase of the module, and what came behind it.
#[derive(Debug)]
pub(crate) struct Held {
    name: Option<String>,
    announced: usize,
    of: Of,
    octets: Vec<u8>,
    /// Where octets end that crossed at one time.
    times: Vec<(usize, Option<Duration>)>,
}

/// Where payload ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    at: usize,
    /// Nothing speaks against the count.
    is_sound: bool,
}

/// Payload that is over, and what came behind it.
pub(crate) struct Settled {
    pub(crate) sum: Sum,
    /// When its last octet crossed.
    pub(crate) time: Option<Duration>,
    /// What is wrong with it.
    pub(crate) fault: Option<&'static str>,
    pub(crate) rest: Vec<Piece>,
}

impl Held {
    pub(crate) fn new(name: Option<String>, announced: usize, of: Of) -> Self {
        Self { name, announced, of, octets: Vec::new(), times: Vec::new() }
    }

    pub(crate) fn of(&self) -> Of {
        self.of
    }

    pub(crate) fn add(&mut self, time: Option<Duration>, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
        match self.times.last_mut() {
            Some((end, last)) if *last == time => *end = self.octets.len(),
            _ => self.times.push((self.octets.len(), time)),
        }
    }

    /// All that was announced has come, right or wrong.
    pub(crate) fn is_complete(&self) -> bool {
        self.octets.len() >= self.announced
    }

    /// What of it is payload, when that can be told; gives itself back when it cannot.
    pub(crate) fn settle(self, next: Next) -> Result<Settled, Self> {
        let Some(End { at, is_sound }) = self.end(next) else { return Err(self) };
        let (payload, rest) = self.octets.split_at(at);
        let fault = match rest {
            _ if is_sound => None,
            rest if rest.starts_with(b"\r\nRDY\r\n") => Some("the module started anew"),
            _ if self.of == Of::Connection && !rest.is_empty() => {
                Some("no line follows, so octets were lost or added")
            }
            _ if at == self.announced => Some("no result code follows, so octets were lost or added"),
            _ if self.of == Of::File && !rest.is_empty() => Some("the file has no more, or they were lost"),
            _ => None,
        };
        let mut sum = Sum::new(self.name, Some(self.announced as u64));
        sum.add(self.times.first().and_then(|(_, time)| *time), payload);
        let mut start = at;
        let mut pieces = Vec::new();
        for (end, time) in &self.times {
            if let Some(octets) = self.octets.get(start..*end).filter(|octets| !octets.is_empty()) {
                pieces.push(Piece { time: *time, octets: octets.to_vec() });
                start = *end;
            }
        }
        let last = self.times.iter().find(|(end, _)| *end >= at);
        Ok(Settled { sum, time: last.and_then(|(_, time)| *time), fault, rest: pieces })
    }

    fn end(&self, next: Next) -> Option<End> {
        let seen = match self.octets.get(self.announced..) {
            Some(behind) => match self.goes_on(behind) {
                Verdict::Result => return Some(End { at: self.announced, is_sound: true }),
                Verdict::Other { seen } => {
                    let seen = seen.max(STRADDLING);
                    if behind.len() < seen && next == Next::Octets {
                        return None;
                    }
                    self.announced + seen
                }
                Verdict::Open => match next {
                    Next::Octets => return None,
                    Next::Command if self.of != Of::Connection => self.octets.len(),
                    Next::Command | Next::Nothing => return Some(End { at: self.announced, is_sound: true }),
                },
            },
            None if next == Next::Octets || (next == Next::Command && self.of == Of::Connection) => {
                return None;
            }
            None => self.octets.len(),
        };
        // What came later does not count, so that it does not matter how reads were cut.
        let seen = self.octets.get(..seen).unwrap_or(&self.octets);
        let is_cut = next == Next::Nothing && seen.len() < self.announced;
        let at = self.response(seen, is_cut).unwrap_or_else(|| seen.len().min(self.announced));
        Some(End { at, is_sound: false })
    }

    /// Whether `behind` is where a response goes on. Unsolicited lines may come before its result code.
    fn goes_on(&self, behind: &[u8]) -> Verdict {
        if self.of == Of::Connection {
            return line_begins(behind);
        }
        let behind = behind.get(..BEHIND).unwrap_or(behind);
        let open = if behind.len() == BEHIND { Verdict::Other { seen: BEHIND } } else { Verdict::Open };
        let mut rest = behind;
        loop {
            let seen = behind.len() - rest.len();
            // Some firmware leaves the blank line out, most where payload ends with a line end. Where the count is only what was
            // asked for, that line end belongs to the result code more likely.
            let (is_blank, text) = match rest.strip_prefix(LINE_END) {
                Some(text) => (true, text),
                None if LINE_END.starts_with(rest) => return open,
                None => (false, rest),
            };
            let is_taken = || {
                self.of == Of::File
                    && self.octets.get(..self.announced).is_some_and(|payload| payload.ends_with(LINE_END))
            };
            if !is_blank && (seen > 0 || is_taken()) {
                return Verdict::Other { seen: seen + 1 };
            }
            let Some(len) = text.iter().position(|octet| *octet == b'\n') else { return open };
            let (text, after) = text.split_at(len + 1);
            let line = Line::new(text.trim_ascii());
            let is_next = self.of == Of::CommandAmongOthers && is_blank && is_answer(line);
            if is_result(line) || is_next {
                return Verdict::Result;
            }
            if !is_blank || !is_unsolicited(line) {
                return Verdict::Other { seen: behind.len() - after.len() };
            }
            rest = after;
        }
    }

    /// Where in `seen` a result code, or a module that starts, ends the payload early: a dialogue goes on there, to the next
    /// command or to the end. `is_cut`: the end is only that of the capture, which says nothing against an announced count.
    fn response(&self, seen: &[u8], is_cut: bool) -> Option<usize> {
        let ends = |text: &[u8]| {
            let Some((text, after)) = take_line(text) else { return false };
            let line = Line::new(text);
            if self.of == Of::Connection && (is_unsolicited(line) || is_answer(line)) {
                return true;
            }
            let is_end = is_result(line) || text == b"RDY";
            is_end
                && match dialogue(after) {
                    Dialogue::Command => true,
                    Dialogue::Open => !is_cut || self.of == Of::File,
                    Dialogue::Other => false,
                }
        };
        // The blank line before payload is that of a result code when there is no payload at all.
        if self.of == Of::File && ends(seen) {
            return Some(0);
        }
        let places = seen.windows(LINE_END.len()).enumerate().take(self.announced + 1);
        let mut places = places.filter(|(_, two)| *two == LINE_END).map(|(at, _)| at);
        places.find(|at| seen.get(at + LINE_END.len()..).is_some_and(ends))
    }
}

/// What stands behind payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// More octets are needed.
    Open,
    /// A result code, or what else may stand there.
    Result,
    /// Something else, which is known after so many octets.
    Other { seen: usize },
}

/// Behind octets of a connection comes a line of any kind, a prompt, or the echo of a command.
fn line_begins(behind: &[u8]) -> Verdict {
    match behind {
        [] | [b'\r'] | [b'A' | b'a'] => Verdict::Open,
        [b'\r', b'\n', ..] | [b'A' | b'a', b'T' | b't', ..] => Verdict::Result,
        _ => Verdict::Other { seen: 2 },
    }
}

fn is_result(line: Line<'_>) -> bool {
    FinalResultCode::from_line(line).is_some_and(|code| !code.is_of_connection())
}

/// Whether it is named like a command, and so answers one.
fn is_answer(line: Line<'_>) -> bool {
    line.name().and_then(Id::from_name).is_some()
}

/// Whether it can only have come unasked.
fn is_unsolicited(line: Line<'_>) -> bool {
    !matches!(Unsolicited::from(line), Unsolicited::Other(_))
}

/// A line without its line end, and what follows.
fn take_line(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = octets.windows(LINE_END.len()).position(|two| two == LINE_END)?;
    Some((octets.get(..end)?, octets.get(end + LINE_END.len()..)?))
}

/// What octets are that may be a dialogue.
enum Dialogue {
    /// Lines of a module, and the echo of a command.
    Command,
    /// Lines of a module to their end.
    Open,
    /// None.
    Other,
}

fn dialogue(mut octets: &[u8]) -> Dialogue {
    loop {
        match octets {
            [] | [b'\r'] | [b'A' | b'a'] => return Dialogue::Open,
            [b'\r', b'\n', text @ ..] => {
                let Some((text, after)) = take_line(text) else { return Dialogue::Open };
                let line = Line::new(text);
                if !is_result(line) && !is_unsolicited(line) {
                    return Dialogue::Other;
                }
                octets = after;
            }
            [b'A' | b'a', b'T' | b't', rest @ ..] => {
                // Text that happens to begin so ends with a line feed, an echo with CR alone.
                return match rest.iter().position(|octet| matches!(octet, b'\r' | b'\n')) {
                    Some(end) => match rest.get(end..) {
                        Some([b'\r']) | None => Dialogue::Open,
                        Some([b'\n', ..] | [b'\r', b'\n', ..]) => Dialogue::Other,
                        Some(_) => Dialogue::Command,
                    },
                    None => Dialogue::Open,
                };
            }
            _ => return Dialogue::Other,
        }
    }
}
