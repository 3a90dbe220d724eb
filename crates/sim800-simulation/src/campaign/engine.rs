//! Commands on a bare engine: what it promises to those who drive it themselves.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use futures::future::BoxFuture;
use futures::{AsyncRead, AsyncWrite};
use sim800_session::engine::{CommandId, Engine, Output, Request};
use sim800_session::{Config, Failure, Misuse, Runtime};

use super::run::{Violation, violation};
use crate::{Clock, Port};

/// A command line that is sent.
#[derive(Clone, Copy)]
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
/// How many at once at most, which is more than the queue holds.
const BURST: u32 = 24;
/// A read.
const READ: usize = 512;

/// Sends commands in bursts, and checks all that the engine does.
pub(super) async fn drive(port: Port, clock: Clock, seed: u64, config: Config) -> Result<(), Violation> {
    let now = clock.now();
    let mut drive = Drive {
        port,
        engine: Engine::on_unknown_line(now, &config),
        config,
        rng: Rng::with_seed(!seed),
        left: MOST,
        next: now,
        timer: None,
        writing: Bytes::new(),
        clock,
        commands: BTreeMap::new(),
        open: None,
    };
    for sample in PRELUDE {
        drive.submit(now, sample);
    }
    std::future::poll_fn(|context| drive.poll(context)).await
}

/// What is known of a command.
#[derive(Debug, Default)]
struct Known {
    payload: usize,
    most: usize,
    offered: usize,
    granted: usize,
    sent: usize,
    information: usize,
    completed: bool,
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
    commands: BTreeMap<CommandId, Known>,
    /// The command whose line was sent, until it completes.
    open: Option<CommandId>,
}

impl Drive {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Violation>> {
        loop {
            let busy = match self.round(context) {
                Ok(busy) => busy,
                Err(violation) => return Poll::Ready(Err(violation)),
            };
            if self.left == 0 && self.commands.values().all(|known| known.completed) {
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
        busy |= self.write(context)?;
        let mut buffer = [0; READ];
        if let Poll::Ready(Ok(read)) = Pin::new(&mut self.port).poll_read(context, &mut buffer) {
            if read == 0 {
                return Err(violation("the line ended"));
            }
            self.engine.handle_input(now, &buffer[..read]);
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
            self.submit(now, sample);
        }
        self.next = now + Duration::from_millis(self.rng.u64(0..20_000));
    }

    fn submit(&mut self, now: Duration, sample: Sample) {
        let Ok(mut request) = Request::raw(sample.line, Duration::from_secs(5)) else { return };
        if sample.body > 0 {
            request = request.with_body(vec![b'.'; sample.body].into());
        }
        let id = self.engine.submit(now, request);
        let known = Known { offered: sample.body, most: sample.payload, ..Known::default() };
        self.commands.insert(id, known);
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

    /// Checks octets that the engine wants to be sent. The lowest id that is not complete is the one whose turn it is.
    fn sends(&mut self, octets: &Bytes, is_payload: bool) -> Result<(), Violation> {
        let turn = self.commands.iter_mut().find(|(_, known)| !known.completed);
        match (self.open, turn) {
            (Some(id), _) if !is_payload => Err(violation(format!(
                "{:?} sent while {id:?} is in flight",
                octets.escape_ascii().to_string()
            ))),
            (Some(id), Some((turn, known))) if id == *turn => {
                known.sent += octets.len();
                if known.sent > known.granted {
                    return Err(violation(format!(
                        "{} octets sent for {} granted",
                        known.sent, known.granted
                    )));
                }
                Ok(())
            }
            // A line for finding the line again is `AT` and two others that no command here is.
            (None, Some((turn, _))) if !is_payload && !is_probe(octets) => {
                self.open = Some(*turn);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, output: Output) -> Result<(), Violation> {
        let queue = self.config.limits.queue;
        let limit = self.config.limits.information;
        let known = |commands: &mut BTreeMap<CommandId, Known>, id| -> Result<(), Violation> {
            match commands.get(&id) {
                Some(known) if !known.completed => Ok(()),
                _ => {
                    Err(violation(format!("something for {id:?}, which is complete or was never asked for")))
                }
            }
        };
        match output {
            Output::Information(id, line) => {
                known(&mut self.commands, id)?;
                let known = self.commands.entry(id).or_default();
                known.information += line.len();
                if known.information > limit {
                    return Err(violation(format!("{} octets of information text", known.information)));
                }
            }
            Output::Payload(id, octets) => {
                known(&mut self.commands, id)?;
                let known = self.commands.entry(id).or_default();
                known.payload += octets.len();
                if known.payload > known.most {
                    return Err(violation(format!("{} octets of payload for {}", known.payload, known.most)));
                }
            }
            Output::Granted(id, octets) => {
                known(&mut self.commands, id)?;
                let known = self.commands.entry(id).or_default();
                known.granted += octets as usize;
                if known.granted > known.offered {
                    return Err(violation(format!("{} octets granted of {}", known.granted, known.offered)));
                }
            }
            Output::Complete(id, result) => {
                known(&mut self.commands, id)?;
                let waiting = self.commands.values().filter(|known| !known.completed).count();
                if result == Err(Failure::Misuse(Misuse::QueueFull)) && waiting <= queue {
                    return Err(violation(format!("the queue is full with {waiting} of {queue}")));
                }
                if self.open == Some(id) {
                    self.open = None;
                }
                self.commands.entry(id).or_default().completed = true;
            }
            _ => {}
        }
        let waiting = self.commands.values().filter(|known| !known.completed).count();
        // One more is in flight, and those that found no place are told of one after the other.
        if waiting > queue + 1 + BURST as usize {
            return Err(violation(format!("{waiting} commands wait in a queue for {queue}")));
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
