//! `sim800-fleet`: jobs submitted, watched and cancelled, results, modules.

mod args;
mod show;
mod submit;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use futures::{TryStream, TryStreamExt};
use sim800_fleet_job::{Record, State};
use sim800_fleet_store::{Layout, Store, StoreError, now};

use self::args::{Arguments, Task};
use self::show::Show;

const DAY: u64 = 86_400_000;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            // A pipe that nobody reads is no failure that anybody could read of.
            let _ = writeln!(std::io::stderr(), "sim800-fleet: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all went well that was asked for.
async fn run(arguments: Arguments) -> Result<bool> {
    let show = Show { json: arguments.json };
    if let Task::Schema = arguments.task {
        show.value(&sim800_fleet_job::Job::schema())?;
        return Ok(true);
    }
    let layout = match &arguments.task {
        Task::Init { replicas, patience, days } => Layout {
            replicas: *replicas,
            patience: std::time::Duration::from_secs(*patience),
            kept: std::time::Duration::from_secs(days * 86_400),
        },
        _ => Layout::default(),
    };
    let credentials = arguments.server_credentials.as_deref();
    let store = Store::open(&arguments.server, credentials, "sim800-fleet", layout).await?;
    let went_well = carry_out(&store, arguments.task, &show).await?;
    store.flush().await?;
    Ok(went_well)
}

async fn carry_out(store: &Store, task: Task, show: &Show) -> Result<bool> {
    match task {
        Task::Schema | Task::Init { .. } => Ok(true),
        Task::Submit(submit) => submit::run(store, *submit, show).await,
        Task::Status { ids } => status(store, &ids, show).await,
        Task::Cancel { ids } => cancel(store, &ids, show).await,
        Task::Results { id, output } => results(store, &id, output.as_deref(), show).await,
        Task::Modules => {
            let mut told = store.modules(false).await?;
            let mut modules = Vec::new();
            while let Some(module) = next(&mut told).await? {
                modules.push(module);
            }
            show.modules(&modules)?;
            Ok(true)
        }
        Task::Watch { until_idle } => watch(store, until_idle, show).await,
        Task::Forget { days } => forget(store, days, show).await,
    }
}

/// The next of many. What cannot be read is told, and hides nothing that can.
async fn next<T>(
    many: &mut (impl TryStream<Ok = T, Error = StoreError> + Unpin),
) -> Result<Option<T>, StoreError> {
    loop {
        match many.try_next().await {
            Err(StoreError::Unreadable { key, source }) => {
                let line = format!("sim800-fleet: what is kept under {key} cannot be read: {source}");
                let _ = writeln!(std::io::stderr(), "{}", show::plain(&line));
            }
            other => return other,
        }
    }
}

async fn status(store: &Store, ids: &[String], show: &Show) -> Result<bool> {
    if ids.is_empty() {
        let mut records = store.records(false).await?;
        let mut counts = show::Counts::default();
        while let Some(record) = next(&mut records).await? {
            counts.add(&record.state);
        }
        show.counts(&counts)?;
        return Ok(true);
    }
    let mut are_known = true;
    for id in ids {
        match store.record(id).await? {
            Some(held) => show.record(&held.record)?,
            None => {
                are_known = false;
                show.unknown(id)?;
            }
        }
    }
    Ok(are_known)
}

async fn cancel(store: &Store, ids: &[String], show: &Show) -> Result<bool> {
    let mut all = true;
    for id in ids {
        match store.cancel(id).await? {
            None => {
                all = false;
                show.unknown(id)?;
            }
            Some(before) => {
                all &= !before.is_final();
                let Some(held) = store.record(id).await? else { continue };
                show.record(&held.record)?;
            }
        }
    }
    Ok(all)
}

async fn results(store: &Store, id: &str, output: Option<&std::path::Path>, show: &Show) -> Result<bool> {
    let held = store.record(id).await?.with_context(|| format!("there is no job {id}"))?;
    let State::Done(outcome) = &held.record.state else {
        show.record(&held.record)?;
        return Ok(false);
    };
    let Some(output) = output else {
        show.value(outcome)?;
        return Ok(true);
    };
    let Some(object) = &outcome.object else {
        ensure!(outcome.octets == Some(0), "job {id} has no result in the object store");
        std::fs::write(output, "")?;
        return Ok(true);
    };
    let mut result = store.result(object).await?;
    let name = output.file_name().context("the output is no file")?;
    let mut part = name.to_owned();
    part.push(".part");
    let part = output.with_file_name(part);
    let mut file = tokio::fs::File::create(&part).await?;
    let copied = tokio::io::copy(&mut result, &mut file).await?;
    file.sync_all().await?;
    if Some(copied) != outcome.octets {
        bail!("{copied} bytes came of the result, which has {}", outcome.octets.unwrap_or_default());
    }
    tokio::fs::rename(&part, output).await?;
    Ok(true)
}

/// Shows what becomes of jobs; until none is left, if so asked.
async fn watch(store: &Store, until_idle: bool, show: &Show) -> Result<bool> {
    let mut open = std::collections::HashSet::new();
    if until_idle {
        let mut records = store.records(false).await?;
        while let Some(record) = next(&mut records).await? {
            if !record.state.is_final() {
                open.insert(record.job.id);
            }
        }
        if open.is_empty() {
            return Ok(true);
        }
    }
    let mut all_done = true;
    let mut records = store.records(true).await?;
    while let Some(record) = next(&mut records).await? {
        let is_known = open.contains(&record.job.id);
        if until_idle && !is_known && record.state.is_final() {
            continue;
        }
        show.record(&record)?;
        if record.state.is_final() {
            all_done &= matches!(record.state, State::Done(_));
            open.remove(&record.job.id);
        } else {
            open.insert(record.job.id);
        }
        if until_idle && open.is_empty() {
            return Ok(all_done);
        }
    }
    bail!("the server says no more")
}

/// Forgets jobs that ended so long ago.
async fn forget(store: &Store, days: u64, show: &Show) -> Result<bool> {
    let before = now().saturating_sub(days.saturating_mul(DAY));
    let mut kept = store.records(false).await?;
    let mut records: Vec<Record> = Vec::new();
    while let Some(record) = next(&mut kept).await? {
        records.push(record);
    }
    let mut count = 0_u64;
    for record in records {
        let Some(held) = store.record(&record.job.id).await? else { continue };
        let is_old = held.changed <= before;
        if held.record.state.is_final() && is_old {
            store.forget(&held.record).await?;
            count += 1;
        }
    }
    show.forgotten(count)?;
    Ok(true)
}
