//! What does not wait for the end of its line: echo, prompt, payload without a header or on the line of it.

use core::mem;

use super::{Decoder, Found, State};
use crate::event::Kind;
use crate::header::{Progress, Read};
use crate::{DataPhase, Dialect, Expect, FinalResultCode, Header};

/// What follows the prefix in the longest header: ` 2,4294967295` and the line end.
const SHORT: usize = 15;

impl<D: Dialect> Decoder<D> {
    /// The two lines of every frame, `+FTPGET: 2,<n>` and `OK`, which are read without looking for their ends.
    ///
    /// A stream of frames costs less than half of what it does without this. What is cut, written in an unusual way, or
    /// another line is none of the two; the rest of the machine tells the same of them.
    #[inline(always)]
    pub(super) fn line_of_frame(&mut self, pending: &[u8]) -> Found {
        let expect = self.expect.as_mut()?;
        if self.state != State::Line || self.stale != 0 || expect.ending.is_some() {
            return None;
        }
        let text = pending.strip_prefix(b"\r\n")?;
        let found = match expect.data {
            DataPhase::None => {
                let _after = text.strip_prefix(b"OK\r\n")?;
                self.expect = None;
                (Kind::Final(FinalResultCode::Ok), 6)
            }
            // Noise would have to be dropped before a name.
            DataPhase::Announced { ref header, at_most } if header.is_plain() && text.starts_with(b"+") => {
                let longest = header.prefix.as_bytes().len() + SHORT;
                // What is short and does not end is cut, most likely. Once is enough: a number may have any number of digits.
                if (text.len() < longest && !text.ends_with(b"\n")) || self.scanned > longest {
                    return None;
                }
                let (count, rest) = header.count(text)?;
                let len = pending.len() - rest.strip_prefix(b"\r\n")?.len();
                if count > u64::from(at_most) || len > self.limit {
                    return None;
                }
                expect.data = DataPhase::None;
                self.begin_payload(count as u32, false);
                (Kind::Information, len)
            }
            _ => return None,
        };
        self.scanned = 0;
        Some(found)
    }

    /// What does not wait for LF: payload without a header, the prompt `>`, the echo, which ends in CR alone, and headers on
    /// whose line payload begins.
    #[inline]
    pub(super) fn before_line_end(&mut self, window: &[u8], start: usize, scanned: usize) -> Option<Found> {
        let pushes = !self.dialect.headers().is_empty();
        let expect = match &mut self.expect {
            Some(expect) if self.stale <= start => expect,
            _ if pushes => return self.on_its_line(window, start, scanned, false),
            _ => return None,
        };
        match (window, &expect.data) {
            (_, &DataPhase::Counted { count: count @ 1.. }) if start > 0 && self.stale == 0 => {
                expect.data = DataPhase::None;
                self.state = State::Counted(count);
                Some(Some((Kind::Blank, start)))
            }
            ([b'>', ..], DataPhase::Prompted) => {
                expect.data = DataPhase::None;
                Some(Some((Kind::Prompt(None), start + 1)))
            }
            (_, DataPhase::AtOnce { count: 1.. }) => self.at_once(window, start, scanned),
            ([b'A' | b'a', b'T' | b't', ..], _) if expect.echo => self.echo(window, start, scanned),
            (_, DataPhase::Announced { header: Header { end: Some(_), .. }, .. }) => {
                self.on_its_line(window, start, scanned, true)
            }
            _ if pushes => self.on_its_line(window, start, scanned, true),
            _ => None,
        }
    }

    /// Payload that begins where the command line ends, once its echo is past.
    #[cold]
    fn at_once(&mut self, window: &[u8], start: usize, scanned: usize) -> Option<Found> {
        if self.stale > 0 {
            // The line end of what came before is no payload.
            return Some(Some((Kind::Blank, start)));
        }
        let expect = self.expect.as_mut()?;
        let may_be_echo =
            window.iter().zip(b"AT").all(|(octet, expected)| octet.eq_ignore_ascii_case(expected));
        if start == 0 && expect.echo && may_be_echo {
            match window.iter().skip(scanned).position(|octet| matches!(octet, b'\r' | b'\n')) {
                Some(end) if window.get(scanned + end) == Some(&b'\r') => {
                    expect.echo = false;
                    return Some(Some((Kind::Echo, scanned + end + 1)));
                }
                None if window.len() < self.limit => {
                    self.scanned = window.len();
                    self.candidate = usize::MAX;
                    return Some(None);
                }
                _ => {}
            }
        }
        if let DataPhase::AtOnce { count } = mem::replace(&mut expect.data, DataPhase::None) {
            self.begin_payload(count, false);
        }
        Some(Some(self.payload(start + window.len())))
    }

    /// A header whose payload begins on its own line: of the command in flight if it `may_claim` it, or of the dialect.
    #[cold]
    pub(super) fn on_its_line(
        &mut self,
        window: &[u8],
        start: usize,
        scanned: usize,
        may_claim: bool,
    ) -> Option<Found> {
        let mut seen = scanned.saturating_sub(start);
        if seen == 0 || self.candidate == usize::MAX {
            self.candidate = 0;
            self.progress = Progress::START;
            seen = 0;
        }
        loop {
            let (header, at_most) = match (self.candidate.checked_sub(1), &self.expect) {
                (None, Some(Expect { data: DataPhase::Announced { header, at_most }, .. })) if may_claim => {
                    (*header, *at_most)
                }
                (None, _) => {
                    self.candidate = 1;
                    self.progress = Progress::START;
                    seen = 0;
                    continue;
                }
                (Some(place), _) => *self.dialect.headers().get(place)?,
            };
            match header.read(window, &mut self.progress, seen) {
                Read::More if window.len() < self.limit => {
                    self.scanned = start + window.len();
                    return Some(None);
                }
                Read::More => return None,
                Read::Other => {
                    self.candidate += 1;
                    self.progress = Progress::START;
                    seen = 0;
                }
                Read::Whole { count, len } => {
                    let claimed = self.candidate == 0;
                    let kind = self.announced(header, count, at_most, claimed);
                    return Some(Some((kind, start + len)));
                }
            }
        }
    }

    /// The quotation mark behind payload that began on the line of its header; `None` if another line follows.
    #[cold]
    pub(super) fn closing(&mut self, pending: &[u8]) -> Option<Found> {
        let len = match pending {
            [b'"', b'\r', b'\n', ..] => 3,
            [b'"', b'\n', ..] => 2,
            [b'"'] | [b'"', b'\r'] => {
                self.scanned = pending.len();
                return Some(None);
            }
            _ => {
                self.state = State::Line;
                return None;
            }
        };
        self.state = State::Line;
        let kind = if self.closes_claimed { Kind::Information } else { Kind::Unsolicited };
        Some(Some((kind, len)))
    }

    #[inline(never)]
    fn echo(&mut self, window: &[u8], start: usize, scanned: usize) -> Option<Found> {
        // Looked at for no header: another command may begin here, or this one be given up.
        self.candidate = usize::MAX;
        let from = scanned.saturating_sub(start).max(2);
        let end = window.iter().skip(from).position(|octet| matches!(octet, b'\r' | b'\n'))? + from;
        match window.get(end..)? {
            [b'\r', b'\n', ..] | [b'\n', ..] => None,
            [b'\r', _, ..] => {
                self.expect.as_mut()?.echo = false;
                Some(Some((Kind::Echo, start + end + 1)))
            }
            // The octet after CR decides; at the limit there is no room for it.
            _ if window.len() < self.limit => {
                self.scanned = start + end;
                Some(None)
            }
            _ => None,
        }
    }
}
