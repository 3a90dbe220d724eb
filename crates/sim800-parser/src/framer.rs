//! [`Framer`]: the octets of the DCE as events, without a heap.

use core::fmt;
use core::ops::Range;

use crate::event::Kind;
use crate::machine::{Machine, SLACK, Step};
use crate::search::find;
use crate::{Dialect, Event, Expect};

/// Turns the octets of the DCE into events; needs no heap and copies no payload.
///
/// Payload is handed out as slices of the input, lines whole: from the input, or from a carry of `N` octets where a
/// read cut them. Lines longer than `N` - 3 octets, line end included, are reported as [`Event::Overlong`], and the
/// next line is read as usual.
///
/// ```
/// use sim800_parser::{DataPhase, Event, Expect, FinalResultCode, Framer, Header};
///
/// let mut framer: Framer<256> = Framer::new();
/// framer.begin(Expect::result().with_data(DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: 100 }));
///
/// let mut input: &[u8] = b"\r\n+HTTPREAD: 6\r\n\r\nOK\r\n\r\nOK\r\n";
/// let mut payload = 0;
/// while let Some(event) = framer.next(&mut input) {
///     match event {
///         Event::Payload { octets, .. } => payload += octets.len(),
///         Event::Final { code, .. } => assert_eq!(code, FinalResultCode::Ok),
///         _ => {}
///     }
/// }
/// assert_eq!(payload, 6); // what looked like a result code was counted payload
/// ```
pub struct Framer<const N: usize = 512, D = ()> {
    machine: Machine,
    dialect: D,
    carry: [u8; N],
    /// The octets of the carry that belong to no event yet.
    start: usize,
    end: usize,
}

impl<const N: usize> Framer<N> {
    /// A framer with no command in flight, that knows no unsolicited line.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_dialect(())
    }
}

impl<const N: usize, D> Framer<N, D> {
    /// A framer with no command in flight, that knows the unsolicited lines of `dialect`.
    #[must_use]
    pub const fn with_dialect(dialect: D) -> Self {
        const { assert!(N >= 64, "a carry of less than 64 octets cannot hold the module's lines") };
        Self { machine: Machine::new(N - SLACK), dialect, carry: [0; N], start: 0, end: 0 }
    }

    /// What is known of unsolicited lines; it may change between two lines.
    pub const fn dialect(&mut self) -> &mut D {
        &mut self.dialect
    }

    /// A command was sent: from now on its response is expected, until a final result code or [`abandon`](Self::abandon).
    ///
    /// No response comes before its command, so a line whose beginning is [`pending`](Self::pending) is none of it.
    pub fn begin(&mut self, expect: Expect) {
        self.machine.begin(expect);
    }

    /// Gives up on the command in flight: what comes of it later is unsolicited text.
    pub fn abandon(&mut self) {
        self.machine.abandon();
    }

    /// Whether a command is in flight.
    #[must_use]
    pub const fn in_flight(&self) -> bool {
        self.machine.in_flight()
    }

    /// Payload octets of the open data phase that are still to come.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.machine.remaining
    }

    /// The octets taken from the input that belong to no event yet: the beginning of a line.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        self.carry.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes the octets that belong to no event yet, for data that nothing counts and the driver cuts itself: they come
    /// before what is left of the input.
    ///
    /// The command stays in flight, and the next octet begins a line.
    pub fn take_pending(&mut self) -> &[u8] {
        let place = self.start..self.end;
        self.machine.skip(place.len());
        (self.start, self.end) = (0, 0);
        self.carry.get(place).unwrap_or_default()
    }
}

impl<const N: usize, D: Dialect> Framer<N, D> {
    /// The next event of `input`, which is moved on past what was taken.
    ///
    /// `None` when all of `input` was taken and no further event is complete.
    #[inline(always)]
    pub fn next<'e, 'i: 'e>(&'e mut self, input: &mut &'i [u8]) -> Option<Event<&'e [u8]>> {
        // Most reads lie inside the payload, and nothing is left of them after the first event.
        if input.is_empty() {
            if self.end == 0 {
                return None;
            }
        } else if input.len() < self.machine.remaining as usize {
            debug_assert_eq!(self.end, 0, "payload is never carried");
            let octets = self.machine.take_payload(input);
            return Some(Event::Payload { octets, remaining: self.machine.remaining });
        }
        self.find(input)
    }

    /// Hands the events of `input` to `sink`: the same events as [`next`](Self::next) gives, for less.
    #[inline(always)]
    pub fn feed(&mut self, mut input: &[u8], mut sink: impl FnMut(Event<&[u8]>)) {
        if !input.is_empty() && input.len() < self.machine.remaining as usize {
            debug_assert_eq!(self.end, 0, "payload is never carried");
            let octets = self.machine.take_payload(&mut input);
            return sink(Event::Payload { octets, remaining: self.machine.remaining });
        }
        self.feed_lines(input, sink);
    }

