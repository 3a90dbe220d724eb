//! Payload that is read in pieces, each of which begins with the end of the one before.

use bytes::Bytes;

/// How many octets come again, at most. Where the line doubled some and what a count then left of the payload reads like the
/// module's own lines, they are others.
const AGAIN: usize = 16;

/// What was read last, as far as it comes again with what follows it, and is compared. A copy, which does not keep the whole of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Overlap {
    octets: [u8; AGAIN],
    length: u8,
}

impl Overlap {
    fn octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// How many octets come again.
    pub(crate) fn length(&self) -> u32 {
        u32::from(self.length)
    }

    /// `octets` were read, of which `at_most` so many come again, but one at least.
    pub(crate) fn follow(&mut self, octets: &[u8], at_most: usize) {
        let again = at_most.clamp(1, AGAIN);
        let end = octets.get(octets.len().saturating_sub(again)..).unwrap_or(octets);
        *self = Self::default();
        for (place, octet) in self.octets.iter_mut().zip(end) {
            *place = *octet;
            self.length += 1;
        }
    }

    /// How many octets came again, and those behind them; `None` where they are others.
    pub(crate) fn tell_apart(&self, mut octets: Bytes) -> Option<(usize, Bytes)> {
        let again = octets.split_to(octets.len().min(self.octets().len()));
        self.octets().starts_with(&again).then_some((again.len(), octets))
    }

    /// Whether what comes may begin with one of these, as far as that is known of it.
    pub(crate) fn is_like(&self, words: &[&[u8]]) -> bool {
        words.iter().any(|word| self.octets().iter().zip(*word).all(|(one, other)| one == other))
    }

    /// The next piece begins one octet later.
    pub(crate) fn shorten(&mut self) {
        if self.length > 0 {
            self.octets.rotate_left(1);
            self.length -= 1;
        }
    }

    /// Nothing comes again.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_piece_comes_again_with_the_next() {
        let mut overlap = Overlap::default();
        assert_eq!(overlap.tell_apart("ab".into()), Some((0, "ab".into())));
        overlap.follow(b"abcdefgh", 4);
        assert_eq!(overlap.length(), 4);
        assert_eq!(overlap.tell_apart("efghij".into()), Some((4, "ij".into())));
        assert_eq!(overlap.tell_apart("ef".into()), Some((2, Bytes::new())), "all that came");
        assert_eq!(overlap.tell_apart("fghij".into()), None);
        assert!(
            overlap.is_like(&[b"x", b"efghi"]) && overlap.is_like(&[b"ef"]) && !overlap.is_like(&[b"eg"])
        );
        overlap.shorten();
        assert_eq!(overlap.tell_apart("fghij".into()), Some((3, "ij".into())));
        overlap.follow(b"k", 4);
        overlap.shorten();
        overlap.shorten();
        assert_eq!(overlap.length(), 0);
    }
}
