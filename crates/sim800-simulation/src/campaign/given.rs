//! Octets that somebody got and nobody wrote, and when they are excused.
//!
//! A module that waits for the octets of `AT+CIPSEND` counts: whatever arrives is taken for them, up to the length that was announced. So
//! where the program does not see the prompt, takes the command for over, or sends octets of which some are lost, the next that it says
//! is taken, too. Nothing that it could say brings such a module back without being taken, and who says nothing hears nothing. Other
//! octets of the caller's in its place would be a command line to a module that does not wait. What a program can do is to write nothing
//! behind them, and to tell.

use std::ops::RangeInclusive;
use std::time::Duration;

use sim800_session::command::{Line, Unsolicited};

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

/// Whether what was stored is what was `written`, but in one place up to `lost` octets of it, which what a program says next made up for.
pub(super) fn is_made_up(stored: &[u8], written: &[u8], lost: usize) -> bool {
    let whole = written.len();
    if stored.len() != whole {
        return false;
    }
    let alike = stored.iter().rev().zip(written.iter().rev()).take_while(|(one, other)| one == other).count();
    let span = Duration::ZERO..=Duration::ZERO;
    let is_up_to = |end: usize| {
        let (octets, written) = (&stored[..end], &written[..end]);
        Strange { octets, is_cut: false, written, span: span.clone() }.is_as_spoken(lost)
    };
    // What was said may end in octets that were written, too.
    (whole - alike..=whole.min(whole - alike + lost)).any(is_up_to)
}

/// Whether what was stored is what was `written`, but in one place octets that a module takes for lines and does not answer: they have no
/// command line among them (V.250 section 5.2.1), nor a beginning of a word for the next to go on.
pub(super) fn lacks_unanswered(stored: &[u8], written: &[u8]) -> bool {
    let Some(missing @ 1..) = written.len().checked_sub(stored.len()) else { return false };
    let alike = |(one, other): &(&u8, &u8)| one == other;
    let before = stored.iter().zip(written).take_while(alike).count();
    let behind = stored.iter().rev().zip(written.iter().rev()).take_while(alike).count();
    (stored.len() - behind..=before).any(|place| is_unanswered(&written[place..place + missing]))
}

