//! One value from one task to another, also on cores without compare-and-swap.

use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use crate::sync::{Arc, Guarded};

/// The two ends.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    channel_at(None)
}

/// The same at the `place` of another one, if both of its ends are gone.
pub(crate) fn channel_at<T>(place: Option<Place<T>>) -> (Sender<T>, Receiver<T>) {
    let empty = || Guarded::new(Slot::Empty(None));
    let free = place.and_then(|Place(mut slot)| {
        *Arc::get_mut(&mut slot)? = empty();
        Some(slot)
    });
    let slot = free.unwrap_or_else(|| Arc::new(empty()));
    (Sender(Arc::clone(&slot)), Receiver(slot))
}

/// What a channel has of the heap.
#[derive(Debug)]
pub(crate) struct Place<T>(Arc<Guarded<Slot<T>>>);

#[derive(Debug)]
enum Slot<T> {
    /// Nothing was sent, and somebody may wait.
    Empty(Option<Waker>),
    Filled(T),
    /// One of the ends is gone, or the value was taken.
    Closed,
}

/// Where the value comes from. Dropped, it tells that there is none.
#[derive(Debug)]
pub(crate) struct Sender<T>(Arc<Guarded<Slot<T>>>);

/// Where it goes.
#[derive(Debug)]
pub(crate) struct Receiver<T>(Arc<Guarded<Slot<T>>>);

/// There is no value, and will be none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Canceled;

impl<T> Sender<T> {
    /// Sends the value, if anybody is there to take it.
    pub(crate) fn send(self, value: T) {
        self.put(Slot::Filled(value));
    }

    /// Whether nobody waits any more.
    pub(crate) fn is_canceled(&self) -> bool {
        self.0.with(|slot| matches!(slot, Slot::Closed))
    }

    fn put(&self, new: Slot<T>) {
        // Wakers and values are foreign code, which is run outside of the lock.
        let former = self.0.with(|slot| match slot {
            Slot::Empty(_) => mem::replace(slot, new),
            Slot::Filled(_) | Slot::Closed => new,
        });
        if let Slot::Empty(Some(waker)) = former {
            waker.wake();
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.put(Slot::Closed);
    }
}

impl<T> Receiver<T> {
    /// Its place on the heap, for another one when this one is gone.
    pub(crate) fn place(&self) -> Place<T> {
        Place(Arc::clone(&self.0))
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, Canceled>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = context.waker().clone();
        let former = self.0.with(|slot| match slot {
            Slot::Empty(waiting) => Slot::Empty(waiting.replace(waker)),
            Slot::Filled(_) | Slot::Closed => mem::replace(slot, Slot::Closed),
        });
        match former {
            Slot::Empty(_) => Poll::Pending,
            Slot::Filled(value) => Poll::Ready(Ok(value)),
            Slot::Closed => Poll::Ready(Err(Canceled)),
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let former = self.0.with(|slot| mem::replace(slot, Slot::Closed));
        drop(former);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn what_is_sent_arrives_once() {
        let (sender, mut receiver) = channel();
        assert_eq!((&mut receiver).now_or_never(), None);
        sender.send(7);
        assert_eq!((&mut receiver).now_or_never(), Some(Ok(7)));
        assert_eq!(receiver.now_or_never(), Some(Err(Canceled)));
    }

    #[test]
    fn a_place_serves_again_when_both_ends_are_gone() {
        let (sender, receiver) = channel();
        let place = receiver.place();
        sender.send(7);
        drop(receiver);
        let free = Arc::as_ptr(&place.0);
        let (sender, mut receiver) = channel_at(Some(place));
        assert_eq!(Arc::as_ptr(&receiver.0), free);
        assert_eq!((&mut receiver).now_or_never(), None, "the value was another's");

        let (_, mut other) = channel_at(Some(receiver.place()));
        assert_ne!(Arc::as_ptr(&other.0), free);
        assert_eq!((&mut other).now_or_never(), Some(Err(Canceled)));
        sender.send(8);
        assert_eq!(receiver.now_or_never(), Some(Ok(8)));
    }

    #[test]
    fn each_end_notices_that_the_other_is_gone() {
        let (sender, receiver) = channel::<u8>();
        assert!(!sender.is_canceled());
        drop(receiver);
        assert!(sender.is_canceled());
        sender.send(7);

        let (sender, mut receiver) = channel::<u8>();
        assert_eq!((&mut receiver).now_or_never(), None);
        drop(sender);
        assert_eq!(receiver.now_or_never(), Some(Err(Canceled)));
    }

    /// What drops a value may use the channel again.
    #[test]
    fn values_are_dropped_outside_of_the_lock() {
        struct Asks(Option<Sender<Self>>);

        impl Drop for Asks {
            fn drop(&mut self) {
                assert!(self.0.as_ref().is_none_or(Sender::is_canceled));
            }
        }

        let (first, receiver) = channel();
        let (second, _) = channel();
        first.send(Asks(Some(second)));
        drop(receiver);
    }
}
