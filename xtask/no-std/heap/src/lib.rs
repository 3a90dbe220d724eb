//! What a microcontroller's firmware does with the engine, linked without `std`: were it among the dependencies, there would be
//! two panic handlers.
#![no_std]
#![forbid(unsafe_code)]

use core::panic::PanicInfo;
use core::time::Duration;

use sim800_command::{Csq, SignalQuality};
use sim800_engine::{Engine, Failure, Output, Request};

#[global_allocator]
static ALLOCATOR: emballoc::Allocator<32768> = emballoc::Allocator::new();

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Asks for the signal quality. `write` takes octets; `read` waits until the deadline at most, fills the room and tells the time.
pub fn signal_quality(
    engine: &mut Engine,
    mut now: Duration,
    write: fn(&[u8]),
    read: fn(Option<Duration>, &mut [u8]) -> (usize, Duration),
) -> Result<SignalQuality, Failure> {
    engine.begin(now, Request::new(&Csq)?)?;
    loop {
        while let Some(transmit) = engine.poll_transmit() {
            write(&transmit.octets);
        }
        let deadline = engine.poll_timeout();
        let (len, time) = read(deadline, engine.spare());
        now = time;
        engine.handle_filled(now, len);
        if deadline.is_some_and(|deadline| deadline <= now) {
            engine.handle_timeout(now);
        }
        while let Some(output) = engine.poll_output() {
            if let Output::Complete(result) = output {
                return Ok(result?.decode(&Csq)?);
            }
        }
    }
}
