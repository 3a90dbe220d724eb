//! Dropping a future half way.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

/// Polls `future` so many times at most, and drops it then; `None` when it was not ready by then.
pub async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
