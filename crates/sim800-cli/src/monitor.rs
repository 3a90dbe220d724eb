//! `sim800 monitor`: a port that only talks, or the trace of a session that runs.

use std::io;
use std::time::Instant;

use futures::io::AsyncReadExt;
use serde_json::json;
use sim800_session::Direction;

use crate::args::{Decode, Monitor, Options};
use crate::audience::Audience;
use crate::decode;
use crate::failure::Failure;
use crate::live::Live;
use crate::output::{Output, Report};
use crate::plain::PlainPort;
use crate::recorder::Recorder;
use crate::signals::interruptible;
use crate::trace::TraceFile;

/// How much is read at once, in octets.
const READ: usize = 4096;

/// What there is to tell at the end, if it was not told on the way.
pub(crate) fn run(arguments: &Monitor, options: &Options, output: Output) -> Result<Option<Report>, Failure> {
    let Some(trace) = &arguments.session else { return port(arguments, options, output).map(Some) };
    let decode = Decode::following(trace.clone(), arguments.show_secrets);
    decode::run(&decode, options, output).map(|()| None)
}

/// Listens to a port.
fn port(arguments: &Monitor, options: &Options, output: Output) -> Result<Report, Failure> {
    let mut port = PlainPort::open(options, output)?;
    let mut recorder = Recorder::new(arguments.show_secrets);
    if let Some(path) = options.trace.as_deref() {
        recorder.add(TraceFile::create(path)?)?;
    }
    recorder.add(Live::new(output))?;
    let name = port.name.clone();
    output.remark(&format!("what comes from {name} is shown, and nothing is sent; Ctrl-C ends it"));
    let mut received = 0_u64;
    let audience = Audience::of(io::stdout());
    let ended = smol::block_on(interruptible(async {
        let start = Instant::now();
        let mut buffer = [0; READ];
        loop {
            let Some(count) = audience.while_there(port.read(&mut buffer)).await else { return Ok(()) };
            let count = match count {
                Ok(0) => return Err(io::Error::other("the other end hung up")),
                count => count?,
            };
            received += count as u64;
            let octets = buffer.get(..count).unwrap_or_default();
            recorder.octets(start.elapsed(), Direction::Received, octets, octets);
            if recorder.has_lost_one() {
                return Ok(());
            }
        }
    }));
    let recorded = recorder.finish();
    match ended {
        Ok(Err(error)) => return Err(Failure::port(&format!("the port {name} broke"), &error)),
        Err(failure) if !failure.is_interruption() => return Err(failure),
        // The ways it is meant to end.
        Ok(Ok(())) | Err(_) => {}
    }
    recorded?;
    Ok(Report { fields: vec![("port", json!(name)), ("received", json!(received))], ..Report::default() })
}
