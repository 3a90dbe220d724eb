//! What is judged: what the fleet says, against what the servers got and have.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Result;
use futures::TryStreamExt;
use http::Method;
use sim800_fleet_job::{Outcome, Record, State};
use sim800_fleet_store::Store;
use tokio::io::AsyncReadExt;

use crate::jobs::{Case, Kind};
use crate::origin::Origin;
use crate::say;

/// What was seen of jobs while they went on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    finals: HashMap<String, State>,
    twice: Vec<String>,
}

impl Seen {
    pub(crate) fn add(&mut self, record: &Record) {
        let id = &record.job.id;
        match self.finals.get(id) {
            // Told anew after the connection was lost.
            Some(state) if *state == record.state => {}
            Some(state) => {
                self.twice.push(format!("{id}: {} and then {}", state.as_str(), record.state.as_str()));
            }
            None if record.state.is_final() => {
                self.finals.insert(id.clone(), record.state.clone());
            }
            None => {}
        }
    }

    /// How many jobs have ended.
    pub(crate) fn ended(&self) -> usize {
        self.finals.len()
    }
}

/// All that is wrong.
pub(crate) async fn judge(
    store: &Store,
    origin: &Origin,
    cases: &[Case],
    seen: &Seen,
    directory: &Path,
) -> Result<Vec<String>> {
    let records: Vec<Record> = store.records(false).await?.try_collect().await?;
    let records: HashMap<&str, &Record> =
        records.iter().map(|record| (record.job.id.as_str(), record)).collect();
    let mut findings: Vec<String> =
        seen.twice.iter().map(|twice| format!("ended, and was changed after that: {twice}")).collect();
    let server = Got::new(origin);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unknown = Vec::new();
    let mut begun = 0;
    for case in cases {
        let id = &case.job.id;
        let Some(record) = records.get(id.as_str()) else {
            findings.push(format!("{id} is lost"));
            continue;
        };
        *counts.entry(record.state.as_str()).or_default() += 1;
        begun += record.begun;
        if !record.state.is_final() {
            findings.push(format!("{id} has not ended: {:?}", record.state));
            continue;
        }
        if let State::Unknown(failure) = &record.state {
            unknown.push(format!("{id} ({:?}, {})", case.kind, failure.kind));
            if case.job.action.is_repeatable() {
                findings.push(format!("{id} may be repeated, and was not"));
            }
        }
        let is_invalid = case.kind == Kind::Invalid;
        let is_hopeless = matches!(
            case.kind,
            Kind::Refused | Kind::NoCredentials | Kind::OthersCredentials | Kind::Invalid
        );
        match &record.state {
            State::Failed(failure) if is_invalid && failure.kind == "invalid" => {}
            State::Dead(_) if is_hopeless && !is_invalid => {}
            State::Done(_) | State::Unknown(_) if !is_hopeless => {}
            state => findings.push(format!("{id} ({:?}) ended as {state:?}", case.kind)),
        }
        if let Some(wrong) = server.wrong(origin, case, &record.state) {
            findings.push(format!("{id} ({:?}): {wrong}", case.kind));
        }
        if matches!(record.state, State::Dead(_)) && store.letter(id).await.ok().as_ref() != Some(*record) {
            findings.push(format!("{id} is dead, and there is no letter"));
        }
        if let State::Done(outcome) = &record.state
            && let Err(wrong) = result(store, origin, case, outcome, directory).await
        {
            findings.push(format!("{id} ({:?}): {wrong:#}", case.kind));
        }
    }
    let ranges =
        origin.http.requests().iter().filter(|request| request.headers().contains_key("range")).count();
    say(format_args!("{ranges} requests for the rest of a file"));
    let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
    say(format_args!("ended: {}; begun {begun} times in all", counts.join(", ")));
    if !unknown.is_empty() {
        say(format_args!("unknown: {}", unknown.join(", ")));
    }
    Ok(findings)
}

