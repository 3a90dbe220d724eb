//! Which way a line went, as libraries write it before the line.

use super::stamp::Stamp;
use crate::dialogue::is_of_one;
use crate::event::Direction;

/// What stands before lines to the module, and before lines from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrows {
    sent: &'static str,
    received: &'static str,
}

/// Longer ones before those that they begin with.
const KNOWN: [Arrows; 12] = [
    Arrows { sent: "--->", received: "<---" },
    Arrows { sent: "-->", received: "<--" },
    Arrows { sent: "->", received: "<-" },
    Arrows { sent: ">>>", received: "<<<" },
    Arrows { sent: ">>", received: "<<" },
    Arrows { sent: ">", received: "<" },
    Arrows { sent: "→", received: "←" },
    Arrows { sent: "[TX]", received: "[RX]" },
    Arrows { sent: "TX:", received: "RX:" },
    Arrows { sent: "TX", received: "RX" },
    Arrows { sent: "SEND:", received: "RECV:" },
    Arrows { sent: "Sent:", received: "Received:" },
];

impl Arrows {
    /// Those that the lines of `sample` have, if they have any: both must be there, before lines of a dialogue.
    pub(super) fn of(sample: &[u8]) -> Option<Self> {
        let lines = || sample.split(|octet| *octet == b'\n').map(without_stamp);
        let has = |arrows: &Self, wanted| {
            lines()
                .filter_map(|line| arrows.parse(line))
                .any(|(direction, text)| direction == wanted && is_of_one(text))
        };
        KNOWN.into_iter().find(|arrows| has(arrows, Direction::Sent) && has(arrows, Direction::Received))
    }

    /// Which way a line went, and the line.
    pub(super) fn parse<'a>(&self, line: &'a [u8]) -> Option<(Direction, &'a [u8])> {
        let line = line.trim_ascii_start();
        let behind = |arrow: &str| {
            let (start, behind) = line.split_at_checked(arrow.len())?;
            start.eq_ignore_ascii_case(arrow.as_bytes()).then(|| behind.trim_ascii())
        };
        let sent = behind(self.sent).map(|text| (Direction::Sent, text));
        sent.or_else(|| behind(self.received).map(|text| (Direction::Received, text)))
    }
}

/// A line without the time before it, and without what the Arduino Serial Monitor writes behind that.
pub(super) fn without_stamp(line: &[u8]) -> &[u8] {
    let Some((_, rest)) = Stamp::parse(line) else { return line };
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let rest = rest.strip_prefix(b" ->").unwrap_or(rest);
    rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t")).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_must_be_there() {
        let of = |text: &str| Arrows::of(text.as_bytes()).map(|arrows| arrows.sent);
        assert_eq!(of("\t---> AT\n\t<--- OK\n"), Some("--->"));
        assert_eq!(of("13:46:58.916 -> ---> AT\n13:46:58.920 -> <--- OK\n"), Some("--->"));
        assert_eq!(of("> AT+CSQ\n< +CSQ: 1,0\n"), Some(">"));
        assert_eq!(of("tx: AT\nrx: OK"), Some("TX:"));
        assert_eq!(of("13:46:58.916 -> AT\n13:46:58.920 -> OK\n"), None, "that is behind the time");
        assert_eq!(of("AT\nOK\n> text\n"), None);
        assert_eq!(of("> quoted\n< other\n"), None);
    }
}
