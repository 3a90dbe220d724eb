//! Payload of any size with 256 octets of memory and no heap: a checksum over what an interrupt hands over piece by
//! piece, as a microcontroller would compute it.
//!
//! ```text
//! cargo run -p sim800-parser --example fixed_memory
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use sim800_parser::{DataPhase, Event, Expect, FinalResultCode, Framer, Header};

/// What the interrupt keeps between two calls.
struct Receiver {
    framer: Framer<256>,
    checksum: u32,
    octets: u32,
    result: Option<FinalResultCode>,
}

impl Receiver {
    /// Called with what the UART's FIFO holds.
    fn on_receive(&mut self, fifo: &[u8]) {
        let Self { framer, checksum, octets, result } = self;
        framer.feed(fifo, |event| match event {
            Event::Payload { octets: piece, .. } => {
                *octets += piece.len() as u32;
                *checksum = piece.iter().fold(*checksum, |sum, octet| sum.rotate_left(1) ^ u32::from(*octet));
            }
            Event::Final { code, .. } => *result = Some(code),
            _ => {}
        });
    }
}

fn main() {
    let mut receiver = Receiver { framer: Framer::new(), checksum: 0, octets: 0, result: None };
    println!("memory: {} octets", size_of::<Receiver>());

    // The DTE has sent AT+FTPEXTGET=3,0,174125.
    let announced =
        DataPhase::Announced { header: Header::new("+FTPEXTGET:").selected_by(3), at_most: 174_125 };
    receiver.framer.begin(Expect::result().with_data(announced));

    // What the module sends, sixteen octets at a time. The payload is full of what looks like the end of it.
    let header = b"\r\n+FTPEXTGET: 3,174125\r\n".iter();
    let payload = b"\r\nOK\r\n".iter().cycle().take(174_125);
    let trailer = b"\r\nOK\r\n".iter();
    let mut fifo = [0; 16];
    let mut level = 0;
    for octet in header.chain(payload).chain(trailer) {
        fifo[level] = *octet;
        level += 1;
        if level == fifo.len() {
            receiver.on_receive(&fifo);
            level = 0;
        }
    }
    receiver.on_receive(&fifo[..level]);

    assert_eq!(receiver.octets, 174_125);
    assert_eq!(receiver.result, Some(FinalResultCode::Ok));
    println!("payload: {} octets, checksum {:08x}", receiver.octets, receiver.checksum);
}
