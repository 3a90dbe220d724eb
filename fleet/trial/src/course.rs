//! The trial: jobs of all kinds, while something goes wrong with everything.
//!
//! What is submitted, what goes wrong and when it is over follows what the server tells of the jobs. By the clock go only: how long
//! something is gone, which is what is tried; how long nothing may move until something goes wrong all the same, for where all modules
//! are pulled out nothing else would put one in again; and what no server announces, that it answers again and that its queue is empty,
//! which it is asked for until it is so.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::TryStreamExt;
use sim800_fleet_store::Store;
use sim800_testbed::emulator::Fault;
use sim800_testbed::server::ftp::Fault as FtpFault;
use sim800_testbed::server::http::Delivery;
use tokio::sync::watch;

use crate::field::Place;
use crate::jobs::{self, Case};
use crate::judge::{self, Seen};
use crate::origin::Origin;
use crate::process::{Process, Server, worker};
use crate::say;

/// How long a worker may say nothing.
const PATIENCE: Duration = Duration::from_secs(3);
/// So many changes of jobs lie between two things that go wrong, or so long a standstill.
const BETWEEN: (usize, Duration) = (8, Duration::from_secs(2));
/// So many jobs are submitted between two things that go wrong.
const EACH: usize = 4;
/// Between two questions to a server that may be down.
const PAUSE: Duration = Duration::from_millis(100);
/// How long all of it may take, for each job, and at least.
const LIMIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(240));

pub(crate) async fn run(
    program: &Path,
    count: usize,
    workers: usize,
    modules: usize,
    seed: u64,
) -> Result<bool> {
    ensure!(workers > 0 && modules > 0, "there has to be a worker with a module");
    let directory = tempfile::Builder::new().prefix("sim800-fleet-").tempdir()?;
    let origin = Origin::start()?;
    let mut server = Server::new(program, directory.path())?;
    let store = server.store(PATIENCE).await?;

    let mut field: Vec<Vec<Place>> = Vec::new();
    let mut processes = Vec::new();
    for w in 0..workers {
        let places = (0..modules).map(|m| Place::new(format!("m{w}-{m}"))).collect::<Result<Vec<Place>>>()?;
        // The group is of every other module of every worker.
        let toml = places.iter().enumerate();
        let toml: String =
            toml.map(|(m, place)| place.toml(if m % 2 == 0 { "'even'" } else { "" })).collect();
        let mut process = worker(&server, directory.path(), &format!("w{w}"), &origin.ftp_url(""), &toml)?;
        process.start()?;
        field.push(places);
        processes.push(process);
    }

    let seen = Arc::new(Mutex::new(Seen::default()));
    let (progress, told) = watch::channel(Progress::default());
    let watcher = tokio::spawn(follow(store.clone(), Arc::clone(&seen), progress));
    // Word of a job that cannot be is no word: somebody reads it, and it is gone.
    let anybody = async_nats::connect(&server.url).await?;
    for word in ["", "no name", "*", "/tmp/a"] {
        anybody.publish("sim800.jobs.high.any", word.into()).await?;
    }
    anybody.flush().await?;
    let cases = jobs::make(&origin, count)?;
    let begun = Instant::now();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut order: Vec<&Case> = cases.iter().collect();
    random.shuffle(&mut order);
    let mut troubles = Troubles { random, counts: BTreeMap::new() };
    let limit = LIMIT.1.max(LIMIT.0 * u32::try_from(count).unwrap_or(u32::MAX));

    // They come while it goes wrong, some of them twice.
    let (wrong, mut gone_wrong) = watch::channel(1);
    let submitting = async {
        for (submitted, case) in order.iter().enumerate() {
            gone_wrong.wait_for(|wrong| submitted < wrong * EACH).await?;
            while store.submit(&case.job).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
            if case.number % 20 == 0 {
                let _ = store.submit(&case.job).await;
            }
        }
        anyhow::Ok(())
    };
    let mut changed = told.clone();
    let disturbing = async {
        // When most of the jobs have ended, what is broken is mended, or nothing would ever end.
        loop {
            let before = changed.borrow_and_update().changes;
            let moved = changed.wait_for(|told| told.changes >= before + BETWEEN.0);
            let _ = tokio::time::timeout(BETWEEN.1, moved).await;
            if changed.borrow().ended >= count * 4 / 5 {
                wrong.send_replace(count);
                return anyhow::Ok(());
            }
            troubles.cause(&origin, &mut server, &mut processes, &mut field).await?;
            wrong.send_modify(|wrong| *wrong += 1);
        }
    };
    let both = futures::future::join(submitting, disturbing);
    let Ok((submitted, disturbed)) = tokio::time::timeout(limit, both).await else {
        say(format_args!("most of the jobs have not ended in {} s", limit.as_secs()));
        keep(directory);
        return Ok(false);
    };
    submitted?;
    disturbed?;
    // All but one module of the first worker come back; that one is gone for good.
    for place in field.iter_mut().flatten().skip(1) {
        if !place.is_there() {
            place.plug_in()?;
        }
    }
    for process in &mut processes {
        if process.id().is_none() {
            process.start()?;
        }
    }
    let mut ended = told;
    let all = ended.wait_for(|told| told.ended >= count);
    // What has not ended by then is found.
    let _ = tokio::time::timeout(limit.saturating_sub(begun.elapsed()), all).await;
    let seconds = begun.elapsed().as_secs_f64();
    // As long as there is word of a job, it may be begun once more.
    let left = left(&store, 4 * PATIENCE).await;
    let mut drained = true;
    for process in &mut processes {
        drained &= process.end(Duration::from_secs(30)).await?;
    }
    watcher.abort();

    say(format_args!(
        "{count} jobs, {workers} workers with {modules} modules each, {seconds:.1} s; meanwhile: {}",
        troubles.counts.iter().map(|(what, n)| format!("{n} × {what}")).collect::<Vec<_>>().join(", ")
    ));
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut findings = judge::judge(&store, &origin, &cases, &seen, directory.path()).await?;
    if left != Some(0) {
        findings.push(format!("all has ended, and there is still word of jobs in the queue: {left:?}"));
    }
    if !drained {
        findings.push("a worker did not end well when it was asked to".to_owned());
    }
    for finding in &findings {
        say(format_args!("WRONG: {finding}"));
    }
    if !findings.is_empty() {
        keep(directory);
    }
    Ok(findings.is_empty())
}

