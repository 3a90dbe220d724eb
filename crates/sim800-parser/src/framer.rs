//! [`Framer`]: the octets of the DCE as events, without a heap.

use core::fmt;
use core::mem;
use core::ops::Range;

use crate::decoder::SLACK;
use crate::event::Kind;
use crate::search::find;
use crate::{Decoder, Dialect, Event, Expect};

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
    decoder: Decoder<D>,
    carry: [u8; N],
    /// The octets of the carry that belong to no event yet.
    start: usize,
    end: usize,
    /// The payload that is to come while something is carried: the carry has its first octets, and none are taken from
    /// the input until it is empty.
    behind_carry: u32,
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
        Self {
            decoder: Decoder::with_dialect(N - SLACK, dialect),
            carry: [0; N],
            start: 0,
            end: 0,
            behind_carry: 0,
        }
    }

    /// What is known of unsolicited lines; it may change between two lines.
    pub const fn dialect(&mut self) -> &mut D {
        self.decoder.dialect()
    }

    /// A command was sent: from now on its response is expected, until a final result code or [`abandon`](Self::abandon).
    ///
    /// No response comes before its command, so a line whose beginning is [`pending`](Self::pending) is none of it.
    pub fn begin(&mut self, expect: Expect) {
        self.decoder.begin(expect);
    }

    /// Gives up on the command in flight: what comes of it later is unsolicited text.
    pub fn abandon(&mut self) {
        self.show_payload();
        self.decoder.abandon();
        self.hide_payload();
    }

    /// Whether a command is in flight.
    #[must_use]
    pub const fn in_flight(&self) -> bool {
        self.decoder.in_flight()
    }

    /// Payload octets of the open data phase that are still to come.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.decoder.remaining() + self.behind_carry
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
        self.behind_carry = self.behind_carry.saturating_sub(place.len() as u32);
        self.show_payload();
        self.decoder.begin_line();
        (self.start, self.end) = (0, 0);
        self.carry.get(place).unwrap_or_default()
    }

    /// The decoder is about to be asked of the carry, not of the input.
    fn show_payload(&mut self) {
        self.decoder.put_back(mem::take(&mut self.behind_carry));
    }

    /// Payload has begun in the carry, maybe, and the decoder is about to be asked of the input.
    fn hide_payload(&mut self) {
        if self.end != 0 {
            self.behind_carry = self.decoder.hold_back();
        }
    }
}

impl<const N: usize, D: Dialect> Framer<N, D> {
    /// The next event of `input`, which is moved on past what was taken.
    ///
    /// `None` when all of `input` was taken and no further event is complete.
    #[inline(always)]
    pub fn next<'e, 'i: 'e>(&'e mut self, input: &mut &'i [u8]) -> Option<Event<'e>> {
        // The decoder knows of no payload as long as some of it may be carried.
        if let Some(event) = self.decoder.inside_payload(input) {
            return Some(event);
        }
        if self.end != 0 {
            if let Some((kind, place)) = self.find_carried(input) {
                return kind.event(self.carry.get(place)?);
            }
        }
        if input.is_empty() {
            return None;
        }
        let event = self.decoder.event(input);
        if event.is_none() {
            *input = self.keep(input, input.len());
        }
        event
    }

    /// Hands the events of `input` to `sink`.
    #[inline(always)]
    pub fn feed(&mut self, mut input: &[u8], mut sink: impl FnMut(Event<'_>)) {
        // Asked first: of such a read nothing is left.
        if let Some(event) = self.decoder.inside_payload(&mut input) {
            return sink(event);
        }
        self.feed_lines(input, sink);
    }

    /// A read that is not all payload.
    #[inline(never)]
    fn feed_lines(&mut self, mut input: &[u8], mut sink: impl FnMut(Event<'_>)) {
        while self.end != 0 {
            let Some((kind, place)) = self.find_carried(&mut input) else { break };
            self.carry.get(place).and_then(|octets| kind.event(octets)).map(&mut sink);
        }
        while !input.is_empty() {
            match self.decoder.event(&mut input) {
                Some(event) => sink(event),
                None => input = self.keep(input, input.len()),
            }
        }
    }

    /// The event that the carry begins with, and its place there. `None` when `input` has no more octets for it, or the
    /// carry was emptied.
    #[inline(never)]
    fn find_carried(&mut self, input: &mut &[u8]) -> Option<(Kind, Range<usize>)> {
        self.show_payload();
        let found = self.find_shown(input);
        self.hide_payload();
        found
    }

    #[inline]
    fn find_shown(&mut self, input: &mut &[u8]) -> Option<(Kind, Range<usize>)> {
        while self.end != 0 {
            match self.decoder.find(self.carry.get(self.start..self.end)?) {
                Some((kind, len)) => {
                    let place = self.release(len);
                    if kind != Kind::Dropped {
                        return Some((kind, place));
                    }
                }
                None if input.is_empty() => return None,
                None => {
                    let line_end = find(b'\n', input, 0);
                    *input = self.keep(input, line_end.map_or(input.len(), |end| end + 1));
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

impl<const N: usize, D: Default> Default for Framer<N, D> {
    fn default() -> Self {
        Self::with_dialect(D::default())
    }
}

impl<const N: usize, D> fmt::Debug for Framer<N, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framer")
            .field("decoder", &self.decoder)
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
