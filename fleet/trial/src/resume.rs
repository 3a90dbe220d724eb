//! One download whose worker is killed in the middle: the next attempt asks the server for the rest, and for nothing that is there.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures::TryStreamExt;
use http::header::RANGE;
use sim800_fleet_job::{Action, Headers, Job, State, Target};
use sim800_testbed::Sight;
use tokio::io::AsyncReadExt;

use crate::field::Place;
use crate::origin::{Origin, path};
use crate::process::{Server, worker};
use crate::say;

/// How long a worker may say nothing.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long each half may take.
const LIMIT: Duration = Duration::from_secs(60);
/// The longest file.
const FILE: usize = 7;
/// The worker is killed when the module is read the so manieth time; all that was read before is on its disk then, but for the last.
const READS: usize = 6;

pub(crate) async fn run(program: &Path) -> Result<bool> {
    let directory = tempfile::Builder::new().prefix("sim800-fleet-").tempdir()?;
    let origin = Origin::start()?;
    let server = Server::new(program, directory.path())?;
    let store = server.store(PATIENCE).await?;
    let place = Place::new("m".into())?;
    let mut process = worker(&server, directory.path(), "w", &origin.ftp_url(""), &place.toml(""))?;
    process.start()?;
    let url = origin.http_url(&path(FILE));
    let action = Action::Get { url, headers: Headers::new(), target: Target::Object };
    store.submit(&Job::new("long", action)).await?;

    let journal = place.journal().context("the module is not there")?;
    tokio::task::spawn_blocking(move || {
        let (mut next, mut reads) = (0, 0);
        let end = std::time::Instant::now() + LIMIT;
        while reads < READS {
            let left = end.saturating_duration_since(std::time::Instant::now());
            ensure!(!left.is_zero(), "the module was read {reads} times");
            for entry in journal.wait_since(next, left) {
                next = entry.number + 1;
                let is_read = matches!(&entry.what, Sight::Line(line) if line.contains("+HTTPREAD="));
                reads += usize::from(is_read);
            }
        }
        Ok(())
    })
    .await??;
    process.kill().await?;
    let before = origin.http.requests().len();
    let part = std::fs::metadata(directory.path().join("w/.parts/long.part"))?.len();
    process.start()?;

    let ended = async {
        let mut records = store.records(true).await?;
        while let Some(record) = records.try_next().await? {
            if record.state.is_final() {
                return Ok(record);
            }
        }
        bail!("nothing is told of jobs any more")
    };
    let record = tokio::time::timeout(LIMIT, ended).await.context("the job has not ended")??;
    let State::Done(outcome) = &record.state else { bail!("it ended as {:?}", record.state) };
    let mut octets = Vec::new();
    let object = outcome.object.as_deref().context("there is no result")?;
    store.result(object).await?.read_to_end(&mut octets).await?;
    ensure!(octets == origin.file(FILE), "{} octets, not those of the file", octets.len());
    ensure!(record.begun == 2, "begun {} times", record.begun);
    let requests = origin.http.requests();
    let after: Vec<String> = requests
        .iter()
        .skip(before)
        .map(|request| {
            request.headers().get(RANGE).map_or("all", |range| range.to_str().unwrap_or("?")).to_owned()
        })
        .collect();
    say(format_args!(
        "{part} octets were there when the worker was killed; asked for then: {}",
        after.join(", ")
    ));
    ensure!(part > 0 && !after.is_empty(), "it did not begin, or did not go on");
    for range in &after {
        let start =
            range.strip_prefix("bytes=").and_then(|range| range.split('-').next()?.parse::<u64>().ok());
        ensure!(start.is_some_and(|start| start >= part), "asked for {range} where {part} octets are there");
    }
    ensure!(process.end(Duration::from_secs(30)).await?, "the worker did not end well");
    Ok(true)
}
