//! The state machine under [`Framer`](crate::Framer) and `Decoder`: where the next event ends and what it is.
//!
//! It is shown the octets from the start of an event on, as many as there are, and remembers how far it has looked,
//! so no octet is looked at twice and none of the payload is looked at at all.

use core::mem;

mod early;

use crate::event::{Kind, noise, text, trimmed};
use crate::header::Progress;
use crate::search::{find, line_end};
use crate::{Claim, DataPhase, Dialect, Expect, FinalResultCode, Header, Line};

/// What the octets shown so far allow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing yet.
    More,
    /// The first `len` octets are one event.
    Take { kind: Kind, len: usize },
    /// The first `len` octets belong to a line that is too long.
    Skip { len: usize },
    /// Payload begins here.
    Payload,
}

#[derive(Debug)]
pub(crate) struct Machine {
    /// Payload octets that are still to come.
    pub(crate) remaining: u32,
    /// Octets from the start of the event that hold no line end.
    scanned: usize,
    /// Longest line in octets, its line end included and the blank line before it not.
    limit: usize,
    state: State,
    /// What the command in flight may still get, if there is one: echo and data phase are struck off when they came.
    expect: Option<Expect>,
    /// How many octets from the start of the event on came before the command in flight: what they begin is not its response.
    stale: usize,
    /// The payload came unasked: it is not given up with a command.
    unasked: bool,
    /// The quotation mark that closes payload is information text of the command in flight.
    closes_claimed: bool,
    /// Of the headers whose payload begins on their own line, the one that this line may be: 0 is the command's, then those
    /// of the dialect.
    candidate: usize,
    progress: Progress,
    /// The line may be such a header: where it ends, payload begins.
    pub(crate) is_reading_header: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Line,
    /// The second line of an unsolicited one.
    Continuation,
    /// Payload without a header, or an error in its place.
    Counted(u32),
    /// A quotation mark and a line end behind payload.
    Closing,
    /// The rest of a line that is too long, with the octets dropped so far.
    Overlong(u64),
}

/// How much longer than the limit a span can be: the blank line before it and one octet of lookahead.
pub(crate) const SLACK: usize = 3;

/// The result code of most responses, with the blank line before it.
pub(crate) const OK: &[u8] = b"\r\nOK\r\n";

/// What follows the prefix in the longest header: ` 2,4294967295` and the line end.
const SHORT: usize = 15;

