//! What holds for every capture: nothing is lost, and cuts do not matter.

mod lossless;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sim800_capture::{Capture, Direction, Event, Format, Reader, write_record};

use lossless::assert_lossless;

type Piece = (Direction, Vec<u8>);

/// What stands in captures, whole and damaged.
const SNIPPETS: &[(Direction, &[u8])] = &[
    (Direction::Sent, b"AT\r"),
    (Direction::Sent, b"AT+CSQ\r\n"),
    (Direction::Sent, b"AT+HTTPREAD=0,20\r"),
    (Direction::Sent, b"AT+HTTPREAD=0,999999\r"),
    (Direction::Sent, b"AT+FSREAD=C:\\a,0,9,0\r"),
    (Direction::Sent, b"AT+HTTPDATA=12,1000\r"),
    (Direction::Sent, b"AT+FTPPUT=2,8\r"),
    (Direction::Sent, b"AT+FSWRITE=C:\\a,0,5,10\r"),
    (Direction::Sent, b"AT+CIPSTART=\"TCP\"\r"),
    (Direction::Sent, b"AT+CIPSHUT\r"),
    (Direction::Sent, b"AT+FTPEXTGET?\r"),
    (Direction::Sent, b"payload\r\nAT\r"),
    (Direction::Sent, b"text\x1a"),
    (Direction::Received, b"AT+CSQ\r"),
    (Direction::Received, b"AT+HTTPREAD\r"),
    (Direction::Received, b"AT+FSREAD=C:\\a,0,9,0\r"),
    (Direction::Received, b"AT+HTTPDATA=12,1000\r"),
    (Direction::Received, b"\r\nOK\r\n"),
    (Direction::Received, b"\r\nERROR\r\n"),
    (Direction::Received, b"\r\n+CME ERROR: 3\r\n"),
    (Direction::Received, b"\r\n+HTTPREAD: 7\r\n"),
    (Direction::Received, b"\r\n+HTTPREAD: 700\r\n"),
    (Direction::Received, b"\r\n+FTPGET: 2,9\r\n"),
    (Direction::Received, b"\r\n+FTPPUT: 2,8\r\n"),
    (Direction::Received, b"\r\n+CMT: \"+49\"\r\n"),
    (Direction::Received, b"\r\nDOWNLOAD\r\n"),
    (Direction::Received, b"\r\n>"),
    (Direction::Received, b"\r\nRDY\r\n"),
    (Direction::Received, b"AT+FTPEXTGET?\r"),
    (Direction::Received, b"\r\n+FTPEXTGET: 1,0\r\n"),
    (Direction::Received, b"\r\n+CREG: 1\r\n"),
    (Direction::Received, b"\r\nSHUT OK\r\n"),
    (Direction::Received, b"\r\n+IPD,7:"),
    (Direction::Received, b"\r\n+RECEIVE,0,9:\r\n"),
    (Direction::Received, b"\r\n+RECEIVE,0,7,10.0.0.1:80:\r\n"),
    (Direction::Received, b"1234567\r\nOK\r\n"),
    (Direction::Received, b"K\r\n"),
    (Direction::Received, b"\r\n"),
    (Direction::Received, b"pay\0load\xff\n"),
];

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let snippet =
        (select(SNIPPETS), 0..40_usize, any::<bool>()).prop_map(|((direction, octets), cut, whole)| {
            let end = if whole { octets.len() } else { cut.min(octets.len()) };
            (direction, octets[..end].to_vec())
        });
    let direction = prop_oneof![Just(Direction::Sent), Just(Direction::Received)];
    let noise = (direction.clone(), vec(any::<u8>(), 0..20));
    let long = (direction, 900..3000_usize).prop_map(|(direction, len)| (direction, vec![b'x'; len]));
    vec(prop_oneof![30 => snippet, 3 => noise, 1 => long], 0..24)
}

fn decode<'a>(pieces: impl IntoIterator<Item = (Direction, &'a [u8])>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut capture = Capture::new();
    for (direction, octets) in pieces {
        capture.handle_octets(None, direction, octets, &mut |event| events.push(event));
    }
    capture.handle_end(&mut |event| events.push(event));
    events
}

fn whole(pieces: &[Piece]) -> Vec<Event> {
    decode(pieces.iter().map(|(direction, octets)| (*direction, &octets[..])))
}

fn trace(pieces: &[Piece]) -> Vec<u8> {
    let mut trace = Vec::new();
    for (n, (direction, octets)) in pieces.iter().enumerate() {
        write_record(&mut trace, Duration::from_millis(n as u64), *direction, octets);
    }
    trace
}

fn read(trace: &[u8], cut: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut reader, mut capture) = (Reader::with_format(Format::Trace), Capture::new());
    for read in trace.chunks(cut) {
        reader
            .handle_input(read, &mut |record| capture.handle_record(record, &mut |event| events.push(event)))
            .unwrap();
    }
    reader.handle_end(&mut |record| capture.handle_record(record, &mut |event| events.push(event))).unwrap();
    capture.handle_end(&mut |event| events.push(event));
    events
}

/// Without the times: a cut moves them.
fn timeless(mut events: Vec<Event>) -> Vec<Event> {
    events.iter_mut().for_each(forget_time);
    events
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn no_octet_is_lost(pieces in pieces()) {
        let events = whole(&pieces);
        for direction in [Direction::Sent, Direction::Received] {
            let octets = pieces.iter().filter(|piece| piece.0 == direction).flat_map(|piece| piece.1.clone());
            assert_lossless(&events, direction, &octets.collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_octet_of_what_the_module_sent_is_lost(pieces in pieces()) {
        let octets: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.1).collect();
        let events = decode([(Direction::Received, &octets[..])]);
        assert_lossless(&events, Direction::Received, &octets);
    }

    #[test]
    fn cuts_do_not_matter(pieces in pieces(), cut in 1..9_usize) {
        let cut = pieces.iter().flat_map(|(direction, octets)| octets.chunks(cut).map(|piece| (*direction, piece)));
        prop_assert_eq!(decode(cut), whole(&pieces));
    }

    #[test]
    fn a_trace_says_what_crossed(pieces in pieces(), cut in 1..99_usize) {
        let trace = trace(&pieces);
        let events = read(&trace, trace.len().max(1));
        prop_assert_eq!(&read(&trace, cut), &events);
        prop_assert_eq!(timeless(events), whole(&pieces));
    }

    #[test]
    fn a_damaged_trace_is_read_as_far_as_it_goes(
        pieces in pieces(), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5), end in any::<prop::sample::Index>()
    ) {
        let mut trace = trace(&pieces);
        prop_assume!(!trace.is_empty());
        for (place, octet) in damage {
            let place = place.index(trace.len());
            trace[place] = octet;
        }
        trace.truncate(end.index(trace.len()));
        prop_assert_eq!(read(&trace, 7), read(&trace, trace.len().max(1)));
    }
}

fn forget_time(event: &mut Event) {
    event.time = None;
    if let Some(payload) = &mut event.payload {
        payload.since = None;
    }
}
