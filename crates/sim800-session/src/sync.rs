//! Locks, whatever there is to lock with.

use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

// The same on cores with compare-and-swap and on those without.
#[cfg(target_has_atomic = "ptr")]
pub use alloc::sync::Arc;
#[cfg(target_has_atomic = "ptr")]
pub(crate) use alloc::sync::Weak;
#[cfg(not(target_has_atomic = "ptr"))]
pub use portable_atomic_util::Arc;
#[cfg(not(target_has_atomic = "ptr"))]
pub(crate) use portable_atomic_util::Weak;

/// A value behind a lock that is held as long as a closure runs, and no longer: without `std`, interrupts are off meanwhile.
pub(crate) struct Guarded<T>(
    #[cfg(feature = "std")] std::sync::Mutex<T>,
    #[cfg(not(feature = "std"))] critical_section::Mutex<core::cell::RefCell<T>>,
);

#[cfg(feature = "std")]
impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    /// Lets `work` have the value. It runs no code of others, wakers and destructors included.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

#[cfg(not(feature = "std"))]
impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(critical_section::Mutex::new(core::cell::RefCell::new(value)))
    }

    /// Lets `work` have the value. It runs no code of others, wakers and destructors included.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        critical_section::with(|section| work(&mut self.0.borrow_ref_mut(section)))
    }
}

impl<T: Default> Default for Guarded<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|value| value.fmt(f))
    }
}

/// What one task has at a time, for as long as it likes. Those that wait are woken in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Baton(Arc<Guarded<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    is_taken: bool,
    /// In the order in which they came, with the number of each. All are woken and the first that is run takes it, so that nobody waits
    /// for one who sleeps on.
    wakers: Vec<(u64, Waker)>,
    came: u64,
}

impl Waiting {
    /// The one with this number waits no more.
    fn remove(&mut self, place: u64) -> Option<Waker> {
        let index = self.wakers.iter().position(|(other, _)| *other == place)?;
        Some(self.wakers.remove(index).1)
    }

    /// The one with this number, or a new one, is woken by `waker`.
    fn wait(&mut self, place: Option<u64>, waker: Waker) -> (u64, Option<Waker>) {
        if let Some(place) = place {
            if let Some((_, former)) = self.wakers.iter_mut().find(|(other, _)| *other == place) {
                return (place, Some(mem::replace(former, waker)));
            }
        }
        self.came += 1;
        self.wakers.push((self.came, waker));
        (self.came, None)
    }
}

impl Baton {
    /// Waits until nobody has it.
    pub(crate) fn take(&self) -> Take {
        Take { baton: self.clone(), place: None }
    }
}

/// A future that waits for a baton.
#[derive(Debug)]
pub(crate) struct Take {
    baton: Baton,
    place: Option<u64>,
}

impl Future for Take {
    type Output = Taken;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Taken> {
        // Wakers are cloned and dropped outside of the lock: they are foreign code.
        let waker = context.waker().clone();
        let place = self.place;
        let (polled, place, former) = self.baton.0.with(|waiting| {
            if !mem::replace(&mut waiting.is_taken, true) {
                let former = place.and_then(|place| waiting.remove(place)).or(Some(waker));
                return (Poll::Ready(()), None, former);
            }
            let (place, former) = waiting.wait(place, waker);
            (Poll::Pending, Some(place), former)
        });
        self.place = place;
        drop(former);
        polled.map(|()| Taken(self.baton.clone()))
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let former = self.baton.0.with(|waiting| waiting.remove(place));
            drop(former);
        }
    }
}

/// A baton that was taken; given back by dropping it.
#[derive(Debug)]
pub(crate) struct Taken(Baton);

impl Drop for Taken {
    fn drop(&mut self) {
        let woken = self.0.0.with(|waiting| {
            waiting.is_taken = false;
            mem::take(&mut waiting.wakers)
        });
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn one_has_it_at_a_time() {
        let baton = Baton::default();
        let first = baton.take().now_or_never().expect("nobody has it");
        let mut second = baton.take();
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        let taken = second.now_or_never().expect("it was given back");
        assert!(baton.take().now_or_never().is_none());
        drop(taken);
        assert!(baton.take().now_or_never().is_some());
    }

    #[test]
    fn who_sleeps_on_or_is_gone_holds_up_nobody() {
        let baton = Baton::default();
        let first = baton.take().now_or_never().expect("nobody has it");
        let (mut asleep, mut gone, mut awake) = (baton.take(), baton.take(), baton.take());
        for waiting in [&mut asleep, &mut gone, &mut awake] {
            assert!(waiting.now_or_never().is_none());
        }
        drop((first, gone));
        assert!(awake.now_or_never().is_some());
        assert!(asleep.now_or_never().is_some());
    }

    #[test]
    fn nothing_is_kept_of_those_who_gave_up() {
        let baton = Baton::default();
        let _taken = baton.take().now_or_never();
        for _ in 0..1000 {
            let mut waiting = baton.take();
            assert!((&mut waiting).now_or_never().is_none());
            assert!((&mut waiting).now_or_never().is_none());
        }
        assert_eq!(baton.0.with(|waiting| waiting.wakers.len()), 0);
    }
}
