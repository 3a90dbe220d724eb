//! What a microcontroller's firmware does with the engine or a session, linked without `std`: were it among the dependencies, there would be
//! two panic handlers.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::string::String;
use core::panic::PanicInfo;
use core::pin::Pin;
use core::time::Duration;

use bytes::Bytes;
use sim800_command::{Csq, SignalQuality};
use sim800_embassy::{Driver, Ended};
use sim800_engine::{Engine, Failure, Output};
use sim800_session::io::AsyncReadExt;
use sim800_session::message::Request;
use sim800_session::{Bearer, Client, Http, HttpError, Profile};

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
    engine.begin(now, sim800_engine::Request::new(&Csq)?)?;
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

/// Reads the body of a response as it comes; how many octets it had.
pub fn fetch(client: Client, url: String) -> Pin<Box<dyn Future<Output = Result<u64, HttpError>>>> {
    Box::pin(async move {
        let mut count = 0;
        let Ok(bearer) = Bearer::open(&client, &Profile::new("internet")).await else { return Ok(count) };
        let Ok(request) = Request::get(url).body(Bytes::new()) else { return Ok(count) };
        let mut body = Http::new(&bearer).send(request).await?.into_body();
        let mut piece = [0; 64];
        while let Ok(len @ 1..) = body.read(&mut piece).await {
            count += len as u64;
        }
        Ok(count)
    })
}

/// Runs the line of a session.
pub fn line(
    driver: Driver,
    rx: &'static [u8],
    tx: &'static mut [u8],
) -> Pin<Box<dyn Future<Output = Result<(), Ended>>>> {
    Box::pin(driver.run_split(rx, tx))
}
