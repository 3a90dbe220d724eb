//! Two ends of a stream in memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use piper::{Reader, Writer, pipe};
use sim800_https::{Counted, Watched};
use sim800_session::Runtime;
use sim800_simulation::World;

/// One end.
pub(crate) struct End {
    reader: Reader,
    writer: Writer,
}

/// Both ends. What is closed or dropped ends for the other.
fn duplex() -> (End, End) {
    let ((a_reader, b_writer), (b_reader, a_writer)) = (pipe(64 * 1024), pipe(64 * 1024));
    (End { reader: a_reader, writer: a_writer }, End { reader: b_reader, writer: b_writer })
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(cx, buffer)
    }
}

impl AsyncWrite for End {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.writer).poll_write(cx, octets) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            result => result,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_close(cx)
    }
}

/// A stream to a server that may say nothing for a minute, and the server's end.
pub(crate) fn watched(world: &World) -> (Watched<Counted<End>>, End) {
    let (here, there) = duplex();
    let runtime: Arc<dyn Runtime> = Arc::new(world.clock());
    (Watched::new(here, &runtime, Duration::from_secs(60)), there)
}

/// A world of which only the clock counts.
pub(crate) fn world() -> World {
    World::new(sim800_emulator::Config::default())
}

/// What the other end has up to and with the end of a head, or all of it where it ends before.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut octet).await.is_ok_and(|read| read == 1) {
        head.push(octet[0]);
    }
    String::from_utf8(head).expect("text")
}

/// Answers each request with the next of `answers` and hands back the heads that it got, and what it was at last.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answers: &[&[u8]],
) -> (Vec<String>, S) {
    let mut heads = Vec::new();
    for answer in answers {
        heads.push(read_head(&mut stream).await);
        // Who hears nonsense may be gone before the end of it.
        let _ = stream.write_all(answer).await;
        let _ = stream.flush().await;
    }
    (heads, stream)
}
