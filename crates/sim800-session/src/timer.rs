//! Waiting for times that are put off again and again.

use alloc::boxed::Box;
use core::fmt;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures::future::BoxFuture;

use crate::runtime::Runtime;
use crate::sync::Arc;

/// What wakes who waits. One that is armed for an earlier time than it is asked for wakes once in vain, instead of costing a new one.
#[derive(Default)]
pub(crate) struct Timer(Option<(Duration, BoxFuture<'static, ()>)>);

impl Timer {
    /// Waits until `deadline`.
    pub(crate) fn poll_until(
        &mut self,
        runtime: &Arc<dyn Runtime>,
        deadline: Duration,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            let (_, timer) = match &mut self.0 {
                Some(armed) if armed.0 <= deadline => armed,
                later => {
                    let runtime = Arc::clone(runtime);
                    later.insert((deadline, Box::pin(async move { runtime.sleep_until(deadline).await })))
                }
            };
            ready!(timer.as_mut().poll(context));
            self.0 = None;
            if runtime.now() >= deadline {
                return Poll::Ready(());
            }
        }
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let armed = self.0.as_ref().map(|(deadline, _)| deadline);
        f.debug_tuple("Timer").field(&armed).finish()
    }
}
