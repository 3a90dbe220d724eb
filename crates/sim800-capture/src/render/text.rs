//! Events as lines for people.

use std::time::Duration;

use super::{hex, http};
use crate::event::{Direction, Event, Kind, Payload};
use crate::printable::{hexadecimal, printable};

/// How wide the column of the lines is.
const WIDTH: usize = 44;

/// What stands before the rows of payload.
const INDENT: &str = "        ";

/// A shorter time since the line before is not worth a number.
const NOTABLE: Duration = Duration::from_millis(1);

/// How payload is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadAs {
    /// As its size and its checksum; of HTTP, the header.
    #[default]
    Sum,
    /// As text, too, a row for each of its lines.
    Text,
    /// As hexadecimal digits and text, too.
    Hex,
}

/// Renders events as lines for people: when, how long since the line before, which way, the line, and what it means.
///
/// ```
/// use sim800_capture::{Capture, Direction, Text};
///
/// let (mut capture, mut text) = (Capture::new(), Text::new());
/// let mut lines = Vec::new();
/// capture.handle_octets(None, Direction::Received, b"\r\n+HTTPACTION: 0,601,0\r\n", &mut |event| {
///     lines.extend(text.render(&event));
/// });
/// let expected = "← +HTTPACTION: 0,601,0                          GET: 601 (network error), 0 octets to read";
/// assert_eq!(lines, [expected]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// There was a time, so there are columns for it.
    is_timed: bool,
    is_colored: bool,
    payload: PayloadAs,
    /// When the line before crossed.
    last: Option<Duration>,
}

/// How a terminal is to write something.
#[derive(Clone, Copy)]
enum Ink {
    Plain,
    Bold,
    Dim,
    Red,
    Cyan,
}

impl Text {
    /// Without colours, and payload as its sum. There are columns for times from the first event on that has one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With the colours of a terminal.
    #[must_use]
    pub fn colored(self, is_colored: bool) -> Self {
        Self { is_colored, ..self }
    }

    /// With payload shown so.
    #[must_use]
    pub fn with_payload(self, payload: PayloadAs) -> Self {
        Self { payload, ..self }
    }

    /// The rows of an event, without a line end behind the last; `None` for a blank line, in which people see nothing.
    ///
    /// A terminal obeys nothing of them but the colours.
    pub fn render(&mut self, event: &Event) -> Option<String> {
        if event.kind == Kind::Blank {
            return None;
        }
        let (line, meaning) = (line(event), meaning(event));
        let (line_ink, meaning_ink) = match event.kind {
            _ if event.is_error => (Ink::Red, Ink::Red),
            Kind::Command => (Ink::Bold, Ink::Dim),
            Kind::Payload => (Ink::Cyan, Ink::Dim),
            Kind::Remark => (Ink::Dim, Ink::Dim),
            _ => (Ink::Plain, Ink::Dim),
        };
        let times = self.times(event.time);
        let mut text = format!("{times}{} {}", arrow(event), self.ink(line_ink, &line));
        if !meaning.is_empty() {
            let gap = WIDTH.saturating_sub(line.chars().count());
            text.push_str(&format!("{:gap$}  {}", "", self.ink(meaning_ink, &meaning)));
        }
        if let Some(payload) = &event.payload {
            self.push_payload(&mut text, payload);
        }
        Some(text)
    }

    fn times(&mut self, time: Option<Duration>) -> String {
        self.is_timed |= time.is_some();
        if !self.is_timed {
            return String::new();
        }
        let Some(time) = time else { return format!("{:20} ", "") };
        let since = self.last.replace(time).map(|last| time.saturating_sub(last));
        match since.filter(|since| *since >= NOTABLE) {
            Some(since) => format!("{:>10.3} {:>+9.3} ", time.as_secs_f64(), since.as_secs_f64()),
            None => format!("{:>10.3} {:9} ", time.as_secs_f64(), ""),
        }
    }

    fn push_payload(&self, text: &mut String, payload: &Payload) {
        let (header, rest) = http::header(payload).unwrap_or((Vec::new(), &payload.octets));
        // The header of a response is always worth reading.
        for line in header {
            self.push_row(text, &printable(line));
        }
        match self.payload {
            PayloadAs::Sum => {}
            PayloadAs::Text => {
                for line in rest.split_inclusive(|octet| *octet == b'\n') {
                    self.push_row(text, &printable(line.trim_ascii_end()));
                }
            }
            PayloadAs::Hex => hex::rows(&payload.octets).for_each(|row| self.push_row(text, &row)),
        }
    }

    fn push_row(&self, text: &mut String, row: &str) {
        text.push('\n');
        if self.is_timed {
            text.push_str(&format!("{:21}", ""));
        }
        text.push_str(INDENT);
        text.push_str(&self.ink(Ink::Dim, row));
    }

    fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => "1",
            Ink::Dim => "2",
            Ink::Red => "31",
            Ink::Cyan => "36",
            Ink::Plain => return text.to_owned(),
        };
        if self.is_colored && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

fn arrow(event: &Event) -> &'static str {
    match (event.direction, event.kind) {
        (Some(Direction::Sent), _) => "→",
        (Some(Direction::Received), _) => "←",
        (None, Kind::Retry) => "↻",
        (None, Kind::Remark) => "·",
        (None, _) => "?",
    }
}

/// What crossed the line.
fn line(event: &Event) -> String {
    let text = event.text();
    match (event.kind, &event.payload) {
        (_, Some(payload)) => match payload.announced {
            Some(announced) if announced != payload.received => {
                format!("{} of {announced} octets of payload", payload.received)
            }
            _ => format!("{} octets of payload", payload.received),
        },
        (Kind::Overlong, _) => format!("{} octets", event.octets),
        (Kind::Unreadable, _) if event.octets > event.line.len() as u64 + 2 => {
            format!("{}… ({} octets)", printable(text), event.octets)
        }
        _ => printable(text),
    }
}

fn meaning(event: &Event) -> String {
    let checksum = event.payload.as_ref().map(|payload| format!("SHA-256 {}", hexadecimal(&payload.sha256)));
    let parts: Vec<&str> = [event.meaning.as_deref(), checksum.as_deref()].into_iter().flatten().collect();
    parts.join("; ")
}
