//! The command that is in flight.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use sim800_command::{Id, Unsolicited};
use sim800_parser::{FinalResultCode, Span};

use super::CommandId;
use super::request::Request;
use crate::error::{Failure, Malformation};

/// How many octets of a body are handed out at once: what is handed out cannot be taken back.
pub(super) const PIECE: usize = 512;

/// The end of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    /// CR LF.
    LineEnd,
    /// Anything else.
    Other(u8),
}

/// A line that belongs to no command, as far as can be told from how it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// One of those that the module is known to send of its own accord.
    Known,
    /// Well-formed, and with a name that no command here has: the module's own, or that of another command which was
    /// damaged.
    Foreign,
    /// Anything else: the rest of something.
    Rest,
}

impl Stray {
    pub(super) fn new(span: &Span<Bytes>) -> Self {
        if !matches!(span.unsolicited(), Unsolicited::Other(_)) {
            return Self::Known;
        }
        let is_framed = |raw: &[u8]| {
            let text = raw.strip_prefix(b"\r\n").and_then(|raw| raw.strip_suffix(b"\r\n"));
            text.is_some_and(|text| text.iter().all(|octet| matches!(octet, b' '..=b'~')))
        };
        match span.line().name() {
            Some(name) if Id::from_name(name).is_none() && is_framed(span.raw()) => Self::Foreign,
            _ => Self::Rest,
        }
    }
}

/// A command that was sent and has no final result yet.
pub(super) struct Flight {
    pub(super) id: CommandId,
    pub(super) request: Request,
    pub(super) started: Duration,
    pub(super) deadline: Duration,
    /// Octets of information text so far.
    information: usize,
    /// What the prompt asked for.
    granted: Option<u32>,
    /// What of it was not handed out yet.
    unsent: Bytes,
    /// A piece was handed out since the deadline was set.
    moving: bool,
    /// A counted payload is on its way.
    in_payload: bool,
    /// How the payload ended.
    tail: Option<Tail>,
    /// How many octets the command offered.
    offered: usize,
    /// A line that nobody knows came where the header of a payload was awaited.
    foreign: bool,
    /// What was wrong with the response so far.
    fault: Option<Malformation>,
}

impl Flight {
    pub(super) fn new(id: CommandId, request: Request, now: Duration, deadline: Duration) -> Self {
        let offered = request.body.as_ref().map_or(0, Bytes::len);
        Self {
            id,
            request,
            started: now,
            deadline,
            information: 0,
            granted: None,
            unsent: Bytes::new(),
            moving: false,
            in_payload: false,
            tail: None,
            offered,
            foreign: false,
            fault: None,
        }
    }

    /// Counts a line of information text; `false` when there is too much of it.
    pub(super) fn take_information(&mut self, octets: usize, limit: usize) -> bool {
        self.information = self.information.saturating_add(octets);
        if self.information > limit {
            self.fault.get_or_insert(Malformation::TooMuchInformation);
            return false;
        }
        true
    }

    /// Notes a piece of payload.
    pub(super) fn take_payload(&mut self, octets: &[u8]) {
        self.tail = match (octets, self.tail) {
            ([.., b'\r', b'\n'], _) | ([b'\n'], Some(Tail::Other(b'\r'))) => Some(Tail::LineEnd),
            ([.., last], _) => Some(Tail::Other(*last)),
            ([], tail) => tail,
        };
    }

    /// Notes something that came in the way. Beside a payload, text that makes no sense is what is left of a header or
    /// of octets that a damaged header did not count. Beside a payload without a header any line is: one that came before
    /// it was counted for it, and as many octets of its end are left, whatever they read.
    pub(super) fn take_stray(&mut self, stray: Stray) {
        if self.request.announced_at_most() == 0 {
            return;
        }
        match stray {
            Stray::Known if !self.request.is_headless() => {}
            // Before the header, it is the module's own, or it was the header.
            Stray::Foreign if !self.request.is_headless() && self.information == 0 => self.foreign = true,
            _ => {
                self.fault.get_or_insert(Malformation::Damaged);
            }
        }
    }

