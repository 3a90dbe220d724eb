//! When the modules work, when all of them rest, and when it is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use smol::Timer;
use smol::lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What the modules and those who watch them agree by.
#[derive(Debug, Default)]
pub(crate) struct Shift {
    over: AtomicBool,
    /// Shared by those who work; a rest has it alone.
    floor: RwLock<()>,
}

/// A piece of work: no rest begins before its end.
#[derive(Debug)]
#[must_use]
pub(crate) struct Work<'a>(#[expect(dead_code, reason = "held, not read")] RwLockReadGuard<'a, ()>);

/// A rest: no work begins before its end.
#[derive(Debug)]
#[must_use]
pub(crate) struct Rest<'a>(#[expect(dead_code, reason = "held, not read")] RwLockWriteGuard<'a, ()>);

impl Shift {
    /// Begins a piece of work when no rest is wanted; `None` when all is over.
    pub(crate) async fn work(&self) -> Option<Work<'_>> {
        let floor = self.floor.read().await;
        (!self.over.load(Ordering::Relaxed)).then_some(Work(floor))
    }

    /// Lets everybody end what they are at, and nobody begin; `None` when that takes longer than `limit`.
    pub(crate) fn rest(&self, limit: Duration) -> Option<Rest<'_>> {
        let rest = async { Some(Rest(self.floor.write().await)) };
        smol::block_on(smol::future::or(rest, Timer::after(limit).map(|_| None)))
    }

    /// Nothing more is begun.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_waits_for_work_and_work_for_the_end_of_the_rest() {
        let shift = Shift::default();
        let work = shift.work().now_or_never().flatten();
        assert!(work.is_some());
        assert!(shift.rest(Duration::ZERO).is_none(), "somebody works");
        assert!(shift.work().now_or_never().is_some(), "a rest that was given up keeps nobody");
        drop(work);
        let rest = shift.rest(Duration::ZERO);
        assert!(rest.is_some());
        assert!(shift.work().now_or_never().is_none(), "all rest");
        shift.end();
        drop(rest);
        assert!(shift.work().now_or_never().is_some_and(|work| work.is_none()), "it is over");
    }
}
