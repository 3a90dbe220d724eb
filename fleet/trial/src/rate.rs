//! How many jobs a second, and what it takes.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt};
use sim800_fleet_job::{Action, Job, Record, State, Target};
use sim800_testbed::server::Limits;
use sim800_testbed::server::http::HttpServer;

use crate::gauge::Gauge;
use crate::process::{Process, Server, worker};
use crate::say;

/// How long all modules may take to be ready.
const READY: Duration = Duration::from_secs(120);
/// How long a worker may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(
    program: &Path,
    workers: &[usize],
    modules: usize,
    jobs: usize,
    octets: usize,
) -> Result<()> {
    say(format_args!("GET of {octets} octets; {modules} emulated modules within each worker"));
    say(format_args!(
        "workers modules   jobs/s  ms of CPU per job: server  workers   MiB: server  a worker  a module"
    ));
    for &workers in workers {
        one(program, workers, modules, jobs, octets).await?;
    }
    Ok(())
}

async fn one(program: &Path, workers: usize, modules: usize, jobs: usize, octets: usize) -> Result<()> {
    let directory = tempfile::Builder::new().prefix("sim800-fleet-").tempdir()?;
    let limits = Limits { connections: 1024, stored: 16 << 20, recorded: 0 };
    let origin = HttpServer::start(limits)?;
    origin.put("/file", "application/octet-stream", vec![b'x'; octets]);
    let server = Server::new(program, directory.path())?;
    let store = server.store(PATIENCE).await?;
    let mut processes = Vec::new();
    for w in 0..workers {
        let toml =
            format!("[[modules]]\nname = 'm{w}'\nport = 'emulator'\ncount = {modules}\napn = 'internet'\n");
        let mut process = worker(&server, directory.path(), &format!("w{w}"), "", &toml)?;
        process.start()?;
        processes.push(process);
    }
    let ready = async {
        let mut told = store.modules(true).await?;
        let mut idle = BTreeSet::new();
        while idle.len() < workers * modules {
            let module = told.try_next().await?.context("nothing is told of modules any more")?;
            if module.state.as_str() == "idle" {
                idle.insert(module.name);
            }
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(READY, ready).await.context("not all modules are ready in time")??;
    let before = taken(&server.process, &processes)?;
    let begun = Instant::now();
    let mut records = store.records(true).await?;
    let submitted = futures::stream::iter(0..jobs)
        .map(|n| {
            let url = origin.url("/file");
            let action = Action::Get { url, headers: Default::default(), target: Target::Object };
            let job = Job::new(format!("job-{n}"), action);
            let store = &store;
            async move { store.submit(&job).await }
        })
        .buffer_unordered(64)
        .try_for_each(async |_| Ok(()));
    let ended = async {
        let mut done = 0;
        while done < jobs {
            let Some(record) = records.try_next().await? else { break };
            done += usize::from(is_exact(&record, octets));
            ensure!(!record.state.is_final() || is_exact(&record, octets), "{:?}", record.state);
        }
        anyhow::Ok(())
    };
    let (submitted, ended) = futures::future::join(submitted, ended).await;
    submitted?;
    ended?;
    let seconds = begun.elapsed().as_secs_f64();
    let after = taken(&server.process, &processes)?;
    let per_job = |before: Duration, after: Duration| (after - before).as_secs_f64() * 1e3 / jobs as f64;
    let per_worker = after.1.memory as f64 / 1024.0 / workers as f64;
    say(format_args!(
        "{workers:>7} {:>7} {:>8.1} {:>26.2} {:>8.2} {:>13.1} {per_worker:>9.1} {:>9.2}",
        workers * modules,
        jobs as f64 / seconds,
        per_job(before.0.time, after.0.time),
        per_job(before.1.time, after.1.time),
        after.0.memory as f64 / 1024.0,
        per_worker / modules as f64,
    ));
    for process in &mut processes {
        process.end(Duration::from_secs(30)).await?;
    }
    Ok(())
}

fn is_exact(record: &Record, octets: usize) -> bool {
    matches!(&record.state, State::Done(outcome) if outcome.octets == Some(octets as u64))
}

/// What the server and all workers have taken.
fn taken(server: &Process, workers: &[Process]) -> Result<(Gauge, Gauge)> {
    let mut sum = Gauge::default();
    for process in workers {
        let one = Gauge::of(process.id().unwrap_or_default())?;
        sum = Gauge { time: sum.time + one.time, memory: sum.memory + one.memory };
    }
    Ok((Gauge::of(server.id().unwrap_or_default())?, sum))
}
