//! A command that no table knows: what its response may look like is said by `Expect`, and that is all there is to it.
//!
//! `AT+CIPRXGET=2,<length>` of the TCP command set reads received data. Its header has three values before the payload:
//! `+CIPRXGET: 2,<count>,<remaining>`. That is no header the framer counts by, so a driver for it asks for lines, or
//! reads in hexadecimal (`=3`), where the payload is a line. `AT+CMGL` lists messages: free text until the result code.
//!
//! ```text
//! cargo run -p sim800-parser --example foreign_command
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use sim800_parser::{Claim, Decoder, Event, Expect, Limits, Value};

fn main() {
    // Hexadecimal: the header is claimed by its first value, the data by being text.
    let octets = b"\r\n+CIPRXGET: 3,5,0\r\n68656C6C6F\r\n\r\n+CREG: 1\r\n\r\nOK\r\n";
    println!("AT+CIPRXGET=3,1024");
    show(Expect::result().with_information(Claim::Text), octets);

    // An unsolicited line of the same name has one value: it is not claimed.
    let octets = b"\r\n+CIPRXGET: 1\r\n\r\n+CIPRXGET: 4,300\r\n\r\nOK\r\n";
    let accepts = |mut values: sim800_parser::Values<'_>| values.next() == Some(Value::Number(4));
    println!("AT+CIPRXGET=4");
    show(Expect::result().with_information(Claim::named("+CIPRXGET", accepts)), octets);
}

fn show(expect: Expect, octets: &[u8]) {
    let mut decoder = Decoder::new(Limits::default());
    decoder.begin(expect);
    decoder.handle_input(octets);
    while let Some(event) = decoder.poll_event() {
        match event {
            Event::Information(span) => println!("    information  {}", span.line()),
            Event::Unsolicited(span) => println!("    unsolicited  {}", span.line()),
            Event::Final { code, .. } => println!("    final        {code}"),
            _ => {}
        }
    }
}
