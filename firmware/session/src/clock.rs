//! Embassy's clock, which ticks.

use core::cell::RefCell;
use core::task::Waker;

use critical_section::Mutex;
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;

struct Ticks(Mutex<RefCell<State>>);

struct State {
    now: u64,
    /// When somebody wants to be woken next.
    next: u64,
    queue: Queue,
}

impl Ticks {
    const fn new() -> Self {
        Self(Mutex::new(RefCell::new(State { now: 0, next: u64::MAX, queue: Queue::new() })))
    }
}

time_driver_impl!(static TICKS: Ticks = Ticks::new());

impl Driver for Ticks {
    fn now(&self) -> u64 {
        critical_section::with(|section| self.0.borrow_ref(section).now)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|section| {
            let state = &mut *self.0.borrow_ref_mut(section);
            if state.queue.schedule_wake(at, waker) {
                state.next = state.queue.next_expiration(state.now);
            }
        });
    }
}

/// A tick has gone by.
pub(crate) fn tick() {
    critical_section::with(|section| {
        let state = &mut *TICKS.0.borrow_ref_mut(section);
        state.now += 1;
        if state.now >= state.next {
            state.next = state.queue.next_expiration(state.now);
        }
    });
}
