//! The command that is in flight.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::time::Duration;

use bytes::Bytes;
use sim800_command::{Id, Unsolicited};
use sim800_parser::{Claim, DataPhase, Event, FinalResultCode, Span};

use crate::config::Limits;
use crate::echo::Echo;
use crate::failure::{Failure, Malformation};
use crate::last::Last;
use crate::request::Parts;
use crate::response::{Response, lines};

/// How many octets of a body are handed out at once: what is handed out cannot be taken back.
pub(crate) const PIECE: usize = 512;

/// What keeping a line of information text takes beside its octets.
const LINE: usize = 32;

/// A line that belongs to no command, as far as can be told from how it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stray {
    /// One of those that the module is known to send of its own accord.
    Known,
    /// Well-formed, and with a name that no command here has: the module's own, or that of another command which was
    /// damaged.
    Foreign,
    /// Anything else: the rest of something.
    Rest,
}

impl Stray {
    pub(crate) fn new(span: Span<'_>) -> Self {
        if !matches!(Unsolicited::from(span.line()), Unsolicited::Other(_)) {
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

/// Until when the deadline of a command may be moved on at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latest {
    /// While its payload comes as lines.
    pub(crate) rest: Duration,
    /// While other lines come.
    pub(crate) backlog: Duration,
}

/// What is known of the commands of a line that are through.
#[derive(Debug, Default)]
pub(crate) struct Through {
    pub(crate) responses: Vec<Response>,
    /// The last of them brought payload, and nothing came since; whether that ends like a line.
    pub(crate) payload: Option<bool>,
}

/// Where the module puts an empty line before what it says, as it should everywhere; some firmware does not (field logs).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blanks {
    /// Before information text that begins with a name.
    text: bool,
    /// Before the result code behind such text.
    result: bool,
    /// Before a line of its own accord, where none is before text.
    own: bool,
    /// Before the result code behind payload, where that was seen.
    behind_payload: Option<bool>,
    /// Behind the last payload it was not as it was thought to be.
    is_odd: bool,
}

impl Blanks {
    pub(crate) const USUAL: Self =
        Self { text: true, result: true, own: false, behind_payload: None, is_odd: false };

    /// The first line of information text, with no payload before it.
    fn learn_text(&mut self, raw: &[u8]) {
        match raw {
            [b'\r', b'\n', b'+', ..] => self.text = true,
            [b'+', ..] => self.text = false,
            _ => {}
        }
    }

    /// A line that the module sent of its own accord, away from any payload.
    pub(crate) fn learn_own(&mut self, raw: &[u8]) {
        self.own |= raw.starts_with(b"\r\n");
    }

    /// Whether a line that reads like the module's own is, behind a payload, what its count left.
    fn are_left(self, raw: &[u8]) -> bool {
        let is_usual =
            if is_bare(raw) { !self.text } else { is_behind_blank(raw) && (self.text || self.own) };
        !is_usual
    }

    /// The line of a result code behind text.
    pub(crate) fn learn_result(&mut self, raw: &[u8]) {
        self.result = raw.starts_with(b"\r\n");
    }

