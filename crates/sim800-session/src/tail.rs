//! Knowing a file again that is gone on with.

use bytes::{Buf, Bytes, BytesMut};

/// How many octets are compared. A tenth of a second at 115,200 bit/s.
pub(crate) const KEPT: usize = 1024;

/// The last octets of a transfer that were handed out, a kilooctet at most. When it is taken up again they are read once more: where they
/// are others, the file is another.
///
/// ```
/// use sim800_session::Tail;
///
/// let mut tail = Tail::default();
/// tail.push(b"what was handed out");
/// // The transfer broke off, and is taken up again four octets before that.
/// assert_eq!(tail.rewind(4), 4);
/// assert_eq!(tail.strip(" o".into()).as_deref(), Some(&b""[..]));
/// assert_eq!(tail.strip("ut, and more".into()).as_deref(), Some(&b", and more"[..]));
/// assert!(tail.is_found());
/// ```
#[derive(Debug, Default)]
pub struct Tail {
    kept: BytesMut,
    /// What has to come again before anything new does.
    awaited: Bytes,
}

impl Tail {
    /// `octets` are handed out.
    pub fn push(&mut self, octets: &[u8]) {
        let new = octets.get(octets.len().saturating_sub(KEPT)..).unwrap_or(octets);
        let excess = (self.kept.len() + new.len()).saturating_sub(KEPT);
        self.kept.advance(excess);
        self.kept.extend_from_slice(new);
    }

    /// Begins again, at most so many octets before the end of what was handed out; returns how many it is.
    pub fn rewind(&mut self, at_most: u64) -> u32 {
        let length = usize::try_from(at_most).unwrap_or(usize::MAX).min(self.kept.len());
        let from = self.kept.len() - length;
        self.awaited = Bytes::copy_from_slice(self.kept.get(from..).unwrap_or_default());
        u32::try_from(length).unwrap_or(0)
    }

    /// Awaits nothing any more; returns how many octets of what was handed out did not come again yet.
    pub(crate) fn forgo(&mut self) -> u32 {
        u32::try_from(core::mem::take(&mut self.awaited).len()).unwrap_or(0)
    }

    /// Takes off `octets` what was handed out before; `None` when it is something else.
    pub fn strip(&mut self, mut octets: Bytes) -> Option<Bytes> {
        let again = octets.split_to(octets.len().min(self.awaited.len()));
        if self.awaited.split_to(again.len()) != again {
            return None;
        }
        Some(octets)
    }

    /// Whether all that had to come again came.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.awaited.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_comes_again_is_taken_off_wherever_it_is_cut(
            pieces in proptest::collection::vec(0_usize..700, 0..5),
            at_most in 0_u64..2000,
            cut in 1_usize..900,
        ) {
            let handed_out: Vec<u8> = (0..pieces.iter().sum::<usize>()).map(|n| (n % 251) as u8).collect();
            let mut tail = Tail::default();
            let mut rest = &handed_out[..];
            for length in pieces {
                let (piece, others) = rest.split_at(length);
                tail.push(piece);
                rest = others;
            }
            let back = tail.rewind(at_most) as usize;
            prop_assert_eq!(back, handed_out.len().min(KEPT).min(at_most as usize));
            let again = [&handed_out[handed_out.len() - back..], b"new"].concat();
            let mut came = Vec::new();
            for piece in again.chunks(cut) {
                came.extend(tail.strip(Bytes::copy_from_slice(piece)).expect("the same"));
            }
            prop_assert!(tail.is_found());
            prop_assert_eq!(came, b"new");
            if back > 0 {
                tail.rewind(at_most);
                let mut other = again;
                other[back - 1] ^= 1;
                let found = other.chunks(cut).all(|piece| tail.strip(Bytes::copy_from_slice(piece)).is_some());
                prop_assert!(!found);
            }
        }
    }
}
