//! The state machine under [`Framer`](crate::Framer) and `Decoder`: where the next event ends and what it is.
//!
//! It is shown the octets from the start of an event on, as many as there are, and remembers how far it has looked,
//! so no octet is looked at twice and none of the payload is looked at at all.

use core::mem;

use crate::event::{Kind, noise, text, trimmed};
use crate::header::count;
use crate::{Claim, DataPhase, Dialect, Expect, FinalResultCode, Line};

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Line,
    /// The second line of an unsolicited one.
    Continuation,
    /// Payload without a header, or an error in its place.
    Counted(u32),
    /// The rest of a line that is too long, with the octets dropped so far.
    Overlong(u64),
}

/// How much longer than the limit a span can be: the blank line before it and one octet of lookahead.
pub(crate) const SLACK: usize = 3;

/// The result code of most responses, with the blank line before it.
pub(crate) const OK: &[u8] = b"\r\nOK\r\n";

/// What follows the name in the longest header: `: 2,4294967295` and the line end.
const SHORT: usize = 16;

impl Machine {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { remaining: 0, scanned: 0, limit, state: State::Line, expect: None, stale: 0 }
    }

    pub(crate) fn begin(&mut self, expect: Expect) {
        self.expect = Some(expect);
        self.stale = self.scanned;
    }

    pub(crate) fn abandon(&mut self) {
        self.remaining = 0;
        self.expect = None;
        if let State::Counted(_) = self.state {
            self.state = State::Line;
        }
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

    /// The two lines of every frame, `+FTPGET: 2,<n>` and `OK`, where no read has cut them: what they are, and how long.
    ///
    /// They are read without looking for the line end first. What is cut, written in an unusual way, or another line is
    /// left to [`step`](Self::step), which tells the same of these two. `ended`: the last octet is the line end.
    #[inline(always)]
    pub(crate) fn whole(&mut self, pending: &[u8], ended: bool) -> Option<(Kind, usize)> {
        if self.state != State::Line || self.stale != 0 || (self.scanned != 0 && !ended) {
            return None;
        }
        let expect = self.expect.as_mut()?;
        let found = match expect.data {
            DataPhase::Announced { name, selector, at_most } => {
                let text = pending.strip_prefix(b"\r\n")?;
                // Noise would have to be dropped before the name, and what is this short is cut, most likely.
                if (text.len() < name.len() + SHORT && !ended) || !text.starts_with(b"+") {
                    return None;
                }
                let (count, rest) = count(text, name, selector)?;
                let len = pending.len() - rest.strip_prefix(b"\r\n")?.len();
                if count > u64::from(at_most) || len > self.limit {
                    return None;
                }
                expect.data = DataPhase::None;
                self.remaining = count as u32;
                (Kind::Information, len)
            }
            DataPhase::Counted { count: 1.. } => return None,
            _ => {
                let _after = pending.strip_prefix(OK)?;
                self.expect = None;
                (Kind::Final(FinalResultCode::Ok), OK.len())
            }
        };
        if ended {
            self.scanned = 0;
        }
        Some(found)
    }

    /// Looks at `pending`, which begins where the last event ended.
    ///
    /// The dialect is asked about few lines, so it is no parameter of the type: the machine is there once.
    #[inline(always)]
    pub(crate) fn step(&mut self, pending: &[u8], dialect: &dyn Dialect) -> Step {
        if pending.len() <= self.scanned { Step::More } else { self.step_on(pending, dialect) }
    }

    /// There are octets that were not looked at yet.
    #[inline(never)]
    fn step_on(&mut self, pending: &[u8], dialect: &dyn Dialect) -> Step {
        if self.stale == 0 {
            self.look::<false>(pending, dialect)
        } else {
            self.step_on_stale(pending, dialect)
        }
    }

    /// The same where some of the octets came before the command in flight.
    #[cold]
    #[inline(never)]
    fn step_on_stale(&mut self, pending: &[u8], dialect: &dyn Dialect) -> Step {
        let step = self.look::<true>(pending, dialect);
        match step {
            Step::More => {}
            Step::Take { len, .. } | Step::Skip { len } => self.stale = self.stale.saturating_sub(len),
            Step::Payload => self.stale = 0,
        }
        step
    }

    #[inline]
    fn look<const STALE: bool>(&mut self, pending: &[u8], dialect: &dyn Dialect) -> Step {
        let scanned = mem::take(&mut self.scanned);
        match self.state {
            State::Line => self.line::<STALE>(pending, scanned, dialect),
            State::Continuation => self.continuation(pending, scanned),
            State::Counted(count) => self.counted(pending, count, scanned),
            State::Overlong(discarded) => self.overlong(pending, discarded, scanned),
        }
    }

    #[inline]
    fn line<const STALE: bool>(&mut self, pending: &[u8], scanned: usize, dialect: &dyn Dialect) -> Step {
        // One blank line before the text goes with it.
        let (start, body) = match pending {
            [b'\r', b'\n', body @ ..] => (2, body),
            _ => (0, pending),
        };
        let window = body.get(..self.limit).unwrap_or(body);
        if self.expect.is_some() && (!STALE || self.stale <= start) {
            if let Some(step) = self.before_line_end(window, start, scanned) {
                return step;
            }
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
                (first, start + at)
            }
            None => (raw, len),
        };
        let line = Line::new(trimmed(raw));
        if line.text().is_empty() && raw.trim_ascii().is_empty() {
            // Of two blank lines the second goes with what follows.
            return Step::Take { kind: Kind::Blank, len: if start == 0 { len } else { start } };
        }
        let is_stale = STALE && self.stale > start + noise(raw);
        let kind = if is_stale { self.unsolicited(line, dialect) } else { self.classify(line, dialect) };
        Step::Take { kind, len }
    }

    fn continuation(&mut self, pending: &[u8], scanned: usize) -> Step {
        let window = pending.get(..self.limit).unwrap_or(pending);
        match find(b'\n', window, scanned) {
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

    /// What does not wait for LF: payload without a header, the prompt `>`, and the echo, which ends in CR alone.
    #[inline(never)]
    fn before_line_end(&mut self, window: &[u8], start: usize, scanned: usize) -> Option<Step> {
        let expect = self.expect.as_mut()?;
        match (window, expect.data) {
            (_, DataPhase::Counted { count: count @ 1.. }) if start > 0 && self.stale == 0 => {
                expect.data = DataPhase::None;
                self.state = State::Counted(count);
                Some(Step::Take { kind: Kind::Blank, len: start })
            }
            ([b'>', ..], DataPhase::Prompted) => {
                expect.data = DataPhase::None;
                Some(Step::Take { kind: Kind::Prompt(None), len: start + 1 })
            }
            ([b'A' | b'a', b'T' | b't', ..], _) if expect.echo => self.echo(window, start, scanned),
            _ => None,
        }
    }

    fn echo(&mut self, window: &[u8], start: usize, scanned: usize) -> Option<Step> {
        let from = scanned.saturating_sub(start).max(2);
        let end = window.iter().skip(from).position(|octet| matches!(octet, b'\r' | b'\n'))? + from;
        match window.get(end..)? {
            [b'\r', b'\n', ..] | [b'\n', ..] => None,
            [b'\r', _, ..] => {
                self.expect.as_mut()?.echo = false;
                Some(Step::Take { kind: Kind::Echo, len: start + end + 1 })
            }
            // The octet after CR decides; at the limit there is no room for it.
            _ if window.len() < self.limit => {
                self.scanned = start + end;
                Some(Step::More)
            }
            _ => None,
        }
    }

    #[inline]
    fn classify(&mut self, line: Line<'_>, dialect: &dyn Dialect) -> Kind {
        let claimed = if self.expect.is_some() { self.claimed(line, dialect) } else { None };
        claimed.unwrap_or_else(|| self.unsolicited(line, dialect))
    }

    /// What `line` is to the command in flight.
    #[inline(never)]
    fn claimed(&mut self, line: Line<'_>, dialect: &dyn Dialect) -> Option<Kind> {
        // Every frame of payload begins with a line that opens it, so this is asked first.
        if let Some(kind) = self.open(line) {
            return Some(kind);
        }
        let expect = self.expect.as_mut()?;
        if let Some(code) = FinalResultCode::from_line(line) {
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
            Claim::Named { name, accepts } => line.values_of(name).is_some_and(accepts),
            Claim::Text => !dialect.is_unsolicited(line),
        };
        claimed.then_some(Kind::Information)
    }

    /// Opens the data phase that `line` announces or grants.
    #[inline]
    fn open(&mut self, line: Line<'_>) -> Option<Kind> {
        let expect = self.expect.as_mut()?;
        let (name, selector, at_most) = match expect.data {
            DataPhase::Announced { name, selector, at_most } => (name, selector, at_most),
            DataPhase::Granted { name, selector, at_most } => (name, Some(selector), at_most),
            _ => return None,
        };
        let (announced, []) = count(line.text(), name, selector)? else { return None };
        let Some(count) = u32::try_from(announced).ok().filter(|count| *count <= at_most) else {
            return Some(Kind::Excess(announced));
        };
        if let DataPhase::Granted { .. } = mem::replace(&mut expect.data, DataPhase::None) {
            return Some(Kind::Prompt(Some(count)));
        }
        self.remaining = count;
        Some(Kind::Information)
    }

    fn unsolicited(&mut self, line: Line<'_>, dialect: &dyn Dialect) -> Kind {
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
            match find(b'\n', window, scanned) {
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
        let line_end = find(b'\n', pending, scanned);
        let len = line_end.map_or(pending.len(), |end| end + 1);
        let discarded = discarded.saturating_add(len as u64);
        if line_end.is_some() {
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
fn second_line<'a>(raw: &'a [u8], dialect: &dyn Dialect) -> Option<(&'a [u8], usize)> {
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
fn are_lines(first: &[u8], second: &[u8], dialect: &dyn Dialect) -> bool {
    let begins = matches!(second, [b'+', b'A'..=b'Z', ..]) && Line::new(second).name().is_some();
    begins && dialect.is_whole(Line::new(first))
}

/// The place of the first `octet` in `octets` from `from` on, looked for eight octets at a time. Lines are short: calling
/// a vectorised search costs more than it saves.
#[inline]
pub(crate) fn find(octet: u8, octets: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let octets = octets.get(from..)?;
    let mut rest = octets;
    let found = loop {
        let Some((word, after)) = rest.split_first_chunk::<8>() else {
            break rest.iter().position(|other| *other == octet);
        };
        // An octet of the difference is zero where the word has the octet. Subtracting one borrows for its highest bit
        // there, and first there, but for octets of the difference that have this bit themselves.
        let difference = u64::from_le_bytes(*word) ^ (ONES * u64::from(octet));
        let borrowed = difference.wrapping_sub(ONES) & HIGHS;
        if borrowed != 0 && borrowed & !difference != 0 {
            break Some(((borrowed & !difference).trailing_zeros() / 8) as usize);
        }
        rest = after;
    };
    let place = octets.len() - rest.len();
    looked(found.map_or(octets.len(), |found| place + found + 1));
    Some(from + place + found?)
}

/// Counts the octets that were looked at, so that linear work is a test and not a claim.
#[inline(always)]
fn looked(_octets: usize) {
    #[cfg(test)]
    tests::LOOKED.set(tests::LOOKED.get() + _octets);
}

/// Rule 7.
#[cfg(test)]
mod tests {
    extern crate std;
    use core::cell::Cell;
    use std::format;
    use std::vec;

    use super::{Machine, Step, find};
    use crate::event::Kind;
    use crate::{Claim, DataPhase, Dialect, Expect, FinalResultCode, Framer, Line, Values};

    /// How much of a test is enough for Miri, which takes a thousand times as long.
    const fn much(octets: usize) -> usize {
        if cfg!(miri) { octets / 20 } else { octets }
    }

    std::thread_local!(pub(super) static LOOKED: Cell<usize> = const { Cell::new(0) });

    #[test]
    fn the_first_octet_is_found() {
        for len in 0..if cfg!(miri) { 12 } else { 40 } {
            for place in 0..len {
                for noise in [b'\n' - 1, b'\n' + 1, 0, 0x8A, 0xFF] {
                    let mut octets = vec![noise; len];
                    octets[place] = b'\n';
                    octets[len - 1] = b'\n';
                    for from in 0..=len {
                        let expected =
                            octets.iter().skip(from).position(|octet| *octet == b'\n').map(|at| at + from);
                        assert_eq!(find(b'\n', &octets, from), expected, "{octets:?} from {from}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_two_lines_of_every_frame_are_read_without_a_search() {
        let data = DataPhase::Announced { name: "+FTPGET", selector: Some(2), at_most: 50 };
        let frame = b"\r\n+FTPGET: 2,50\r\n0123456789";
        let in_flight = || {
            let mut machine = Machine::new(64);
            machine.begin(Expect::result().with_data(data));
            machine
        };
        let mut machine = in_flight();
        // Of 25 octets from the name on, 23 could be the beginning of a line that is not all there.
        let short = &frame[..24];
        assert_eq!(machine.whole(short, false), None);
        assert_eq!(machine.whole(&frame[..25], false), Some((Kind::Information, 17)));
        assert_eq!((machine.remaining, machine.whole(frame, false)), (50, None));
        assert_eq!(machine.whole(b"\r\nOK\r\n", false), Some((Kind::Final(FinalResultCode::Ok), 6)));
        assert!(!machine.in_flight());
        assert_eq!(machine.whole(b"\r\nOK\r\n", false), None);

        // Where a read has cut it, it is known to end.
        let mut machine = in_flight();
        assert_eq!(machine.step(&frame[..9], &()), Step::More);
        assert_eq!(machine.whole(&frame[..17], false), None);
        assert_eq!(machine.whole(&frame[..17], true), Some((Kind::Information, 17)));
        assert_eq!(
            machine.step(b"\r\nOK\r\n", &()),
            Step::Take { kind: Kind::Final(FinalResultCode::Ok), len: 6 }
        );

        // What is unusual is left to the search.
        for other in
            ["\r\n+FTPGET: 2,51\r\n", "\r\n+FTPGET: 2,50 \r\n", "+FTPGET: 2,50\r\n", "\r\n +FTPGET: 2,50\r\n"]
        {
            assert_eq!(in_flight().whole(other.as_bytes(), true), None, "{other}");
        }
        let longest = format!("\r\n+FTPGET: 2,{:049}\r\n", 5);
        assert_eq!(in_flight().whole(longest.as_bytes(), true), Some((Kind::Information, 64)));
        let longer = format!("\r\n+FTPGET: 2,{:050}\r\n", 5);
        assert_eq!(in_flight().whole(longer.as_bytes(), true), None);
    }

    /// Knows lines of numbers, and counts what it looks at.
    struct Numbers;

    impl Dialect for Numbers {
        fn is_unsolicited(&self, line: Line<'_>) -> bool {
            super::looked(line.text().len());
            line.name() == Some("+FTPGET")
        }

        fn is_whole(&self, line: Line<'_>) -> bool {
            self.is_unsolicited(line) && line.values().all(|value| value.number().is_some())
        }

        fn takes_continuation(&self, line: Line<'_>) -> bool {
            super::looked(line.text().len());
            false
        }
    }

    /// Accepts two values, and counts what it looks at.
    fn two(values: Values<'_>) -> bool {
        super::looked(values.remainder().len());
        values.count() == 2
    }

    fn look(octets: &[u8], read: usize, begin: Option<Expect>) -> usize {
        look_knowing((), octets, read, begin)
    }

    fn look_knowing(dialect: impl Dialect, octets: &[u8], read: usize, begin: Option<Expect>) -> usize {
        let mut framer = Framer::<4096, _>::with_dialect(dialect);
        if let Some(expect) = begin {
            framer.begin(expect);
        }
        LOOKED.take();
        for mut input in octets.chunks(read) {
            while framer.next(&mut input).is_some() {}
        }
        LOOKED.take()
    }

    #[test]
    fn octets_of_a_line_are_looked_at_once_and_once_more_where_a_read_cut_it() {
        let line = [vec![b'x'; much(4000)], b"\r\n".to_vec()].concat();
        for read in [1, 16, 5000] {
            for begin in [None, Some(Expect::result())] {
                let looked = look(&line, read, begin);
                let once_or_twice = line.len()..=2 * line.len();
                assert!(once_or_twice.contains(&looked), "{looked} octets in reads of {read}");
            }
        }
        // Lines that the module sends unasked are looked through for a second one.
        let known = [b"+FTPGET: 1,".to_vec(), vec![b'0'; much(4000)], b"\r\n".to_vec()].concat();
        let glued = [b"+FTPGET: 1,1".repeat(much(300)), b"\r\n".to_vec()].concat();
        let of_two = Claim::Named { name: "+FTPGET", accepts: two };
        for line in [known, glued] {
            for read in [1, 16, 5000] {
                for claim in [None, Some(Claim::Text), Some(of_two)] {
                    let begin = claim.map(|claim| Expect::result().with_information(claim));
                    let looked = look_knowing(Numbers, &line, read, begin);
                    assert!(looked <= 7 * line.len(), "{looked} octets in reads of {read} under {claim:?}");
                }
            }
        }
        let endless = vec![b'x'; much(100_000)];
        assert!(look(&endless, 1, None) <= endless.len() + 2 * 4096);
    }

    #[test]
    fn payload_is_not_looked_at() {
        for count in [1024, much(300_000)] {
            let data = DataPhase::Announced { name: "+HTTPREAD", selector: None, at_most: count as u32 };
            let frame = [
                format!("\r\n+HTTPREAD: {count:06}\r\n").into_bytes(),
                vec![b'\n'; count],
                b"\r\nOK\r\n".to_vec(),
            ]
            .concat();
            for read in [1, 16, 65_536] {
                let looked = look(&frame, read, Some(Expect::result().with_data(data)));
                assert!(looked <= 60, "{looked} octets in reads of {read}");
            }
        }
    }
}