    /// Whether the line behind a payload, which may end like a line, is what the count left: where there should be an empty line
    /// before it and is none, the count took that for payload, and where there should be none, it is of the payload. Twice in a
    /// row, that is the firmware's way. What is `usual` elsewhere should be, until the firmware shows its way.
    fn are_damaged(&mut self, usual: bool, is_bare: bool, ends_like_a_line: bool) -> bool {
        let usual = self.behind_payload.unwrap_or(usual);
        let is_odd = if usual { is_bare && ends_like_a_line } else { !is_bare };
        let is_damaged = is_odd && !self.is_odd;
        if is_odd && self.is_odd {
            self.behind_payload = Some(!usual);
        }
        self.is_odd = is_damaged;
        is_damaged
    }
}

/// A command that was sent and has no final result yet.
pub(crate) struct Flight {
    pub(crate) request: Box<Parts>,
    pub(crate) started: Duration,
    pub(crate) deadline: Duration,
    latest: Latest,
    /// When anything came last, and when a line of a payload did whose header the line damaged.
    heard_at: Option<Duration>,
    rest_at: Option<Duration>,
    /// What came so far.
    pub(crate) response: Response,
    /// The commands before it on its line.
    pub(crate) through: Through,
    /// What keeping the information text takes.
    information: usize,
    /// When the module asked for octets.
    granted_at: Option<Duration>,
    /// What of it was not handed out yet.
    unsent: Bytes,
    /// Since when the last that came has been a prompt that the command has no octets for.
    pub(crate) prompted: Option<Duration>,
    /// A piece was handed out since the deadline was set.
    moving: bool,
    /// A counted payload is on its way.
    in_payload: bool,
    /// Nothing came since the last payload.
    is_behind_payload: bool,
    /// How many octets the command offered.
    offered: usize,
    /// What came of an echo that is cut.
    echo: Echo,
    /// A line that belongs to no command is what came last where the text was awaited.
    is_behind_line: bool,
    /// A line that nobody knows came where the header of a payload was awaited.
    foreign: bool,
    /// An empty line came behind the header of a payload without octets.
    had_blank: bool,
    /// What was wrong with the response so far.
    fault: Option<Malformation>,
    /// A line of its text reads like a restart.
    doubtful: bool,
    /// Something came that makes no sense.
    garbled: bool,
}

impl Flight {
    pub(crate) fn new(request: Box<Parts>, now: Duration, deadline: Duration, latest: Latest) -> Self {
        let offered = request.body.as_ref().map_or(0, Bytes::len);
        Self {
            request,
            started: now,
            deadline,
            latest,
            heard_at: None,
            rest_at: None,
            response: Response::default(),
            through: Through::default(),
            information: 0,
            granted_at: None,
            unsent: Bytes::new(),
            prompted: None,
            moving: false,
            in_payload: false,
            is_behind_payload: false,
            offered,
            echo: Echo::default(),
            is_behind_line: false,
            foreign: false,
            had_blank: false,
            fault: None,
            doubtful: false,
            garbled: false,
        }
    }

    /// What comes from now on is another command's of the line.
    pub(crate) fn begin_response(&mut self) {
        self.information = 0;
        self.is_behind_line = false;
        self.foreign = false;
        self.had_blank = false;
    }

    /// Keeps a line of information text, unless there is more of it than `limit`.
    pub(crate) fn take_information(&mut self, line: &[u8], limit: usize) {
        self.information = self.information.saturating_add(line.len()).saturating_add(LINE);
        if self.information > limit {
            self.fault.get_or_insert(Malformation::TooMuchInformation);
        } else {
            let text = &mut self.request.text;
            text.reserve(line.len() + 1);
            text.extend_from_slice(line);
            text.extend_from_slice(b"\n");
        }
    }

    /// What a line is that belongs to no command. One that cuts the echo has lent its line end to the piece before it.
    pub(crate) fn stray(&self, span: Span<'_>) -> Stray {
        let is_nobodys = |name| Id::from_name(name).is_none();
        match Stray::new(span) {
            Stray::Rest if self.echo.is_under_way() && span.line().name().is_some_and(is_nobodys) => {
                Stray::Foreign
            }
            stray => stray,
        }
    }

    /// Whether a line that nobody knows is a piece of the echo. Behind one that may have been the header of a payload, that may read so, too.
    /// The line end before a payload without a header cannot be told from that of the last piece.
    pub(crate) fn takes_echo(&mut self, text: &[u8]) -> bool {
        let is_echo = !self.foreign && self.echo.take(&self.request.line, text);
        if is_echo && self.request.is_headless() {
            self.fault.get_or_insert(Malformation::Damaged);
        }
        is_echo
    }

    /// Forgets the information text that turns out to be the echo. No text is the whole command line.
    pub(crate) fn forget_echo(&mut self) {
        let Parts { line, text, .. } = &*self.request;
        let Some(last) = lines(text).next_back() else { return };
        let is_only = self.echo.take(line, last) && lines(text).count() == self.echo.pieces();
        if is_only && self.echo.is_whole(line) {
            self.request.text.clear();
            self.information = 0;
        }
    }

    /// Whether a line that reads `RDY` may be text of the response: behind other text, or as the first file of a listing. Before
    /// other text, a module may have begun to listen just when the command came.
    pub(crate) fn may_be_text(&self) -> bool {
        let is_text = self.is_text() || self.request.id == Some(Id::FsLs);
        is_text && matches!(self.request.expect.information, Claim::Text)
    }

    /// Keeps such a line. It was text if the response ends well: a module that did start anew has forgotten the command.
    pub(crate) fn take_doubtful(&mut self, line: &[u8], limit: usize) {
        self.doubtful = true;
        self.take_information(line, limit);
    }

    /// Whether that the response ends otherwise means that the module restarted.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Keeps the payload, which comes as a whole, or in frames of which each does.
    pub(crate) fn take_payload(&mut self, octets: Bytes) {
        self.is_behind_payload = true;
        self.echo.end();
        let payload = &mut self.response.payload;
        *payload = if payload.is_empty() { octets } else { [&payload[..], &octets].concat().into() };
    }

