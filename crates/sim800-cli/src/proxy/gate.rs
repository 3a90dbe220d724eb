//! How many requests are carried out at once, and how many wait.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use smol::Timer;
use smol::lock::{Semaphore, SemaphoreGuardArc};

use crate::failure::Failure;

/// How many may wait at a gate.
const WAITING: usize = 32;

/// How long each may.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is used by a few at once.
#[derive(Debug)]
pub(super) struct Gate {
    what: &'static str,
    places: Arc<Semaphore>,
    waiting: Cell<usize>,
}

/// Leave to use it, until it is dropped.
pub(super) type Place = SemaphoreGuardArc;

impl Gate {
    pub(super) fn new(what: &'static str, places: usize) -> Self {
        Self { what, places: Arc::new(Semaphore::new(places)), waiting: Cell::new(0) }
    }

    /// Waits for a place, among few and not for long.
    pub(super) async fn enter(&self) -> Result<Place, Failure> {
        if let Some(place) = self.places.try_acquire_arc() {
            return Ok(place);
        }
        let waiting = self.waiting.get();
        if waiting >= WAITING {
            return Err(self.busy(&format!("{waiting} requests wait already")));
        }
        let _waiting = Waiting::begin(&self.waiting);
        match select(Box::pin(self.places.acquire_arc()), Timer::after(PATIENCE)).await {
            Either::Left((place, _)) => Ok(place),
            Either::Right(_) => Err(self.busy(&format!("none was to be had for {} s", PATIENCE.as_secs()))),
        }
    }

    /// Whether there is a place for one more.
    pub(super) fn has_room(&self) -> bool {
        self.places.try_acquire_arc().is_some()
    }

    /// Whether somebody waits.
    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.get() > 0
    }

    fn busy(&self, why: &str) -> Failure {
        Failure::new("busy", format!("{}, and {why}; try again later", self.what))
    }
}

/// Somebody who waits, until this is dropped.
struct Waiting<'a>(&'a Cell<usize>);

impl<'a> Waiting<'a> {
    fn begin(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use futures::future::FutureExt;
    use futures::stream::{FuturesUnordered, StreamExt};

    use super::*;

    #[test]
    fn no_more_wait_than_may() {
        smol::block_on(async {
            let gate = Gate::new("the only one is in use", 1);
            let place = gate.enter().await.unwrap();
            let mut waiting: FuturesUnordered<_> = (0..WAITING).map(|_| gate.enter()).collect();
            assert!(waiting.next().now_or_never().is_none(), "they wait");
            let refused = gate.enter().now_or_never().unwrap().unwrap_err();
            assert_eq!(refused.kind(), "busy");
            drop(place);
            let next = waiting.next().await.unwrap().unwrap();
            assert!(waiting.next().now_or_never().is_none(), "one at a time");
            assert!(gate.enter().now_or_never().is_none(), "there is room for one more to wait");
            drop(next);
            drop(waiting);
            assert!(gate.enter().now_or_never().unwrap().is_ok(), "nobody is left");
        });
    }
}
