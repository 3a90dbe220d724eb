//! What was read from the module and is not taken yet.

use core::mem;

use bytes::{Buf as _, Bytes, BytesMut};

/// Octets that belong to no event yet, and room for reads behind them.
///
/// A read lands where it stays: lines are looked at here, and payload is split off. Two buffers serve again and again, for one payload
/// is still being used while the next one comes; a new one is made where both are kept for longer.
#[derive(Default)]
pub(crate) struct Inbox {
    buffer: BytesMut,
    /// The one before, which may hold payload that somebody has.
    other: BytesMut,
    /// How many octets of the buffer came from the module.
    filled: usize,
}

impl Inbox {
    /// Room for a read of at least `at_least` octets; a new buffer has `size`.
    pub(crate) fn spare(&mut self, at_least: usize, size: usize) -> &mut [u8] {
        if self.buffer.len() - self.filled < at_least {
            self.buffer.truncate(self.filled);
            let more = at_least.max(size.saturating_sub(self.filled));
            // Where it has to be a new one, `reserve` would make it twice as large.
            if self.buffer.capacity() - self.filled < at_least && !self.buffer.try_reclaim(more) {
                if !self.other.try_reclaim(self.filled + more) {
                    self.other = BytesMut::with_capacity(self.filled + more);
                }
                self.other.extend_from_slice(&self.buffer);
                mem::swap(&mut self.buffer, &mut self.other);
                self.other.clear();
            }
            // What is written here is written once for many reads.
            self.buffer.resize(self.buffer.capacity(), 0);
        }
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    /// No payload is on its way, for which two buffers are kept.
    pub(crate) fn keep_one(&mut self) {
        self.other = BytesMut::new();
    }

    /// The first `len` octets of [`spare`](Self::spare) were read from the module.
    pub(crate) fn handle_filled(&mut self, len: usize) {
        self.filled = (self.filled + len).min(self.buffer.len());
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Drops the first `len` octets.
    pub(crate) fn skip(&mut self, len: usize) {
        let len = len.min(self.filled);
        self.filled -= len;
        self.buffer.advance(len);
    }

    /// Drops the first `before` octets and hands over the next `len`, without a copy.
    pub(crate) fn split(&mut self, before: usize, len: usize) -> Bytes {
        let end = (before + len).min(self.filled);
        self.filled -= end;
        let mut octets = self.buffer.split_to(end).freeze();
        octets.advance(before.min(end));
        octets
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn the_buffer_is_as_large_as_was_said_and_never_filled_beyond() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.spare(1, 4096).len(), 4096);
        inbox.handle_filled(5000);
        assert_eq!(inbox.octets().len(), 4096);
        assert_eq!(inbox.spare(10, 4096).get(9), Some(&0));
        assert_eq!(inbox.octets().len(), 4096);
        inbox.skip(4000);
        assert_eq!((inbox.split(10, 100).len(), inbox.octets().len()), (86, 0));
    }

    #[test]
    fn two_buffers_serve_while_a_payload_is_kept_until_the_next_one_is_there() {
        let mut inbox = Inbox::default();
        let mut kept = Bytes::new();
        let mut places = Vec::new();
        for read in 0..1000 {
            let room = inbox.spare(256, 300);
            room[..256].fill(read as u8);
            inbox.handle_filled(256);
            kept = inbox.split(7, 249);
            assert!(kept.len() == 249 && kept.iter().all(|octet| *octet == read as u8));
            if !places.contains(&kept.as_ptr()) {
                places.push(kept.as_ptr());
            }
        }
        assert_eq!(places.len(), 2);
        drop(kept);
    }

    /// What is kept for longer is not written over.
    #[test]
    fn where_both_are_kept_there_is_a_third() {
        let mut inbox = Inbox::default();
        let kept: Vec<Bytes> = (0..50_u8)
            .map(|read| {
                inbox.spare(256, 300)[..256].fill(read);
                inbox.handle_filled(256);
                inbox.split(0, 256)
            })
            .collect();
        assert!(kept.iter().zip(0..).all(|(octets, read)| octets.iter().all(|octet| *octet == read)));
    }

    #[test]
    fn one_buffer_serves_again_and_again() {
        let mut inbox = Inbox::default();
        let place = inbox.spare(256, 4096).as_ptr_range();
        for read in 1..1000 {
            let room = inbox.spare(256, 4096);
            assert!(place.contains(&room.as_ptr()), "read {read} is elsewhere");
            inbox.handle_filled(read % 256);
            drop(inbox.split(read % 7, read % 200));
            inbox.skip(200);
        }
    }
}
