//! Time that passes only when it is told to.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use sim800_session::Runtime;

/// The clock of a [`World`](super::World), and the runtime of the sessions in it. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    /// Whom to wake, and when; the number tells those of one time apart and keeps them in order.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    count: u64,
}

impl Clock {
    /// The time of the next deadline somebody sleeps for.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.state().sleepers.first_key_value().map(|((deadline, _), _)| *deadline)
    }

    /// Lets time pass and wakes whose deadline has come.
    pub(super) fn advance(&self, now: Duration) {
        let woken = {
            let mut state = self.state();
            state.now = state.now.max(now);
            let later = state.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut state.sleepers, later)
        };
        for waker in woken.into_values() {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Runtime for Clock {
    fn now(&self) -> Duration {
        self.state().now
    }

    async fn sleep_until(&self, deadline: Duration) {
        Sleep { clock: self, deadline, number: None }.await;
    }
}

struct Sleep<'a> {
    clock: &'a Clock,
    deadline: Duration,
    number: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.now >= self.deadline {
            return Poll::Ready(());
        }
        let number = self.number.unwrap_or(state.count);
        if self.number.is_none() {
            state.count += 1;
        }
        state.sleepers.insert((self.deadline, number), cx.waker().clone());
        drop(state);
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.clock.state().sleepers.remove(&(self.deadline, number));
        }
    }
}