/// What a job that is done brought.
async fn result(
    store: &Store,
    origin: &Origin,
    case: &Case,
    outcome: &Outcome,
    directory: &Path,
) -> Result<()> {
    use anyhow::ensure;

    let mut octets = Vec::new();
    if let Some(object) = &outcome.object {
        store.result(object).await?.read_to_end(&mut octets).await?;
    }
    if let Some(file) = &outcome.file {
        octets = std::fs::read(directory.join(&outcome.worker).join(file))?;
    }
    match case.kind {
        Kind::Get(n) | Kind::GetToFile(n) | Kind::FtpGet(n) => {
            ensure!(octets == origin.file(n), "{} octets, not those of the file", octets.len());
            ensure!(outcome.octets == Some(octets.len() as u64), "it tells {:?}", outcome.octets);
        }
        Kind::Head(n) => {
            // The server tells none of an empty file.
            let length = outcome.headers.get("content-length").map_or("0", String::as_str);
            ensure!(length == origin.file(n).len().to_string(), "a length of {length}");
        }
        Kind::FtpSize(n) => {
            ensure!(outcome.octets == Some(origin.file(n).len() as u64), "a size of {:?}", outcome.octets);
        }
        Kind::FtpList => {
            let text = String::from_utf8_lossy(&octets);
            let count = text.lines().filter(|line| line.contains("name-")).count();
            ensure!(count == 20, "{count} names");
        }
        Kind::Post => ensure!(outcome.status.is_some_and(|status| status < 300), "{:?}", outcome.status),
        Kind::Delete => ensure!(outcome.status == Some(204), "status {:?}", outcome.status),
        _ => {}
    }
    Ok(())
}

/// What the servers were asked to do.
struct Got {
    http: HashMap<(Method, String), usize>,
    ftp: HashMap<String, usize>,
}

impl Got {
    fn new(origin: &Origin) -> Self {
        let mut http: HashMap<(Method, String), usize> = HashMap::new();
        for request in origin.http.requests() {
            *http.entry((request.method().clone(), request.uri().path().to_owned())).or_default() += 1;
        }
        let mut ftp: HashMap<String, usize> = HashMap::new();
        for command in origin.ftp.commands() {
            *ftp.entry(command).or_default() += 1;
        }
        Self { http, ftp }
    }

    /// How often a server was asked for what must not be repeated.
    fn asked(&self, case: &Case) -> Option<usize> {
        let n = case.number;
        let http = |method: Method, path: String| self.http.get(&(method, path)).copied().unwrap_or(0);
        // A path may be told whole, or in parts after a change of the directory.
        let ftp = |verb: &str, path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            [path, name]
                .iter()
                .map(|path| self.ftp.get(&format!("{verb} {path}")).copied().unwrap_or(0))
                .max()
        };
        match case.kind {
            Kind::Post => Some(http(Method::POST, format!("/post/{n}"))),
            Kind::OthersCredentials | Kind::Invalid => Some(http(Method::GET, format!("/never/{n}"))),
            Kind::Delete => Some(http(Method::DELETE, format!("/delete/{n}"))),
            Kind::FtpDelete => ftp("DELE", &format!("/delete/{n}")),
            Kind::FtpMakeDirectory => {
                let path = format!("/made-{n}");
                ftp("MKD", &path).max(ftp("MKD", &format!("{path}/")))
            }
            Kind::FtpRename => ftp("RNTO", &format!("/new/{n}")),
            _ => None,
        }
    }

    /// What a server has or got that does not fit what is told of a job.
    fn wrong(&self, origin: &Origin, case: &Case, state: &State) -> Option<String> {
        let n = case.number;
        if let Some(count) = self.asked(case) {
            let may_be = match state {
                State::Done(_) => count == 1,
                State::Unknown(_) => count <= 1,
                _ => count == 0,
            };
            if !may_be {
                return Some(format!("the server was asked {count} times"));
            }
        }
        let text = Origin::text(n);
        let has = |path: &str| origin.ftp.file(path);
        match case.kind {
            Kind::FtpPut if is_done(state) => {
                let stored = has(&format!("/put/{n}")).unwrap_or_default();
                (stored != text.as_bytes()).then(|| format!("the server has {} other octets", stored.len()))
            }
            Kind::FtpAppend => {
                let stored = has(&format!("/append/{n}")).unwrap_or_default();
                let fits = match state {
                    State::Done(_) => stored == text.as_bytes(),
                    State::Unknown(_) => text.as_bytes().starts_with(&stored),
                    _ => stored.is_empty(),
                };
                (!fits).then(|| format!("the server has {} octets", stored.len()))
            }
            Kind::FtpDelete if is_done(state) => {
                has(&format!("/delete/{n}")).map(|_| "the file is still there".to_owned())
            }
            Kind::FtpRename if is_done(state) => {
                let moved = has(&format!("/new/{n}")).is_some() && has(&format!("/old/{n}")).is_none();
                (!moved).then(|| "the file has its old name".to_owned())
            }
            _ => None,
        }
    }
}

/// Whether a state says that it was done.
const fn is_done(state: &State) -> bool {
    matches!(state, State::Done(_))
}
