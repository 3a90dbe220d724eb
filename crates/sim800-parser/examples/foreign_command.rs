//! Commands and lines that no table knows: what may come is said by `Expect` and by a `Dialect`, and that is all there is
//! to it.
//!
//! ```text
//! cargo run -p sim800-parser --example foreign_command
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use sim800_parser::{Claim, DataPhase, Decoder, Dialect, Event, Expect, Header, Line, Value, Values};

/// Data of a connection that comes as soon as it is there.
struct Pushing;

impl Dialect for Pushing {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        line.text() == b"CLOSED"
    }

    fn headers(&self) -> &[(Header, u32)] {
        const HEADERS: &[(Header, u32)] = &[(Header::new("+IPD,").ended_by(":"), 1460)];
        HEADERS
    }
}

fn main() {
    println!("AT+CIPRXGET=2,0,1024");
    let header = Header::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1);
    show(
        Expect::result().with_data(DataPhase::Announced { header, at_most: 1024 }),
        b"\r\n+CIPRXGET: 2,0,5,300\r\nhello\r\nOK\r\n",
    );

    // An unsolicited line of the same name has one value: it is not claimed.
    println!("AT+CIPRXGET=4");
    let accepts = |mut values: Values<'_>| values.next() == Some(Value::Number(4));
    show(
        Expect::result().with_information(Claim::named("+CIPRXGET", accepts)),
        b"\r\n+CIPRXGET: 1\r\n\r\n+CIPRXGET: 4,300\r\n\r\nOK\r\n",
    );

    println!("AT+CIPSEND=4");
    let send = Expect::result().with_data(DataPhase::Prompted).with_ending("SEND OK".into());
    show(send, b"\r\n> \r\n+IPD,4:\r\nOK\r\nSEND OK\r\n\r\nCLOSED\r\n");
}

fn show(expect: Expect, octets: &[u8]) {
    let mut decoder = Decoder::with_dialect(256, Pushing);
    decoder.begin(expect);
    let mut input = octets;
    while let Some(event) = decoder.next(&mut input) {
        match event {
            Event::Information(span) => println!("    information  {}", span.line()),
            Event::Unsolicited(span) => println!("    unsolicited  {}", span.line()),
            Event::Prompt { .. } => println!("    prompt"),
            Event::Payload { octets, .. } => println!("    payload      {}", octets.escape_ascii()),
            Event::Final { code, .. } => println!("    final        {code}"),
            _ => {}
        }
    }
}
