//! Framing allocates nothing, however much it frames; neither does handing payload over, a command in the engine, or a window of a
//! transfer.

mod session;

use std::alloc::System;
use std::time::Duration;

use sim800_benches::bulk::{BULK, Bulk, Owner, READS, frame, own};
use sim800_benches::lines::{LINES, read};
use sim800_command::{FtpGetRead, FtpReadLength};
use sim800_engine::{Config, Engine, Output, Request};
use sim800_parser::Framer;
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
            let mut owner = Owner::default();
            own(&mut owner, bulk, &response, size, drop);
            own(&mut owner, bulk, &response, size, drop);
            let owned = steady_allocations(|| {
                for _ in 0..3 {
                    let seen = own(&mut owner, bulk, &response, size, drop);
                    assert_eq!(seen.payload, bulk.payload as usize);
                }
            });
            assert_eq!(owned, (0, 0), "owned: {} {} in reads of {size}", bulk.command, bulk.payload);
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
    the_engine_copies_no_payload();
    session::windows_take_nothing();
}

/// A command costs the engine nothing that has the place of the one before, and does not cost more with more payload, of which the
/// octets stay where the port has put them.
fn the_engine_copies_no_payload() {
    for bulk in [Bulk::ftp_get(50), Bulk::ftp_get(1460)] {
        let response = bulk.response();
        let command = FtpGetRead { length: FtpReadLength::saturating(bulk.payload) };
        for size in [16, 1024] {
            let mut engine = Engine::new(Duration::ZERO, Config::default());
            let mut exchange = || {
                let request = Request::encode_at(engine.take_spent(), &command).unwrap();
                engine.begin(Duration::ZERO, request).unwrap();
                while engine.poll_transmit().is_some() {}
                let mut place = None;
                for read in response.chunks(size) {
                    let room = engine.spare();
                    place.get_or_insert(room.as_ptr_range());
                    room[..read.len()].copy_from_slice(read);
                    engine.handle_filled(Duration::ZERO, read.len());
                }
                let Some(Output::Complete(Ok(response))) = engine.poll_output() else {
                    panic!("no response")
                };
                assert_eq!(response.payload.len(), bulk.payload as usize);
                place.is_some_and(|place| place.contains(&response.payload.as_ptr()))
            };
            assert!(exchange(), "the payload was moved");
            exchange();
            let (count, octets) = steady_allocations(|| {
                exchange();
            });
            assert_eq!((count, octets), (0, 0), "{} octets in reads of {size}", bulk.payload);
        }
    }
}
