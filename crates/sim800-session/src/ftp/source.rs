//! Sources of uploads, and what of them can be read again.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};

use crate::io::{self, AsyncRead, AsyncSeek, SeekFrom};

use super::digest::Digest;

/// How many octets are kept of a source that can be read but once. What is on its way in the module and in the network is
/// less.
pub(super) const KEPT: usize = 65_536;

/// What is uploaded. Octets are counted from the first one of the file; it seeks from the start and the end alone.
pub(super) trait Source: AsyncRead + AsyncSeek + Unpin {
    /// The first octet that can be read again.
    fn first(&self) -> u64;

    /// A checksum of those between what the server is [known](Self::know) to have and the first that can be read again.
    fn gone(&self) -> Digest;

    /// The server is known to have so many octets, of which the last can be read again.
    fn know(&mut self, octets: u64);
}

/// A source that can be read again, from `start` on.
pub(super) struct Seekable<S> {
    source: S,
    start: u64,
}

impl<S> Seekable<S> {
    pub(super) fn new(source: S, start: u64) -> Self {
        Self { source, start }
    }
}

impl<S: AsyncRead + AsyncSeek + Unpin> Source for Seekable<S> {
    fn first(&self) -> u64 {
        0
    }

    fn gone(&self) -> Digest {
        Digest::new()
    }

    fn know(&mut self, _octets: u64) {}
}

impl<S: AsyncRead + Unpin> AsyncRead for Seekable<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().source).poll_read(cx, room)
    }
}

impl<S: AsyncSeek + Unpin> AsyncSeek for Seekable<S> {
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        let to = match to {
            SeekFrom::Start(to) => SeekFrom::Start(this.start.saturating_add(to)),
            other => other,
        };
        let position = ready!(Pin::new(&mut this.source).poll_seek(cx, to))?;
        Poll::Ready(Ok(position.saturating_sub(this.start)))
    }
}

/// A source that can be read but once. Goes back within the last [`KEPT`] octets that were read, and nowhere else.
pub(super) struct Window<S> {
    source: S,
    /// Octets that were read from the source.
    read: u64,
    /// The last of them.
    kept: BytesMut,
    /// The octet that comes next.
    position: u64,
    /// Octets that the server is known to have.
    known: u64,
    /// Of those behind it that are not kept any more.
    gone: Digest,
}

impl<S> Window<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, read: 0, kept: BytesMut::new(), position: 0, known: 0, gone: Digest::new() }
    }

    /// Keeps the last of what was read.
    fn keep(&mut self, octets: &[u8]) {
        let first = self.read - self.kept.len() as u64;
        self.kept.extend_from_slice(octets);
        self.read += octets.len() as u64;
        let excess = self.kept.len().saturating_sub(KEPT);
        let known = usize::try_from(self.known.saturating_sub(first)).unwrap_or(usize::MAX).min(excess);
        self.gone.push(self.kept.get(known..excess).unwrap_or_default());
        self.kept.advance(excess);
    }
}

impl<S: AsyncRead + Unpin> Source for Window<S> {
    fn first(&self) -> u64 {
        self.read - self.kept.len() as u64
    }

    fn gone(&self) -> Digest {
        self.gone
    }

    fn know(&mut self, octets: u64) {
        (self.known, self.gone) = (octets, Digest::new());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Window<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let from = usize::try_from(this.position - this.first()).unwrap_or(usize::MAX);
        let again = this.kept.get(from..).unwrap_or_default();
        let octets = if again.is_empty() {
            let octets = ready!(Pin::new(&mut this.source).poll_read(cx, room))?;
            this.keep(room.get(..octets).unwrap_or_default());
            octets
        } else {
            let octets = again.len().min(room.len());
            room.iter_mut().zip(again).for_each(|(to, octet)| *to = *octet);
            octets
        };
        this.position += octets as u64;
        Poll::Ready(Ok(octets))
    }
}

impl<S: AsyncRead + Unpin> AsyncSeek for Window<S> {
    fn poll_seek(self: Pin<&mut Self>, _: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        Poll::Ready(match to {
            SeekFrom::Start(to) if (this.first()..=this.read).contains(&to) => {
                this.position = to;
                Ok(to)
            }
            _ => Err(io::ErrorKind::Unsupported.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;
    use futures::executor::block_on;
    use futures::{AsyncReadExt, AsyncSeekExt};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_is_read_again_and_then_what_follows(
            read in prop_oneof![0_u64..3_000, 60_000_u64..140_000],
            room in prop_oneof![1_usize..2_000, 60_000_usize..140_000],
            to in prop_oneof![0_u64..3_000, 0_u64..140_000],
        ) {
            let source: Vec<u8> = (0..150_000_u32).map(|n| (n % 251) as u8).collect();
            let mut window = Window::new(&source[..]);
            let mut buffer = vec![0; room];
            while window.position < read {
                block_on(window.read(&mut buffer)).expect("a slice");
            }
            let had = window.position;
            let sought = block_on(window.seek(SeekFrom::Start(to)));
            let is_kept = to <= had && had - to <= KEPT as u64;
            prop_assert_eq!(sought.is_ok(), is_kept, "{} of {}", to, had);
            prop_assert!(window.kept.len() <= KEPT);
            let from = if is_kept { to } else { had };
            let mut rest = Vec::new();
            block_on(window.read_to_end(&mut rest)).expect("a slice");
            prop_assert!(rest == source[from as usize..]);
        }

        /// What is not kept any more is known by its checksum.
        #[test]
        fn what_is_gone_behind_what_is_known_is_summed_up(
            reads in proptest::collection::vec(1_usize..40_000, 1..12),
            know_after in 0_usize..12,
        ) {
            let source: Vec<u8> = (0..500_000_u32).map(|n| (n % 251) as u8).collect();
            let mut window = Window::new(&source[..]);
            let mut known = 0;
            for (n, room) in reads.into_iter().enumerate() {
                block_on(window.read(&mut vec![0; room])).expect("a slice");
                if n == know_after {
                    known = window.first() + (window.position - window.first()) / 2;
                    window.know(known);
                }
            }
            let mut gone = Digest::new();
            gone.push(&source[known.min(window.first()) as usize..window.first() as usize]);
            prop_assert_eq!(window.gone(), gone);
        }
    }
}
