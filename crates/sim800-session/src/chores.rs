//! Work that outlives whoever caused it, on its way to the driver.

use crate::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::mem;

use futures::future::BoxFuture;

use crate::queue::Queue;
use crate::sync::Guarded;

/// Work that outlives whoever caused it; the driver runs it.
pub(crate) type Chore = BoxFuture<'static, ()>;

/// The chores that no driver has taken yet; none are taken any more once it is gone.
#[derive(Default)]
struct Waiting(Guarded<Option<Vec<Chore>>>);

/// Where clients leave chores. The driver learns when the last of its clones is dropped.
#[derive(Clone)]
pub(crate) struct Chores(Arc<Sender>);

struct Sender {
    waiting: Arc<Waiting>,
    queue: Arc<Queue>,
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.queue.wake();
    }
}

impl Chores {
    /// Chores for the driver that `queue` wakes.
    pub(crate) fn new(queue: &Arc<Queue>) -> (Self, NewChores) {
        let waiting = Arc::new(Waiting(Guarded::new(Some(Vec::new()))));
        let sender = Arc::new(Sender { waiting: Arc::clone(&waiting), queue: Arc::clone(queue) });
        let senders = Arc::downgrade(&sender);
        (Self(sender), NewChores { waiting, senders })
    }

    /// Those of a client whose chores nobody runs.
    pub(crate) fn of_nobody(queue: &Arc<Queue>) -> Self {
        Self(Arc::new(Sender { waiting: Arc::default(), queue: Arc::clone(queue) }))
    }

    /// Leaves one; it is dropped where there is no driver any more.
    pub(crate) fn leave(&self, chore: Chore) {
        let refused = self.0.waiting.0.with(|waiting| match waiting {
            Some(waiting) => {
                waiting.push(chore);
                None
            }
            None => Some(chore),
        });
        drop(refused);
        self.0.queue.wake();
    }
}

/// Where the driver finds them.
pub(crate) struct NewChores {
    waiting: Arc<Waiting>,
    senders: Weak<Sender>,
}

impl NewChores {
    /// Those that were left since.
    pub(crate) fn take(&self) -> Vec<Chore> {
        self.waiting.0.with(|waiting| waiting.as_mut().map(mem::take)).unwrap_or_default()
    }

    /// Whether nobody can leave any more.
    pub(crate) fn are_all(&self) -> bool {
        self.senders.strong_count() == 0
    }

    /// Takes none any more, and drops what waits: that releases locks.
    pub(crate) fn close(&self) {
        let waiting = self.waiting.0.with(Option::take);
        drop(waiting);
    }
}
