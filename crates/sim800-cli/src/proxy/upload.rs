//! What a program sends, on account.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// The body of a request, with the errors of the program's connection.
pub(super) type Upload = UnsyncBoxBody<Bytes, hyper::Error>;

/// The body of a request, which counts its octets.
pub(super) struct Counted {
    pub(super) body: Incoming,
    pub(super) octets: Arc<AtomicU64>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(octets) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.octets.fetch_add(octets.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body that is there as a whole, or one of more than `limit` octets as it was.
pub(super) async fn gather(mut body: Upload, limit: usize) -> Result<Result<Bytes, Upload>, hyper::Error> {
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
