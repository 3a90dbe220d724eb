//! `sim800 ftp mirror`: a directory here and one on a server, made alike in one direction.
//!
//! Files are told apart by name and size: FTP has no checksums, and the clocks of servers are their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use sim800_command::FtpCode;
use sim800_session::{Client, Ftp, FtpError, FtpOptions};

use super::filter::Filter;
use super::listing::{self, Entry, Kind};
use crate::args::{FtpMirror, Options};
use crate::connect::{open_bearer, with_module};
use crate::exit;
use crate::failure::Failure;
use crate::metered::Metered;
use crate::output::{Output, Report, Retried, transferred};
use crate::sink::Sink;
use crate::source::{Steady, open_source};
use crate::url::{FtpType, FtpUrl, unsendable};

/// How far down directories are followed: links may make a tree endless.
const DEPTH: usize = 16;

/// How many files and directories are looked at.
const ENTRIES: usize = 10_000;

const GOES_ON: &str = "what is complete stays, and the same command does the rest";

pub(crate) fn run(
    arguments: &FtpMirror,
    url: &FtpUrl,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let FtpMirror { directory, reverse, dry_run, .. } = arguments;
    if url.kind == Some(FtpType::Ascii) {
        return Err(Failure::usage("a mirror compares sizes, and text has others there; leave out ;type=a"));
    }
    if *reverse && !directory.is_dir() {
        return Err(Failure::usage(format!("{} is no directory", directory.display())));
    }
    let mirrored = with_module(options, output, async |client| {
        let bearer = open_bearer(client, options).await?;
        let ftp = Ftp::new(&bearer, url.server.clone()).with_options(FtpOptions::default());
        let tally = Tally::new(output, client);
        let filter = Filter::new(arguments);
        let mut mirror = Mirror { ftp, url, directory, filter, dry_run: *dry_run, tally };
        if *reverse {
            mirror.send().await?
        } else {
            mirror.fetch().await?
        }
        mirror.tally.finish()
    });
    mirrored.map_err(|failure| failure.if_interrupted(GOES_ON))
}

struct Mirror<'a> {
    ftp: Ftp,
    url: &'a FtpUrl,
    directory: &'a Path,
    filter: Filter<'a>,
    dry_run: bool,
    tally: Tally,
}

/// A directory of both sides.
#[derive(Clone, Debug, Default)]
struct Place {
    /// Names from the top on.
    names: Vec<String>,
    /// On the receiving side it has yet to be made.
    is_new: bool,
}

impl Place {
    fn child(&self, name: &str, is_new: bool) -> Self {
        let mut names = self.names.clone();
        names.push(name.to_owned());
        Self { names, is_new }
    }

    /// Below the top, as people read it.
    fn path(&self, name: &str) -> String {
        self.names.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/")
    }
}

