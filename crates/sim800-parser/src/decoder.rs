//! [`Decoder`]: where the next event ends and what it is.

use core::fmt;
use core::mem;

mod early;

use crate::event::{Kind, noise, text, trimmed};
use crate::header::Progress;
use crate::search::{find, line_end};
use crate::{Claim, DataPhase, Dialect, Event, Expect, FinalResultCode, Header, Line};

/// Turns the octets of the DCE into events, where they lie.
///
/// The input begins where the last event ended and holds all that came since. What is not taken belongs to an event that has
/// not all come: it is shown again, in front of what comes next. So a decoder needs no memory of octets, copies none, and
/// looks at none twice, nor at those of payload at all. [`Framer`](crate::Framer) is the same for octets that do not stay
/// where they are.
///
/// ```
/// use sim800_parser::{DataPhase, Decoder, Event, Expect, FinalResultCode, Header};
///
/// let mut decoder = Decoder::new(1024);
/// decoder.begin(Expect::result().with_data(DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: 1460 }));
/// let (mut buffer, mut seen) = (Vec::new(), Vec::new());
/// for read in [&b"\r\n+FTPGET: 2,5\r\nhel"[..], b"lo\r\nOK\r\n\r\n+FTPGET:", b" 1,0\r\n"] {
///     buffer.extend_from_slice(read);
///     let mut input = &buffer[..];
///     while let Some(event) = decoder.next(&mut input) {
///         match event {
///             Event::Payload { octets, remaining } => seen.push(format!("{}, {remaining} to come", octets.escape_ascii())),
///             Event::Final { code, .. } => seen.push(code.to_string()),
///             Event::Unsolicited(span) => seen.push(span.line().to_string()),
///             _ => {}
///         }
///     }
///     let taken = buffer.len() - input.len();
///     buffer.drain(..taken);
/// }
/// assert_eq!(seen, ["hel, 2 to come", "lo, 0 to come", "OK", "+FTPGET: 1,0"]);
/// ```
pub struct Decoder<D = ()> {
    dialect: D,
    /// Payload octets that are still to come.
    remaining: u32,
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
}

/// What the octets that are shown begin with, and how many of them it is; `None` as long as that cannot be told.
pub(crate) type Found = Option<(Kind, usize)>;

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

/// The module's lines are not all shorter.
const LEAST: usize = 64 - SLACK;

/// How much longer than the limit a span can be: the blank line before it and one octet of lookahead.
pub(crate) const SLACK: usize = 3;

impl Decoder {
    /// A decoder with no command in flight, that knows no unsolicited line. Lines longer than `limit` octets, line end included,
    /// are reported as [`Event::Overlong`], and the next line is read as usual; less than 61 is taken for 61.
    ///
    /// The input has to hold three octets more than that: a blank line before it, and one that tells where an echo ends.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self::with_dialect(limit, ())
    }
}

impl<D> Decoder<D> {
    /// The same with the unsolicited lines of `dialect`.
    #[must_use]
    pub const fn with_dialect(limit: usize, dialect: D) -> Self {
        Self {
            dialect,
            remaining: 0,
            scanned: 0,
            limit: if limit < LEAST { LEAST } else { limit },
            state: State::Line,
            expect: None,
            stale: 0,
            unasked: false,
            closes_claimed: false,
            candidate: 0,
            progress: Progress::START,
        }
    }

    /// What is known of unsolicited lines; it may change between two lines.
    pub const fn dialect(&mut self) -> &mut D {
        &mut self.dialect
    }

    /// A command was sent: from now on its response is expected, until a final result code or [`abandon`](Self::abandon).
    ///
    /// No response comes before its command, so a line whose beginning [`next`](Self::next) has seen is none of it. Take the
    /// events of what came before first: what was not shown by now counts as what comes later.
    pub fn begin(&mut self, expect: Expect) {
        self.expect = Some(expect);
        self.stale = self.scanned;
        self.closes_claimed = false;
    }

    /// Gives up on the command in flight: what comes of it later is unsolicited text.
    pub fn abandon(&mut self) {
        if !self.unasked {
            self.remaining = 0;
        }
        self.expect = None;
        self.closes_claimed = false;
        if let State::Counted(_) = self.state {
            self.state = State::Line;
        }
    }

    /// Whatever was shown is past, and the next octet begins a line: for data that nothing counts and the driver cuts itself,
    /// and for a line that is to be read anew under another expectation.
    pub fn begin_line(&mut self) {
        self.scanned = 0;
        self.stale = 0;
        self.state = State::Line;
    }

    /// The last `len` octets of payload were not taken after all and will be shown again: for who waits until
    /// [`remaining`](Self::remaining) octets are there.
    #[inline]
    pub const fn put_back(&mut self, len: u32) {
        self.remaining = self.remaining.saturating_add(len);
    }

    /// The payload that is to come, which the decoder does not know of until it is [put back](Self::put_back).
    pub(crate) const fn hold_back(&mut self) -> u32 {
        mem::replace(&mut self.remaining, 0)
    }

    /// Payload octets of the open data phase that are still to come.
    #[inline]
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Whether a command is in flight.
    #[must_use]
    pub const fn in_flight(&self) -> bool {
        self.expect.is_some()
    }
}

