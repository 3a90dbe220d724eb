//! What framing costs.

use core::hint::black_box;

use semihosting::println;
use sim800_command::{Unsolicited, Vocabulary};
use sim800_firmware::Clock;
use sim800_parser::{Claim, DataPhase, Event, Expect, Framer, Header};

/// What one read of a UART with a FIFO brings.
const READ: usize = 16;
/// What one `AT+FTPGET=2,…` fetches at most.
const FRAME: usize = 1460;

pub(crate) fn print(clock: &mut Clock) {
    let mut frame = [0x55; HEADER.len() + FRAME + TRAILER.len()];
    frame[..HEADER.len()].copy_from_slice(HEADER);
    frame[HEADER.len() + FRAME..].copy_from_slice(TRAILER);
    let data = DataPhase::Announced { header: Header::new("+FTPGET:").selected_by(2), at_most: FRAME as u32 };
    let get = Expect::result().with_data(data);
    show("a frame of 1460 octets of payload", &frame, count(clock, get, &frame));

    let signal = Expect::result().with_information(Claim::named("+CSQ", |values| values.count() == 2));
    show("a response of two lines", RESPONSE, count(clock, signal, RESPONSE));

    show("an unsolicited line", UNSOLICITED, count(clock, Expect::result(), UNSOLICITED));
}

const HEADER: &[u8] = b"\r\n+FTPGET: 2,1460\r\n";
const TRAILER: &[u8] = b"\r\nOK\r\n";
const RESPONSE: &[u8] = b"\r\n+CSQ: 15,0\r\n\r\nOK\r\n";
const UNSOLICITED: &[u8] = b"\r\n+HTTPACTION: 0,200,14384\r\n";

/// The instructions for `octets`, in reads as a UART brings them. The second time, so that nothing is first.
fn count(clock: &mut Clock, expect: Expect, octets: &[u8]) -> u32 {
    let mut framer = Framer::<256, _>::with_dialect(Vocabulary);
    let mut work = || {
        framer.begin(black_box(expect));
        for mut input in octets.chunks(READ) {
            while let Some(event) = framer.next(&mut input) {
                if let Event::Unsolicited(span) = &event {
                    black_box(Unsolicited::from(span.line()));
                }
                black_box(&event);
            }
        }
        framer.abandon();
    };
    work();
    clock.instructions(work)
}

fn show(what: &str, octets: &[u8], instructions: u32) {
    let hundredths = instructions as usize * 100 / octets.len();
    println!(
        "{what}: {instructions} instructions for {} octets, {}.{:02} each",
        octets.len(),
        hundredths / 100,
        hundredths % 100
    );
}
