//! [`Decoder`]: the octets of the DCE as events over [`Bytes`].

use core::fmt;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::event::Kind;
use crate::machine::{Machine, OK, Step};
use crate::{Dialect, Event, Expect};

/// How much a [`Decoder`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest line in octets, line end included; 64 at least. A longer one is [`Event::Overlong`].
    pub line: usize,
    /// Octets of the read buffer. It grows only for what [`Decoder::handle_input`] is given at once and for pieces of
    /// payload that the caller keeps.
    pub buffer: usize,
    /// Payload from small reads is gathered to this many octets, 1 at least: a slice of 16 octets costs more than it carries.
    pub gather: usize,
}

impl Default for Limits {
    /// Lines of 1024 octets, a buffer of 4096, pieces of 512.
    fn default() -> Self {
        Self { line: 1024, buffer: 4096, gather: 512 }
    }
}

/// Turns the octets of the DCE into events that own their octets.
///
/// Payload comes in pieces as it arrives; a data phase is never gathered as a whole.
///
/// ```
/// use sim800_parser::{DataPhase, Decoder, Event, Expect, FinalResultCode, Header, Limits};
///
/// let mut decoder = Decoder::new(Limits::default());
/// decoder.begin(Expect::result().with_data(DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: 1460 }));
/// decoder.handle_input(b"\r\n+FTPGET: 2,5\r\nhello\r\nOK\r\n\r\n+FTPGET: 1,0\r\n");
///
/// let mut seen = Vec::new();
/// while let Some(event) = decoder.poll_event() {
///     match event {
///         Event::Payload { octets, remaining } => seen.push(format!("{octets:?}, {remaining} to come")),
///         Event::Final { code, .. } => seen.push(code.to_string()),
///         Event::Unsolicited(span) => seen.push(span.line().to_string()),
///         _ => {}
///     }
/// }
/// assert_eq!(seen, ["b\"hello\", 0 to come", "OK", "+FTPGET: 1,0"]);
/// ```
pub struct Decoder<D = ()> {
    machine: Machine,
    dialect: D,
    limits: Limits,
    /// `filled` octets that belong to no event yet, then room for reads.
    buffer: BytesMut,
    filled: usize,
}

impl Decoder {
    /// A decoder with no command in flight, that knows no unsolicited line.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with_dialect(limits, ())
    }
}

impl<D> Decoder<D> {
    /// A decoder with no command in flight, that knows the unsolicited lines of `dialect`.
    #[must_use]
    pub fn with_dialect(limits: Limits, dialect: D) -> Self {
        // An empty piece of payload would be no progress.
        let limits = Limits { gather: limits.gather.max(1), ..limits };
        Self {
            machine: Machine::new(limits.line.max(64)),
            dialect,
            limits,
            buffer: BytesMut::new(),
            filled: 0,
        }
    }

    /// What is known of unsolicited lines; it may change between two lines.
    pub const fn dialect(&mut self) -> &mut D {
        &mut self.dialect
    }

    /// A command was sent: from now on its response is expected, until a final result code or [`abandon`](Self::abandon).
    ///
    /// No response comes before its command, so a line whose beginning is [`pending`](Self::pending) is none of it. Poll the
    /// events of what came before first: a line that is whole by now counts as one that comes later.
    pub fn begin(&mut self, expect: Expect) {
        self.machine.begin(expect);
    }

    /// Gives up on the command in flight: what comes of it later is unsolicited text. Octets of payload that have come and
    /// were not polled are payload still.
    pub fn abandon(&mut self) {
        self.machine.abandon_but(self.filled);
    }

    /// Whether a command is in flight.
    #[must_use]
    pub const fn in_flight(&self) -> bool {
        self.machine.in_flight()
    }

    /// Payload octets of the open data phase that are still to come, those not polled yet included.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.machine.remaining
    }

    /// Takes octets from the DCE. Poll the events before the next call, or the buffer grows.
    #[inline]
    pub fn handle_input(&mut self, octets: &[u8]) {
        if self.buffer.capacity() - self.filled < octets.len() || self.buffer.len() != self.filled {
            self.reserve(octets.len());
        }
        self.buffer.extend_from_slice(octets);
        self.filled += octets.len();
    }

    /// Room for a read of at least `at_least` octets, so that it lands in the buffer without a copy. Tell
    /// [`handle_filled`](Self::handle_filled) what was read.
    #[inline]
    pub fn spare(&mut self, at_least: usize) -> &mut [u8] {
        if self.buffer.len() - self.filled < at_least {
            self.reserve(at_least);
            // What is written here is written once for many reads.
            self.buffer.resize(self.buffer.capacity(), 0);
        }
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    /// The first `len` octets of [`spare`](Self::spare) were read from the DCE.
    #[inline]
    pub fn handle_filled(&mut self, len: usize) {
        self.filled = (self.filled + len).min(self.buffer.len());
    }

    /// Makes room behind what is filled. One allocation serves again and again as long as the caller drops what it
    /// polled.
    #[inline(never)]
    fn reserve(&mut self, at_least: usize) {
        self.buffer.truncate(self.filled);
        if self.buffer.capacity() - self.filled < at_least {
            self.buffer.reserve(at_least.max(self.limits.buffer.saturating_sub(self.filled)));
        }
    }

    /// The octets that belong to no event yet.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Takes the octets that belong to no event yet, as [`Framer::take_pending`](crate::Framer::take_pending) does.
    ///
    /// What a driver cuts itself is all that came behind the last event that it polled, so it has to take it then. What it has
    /// no use for goes back by [`handle_input`](Self::handle_input).
    pub fn take_pending(&mut self) -> Bytes {
        self.machine.skip(self.filled);
        self.split(self.filled)
    }

    /// The first `len` octets of the buffer.
    fn split(&mut self, len: usize) -> Bytes {
        self.filled -= len;
        self.buffer.split_to(len).freeze()
    }
}