    /// Notes a line that reads like the module's own. Behind a payload, one that does not begin as others do is what the count left of
    /// it, and behind what may have been a header, it is of the payload. Returns whether it may be believed: it tells nothing where it may
    /// be octets of a payload, behind damage or where what was counted for one without a header begins with a line, which may have come
    /// before it.
    pub(crate) fn take_known(&mut self, now: Duration, raw: &[u8], blanks: Blanks) -> bool {
        let is_rest = (self.is_behind_payload || self.foreign) && blanks.are_left(raw);
        let is_shifted = self.request.is_headless() && begins_with_a_line(&self.response.payload);
        let is_damaged = self.fault == Some(Malformation::Damaged) && !self.echo.is_under_way();
        let may_be_payload = is_rest || is_shifted || is_damaged;
        self.take_stray(now, if is_rest { Stray::Rest } else { Stray::Known });
        !may_be_payload
    }

    /// Notes where a line ends that belongs to no command: another may be glued to it.
    pub(crate) fn pass_line(&mut self, raw: &[u8]) {
        self.is_behind_line = raw.ends_with(b"\n");
    }

    /// Notes something that came in the way. Beside a payload, text that makes no sense is what is left of a header or
    /// of octets that a damaged header did not count. Beside a payload without a header any line is, unless that is compared: one
    /// that came before it was counted for it, and as many octets of its end are left, whatever they read.
    pub(crate) fn take_stray(&mut self, now: Duration, stray: Stray) {
        self.is_behind_payload = false;
        self.response.followed_by_line |= !self.response.payload.is_empty();
        self.garbled |= stray == Stray::Rest;
        if self.request.announced_at_most() == 0 {
            return;
        }
        if stray == Stray::Rest {
            self.rest_at = Some(now);
        }
        match stray {
            Stray::Known if !self.request.is_headless() || self.request.compared => {}
            // Before the header, it is the module's own, or it was the header.
            Stray::Foreign if !self.request.is_headless() && self.information == 0 => self.foreign = true,
            Stray::Foreign if self.request.compared => {}
            _ => {
                self.fault.get_or_insert(Malformation::Damaged);
            }
        }
    }

    /// Notes a line that was too long to be kept: of a command that claims any text, it was part of the response.
    pub(crate) fn take_overlong(&mut self) {
        if matches!(self.request.expect.information, Claim::Text) {
            self.fault.get_or_insert(Malformation::TooMuchInformation);
        }
    }

    /// Notes an empty line by itself, or what looks like an echo. After a payload it is what the count left of the one before the result
    /// code: when the line loses octets, the count takes as many of that instead. Before a payload without a header one CR LF stands:
    /// from anything else, the payload's own empty lines cannot be told. Where the header says that there are no octets, some firmware
    /// may end them all the same, once; more than that are octets of which the count was lost.
    pub(crate) fn take_blank(&mut self, blank: Event<'_>) {
        let is_odd = matches!(blank, Event::Blank(span) if span.raw() != b"\r\n");
        let is_behind_header = !self.request.is_headless() && self.has_begun_payload();
        let is_more = is_behind_header && (is_odd || mem::replace(&mut self.had_blank, true));
        if self.had_payload() || is_more || (is_odd && self.request.is_headless()) {
            self.fault.get_or_insert(Malformation::Damaged);
        }
    }

    /// Notes a line of information text, which may be behind the payload of another command of the line. A payload has one header:
    /// another is octets of it, and the count of the first was damaged. So is one that does not begin as text does, behind another line:
    /// that was the header.
    pub(crate) fn take_line(&mut self, raw: &[u8], blanks: &mut Blanks) {
        // The last piece of an echo may take the line end before it.
        let has_echo = self.echo.pieces() > 0;
        let is_odd = self.is_behind_line && !has_echo && blanks.text && is_bare(raw);
        if self.request.has_one_header() && (is_odd || self.information > 0) {
            self.fault.get_or_insert(Malformation::Damaged);
        }
        if self.through.payload.is_some() {
            self.take_behind_payload(raw, |is_bare, ends_like_a_line| {
                blanks.are_damaged(blanks.text, is_bare, ends_like_a_line)
            });
            self.through.payload = None;
        } else if self.information == 0 && !has_echo && !self.is_behind_line {
            blanks.learn_text(raw);
        }
    }

    /// Notes the line of the final result code.
    pub(crate) fn take_result(&mut self, raw: &[u8], blanks: &mut Blanks) {
        if self.had_payload() {
            self.take_behind_payload(raw, |is_bare, ends_like_a_line| {
                blanks.are_damaged(blanks.result, is_bare, ends_like_a_line)
            });
        }
    }

