//! What a microcontroller's firmware does with the libraries, linked without `std` and without an allocator.
//!
//! Were `std` among the dependencies, there would be two panic handlers; were a heap, there would be no allocator.
//! Either is an error.
#![no_std]
#![forbid(unsafe_code)]

use core::panic::PanicInfo;

use sim800_command::{Command, CommandLine, Csq, SignalQuality, Vocabulary};
use sim800_parser::{Event, Framer};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Asks for the signal quality: `write` takes the command line, `octets` are what the module sent in return.
pub fn signal_quality(write: fn(&[u8]), mut octets: &[u8]) -> Option<SignalQuality> {
    write(CommandLine::new(&Csq).ok()?.as_bytes());
    let mut framer = Framer::<256, _>::with_dialect(Vocabulary);
    framer.begin(Csq.expect());
    let mut quality = None;
    while let Some(event) = framer.next(&mut octets) {
        match event {
            Event::Information(span) => quality = Csq.response(&[span.line()]).ok(),
            Event::Final { .. } => return quality,
            _ => {}
        }
    }
    None
}
