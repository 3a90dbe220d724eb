//! From the options to a module that does what it is told.

use std::collections::HashSet;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures::future::{BoxFuture, Either, FutureExt, join, select};
use futures::io::{AsyncRead, AsyncWrite};
use futures::stream::StreamExt;
use serde_json::{Value, json};
use sim800_emulator::Config as EmulatorConfig;
use sim800_session::{Client, Config, Driver, Dtr, Endpoint, FlowControl, Notice, Notices};
use sim800_testbed::{Line, Link, Module};

use crate::access::close_bearer;
pub(crate) use crate::access::open_bearer;
use crate::args::{self, Baud, Flow, Options, Runtime};
use crate::baud;
use crate::dialogue::Dialogue;
use crate::failure::Failure;
use crate::first_contact::{Heard, Instead};
use crate::output::{Output, Report, Retries};
use crate::signals::interruptible;
use crate::target::Target;
use crate::trace::{TraceFile, Traces};

/// How long ending what was begun in the module may take when the program ends, and when somebody wants it to end now.
const CLEAN_UP: Duration = Duration::from_secs(10);
const QUICK_CLEAN_UP: Duration = Duration::from_secs(2);

/// What becomes of a module that was left in the middle of something.
const STILL_BUSY: &str =
    "the module is still busy with the last command, and answers again within two minutes";

/// The kind of failure of a module that does not answer.
pub(crate) const NO_ANSWER: &str = "no-answer";

/// A driver on an executor; its end.
type Running = BoxFuture<'static, io::Result<()>>;

/// Connects to the module that the options name, runs `job` with it on the executor that they name, and cleans up. Where a script
/// or the shell has done the first, `job` is all that is left.
pub(crate) fn with_module(
    options: &Options,
    output: Output,
    job: impl AsyncFnOnce(&Client) -> Result<Report, Failure>,
) -> Result<Report, Failure> {
    if let Some(held) = &options.held {
        let mut retries = Retries::default();
        let job = async |client: &Client| within(options.max_time, job(client)).await;
        let job = interruptible(telling_retries(&held.client, output, &mut retries, job));
        // The driver is on its executor already, which the time of this thread is of no use to.
        let mut result = smol::block_on(job).and_then(|result| result);
        retries.tell(fields(&mut result));
        return result;
    }
    let target = Target::of(options)?;
    let file = options.trace.as_deref().map(TraceFile::create).transpose()?;
    let result = with_target(&target, options, output, file.clone(), job);
    let traced = file.map_or(Ok(()), |file| file.finish());
    // What went wrong first is told.
    let mut result = result.and_then(|done| traced.map(|()| done));
    // A script can tell by it that it did not talk to a modem.
    fields(&mut result).insert(0, ("port", json!(target.to_string())));
    result
}

fn with_target(
    target: &Target,
    options: &Options,
    output: Output,
    file: Option<TraceFile>,
    job: impl AsyncFnOnce(&Client) -> Result<Report, Failure>,
) -> Result<Report, Failure> {
    let mut config = config(options);
    // Switched off after everything that talks to it.
    let _module;
    let port = match target {
        Target::Endpoint(endpoint) => {
            if options.baud == Some(Baud::Auto) {
                config.rate = fitting_rate(endpoint, &config, output)?;
            }
            Port::Endpoint(endpoint.clone())
        }
        Target::Emulator => {
            let line = options.rate().map_or_else(Line::unpaced, Line::paced);
            let (running, link) = Module::new(EmulatorConfig::default(), line)
                .start_linked()
                .map_err(|error| Failure::new("system", format!("cannot start the emulator: {error}")))?;
            _module = running;
            Port::Link(link)
        }
    };
    let heard = Heard::default();
    let dialogue = (options.verbose > 0).then(|| Dialogue::new(options.verbose > 1));
    let traces = Traces { file, dialogue, heard: heard.clone(), recent: options.recent.clone() };
    let mut retries = Retries::default();
    let job = async |client: &Client| {
        // On the heap: what a transfer keeps is large, and so would be all that is wrapped around it here.
        let result = Box::pin(within(options.max_time, job(client))).await;
        if !options.close || result.as_ref().is_err_and(|failure| failure.kind() == NO_ANSWER) {
            return result;
        }
        // What went wrong first is told.
        let closed = close_bearer(client, output).await;
        result.and_then(|report| closed.map(|()| report))
    };
    let job = async |client: &Client| telling_retries(client, output, &mut retries, job).await;
    let mut result = run(options.runtime, port, config.clone(), Some(traces), job);
    retries.tell(fields(&mut result));
    match result {
        Err(failure) if failure.kind() == NO_ANSWER => {
            Err(explained(failure, &heard, target, &config, output))
        }
        result => result,
    }
}

