//! Jobs from the command line, or from lines of JSON.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt};
use sim800_fleet_job::{Action, Headers, Job, Place, Priority, Put, Source, Target};
use sim800_fleet_store::{Store, Submitted, now};

use crate::args::{self, Submit};
use crate::show::Show;

/// The longest line of JSON, in octets: a text of 64 KiB with everything escaped.
const LINE: u64 = 1 << 20;
/// Submitted at once, of many.
const AT_ONCE: usize = 64;

pub(crate) async fn run(store: &Store, submit: Submit, show: &Show) -> Result<bool> {
    if let Some(path) = &submit.jobs {
        return many(store, path, show).await;
    }
    let job = job(store, submit).await?;
    one(store, &job, show).await
}

async fn one(store: &Store, job: &Job, show: &Show) -> Result<bool> {
    job.check().with_context(|| format!("job {}", job.id))?;
    let submitted = store.submit(job).await?;
    if submitted == Submitted::Taken {
        bail!("another job is called {}", job.id);
    }
    show.submitted(&job.id, submitted)?;
    Ok(true)
}

/// All that can be read is looked at before anything is submitted.
async fn many(store: &Store, path: &Path, show: &Show) -> Result<bool> {
    let name = path.display();
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("cannot read {name}"))?)
    };
    let mut input = BufReader::new(input);
    let mut jobs = Vec::new();
    for number in 1_u64.. {
        let mut line = String::new();
        let read = (&mut input).take(LINE).read_line(&mut line);
        let octets = read.with_context(|| format!("cannot read {name}"))? as u64;
        match octets {
            0 => break,
            LINE => bail!("{name}, line {number} is too long"),
            _ if line.trim().is_empty() => continue,
            _ => {}
        }
        let job: Job = serde_json::from_str(&line).with_context(|| format!("{name}, line {number}"))?;
        job.check().with_context(|| format!("{name}, line {number}"))?;
        jobs.push(job);
    }
    futures::stream::iter(&jobs)
        .map(|job| one(store, job, show))
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |_| Ok(()))
        .await?;
    Ok(true)
}

async fn job(store: &Store, submit: Submit) -> Result<Job> {
    let id = submit.id.clone().unwrap_or_else(|| store.unique());
    let mut headers = Headers::new();
    for header in &submit.headers {
        let (name, value) = header.split_once(':').context("a header is NAME:VALUE")?;
        headers.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    let url = submit.url.clone().unwrap_or_default();
    let target = submit.worker_output.clone().map_or(Target::Object, Target::File);
    let action = match submit.action {
        Some(args::Action::Get) => Action::Get { url, headers, target },
        Some(args::Action::Head) => Action::Head { url, headers },
        Some(args::Action::Delete) => Action::Delete { url, headers },
        Some(args::Action::Post) => {
            let source = source(store, &submit, &id).await?;
            Action::Post { url, headers, source, target }
        }
        Some(args::Action::FtpPut) => {
            let put = if submit.append { Put::Append } else { Put::Replace };
            Action::FtpPut { url, source: source(store, &submit, &id).await?, put }
        }
        Some(args::Action::FtpGet) => Action::FtpGet { url, target },
        Some(args::Action::FtpList) => Action::FtpList { url, target },
        Some(args::Action::FtpSize) => Action::FtpSize { url },
        Some(args::Action::FtpDelete) => Action::FtpDelete { url },
        Some(args::Action::FtpMakeDirectory) => Action::FtpMakeDirectory { url },
        Some(args::Action::FtpRemoveDirectory) => Action::FtpRemoveDirectory { url },
        Some(args::Action::FtpRename) => {
            Action::FtpRename { url, to: submit.to.clone().context("the new path is missing")? }
        }
        None => bail!("say what to do"),
    };
    let place = match (submit.group, submit.operator, submit.module) {
        (Some(name), _, _) => Place::Group(name),
        (_, Some(name), _) => Place::operator(&name).context("the operator has no name")?,
        (_, _, Some(name)) => Place::Module(name),
        _ => Place::Any,
    };
    Ok(Job {
        place,
        priority: match submit.priority {
            args::Priority::High => Priority::High,
            args::Priority::Normal => Priority::Normal,
            args::Priority::Low => Priority::Low,
        },
        deadline: submit.within.map(|seconds| now().saturating_add(seconds.saturating_mul(1000))),
        attempts: submit.attempts,
        credentials: submit.credentials,
        ..Job::new(id, action)
    })
}

/// What is sent. A file of this machine becomes an object that is called as the job.
async fn source(store: &Store, submit: &Submit, id: &str) -> Result<Source> {
    match (&submit.body, &submit.text, &submit.worker_body) {
        (Some(path), _, _) => {
            let file = tokio::fs::File::open(path).await;
            let mut file = file.with_context(|| format!("cannot read {}", path.display()))?;
            store.keep_source(id, &mut file).await?;
            Ok(Source::Object(id.to_owned()))
        }
        (_, Some(text), _) => Ok(Source::Text(text.clone())),
        (_, _, Some(path)) => Ok(Source::File(path.clone())),
        _ => bail!("say what is sent: --body, --text or --worker-body"),
    }
}
