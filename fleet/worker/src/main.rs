//! `sim800-worker`: carries out the jobs of a fleet on the modules of this machine.

mod board;
mod claim;
mod config;
mod failing;
mod folder;
mod line;
mod log;
mod looks;
mod metrics;
mod part;
mod perform;
mod post;
mod secrets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use sim800_fleet_store::{Layout, Store};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::config::Config;
use self::folder::Folder;
use self::log::log;
use self::looks::Looks;
use self::metrics::Metrics;
use self::post::{Phase, Post, Shared};
use self::secrets::Secrets;

/// How often parts are looked through for jobs that have ended elsewhere.
const SWEEP: Duration = Duration::from_secs(600);

/// Carries out the jobs of a fleet on the modules of this machine, until SIGTERM or SIGINT: then jobs under way may go on for as long as
/// the configuration says. A second signal ends that.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration
    config: PathBuf,
    /// Say whether the configuration can be used, and end
    #[arg(long)]
    check: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let config = Config::read(&arguments.config)?;
    let secrets = config.secrets.as_deref().map(Secrets::read).transpose()?.unwrap_or_default();
    if arguments.check {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(config, secrets))
}

async fn run(config: Config, secrets: Secrets) -> Result<()> {
    let folder = Folder::open(&config.directory)?;
    part::sweep_sources(&folder).await?;
    let store = open(&config).await?;
    let metrics = Arc::new(Metrics::default());
    let shared = Arc::new(Shared {
        worker: config.name.clone(),
        store,
        folder,
        secrets,
        metrics: Arc::clone(&metrics),
        looks: Looks::default(),
    });
    let (phase, reached) = watch::channel(Phase::Work);
    let mut posts = JoinSet::new();
    for module in config.each() {
        posts.spawn(Post::new(module, Arc::clone(&shared), reached.clone()).work());
    }
    let mut helpers = JoinSet::new();
    helpers.spawn(sweep(Arc::clone(&shared)));
    if let Some(address) = config.metrics {
        helpers.spawn(async move {
            if let Err(error) = metrics.serve(address).await {
                log(format_args!("no metrics: {error:#}"));
            }
        });
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut asked = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    asked().await;
    log(format_args!("no job is begun any more; those under way have {} s", config.drain_seconds));
    phase.send_replace(Phase::Drain);
    let ended = async { while posts.join_next().await.is_some() {} };
    tokio::pin!(ended);
    let is_drained = tokio::select! {
        () = &mut ended => true,
        () = tokio::time::sleep(Duration::from_secs(config.drain_seconds)) => false,
        () = asked() => false,
    };
    if !is_drained {
        phase.send_replace(Phase::Stop);
        tokio::select! {
            () = ended => {}
            () = asked() => {}
        }
    }
    shared.store.flush().await.context("the last words did not reach the server")
}

/// The server may come up after this worker.
async fn open(config: &Config) -> Result<Store> {
    let mut pause = Duration::from_millis(500);
    loop {
        let credentials = config.server_credentials.as_deref();
        match Store::open(&config.server, credentials, &config.name, Layout::default()).await {
            Ok(store) => return Ok(store),
            Err(error) => log(format_args!("{}; trying again", failing::words(&error))),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
}

/// Throws away what is there in part of jobs that have ended, be it elsewhere.
async fn sweep(shared: Arc<Shared>) {
    loop {
        for id in part::all(&shared.folder).await.unwrap_or_default() {
            let is_over = match shared.store.record(&id).await {
                Ok(Some(held)) => held.record.state.is_final(),
                Ok(None) => true,
                Err(_) => false,
            };
            if is_over {
                part::forget(&shared.folder, &id).await;
            }
        }
        tokio::time::sleep(SWEEP).await;
    }
}