impl Machine {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            remaining: 0,
            scanned: 0,
            limit,
            state: State::Line,
            expect: None,
            stale: 0,
            unasked: false,
            closes_claimed: false,
            candidate: 0,
            progress: Progress::START,
            is_reading_header: false,
        }
    }

    pub(crate) fn begin(&mut self, expect: Expect) {
        // Behind what is pending, payload may begin at any octet: not one too many is to be carried.
        self.is_reading_header |= self.scanned > 0;
        self.expect = Some(expect);
        self.stale = self.scanned;
        self.closes_claimed = false;
    }

    pub(crate) fn abandon(&mut self) {
        if !self.unasked {
            self.remaining = 0;
        }
        self.expect = None;
        self.closes_claimed = false;
        if let State::Counted(_) = self.state {
            self.state = State::Line;
        }
    }

    /// What `abandon` gives up of the payload that is still to come, if `held` octets of it are there already.
    #[cfg(feature = "alloc")]
    pub(crate) fn abandon_but(&mut self, held: usize) {
        let held = u32::try_from(held).map_or(self.remaining, |held| held.min(self.remaining));
        self.abandon();
        self.remaining = self.remaining.max(held);
    }

    /// The first `len` octets that are pending were taken away: what follows them begins anew.
    pub(crate) fn skip(&mut self, len: usize) {
        self.remaining = self.remaining.saturating_sub(u32::try_from(len).unwrap_or(u32::MAX));
        self.scanned = 0;
        self.stale = 0;
        self.state = State::Line;
    }

    pub(crate) const fn in_flight(&self) -> bool {
        self.expect.is_some()
    }

    /// Takes the payload that `input` begins with.
    #[inline(always)]
    pub(crate) fn take_payload<'a>(&mut self, input: &mut &'a [u8]) -> &'a [u8] {
        if input.len() < self.remaining as usize {
            // All of it: nothing is split.
            self.remaining -= input.len() as u32;
            return mem::take(input);
        }
        let (octets, rest) = input.split_at_checked(self.remaining as usize).unwrap_or_default();
        self.remaining = 0;
        *input = rest;
        octets
    }

    /// The two lines of every frame, `+FTPGET: 2,<n>` and `OK`: what they are, and how long.
    ///
    /// They are read without looking for the line end first. What is cut, written in an unusual way, or another line is
    /// left to [`step`](Self::step), which tells the same of these two.
    #[inline(always)]
    pub(crate) fn whole(&mut self, pending: &[u8]) -> Option<(Kind, usize)> {
        let expect = self.expect.as_mut()?;
        if self.state != State::Line || self.stale != 0 || expect.ending.is_some() {
            return None;
        }
        let found = match expect.data {
            DataPhase::Announced { ref header, at_most } if header.is_plain() => {
                let text = pending.strip_prefix(b"\r\n")?;
                let prefix = header.prefix.as_bytes();
                let longest = prefix.len() + SHORT;
                // What is short and does not end is cut, most likely. Once is enough: a number may have any number of digits.
                if (text.len() < longest && text.last() != Some(&b'\n')) || self.scanned > longest {
                    return None;
                }
                // Noise would have to be dropped before the name.
                if !text.starts_with(b"+") {
                    return None;
                }
                let (count, rest) = header.count(text.strip_prefix(prefix)?)?;
                let len = pending.len() - rest.strip_prefix(b"\r\n")?.len();
                if count > u64::from(at_most) || len > self.limit {
                    return None;
                }
                expect.data = DataPhase::None;
                self.remaining = count as u32;
                self.unasked = false;
                (Kind::Information, len)
            }
            DataPhase::Announced { .. } | DataPhase::Counted { .. } | DataPhase::AtOnce { .. } => {
                return None;
            }
            _ => {
                let _after = pending.strip_prefix(OK)?;
                self.expect = None;
                (Kind::Final(FinalResultCode::Ok), OK.len())
            }
        };
        self.scanned = 0;
        Some(found)
    }

    /// Looks at `pending`, which begins where the last event ended.
    #[inline(always)]
    pub(crate) fn step<D: Dialect + ?Sized>(&mut self, pending: &[u8], dialect: &D) -> Step {
        if pending.len() <= self.scanned { Step::More } else { self.step_on(pending, dialect) }
    }

    /// There are octets that were not looked at yet.
    #[inline(never)]
    fn step_on<D: Dialect + ?Sized>(&mut self, pending: &[u8], dialect: &D) -> Step {
        let step = self.look(pending, dialect);
        // What was pending when the command began is past with its event.
        if self.stale != 0 {
            self.stale = match step {
                Step::More => self.stale,
                Step::Take { len, .. } | Step::Skip { len } => self.stale.saturating_sub(len),
                Step::Payload => 0,
            };
        }
        step
    }

    #[inline]
    fn look<D: Dialect + ?Sized>(&mut self, pending: &[u8], dialect: &D) -> Step {
        let mut scanned = mem::take(&mut self.scanned);
        self.is_reading_header = false;
        if self.state != State::Line {
            if let Some(step) = self.look_between(pending, scanned) {
                return step;
            }
            scanned = 0;
        }
        self.line(pending, scanned, dialect)
    }

    /// What stands where a line of its own does not begin; `None` if one does.
    #[cold]
    fn look_between(&mut self, pending: &[u8], scanned: usize) -> Option<Step> {
        match self.state {
            State::Line => None,
            State::Continuation => Some(self.continuation(pending, scanned)),
            State::Counted(count) => Some(self.counted(pending, count, scanned)),
            State::Closing => self.closing(pending),
            State::Overlong(discarded) => Some(self.overlong(pending, discarded, scanned)),
        }
    }

    #[inline]
    fn line<D: Dialect + ?Sized>(&mut self, pending: &[u8], scanned: usize, dialect: &D) -> Step {
        // One blank line before the text goes with it.
        let (start, body) = match pending {
            [b'\r', b'\n', body @ ..] => (2, body),
            _ => (0, pending),
        };
        let window = body.get(..self.limit).unwrap_or(body);
        let headers = dialect.headers();
        let early = if self.expect.is_some() && self.stale <= start {
            self.before_line_end(window, start, scanned, headers)
        } else if headers.is_empty() {
            None
        } else {
            self.on_its_line(window, start, scanned, headers, false)
        };
        if let Some(step) = early {
            return step;
        }
        let Some(end) = find(b'\n', window, scanned.saturating_sub(start)) else {
            return self.without_line_end(pending, start + window.len(), window.len());
        };
        let len = start + end + 1;
        let raw = match window.get(..end) {
            Some([raw @ .., b'\r'] | raw) => raw,
            None => window,
        };
        let (raw, len) = match second_line(raw, dialect) {
            Some((first, at)) => {
                // The line end that was found ends the second line.
                self.scanned = end - at;
                self.candidate = usize::MAX;
                (first, start + at)
            }
            None => (raw, len),
        };
        let line = Line::new(trimmed(raw));
        if line.text().is_empty() && raw.trim_ascii().is_empty() {
            // Of two blank lines the second goes with what follows.
            return Step::Take { kind: Kind::Blank, len: if start == 0 { len } else { start } };
        }
        let may_claim = self.expect.is_some() && self.stale <= start + noise(raw);
        let claimed = if may_claim { self.claimed(line, dialect) } else { None };
        let kind = claimed.unwrap_or_else(|| self.unsolicited(line, dialect));
        if kind == Kind::Unsolicited && !headers.is_empty() {
            for (header, at_most) in headers {
                if let Some(count) = header.count_of(line.text()) {
                    return Step::Take { kind: self.announced(*header, count, *at_most, false), len };
                }
            }
        }
        Step::Take { kind, len }
    }

    fn continuation(&mut self, pending: &[u8], scanned: usize) -> Step {
        let window = pending.get(..self.limit).unwrap_or(pending);
        match line_end(window, scanned) {
            Some(end) => {
                self.state = State::Line;
                Step::Take { kind: Kind::Continuation, len: end + 1 }
            }
            None => self.without_line_end(pending, window.len(), window.len()),
        }
    }

    /// A line of `len` octets so far has not ended; `scanned` octets of `pending` need not be looked at again.
    fn without_line_end(&mut self, pending: &[u8], scanned: usize, len: usize) -> Step {
        if len == self.limit {
            return self.overlong(pending, 0, scanned);
        }
        self.scanned = scanned;
        Step::More
    }

    /// What `line` is to the command in flight.
    #[inline(never)]
    fn claimed<D: Dialect + ?Sized>(&mut self, line: Line<'_>, dialect: &D) -> Option<Kind> {
        if self.is_ending(line) {
            self.expect = None;
            return Some(Kind::Final(FinalResultCode::Ok));
        }
        // Every frame of payload begins with a line that opens it, so this is asked first.
        if let Some(kind) = self.open(line) {
            return Some(kind);
        }
        let expect = self.expect.as_mut()?;
        if let Some(code) = FinalResultCode::from_line(line) {
            if code == FinalResultCode::Ok && expect.ending.is_some() {
                return Some(Kind::Information);
            }
            if expect.connection || !code.is_of_connection() {
                self.expect = None;
                return Some(Kind::Final(code));
            }
        }
        if let DataPhase::Invited { line: invitation } = expect.data {
            if line.text() == invitation.as_bytes() {
                expect.data = DataPhase::None;
                return Some(Kind::Prompt(None));
            }
        }
        let claimed = match expect.information {
            Claim::None => false,
            Claim::Named { ref name, accepts } => line.values_of(name).is_some_and(accepts),
            Claim::Text => !dialect.is_unsolicited(line),
        };
        claimed.then_some(Kind::Information)
    }

    /// Opens the data phase that `line` announces or grants.
    #[inline]
    fn open(&mut self, line: Line<'_>) -> Option<Kind> {
        let expect = self.expect.as_mut()?;
        match &expect.data {
            DataPhase::Announced { header, at_most } => {
                let count = header.count_of(line.text())?;
                let (header, at_most) = (*header, *at_most);
                Some(self.announced(header, count, at_most, true))
            }
            DataPhase::Granted { header, at_most } => {
                let count = header.count_of(line.text())?;
                let Some(granted) = u32::try_from(count).ok().filter(|count| count <= at_most) else {
                    return Some(Kind::Excess(count));
                };
                expect.data = DataPhase::None;
                Some(Kind::Prompt(Some(granted)))
            }
            _ => None,
        }
    }

    /// Whether `line` is the one that ends the response in place of a result code.
    #[inline]
    fn is_ending(&self, line: Line<'_>) -> bool {
        let ending = self.expect.as_ref().and_then(|expect| expect.ending.as_ref());
        ending.is_some_and(|ending| line.text().starts_with(ending.as_bytes()))
    }

    /// `header` announces `count` octets of payload, of which `at_most` are believed.
    fn announced(&mut self, header: Header, count: u64, at_most: u32, claimed: bool) -> Kind {
        let Some(count) = u32::try_from(count).ok().filter(|count| *count <= at_most) else {
            return Kind::Excess(count);
        };
        self.remaining = count;
        self.unasked = !claimed;
        if header.end.is_some_and(|end| end.ends_with('"')) {
            self.state = State::Closing;
            self.closes_claimed = claimed;
        }
        if !claimed {
            return Kind::Unsolicited;
        }
        if let Some(expect) = &mut self.expect {
            expect.data = match expect.ending {
                // There may be more frames until then.
                Some(_) => DataPhase::Announced { header, at_most: at_most - count },
                None => DataPhase::None,
            };
        }
        Kind::Information
    }

    fn unsolicited<D: Dialect + ?Sized>(&mut self, line: Line<'_>, dialect: &D) -> Kind {
        if dialect.takes_continuation(line) {
            self.state = State::Continuation;
        }
        Kind::Unsolicited
    }

    /// Payload without a header: one CR LF is past, and only an error can stand in place of the payload.
    fn counted(&mut self, pending: &[u8], count: u32, scanned: usize) -> Step {
        let error = [&b"ERROR\r\n"[..], b"+CME ERROR:", b"+CMS ERROR:"]
            .iter()
            .any(|error| pending.iter().zip(*error).all(|(octet, expected)| octet == expected));
        if error {
            let window = pending.get(..self.limit).unwrap_or(pending);
            match line_end(window, scanned) {
                Some(end) => {
                    let raw = window.get(..=end).unwrap_or(window);
                    if let Some(code) = FinalResultCode::from_line(Line::new(text(raw))) {
                        self.state = State::Line;
                        self.expect = None;
                        return Step::Take { kind: Kind::Final(code), len: raw.len() };
                    }
                }
                None if window.len() < self.limit => {
                    self.scanned = pending.len();
                    return Step::More;
                }
                None => {}
            }
        }
        self.state = State::Line;
        self.remaining = count;
        Step::Payload
    }

    #[cold]
    fn overlong(&mut self, pending: &[u8], discarded: u64, scanned: usize) -> Step {
        let end = line_end(pending, scanned);
        let len = end.map_or(pending.len(), |end| end + 1);
        let discarded = discarded.saturating_add(len as u64);
        if end.is_some() {
            self.state = State::Line;
            Step::Take { kind: Kind::Overlong(discarded), len }
        } else {
            self.state = State::Overlong(discarded);
            Step::Skip { len }
        }
    }
}

/// The line before a second one in `raw` and where that begins, if the line end between them is missing:
/// `+HTTPACTION: 1,200,94+SAPBR: 1,1,"…"` (drivers in the field).
///
/// Each of many such lines is looked at by itself, so that their number makes none of them dearer.
#[inline]
fn second_line<'a, D: Dialect + ?Sized>(raw: &'a [u8], dialect: &D) -> Option<(&'a [u8], usize)> {
    /// The shortest first line has as many octets: `+CFUN:1`.
    const FIRST: usize = 7;
    if !raw.starts_with(b"+") {
        return None;
    }
    let at = find(b'+', raw, FIRST)?;
    let (first, second) = raw.split_at_checked(at)?;
    are_lines(first, second, dialect).then_some((first, at))
}

/// Whether nothing can be missing from `first`, and a name stands at the start of `second`.
#[cold]
fn are_lines<D: Dialect + ?Sized>(first: &[u8], second: &[u8], dialect: &D) -> bool {
    let begins = matches!(second, [b'+', b'A'..=b'Z', ..]) && Line::new(second).name().is_some();
    begins && dialect.is_whole(Line::new(first))
}

#[cfg(test)]
mod tests;