    /// A read that is not all payload.
    #[inline(never)]
    fn feed_lines(&mut self, mut input: &[u8], mut sink: impl FnMut(Event<&[u8]>)) {
        while self.end != 0 {
            let Some((kind, place)) = self.find_carried(&mut input) else { break };
            sink(kind.event(self.carry.get(place).unwrap_or_default()));
        }
        let mut input = input;
        while !input.is_empty() {
            if self.machine.remaining != 0 {
                let octets = self.machine.take_payload(&mut input);
                sink(Event::Payload { octets, remaining: self.machine.remaining });
            } else if let Some(event) = self.find_whole(&mut input) {
                sink(event);
            }
        }
    }

    /// The next event of a read that is not all payload.
    #[inline]
    fn find<'e, 'i: 'e>(&'e mut self, input: &mut &'i [u8]) -> Option<Event<&'e [u8]>> {
        if self.end != 0 {
            if let Some((kind, place)) = self.find_carried(input) {
                return Some(kind.event(self.carry.get(place)?));
            }
        }
        loop {
            if input.is_empty() {
                return None;
            } else if self.machine.remaining != 0 {
                let octets = self.machine.take_payload(input);
                return Some(Event::Payload { octets, remaining: self.machine.remaining });
            } else if let Some(event) = self.find_whole(input) {
                return Some(event);
            }
        }
    }

    /// The event that `input` begins with, while the carry is empty. `None` when there was only the beginning of one, or
    /// nothing to tell of; `input` is moved on in either case.
    #[inline(always)]
    fn find_whole<'i>(&mut self, input: &mut &'i [u8]) -> Option<Event<&'i [u8]>> {
        if let Some((kind, len)) = self.machine.whole(input) {
            return Some(kind.event(split(input, len)?));
        }
        match self.machine.step(input, &self.dialect) {
            Step::Take { kind, len } => return Some(kind.event(split(input, len)?)),
            Step::Skip { len } => drop(split(input, len)),
            Step::Payload => {}
            // All of the input is the beginning of one event.
            Step::More => *input = self.keep(input, input.len()),
        }
        None
    }

    /// The event that the carry begins with, and its place there. `None` when `input` has no more octets for it, or the
    /// carry was emptied.
    #[inline(never)]
    fn find_carried(&mut self, input: &mut &[u8]) -> Option<(Kind, Range<usize>)> {
        while self.end != 0 {
            let mut pending = self.carry.get(self.start..self.end)?;
            if self.machine.remaining != 0 {
                let len = self.machine.take_payload(&mut pending).len();
                return Some((Kind::Payload(self.machine.remaining), self.release(len)));
            }
            match self.machine.step(pending, &self.dialect) {
                Step::Take { kind, len } => return Some((kind, self.release(len))),
                Step::Skip { len } => drop(self.release(len)),
                Step::Payload => {}
                Step::More if input.is_empty() => return None,
                // Payload is never carried, so not one octet too much is.
                Step::More if self.machine.is_reading_header => *input = self.keep(input, 1),
                Step::More => {
                    let line_end = find(b'\n', input, 0);
                    *input = self.keep(input, line_end.map_or(input.len(), |end| end + 1));
                    if line_end.is_some() {
                        let pending = self.carry.get(self.start..self.end)?;
                        if let Some((kind, len)) = self.machine.whole(pending) {
                            return Some((kind, self.release(len)));
                        }
                    }
                }
            }
        }
        None
    }

    /// Copies up to `len` octets of the input to the carry and gives back the rest. The machine never asks for more than the
    /// carry holds.
    fn keep<'i>(&mut self, input: &'i [u8], len: usize) -> &'i [u8] {
        if self.start > 0 {
            self.carry.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let kept = len.min(N - self.end);
        if let (Some(free), Some((octets, rest))) =
            (self.carry.get_mut(self.end..self.end + kept), input.split_at_checked(kept))
        {
            free.copy_from_slice(octets);
            self.end += kept;
            return rest;
        }
        input
    }

    /// The first `len` octets of the carry became an event. They stay in place while it is borrowed.
    fn release(&mut self, len: usize) -> Range<usize> {
        let place = self.start..self.start + len;
        self.start = place.end;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        place
    }
}

/// Takes the first `len` octets of `input`.
#[inline(always)]
fn split<'i>(input: &mut &'i [u8], len: usize) -> Option<&'i [u8]> {
    let (octets, rest) = input.split_at_checked(len)?;
    *input = rest;
    Some(octets)
}

