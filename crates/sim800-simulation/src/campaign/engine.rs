//! Commands on a bare engine: what it promises to those who drive it themselves.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use futures::future::BoxFuture;
use sim800_session::Runtime;
use sim800_session::engine::{Config, Engine, Output, Request, Response};
use sim800_session::io::{AsyncRead, AsyncWrite};

use super::violation::{Violation, violation};
use crate::{Clock, Port};

/// A command line that is sent.
#[derive(Clone, Copy, Debug)]
struct Sample {
    line: &'static str,
    /// Octets for the module, where it asks for some.
    body: usize,
    /// Octets from the module at most.
    payload: usize,
}

impl Sample {
    const fn of(line: &'static str) -> Self {
        Self { line, body: 0, payload: 0 }
    }
}

/// What comes first, so that there is something to read.
const PRELUDE: [Sample; 6] = [
    Sample::of("AT+SAPBR=1,1"),
    Sample::of("AT+HTTPINIT"),
    Sample::of("AT+HTTPPARA=\"CID\",1"),
    Sample::of("AT+HTTPPARA=\"URL\",\"example.com/file\""),
    Sample::of("AT+HTTPACTION=0"),
    READ_ALL,
];

/// As much as there is, or nearly.
const READ_ALL: Sample = Sample { line: "AT+HTTPREAD=0,1000", body: 0, payload: 1000 };

const SAMPLES: [Sample; 12] = [
    READ_ALL,
    READ_ALL,
    READ_ALL,
    Sample { line: "AT+HTTPREAD=100,7", body: 0, payload: 7 },
    Sample { line: "AT+HTTPDATA=2000,5000", body: 2000, payload: 0 },
    Sample::of("AT+HTTPACTION=0"),
    Sample::of("AT+CGATT?"),
    Sample::of("AT+CSQ"),
    Sample::of("AT+GSN"),
    Sample::of("AT+CREG?"),
    Sample::of("AT+SAPBR=2,1"),
    Sample::of("AT+FTPSTATE"),
];

/// How many commands are sent in all.
const MOST: u32 = 60;
/// How many at once at most.
const BURST: u32 = 24;

/// Sends commands in bursts, and checks all that the engine does.
pub(super) async fn drive(port: Port, clock: Clock, seed: u64, config: Config) -> Result<(), Violation> {
    let now = clock.now();
    let mut drive = Drive {
        port,
        engine: Engine::new(now, config.clone()).on_unknown_line(now),
        config,
        rng: Rng::with_seed(!seed),
        left: MOST,
        next: now,
        timer: None,
        writing: Bytes::new(),
        clock,
        waiting: PRELUDE.into(),
        taken: None,
    };
    std::future::poll_fn(|context| drive.poll(context)).await
}

/// What is known of the command that the engine has.
#[derive(Debug)]
struct Known {
    sample: Sample,
    /// Its line was sent.
    is_in_flight: bool,
    /// How many octets of its body were sent.
    sent: usize,
}

struct Drive {
    port: Port,
    engine: Engine,
    config: Config,
    rng: Rng,
    /// How many commands are still to be sent.
    left: u32,
    /// When the next burst comes.
    next: Duration,
    timer: Option<(Duration, BoxFuture<'static, ()>)>,
    writing: Bytes,
    clock: Clock,
    /// What the engine gets one after the other.
    waiting: VecDeque<Sample>,
    taken: Option<Known>,
}

impl Drive {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Violation>> {
        loop {
            let busy = match self.round(context) {
                Ok(busy) => busy,
                Err(violation) => return Poll::Ready(Err(violation)),
            };
            if self.left == 0 && self.waiting.is_empty() && self.taken.is_none() {
                return Poll::Ready(Ok(()));
            }
            if !busy {
                return Poll::Pending;
            }
        }
    }

    fn round(&mut self, context: &mut Context<'_>) -> Result<bool, Violation> {
        let now = self.clock.now();
        let mut busy = false;
        if self.left > 0 && now >= self.next {
            self.burst(now);
            busy = true;
        }
        busy |= self.begin(now)?;
        busy |= self.write(context)?;
        if let Poll::Ready(Ok(read)) = Pin::new(&mut self.port).poll_read(context, self.engine.spare()) {
            if read == 0 {
                return Err(violation("the line ended"));
            }
            self.engine.handle_filled(now, read);
            busy = true;
        }
        if self.engine.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.engine.handle_timeout(now);
            busy = true;
        }
        while let Some(output) = self.engine.poll_output() {
            self.take(output)?;
            busy = true;
        }
        self.wait(context);
        Ok(busy)
    }

