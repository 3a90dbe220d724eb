//! Rule 7: linear work.

extern crate std;
use std::format;
use std::vec;

use super::Decoder;
use crate::event::Kind;
use crate::search::looked;
use crate::search::tests::LOOKED;
use crate::{Claim, DataPhase, Dialect, Expect, FinalResultCode, Framer, Header, Line, Values};

/// How much of a test is enough for Miri, which takes a thousand times as long.
const fn much(octets: usize) -> usize {
    if cfg!(miri) { octets / 20 } else { octets }
}

#[test]
fn the_two_lines_of_every_frame_are_read_without_a_search() {
    let data = DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: 50 };
    let frame = b"\r\n+FTPGET: 2,50\r\n0123456789";
    let in_flight = || {
        let mut decoder = Decoder::new(64);
        decoder.begin(Expect::result().with_data(data));
        decoder
    };
    let mut decoder = in_flight();
    // Of 25 octets from the name on, 23 could be the beginning of a line that is not all there.
    let short = &frame[..24];
    assert_eq!(decoder.line_of_frame(short), None);
    assert_eq!(decoder.line_of_frame(&frame[..25]), Some((Kind::Information, 17)));
    assert_eq!((decoder.remaining, decoder.line_of_frame(frame)), (50, None));
    assert_eq!(decoder.line_of_frame(b"\r\nOK\r\n"), Some((Kind::Final(FinalResultCode::Ok), 6)));
    assert!(!decoder.in_flight());
    assert_eq!(decoder.line_of_frame(b"\r\nOK\r\n"), None);

    // Where a read has cut it, as soon as it ends.
    let mut decoder = in_flight();
    assert_eq!(decoder.find(&frame[..9]), None);
    assert_eq!(decoder.line_of_frame(&frame[..16]), None);
    assert_eq!(decoder.line_of_frame(&frame[..17]), Some((Kind::Information, 17)));
    decoder.remaining = 0;
    assert_eq!(decoder.find(b"\r\nOK\r\n"), Some((Kind::Final(FinalResultCode::Ok), 6)));

    // What is unusual is left to the search.
    for other in
        ["\r\n+FTPGET: 2,51\r\n", "\r\n+FTPGET: 2,50 \r\n", "+FTPGET: 2,50\r\n", "\r\n +FTPGET: 2,50\r\n"]
    {
        assert_eq!(in_flight().line_of_frame(other.as_bytes()), None, "{other}");
    }
    let longest = format!("\r\n+FTPGET: 2,{:049}\r\n", 5);
    assert_eq!(in_flight().line_of_frame(longest.as_bytes()), Some((Kind::Information, 64)));
    let longer = format!("\r\n+FTPGET: 2,{:050}\r\n", 5);
    assert_eq!(in_flight().line_of_frame(longer.as_bytes()), None);
    // The digits are looked at in vain once, not with every octet that comes.
    let mut decoder = in_flight();
    assert_eq!(decoder.find(&longest.as_bytes()[..40]), None);
    assert_eq!(decoder.line_of_frame(longest.as_bytes()), None);
}

/// Knows lines of numbers, and counts what it looks at.
struct Numbers;

impl Dialect for Numbers {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        looked(line.text().len());
        line.name() == Some("+FTPGET")
    }

    fn is_whole(&self, line: Line<'_>) -> bool {
        self.is_unsolicited(line) && line.values().all(|value| value.number().is_some())
    }

    fn takes_continuation(&self, line: Line<'_>) -> bool {
        looked(line.text().len());
        false
    }
}

/// Accepts two values, and counts what it looks at.
fn two(values: Values<'_>) -> bool {
    looked(values.remainder().len());
    values.count() == 2
}

fn look(octets: &[u8], read: usize, begin: Option<Expect>) -> usize {
    look_knowing((), octets, read, begin)
}

fn look_knowing(dialect: impl Dialect, octets: &[u8], read: usize, begin: Option<Expect>) -> usize {
    let mut framer = Framer::<4096, _>::with_dialect(dialect);
    if let Some(expect) = begin {
        framer.begin(expect);
    }
    LOOKED.take();
    for mut input in octets.chunks(read) {
        while framer.next(&mut input).is_some() {}
    }
    LOOKED.take()
}

#[test]
fn octets_of_a_line_are_looked_at_once_and_once_more_where_a_read_cut_it() {
    let line = [vec![b'x'; much(4000)], b"\r\n".to_vec()].concat();
    for read in [1, 16, 5000] {
        for begin in [None, Some(Expect::result())] {
            let looked = look(&line, read, begin);
            let once_or_twice = line.len()..=2 * line.len();
            assert!(once_or_twice.contains(&looked), "{looked} octets in reads of {read}");
        }
    }
    // Lines that the module sends unasked are looked through for a second one.
    let known = [b"+FTPGET: 1,".to_vec(), vec![b'0'; much(4000)], b"\r\n".to_vec()].concat();
    let glued = [b"+FTPGET: 1,1".repeat(much(300)), b"\r\n".to_vec()].concat();
    let of_two = Claim::named("+FTPGET", two);
    for line in [known, glued] {
        for read in [1, 16, 5000] {
            for claim in [None, Some(Claim::Text), Some(of_two)] {
                let begin = claim.map(|claim| Expect::result().with_information(claim));
                let looked = look_knowing(Numbers, &line, read, begin);
                assert!(looked <= 7 * line.len(), "{looked} octets in reads of {read} under {claim:?}");
            }
        }
    }
    let endless = vec![b'x'; much(100_000)];
    assert!(look(&endless, 1, None) <= endless.len() + 2 * 4096);
}

#[test]
fn payload_is_not_looked_at() {
    for count in [1024, much(300_000)] {
        let data = DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: count as u32 };
        let frame = [
            format!("\r\n+HTTPREAD: {count:06}\r\n").into_bytes(),
            vec![b'\n'; count],
            b"\r\nOK\r\n".to_vec(),
        ]
        .concat();
        for read in [1, 16, 65_536] {
            let looked = look(&frame, read, Some(Expect::result().with_data(data)));
            assert!(looked <= 60, "{looked} octets in reads of {read}");
        }
    }
}
