//! Payload in a log that has lost its carriage returns: which of its line ends had one, the count tells that announced it.

use crate::dialogue::is_response;

/// Lines behind an announcement.
#[derive(Debug)]
pub(super) struct Body {
    count: usize,
    /// The lines, each with a line feed.
    pub(super) lines: Vec<u8>,
    /// How many there are.
    ends: usize,
    /// The log shows the blank line before a result code.
    has_blanks: bool,
}

/// What became of a line.
pub(super) enum Taken {
    /// It is of the body, which goes on.
    More,
    /// It is the last of the body, which is these octets.
    Last(Vec<u8>),
    /// It stands behind the body, which was these octets.
    Ended(Vec<u8>),
}

impl Body {
    pub(super) fn new(count: usize, has_blanks: bool) -> Self {
        Self { count, lines: Vec::new(), ends: 0, has_blanks }
    }

    /// Takes a line without its end.
    pub(super) fn take(&mut self, line: &[u8]) -> Taken {
        // Both ends of each line crossed, if the body is complete then and the response goes on.
        let both = self.lines.len() + self.ends;
        let goes_on = match both.checked_sub(self.count) {
            Some(0) => line.is_empty() || is_response(line),
            // The last end is that of the blank line before the result code.
            Some(2) => self.has_blanks && is_response(line),
            _ => false,
        };
        if goes_on && self.ends > 0 {
            return Taken::Ended(self.with_both_ends());
        }
        if self.lines.len() == self.count {
            return Taken::Ended(std::mem::take(&mut self.lines));
        }
        self.lines.extend_from_slice(line);
        self.lines.push(b'\n');
        self.ends += 1;
        match self.lines.len().checked_sub(self.count) {
            // The next line tells whether it is complete so.
            None | Some(0) => Taken::More,
            Some(1) => {
                self.lines.truncate(self.count);
                Taken::Last([&self.lines, &b"\r\n"[..]].concat())
            }
            Some(_) => Taken::Last(self.with_both_ends()),
        }
    }

    fn with_both_ends(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.lines.len() + self.ends);
        for octet in &self.lines {
            if *octet == b'\n' {
                octets.push(b'\r');
            }
            octets.push(*octet);
        }
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The octets of a body, and how many lines of `log` it took.
    fn body(count: usize, log: &str) -> (String, usize) {
        body_with(true, count, log)
    }

    fn body_with(has_blanks: bool, count: usize, log: &str) -> (String, usize) {
        let mut body = Body::new(count, has_blanks);
        for (n, line) in log.lines().enumerate() {
            let (octets, lines) = match body.take(line.as_bytes()) {
                Taken::More => continue,
                Taken::Last(octets) => (octets, n + 1),
                Taken::Ended(octets) => (octets, n),
            };
            return (String::from_utf8(octets).unwrap(), lines);
        }
        panic!("the body does not end")
    }

    #[test]
    fn the_count_tells_which_line_ends_had_a_carriage_return() {
        assert_eq!(body(9, "Hello\nOK\n\nOK\n"), ("Hello\nOK\n".to_owned(), 2));
        assert_eq!(body(11, "Hello\nOK\n\nOK\n"), ("Hello\r\nOK\r\n".to_owned(), 2));
        assert_eq!(body(8, "Hello\nOK\nOK\n"), ("Hello\nOK\r\n".to_owned(), 2), "no line end of its own");
        assert_eq!(body(9, "Hello\nOK\nOK\n"), ("Hello\r\nOK\r\n".to_owned(), 2));
        assert_eq!(
            body_with(false, 9, "Hello\nOK\nOK\n"),
            ("Hello\nOK\n".to_owned(), 2),
            "the blank line is lost"
        );
        assert_eq!(body(3, "Hello\nOK\n"), ("Hello\r\n".to_owned(), 1), "something is wrong with the count");
    }
}
