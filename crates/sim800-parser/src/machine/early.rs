//! What does not wait for the end of its line: echo, prompt, payload without a header or on the line of it.

use core::mem;

use super::{Machine, State, Step};
use crate::event::Kind;
use crate::header::{Progress, Read};
use crate::{DataPhase, Expect, Header};

impl Machine {
    /// What does not wait for LF: payload without a header, the prompt `>`, and the echo, which ends in CR alone.
    #[inline]
    pub(super) fn before_line_end(
        &mut self,
        window: &[u8],
        start: usize,
        scanned: usize,
        headers: &[(Header, u32)],
    ) -> Option<Step> {
        let expect = self.expect.as_mut()?;
        match (window, &expect.data) {
            (_, &DataPhase::Counted { count: count @ 1.. }) if start > 0 && self.stale == 0 => {
                expect.data = DataPhase::None;
                self.state = State::Counted(count);
                Some(Step::Take { kind: Kind::Blank, len: start })
            }
            ([b'>', ..], DataPhase::Prompted) => {
                expect.data = DataPhase::None;
                Some(Step::Take { kind: Kind::Prompt(None), len: start + 1 })
            }
            (_, DataPhase::AtOnce { count: 1.. }) => self.at_once(window, start, scanned),
            ([b'A' | b'a', b'T' | b't', ..], _) if expect.echo => self.echo(window, start, scanned),
            (_, DataPhase::Announced { header: Header { end: Some(_), .. }, .. }) => {
                self.on_its_line(window, start, scanned, headers, true)
            }
            _ if headers.is_empty() => None,
            _ => self.on_its_line(window, start, scanned, headers, true),
        }
    }

    /// Payload that begins where the command line ends, once its echo is past.
    #[cold]
    fn at_once(&mut self, window: &[u8], start: usize, scanned: usize) -> Option<Step> {
        if self.stale > 0 {
            // The line end of what came before is no payload.
            return Some(Step::Take { kind: Kind::Blank, len: start });
        }
        let expect = self.expect.as_mut()?;
        let may_be_echo =
            window.iter().zip(b"AT").all(|(octet, expected)| octet.eq_ignore_ascii_case(expected));
        if start == 0 && expect.echo && may_be_echo {
            match window.iter().skip(scanned).position(|octet| matches!(octet, b'\r' | b'\n')) {
                Some(end) if window.get(scanned + end) == Some(&b'\r') => {
                    expect.echo = false;
                    return Some(Step::Take { kind: Kind::Echo, len: scanned + end + 1 });
                }
                None if window.len() < self.limit => {
                    self.scanned = window.len();
                    return Some(Step::More);
                }
                _ => {}
            }
        }
        if let DataPhase::AtOnce { count } = mem::replace(&mut expect.data, DataPhase::None) {
            self.remaining = count;
            self.unasked = false;
        }
        Some(Step::Payload)
    }

    /// A header whose payload begins on its own line: of the command in flight if it `may_claim` it, or of the dialect.
    #[cold]
    pub(super) fn on_its_line(
        &mut self,
        window: &[u8],
        start: usize,
        scanned: usize,
        headers: &[(Header, u32)],
        may_claim: bool,
    ) -> Option<Step> {
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
                (Some(place), _) => *headers.get(place)?,
            };
            match header.read(window, &mut self.progress, seen) {
                Read::More if window.len() < self.limit => {
                    self.scanned = start + window.len();
                    self.is_reading_header = true;
                    return Some(Step::More);
                }
                Read::More => return None,
                Read::Other => {
                    self.candidate += 1;
                    self.progress = Progress::START;
                    seen = 0;
                }
                Read::Whole { count, len } => {
                    let claimed = self.candidate == 0;
                    return Some(Step::Take {
                        kind: self.announced(header, count, at_most, claimed),
                        len: start + len,
                    });
                }
            }
        }
    }

    /// The quotation mark behind payload that began on the line of its header; `None` if another line follows.
    #[cold]
    pub(super) fn closing(&mut self, pending: &[u8]) -> Option<Step> {
        let len = match pending {
            [b'"', b'\r', b'\n', ..] => 3,
            [b'"', b'\n', ..] => 2,
            [b'"'] | [b'"', b'\r'] => {
                self.scanned = pending.len();
                return Some(Step::More);
            }
            _ => {
                self.state = State::Line;
                return None;
            }
        };
        self.state = State::Line;
        let kind = if self.closes_claimed { Kind::Information } else { Kind::Unsolicited };
        Some(Step::Take { kind, len })
    }

    #[inline(never)]
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
}
