//! `sim800 tap`: between another program and its module.

mod door;
mod way;

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use futures::io::{AsyncRead, AsyncWrite};
use futures::stream::Stream;
use serde_json::json;
use sim800_serial::Pace;
use sim800_session::Direction;
use smol::Timer;

use self::door::Door;
use self::way::Way;
use crate::args::{Options, Tap};
use crate::failure::Failure;
use crate::live::Live;
use crate::mangle::Mangle;
use crate::output::{Output, Report};
use crate::plain::PlainPort;
use crate::recorder::Recorder;
use crate::signals::interruptible;
use crate::trace::TraceFile;

/// How much is read at once, in octets.
const READ: usize = 4096;

/// How often it is looked whether the program has set another pace, for nothing tells of that.
const LOOK: Duration = Duration::from_millis(20);

/// How long what is on its way may take to arrive at the end.
const AT_THE_END: Duration = Duration::from_secs(1);

/// How often it is looked whether the program has read what arrived.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn run(arguments: &Tap, options: &Options, output: Output) -> Result<Report, Failure> {
    let mut recorder = Recorder::new(arguments.show_secrets);
    let port = PlainPort::open(options, output)?;
    let door = match (&arguments.pty, &arguments.tcp) {
        (Some(link), _) => Door::pty(link, port.pace())?,
        (None, Some(address)) => Door::tcp(address)?,
        (None, None) => return Err(Failure::usage("say what to offer, with --pty or --tcp")),
    };
    let offered = door.name().map_err(|error| Failure::port("cannot listen", &error))?;
    if let Some(path) = options.trace.as_deref() {
        recorder.add(TraceFile::create(path)?)?;
    }
    if output.json || !output.quiet {
        recorder.add(Live::new(output))?;
    }
    let (name, mangle) = (port.name.clone(), arguments.mangle.as_ref());
    let mut remark = format!("the module at {name} is offered at {offered}; Ctrl-C ends it");
    if let Some(Mangle { seed, .. }) = mangle {
        remark.push_str(&format!(" (what goes wrong has the seed {seed})"));
    }
    output.remark(&remark);

    let mut line = TappedLine::new(port, door, mangle, recorder);
    let ended = smol::block_on(async {
        let ended = interruptible(line.run()).await;
        line.finish().await;
        ended
    });
    let recorded = line.recorder.finish();
    let (sent, received) = (line.to_module.passed, line.to_program.passed);
    let faults = line.to_module.faults + line.to_program.faults;
    let report = Report {
        fields: vec![
            ("port", json!(name)),
            ("sent", json!(sent)),
            ("received", json!(received)),
            ("faults", json!(faults)),
        ],
        remark: format!("{sent} bytes to the module, {received} bytes from it, {faults} faults on purpose"),
        ..Report::default()
    };
    match ended {
        // The way it is meant to end.
        Err(interrupted) if interrupted.is_interruption() => recorded.map(|()| report),
        Err(failure) => Err(failure),
        Ok(failure) => Err(failure),
    }
}

/// A line with a program at its one end and a module at the other.
struct TappedLine {
    start: Instant,
    port: PlainPort,
    door: Door,
    to_module: Way,
    to_program: Way,
    recorder: Recorder,
    /// What the program has set the line to. At first it is what the port is set to, whatever it has done by now.
    pace: Pace,
    look: Timer,
    buffer: Box<[u8]>,
    /// Nothing is late any more.
    is_ending: bool,
    /// There is no module any more.
    is_broken: bool,
}

impl TappedLine {
    fn new(port: PlainPort, door: Door, mangle: Option<&Mangle>, recorder: Recorder) -> Self {
        Self {
            start: Instant::now(),
            pace: port.pace(),
            look: Timer::interval(LOOK),
            port,
            door,
            to_module: Way::new(Direction::Sent, mangle),
            to_program: Way::new(Direction::Received, mangle),
            recorder,
            buffer: vec![0; READ].into_boxed_slice(),
            is_ending: false,
            is_broken: false,
        }
    }

    /// Passes octets on until one end breaks; why it did.
    async fn run(&mut self) -> Failure {
        loop {
            match poll_fn(|cx| self.poll(cx)).await {
                // Signals have their turn, too.
                Ok(()) => smol::future::yield_now().await,
                Err(failure) => return failure,
            }
        }
    }

    /// Passes on what has come by now, without delay.
    async fn finish(&mut self) {
        self.is_ending = true;
        let passed = async {
            // Until there is nothing to do at once.
            while smol::future::poll_once(poll_fn(|cx| self.poll(cx))).await.is_some_and(|turn| turn.is_ok())
                || !((self.is_broken || self.to_module.is_empty()) && self.to_program.is_empty())
            {
                smol::future::yield_now().await;
            }
            // With the pty goes what the program has not read yet.
            let device = self.door.device().and_then(|device| File::open(device).ok());
            while let Some(device) = &device {
                // The system takes its time to get octets from one end of a pty to the other.
                Timer::after(PAUSE).await;
                if rustix::io::ioctl_fionread(device).unwrap_or(0) == 0 {
                    break;
                }
            }
        };
        let passed = std::pin::pin!(passed);
        if let Either::Right(_) = select(passed, Timer::after(AT_THE_END)).await {
            // Whoever takes nothing gets nothing.
        }
    }

