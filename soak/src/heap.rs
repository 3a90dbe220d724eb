//! What is allocated and not freed, to the octet: what the system says of a process holds besides what the allocator keeps for
//! later.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What is alive of the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heap {
    pub(crate) octets: usize,
    pub(crate) allocations: usize,
}

impl Heap {
    /// What is alive now; nearly so, while other threads go on.
    pub(crate) fn now() -> Self {
        let stats = ALLOCATOR.stats();
        Self {
            octets: stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated),
            allocations: stats.allocations.wrapping_sub(stats.deallocations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_counted_until_it_is_dropped() {
        const OCTETS: usize = 1 << 24;
        let before = Heap::now();
        let kept = vec![1_u8; OCTETS];
        let with = Heap::now();
        drop(kept);
        let after = Heap::now();
        // Other tests run at the same time.
        let room = OCTETS / 2;
        assert!(with.octets > before.octets + room, "{before:?} {with:?}");
        assert!(after.octets < before.octets + room, "{before:?} {after:?}");
    }
}