    /// Asks for many things at once.
    fn burst(&mut self, now: Duration) {
        for _ in 0..self.rng.u32(1..=BURST).min(self.left) {
            self.left -= 1;
            let sample = self.rng.choice(SAMPLES).unwrap_or(READ_ALL);
            self.waiting.push_back(sample);
        }
        self.next = now + Duration::from_millis(self.rng.u64(0..20_000));
    }

    /// Gives the engine the next command whenever it says that it takes one.
    fn begin(&mut self, now: Duration) -> Result<bool, Violation> {
        if self.engine.is_idle() != self.taken.is_none() {
            return Err(violation(format!("{:?} is not what the engine thinks of", self.taken)));
        }
        if self.taken.is_some() {
            return Ok(false);
        }
        let Some(sample) = self.waiting.pop_front() else { return Ok(false) };
        let Ok(mut request) = Request::raw(sample.line, Duration::from_secs(5)) else { return Ok(true) };
        if sample.body > 0 {
            request = request.with_body(vec![b'.'; sample.body].into());
        }
        match self.engine.begin(now, request) {
            Ok(()) => self.taken = Some(Known { sample, is_in_flight: false, sent: 0 }),
            Err(failure) => return Err(violation(format!("{sample:?} is not taken: {failure}"))),
        }
        Ok(true)
    }

    fn write(&mut self, context: &mut Context<'_>) -> Result<bool, Violation> {
        let mut busy = false;
        loop {
            if self.writing.is_empty() {
                let Some(transmit) = self.engine.poll_transmit() else { return Ok(busy) };
                self.sends(&transmit.octets, transmit.is_payload)?;
                self.writing = transmit.octets;
            }
            let Poll::Ready(Ok(written)) = Pin::new(&mut self.port).poll_write(context, &self.writing) else {
                return Ok(busy);
            };
            self.writing = self.writing.slice(written..);
            busy = true;
        }
    }

    /// Checks octets that the engine wants to be sent.
    fn sends(&mut self, octets: &Bytes, is_payload: bool) -> Result<(), Violation> {
        let Some(known) = &mut self.taken else { return Ok(()) };
        match (known.is_in_flight, is_payload) {
            (true, false) => Err(violation(format!(
                "{:?} sent while {:?} is in flight",
                octets.escape_ascii().to_string(),
                known.sample.line
            ))),
            (true, true) => {
                known.sent += octets.len();
                if known.sent > known.sample.body {
                    return Err(violation(format!("{} octets sent of {}", known.sent, known.sample.body)));
                }
                Ok(())
            }
            // A line for finding the line again is `AT` and two others that no command here is.
            (false, _) => {
                known.is_in_flight = !is_payload && !is_probe(octets);
                Ok(())
            }
        }
    }

    fn take(&mut self, output: Output) -> Result<(), Violation> {
        let Output::Complete(result) = output else { return Ok(()) };
        let Some(known) = self.taken.take() else { return Err(violation("nothing was asked for")) };
        let Ok(Response { information, payload, granted, .. }) = result else { return Ok(()) };
        let kept = information.len();
        if kept > self.config.limits.information {
            return Err(violation(format!("{kept} octets of information text")));
        }
        if payload.len() > known.sample.payload {
            return Err(violation(format!("{} octets of payload for {:?}", payload.len(), known.sample)));
        }
        if granted.map_or(0, |granted| granted as usize) != known.sent {
            return Err(violation(format!("{} octets sent of {granted:?} granted", known.sent)));
        }
        Ok(())
    }

    /// Wants to be polled when there is something to do.
    fn wait(&mut self, context: &mut Context<'_>) {
        let burst = (self.left > 0).then_some(self.next);
        let Some(deadline) = self.engine.poll_timeout().into_iter().chain(burst).min() else { return };
        if self.timer.as_ref().is_none_or(|(armed, _)| *armed != deadline) {
            let clock = self.clock.clone();
            self.timer = Some((deadline, Box::pin(async move { clock.sleep_until(deadline).await })));
        }
        if let Some((_, timer)) = &mut self.timer
            && timer.as_mut().poll(context).is_ready()
        {
            self.timer = None;
            context.waker().wake_by_ref();
        }
    }
}

/// Whether it is a line by which the engine finds the line again.
fn is_probe(octets: &[u8]) -> bool {
    matches!(octets, b"AT\r" | b"ATQ0\r" | b"ATV1\r")
}
