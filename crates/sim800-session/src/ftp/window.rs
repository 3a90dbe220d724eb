//! A source that can be read but once, and what of it can be read again.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use futures::{AsyncRead, AsyncSeek};

/// How many octets are kept. What is on its way in the module and in the network is less.
pub(super) const KEPT: usize = 65_536;

/// Goes back within the last [`KEPT`] octets that were read, and nowhere else. Octets are counted from the first one read.
pub(super) struct Window<S> {
    source: S,
    /// Octets that were read from the source.
    read: u64,
    /// The last of them.
    kept: BytesMut,
    /// The octet that comes next.
    position: u64,
}

impl<S> Window<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, read: 0, kept: BytesMut::new(), position: 0 }
    }

    /// The first octet that is kept.
    fn first(&self) -> u64 {
        self.read - self.kept.len() as u64
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Window<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let from = usize::try_from(this.position - this.first()).unwrap_or(usize::MAX);
        let again = this.kept.get(from..).unwrap_or_default();
        let octets = if again.is_empty() {
            let octets = ready!(Pin::new(&mut this.source).poll_read(cx, room))?;
            let new = room.get(..octets).unwrap_or_default();
            let new = new.get(new.len().saturating_sub(KEPT)..).unwrap_or_default();
            this.kept.advance((this.kept.len() + new.len()).saturating_sub(KEPT));
            this.kept.extend_from_slice(new);
            this.read += octets as u64;
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

impl<S: Unpin> AsyncSeek for Window<S> {
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
    }
}
