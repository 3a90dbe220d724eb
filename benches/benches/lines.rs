//! What does a short line cost, from octets to a typed value?

mod clock;
mod typed;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim800_benches::lines::{LINES, read};
use sim800_parser::Framer;

use clock::CpuTime;
use typed::{at_commands, atat, by_hand};

const READS: [usize; 3] = [1, 16, 65_536];

fn lines(criterion: &mut Criterion<CpuTime>) {
    for lines in LINES {
        let stream = lines.stream();
        for size in READS {
            let mut group = criterion.benchmark_group(format!("lines/{}/reads of {size}", lines.name));
            group.throughput(Throughput::Elements(stream.lines as u64));
            let mut framer = Framer::default();
            assert_eq!(read(&mut framer, &stream, size).typed, stream.lines);
            group.bench_function("Framer, typed", |bencher| {
                bencher.iter(|| read(&mut framer, black_box(&stream), size));
            });
            group.finish();
        }
    }
    others(criterion);
}

/// Others on one line that is there as a whole, which is all that they do without more code around them.
fn others(criterion: &mut Criterion<CpuTime>) {
    let line = LINES[1].text[0].as_bytes();
    let mut group = criterion.benchmark_group("lines/HTTPACTION, whole");
    group.throughput(Throughput::Elements(1));

    let stream = LINES[1].stream();
    let mut framer = Framer::default();
    assert_eq!(read(&mut framer, &stream, usize::MAX).numbers, 1200);
    group.bench_function("Framer, typed", |bencher| {
        bencher.iter(|| read(&mut framer, black_box(&stream), usize::MAX));
    });

    assert_eq!(at_commands(line), Some((0, 200, 1000)));
    group.bench_function("at-commands", |bencher| bencher.iter(|| at_commands(black_box(line))));

    assert_eq!(by_hand(line), Some((0, 200, 1000)));
    group.bench_function("by hand", |bencher| bencher.iter(|| by_hand(black_box(line))));

    assert_eq!(atat(line), Some((0, 200, 1000)));
    group.bench_function("atat", |bencher| bencher.iter(|| atat(black_box(line))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = clock::criterion();
    targets = lines
}
criterion_main!(benches);
