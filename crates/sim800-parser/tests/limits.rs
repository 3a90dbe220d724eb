//! Lines about as long as the limit, in reads of any size.

mod buffered;

use buffered::Buffered;
use sim800_parser::{Decoder, Event, Expect, Framer};

const CARRY: usize = 96;
const LIMIT: usize = CARRY - 3;

fn kind(event: &Event<'_>) -> &'static str {
    match event {
        Event::Echo(_) => "echo",
        Event::Final { .. } => "final",
        Event::Overlong { .. } => "overlong",
        _ => "something else",
    }
}

/// What the octets are to the framer and to the decoder, which have to agree.
fn kinds(octets: &[u8], size: usize) -> Vec<&'static str> {
    let mut framer: Framer<CARRY> = Framer::new();
    let mut buffered = Buffered::new(Decoder::new(LIMIT));
    framer.begin(Expect::result());
    buffered.decoder.begin(Expect::result());
    let (mut framed, mut decoded) = (Vec::new(), Vec::new());
    for read in octets.chunks(size) {
        framer.feed(read, |event| framed.push(kind(&event)));
        buffered.feed(read, |event| decoded.push(kind(&event)));
    }
    assert_eq!(framed, decoded, "reads of {size}");
    framed
}

/// Only the octet behind the CR of an echo tells it from a line: there has to be room for it as well.
#[test]
fn an_echo_is_shorter_than_the_limit() {
    for (len, first) in [(LIMIT - 1, "echo"), (LIMIT, "overlong"), (LIMIT + 1, "overlong")] {
        let octets = format!("AT{}\r\r\nOK\r\n", "x".repeat(len - "AT\r".len()));
        for size in [1, 16, LIMIT, octets.len()] {
            assert_eq!(kinds(octets.as_bytes(), size), [first, "final"], "{len} octets in reads of {size}");
        }
    }
}
