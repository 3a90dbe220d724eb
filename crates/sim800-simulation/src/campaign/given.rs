//! Octets that somebody got and nobody wrote, and when they are excused.
//!
//! A module that waits for the octets of `AT+CIPSEND` counts: whatever arrives is taken for them, up to the length that was announced. So
//! where the program does not see the prompt, takes the command for over, or sends octets of which some are lost, the next that it says
//! is taken, too. Nothing that it could say brings such a module back without being taken, and who says nothing hears nothing. Other
//! octets of the caller's in its place would be a command line to a module that does not wait. What a program can do is to write nothing
//! behind them, and to tell.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::Connection;

/// What a server has of a connection besides what was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Strange<'a> {
    /// The octets for which the module waited, as far as they came.
    octets: &'a [u8],
    /// The connection broke, maybe amid them.
    is_cut: bool,
    /// Those that were written next.
    written: &'a [u8],
    /// Since the octets before were on their way, and until these were.
    pub(super) span: RangeInclusive<Duration>,
}

impl<'a> Strange<'a> {
    /// What a server got last, if all before it is as `written`.
    pub(super) fn last_of(connection: &'a Connection, written: &'a [u8]) -> Option<Self> {
        let (&(until, length), before) = connection.pieces.split_last()?;
        let since = before.last().map_or(Duration::ZERO, |(at, _)| *at);
        let (before, octets) = connection.received.split_at_checked(connection.received.len() - length)?;
        let written = written.strip_prefix(before)?;
        Some(Self { octets, is_cut: connection.is_broken, written, span: since..=until })
    }

    /// Whether they are what was written, of which up to `lost` octets were lost on the way, or nothing of it, and then what a program
    /// says to a module.
    pub(super) fn is_as_spoken(&self, lost: usize) -> bool {
        let made_up = |spoken: usize| {
            let (own, spoken) = self.octets.split_at(self.octets.len() - spoken);
            // As much is said for a piece as lacks of it.
            let most = if self.is_cut { lost } else { spoken.len() };
            is_spoken(spoken, lost) && (spoken.len()..=most).any(|missing| lacks(own, self.written, missing))
        };
        is_spoken(self.octets, lost) || (0..=lost.min(self.octets.len())).any(made_up)
    }
}

/// Whether octets that were read are the first of those that were `sent`, but up to `doubled` of the last piece, of so many octets at
/// most: what is left of it behind its count may read like the end of a response, and only what follows that shows that it was none.
pub(super) fn is_as_doubled(read: &[u8], sent: &[u8], doubled: usize, piece: usize) -> bool {
    let sound = read.len().saturating_sub(piece);
    let (mut place, mut again) = (0, 0);
    for (count, octet) in read.iter().enumerate() {
        if sent.get(place) == Some(octet) {
            place += 1;
        } else if place > 0 && sent.get(place - 1) == Some(octet) && count >= sound {
            again += 1;
        } else {
            return false;
        }
    }
    again <= doubled
}

/// Whether octets are the first of others, but `missing` of them.
fn lacks(octets: &[u8], others: &[u8], missing: usize) -> bool {
    let Some(others) = others.get(..octets.len() + missing) else { return false };
    let mut rest = others.iter();
    octets.iter().all(|octet| rest.any(|other| other == octet))
}

/// Whether octets are command lines, ESC and carriage returns, the last of which may go on. Those of what finds out whether a module
/// answers may lack some that were `lost`.
fn is_spoken(octets: &[u8], lost: usize) -> bool {
    let is_readable = |line: &[u8]| line.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
    octets.split(|octet| *octet == b'\r').all(|line| {
        let line = line.strip_prefix(b"\x1B").unwrap_or(line);
        let is_of = |probe: &&[u8]| (0..=lost).any(|missing| lacks(line, probe, missing));
        let is_named = line.starts_with(b"AT") && is_readable(line);
        is_named || b"AT".starts_with(line) || PROBES.iter().any(is_of)
    })
}

/// What finds out whether a module answers.
const PROBES: [&[u8]; 3] = [b"AT", b"ATQ0", b"ATV1"];

#[cfg(test)]
mod tests {
    use super::*;

    fn strange(octets: &str) -> Strange<'_> {
        let octets = octets.as_bytes();
        Strange { octets, is_cut: false, written: b"written", span: Duration::ZERO..=Duration::ZERO }
    }

    fn is_as_spoken(octets: &str, lost: usize) -> bool {
        strange(octets).is_as_spoken(lost)
    }

    #[test]
    fn what_is_said_to_a_module_may_be_taken() {
        for octets in ["AT\r\x1B\r\r\r", "\x1B\r\r\r\rAT", "AT+CIPA", "A", "\r\r\r\r\r\r\x1B"] {
            assert!(is_as_spoken(octets, 0), "{octets:?}");
        }
        for octets in ["AT\rabcd", "another", "AT\r\x1B\r\n\r", "\x1B\x1BAT\r\r\r", "writtAT"] {
            assert!(!is_as_spoken(octets, 0), "{octets:?}");
        }
    }

    #[test]
    fn what_came_twice_is_of_the_last_piece() {
        assert!(is_as_doubled(b"wrriitt", b"written", 3, 9) && !is_as_doubled(b"wrriitt", b"written", 1, 9));
        assert!(is_as_doubled(b"writ", b"written", 0, 9) && !is_as_doubled(b"wrote", b"written", 9, 9));
        assert!(!is_as_doubled(b"wrriitt", b"written", 3, 4), "the piece is longer than it may be");
    }

    #[test]
    fn what_was_lost_is_made_up_for() {
        for octets in ["ritten\r", "writtnA", "written"] {
            assert!(is_as_spoken(octets, 1), "{octets:?}");
        }
        assert!(is_as_spoken("wrtnAT\r", 3) && !is_as_spoken("wrtnAT\r", 2));
        assert!(!is_as_spoken("writte\r", 0) && !is_as_spoken("rwitten", 1));
        assert!(!is_as_spoken("writen", 1), "the module waits for one more");
        assert!(
            is_as_spoken("wrttnT\r", 2)
                && is_as_spoken("\x1BTV1\r\rA", 1)
                && !is_as_spoken("\x1BTV2\r\rA", 1)
        );
        assert!(Strange { is_cut: true, ..strange("writen") }.is_as_spoken(1));
    }
}
