//! What is sent to the module, cut into lines.

/// The longest line that is kept, in octets, its end included: more than the module takes (manual 1.4.4).
const LIMIT: usize = 1024;

/// The line that is being sent.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    line: Vec<u8>,
    /// How many octets it has, those that were not kept included.
    octets: u64,
}

/// A line that was sent, or the beginning of one.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) octets: u64,
    /// `None` when it is longer than any line can be.
    pub(crate) line: Option<Vec<u8>>,
}

impl Outgoing {
    /// Takes octets up to the end of the line: CR, LF behind a command (some programs send no CR, and modules take that), or what
    /// ends text instead, Ctrl-Z and ESC.
    pub(crate) fn take(&mut self, rest: &mut &[u8]) -> Option<Sent> {
        let begin = self.line.iter().chain(*rest).skip_while(|octet| octet.is_ascii_whitespace()).take(2);
        let is_command = begin.map(u8::to_ascii_uppercase).eq(*b"AT");
        let mut is_blank = self.line.trim_ascii().is_empty();
        let end = rest.iter().position(|octet| {
            let is_end = matches!(octet, b'\r' | 0x1A | 0x1B) || is_command && !is_blank && *octet == b'\n';
            is_blank &= octet.is_ascii_whitespace();
            is_end
        });
        let (octets, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        *rest = after;
        self.octets += octets.len() as u64;
        let room = LIMIT.saturating_sub(self.line.len());
        self.line.extend_from_slice(octets.get(..room).unwrap_or(octets));
        end.and_then(|_| self.finish())
    }

    /// The beginning of a line that does not end; `None` when there is none.
    pub(crate) fn finish(&mut self) -> Option<Sent> {
        let octets = std::mem::take(&mut self.octets);
        let line = std::mem::take(&mut self.line);
        (octets > 0).then(|| Sent { octets, line: (octets == line.len() as u64).then_some(line) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_module_takes_them() {
        let mut outgoing = Outgoing::default();
        let mut rest = &b"AT\r\nAT+CMGS=\"1\"\rtext\x1a"[..];
        let mut lines = Vec::new();
        while let Some(sent) = outgoing.take(&mut rest) {
            lines.push(sent.line.unwrap());
        }
        assert_eq!(lines, [&b"AT\r"[..], b"\nAT+CMGS=\"1\"\r", b"text\x1a"]);
        assert!(rest.is_empty() && outgoing.finish().is_none());
    }

    #[test]
    fn a_command_ends_in_a_line_feed_too_wherever_it_is_cut() {
        let sent = b"\nAT\n\nat+csq\n\r\nAT+CMGS=\"1\"\nfirst\nsecond\x1a";
        for cut in 0..sent.len() {
            let mut outgoing = Outgoing::default();
            let mut lines = Vec::new();
            for mut rest in [&sent[..cut], &sent[cut..]] {
                while let Some(sent) = outgoing.take(&mut rest) {
                    lines.push(sent.line.unwrap());
                }
            }
            assert_eq!(
                lines,
                [&b"\nAT\n"[..], b"\nat+csq\n", b"\r", b"\nAT+CMGS=\"1\"\n", b"first\nsecond\x1a"],
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn what_is_too_long_is_counted() {
        let mut outgoing = Outgoing::default();
        for mut piece in [&[b'x'; 1000][..], &[b'x'; 1000], b"\r"] {
            if let Some(sent) = outgoing.take(&mut piece) {
                assert_eq!(sent.octets, 2001);
                assert!(sent.line.is_none());
                return;
            }
        }
        panic!("the line has an end");
    }
}