    /// Notes a line behind a payload, which `is_damaged` if it has no empty line before it, or has one, and the payload ends like a
    /// line, or does not. Anything in front of it is in any case the rest of something. Where damage was seen already, it says nothing of
    /// the firmware.
    fn take_behind_payload(&mut self, raw: &[u8], is_damaged: impl FnOnce(bool, bool) -> bool) {
        if self.fault.is_some() {
            return;
        }
        let is_bare = is_bare(raw);
        let is_rest = !is_bare && !is_behind_blank(raw);
        let ends_like_a_line = ends_like_a_line(&self.response.payload) || self.through.payload == Some(true);
        if is_rest || is_damaged(is_bare, ends_like_a_line) {
            self.fault.get_or_insert(Malformation::Damaged);
        }
    }

    /// Whether the response was information text and nothing else so far.
    pub(crate) fn is_text(&self) -> bool {
        self.information > 0 && !self.had_payload()
    }

    /// Whether what comes now may be octets of a payload: damage was seen beside one, or one has come and should have been
    /// followed by its result code.
    pub(crate) fn is_among_payload(&self) -> bool {
        let is_damaged = (self.foreign || self.fault.is_some()) && !self.echo.is_under_way();
        self.had_payload() || (self.request.announced_at_most() > 0 && is_damaged)
    }

    /// The module asks for octets: for `granted`, or for all that were offered. Returns how many it gets; `None` when
    /// it had asked before.
    pub(crate) fn grant(&mut self, now: Duration, granted: Option<u32>) -> Option<u32> {
        let body = self.request.body.take()?;
        self.granted_at = Some(now);
        let offered = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let granted = granted.map_or(offered, |granted| granted.min(offered));
        self.response.granted = Some(granted);
        self.unsent = match self.request.body_end.octets() {
            [] => body.slice(..granted as usize),
            end => [&body[..], end].concat().into(),
        };
        Some(granted)
    }

    /// How much longer the module may wait for octets. One that invited them counts from its invitation on.
    pub(crate) fn patience(&self, now: Duration) -> Duration {
        let invited_at = self.granted_at.filter(|_| self.request.is_invited());
        self.request.time_limit.saturating_sub(now.saturating_sub(invited_at.unwrap_or(now)))
    }

    /// The next piece of what was granted.
    pub(crate) fn poll_piece(&mut self) -> Option<Bytes> {
        if self.unsent.is_empty() {
            return None;
        }
        self.moving = true;
        Some(self.unsent.split_to(PIECE.min(self.unsent.len())))
    }

    /// Moves the deadline on when octets were handed out since it was set and there are more to come.
    pub(crate) fn is_still_moving(&mut self, now: Duration, stall: Duration) -> bool {
        let moving = self.moving && !self.unsent.is_empty();
        if moving {
            self.moving = false;
            self.deadline = now.saturating_add(stall);
        }
        moving
    }

    /// Octets came from the module.
    pub(crate) fn handle_octets(&mut self, now: Duration) {
        self.heard_at = Some(now);
    }

    /// Moves the deadline on while the line brings what stands in front of the response: other lines without a pause, or a payload
    /// that comes as lines for want of its header and has to be over before anything else is sent.
    pub(crate) fn is_still_heard(&mut self, now: Duration, limits: &Limits) -> bool {
        let rest = self.rest_at.map(|last| last.saturating_add(limits.stall).min(self.latest.rest));
        let others = self.heard_at.map(|last| last.saturating_add(limits.quiet).min(self.latest.backlog));
        let Some(quiet) = rest.max(others).filter(|quiet| now < *quiet && !self.had_payload()) else {
            return false;
        };
        self.deadline = quiet;
        true
    }

    /// Whether what just came is payload or ends it, `remaining` octets being still to come.
    pub(crate) fn is_in_payload(&mut self, remaining: u32) -> bool {
        let was = mem::replace(&mut self.in_payload, remaining > 0);
        was || self.in_payload
    }

