//! Octets that are known by their place, so that a file of any length takes no memory.

use core::pin::Pin;
use core::task::{Context, Poll};

use sim800_session::io::{AsyncRead, AsyncSeek, Result, SeekFrom};

/// A file of such octets.
pub struct Pattern {
    length: u64,
    position: u64,
}

impl Pattern {
    /// One that was not read yet.
    pub fn new(length: u64) -> Self {
        Self { length, position: 0 }
    }

    /// The octet at a place.
    pub fn octet(place: u64) -> u8 {
        // No octet that gets lost, or comes twice, goes unseen.
        (place.wrapping_mul(0x9E37_79B9).wrapping_add(place >> 8) >> 11) as u8
    }
}

impl AsyncRead for Pattern {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut [u8]) -> Poll<Result<usize>> {
        let rest = usize::try_from(self.length - self.position).unwrap_or(usize::MAX);
        let read = room.len().min(rest);
        for place in &mut room[..read] {
            *place = Self::octet(self.position);
            self.position += 1;
        }
        Poll::Ready(Ok(read))
    }
}

impl AsyncSeek for Pattern {
    fn poll_seek(mut self: Pin<&mut Self>, _: &mut Context<'_>, to: SeekFrom) -> Poll<Result<u64>> {
        let position = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.unwrap_or(0).min(self.length);
        Poll::Ready(Ok(self.position))
    }
}
