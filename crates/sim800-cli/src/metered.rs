//! A reader that shows how much of it was taken.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead, AsyncSeek};
use indicatif::ProgressBar;

/// A reader with a progress bar.
#[derive(Debug)]
pub(crate) struct Metered<R> {
    reader: R,
    bar: ProgressBar,
}

impl<R> Metered<R> {
    pub(crate) fn new(reader: R, bar: ProgressBar) -> Self {
        Self { reader, bar }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Metered<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut self.reader).poll_read(cx, buffer);
        if let Poll::Ready(Ok(octets)) = &read {
            self.bar.inc(*octets as u64);
        }
        read
    }
}

impl<R: AsyncSeek + Unpin> AsyncSeek for Metered<R> {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        let position = ready!(Pin::new(&mut self.reader).poll_seek(cx, to))?;
        self.bar.set_position(position);
        Poll::Ready(Ok(position))
    }
}