impl Mirror<'_> {
    /// Sends what the server lacks.
    async fn send(&mut self) -> Result<(), Failure> {
        let mut pending = vec![Place::default()];
        while let Some(place) = pending.pop() {
            let Some(there) = self.receiving(&place).await? else { continue };
            for (name, path) in self.local_names(&place)? {
                self.tally.count()?;
                let metadata = match fs::metadata(&path) {
                    Ok(metadata) => metadata,
                    // Gone meanwhile, or a link to nowhere.
                    Err(error) => {
                        self.tally.fail(&place.path(&name), Failure::file("read", &path, &error));
                        continue;
                    }
                };
                let is_taken = match metadata.is_dir() {
                    true => self.filter.takes_directory(&place.path(&name)),
                    false => {
                        self.filter.takes_file(&place.path(&name))
                            && self.filter.takes_time(metadata.modified().ok())
                    }
                };
                if !is_taken || self.is_unsendable(&place, &name) {
                    continue;
                }
                if metadata.is_dir() {
                    let is_new = there.find(&name).is_none() && there.is_certain;
                    self.descend(place.child(&name, is_new), &mut pending);
                } else if metadata.is_file() {
                    let size = self.size(&there, &place, &name).await?;
                    self.send_file(&place, &name, &path, metadata.len(), size).await?;
                } else {
                    self.tally.skip(&place.path(&name), "it is no file");
                }
            }
        }
        Ok(())
    }

    async fn send_file(
        &mut self,
        place: &Place,
        name: &str,
        path: &Path,
        length: u64,
        there: Option<u64>,
    ) -> Result<(), Failure> {
        if there == Some(length) {
            self.tally.unchanged += 1;
            return Ok(());
        }
        let shown = place.path(name);
        if self.dry_run {
            self.tally.would("put", &shown, Some(length));
            return Ok(());
        }
        let start = Instant::now();
        let opened = open_source(path)
            .and_then(|(file, _)| Steady::new(file).map_err(|error| Failure::file("read", path, &error)));
        let source = match opened {
            Ok(source) => source,
            Err(failure) => {
                self.tally.fail(&shown, failure);
                return Ok(());
            }
        };
        let bar = self.tally.output.progress(&shown, Some(length));
        let sent = self.ftp.put_seekable(&self.remote(place, name), Metered::new(source, bar.clone())).await;
        bar.finish_and_clear();
        match sent {
            Ok(octets) => self.tally.done("put", &shown, octets, start),
            Err(error) if is_of_one_file(&error) => self.tally.fail(&shown, error.into()),
            Err(error) => return Err(Failure::from(error).of(&shown)),
        }
        Ok(())
    }

    /// What the server has of a directory that is sent; it is made where it is missing. `None` where that fails.
    async fn receiving(&mut self, place: &Place) -> Result<Option<Listing>, Failure> {
        let directory = self.remote_directory(place);
        let mut may_be_there = false;
        if !place.is_new {
            match self.list(place).await {
                // Some servers show nothing where there is nothing, so that it may be missing.
                Ok(listing) if listing.entries.is_empty() && place.names.is_empty() && !self.dry_run => {
                    may_be_there = true;
                }
                Ok(listing) => return Ok(Some(listing)),
                // It is not there; or else making it fails, too.
                Err(failure) if is_refusal(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        if self.dry_run {
            self.tally.would("mkdir", &directory, None);
            return Ok(Some(Listing { entries: Vec::new(), is_certain: true }));
        }
        match self.ftp.make_directory(&directory).await {
            Ok(()) => Ok(Some(Listing { entries: Vec::new(), is_certain: true })),
            Err(error) if is_of_one_file(&error) && may_be_there => {
                Ok(Some(Listing { entries: Vec::new(), is_certain: false }))
            }
            Err(error) if is_of_one_file(&error) && !place.names.is_empty() => {
                self.tally.fail(&place.path(""), error.into());
                Ok(None)
            }
            Err(error) => Err(Failure::from(error).of(&directory)),
        }
    }

    /// How long a file is on the server; `None` where there is none, or nobody knows.
    async fn size(&self, there: &Listing, place: &Place, name: &str) -> Result<Option<u64>, Failure> {
        match there.find(name) {
            Some(Entry { kind: Kind::File, size: Some(size), .. }) => Ok(Some(*size)),
            None if there.is_certain => Ok(None),
            _ => Ok(self.ftp.size_if_told(&self.remote(place, name)).await?),
        }
    }

    /// The names in a directory here, in order, without what downloads keep beside their files.
    fn local_names(&mut self, place: &Place) -> Result<Vec<(String, PathBuf)>, Failure> {
        let directory = self.local(place, "");
        let read = |error: std::io::Error| Failure::file("read", &directory, &error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&directory).map_err(read)? {
            let path = entry.map_err(read)?.path();
            match path.file_name().and_then(|name| name.to_str()) {
                Some(name) if name.ends_with(".part") || name.ends_with(".part.json") => {}
                Some(name) => names.push((name.to_owned(), path.clone())),
                None => self.tally.skip(&path.display().to_string(), "its name is not UTF-8"),
            }
        }
        names.sort();
        Ok(names)
    }

    /// Fetches what is missing here.
    async fn fetch(&mut self) -> Result<(), Failure> {
        let mut pending = vec![Place::default()];
        while let Some(place) = pending.pop() {
            let listing = match self.list(&place).await {
                Ok(listing) => listing,
                Err(failure) if is_refusal(&failure) && !place.names.is_empty() => {
                    self.tally.fail(&place.path(""), failure);
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            if !listing.is_certain {
                self.tally.skip(
                    &place.path(""),
                    "some lines of its listing are in no known form (`ftp ls` shows them)",
                );
            }
            let directory = self.local(&place, "");
            let made = if self.dry_run { Ok(()) } else { fs::create_dir_all(&directory) };
            if let Err(error) = made {
                let failure = Failure::file("make", &directory, &error);
                if place.names.is_empty() {
                    return Err(failure);
                }
                // A file has its name, say.
                self.tally.fail(&place.path(""), failure);
                continue;
            }
            for Entry { name, kind, size, time } in listing.entries {
                self.tally.count()?;
                let path = place.path(&name);
                match kind {
                    _ if name == "." || name == ".." => {}
                    Kind::Directory if !self.filter.takes_directory(&path) => {}
                    Kind::File | Kind::Link(_)
                        if !self.filter.takes_file(&path)
                            || !self.filter.takes_told_time(time.as_deref()) => {}
                    // A server says neither where in this machine files go, nor what is a part of what.
                    _ if name.contains(['/', '\\', '\0']) || name.ends_with(".part.json") => {
                        self.tally.skip(&place.path(&name), "such a name is not written here")
                    }
                    Kind::Link(_) => self.tally.skip(&place.path(&name), "it is a link"),
                    _ if self.is_unsendable(&place, &name) => {}
                    Kind::Directory => self.descend(place.child(&name, false), &mut pending),
                    Kind::File => self.fetch_file(&place, &name, size).await?,
                }
            }
        }
        Ok(())
    }

    async fn fetch_file(&mut self, place: &Place, name: &str, size: Option<u64>) -> Result<(), Failure> {
        let (path, remote, shown) = (self.local(place, name), self.remote(place, name), place.path(name));
        let here = fs::metadata(&path).ok().filter(fs::Metadata::is_file).map(|file| file.len());
        let size = match (size, here) {
            (None, Some(_)) => self.ftp.size_if_told(&remote).await?,
            _ => size,
        };
        if here.is_some() && here == size {
            self.tally.unchanged += 1;
            return Ok(());
        }
        if path.exists() && !Sink::is_file(Some(&path)) {
            self.tally.skip(&shown, "what has its name here is no file");
            return Ok(());
        }
        if self.dry_run {
            self.tally.would("get", &shown, size);
            return Ok(());
        }
        let start = Instant::now();
        let sink = match Sink::open(Some(&path)).await {
            Ok(sink) => sink,
            Err(failure) => {
                self.tally.fail(&shown, failure);
                return Ok(());
            }
        };
        let download = match self.ftp.get(&remote).await {
            Ok(download) => download,
            Err(error) if is_of_one_file(&error) => {
                self.tally.fail(&shown, error.into());
                return Ok(());
            }
            Err(error) => return Err(Failure::from(error).of(&shown)),
        };
        let bar = self.tally.output.progress(&shown, size);
        let taken = sink.take(download, &bar).await;
        bar.finish_and_clear();
        match taken {
            Ok(taken) => self.tally.done("get", &shown, taken.octets, start),
            Err(failure) if is_of_the_line(&failure) => return Err(failure.of(&shown)),
            Err(failure) => self.tally.fail(&shown, failure),
        }
        Ok(())
    }

    /// Whether the module cannot be told a name; a dry run says so as well.
    fn is_unsendable(&mut self, place: &Place, name: &str) -> bool {
        let why = unsendable(name);
        if let Some(why) = why {
            self.tally.fail(&place.path(name), Failure::new("invalid", format!("its name holds {why}")));
        }
        why.is_some()
    }

    fn descend(&mut self, place: Place, pending: &mut Vec<Place>) {
        if place.names.len() > DEPTH {
            self.tally.skip(&place.path(""), "it is too deep, or links lead in a circle");
        } else {
            pending.push(place);
        }
    }

    async fn list(&self, place: &Place) -> Result<Listing, Failure> {
        let lines = listing::fetch(&self.ftp, &self.remote_directory(place)).await?;
        let is_certain = lines.iter().all(|line| Entry::parse(line).is_some() || listing::is_no_entry(line));
        Ok(Listing { entries: lines.iter().filter_map(|line| Entry::parse(line)).collect(), is_certain })
    }

    fn remote_directory(&self, place: &Place) -> String {
        let top = self.url.path.trim_end_matches('/');
        let path = place.names.iter().fold(top.to_owned(), |path, name| format!("{path}/{name}"));
        if path.is_empty() { "/".to_owned() } else { path }
    }

    fn remote(&self, place: &Place, name: &str) -> String {
        format!("{}/{name}", self.remote_directory(place).trim_end_matches('/'))
    }

    fn local(&self, place: &Place, name: &str) -> PathBuf {
        let names = place.names.iter().map(String::as_str).chain([name]).filter(|name| !name.is_empty());
        names.fold(self.directory.to_owned(), |path, name| path.join(name))
    }
}

/// What the server has in a directory.
struct Listing {
    entries: Vec<Entry>,
    /// Whether that is all.
    is_certain: bool,
}

impl Listing {
    fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

/// Whether the next file may do better.
fn is_of_one_file(error: &FtpError) -> bool {
    match error {
        FtpError::Failed { code, .. } => {
            matches!(*code, FtpCode::OPERATE | FtpCode::UPLOAD | FtpCode::DOWNLOAD | FtpCode::REST)
        }
        FtpError::Invalid { .. }
        | FtpError::Incomplete { .. }
        | FtpError::Unconfirmed { .. }
        | FtpError::EndedEarly { .. }
        | FtpError::Partial { .. }
        | FtpError::Mismatch { .. }
        | FtpError::Changed { .. }
        | FtpError::Source { .. } => true,
        _ => false,
    }
}

/// Whether the server refuses a directory, or has none of that name, or the module cannot be told its name.
fn is_refusal(failure: &Failure) -> bool {
    let codes = [FtpCode::OPERATE, FtpCode::DOWNLOAD];
    failure.kind() == "invalid"
        || failure.kind() == "ftp" && codes.iter().any(|code| failure.code() == Some(code.0.into()))
}

/// Whether a download that had begun failed of what all others need, too.
fn is_of_the_line(failure: &Failure) -> bool {
    !matches!(failure.kind(), "file" | "ftp" | "incomplete" | "changed")
}

/// What became of the files so far. Each is told as it comes.
struct Tally {
    output: Output,
    client: Client,
    /// What is tried again for the file that is under way.
    retried: Option<Retried>,
    start: Instant,
    looked_at: usize,
    transferred: u64,
    octets: u64,
    unchanged: u64,
    skipped: u64,
    failed: u64,
    /// The exit status of those that failed.
    exit: u8,
    /// What is not done in a dry run.
    due: u64,
}

impl Tally {
    fn new(output: Output, client: &Client) -> Self {
        Self {
            output,
            client: client.clone(),
            retried: None,
            start: Instant::now(),
            looked_at: 0,
            transferred: 0,
            octets: 0,
            unchanged: 0,
            skipped: 0,
            failed: 0,
            exit: 0,
            due: 0,
        }
    }

    fn count(&mut self) -> Result<(), Failure> {
        self.looked_at += 1;
        self.retried = Some(Retried::begin(&self.client));
        match self.looked_at > ENTRIES {
            true => Err(Failure::new(
                "too-large",
                format!("there are more than {ENTRIES} files and directories; mirror parts of them"),
            )),
            false => Ok(()),
        }
    }

    fn done(&mut self, action: &'static str, path: &str, octets: u64, start: Instant) {
        self.transferred += 1;
        self.octets += octets;
        let mut report = Report::transfer(octets, start);
        report.fields.splice(0..0, [("action", json!(action)), ("path", json!(path))]);
        report.remark = format!("{action} {path}: {}", report.remark);
        if let Some(retried) = self.retried.take() {
            retried.tell(&mut report.fields);
        }
        self.output.finish(Ok(report));
    }

    /// What a dry run leaves undone.
    fn would(&mut self, action: &'static str, path: &str, octets: Option<u64>) {
        self.due += 1;
        let fields = vec![
            ("action", json!(action)),
            ("path", json!(path)),
            ("octets", json!(octets)),
            ("dry_run", json!(true)),
        ];
        let length = octets.map_or_else(String::new, |octets| format!(" ({octets} bytes)"));
        let text = format!("{action} {path}{length}\n").into();
        self.output.finish(Ok(Report { fields, text, remark: String::new() }));
    }

    fn skip(&mut self, path: &str, why: &str) {
        self.skipped += 1;
        let path = if path.is_empty() { "." } else { path };
        self.output.remark(&format!("sim800: {path}: skipped, for {why}"));
    }

    fn fail(&mut self, path: &str, failure: Failure) {
        self.failed += 1;
        let mut failure = failure.of(path).with_field("path", path);
        if let Some(retried) = self.retried.take() {
            retried.tell(&mut failure.fields);
        }
        let exit = self.output.finish(Err(failure));
        self.exit = exit::of_both(self.exit, exit);
    }

    /// The summary.
    fn finish(self) -> Result<Report, Failure> {
        let Self { transferred: files, octets, unchanged, skipped, failed, exit, due, start, .. } = self;
        let numbers = [
            ("transferred", files),
            ("unchanged", unchanged),
            ("skipped", skipped),
            ("failed", failed),
            ("due", due),
            ("octets", octets),
        ];
        let fields: Vec<(&'static str, Value)> =
            numbers.into_iter().map(|(name, number)| (name, json!(number))).collect();
        let counts =
            [(unchanged, "unchanged"), (skipped, "skipped"), (failed, "failed"), (due, "to be done")];
        let counts: String = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", {count} {what}"))
            .collect();
        let remark = format!("{files} transferred{counts}: {}", transferred(octets, start));
        if failed > 0 {
            let failure = Failure::new("mirror", format!("not all was mirrored: {remark}"));
            let mut failure = failure.with_exit(exit);
            failure.fields = fields;
            return Err(failure);
        }
        Ok(Report { fields, text: Vec::new(), remark })
    }
}