    /// Notes an empty line by itself. After a payload it is what the count left of the one before the result code: when
    /// the line loses octets, the count takes as many of that instead.
    pub(super) fn take_blank(&mut self) {
        if self.tail.is_some() {
            self.fault.get_or_insert(Malformation::Damaged);
        }
    }

    /// Notes the line of the final result code. Where there are `blanks` before result codes, one that lacks it tells that
    /// the count took it for payload; anything else is in any case the rest of something.
    pub(super) fn take_result(&mut self, raw: &[u8], blanks: bool) {
        let is_bare = raw.first().is_some_and(|first| first.is_ascii_alphanumeric() || *first == b'+');
        let is_rest = !is_bare && !raw.starts_with(b"\r\n");
        if self.tail.is_some() && is_rest || self.tail == Some(Tail::LineEnd) && is_bare && blanks {
            self.fault.get_or_insert(Malformation::Damaged);
        }
    }

    /// Whether the response was information text and nothing else so far.
    pub(super) fn is_text(&self) -> bool {
        self.information > 0 && self.tail.is_none()
    }

    /// The module asks for octets: for `granted`, or for all that were offered. Returns how many it gets; `None` when
    /// it had asked before.
    pub(super) fn grant(&mut self, granted: Option<u32>) -> Option<u32> {
        let body = self.request.body.take()?;
        let offered = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let granted = granted.map_or(offered, |granted| granted.min(offered));
        self.granted = Some(granted);
        self.unsent = body.slice(..granted as usize);
        Some(granted)
    }

    /// The next piece of what was granted.
    pub(super) fn poll_piece(&mut self) -> Option<Bytes> {
        if self.unsent.is_empty() {
            return None;
        }
        self.moving = true;
        Some(self.unsent.split_to(PIECE.min(self.unsent.len())))
    }

    /// Moves the deadline on when octets were handed out since it was set and there are more to come.
    pub(super) fn is_still_moving(&mut self, now: Duration, stall: Duration) -> bool {
        let moving = self.moving && !self.unsent.is_empty();
        if moving {
            self.moving = false;
            self.deadline = now.saturating_add(stall);
        }
        moving
    }

    /// Whether what just came is payload or ends it, `remaining` octets being still to come.
    pub(super) fn is_in_payload(&mut self, remaining: u32) -> bool {
        let was = std::mem::replace(&mut self.in_payload, remaining > 0);
        was || self.in_payload
    }

    /// What the final result code means for the command.
    pub(super) fn result(&self, code: FinalResultCode) -> Result<(), Failure> {
        let fault = match (&self.fault, self.foreign && self.information == 0) {
            (None, true) => Some(Malformation::Damaged),
            (fault, _) => fault.clone(),
        };
        match code {
            FinalResultCode::Ok | FinalResultCode::Connect => {}
            // Behind text that makes no sense, a refusal may be a part of the payload.
            _ if fault == Some(Malformation::Damaged) => {}
            code => return Err(Failure::Rejected(code)),
        }
        let fault = fault.or_else(|| {
            if self.request.is_prompted() && self.granted.is_none() {
                return Some(Malformation::PromptMissing);
            }
            let granted = self.granted.filter(|_| self.has_unsent())?;
            let unsent = u32::try_from(self.unsent.len()).unwrap_or(u32::MAX);
            Some(Malformation::BodyCutShort { sent: granted - unsent, granted })
        });
        fault.map_or(Ok(()), |fault| Err(Failure::Malformed(fault)))
    }

    /// Whether a payload came.
    pub(super) fn had_payload(&self) -> bool {
        self.tail.is_some()
    }

    /// Whether octets that the module asked for were not handed out.
    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// How many octets the module may still take for payload, and those that it asked for and that were not handed out.
    /// A damaged prompt may have asked for more than was understood.
    pub(super) fn owed(&mut self) -> (usize, Bytes) {
        (self.offered, std::mem::take(&mut self.unsent))
    }
}

/// Without the octets.
impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight")
            .field("id", &self.id)
            .field("request", &self.request)
            .field("deadline", &self.deadline)
            .field("granted", &self.granted)
            .field("unsent", &self.unsent.len())
            .finish_non_exhaustive()
    }
}
