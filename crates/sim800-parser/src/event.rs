//! What the octets of the DCE amount to.

use core::fmt;

use crate::{FinalResultCode, Line};

/// The octets of one event, line ends included.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span<'a> {
    raw: &'a [u8],
}

impl<'a> Span<'a> {
    /// Takes `raw` as the octets of one event.
    #[must_use]
    pub const fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// Every octet: blank line before, text, line end.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The text without line ends, the blanks around it, and noise before it.
    ///
    /// Noise are control octets and octets from 0x80: modules send them before a line at start-up and when the rate
    /// changes (field log). Text that may begin so, as the second line of `+CMT`, is to be taken from [`raw`](Self::raw).
    #[inline]
    #[must_use]
    pub fn line(self) -> Line<'a> {
        Line::new(text(self.raw))
    }
}

impl fmt::Debug for Span<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Span(\"{}\")", self.raw.escape_ascii())
    }
}

/// The text of a line: see [`Span::line`].
#[inline]
pub(crate) fn text(raw: &[u8]) -> &[u8] {
    match raw {
        [b'\r', b'\n', text @ .., b'\r', b'\n'] => trimmed(text),
        text => trimmed(text),
    }
}

/// Without noise before it and blanks behind it; almost no line has any, once its line ends are off.
#[inline(always)]
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    if let [b'!'..=b'~', .., b'!'..=b'~'] = text {
        return text;
    }
    without_noise(text)
}

#[cold]
fn without_noise(text: &[u8]) -> &[u8] {
    text.get(noise(text)..).unwrap_or_default().trim_ascii_end()
}

/// How many octets come before those that a text can begin with.
pub(crate) fn noise(text: &[u8]) -> usize {
    text.iter().take_while(|octet| !octet.is_ascii_graphic()).count()
}

/// What one span of octets from the DCE is.
///
/// The spans of all events, one after another, are the octets that came in; only [`Overlong`](Self::Overlong) tells
/// how many there were instead of holding them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The DCE repeated the command line; it ends in CR without LF.
    Echo(Span<'a>),
    /// The DCE asks for payload.
    Prompt {
        /// The prompting line.
        span: Span<'a>,
        /// How many octets it takes, where the prompt says so; never more than the command offered.
        granted: Option<u32>,
    },
    /// A line of information text of the command in flight, the header of a data phase included.
    Information(Span<'a>),
    /// A piece of counted payload.
    Payload {
        /// The octets.
        octets: &'a [u8],
        /// How many are still to come in this data phase.
        remaining: u32,
    },
    /// The command in flight is done.
    Final {
        /// How it ended.
        code: FinalResultCode,
        /// The line.
        span: Span<'a>,
    },
    /// A line that no command claims: an unsolicited result code or any text.
    ///
    /// Its line end is missing where another line follows without one, as drivers have seen it:
    /// `+HTTPACTION: 1,200,94+SAPBR: 1,1,"…"`. That line is an event of its own, and may be the command's.
    Unsolicited(Span<'a>),
    /// The text that goes with the line before it, as the [`Dialect`](crate::Dialect) says: whatever it reads.
    Continuation(Span<'a>),
    /// A header or prompt that counts more than the command asked for. No data phase was opened.
    Excess {
        /// The line.
        span: Span<'a>,
        /// The count it gave; `u64::MAX` when it takes more than 64 bits.
        announced: u64,
    },
    /// An empty line by itself. The one before a line belongs to that line's span.
    Blank(Span<'a>),
    /// A line longer than the limit. The next line is read as usual.
    Overlong {
        /// How many octets were dropped, line ends included.
        discarded: u64,
    },
}

/// An event without its octets: what is decided before anything is borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Echo,
    Prompt(Option<u32>),
    Information,
    /// With how many octets are still to come.
    Payload(u32),
    Final(FinalResultCode),
    Unsolicited,
    Continuation,
    Excess(u64),
    Blank,
    Overlong(u64),
    /// A part of a line that is too long, of which its end tells.
    Dropped,
}

impl Kind {
    #[inline(always)]
    pub(crate) fn event(self, raw: &[u8]) -> Option<Event<'_>> {
        let span = Span { raw };
        Some(match self {
            Self::Payload(remaining) => Event::Payload { octets: span.raw, remaining },
            Self::Echo => Event::Echo(span),
            Self::Prompt(granted) => Event::Prompt { span, granted },
            Self::Information => Event::Information(span),
            Self::Final(code) => Event::Final { code, span },
            Self::Unsolicited => Event::Unsolicited(span),
            Self::Continuation => Event::Continuation(span),
            Self::Excess(announced) => Event::Excess { span, announced },
            Self::Blank => Event::Blank(span),
            Self::Overlong(discarded) => Event::Overlong { discarded },
            Self::Dropped => return None,
        })
    }
}
