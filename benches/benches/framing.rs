//! What does framing cost, compared with copying the same octets in the same pieces, and with what others do?
//!
//! Ratios within one run are what counts: machines are noisy. Each figure is of a stream of responses that a core's
//! second cache holds, one after another as a module answers: octets that were just read are not yet where a loop over
//! one response would have them.
//!
//! What to expect for payload of 1 KiB, in medians of runs on a busy x86-64 machine; `cargo xtask instructions` has the
//! figures that do not depend on it:
//!
//! | | `Framer` | `Decoder` |
//! |---|---|---|
//! | reads of 16 octets: of atat's speed | 9.7 | 4.3 |
//! | reads of 16 octets: of memcpy's | 1.3 | 0.6 |
//! | reads of 1 KiB: of atat's speed | 1.7 | 0.5 |
//! | reads of 1 KiB: of memcpy's | 0.5 | 0.1 |
//!
//! A response that comes in one or two reads leaves nothing to save but the copy: atat looks at a header and at six
//! octets behind the payload, and lends what its buffer holds until the next read. `Decoder` hands over octets to keep, and
//! the three counted references of such a response cost more than its lines. Whoever needs no more than a look takes
//! `Framer`.

mod clock;
mod contenders;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim800_benches::bulk::{BULK, Bulk, READS, Seen, UNSOLICITED, decode, frame};
use sim800_parser::{Decoder, Framer, Limits};

use clock::CpuTime;
use contenders::{AtCommands, Atat, LineCodec, Scan};

/// Octets of a stream, if a response is not longer by itself.
const STREAM: usize = 256 * 1024;
/// What looks all octets through after every read takes minutes beyond.
const LOOKS_THROUGH: usize = 2000;

fn framing(criterion: &mut Criterion<CpuTime>) {
    the_answers_are_right();
    for bulk in BULK {
        for read in READS {
            compare(criterion, bulk, read);
        }
    }
}

fn compare(criterion: &mut Criterion<CpuTime>, bulk: Bulk, read: usize) {
    let length = bulk.response().len();
    let stream = bulk.response().repeat((STREAM / length).max(1));
    let mut group = criterion.benchmark_group(format!("{}/{}/reads of {read}", bulk.command, bulk.payload));
    group.throughput(Throughput::Bytes(stream.len() as u64));

    let mut copy = vec![0; 65_536];
    group.bench_function("limit: memcpy", |bencher| {
        bencher.iter(|| {
            for response in black_box(&stream).chunks(length) {
                for piece in response.chunks(read) {
                    copy[..piece.len()].copy_from_slice(piece);
                    black_box(&mut copy);
                }
            }
        });
    });
    let mut contend = |name: &str, frame: &mut dyn FnMut(&[u8]) -> usize| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&stream).chunks(length).map(&mut *frame).sum::<usize>());
        });
    };
    contend("limit: memchr", &mut |response| {
        response.chunks(read).map(|piece| memchr::memchr_iter(b'\n', piece).count()).sum()
    });
    let mut framer = Framer::new();
    contend("Framer", &mut |response| frame(&mut framer, bulk, response, read).payload);
    let mut decoder = Decoder::new(Limits::default());
    contend("Decoder", &mut |response| decode(&mut decoder, bulk, response, read).payload);
    let mut atat = Atat::new(length);
    contend("atat, taught to count", &mut |response| atat.frame(response, read));
    let mut at_commands = AtCommands::default();
    contend("at-commands", &mut |response| at_commands.frame(response, read));
    let mut codec = LineCodec::new();
    contend("tokio-util line codec", &mut |response| codec.split(response, read));
    if length <= LOOKS_THROUGH {
        let mut scan = Scan::default();
        contend("scan for OK", &mut |response| scan.frame(response, read));
    }
    group.finish();
}

/// The same with a line between responses that nobody asked for.
fn with_unsolicited(criterion: &mut Criterion<CpuTime>) {
    let bulk = Bulk::ftp_get(1024);
    let octets = [&bulk.response(), UNSOLICITED].concat();
    let expected = Seen { payload: 1024, responses: 1, unsolicited: 1 };
    for read in READS {
        let mut group = criterion.benchmark_group(format!("FTPGET/1024, unsolicited lines/reads of {read}"));
        group.throughput(Throughput::Bytes(octets.len() as u64));
        let mut framer = Framer::new();
        assert_eq!(frame(&mut framer, bulk, &octets, read), expected);
        group.bench_function("Framer", |bencher| {
            bencher.iter(|| frame(&mut framer, bulk, black_box(&octets), read));
        });
        let mut decoder = Decoder::new(Limits::default());
        assert_eq!(decode(&mut decoder, bulk, &octets, read), expected);
        group.bench_function("Decoder", |bencher| {
            bencher.iter(|| decode(&mut decoder, bulk, black_box(&octets), read));
        });
        group.finish();
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
            assert_eq!(frame(&mut Framer::new(), bulk, &response, read), expected);
            assert_eq!(decode(&mut Decoder::new(Limits::default()), bulk, &response, read), expected);
            if read >= 16 {
                assert_eq!(Atat::new(response.len()).frame(&response, read), payload, "atat");
                assert_eq!(AtCommands::default().frame(&response, read), payload, "at-commands");
            }
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
    targets = framing, with_unsolicited
}
criterion_main!(benches);
