//! What does framing cost, compared with copying the same octets in the same pieces?
//!
//! Ratios within one run are what counts: machines are noisy.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sim800_benches::{BULK, Bulk, READS};
use sim800_parser::{Decoder, Event, FinalResultCode, Framer, Limits};

fn framing(criterion: &mut Criterion) {
    for bulk in BULK {
        let response = bulk.response();
        for read in READS {
            let mut group =
                criterion.benchmark_group(format!("{}/{}/reads of {read}", bulk.command, bulk.payload));
            group.throughput(Throughput::Bytes(response.len() as u64));

            let mut framer: Framer<256> = Framer::new();
            assert_eq!(frame(&mut framer, bulk, &response, read), bulk.payload as usize);
            group.bench_function(BenchmarkId::from_parameter("framer"), |bencher| {
                bencher.iter(|| frame(&mut framer, bulk, black_box(&response), read));
            });

            let mut decoder = Decoder::new(Limits::default());
            assert_eq!(decode(&mut decoder, bulk, &response, read), bulk.payload as usize);
            group.bench_function(BenchmarkId::from_parameter("decoder"), |bencher| {
                bencher.iter(|| decode(&mut decoder, bulk, black_box(&response), read));
            });

            let mut copy = vec![0; 65_536];
            group.bench_function(BenchmarkId::from_parameter("memcpy"), |bencher| {
                bencher.iter(|| {
                    for piece in black_box(&response).chunks(read) {
                        copy[..piece.len()].copy_from_slice(piece);
                        black_box(&mut copy);
                    }
                });
            });
            group.finish();
        }
    }
}

/// Frames one response and returns the octets of payload.
fn frame(framer: &mut Framer<256>, bulk: Bulk, response: &[u8], read: usize) -> usize {
    let mut payload = 0;
    let mut done = false;
    framer.begin(bulk.expect());
    for input in response.chunks(read) {
        framer.feed(input, |event| match event {
            Event::Payload { octets, .. } => payload += black_box(octets).len(),
            Event::Final { code, .. } => done = code == FinalResultCode::Ok,
            _ => {}
        });
    }
    assert!(done, "the response did not end");
    payload
}

/// Decodes one response and returns the octets of payload.
fn decode(decoder: &mut Decoder, bulk: Bulk, response: &[u8], read: usize) -> usize {
    let mut payload = 0;
    let mut done = false;
    decoder.begin(bulk.expect());
    for input in response.chunks(read) {
        decoder.handle_input(input);
        while let Some(event) = decoder.poll_event() {
            match event {
                Event::Payload { octets, .. } => payload += black_box(octets).len(),
                Event::Final { code, .. } => done = code == FinalResultCode::Ok,
                _ => {}
            }
        }
    }
    assert!(done, "the response did not end");
    payload
}

criterion_group!(benches, framing);
criterion_main!(benches);
