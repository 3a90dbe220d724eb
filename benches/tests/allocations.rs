//! Framing allocates nothing, however much it frames; decoding nothing but what callers keep.

use std::alloc::System;

use sim800_benches::bulk::{BULK, READS, decode, frame};
use sim800_benches::lines::{LINES, read};
use sim800_parser::{Decoder, Event, Framer};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Number and octets of the allocations that `work` makes.
fn allocations(work: impl FnOnce()) -> (usize, usize) {
    let region = Region::new(ALLOCATOR);
    work();
    let stats = region.change();
    (stats.allocations + stats.reallocations, stats.bytes_allocated)
}

/// The same for work that is repeated, each time as it is: the least of some times, for the allocator counts for all threads, and
/// that of the test harness allocates now and then.
fn steady_allocations(mut work: impl FnMut()) -> (usize, usize) {
    (0..5).map(|_| allocations(&mut work)).min().unwrap_or_default()
}

// One test, so that no other allocates beside it.
#[test]
fn the_steady_state_allocates_nothing() {
    for bulk in BULK {
        let response = bulk.response();
        for size in READS {
            let mut framer = Framer::default();
            let framed = steady_allocations(|| {
                for _ in 0..3 {
                    assert_eq!(frame(&mut framer, bulk, &response, size).payload, bulk.payload as usize);
                }
            });
            assert_eq!(framed, (0, 0), "framer: {} {} in reads of {size}", bulk.command, bulk.payload);

            // The first responses find the buffer's size.
            let mut decoder = Decoder::default();
            decode(&mut decoder, bulk, &response, size);
            decode(&mut decoder, bulk, &response, size);
            let decoded = steady_allocations(|| {
                for _ in 0..3 {
                    assert_eq!(decode(&mut decoder, bulk, &response, size).payload, bulk.payload as usize);
                }
            });
            assert_eq!(decoded, (0, 0), "decoder: {} {} in reads of {size}", bulk.command, bulk.payload);
        }
    }
    for lines in LINES {
        let stream = lines.stream();
        let mut framer = Framer::default();
        let typed = steady_allocations(|| {
            read(&mut framer, &stream, 16);
        });
        assert_eq!(typed, (0, 0), "lines: {}", lines.name);
    }
    what_is_kept_pins_little_more_than_itself();
}

/// A caller that keeps all payload: two allocations per buffer, and at most 15 % more octets than it keeps.
fn what_is_kept_pins_little_more_than_itself() {
    let bulk = BULK[5];
    let response = bulk.response();
    for size in [16, 64, 1024] {
        let mut decoder: Decoder = Decoder::default();
        let mut kept = Vec::with_capacity(response.len());
        let (count, octets) = allocations(|| {
            decoder.begin(bulk.expect());
            for input in response.chunks(size) {
                decoder.handle_input(input);
                while let Some(event) = decoder.poll_event() {
                    if let Event::Payload { octets, .. } = event {
                        kept.push(octets);
                    }
                }
            }
        });
        let payload = bulk.payload as usize;
        assert_eq!(kept.iter().map(|octets| octets.len()).sum::<usize>(), payload);
        assert!(count <= 2 * payload.div_ceil(4096) + 4, "{count} allocations in reads of {size}");
        assert!(octets * 100 <= payload * 115, "{octets} octets allocated in reads of {size}");
    }
}