impl<const N: usize, D: Default> Default for Framer<N, D> {
    fn default() -> Self {
        Self::with_dialect(D::default())
    }
}

impl<const N: usize, D: fmt::Debug> fmt::Debug for Framer<N, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framer")
            .field("machine", &self.machine)
            .field("pending", &format_args!("\"{}\"", self.pending().escape_ascii()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;
    use crate::{DataPhase, Line, Span};

    fn first(expect: Expect, mut input: &[u8]) -> &'static str {
        let mut framer: Framer<64> = Framer::new();
        framer.begin(expect);
        match framer.next(&mut input) {
            Some(Event::Echo(_)) => "echo",
            Some(Event::Blank(_)) => "blank",
            Some(Event::Unsolicited(_)) => "unsolicited",
            _ => "something else",
        }
    }

    #[test]
    fn only_a_command_line_that_may_come_is_an_echo() {
        let mut silent = Expect::result();
        silent.echo = false;
        assert_eq!(first(Expect::result(), b"AT+CSQ\rRING\r\n"), "echo");
        assert_eq!(first(silent, b"AT+CSQ\rRING\r\n"), "unsolicited");
        for line in [&b"\r\nATTENTION\r\n"[..], b"ATTENTION\n", b"At last\r\n"] {
            assert_eq!(first(Expect::result(), line), "unsolicited", "{}", line.escape_ascii());
        }
    }

    /// What the heads are in PDU mode.
    struct Reports;

    impl Dialect for Reports {
        fn is_unsolicited(&self, line: Line<'_>) -> bool {
            line.name() == Some("+CDS")
        }

        fn takes_continuation(&self, line: Line<'_>) -> bool {
            self.is_unsolicited(line) && line.values().count() == 1
        }
    }

    #[test]
    fn only_heads_of_messages_take_the_next_line_with_them() {
        for (head, kind) in [("+CDS: 25", "continuation"), ("+CDS: 6,1", "final"), ("+CMS: 1", "final")] {
            let octets = format!("\r\n{head}\r\nOK\r\n");
            let mut framer = Framer::<64, _>::with_dialect(Reports);
            framer.begin(Expect::result());
            let mut input = octets.as_bytes();
            assert!(matches!(framer.next(&mut input), Some(Event::Unsolicited(_))), "{head}");
            let second = match framer.next(&mut input) {
                Some(Event::Continuation(_)) => "continuation",
                Some(Event::Final { .. }) => "final",
                _ => "something else",
            };
            assert_eq!(second, kind, "{head}");
        }
    }

    /// The octets of payload that are handed out of `input`, in reads of `size`.
    fn payload_without_header(count: u32, input: &[u8], size: usize) -> usize {
        let mut framer: Framer<64> = Framer::new();
        framer.begin(Expect::result().with_data(DataPhase::Counted { count }));
        let mut payload = 0;
        for read in input.chunks(size) {
            framer.feed(read, |event| {
                if let Event::Payload { octets, .. } = event {
                    payload += octets.len();
                }
            });
        }
        payload
    }

    #[test]
    fn payload_without_a_header_waits_for_an_error_only_as_long_as_it_may_be_one() {
        for size in [1, 16, 500] {
            assert_eq!(payload_without_header(7, b"\r\nabc", size), 3);
            assert_eq!(payload_without_header(7, b"\r\n+CME ", size), 0);
            assert_eq!(payload_without_header(7, b"\r\n+CMx", size), 4);
            let long = [&b"\r\n+CME ERROR: "[..], &[b'x'; 188]].concat();
            assert_eq!(payload_without_header(200, &long, size), 200);
            let at_the_limit = [&b"\r\n+CME ERROR: "[..], &[b'x'; 61 - 12]].concat();
            assert_eq!(payload_without_header(200, &at_the_limit, size), 61);
            assert_eq!(payload_without_header(200, &at_the_limit[..62], size), 0);
        }
    }

    #[test]
    fn a_line_of_noise_is_not_an_empty_one() {
        assert_eq!(first(Expect::result(), b"\r\n\xff\0\r\n"), "unsolicited");
        assert_eq!(first(Expect::result(), b"\r\n \t\r\n"), "blank");
    }

    #[test]
    fn it_shows_what_is_pending() {
        let mut framer: Framer<64> = Framer::default();
        assert!(!framer.in_flight());
        framer.begin(Expect::result());
        assert!(framer.in_flight());
        assert!(framer.next(&mut &b"\r\n+CS"[..]).is_none());
        assert!(format!("{framer:?}").contains(r#"pending: "\r\n+CS""#));
        assert_eq!(format!("{:?}", Span::new(b"\r\nOK\r\n")), r#"Span("\r\nOK\r\n")"#);
    }
}
