//! What `cargo xtask instructions` counts, under callgrind: every case twice, few times and more times over. It prints
//! one line per count: the case, how often it was done, how much of it one is, and what is to be taken off.
#![expect(clippy::print_stdout, reason = "a program for xtask")]

use std::hint::black_box;

use sim800_benches::bulk::{BULK, Bulk, Owner, feed, frame, own, pieces};
use sim800_benches::lines::{LINES, Lines, read};
use sim800_parser::Framer;

/// A read of one octet costs the same as each of the others and makes the longest runs.
const READS: [usize; 5] = [16, 64, 1024, 65_536, ALL];
/// A read that takes the whole response: what is left is the cost of framing without that of reads.
const ALL: usize = usize::MAX;
const FEW: usize = 20;
const MORE: usize = 120;

enum Case {
    Pieces(Bulk, usize),
    Feed(Bulk, usize),
    Next(Bulk, usize),
    Decoder(Bulk, usize),
    Lines(Lines, usize),
    End,
}

fn main() {
    for bulk in BULK {
        for read in READS {
            let reads = if read == ALL { "one read".to_owned() } else { format!("reads of {read}") };
            let name = format!("{} {}, {reads}", bulk.command, bulk.payload);
            count(&format!("pieces: {name}"), 1, &Case::Pieces(bulk, read));
            count(&format!("framer: {name}"), 1, &Case::Feed(bulk, read));
            count(&format!("framer, event by event: {name}"), 1, &Case::Next(bulk, read));
            count(&format!("decoder: {name}"), 1, &Case::Decoder(bulk, read));
        }
    }
    for lines in LINES {
        for read in [16, 65_536] {
            let name = format!("lines: {}, reads of {read}", lines.name);
            count(&name, lines.stream().lines, &Case::Lines(lines, read));
        }
    }
    measured(&Case::End, 0);
}

fn count(name: &str, units: usize, case: &Case) {
    for times in [FEW, MORE] {
        println!("{name}\t{units}\t{times}");
        measured(case, times);
    }
}

/// Callgrind writes down what it has counted each time this is entered.
#[inline(never)]
fn measured(case: &Case, times: usize) {
    let right = match *case {
        Case::Pieces(bulk, read) => {
            let response = bulk.response();
            (0..times).all(|_| pieces(black_box(&response), read).payload == response.len())
        }
        Case::Feed(bulk, read) => {
            let response = bulk.response();
            let mut framer = Framer::default();
            (0..times)
                .all(|_| feed(&mut framer, bulk, black_box(&response), read).payload == bulk.payload as usize)
        }
        Case::Next(bulk, read) => {
            let response = bulk.response();
            let mut framer = Framer::default();
            (0..times).all(|_| {
                frame(&mut framer, bulk, black_box(&response), read).payload == bulk.payload as usize
            })
        }
        Case::Decoder(bulk, read) => {
            let response = bulk.response();
            let mut owner = Owner::default();
            (0..times).all(|_| {
                let keep = |payload| drop(black_box(payload));
                own(&mut owner, bulk, black_box(&response), read, keep).payload == bulk.payload as usize
            })
        }
        Case::Lines(lines, size) => {
            let stream = lines.stream();
            let mut framer = Framer::default();
            (0..times).all(|_| read(&mut framer, black_box(&stream), size).typed == stream.lines)
        }
        Case::End => true,
    };
    assert!(right, "the answer is wrong, so its cost says nothing");
}
