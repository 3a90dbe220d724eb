//! What does framing cost, compared with copying the same octets in the same pieces, and with what others do?
//!
//! Ratios within one run are what counts: machines are noisy. Each figure is of a stream of responses that a core's
//! second cache holds, one after another as a module answers: octets that were just read are not yet where a loop over
//! one response would have them.
//!
//! A stream is cut anywhere and has unsolicited lines in it; of responses one at a time, each ends with a read, and `feed` can
//! be used. A response that comes in one or two reads leaves nothing to save but the copy: atat looks at a header and at six
//! octets behind the payload, and lends what its buffer holds until the next read.
//!
//! `benches/README.md` has a table of what to expect, `cargo xtask instructions` the figures that do not depend on the machine.

mod clock;
mod contenders;

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use sim800_benches::bulk::{BULK, Bulk, Owner, READS, Seen, feed, frame, own};
use sim800_parser::Framer;

use clock::CpuTime;
use contenders::{AtCommands, Atat, ByHand, LineCodec, Scan};

/// Octets of a stream, if a response is not longer by itself.
const STREAM: usize = 256 * 1024;
/// What looks all octets through after every read takes minutes beyond.
const LOOKS_THROUGH: usize = 2000;

fn framing(criterion: &mut Criterion<CpuTime>) {
    the_answers_are_right();
    for bulk in BULK {
        let (octets, seen) = bulk.stream(STREAM);
        for read in READS {
            let mut group =
                criterion.benchmark_group(format!("{}/{}/reads of {read}", bulk.command, bulk.payload));
            group.throughput(Throughput::Bytes(octets.len() as u64));
            Stream { bulk, pieces: vec![&octets], payload: seen.payload, read }.compare(&mut group);
            group.finish();
        }
    }
}

/// The same where every read ends with its response, as from a module that has nothing to say in between.
fn one_at_a_time(criterion: &mut Criterion<CpuTime>) {
    let bulk = Bulk::ftp_get(1024);
    let response = bulk.response();
    let times = STREAM / response.len();
    let octets = response.repeat(times);
    for read in READS {
        let mut group = criterion
            .benchmark_group(format!("{}/{}, one at a time/reads of {read}", bulk.command, bulk.payload));
        group.throughput(Throughput::Bytes(octets.len() as u64));
        let pieces = octets.chunks(response.len()).collect();
        Stream { bulk, pieces, payload: times * 1024, read }.compare(&mut group);
        group.finish();
    }
}

/// What all contenders get.
struct Stream<'a> {
    bulk: Bulk,
    /// A read does not go on from one of them to the next.
    pieces: Vec<&'a [u8]>,
    /// Octets of payload in all of them.
    payload: usize,
    read: usize,
}

impl Stream<'_> {
    fn compare(&self, group: &mut BenchmarkGroup<'_, CpuTime>) {
        let &Self { bulk, read, .. } = self;
        let length = bulk.response().len();
        let mut copy = vec![0; 65_536];
        self.time(group, "limit: memcpy", &mut |octets| {
            for piece in octets.chunks(read) {
                copy[..piece.len()].copy_from_slice(piece);
                black_box(&mut copy);
            }
            0
        });
        self.time(group, "limit: memchr", &mut |octets| {
            octets.chunks(read).map(|piece| memchr::memchr_iter(b'\n', piece).count()).sum()
        });
        let mut framer = Framer::default();
        self.time_right(group, "Framer", &mut |octets| frame(&mut framer, bulk, octets, read).payload);
        if self.pieces.len() > 1 {
            let mut framer = Framer::default();
            self.time_right(group, "Framer, pushed", &mut |octets| {
                feed(&mut framer, bulk, octets, read).payload
            });
        }
        let mut owner = Owner::default();
        self.time_right(group, "Decoder, owned", &mut |octets| {
            own(&mut owner, bulk, octets, read, |payload| drop(black_box(payload))).payload
        });
        let mut atat = Atat::new(length);
        self.time_right(group, "atat, taught to count", &mut |octets| atat.frame(octets, read));
        let mut by_hand = ByHand::new(length);
        self.time_right(group, "by hand", &mut |octets| by_hand.frame(octets, read));
        let mut at_commands = AtCommands::new(length);
        self.time_right(group, "at-commands", &mut |octets| at_commands.frame(octets, read));
        let mut codec = LineCodec::new();
        self.time(group, "tokio-util line codec", &mut |octets| codec.split(octets, read));
        if length <= LOOKS_THROUGH {
            let mut scan = Scan::default();
            self.time_right(group, "scan for OK", &mut |octets| scan.frame(octets, read));
        }
    }

    fn time(
        &self,
        group: &mut BenchmarkGroup<'_, CpuTime>,
        name: &str,
        frame: &mut dyn FnMut(&[u8]) -> usize,
    ) {
        group.bench_function(name, |bencher| {
            bencher.iter(|| self.pieces.iter().map(|piece| frame(black_box(piece))).sum::<usize>());
        });
    }

    /// Of a contender that has to find the payload.
    fn time_right(
        &self,
        group: &mut BenchmarkGroup<'_, CpuTime>,
        name: &str,
        frame: &mut dyn FnMut(&[u8]) -> usize,
    ) {
        for _ in 0..2 {
            let payload: usize = self.pieces.iter().map(|piece| frame(piece)).sum();
            assert_eq!(payload, self.payload, "{name} in reads of {}", self.read);
        }
        self.time(group, name, frame);
    }
}

/// All contenders that count octets find the payload; those that look for `OK` are wrong where the payload has it.
fn the_answers_are_right() {
    let payload = b"before it\r\nOK\r\nand after it";
    let trap = Bulk::ftp_get(payload.len() as u32);
    let trapped = trap.response_with(payload);
    let cases = BULK.map(|bulk| (bulk, bulk.response())).into_iter().chain([(trap, trapped.clone())]);
    for (bulk, response) in cases {
        let payload = bulk.payload as usize;
        let expected = Seen { payload, responses: 1, unsolicited: 0 };
        for read in READS {
            assert_eq!(frame(&mut Framer::default(), bulk, &response, read), expected);
            assert_eq!(feed(&mut Framer::default(), bulk, &response, read), expected);
            assert_eq!(own(&mut Owner::default(), bulk, &response, read, drop), expected);
            assert_eq!(Atat::new(response.len()).frame(&response, read), payload, "atat");
            assert_eq!(ByHand::new(response.len()).frame(&response, read), payload, "by hand");
            assert_eq!(AtCommands::new(response.len()).frame(&response, read), payload, "at-commands");
            assert_eq!(LineCodec::new().split(&response, read), response.len(), "line codec");
            if response.len() <= LOOKS_THROUGH && bulk.payload != trap.payload {
                assert_eq!(Scan::default().frame(&response, read), payload, "scan");
            }
        }
    }
    assert_ne!(
        Atat::stock(trapped.len()).frame(&trapped, 16),
        payload.len(),
        "atat as it comes was thought to be fooled"
    );
    assert_ne!(Scan::default().frame(&trapped, 16), payload.len(), "a scan was thought to be fooled");
}

criterion_group! {
    name = benches;
    config = clock::criterion();
    targets = framing, one_at_a_time
}
criterion_main!(benches);