impl<D: Dialect> Decoder<D> {
    /// The next event of `input`, which is moved on past it.
    ///
    /// `None` when `input` holds no more than the beginning of an event.
    #[inline(always)]
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Option<Event<'i>> {
        let event = self.inside_payload(input);
        if event.is_some() || input.is_empty() { event } else { self.event(input) }
    }

    /// The next event of an `input` that holds something and is not [inside payload](Self::inside_payload).
    #[inline(always)]
    pub(crate) fn event<'i>(&mut self, input: &mut &'i [u8]) -> Option<Event<'i>> {
        loop {
            if self.remaining != 0 {
                let (_, len) = self.payload(input.len());
                let octets = split(input, len)?;
                return Some(Event::Payload { octets, remaining: self.remaining });
            }
            // Of what is found here the kind is known, so that nothing is to be told apart once more.
            if let Some((kind, len)) = self.line_of_frame(input) {
                return kind.event(split(input, len)?);
            }
            let (kind, len) = self.look(input)?;
            let octets = split(input, len)?;
            if let Some(event) = kind.event(octets) {
                return Some(event);
            }
        }
    }

    /// All of `input`, if payload goes on behind it: most reads lie inside the payload.
    #[inline(always)]
    pub(crate) fn inside_payload<'i>(&mut self, input: &mut &'i [u8]) -> Option<Event<'i>> {
        if input.is_empty() || input.len() >= self.remaining as usize {
            return None;
        }
        self.remaining -= input.len() as u32;
        Some(Event::Payload { octets: mem::take(input), remaining: self.remaining })
    }

    /// What `pending`, which holds something, begins with, where the last event ended.
    #[inline(always)]
    pub(crate) fn find(&mut self, pending: &[u8]) -> Found {
        if self.remaining != 0 {
            return Some(self.payload(pending.len()));
        }
        if pending.len() <= self.scanned {
            return None;
        }
        self.line_of_frame(pending).or_else(|| self.look(pending))
    }

    /// The payload among the next `held` octets.
    #[inline(always)]
    fn payload(&mut self, held: usize) -> (Kind, usize) {
        let len = held.min(self.remaining as usize);
        self.remaining -= len as u32;
        (Kind::Payload(self.remaining), len)
    }

    /// There are octets that were not looked at yet, and they are not a line of a frame.
    #[inline(never)]
    fn look(&mut self, pending: &[u8]) -> Found {
        if pending.len() <= self.scanned {
            return None;
        }
        let mut scanned = mem::take(&mut self.scanned);
        let found = 'found: {
            if self.state != State::Line {
                if let Some(found) = self.between_lines(pending, scanned) {
                    break 'found found;
                }
                scanned = 0;
            }
            self.line(pending, scanned)
        };
        // What was pending when the command began is past with its event.
        if self.stale != 0 {
            self.stale = self.stale.saturating_sub(found.map_or(0, |(_, len)| len));
        }
        found
    }

    /// What stands where a line of its own does not begin; `None` if one does.
    #[cold]
    fn between_lines(&mut self, pending: &[u8], scanned: usize) -> Option<Found> {
        match self.state {
            State::Line => None,
            State::Continuation => Some(self.continuation(pending, scanned)),
            State::Counted(count) => Some(self.counted(pending, count, scanned)),
            State::Closing => self.closing(pending),
            State::Overlong(discarded) => Some(self.overlong(pending, discarded, scanned)),
        }
    }

    #[inline]
    fn line(&mut self, pending: &[u8], scanned: usize) -> Found {
        // One blank line before the text goes with it.
        let (start, body) = match pending {
            [b'\r', b'\n', body @ ..] => (2, body),
            _ => (0, pending),
        };
        let window = body.get(..self.limit).unwrap_or(body);
        if let Some(early) = self.before_line_end(window, start, scanned) {
            return early;
        }
        let Some(end) = find(b'\n', window, scanned.saturating_sub(start)) else {
            return self.without_line_end(pending, start + window.len(), window.len());
        };
        let len = start + end + 1;
        let raw = match window.get(..end) {
            Some([raw @ .., b'\r'] | raw) => raw,
            None => window,
        };
        let (raw, len) = match self.second_line(raw) {
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
            return Some((Kind::Blank, if start == 0 { len } else { start }));
        }
        let is_later = self.stale <= start || self.stale <= start + noise(raw);
        let may_claim = self.expect.is_some() && is_later;
        let claimed = if may_claim { self.claimed(line) } else { None };
        let kind = claimed.unwrap_or_else(|| self.unsolicited(line));
        Some((kind, len))
    }

    fn continuation(&mut self, pending: &[u8], scanned: usize) -> Found {
        let window = pending.get(..self.limit).unwrap_or(pending);
        match line_end(window, scanned) {
            Some(end) => {
                self.state = State::Line;
                Some((Kind::Continuation, end + 1))
            }
            None => self.without_line_end(pending, window.len(), window.len()),
        }
    }

    /// A line of `len` octets so far has not ended; `scanned` octets of `pending` need not be looked at again.
    fn without_line_end(&mut self, pending: &[u8], scanned: usize, len: usize) -> Found {
        if len == self.limit {
            return self.overlong(pending, 0, scanned);
        }
        self.scanned = scanned;
        None
    }

    /// What `line` is to the command in flight.
    #[inline(never)]
    fn claimed(&mut self, line: Line<'_>) -> Option<Kind> {
        if let Some(code) = self.ending(line) {
            self.expect = None;
            return Some(Kind::Final(code));
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
            Claim::Text => !self.dialect.is_unsolicited(self.behind_echo(line)),
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

    /// How `line` ends the response in place of a result code, if it does.
    #[inline]
    fn ending(&self, line: Line<'_>) -> Option<FinalResultCode> {
        self.expect.as_ref()?.ending.as_ref()?.code(line)
    }

    /// A data phase opens, of the command in flight unless it is `unasked`.
    #[inline(always)]
    fn begin_payload(&mut self, count: u32, unasked: bool) {
        self.remaining = count;
        self.unasked = unasked;
    }

    /// `header` announces `count` octets of payload, of which `at_most` are believed.
    fn announced(&mut self, header: Header, count: u64, at_most: u32, claimed: bool) -> Kind {
        let Some(count) = u32::try_from(count).ok().filter(|count| *count <= at_most) else {
            return Kind::Excess(count);
        };
        self.begin_payload(count, !claimed);
        // The payload of what was pending when the command began may have been pending as well.
        self.stale = self.stale.saturating_sub(count as usize);
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

    /// What the dialect is asked about. An echo ends in CR alone: one that is not known again, for it was damaged, stands before the line
    /// where the DCE sends no empty one between them.
    #[inline]
    fn behind_echo<'l>(&self, line: Line<'l>) -> Line<'l> {
        if self.expect.is_some() {
            Line::new(line.text().rsplit(|octet| *octet == b'\r').next().unwrap_or_default())
        } else {
            line
        }
    }

    fn unsolicited(&mut self, line: Line<'_>) -> Kind {
        let pushed = self
            .dialect
            .headers()
            .iter()
            .find_map(|(header, at_most)| Some((*header, header.count_of(line.text())?, *at_most)));
        if self.dialect.takes_continuation(self.behind_echo(line)) {
            self.state = State::Continuation;
        }
        pushed.map_or(Kind::Unsolicited, |(header, count, at_most)| {
            self.announced(header, count, at_most, false)
        })
    }

    /// Payload without a header: one CR LF is past, and only an error can stand in place of the payload.
    fn counted(&mut self, pending: &[u8], count: u32, scanned: usize) -> Found {
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
                        return Some((Kind::Final(code), raw.len()));
                    }
                }
                None if window.len() < self.limit => {
                    self.scanned = pending.len();
                    self.candidate = usize::MAX;
                    return None;
                }
                None => {}
            }
        }
        self.state = State::Line;
        self.begin_payload(count, false);
        Some(self.payload(pending.len()))
    }

    #[cold]
    fn overlong(&mut self, pending: &[u8], discarded: u64, scanned: usize) -> Found {
        let end = line_end(pending, scanned);
        let len = end.map_or(pending.len(), |end| end + 1);
        let discarded = discarded.saturating_add(len as u64);
        if end.is_some() {
            self.state = State::Line;
            Some((Kind::Overlong(discarded), len))
        } else {
            self.state = State::Overlong(discarded);
            Some((Kind::Dropped, len))
        }
    }

    /// The line before a second one in `raw` and where that begins, if the line end between them is missing:
    /// `+HTTPACTION: 1,200,94+SAPBR: 1,1,"…"` (drivers in the field).
    ///
    /// Each of many such lines is looked at by itself, so that their number makes none of them dearer.
    #[inline]
    fn second_line<'l>(&self, raw: &'l [u8]) -> Option<(&'l [u8], usize)> {
        /// The shortest first line has as many octets: `+CFUN:1`.
        const FIRST: usize = 7;
        if !raw.starts_with(b"+") {
            return None;
        }
        let at = find(b'+', raw, FIRST)?;
        let (first, second) = raw.split_at_checked(at)?;
        self.are_lines(first, second).then_some((first, at))
    }

    /// Whether nothing can be missing from `first`, and a name stands at the start of `second`.
    #[cold]
    fn are_lines(&self, first: &[u8], second: &[u8]) -> bool {
        let begins = matches!(second, [b'+', b'A'..=b'Z', ..]) && Line::new(second).name().is_some();
        begins && self.dialect.is_whole(Line::new(first))
    }
}

/// Takes the first `len` octets of `input`.
#[inline(always)]
fn split<'i>(input: &mut &'i [u8], len: usize) -> Option<&'i [u8]> {
    let (octets, rest) = input.split_at_checked(len)?;
    *input = rest;
    Some(octets)
}

impl<D: Default> Default for Decoder<D> {
    /// With lines of 1024 octets.
    fn default() -> Self {
        Self::with_dialect(1024, D::default())
    }
}

impl<D> fmt::Debug for Decoder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("state", &self.state)
            .field("remaining", &self.remaining)
            .field("expect", &self.expect)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
