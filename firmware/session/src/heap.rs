//! The heap, and what is taken of it.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a session may have at once, the overhead of its blocks included.
const SIZE: usize = 40 * 1024;

#[global_allocator]
static HEAP: Heap = Heap {
    heap: emballoc::Allocator::new(),
    held: AtomicUsize::new(0),
    peak: AtomicUsize::new(0),
    allocations: AtomicUsize::new(0),
};

/// A heap that counts.
struct Heap {
    heap: emballoc::Allocator<SIZE>,
    held: AtomicUsize,
    peak: AtomicUsize,
    allocations: AtomicUsize,
}

/// What was taken of a heap, in octets; what its blocks take for themselves, four octets each, is not counted.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    /// What is held.
    pub(crate) held: usize,
    /// The most that was held at a time.
    pub(crate) peak: usize,
    /// How often something was taken.
    pub(crate) allocations: usize,
}

/// What was taken since this was asked last.
pub(crate) fn taken() -> Taken {
    let held = HEAP.held.load(Relaxed);
    Taken { held, peak: HEAP.peak.swap(held, Relaxed), allocations: HEAP.allocations.swap(0, Relaxed) }
}

// SAFETY: all that it hands out is from the allocator inside, unchanged.
#[expect(unsafe_code, reason = "an allocator is asked through an unsafe trait")]
unsafe impl GlobalAlloc for Heap {
    // Where nothing is known of an allocator, as of one in C, it is called, too.
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Nothing allocates in an interrupt, so that this is done by one at a time.
        let held = self.held.load(Relaxed) + layout.size();
        self.held.store(held, Relaxed);
        self.peak.fetch_max(held, Relaxed);
        self.allocations.fetch_add(1, Relaxed);
        // SAFETY: the caller keeps to the contract that this has.
        unsafe { self.heap.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        self.held.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps to the contract that this has, and `place` is from there.
        unsafe { self.heap.dealloc(place, layout) };
    }
}
