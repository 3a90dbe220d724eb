//! From the options to a module that does what it is told.

use std::fmt;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures::future::{BoxFuture, Either, FutureExt, join, select};
use futures::io::{AsyncRead, AsyncWrite};
use futures::stream::StreamExt;
use serde_json::{Value, json};
use sim800_emulator::Config as EmulatorConfig;
use sim800_session::{Client, Config, Driver, Endpoint, Notice, Notices};
use sim800_testbed::{Line, Link, Module};

use crate::access::close_bearer;
pub(crate) use crate::access::open_bearer;
use crate::args::{Options, Runtime};
use crate::failure::Failure;
use crate::output::{Output, Report, Retries};
use crate::ports;
use crate::signals::interruptible;
use crate::trace::TraceFile;

/// How long ending what was begun in the module may take when the program ends, and when somebody wants it to end now.
const CLEAN_UP: Duration = Duration::from_secs(10);
const QUICK_CLEAN_UP: Duration = Duration::from_secs(2);

/// What becomes of a module that was left in the middle of something.
const STILL_BUSY: &str = "the module is still busy with it, and answers again within two minutes";

/// The port of the module within the program.
const EMULATOR: &str = "emulator";

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
        let job = interruptible(telling_retries(&held.client, output, &mut retries, job));
        // The driver is on its executor already, which the time of this thread is of no use to.
        let mut result = smol::block_on(job).and_then(|result| result);
        retries.tell(fields(&mut result));
        return result;
    }
    let target = Target::of(options)?;
    let named = target.to_string();
    let trace = options.trace.as_deref().map(TraceFile::create).transpose()?;
    // Switched off after everything that talks to it.
    let _module;
    let port = match target {
        Target::Endpoint(endpoint) => Port::Endpoint(endpoint),
        Target::Emulator => {
            let line = options.baud.map_or_else(Line::unpaced, Line::paced);
            let (running, link) = Module::new(EmulatorConfig::default(), line)
                .start_linked()
                .map_err(|error| Failure::new("system", format!("cannot start the emulator: {error}")))?;
            _module = running;
            Port::Link(link)
        }
    };
    let mut retries = Retries::default();
    let job = async |client: &Client| {
        let result = job(client).await;
        if !options.close || result.as_ref().is_err_and(|failure| failure.kind() == "no-answer") {
            return result;
        }
        // What went wrong first is told.
        let closed = close_bearer(client).await;
        result.and_then(|report| closed.map(|()| report))
    };
    let job = async |client: &Client| telling_retries(client, output, &mut retries, job).await;
    let result = run(options.runtime, port, config(options), trace.clone(), job);
    let traced = trace.map_or(Ok(()), |trace| trace.finish());
    // What went wrong first is told.
    let mut result = result.and_then(|done| traced.map(|()| done));
    let fields = fields(&mut result);
    // A script can tell by it that it did not talk to a modem.
    fields.insert(0, ("port", json!(named)));
    retries.tell(fields);
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
    match select(pin!(job(client)), retries).await {
        Either::Left((result, _)) => result,
        Either::Right(((), job)) => job.await,
    }
}

/// Tells what is tried again, until the line ends.
async fn tell_retries(mut notices: Notices, output: Output, retries: &mut Retries) {
    while let Some(notice) = notices.next().await {
        if let Notice::Retrying(retry) = notice {
            output.remark(&format!("sim800: {retry}"));
            retries.note(retry.cause);
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

/// Where the module is.
enum Target {
    /// Within the program.
    Emulator,
    Endpoint(Endpoint),
}

impl Target {
    /// What the options name. To take something else in its place would have a script believe that it talks to its modem.
    fn of(options: &Options) -> Result<Self, Failure> {
        match options.port.as_deref() {
            None => Err(no_port("no port is given")),
            Some("") => Err(no_port("the port is empty")),
            Some(EMULATOR) => Ok(Self::Emulator),
            Some(port) => {
                port.parse().map(Self::Endpoint).map_err(|error| Failure::usage(format!("{error}")))
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emulator => f.write_str(EMULATOR),
            Self::Endpoint(endpoint) => endpoint.fmt(f),
        }
    }
}

fn no_port(why: &str) -> Failure {
    let found = ports::found();
    let found = if found.is_empty() {
        "this machine has no serial ports".to_owned()
    } else {
        let listed: Vec<_> = found.iter().map(ToString::to_string).collect();
        format!("this machine has {}", listed.join(", "))
    };
    Failure::usage(format!(
        "{why}; name one with -p or SIM800_PORT ({found}), or try the built-in emulator with -p {EMULATOR}"
    ))
}

fn config(options: &Options) -> Config {
    let mut config = Config::default();
    if let Some(baud) = options.baud {
        config.rate = baud.get();
    }
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
        // There is nobody to end anything.
        Ok(Err(failure)) if failure.kind() == "no-answer" => QUICK_CLEAN_UP,
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
