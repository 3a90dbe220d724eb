//! Noticing that the module no longer sends the payload that it announced.

use core::time::Duration;

use sim800_parser::Span;

use crate::flight::Stray;

/// How many pieces in a row have to be lines of the module's own.
const ENOUGH: u8 = 3;

/// The pieces, with pauses between them, in which a counted payload comes.
///
/// A module that restarts in the middle of a payload forgets it, and what it says of its own accord fills the count, line by line: for
/// hours, where that is long. The payload itself lies in the module when its header is sent, and does not pause time and again
/// just where it has such lines.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// When octets came last, and where the piece begins that they belong to.
    latest: Duration,
    begin: usize,
    /// How many pieces before it were lines.
    lines: u8,
}

impl Pieces {
    /// More octets come at `now`, behind those that came of a `payload`. Whether the module has long since been saying something else,
    /// with pauses that are `quiet`.
    pub(crate) fn go_on(&mut self, now: Duration, payload: &[u8], quiet: Duration) -> bool {
        if payload.len() < self.begin || payload.is_empty() {
            *self = Self::default();
        } else if now.saturating_sub(self.latest) >= quiet {
            let piece = payload.get(self.begin..).unwrap_or_default();
            self.begin = payload.len();
            self.lines = if are_lines(piece) { self.lines + 1 } else { 0 };
        }
        self.latest = now;
        self.lines == ENOUGH
    }
}

/// Whether these are lines of the module's own, and whole.
fn are_lines(piece: &[u8]) -> bool {
    let text = piece.strip_prefix(b"\r\n").and_then(|rest| rest.strip_suffix(b"\r\n")).unwrap_or_default();
    let end = text.iter().position(|octet| !matches!(octet, b' '..=b'~')).unwrap_or(text.len());
    // With the line ends before and behind it.
    let first = piece.get(..end + 4).unwrap_or_default();
    first.ends_with(b"\r\n") && Stray::new(Span::new(first)) != Stray::Rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_modules_own_begin_with_one_and_are_whole() {
        let own: [&[u8]; 3] =
            [b"\r\nRING\r\n", b"\r\n+UGNSINF: 1,1\r\n", b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n"];
        let other: [&[u8]; 7] = [
            b"",
            b"\r\n",
            b"\r\n\r\n",
            b"\r\nRING\r\n+UGNSINF: 1",
            b"RING\r\n",
            b"\r\nabc\r\n",
            b"\r\n+UGNS\0INF: 1,1\r\n",
        ];
        assert!(own.into_iter().all(are_lines));
        assert_eq!(other.into_iter().find(|piece| are_lines(piece)), None);
    }
}