    /// A turn: each end is given what is there for it. Pending when there is nothing to do.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let mut worked = false;
        while Pin::new(&mut self.look).poll_next(cx).is_ready() {
            self.follow();
        }
        worked |= self.take_from_program(cx)?;
        if !self.is_broken {
            worked |= self.pass_to_module(cx)?;
            worked |= self.take_from_module(cx)?;
        }
        worked |= self.pass_to_program(cx)?;
        if !self.is_ending {
            worked |= self.to_module.poll_due(cx, self.start);
            worked |= self.to_program.poll_due(cx, self.start);
        }
        if worked { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn broken(&mut self, error: &io::Error) -> Failure {
        self.is_broken = true;
        Failure::port(&format!("the port {} broke", self.port.name), error)
    }

    /// Has the port set as the program has set its own.
    fn follow(&mut self) {
        if let Some(pace) = self.door.pace().filter(|pace| *pace != self.pace) {
            self.pace = pace;
            // A rate of 0 hangs up.
            if pace.rate > 0 {
                self.to_module.change_pace(pace);
            }
        }
    }

    fn take_from_program(&mut self, cx: &mut Context<'_>) -> Result<bool, Failure> {
        let room = self.to_module.room();
        // Nothing is asked for that would not be taken.
        let Some(buffer) = self.buffer.get_mut(..room).filter(|buffer| !buffer.is_empty()) else {
            return Ok(false);
        };
        let Poll::Ready(count) = self.door.poll_receive(cx, buffer) else { return Ok(false) };
        let count = count.map_err(|error| Failure::port("what is offered broke", &error))?;
        let now = self.start.elapsed();
        self.follow();
        let octets = self.buffer.get(..count).unwrap_or_default();
        for fault in self.to_module.take(now, octets) {
            self.recorder.remark(now, &fault.to_string());
        }
        Ok(true)
    }

    fn take_from_module(&mut self, cx: &mut Context<'_>) -> Result<bool, Failure> {
        let room = self.to_program.room();
        let Some(buffer) = self.buffer.get_mut(..room).filter(|buffer| !buffer.is_empty()) else {
            return Ok(false);
        };
        let Poll::Ready(count) = Pin::new(&mut self.port).poll_read(cx, buffer) else { return Ok(false) };
        let count = match count {
            Ok(0) => return Err(self.broken(&io::Error::other("the other end hung up"))),
            Ok(count) => count,
            Err(error) => return Err(self.broken(&error)),
        };
        let now = self.start.elapsed();
        let octets = self.buffer.get(..count).unwrap_or_default();
        for fault in self.to_program.take(now, octets) {
            self.recorder.remark(now, &fault.to_string());
        }
        Ok(true)
    }

    fn pass_to_module(&mut self, cx: &mut Context<'_>) -> Result<bool, Failure> {
        let Self { port, to_module, recorder, start, is_ending, .. } = self;
        if let Some(pace) = to_module.pace() {
            let Poll::Ready(set) = port.poll_set(cx, pace) else { return Ok(false) };
            to_module.forget_pace();
            if let Err(error) = set {
                let text = format!("the port does not take the program's {} bit/s: {error}", pace.rate);
                recorder.remark(start.elapsed(), &text);
            }
            return Ok(true);
        }
        let now = start.elapsed();
        let Some((octets, shown)) = to_module.due(if *is_ending { Duration::MAX } else { now }) else {
            return Ok(false);
        };
        let Poll::Ready(count) = Pin::new(&mut *port).poll_write(cx, octets) else { return Ok(false) };
        let count = match count {
            Ok(count) => count,
            Err(error) => return Err(self.broken(&error)),
        };
        recorder.octets(now, Direction::Sent, part(octets, count), part(shown, count));
        to_module.consume(count);
        Ok(true)
    }

    fn pass_to_program(&mut self, cx: &mut Context<'_>) -> Result<bool, Failure> {
        let Self { door, to_program, recorder, start, is_ending, .. } = self;
        let now = start.elapsed();
        let Some((octets, shown)) = to_program.due(if *is_ending { Duration::MAX } else { now }) else {
            return Ok(false);
        };
        let Poll::Ready(count) = door.poll_send(cx, octets) else { return Ok(false) };
        let count = count.map_err(|error| Failure::port("what is offered broke", &error))?;
        recorder.octets(now, Direction::Received, part(octets, count), part(shown, count));
        to_program.consume(count);
        Ok(true)
    }
}

/// The first octets.
fn part(octets: &[u8], count: usize) -> &[u8] {
    octets.get(..count).unwrap_or(octets)
}
