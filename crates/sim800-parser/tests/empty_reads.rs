//! A port may give nothing, as at a time limit of its own: that is no event, whatever is under way.

mod buffered;

use buffered::Buffered;
use sim800_parser::{DataPhase, Decoder, Expect, Framer, Header};

const RESPONSE: &[u8] = b"AT+HTTPREAD\r\r\n+HTTPREAD: 8\r\n\r\nOK\r\n>A\r\nOK\r\n\r\n+CMT: 1\r\nRING\r\n\xff";

fn expect() -> Expect {
    Expect::result().with_data(DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: 8 })
}

#[test]
fn nothing_gives_no_event() {
    for cut in 0..=RESPONSE.len() {
        let mut framer: Framer<64> = Framer::new();
        let mut buffered = Buffered::new(Decoder::new(61));
        framer.begin(expect());
        buffered.decoder.begin(expect());
        framer.feed(&RESPONSE[..cut], |_| {});
        buffered.feed(&RESPONSE[..cut], |_| {});

        let (pending, remaining) = (framer.pending().to_vec(), framer.remaining());
        framer.feed(b"", |event| panic!("{event:?} at {cut}"));
        assert_eq!(framer.next(&mut &b""[..]), None, "at {cut}");
        assert_eq!((framer.pending(), framer.remaining()), (&pending[..], remaining), "at {cut}");
        buffered.feed(b"", |event| panic!("{event:?} at {cut}"));
        assert_eq!(buffered.decoder.next(&mut &b""[..]), None, "at {cut}");
        assert_eq!(
            (&buffered.pending[..], buffered.decoder.remaining()),
            (&pending[..], remaining),
            "at {cut}"
        );
    }
}
