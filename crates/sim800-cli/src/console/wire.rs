//! The line to the module, with what is known of what crosses it.

use std::io;
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim800_capture::{Capture, Event, Kind};
use sim800_command::{BodyEnd, Cmee, Command, CommandLine, ErrorReport, Line, Prepared, Unsolicited, Value};
use sim800_session::Direction;
use smol::Timer;

use crate::at::{TIME_LIMIT, announced, awaited};
use crate::plain::PlainPort;
use crate::recorder::Recorder;

/// How much is read at once, in octets.
const READ: usize = 4096;

/// The prompt of commands that the table does not know (27.005 section 3.5.1).
const PROMPT: &[u8] = b"> ";

/// What comes from the module.
pub(super) enum Heard {
    Event(Event),
    /// It asks for data.
    Asks(Asks),
}

/// What the module asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asks {
    /// So many octets, where that is known.
    pub(super) octets: Option<u64>,
    pub(super) end: BodyEnd,
}

/// The command in flight.
struct Flight {
    /// `None` where the table does not have it.
    prepared: Option<Prepared>,
    has_asked: bool,
}

/// A module on its line.
pub(super) struct Wire {
    port: PlainPort,
    capture: Capture,
    /// Whether events have a time.
    is_timed: bool,
    recorder: Recorder,
    start: Instant,
    flight: Option<Flight>,
    /// What has come of a line.
    open: Vec<u8>,
    buffer: Box<[u8]>,
}

impl Wire {
    pub(super) fn new(port: PlainPort, recorder: Recorder, is_timed: bool) -> Self {
        Self {
            port,
            capture: Capture::new(),
            is_timed,
            recorder,
            start: Instant::now(),
            flight: None,
            open: Vec::new(),
            buffer: vec![0; READ].into_boxed_slice(),
        }
    }

    /// Where the module is.
    pub(super) fn name(&self) -> &str {
        &self.port.name
    }

    /// What was recorded is complete.
    pub(super) fn into_recorder(self) -> Recorder {
        self.recorder
    }

    /// A command has no result yet.
    pub(super) fn is_busy(&self) -> bool {
        self.flight.is_some()
    }

    /// Nobody waits for the result of a command any more.
    pub(super) fn give_up(&mut self) {
        self.flight = None;
    }

    /// How long the result of the command in flight may take, and the name of the unsolicited line that follows it.
    pub(super) fn expected(&self) -> (Duration, Option<&'static str>) {
        let prepared = self.flight.as_ref().and_then(|flight| flight.prepared.as_ref());
        let limit = prepared.map_or(TIME_LIMIT, |prepared| prepared.time_limit);
        (limit, prepared.and_then(awaited))
    }

    /// Sends a command line.
    pub(super) async fn command(&mut self, line: &str) -> io::Result<Vec<Event>> {
        self.flight = Some(Flight { prepared: Prepared::parse(line.as_bytes()), has_asked: false });
        self.open.clear();
        self.send(format!("{line}\r").as_bytes()).await
    }

    /// Sends octets as they are; what they are.
    pub(super) async fn send(&mut self, octets: &[u8]) -> io::Result<Vec<Event>> {
        let now = self.start.elapsed();
        self.recorder.octets(now, Direction::Sent, octets, octets);
        let mut events = Vec::new();
        self.capture.handle_octets(self.is_timed.then_some(now), Direction::Sent, octets, &mut |event| {
            events.push(event)
        });
        self.port.write_all(octets).await?;
        self.port.flush().await?;
        Ok(events)
    }

    /// Waits for octets from the module.
    pub(super) async fn receive(&mut self) -> io::Result<(&[u8], Vec<Event>)> {
        let count = match self.port.read(&mut self.buffer).await? {
            0 => return Err(io::Error::other("the other end hung up")),
            count => count,
        };
        let octets = self.buffer.get(..count).unwrap_or_default();
        let now = self.start.elapsed();
        self.recorder.octets(now, Direction::Received, octets, octets);
        let mut events = Vec::new();
        self.capture.handle_octets(self.is_timed.then_some(now), Direction::Received, octets, &mut |event| {
            events.push(event)
        });
        Ok((octets, events))
    }

    /// Waits for octets from the module; what they say.
    pub(super) async fn hear(&mut self) -> io::Result<Vec<Heard>> {
        let (octets, events) = self.receive().await?;
        let line = octets.rsplit(|octet| *octet == b'\n').next().unwrap_or_default().to_vec();
        if line.len() < octets.len() {
            self.open.clear();
        }
        self.open.extend(line.into_iter().take(READ));
        self.open.truncate(READ);
        let mut heard = Vec::new();
        for event in events {
            let asks = self.asks(&event);
            if is_end(&event) {
                self.flight = None;
            }
            heard.push(Heard::Event(event));
            heard.extend(asks.map(Heard::Asks));
        }
        if let Some(flight) = self.flight.as_mut().filter(|flight| flight.prepared.is_none())
            && self.open == PROMPT
            && !std::mem::replace(&mut flight.has_asked, true)
        {
            heard.push(Heard::Asks(Asks { octets: None, end: BodyEnd::CtrlZ }));
        }
        Ok(heard)
    }

    /// What an event asks for.
    fn asks(&mut self, event: &Event) -> Option<Asks> {
        let flight = self.flight.as_mut().filter(|_| event.kind == Kind::Prompt)?;
        flight.has_asked = true;
        let granted = event.values().last().and_then(Value::number);
        let octets = granted.or_else(|| announced(flight.prepared.as_ref()?));
        let end = flight.prepared.as_ref().map_or(BodyEnd::CtrlZ, |prepared| prepared.body_end);
        Some(Asks { octets: octets.filter(|_| end == BodyEnd::Counted), end })
    }
}

/// Whether nothing more comes of the command in flight.
fn is_end(event: &Event) -> bool {
    let is_start = || Unsolicited::from(Line::new(event.text())) == Unsolicited::Ready;
    event.kind == Kind::Final || (event.kind == Kind::Unsolicited && is_start())
}

/// Quiet talk of the console itself.
impl Wire {
    /// Sends a command, and waits for its result no longer than `limit`: the lines of its response, if it succeeds.
    pub(super) async fn ask<C: Command>(
        &mut self,
        command: &C,
        limit: Duration,
    ) -> io::Result<Option<Vec<Vec<u8>>>> {
        let Ok(line) = CommandLine::new(command) else { return Ok(None) };
        let Some(line) = line.as_bytes().strip_suffix(b"\r").and_then(|line| str::from_utf8(line).ok())
        else {
            return Ok(None);
        };
        self.command(line).await?;
        let answered = async {
            let mut lines = Vec::new();
            loop {
                for heard in self.hear().await? {
                    let Heard::Event(event) = heard else { continue };
                    match event.kind {
                        Kind::Information => lines.push(event.text().to_vec()),
                        Kind::Final => return Ok((!event.is_error).then_some(lines)),
                        _ => {}
                    }
                }
            }
        };
        let answer = {
            let answered = std::pin::pin!(answered);
            match select(answered, Timer::after(limit)).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => Ok(None),
            }
        };
        self.flight = None;
        answer
    }
}

/// Reads what `AT+CMEE?` says.
pub(super) fn error_report(lines: &[Vec<u8>]) -> Option<ErrorReport> {
    let lines: Vec<_> = lines.iter().map(|line| Line::new(line)).collect();
    sim800_command::Read::<Cmee>::new().response(&lines).ok().map(|cmee| cmee.mode)
}