impl<D: Dialect> Decoder<D> {
    /// The next event; `None` when more octets are needed.
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event<Bytes>> {
        loop {
            // Most reads only add to a piece of payload.
            if self.filled < self.limits.gather.min(self.machine.remaining as usize) || self.filled == 0 {
                return None;
            }
            let mut pending = self.buffer.get(..self.filled)?;
            if self.machine.remaining != 0 {
                let len = self.machine.take_payload(&mut pending).len();
                return Some(Event::Payload { octets: self.split(len), remaining: self.machine.remaining });
            }
            if let Some((kind, len)) = self.machine.whole(pending) {
                if let Kind::Final(_) = kind {
                    // Every response ends so; octets that never change need no share of the buffer.
                    self.filled -= len;
                    self.buffer.advance(len);
                    return Some(kind.event(Bytes::from_static(OK)));
                }
                return Some(kind.event(self.split(len)));
            }
            match self.machine.step(pending, &self.dialect) {
                Step::Take { kind, len } => return Some(kind.event(self.split(len))),
                Step::Skip { len } => drop(self.split(len)),
                // Now it is known how much there is to gather.
                Step::Payload => {}
                Step::More => return None,
            }
        }
    }
}

impl<D: Default> Default for Decoder<D> {
    fn default() -> Self {
        Self::with_dialect(Limits::default(), D::default())
    }
}

impl<D: fmt::Debug> fmt::Debug for Decoder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("machine", &self.machine)
            .field("limits", &self.limits)
            .field("pending", &format_args!("\"{}\"", self.pending().escape_ascii()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::{DataPhase, FinalResultCode, Header};

    const PAYLOAD: u32 = if cfg!(miri) { 10_000 } else { 100_000 };

    /// Feeds a response to `AT+HTTPREAD` in reads of `size` octets; the lengths of the pieces of payload.
    fn pieces(decoder: &mut Decoder, size: usize, in_place: bool) -> Vec<usize> {
        let header = format!("\r\n+HTTPREAD: {PAYLOAD}\r\n").into_bytes();
        let response = [header, vec![b'\n'; PAYLOAD as usize], OK.to_vec()].concat();
        let announced = DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: PAYLOAD };
        decoder.begin(Expect::result().with_data(announced));
        let mut pieces = Vec::new();
        let mut result = None;
        for read in response.chunks(size) {
            if in_place {
                let spare = decoder.spare(read.len());
                assert!(spare.len() >= read.len(), "{} octets of room for {size}", spare.len());
                spare[..read.len()].copy_from_slice(read);
                decoder.handle_filled(read.len());
            } else {
                decoder.handle_input(read);
            }
            while let Some(event) = decoder.poll_event() {
                match event {
                    Event::Payload { octets, .. } => pieces.push(octets.len()),
                    Event::Final { code, .. } => result = Some(code),
                    _ => {}
                }
            }
            let limit = decoder.limits.buffer.max(size + decoder.limits.gather);
            assert!(decoder.buffer.capacity() <= limit, "the buffer grew in reads of {size}");
        }
        assert_eq!((result, decoder.filled), (Some(FinalResultCode::Ok), 0));
        pieces
    }

    #[test]
    fn payload_is_gathered_and_the_buffer_keeps_its_size() {
        for size in [1, 16, 100, 1000, 4096, 10_000] {
            for in_place in [false, true] {
                let mut decoder = Decoder::new(Limits::default());
                // The second time in the buffer that the first has left.
                for _ in 0..2 {
                    let mut pieces = pieces(&mut decoder, size, in_place);
                    assert_eq!(pieces.iter().sum::<usize>(), PAYLOAD as usize);
                    let last = pieces.pop();
                    assert!(last.is_some_and(|last| last > 0));
                    // As soon as there is enough, it is handed out.
                    let gather = decoder.limits.gather;
                    assert!(
                        pieces.iter().all(|len| (gather..gather + size).contains(len)),
                        "reads of {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_buffer_is_as_large_as_was_said_and_never_filled_beyond() {
        let mut decoder = Decoder::new(Limits::default());
        decoder.handle_input(b"+");
        assert_eq!(decoder.buffer.capacity(), decoder.limits.buffer, "one allocation, of its full size");
        let mut decoder = Decoder::new(Limits::default());
        let room = decoder.spare(1).len();
        assert_eq!(room, decoder.limits.buffer);
        decoder.handle_filled(room + 1);
        assert_eq!(decoder.pending().len(), room);
        assert_eq!(decoder.spare(10).get(9), Some(&0));
        assert_eq!(decoder.pending().len(), room);
    }

    #[test]
    fn it_shows_what_is_pending() {
        let mut decoder = Decoder::new(Limits::default());
        decoder.handle_input(b"\r\n+CS");
        assert!(decoder.poll_event().is_none());
        assert!(format!("{decoder:?}").contains(r#"pending: "\r\n+CS""#));
    }
}
