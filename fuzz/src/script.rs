//! How inputs tell what happens beside octets on the line.
//!
//! An input is the octets themselves; a [`MARK`] and a letter stand where something else happens. So inputs read like
//! transcripts, a mutation stays where it was made, and the dictionary fits.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};

/// Comes before a letter; twice, it is the octet itself. No UTF-8 text holds it.
pub(crate) const MARK: u8 = 0xF5;

/// A command line follows, up to its carriage return.
pub(crate) const COMMAND: u8 = b'c';
/// Time passes; [`Script::wait`] tells how much.
pub(crate) const WAIT: u8 = b'w';
/// Whoever reads stops reading, or goes on.
pub(crate) const HOLD: u8 = b'h';

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step<'a> {
    /// Octets on the line.
    Octets(&'a [u8]),
    /// A command line, without the carriage return.
    Command(&'a [u8]),
    /// Anything else, by its letter.
    Other(u8),
}

/// An input, from the first step to the last.
#[derive(Clone)]
pub(crate) struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// A value of fixed size from the octets that come next; zeros stand for those that are missing.
    pub(crate) fn draw<T: Arbitrary<'a>>(&mut self) -> T {
        self.with(T::arbitrary)
    }

    /// One of these.
    pub(crate) fn choose<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.draw::<u8>()) % choices.len()].clone()
    }

    /// All octets that are left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Up to eleven minutes.
    pub(crate) fn wait(&mut self) -> Duration {
        Duration::from_millis(10 * u64::from(self.draw::<u16>()))
    }

    fn with<T>(&mut self, draw: impl FnOnce(&mut Unstructured<'a>) -> arbitrary::Result<T>) -> T {
        let mut u = Unstructured::new(self.rest);
        let value = draw(&mut u).expect("values of fixed size can be made of any octets");
        self.rest = &self.rest[self.rest.len() - u.len()..];
        value
    }
}

impl<'a> Iterator for Script<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        Some(match self.rest {
            [] => return None,
            [MARK, COMMAND, rest @ ..] => {
                let end = rest.iter().position(|octet| *octet == b'\r');
                let (line, rest) = rest.split_at(end.unwrap_or(rest.len()));
                self.rest = rest.get(1..).unwrap_or_default();
                Step::Command(line)
            }
            [MARK, MARK, rest @ ..] => {
                self.rest = rest;
                Step::Octets(&[MARK])
            }
            [MARK, letter, rest @ ..] => {
                self.rest = rest;
                Step::Other(*letter)
            }
            [_, rest @ ..] => {
                let length = rest.iter().position(|octet| *octet == MARK).unwrap_or(rest.len());
                let (octets, rest) = self.rest.split_at(1 + length);
                self.rest = rest;
                Step::Octets(octets)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_commands_and_marks() {
        let mut script = Script::new(b"ab\xF5cAT+CSQ\rOK\r\xF5\xF5\xF5w\x02\x01x\xF5");
        assert_eq!(script.next(), Some(Step::Octets(b"ab")));
        assert_eq!(script.next(), Some(Step::Command(b"AT+CSQ")));
        assert_eq!(script.next(), Some(Step::Octets(b"OK\r")));
        assert_eq!(script.next(), Some(Step::Octets(&[MARK])));
        assert_eq!(script.next(), Some(Step::Other(WAIT)));
        assert_eq!(script.wait(), Duration::from_millis(2580));
        assert_eq!(script.next(), Some(Step::Octets(b"x")));
        assert_eq!(script.next(), Some(Step::Octets(&[MARK])));
        assert_eq!(script.next(), None);
    }
}
