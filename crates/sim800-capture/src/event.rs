//! What is found in a capture.

use std::time::Duration;

pub use sim800_command::Direction;
use sim800_command::Mask;
use sim800_parser::{Line, Span, Values};

use crate::command_line::CommandLine;
use crate::subject::Subject;

/// What octets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A command line, or one of several commands of a line.
    Command,
    /// A command line that the module repeated.
    Echo,
    /// A line of the response to the command in flight.
    Information,
    /// The octets of one data phase.
    Payload,
    /// The module asks for payload.
    Prompt,
    /// The result code that ends a response.
    Final,
    /// A line that belongs to no command.
    Unsolicited,
    /// A line that is longer than any line can be. Its octets are counted, not kept.
    Overlong,
    /// An empty line by itself.
    Blank,
    /// No octets of the line: the session tells what failed and is tried again.
    Retry,
    /// No octets of the line: what the program that recorded it wrote beside them.
    Remark,
    /// What is none of these: a line that the capture cut, octets to the module that are no command line, a line of a file
    /// that is none of its format.
    Unreadable,
}

impl Kind {
    /// One word in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Echo => "echo",
            Self::Information => "information",
            Self::Payload => "payload",
            Self::Prompt => "prompt",
            Self::Final => "final",
            Self::Unsolicited => "unsolicited",
            Self::Overlong => "overlong",
            Self::Blank => "blank",
            Self::Retry => "retry",
            Self::Remark => "remark",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The octets of one data phase.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payload {
    /// The name of the command it belongs to, where that is known.
    pub name: Option<String>,
    /// When its first octet crossed; `None` where nobody noted it.
    pub since: Option<Duration>,
    /// How many octets there should be; `None` where nobody said so.
    pub announced: Option<u64>,
    /// How many octets there are.
    pub received: u64,
    /// The SHA-256 of the octets, as the capture has them: secrets in a trace are masked.
    pub sha256: [u8; 32],
    /// The octets, up to the first 512 KiB: more than any data phase of the module holds.
    pub octets: Vec<u8>,
}

/// What some octets of a capture are.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// When the last of the octets crossed, from the start of the capture on; `None` where nobody noted it.
    pub time: Option<Duration>,
    /// Which way they went; `None` for a line of a file that does not tell.
    pub direction: Option<Direction>,
    /// What they are.
    pub kind: Kind,
    /// What they are about: of a response, what its command is about.
    pub subject: Subject,
    /// How many octets of the capture they are, line ends included; for a line of a file that is no record, how many it has
    /// in the file.
    pub octets: u64,
    /// The line as it crossed, line ends included; empty for payload. What is unreadable may be longer than this.
    pub line: Vec<u8>,
    /// Of payload, its octets.
    pub payload: Option<Payload>,
    /// Whether something went wrong.
    pub is_error: bool,
    /// What it means, where the text does not say so.
    pub meaning: Option<String>,
}

impl Event {
    /// The line without its line ends.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        let is_line_end = |octet: &u8| matches!(octet, b'\r' | b'\n');
        let start = self.line.iter().position(|octet| !is_line_end(octet)).unwrap_or(self.line.len());
        let end = self.line.iter().rposition(|octet| !is_line_end(octet)).map_or(start, |last| last + 1);
        self.line.get(start..end).unwrap_or_default()
    }

    /// What it is about: `+HTTPACTION` for that command, and for the line that tells of its result.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match (self.kind, &self.payload) {
            (_, Some(payload)) => payload.name.as_deref(),
            (Kind::Command | Kind::Echo, _) => CommandLine::of_several(self.text()).name(),
            (Kind::Unreadable | Kind::Retry | Kind::Remark, _) => None,
            _ => line(self.text()).name(),
        }
    }

    /// The values behind the name; none where there is no name.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        let text = match self.kind {
            Kind::Command | Kind::Echo => CommandLine::of_several(self.text()).parameters(),
            _ if self.name().is_some() => line(self.text()).parameters(),
            _ => &[],
        };
        Values::new(text)
    }

    /// Puts asterisks in the place of what is secret: in the line, and in payload where it names what it has (`Authorization:`).
    /// The checksum stays that of the payload as it crossed.
    pub fn mask(&mut self) {
        Mask::new().mask(&mut self.line);
        if let Some(payload) = &mut self.payload {
            Mask::new().mask(&mut payload.octets);
        }
    }
}

/// The line in `octets`, without its line ends and the noise before it.
pub(crate) fn line(octets: &[u8]) -> Line<'_> {
    // A span borrows from itself; its text is a part of the same octets, so it is looked for there.
    let len = Span::new(octets).line().text().len();
    let end = octets.trim_ascii_end();
    Line::new(end.get(end.len().saturating_sub(len)..).unwrap_or_default())
}
