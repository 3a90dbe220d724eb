//! SIM800-series modules on embassy: microcontrollers with a heap, and no `std`.
//!
//! ```
//! use sim800_session::message::Request;
//! use sim800_session::{Bearer, Client, Config, Http, Profile};
//! # use std::error::Error;
//! # use embedded_io_async::{Read, Write};
//! # type UartRx = &'static [u8];
//! # type UartTx = &'static mut [u8];
//!
//! // As a task of its own: `#[embassy_executor::task]`.
//! async fn line(driver: sim800_embassy::Driver, rx: UartRx, tx: UartTx) {
//!     let ended = driver.run_split(rx, tx).await;
//! }
//!
//! async fn report(client: &Client, url: &str, text: &'static [u8]) -> Result<u16, Box<dyn Error>> {
//!     client.start_up().await?; // found, set up, registered, attached
//!     let bearer = Bearer::open(client, &Profile::new("internet")).await?;
//!     let request = Request::post(url).body(text.into())?;
//!     Ok(Http::new(&bearer).send(request).await?.status().as_u16())
//! }
//!
//! let mut config = Config::default();
//! config.window = Some(1024); // bodies are read in pieces of so many bytes
//! let (client, driver) = sim800_embassy::connect(config);
//! ```
//!
//! # What it takes
//!
//! * A global allocator, and an implementation of `critical-section`, which the crates of most chips bring.
//! * On cores without compare-and-swap, as a Cortex-M0+ or an RV32IMC is: `portable-atomic` with its feature `critical-section`.
//! * A driver of `embassy-time`, with its feature `generic-queue-16`: the session has wakers of its own, for which the queue of the
//!   executor has no place.
//! * A UART that implements `Read` and `Write` of `embedded-io-async` 0.7 and has a buffer of its own, filled by interrupts or DMA:
//!   what arrives while the executor does other things is lost otherwise. At 115,200 bit/s, 256 bytes last for 22 ms.
//!
//! Requests and responses are those of [`sim800_session::message`], sources of uploads those of [`sim800_session::io`]: the words of
//! `http` and `futures`.

#![no_std]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

extern crate alloc;

mod pump;

use alloc::boxed::Box;
use core::fmt;
use core::future::{self, Future};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;

use async_trait::async_trait;
use embassy_futures::select::{Either, select};
use embassy_time::{Instant, Timer};
use embedded_io_async::{Read, Write};
use sim800_session::io::{self, AsyncRead, AsyncWrite};
use sim800_session::{Arc, Client, Config, Disconnected, Runtime, Trace};

pub use self::pump::Ended;
use self::pump::{Lines, both, receive, send};

/// A session with the module at a UART that [`Driver::run`] or [`Driver::run_split`] is given.
///
/// Nothing happens before that; the [`Client`] is what commands are sent with.
pub fn connect(config: Config) -> (Client, Driver) {
    let lines = Arc::new(Lines::new());
    let (client, session) = sim800_session::connect(Ends(Arc::clone(&lines)), runtime(), config);
    (client, Driver { session: Box::new(session), lines })
}

/// The time of embassy.
#[must_use]
pub fn runtime() -> Arc<dyn Runtime> {
    // As a counted reference without compare-and-swap is made of what has no size.
    Arc::from(Box::new(Embassy) as Box<dyn Runtime>)
}

/// What moves the octets; run it in a task of its own.
#[must_use = "a driver does nothing unless it is run"]
pub struct Driver {
    /// On the heap: each future that it is handed to, down to the one that runs it, would have a place for it.
    session: Box<sim800_session::Driver<Ends>>,
    lines: Arc<Lines>,
}

impl Driver {
    /// Shows `trace` every octet that crosses the line, secrets masked, and what is tried again.
    pub fn with_trace(self, trace: impl Trace + 'static) -> Self {
        Self { session: Box::new(self.session.with_trace(trace)), ..self }
    }

    /// Runs the session on a UART of one piece. A read that has brought nothing yet is broken off to write, as most UARTs allow
    /// without losing anything; where yours does not, split it.
    ///
    /// # Errors
    ///
    /// [`Ended`] when the line ends before the session.
    pub async fn run<P: Read + Write>(self, port: P) -> Result<(), Ended> {
        let Self { session, lines } = self;
        run(session, both(port, &lines)).await
    }

    /// Runs the session on the two halves of a UART, both at once.
    ///
    /// # Errors
    ///
    /// [`Ended`] when the line ends before the session.
    pub async fn run_split<R: Read, W: Write>(self, rx: R, tx: W) -> Result<(), Ended> {
        let Self { session, lines } = self;
        let pumps = async {
            match select(receive(rx, &lines), send(tx, &lines)).await {
                Either::First(ended) | Either::Second(ended) => ended,
            }
        };
        run(session, pumps).await
    }
}

/// Runs `session` as long as `pumps` move its octets.
async fn run(
    mut session: Box<sim800_session::Driver<Ends>>,
    pumps: impl Future<Output = Ended>,
) -> Result<(), Ended> {
    let ended = match select(&mut session, pumps).await {
        // Its port has no errors of its own.
        Either::First(_) => return Ok(()),
        Either::Second(ended) => ended,
    };
    session.disconnect(match ended {
        Ended::Closed => Disconnected::Ended,
        Ended::Receiving(_) | Ended::Sending(_) => Disconnected::Failed,
    });
    Err(ended)
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

/// The session's ends of the lines.
struct Ends(Arc<Lines>);

impl AsyncRead for Ends {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        pin!(self.0.incoming.read(room)).poll(context).map(Ok)
    }
}

impl AsyncWrite for Ends {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        pin!(self.0.outgoing.write(octets)).poll(context).map(Ok)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Who sends flushes.
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

/// The time since embassy's clock began.
#[derive(Debug)]
struct Embassy;

#[async_trait]
impl Runtime for Embassy {
    fn now(&self) -> Duration {
        Instant::MIN.elapsed().into()
    }

    async fn sleep_until(&self, deadline: Duration) {
        match embassy_time::Duration::try_from(deadline).ok().and_then(|it| Instant::MIN.checked_add(it)) {
            Some(deadline) => Timer::at(deadline).await,
            None => future::pending().await,
        }
    }
}