/// Leaves what the processes said for whoever wants to know why.
fn keep(directory: tempfile::TempDir) {
    say(format_args!("what the processes said is in {}", directory.keep().display()));
}

/// How much word of jobs is left in the queue when it is as empty as it gets in this time.
async fn left(store: &Store, at_most: Duration) -> Option<u64> {
    let end = Instant::now() + at_most;
    loop {
        let queued = store.queued().await.ok();
        if queued == Some(0) || Instant::now() > end {
            return queued;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the server told so far.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// How often something became of a job.
    changes: usize,
    /// How many have ended.
    ended: usize,
}

/// Notes every change that the server tells of.
async fn follow(store: Store, seen: Arc<Mutex<Seen>>, progress: watch::Sender<Progress>) {
    loop {
        if let Ok(mut records) = store.records(true).await {
            while let Ok(Some(record)) = records.try_next().await {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.add(&record);
                let ended = seen.ended();
                progress.send_modify(|told| *told = Progress { changes: told.changes + 1, ended });
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What goes wrong.
struct Troubles {
    random: fastrand::Rng,
    counts: BTreeMap<&'static str, usize>,
}

impl Troubles {
    async fn cause(
        &mut self,
        origin: &Origin,
        server: &mut Server,
        processes: &mut [Process],
        field: &mut [Vec<Place>],
    ) -> Result<()> {
        let w = self.random.usize(..processes.len());
        let m = self.random.usize(..field[w].len());
        let after = self.random.usize(..20_000);
        let what = match self.random.usize(..18) {
            0..3 => {
                processes[w].kill().await?;
                tokio::time::sleep(Duration::from_millis(self.random.u64(..1500))).await;
                processes[w].start()?;
                "worker killed"
            }
            3 => {
                if self.random.bool() {
                    server.process.kill().await?;
                } else {
                    server.process.end(Duration::from_secs(20)).await?;
                }
                tokio::time::sleep(Duration::from_millis(self.random.u64(..1500))).await;
                server.process.start()?;
                "server restarted"
            }
            4..7 => {
                field[w][m].cause(Fault::Restart { announced: self.random.bool() });
                "module restarted"
            }
            7 => {
                field[w][m].cause(Fault::BearerLost { cid: 1 });
                "bearer lost"
            }
            8..11 if field[w][m].is_there() => {
                field[w][m].pull_out();
                "module pulled out"
            }
            8..11 => {
                field[w][m].plug_in()?;
                "module put in"
            }
            // It holds jobs for longer than it may, and then goes on as if nothing had been.
            16 => {
                processes[w].stop(true)?;
                tokio::time::sleep(PATIENCE + Duration::from_secs(2)).await;
                processes[w].stop(false)?;
                "worker stopped for too long"
            }
            11 => {
                origin.http.deliver_next(Delivery::Reset { after });
                "HTTP reset"
            }
            12 => {
                origin.http.deliver_next(Delivery::Truncated { after });
                "HTTP cut short"
            }
            _ => {
                if origin.ftp.faults_waiting() < 4 {
                    origin.ftp.inject(FtpFault::DataReset { after });
                }
                "FTP reset"
            }
        };
        *self.counts.entry(what).or_default() += 1;
        Ok(())
    }
}
