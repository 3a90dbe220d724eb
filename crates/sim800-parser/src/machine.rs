//! The state machine under [`Framer`](crate::Framer) and `Decoder`: where the next event ends and what it is.
//!
//! It is shown the octets from the start of an event on, as many as there are, and remembers how far it has looked,
//! so no octet is looked at twice and none of the payload is looked at at all.

use crate::event::{Kind, text};
use crate::{Claim, DataPhase, Expect, FinalResultCode, Line, Unsolicited};

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
    /// The command in flight, if there is one.
    expect: Option<Expect>,
    /// The echo may still come.
    echo: bool,
    /// The data phase of the command is still to come.
    data: bool,
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

impl Machine {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { remaining: 0, scanned: 0, limit, state: State::Line, expect: None, echo: false, data: false }
    }

    pub(crate) fn begin(&mut self, expect: Expect) {
        self.echo = expect.echo;
        self.data = expect.data != DataPhase::None;
        self.expect = Some(expect);
    }

    pub(crate) fn abandon(&mut self) {
        self.remaining = 0;
        self.expect = None;
        self.echo = false;
        self.data = false;
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
            return core::mem::take(input);
        }
        let (octets, rest) = input.split_at_checked(self.remaining as usize).unwrap_or_default();
        self.remaining = 0;
        *input = rest;
        octets
    }

    /// Looks at `pending`, which begins where the last event ended.
    #[inline(always)]
    pub(crate) fn step(&mut self, pending: &[u8]) -> Step {
        if pending.len() <= self.scanned {
            return Step::More;
        }
        let step = match (self.state, pending) {
            (State::Line, [b'\r', b'\n', body @ ..]) => match &self.expect {
                Some(Expect { data: DataPhase::Counted { count: count @ 1.. }, .. }) if self.data => {
                    self.data = false;
                    self.state = State::Counted(*count);
                    Step::Take { kind: Kind::Blank, len: 2 }
                }
                // Every response ends in a line, most of them in this one.
                Some(_) if self.scanned == 0 && body.starts_with(b"OK\r\n") => {
                    self.finish();
                    Step::Take { kind: Kind::Final(FinalResultCode::Ok), len: 6 }
                }
                _ => self.line(pending, body, 2),
            },
            (State::Line | State::Continuation, _) => self.line(pending, pending, 0),
            (State::Counted(count), _) => self.counted(pending, count),
            (State::Overlong(discarded), _) => self.overlong(pending, discarded),
        };
        if !matches!(step, Step::More) {
            self.scanned = 0;
        }
        step
    }

    /// A line whose text is in `body`, from `start` on; what stands before is one blank line.
    fn line(&mut self, pending: &[u8], body: &[u8], start: usize) -> Step {
        let window = body.get(..self.limit).unwrap_or(body);
        if let Some(step) = self.before_line_end(window, start) {
            return step;
        }
        let from = self.scanned.saturating_sub(start);
        let Some(end) = find(b'\n', window, from) else {
            self.scanned = start + window.len();
            if window.len() == self.limit {
                return self.overlong(pending, 0);
            }
            return Step::More;
        };
        let len = start + end + 1;
        if self.state == State::Continuation {
            self.state = State::Line;
            return Step::Take { kind: Kind::Continuation, len };
        }
        let raw = window.get(..end).unwrap_or(window);
        let text = text(raw);
        if text.is_empty() && raw.trim_ascii().is_empty() {
            // Of two blank lines the second goes with what follows.
            return Step::Take { kind: Kind::Blank, len: if start == 0 { len } else { start } };
        }
        Step::Take { kind: self.classify(Line::new(text)), len }
    }

    /// The two events that do not wait for LF: the prompt `>` and the echo, which ends in CR alone.
    #[inline]
    fn before_line_end(&mut self, window: &[u8], start: usize) -> Option<Step> {
        if self.state == State::Continuation {
            return None;
        }
        match window {
            [b'>', ..]
                if self.data && matches!(self.expect, Some(Expect { data: DataPhase::Prompted, .. })) =>
            {
                self.data = false;
                Some(Step::Take { kind: Kind::Prompt(None), len: start + 1 })
            }
            [b'A' | b'a', b'T' | b't', ..] if self.echo => {
                let from = self.scanned.saturating_sub(start).max(2);
                let end = window.iter().skip(from).position(|octet| matches!(octet, b'\r' | b'\n'))? + from;
                match window.get(end..)? {
                    [b'\r', b'\n', ..] | [b'\n', ..] => None,
                    [b'\r', _, ..] => {
                        self.echo = false;
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
            _ => None,
        }
    }

    fn classify(&mut self, line: Line<'_>) -> Kind {
        let Some(expect) = &self.expect else { return self.unsolicited(line) };
        let (data, information) = (expect.data, expect.information);
        if let Some(code) = FinalResultCode::from_line(line) {
            if expect.connection || !code.is_of_connection() {
                self.finish();
                return Kind::Final(code);
            }
        }
        if self.data {
            if let Some(kind) = self.open(data, line) {
                return kind;
            }
        }
        let claimed = match information {
            Claim::None => false,
            Claim::Named { name, accepts } => line.name() == Some(name) && accepts(line.values()),
            Claim::Text => matches!(Unsolicited::from(line), Unsolicited::Other(_)),
        };
        if claimed { Kind::Information } else { self.unsolicited(line) }
    }

    /// Opens the data phase that `line` announces, invites or grants.
    #[inline]
    fn open(&mut self, data: DataPhase, line: Line<'_>) -> Option<Kind> {
        let (name, selector, at_most) = match data {
            DataPhase::Announced { name, selector, at_most } => (name, selector, at_most),
            DataPhase::Granted { name, selector, at_most } => (name, Some(selector), at_most),
            DataPhase::Invited { line: invitation } if line.text() == invitation.as_bytes() => {
                self.data = false;
                return Some(Kind::Prompt(None));
            }
            _ => return None,
        };
        let announced = count(line, name, selector)?;
        let Some(count) = u32::try_from(announced).ok().filter(|count| *count <= at_most) else {
            return Some(Kind::Excess(announced));
        };
        self.data = false;
        Some(match data {
            DataPhase::Granted { .. } => Kind::Prompt(Some(count)),
            _ => {
                self.remaining = count;
                Kind::Information
            }
        })
    }

    fn unsolicited(&mut self, line: Line<'_>) -> Kind {
        if matches!(line.text(), [b'+', b'C', b'M' | b'B' | b'D', ..])
            && Unsolicited::from(line).takes_continuation()
        {
            self.state = State::Continuation;
        }
        Kind::Unsolicited
    }

    /// Payload without a header: one CR LF is past, and only an error can stand in place of the payload.
    fn counted(&mut self, pending: &[u8], count: u32) -> Step {
        let error = [&b"ERROR\r\n"[..], b"+CME ERROR:", b"+CMS ERROR:"]
            .iter()
            .any(|error| pending.iter().zip(*error).all(|(octet, expected)| octet == expected));
        if error {
            let window = pending.get(..self.limit).unwrap_or(pending);
            match find(b'\n', window, self.scanned) {
                Some(end) => {
                    let raw = window.get(..=end).unwrap_or(window);
                    if let Some(code) = FinalResultCode::from_line(Line::new(text(raw))) {
                        self.state = State::Line;
                        self.finish();
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

    fn overlong(&mut self, pending: &[u8], discarded: u64) -> Step {
        let line_end = find(b'\n', pending, self.scanned);
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

    fn finish(&mut self) {
        self.expect = None;
        self.echo = false;
        self.data = false;
    }
}

/// The count that `line` gives, if it has this name and selector: `+HTTPREAD: <n>`, `+FTPGET: 2,<n>`.
///
/// Every frame of payload begins with such a line, so it is matched by hand instead of by the grammar of all lines; a
/// test holds the two together.
fn count(line: Line<'_>, name: &str, selector: Option<u32>) -> Option<u64> {
    let mut text = line.text().strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
    if let Some(selector) = selector {
        if digits(&mut text)? != u64::from(selector) {
            return None;
        }
        text = text.strip_prefix(b",")?;
    }
    let count = digits(&mut text)?;
    text.is_empty().then_some(count)
}

/// A number and the blanks around it; `u64::MAX` when it does not fit.
#[inline]
fn digits(text: &mut &[u8]) -> Option<u64> {
    let mut rest = text.trim_ascii_start();
    let mut number = 0_u64;
    let [b'0'..=b'9', ..] = rest else { return None };
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        rest = after;
    }
    *text = rest.trim_ascii_start();
    Some(number)
}

/// The place of the first `octet` in `octets` from `from` on, looked for eight octets at a time. Lines are short: calling
/// a vectorised search costs more than it saves.
#[inline]
pub(crate) fn find(octet: u8, octets: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let octets = octets.get(from..)?;
    let mut place = 0;
    let mut rest = octets;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        // An octet of the difference is zero where the word has the octet; the lowest such is found without fail.
        let difference = u64::from_le_bytes(*word) ^ (ONES * u64::from(octet));
        let zeros = difference.wrapping_sub(ONES) & !difference & HIGHS;
        if zeros != 0 {
            place += (zeros.trailing_zeros() / 8) as usize;
            looked(place + 1);
            return Some(from + place);
        }
        place += 8;
        rest = after;
    }
    let found = rest.iter().position(|other| *other == octet);
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

    use super::{count, find};
    use crate::{DataPhase, Expect, Framer, Line, Value};

    std::thread_local!(pub(super) static LOOKED: Cell<usize> = const { Cell::new(0) });

    #[test]
    fn the_first_octet_is_found() {
        for len in 0..40 {
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
    fn headers_are_read_as_the_grammar_reads_lines() {
        for text in [
            "+FTPGET: 2,50",
            "+FTPGET:2,50",
            "+FTPGET:  2 , 50 ",
            "+FTPGET: 2",
            "+FTPGET: 2,",
            "+FTPGET: 2,50,1",
            "+FTPGET: 1,50",
            "+FTPGET: 2,x",
            "+FTPGET: 2,5x",
            "+FTPGET: 2,\"50\"",
            "+FTPGET: ,50",
            "+FTPGET:",
            "+FTPGE: 2,50",
            "+FTPGET 2,50",
            "+FTPGET: 2,18446744073709551615",
            "+FTPGET: 02,0050",
            "+FTPGET: 2 2,50",
            "+FTPGET: 2,5 0",
            "+FTPGETX: 2,50",
        ] {
            let line = Line::new(text.as_bytes());
            let mut values = line.values();
            let read = match (line.name(), values.next(), values.next(), values.next()) {
                (Some("+FTPGET"), Some(Value::Number(2)), Some(Value::Number(count)), None) => Some(count),
                _ => None,
            };
            assert_eq!(count(line, "+FTPGET", Some(2)), read, "{text}");
        }
        let huge = Line::new(b"+FTPGET: 2,99999999999999999999");
        assert_eq!(count(huge, "+FTPGET", Some(2)), Some(u64::MAX));
    }

    fn look(octets: &[u8], read: usize, begin: Option<Expect>) -> usize {
        let mut framer: Framer<4096> = Framer::new();
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
        let line = [vec![b'x'; 4000], b"\r\n".to_vec()].concat();
        for read in [1, 16, 5000] {
            assert!(look(&line, read, None) <= 2 * line.len(), "reads of {read}");
        }
        let endless = vec![b'x'; 100_000];
        assert!(look(&endless, 1, None) <= endless.len() + 2 * 4096);
    }

    #[test]
    fn payload_is_not_looked_at() {
        for count in [1024, 300_000] {
            let data = DataPhase::Announced { name: "+HTTPREAD", selector: None, at_most: count };
            let frame = [
                format!("\r\n+HTTPREAD: {count:06}\r\n").into_bytes(),
                vec![b'\n'; count as usize],
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
