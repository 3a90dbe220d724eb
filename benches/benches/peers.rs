//! How long do others take for the same octets? The table of `benches/README.md`, made anew:
//!
//! ```text
//! cargo bench -p sim800-benches --bench peers
//! ```
//!
//! Everybody gets the same stream of 1 KiB frames, which a core's second cache holds, in turn and many times over, and has
//! to find the same payload; what counts is the shortest CPU time of each. A figure is how many times as long as the first
//! row's that is: a ratio within one run, which does not depend on the machine as times do.
#![expect(clippy::print_stdout, reason = "a table for people")]

#[expect(dead_code, reason = "other benches need more of them")]
mod contenders;
mod typed;

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use sim800_benches::bulk::{Bulk, Owner, frame, own};
use sim800_benches::lines::{LINES, read};
use sim800_parser::Framer;

use contenders::{AtCommands, Atat, ByHand, LineCodec, Scan};
use typed::{at_commands, atat, by_hand};

const STREAM: usize = 256 * 1024;
const ROUNDS: u32 = 300;
const READS: [usize; 2] = [16, 1024];

/// A row of a table, and what it takes for each column.
type Row<'a> = (&'static str, Vec<Box<dyn FnMut() + 'a>>);

fn main() {
    let bulk = Bulk::ftp_get(1024);
    let (octets, seen) = bulk.stream(STREAM);
    let response = bulk.response().len();
    let octets = &octets[..];

    let mut rows: Vec<Row<'_>> = Vec::new();
    let right = |payload: usize| assert_eq!(payload, seen.payload, "the answer is wrong");
    add(&mut rows, "`Framer`: payload to look at", |read| {
        let mut framer = Framer::default();
        move || right(frame(&mut framer, bulk, black_box(octets), read).payload)
    });
    add(&mut rows, "`Decoder` over `BytesMut`: payload to keep, as the engine does it", |read| {
        let mut owner = Owner::default();
        move || {
            right(own(&mut owner, bulk, black_box(octets), read, |payload| drop(black_box(payload))).payload)
        }
    });
    add(&mut rows, "by hand: this header and `OK`, compared as they are", |read| {
        let mut by_hand = ByHand::new(response);
        move || right(by_hand.frame(black_box(octets), read))
    });
    add(&mut rows, "atat 0.25, taught to count", |read| {
        let mut atat = Atat::new(response);
        move || right(atat.frame(black_box(octets), read))
    });
    add(&mut rows, "at-commands 0.5 for the header, the rest by hand", |read| {
        let mut at_commands = AtCommands::new(response);
        move || right(at_commands.frame(black_box(octets), read))
    });
    add(&mut rows, "looking for `OK` after each read, which is wrong where the payload has it", |read| {
        let mut scan = Scan::default();
        move || right(scan.frame(black_box(octets), read))
    });
    add(&mut rows, "lines of tokio-util, without framing", |read| {
        let mut codec = LineCodec::new();
        move || {
            black_box(codec.split(black_box(octets), read));
        }
    });
    add(&mut rows, "`memcpy`, which finds nothing", |read| {
        let mut copy = vec![0; read];
        move || {
            for piece in black_box(octets).chunks(read) {
                copy[..piece.len()].copy_from_slice(piece);
                black_box(&mut copy);
            }
        }
    });
    table("frames of 1 KiB", &["reads of 16", "reads of 1,024"], rows);

    let line = LINES[1].text[0].as_bytes();
    let stream = LINES[1].stream();
    let is_right = |found| assert_eq!(found, Some((0, 200, 1000)), "the answer is wrong");
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut one = |name, mut work: Box<dyn FnMut()>| {
        rows.push((name, vec![Box::new(move || (0..1000).for_each(|_| work()))]));
    };
    let mut framer = Framer::default();
    one(
        "`Framer` and `Unsolicited`",
        Box::new(move || assert_eq!(read(&mut framer, black_box(&stream), usize::MAX).numbers, 1200)),
    );
    one("by hand: this line alone", Box::new(move || is_right(by_hand(black_box(line)))));
    one("at-commands 0.5", Box::new(move || is_right(at_commands(black_box(line)))));
    one("atat 0.25, derived", Box::new(move || is_right(atat(black_box(line)))));
    table("`+HTTPACTION: 0,200,1000`, typed", &["in one read"], rows);
}

/// A row with a column for each size of reads.
fn add<'a, W: FnMut() + 'a>(rows: &mut Vec<Row<'a>>, name: &'static str, work: impl Fn(usize) -> W) {
    let boxed = |read| -> Box<dyn FnMut() + 'a> { Box::new(work(read)) };
    rows.push((name, READS.map(boxed).into_iter().collect()));
}

/// Prints what each takes, as a multiple of the first row's.
fn table(what: &str, columns: &[&str], mut rows: Vec<Row<'_>>) {
    let mut least = vec![vec![Duration::MAX; columns.len()]; rows.len()];
    for _ in 0..ROUNDS {
        for (least, (_, works)) in least.iter_mut().zip(&mut rows) {
            for (least, work) in least.iter_mut().zip(works) {
                let began = now();
                work();
                *least = (now() - began).min(*least);
            }
        }
    }
    println!("| {what} | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()));
    for ((name, _), times) in rows.iter().zip(&least) {
        let ratios: Vec<_> = times
            .iter()
            .zip(&least[0])
            .map(|(time, first)| format!("{:.1}", time.as_secs_f64() / first.as_secs_f64()))
            .collect();
        println!("| {name} | {} |", ratios.join(" | "));
    }
    println!();
}

/// The CPU time that the thread has taken.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