    /// What the command brought, by its final result code.
    pub(crate) fn take_result_of(&mut self, code: FinalResultCode) -> Result<Response, Failure> {
        let was_header = self.foreign && self.information == 0;
        let fault = self.fault.take().or_else(|| was_header.then_some(Malformation::Damaged));
        match code {
            FinalResultCode::Ok | FinalResultCode::Connect => {}
            // Behind text that makes no sense, a refusal may be a part of the payload.
            _ if fault == Some(Malformation::Damaged) => {}
            // That may have been the result, and what followed from it, and the refusal nobody's.
            _ if self.garbled || self.has_begun_payload() => {
                return Err(Failure::Malformed(Malformation::Damaged));
            }
            code => return Err(Failure::Rejected(code)),
        }
        let (unsent, end) = (self.unsent.len(), self.request.body_end.octets().len());
        let fault = fault.or_else(|| match self.response.granted {
            None if self.request.is_prompted() => Some(Malformation::PromptMissing),
            Some(granted) if unsent > 0 => {
                // What ends a text is none of its octets.
                let missing = u32::try_from(unsent.saturating_sub(end)).unwrap_or(u32::MAX);
                Some(Malformation::BodyCutShort { sent: granted.saturating_sub(missing), granted })
            }
            _ => None,
        });
        fault.map_or_else(|| Ok(self.take_response()), |fault| Err(Failure::Malformed(fault)))
    }

    /// Whether payload came, or a header that made no sense: what is refused has neither.
    fn has_begun_payload(&self) -> bool {
        let has_header = self.request.announced_at_most() > 0 && !self.request.text.is_empty();
        has_header || !self.response.payload.is_empty()
    }

    /// Whether a payload came last.
    pub(crate) fn had_payload(&self) -> bool {
        !self.response.payload.is_empty() || self.through.payload.is_some()
    }

    /// What is remembered of it with its result, and of what was remembered `before`.
    pub(crate) fn last(&self, before: Last, code: FinalResultCode) -> Last {
        let name = self.request.id.map(Id::name);
        let may_go_on = self.had_payload() || self.request.announced_at_most() > 0;
        let mut last = if self.is_heard() { Last::default() } else { before };
        if self.offered > 0 && self.response.granted.is_none() {
            last.offered = last.offered.max(self.offered);
            if let DataPhase::Invited { line } = self.request.expect.data {
                last.invitation = Some(line);
            }
        }
        let has_one_result = code != FinalResultCode::Ok || self.handed_out() > 0;
        Last { name, may_go_on, has_one_result, ..last }
    }

    /// Whether the module said what only this command has it say, so that it waits for nothing. Any text may be somebody else's.
    fn is_heard(&self) -> bool {
        let is_named = matches!(self.request.expect.information, Claim::Named { .. });
        self.response.granted.is_some() || self.had_payload() || (is_named && self.information > 0)
    }

    /// Whether lines of others may have been counted for payload, where it is damaged: what is left of one makes no sense.
    pub(crate) fn may_have_counted_others(&self) -> bool {
        self.garbled || self.request.is_headless()
    }

    /// How many octets that the module asked for were not handed out.
    pub(crate) fn unsent(&self) -> usize {
        self.unsent.len()
    }

    /// How many octets were handed out of those that the module asked for.
    pub(crate) fn handed_out(&self) -> usize {
        (self.response.granted.unwrap_or(0) as usize).saturating_sub(self.unsent.len())
    }

    /// Whether something takes the module back to its commands that waits for octets.
    pub(crate) fn can_be_cancelled(&self) -> bool {
        self.request.body_end.cancel().is_some()
    }

    /// How many octets the module may still take for payload, and those that it asked for and that were not handed out.
    /// A damaged prompt may have asked for more than was understood.
    pub(crate) fn owed(&mut self) -> (usize, Bytes) {
        (self.offered, mem::take(&mut self.unsent))
    }
}

/// Without the octets.
impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight")
            .field("request", &self.request)
            .field("deadline", &self.deadline)
            .field("granted", &self.response.granted)
            .field("unsent", &self.unsent.len())
            .finish_non_exhaustive()
    }
}

/// Whether nothing but an empty line stands before what the module says in a line.
fn is_behind_blank(raw: &[u8]) -> bool {
    raw.strip_prefix(b"\r\n").is_some_and(is_bare)
}

/// Whether a line begins with what the module says in it.
fn is_bare(raw: &[u8]) -> bool {
    raw.first().is_some_and(|first| first.is_ascii_alphanumeric() || b"+^*".contains(first))
}

/// Whether payload begins with what may have been a line before it.
fn begins_with_a_line(payload: &[u8]) -> bool {
    let text = payload.iter().take_while(|octet| matches!(octet, b' '..=b'~')).count();
    text > 0 && payload.get(text..).is_some_and(|rest| rest.starts_with(b"\r\n"))
}

/// Whether payload ends with what may have been of the line end behind it: a part of that may be lost, or be another octet.
pub(crate) fn ends_like_a_line(payload: &[u8]) -> bool {
    matches!(payload, [.., b'\r' | b'\n'] | [.., b'\r', _])
}
