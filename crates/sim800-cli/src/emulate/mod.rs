//! `sim800 emulate`.

mod control;
mod request;
mod scenario;
mod sights;

use std::env;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use sim800_command::{Direction, Mask};
use sim800_emulator::{Config, Start};
use sim800_session::Trace;
use sim800_testbed::{Control, DirectoryStorage, Door, Journal, Line, Module, PtyDoor, Sight, TcpDoor};

use self::control::Channel;
use self::request::Request;
use self::scenario::Scenario;
use crate::args::{Address, Emulate, FaultText, Options};
use crate::dialogue::Dialogue;
use crate::failure::Failure;
use crate::first_contact::Heard;
use crate::output::Output;
use crate::signals::interruptible;
use crate::trace::{TraceFile, Traces};

/// What the link to the pty is called unless a name is given.
const LINK: &str = "sim800";

/// Everything is told on the way.
pub(crate) fn run(arguments: &Emulate, options: &Options, output: Output) -> Result<(), Failure> {
    let scenario = arguments.scenario.as_deref().map(Scenario::read).transpose()?.unwrap_or_default();
    let knobs = arguments.knobs.clone().with_options(options).or(scenario.knobs);
    let mut config = Config::default();
    knobs.apply(&mut config).map_err(Failure::usage)?;
    if let Some(directory) = &arguments.fs {
        // With the room that the module has without it.
        let storage = DirectoryStorage::open(directory, config.storage.capacity())
            .map_err(|error| Failure::file("keep files in", directory, &error))?;
        config.storage = Arc::new(storage);
    }
    for (path, text) in &scenario.files {
        config
            .write_file(path, text.as_bytes())
            .map_err(|failure| Failure::usage(format!("{path}: {failure}")))?;
    }
    // A module without a rate hears all of them.
    let line = if knobs.baud.is_some() { Line::serial() } else { Line::unpaced() };
    if config.start == Start::Autobaud {
        config.rate = 0;
    }
    let rate = NonZeroU32::new(config.rate).filter(|_| knobs.baud.is_some());
    let mut module = Module::new(config, line);
    let trace = options.trace.as_deref().map(TraceFile::create).transpose()?;
    if trace.is_some() || options.verbose > 0 {
        let dialogue = (options.verbose > 0).then(|| Dialogue::new(options.verbose > 1));
        let traces = Traces { file: trace.clone(), dialogue, heard: Heard::default(), recent: None };
        module = module.traced(Masking::new(traces));
    }
    let stage = Stage {
        module,
        faults: [arguments.fault.as_slice(), &scenario.faults].concat(),
        steps: scenario.steps,
        control: arguments.control.clone(),
        // What it refuses is for who reads the log of a test, beside the object that the test reads.
        output: Output { quiet: options.quiet, ..output },
    };
    let result = if let Some(address) = &arguments.tcp {
        let failed = |error| Failure::port(&format!("cannot listen on {address}"), &error);
        TcpDoor::bind(address.as_str())
            .and_then(|door| Ok((door.address()?, door)))
            .map_err(failed)
            .and_then(|(address, door)| stage.serve(door, &format!("tcp://{address}"), None))
    } else {
        let link = arguments.pty.clone().unwrap_or_else(default_link);
        let failed = |error| Failure::port("cannot offer a pty", &error);
        let door = PtyDoor::open(Some(&link)).map_err(failed)?;
        if let Some(rate) = rate {
            // Of what the system does not know as a rate, no client can have it.
            let _ = door.set_rate(rate);
        }
        let device = door.device().display().to_string();
        stage.serve(door, &link.display().to_string(), Some(device))
    };
    match trace.as_ref().map_or(Ok(()), TraceFile::finish) {
        Err(failure) if result.is_ok() => Err(failure),
        _ => result,
    }
}

/// A module about to be run, and what goes on around it.
struct Stage {
    module: Module,
    faults: Vec<FaultText>,
    steps: Vec<(Duration, Request)>,
    control: Option<Address>,
    output: Output,
}

impl Stage {
    /// Runs the module behind `door` until somebody ends the program.
    fn serve(self, door: impl Door, port: &str, device: Option<String>) -> Result<(), Failure> {
        let Self { module, faults, steps, control: address, output } = self;
        let (control, orders) = Control::new();
        let channel = address.map(|address| {
            Channel::open(&address, &control)
                .map_err(|error| Failure::port(&format!("cannot listen at {address}"), &error))
        });
        let channel = channel.transpose()?;
        let mut told = vec![("port", json!(port))];
        told.extend(device.map(|device| ("device", json!(device))));
        let mut remark =
            format!("a module answers at {port} (use it with: sim800 -p {port} info); Ctrl-C ends it");
        if let Some(channel) = &channel {
            told.push(("control", json!(channel.address().to_string())));
            remark.push_str(&format!("; it is controlled at {}", channel.address()));
        }
        // They end with the program.
        let journal = control.journal().clone();
        thread::spawn(move || tell_unknown(&journal, output));
        // The module runs for as long as somebody could want something of it.
        let held = control.clone();
        let begin = move || {
            for fault in faults.into_iter().flat_map(|FaultText(faults)| faults) {
                control.fault(fault);
            }
            // By a thread of its own, for there may be nobody who reads it.
            thread::spawn(move || output.announce(&told, &remark));
            follow(steps, &control, output);
        };
        let ended = smol::block_on(interruptible(async {
            thread::spawn(begin);
            module.run_with_orders(door, orders).await
        }));
        drop(held);
        match ended {
            // The way it is meant to end.
            Err(_) => Ok(()),
            Ok(result) => result.map_err(|error| Failure::port(&format!("the port {port} broke"), &error)),
        }
    }
}

/// Does the steps of a scenario, each at its time.
fn follow(steps: Vec<(Duration, Request)>, control: &Control, output: Output) {
    let start = Instant::now();
    for (at, request) in steps {
        thread::sleep((start + at).saturating_duration_since(Instant::now()));
        if let Err(what) = request.carry_out(control) {
            output.remark(&format!("the step at {} s was not done: {what}", at.as_secs_f64()));
        }
    }
}

/// Tells the commands that the module does not know.
fn tell_unknown(journal: &Journal, output: Output) {
    let mut next = 0;
    loop {
        for entry in journal.wait_since(next, Duration::from_secs(3600)) {
            next = entry.number + 1;
            if let Sight::Unknown(name) = entry.what {
                let name = name.escape_debug();
                output.remark(&format!("AT{name} is refused: the module does not know this command"));
            }
        }
    }
}

/// A trace of what crosses the line, with secrets masked in both directions.
struct Masking {
    traces: Traces,
    sent: Mask,
    received: Mask,
}

impl Masking {
    fn new(traces: Traces) -> Self {
        Self { traces, sent: Mask::new(), received: Mask::new() }
    }
}

impl Trace for Masking {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let mut shown = octets.to_vec();
        match direction {
            Direction::Sent => self.sent.mask(&mut shown),
            Direction::Received => self.received.mask(&mut shown),
        }
        self.traces.octets(now, direction, &shown);
    }
}

/// In a folder that is the user's own, where there is one.
fn default_link() -> PathBuf {
    env::var_os("XDG_RUNTIME_DIR").map_or_else(env::temp_dir, PathBuf::from).join(LINK)
}