/// The rate at which a module answers.
pub(crate) fn fitting_rate(endpoint: &Endpoint, config: &Config, output: Output) -> Result<u32, Failure> {
    if !matches!(endpoint, Endpoint::Serial(_)) {
        return Err(no_search(&Target::Endpoint(endpoint.clone())));
    }
    match baud::find(endpoint, config, output)? {
        Some(rate) => {
            output.remark(&format!("the module answers at {rate} bit/s"));
            Ok(rate)
        }
        None => {
            let message = format!(
                "nothing answers at {endpoint} at any of the usual rates; check the module's power, the wiring and the port"
            );
            Err(Failure::new(NO_ANSWER, message))
        }
    }
}

/// That the rate is not looked for at `target`.
pub(crate) fn no_search(target: &Target) -> Failure {
    Failure::usage(format!(
        "{target} is no serial port of this machine, and --baud auto looks at none but these"
    ))
}

/// The same failure, with the reason where nothing has answered so far.
fn explained(failure: Failure, heard: &Heard, target: &Target, config: &Config, output: Output) -> Failure {
    let Some(instead) = heard.instead() else { return failure };
    // Not on top of an interruption, and of the port that is gone nothing can be said.
    let fitting = match (&instead, target) {
        (Instead::Unreadable(_), Target::Endpoint(endpoint)) if target.is_serial() => {
            baud::find(endpoint, config, output).ok()
        }
        _ => None,
    };
    failure.with_message(instead.told(target, config.answer_within, config.rate, fitting))
}

/// Says for programs where the module is. In a script, they know.
pub(crate) fn naming_port(mut result: Result<Report, Failure>, options: &Options) -> Result<Report, Failure> {
    if let (Some(port), None) = (&options.port, &options.held) {
        fields(&mut result).insert(0, ("port", json!(port)));
    }
    result
}

/// What is told of a result with `--json`.
fn fields(result: &mut Result<Report, Failure>) -> &mut Vec<(&'static str, Value)> {
    match result {
        Ok(report) => &mut report.fields,
        Err(failure) => &mut failure.fields,
    }
}

/// Runs `job`, and tells meanwhile what is tried again.
async fn telling_retries(
    client: &Client,
    output: Output,
    retries: &mut Retries,
    job: impl AsyncFnOnce(&Client) -> Result<Report, Failure>,
) -> Result<Report, Failure> {
    let retries = pin!(tell_retries(client.subscribe(|_| false), output, retries));
    // On the heap, as what it keeps is large.
    match select(Box::pin(job(client)), retries).await {
        Either::Left((result, _)) => result,
        Either::Right(((), job)) => job.await,
    }
}

/// Tells what is tried again, until the line ends, and what helps against a cause once.
async fn tell_retries(mut notices: Notices, output: Output, retries: &mut Retries) {
    let mut told = HashSet::new();
    while let Some(notice) = notices.next().await {
        if let Notice::Retrying(mut retry) = notice {
            retries.note(retry.cause.clone());
            if let Some((what, helps)) = retry.cause.rsplit_once("; ")
                && !told.insert(helps.to_owned())
            {
                retry.cause = what.to_owned();
            }
            output.remark(&format!("sim800: {retry}"));
        }
    }
}

/// What a session talks to.
pub(crate) enum Port {
    Endpoint(Endpoint),
    Link(Link),
}

