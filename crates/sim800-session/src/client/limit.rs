//! How long something may take, by what the module had said by then.

use core::future::{Future, poll_fn};
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures::{FutureExt, pin_mut};

use super::Client;
use crate::oneshot;
use crate::timer::Timer;

impl Client {
    /// `future`, for no longer than `limit`. What the module had said by then counts, however late the driver gets to read it.
    pub(crate) fn within<F: Future>(
        &self,
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> {
        self.until(self.shared.runtime.now().saturating_add(limit), future)
    }

    /// The same up to a time of the runtime.
    pub(crate) async fn until<F: Future>(&self, deadline: Duration, future: F) -> Option<F::Output> {
        let mut timer = Timer::default();
        pin_mut!(future);
        self.until_by(&mut timer, deadline, future).await
    }

    /// The same by a `timer` that is kept.
    pub(crate) fn until_by<'c, F: Future + Unpin>(
        &'c self,
        timer: &'c mut Timer,
        deadline: Duration,
        mut future: F,
    ) -> impl Future<Output = Option<F::Output>> {
        let mut limit = Limit { client: self, timer, deadline, behind: None };
        poll_fn(move |context| {
            if let Poll::Ready(output) = future.poll_unpin(context) {
                return Poll::Ready(Some(output));
            }
            ready!(limit.poll(context));
            Poll::Ready(match future.poll_unpin(context) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
    }

    /// Waits until the driver has looked at all that the module sent so far.
    fn catch_up(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.shared.behind.with(|behind| behind.push(sender));
        if self.shared.subscribers.ended().is_some() {
            // There is no driver that would tell.
            drop(self.shared.take_behind());
        }
        self.shared.queue.wake();
        receiver
    }
}

/// How long something may take.
struct Limit<'c> {
    client: &'c Client,
    timer: &'c mut Timer,
    deadline: Duration,
    /// The time is over: this is ready when all that the module had said by then was looked at.
    behind: Option<oneshot::Receiver<()>>,
}

impl Limit<'_> {
    /// Whether that is over. There is one of this for all that is limited.
    #[inline(never)]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.behind.is_none() {
            ready!(self.timer.poll_until(&self.client.shared.runtime, self.deadline, context));
        }
        let client = self.client;
        self.behind.get_or_insert_with(|| client.catch_up()).poll_unpin(context).map(drop)
    }
}
