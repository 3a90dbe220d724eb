//! What a program sends, on account.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, SizeHint};
use sim800_https::BoxError;
use smol::Timer;

/// How long a program may send nothing of a body that is waited for: what it is for is kept from others meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// The body of a request, with the errors of the program's connection.
pub(super) type Upload = UnsyncBoxBody<Bytes, io::Error>;

/// The body of a request, which counts its octets.
pub(super) struct Counted<B> {
    body: B,
    octets: Arc<AtomicU64>,
    patience: Duration,
    /// Until more has to come.
    alarm: Option<Timer>,
}

impl<B> Counted<B> {
    pub(super) fn new(body: B, octets: Arc<AtomicU64>) -> Self {
        Self { body, octets, patience: PATIENCE, alarm: None }
    }
}

impl<B> Body for Counted<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Self { body, patience, alarm, .. } = &mut *self;
        let Poll::Ready(frame) = Pin::new(body).poll_frame(context) else {
            let alarm = alarm.get_or_insert_with(|| Timer::after(*patience));
            return Pin::new(alarm).poll(context).map(|_| Some(Err(silent(*patience))));
        };
        self.alarm = None;
        if let Some(octets) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.octets.fetch_add(octets.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn silent(patience: Duration) -> io::Error {
    io::Error::other(format!("the program sent nothing of it for {} s", patience.as_secs()))
}

/// A body that is there as a whole, or one of more than `limit` octets as it was.
pub(super) async fn gather(mut body: Upload, limit: usize) -> io::Result<Result<Bytes, Upload>> {
    let hint = body.size_hint();
    if hint.lower() > limit as u64 {
        return Ok(Err(body));
    }
    let (mut pieces, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        // What is behind the end has no place in the module.
        let Ok(octets) = frame?.into_data() else { continue };
        length += octets.len();
        pieces.push(octets);
        if length > limit {
            let begun = stream::iter(pieces.into_iter().map(|octets| Ok(Frame::data(octets))));
            let rest = body.into_data_stream().map_ok(Frame::data);
            return Ok(Err(BodyExt::boxed_unsync(StreamBody::new(begun.chain(rest)))));
        }
    }
    Ok(Ok(pieces.concat().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_does_not_come_has_an_end() {
        let begun = stream::iter([Ok::<_, io::Error>(Frame::data(Bytes::from("a")))]);
        let octets = Arc::<AtomicU64>::default();
        let mut body = Counted::new(StreamBody::new(begun.chain(stream::pending())), Arc::clone(&octets));
        body.patience = Duration::ZERO;
        let gathered = smol::block_on(gather(body.boxed_unsync(), 10));
        assert!(gathered.unwrap_err().to_string().contains("sent nothing"));
        assert_eq!(octets.load(Ordering::Relaxed), 1);
    }
}