/// Runs `job` on `runtime` with the module behind `port`, until it ends or somebody interrupts it.
pub(crate) fn run<T>(
    runtime: Runtime,
    port: Port,
    config: Config,
    trace: Option<impl sim800_session::Trace + 'static>,
    job: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match runtime {
        Runtime::Smol => smol::block_on(async {
            let spawn = |driver| smol::spawn(driver).boxed();
            let (client, driver) = match port {
                Port::Endpoint(endpoint) => {
                    let (client, driver) = interruptible(sim800_smol::open(&endpoint, config)).await??;
                    (client, spawn(traced(driver, trace)))
                }
                Port::Link(link) => {
                    let (client, driver) = sim800_smol::connect(link, config);
                    (client, spawn(traced(driver, trace)))
                }
            };
            supervise(client, driver, job).await
        }),
        Runtime::Tokio => {
            let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let tokio = tokio.map_err(|error| {
                Failure::new("system", format!("cannot start the tokio runtime: {error}"))
            })?;
            let result = tokio.block_on(async {
                let spawn = |driver| {
                    let task = tokio::spawn(driver);
                    task.map(|ended| ended.unwrap_or_else(|panicked| Err(panicked.into()))).boxed()
                };
                let (client, driver) = match port {
                    Port::Endpoint(endpoint) => {
                        let (client, driver) = interruptible(sim800_tokio::open(&endpoint, config)).await??;
                        (client, spawn(traced(driver, trace)))
                    }
                    Port::Link(link) => {
                        let (client, driver) = sim800_session::connect(link, sim800_tokio::runtime(), config);
                        (client, spawn(traced(driver, trace)))
                    }
                };
                supervise(client, driver, job).await
            });
            // What a trace waits for that nobody reads does not end.
            tokio.shutdown_background();
            result
        }
    }
}

/// What the options say of the line and the session.
pub(crate) fn config(options: &Options) -> Config {
    let mut config = Config::default();
    if let Some(rate) = options.rate() {
        config.rate = rate.get();
    }
    config.flow_control = match options.flow {
        Flow::None => FlowControl::None,
        Flow::Rtscts => FlowControl::Hardware,
    };
    config.dtr = match options.dtr {
        args::Dtr::On => Dtr::On,
        args::Dtr::Off => Dtr::Off,
        args::Dtr::Keep => Dtr::Keep,
    };
    config.pin.clone_from(&options.pin);
    config.pin_at_any_risk = options.force_pin;
    if let Some(limit) = options.answer_within {
        config.answer_within = limit;
    }
    if let Some(retries) = options.retries {
        config.retries.at_most = retries;
    }
    config
}

fn traced<P>(driver: Driver<P>, trace: Option<impl sim800_session::Trace + 'static>) -> Running
where
    P: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match trace {
        Some(trace) => driver.with_trace(trace).boxed(),
        None => driver.boxed(),
    }
}

/// Runs `job` to its end or to a signal, then lets the driver end what was begun.
async fn supervise<T>(
    client: Client,
    driver: Running,
    job: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let result = interruptible(job(&client)).await;
    let limit = match &result {
        // There is nobody to end anything, and nothing was begun.
        Ok(Err(failure)) if failure.kind() == NO_ANSWER && failure.is_unsent() => Duration::ZERO,
        Ok(Err(failure)) if failure.kind() == NO_ANSWER => QUICK_CLEAN_UP,
        Ok(_) => CLEAN_UP,
        Err(_) => QUICK_CLEAN_UP,
    };
    // How the line ended, the job was told.
    let ended = pin!(join(client.close(), driver));
    // A second signal ends this, too.
    let cleaned = interruptible(select(ended, smol::Timer::after(limit))).await;
    match (result, cleaned) {
        (Err(interrupted), Ok(Either::Right(_)) | Err(_)) => Err(interrupted.and(STILL_BUSY)),
        (result, _) => result?,
    }
}

/// Gives up what takes longer than it may.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let work = Box::pin(work);
    let Some(limit) = limit else { return work.await };
    match select(work, smol::Timer::after(limit)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => {
            Err(Failure::out_of_time(format!("not done within the {limit:?} that --max-time allows")))
        }
    }
}