fn is_unanswered(octets: &[u8]) -> bool {
    let mut words = octets.split(|octet| !octet.is_ascii_alphanumeric());
    octets.last().is_some_and(|last| !last.is_ascii_alphanumeric())
        && words.all(|word| !word.get(..2).is_some_and(|word| word.eq_ignore_ascii_case(b"AT")))
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

/// Whether octets that were read hold a line of a socket but for its `OK`: a count took it for octets that were lost, and what it left of
/// it ended the response.
pub(super) fn has_line_of_socket(octets: &[u8]) -> bool {
    [&b", CONNECT "[..], b", CLOSE "]
        .into_iter()
        .any(|line| octets.windows(line.len()).any(|part| part == line))
}

/// Whether the number `told` is what is left of `sent` where the line took digits of it.
pub(super) fn is_as_told(told: usize, sent: usize) -> bool {
    let (told, sent) = (told.to_string(), sent.to_string());
    let mut rest = sent.chars();
    told.len() < sent.len() && told.chars().all(|digit| rest.any(|other| other == digit))
}

/// Whether octets that were read of a socket are those that were `sent`, but up to `doubled` that came twice, and as many behind them that
/// read like lines of the module's own, each behind a `blank` line as those have one. A count leaves the last octets of a piece where
/// others came twice; such a line may come just there; and what was read is gone from the module. So nothing tells.
pub(super) fn is_as_left(read: &[u8], sent: &[u8], doubled: usize, blank: &[u8]) -> bool {
    let (mut place, mut again, mut in_all) = (0, 0, 0);
    let skips = |place: usize, again: usize| {
        sent.get(place..place + again).is_some_and(|left| are_lines(left, blank)).then_some(place + again)
    };
    for octet in read {
        if sent.get(place) == Some(octet) {
            place += 1;
        } else if place > 0 && sent.get(place - 1) == Some(octet) {
            again += 1;
            in_all += 1;
        } else if let Some(behind) = skips(place, again).filter(|behind| sent.get(*behind) == Some(octet)) {
            (place, again) = (behind + 1, 0);
        } else {
            return false;
        }
    }
    in_all <= doubled && skips(place, again) == Some(sent.len())
}

/// Whether octets are lines that the module is known to send of its own accord.
fn are_lines(octets: &[u8], blank: &[u8]) -> bool {
    let Some(rest) = octets.strip_prefix(blank) else { return octets.is_empty() };
    let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else { return octets.is_empty() };
    let is_known = !matches!(Unsolicited::from(Line::new(&rest[..end])), Unsolicited::Other(_));
    is_known && are_lines(&rest[end + 2..], blank)
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
    fn a_number_that_lost_digits_is_another() {
        assert!(is_as_told(1, 21) && is_as_told(7, 70) && is_as_told(49, 4149));
        assert!(!is_as_told(21, 21) && !is_as_told(3, 21) && !is_as_told(12, 21) && !is_as_told(211, 21));
    }

    #[test]
    fn what_is_said_next_makes_up_for_what_was_lost_in_one_place() {
        let is_made_up = |stored: &str, lost| is_made_up(stored.as_bytes(), b"one piece, another", lost);
        assert!(is_made_up("one piece, another", 0) && is_made_up("one pieceA another", 1));
        assert!(is_made_up("ne piece,A another", 1) && is_made_up("onepice,AT another", 2));
        assert!(!is_made_up("one pieceA another", 0) && !is_made_up("one pieceB another", 1));
        assert!(!is_made_up("one piece another", 1) && !is_made_up("ne piece, anotheA ", 1));
    }

    #[test]
    fn what_is_no_command_line_is_not_answered() {
        let lacks = |stored: &str, written: &str| lacks_unanswered(stored.as_bytes(), written.as_bytes());
        assert!(
            lacks("piecepiece", "piece\r\n\r\npiece") && lacks("\r\n", "\r\n\r\n\r\n") && lacks("", "b, ")
        );
        for (stored, written) in [
            ("piece", "piece"),
            ("piecepiece", "pieceb, ATpiece"),
            ("piecepiece", "piece\rAT\rpiece"),
            ("p", "piece"),
            ("piece, piece", "piece\rpiece"),
            ("pepie", "p\rie\rcpie"),
        ] {
            assert!(!lacks(stored, written), "{written:?}");
        }
    }

    #[test]
    fn what_came_twice_is_of_the_last_piece() {
        assert!(is_as_doubled(b"wrriitt", b"written", 3, 9) && !is_as_doubled(b"wrriitt", b"written", 1, 9));
        assert!(is_as_doubled(b"writ", b"written", 0, 9) && !is_as_doubled(b"wrote", b"written", 9, 9));
        assert!(!is_as_doubled(b"wrriitt", b"written", 3, 4), "the piece is longer than it may be");
    }

    #[test]
    fn what_a_count_left_may_read_like_the_modules_own_lines() {
        let is_as_left = |read: &str, behind: &str, doubled| {
            let sent = format!("characters\r\nRING\r\n{behind}");
            is_as_left(read.as_bytes(), sent.as_bytes(), doubled, b"\r\n")
        };
        assert!(is_as_left("characters\r\nRING\r\n", "", 0) && is_as_left("cchhaarraacctteers", "", 8));
        assert!(is_as_left("cchhaarraacctteersand more", "and more", 8));
        assert!(!is_as_left("cchhaarraacctteersand more", "and more", 7), "so many did not come twice");
        assert!(!is_as_left("cchhaarraactersand more", "and more", 8), "one less did");
        assert!(!is_as_left("cchhaarraacctteers", "and more", 8), "more was sent");
        assert!(!is_as_left("cchhaarraacctteersmore", "and more", 8));
        assert!(!is_as_left("cchhaarraacctteers\r\n", "\r\n", 8), "no such line");
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
