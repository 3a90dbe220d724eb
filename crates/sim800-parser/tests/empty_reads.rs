//! A port may give nothing, as at a time limit of its own: that is no event, whatever is under way.

use sim800_parser::{DataPhase, Decoder, Expect, Framer, Header, Limits};

const RESPONSE: &[u8] = b"AT+HTTPREAD\r\r\n+HTTPREAD: 8\r\n\r\nOK\r\n>A\r\nOK\r\n\r\n+CMT: 1\r\nRING\r\n\xff";

fn expect() -> Expect {
    Expect::result().with_data(DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: 8 })
}

#[test]
fn nothing_gives_no_event() {
    for cut in 0..=RESPONSE.len() {
        let mut framer: Framer<64> = Framer::new();
        let mut decoder = Decoder::new(Limits::default());
        framer.begin(expect());
        decoder.begin(expect());
        framer.feed(&RESPONSE[..cut], |_| {});
        decoder.handle_input(&RESPONSE[..cut]);
        while decoder.poll_event().is_some() {}

        let (pending, remaining) = (framer.pending().to_vec(), framer.remaining());
        framer.feed(b"", |event| panic!("{event:?} at {cut}"));
        assert_eq!(framer.next(&mut &b""[..]), None, "at {cut}");
        assert_eq!((framer.pending(), framer.remaining()), (&pending[..], remaining), "at {cut}");
        decoder.handle_input(b"");
        assert_eq!(decoder.poll_event(), None, "at {cut}");
        decoder.spare(0);
        decoder.handle_filled(0);
        assert_eq!(decoder.poll_event(), None, "at {cut}");
    }
}
