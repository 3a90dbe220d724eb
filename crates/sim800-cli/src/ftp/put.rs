//! `sim800 ftp put`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use sim800_session::{Fs, Ftp, FtpError, FtpOptions, FtpStep, PutOption};

use super::server::{is_ascii, open, refuse_swapped, refuse_to_resume_text, show};
use super::unique::Before;
use crate::args::{FtpPut, FtpSource, Options};
use crate::connect::{naming_port, with_module};
use crate::exit;
use crate::failure::Failure;
use crate::fs::module_path;
use crate::held::Held;
use crate::metered::Metered;
use crate::output::{Output, Report, summary};
use crate::source::{Steady, open_source};
use crate::terminal::printable;
use crate::url::FtpUrl;

/// What becomes of what was on its way to the server.
const ON_SERVER: &str = "part of it may be on the server";
const RESUMABLE: &str = "--resume goes on with it";
const RESUMABLE_ON_SERVER: &str = "part of it may be on the server, and --resume goes on with it";

/// A file here, and where it goes.
struct Upload {
    file: PathBuf,
    url: FtpUrl,
}

/// What there is to tell at the end, if it was not told on the way.
pub(super) fn run(arguments: &FtpPut, options: &Options, output: Output) -> Result<Option<Report>, Failure> {
    let source = arguments.source();
    let url = arguments.url().ok_or_else(|| {
        let source = if matches!(source, FtpSource::Module(_)) { "--from-fs PATH" } else { "FILE" };
        Failure::usage(format!("the URL to send it to is missing; write sim800 ftp put {source} URL"))
    })?;
    let names = match source {
        FtpSource::Files(names) => {
            refuse_swapped(&names, &url, "put FILE URL")?;
            names
        }
        FtpSource::Module(path) => {
            let own = path.rsplit(['\\', '/']).next();
            let url = target(&url, url.ends_with('/'), own, options)?;
            let sent = put_from_fs(&module_path(path), &url, arguments, options, output);
            return sent.map(Some).map_err(|failure| failure.about(url.identity()));
        }
    };
    let files =
        if arguments.expands { expanded(&names)? } else { names.into_iter().map(Path::to_owned).collect() };
    let is_directory = files.len() > 1 || url.ends_with('/') || arguments.has_pattern();
    let uploads: Result<Vec<_>, Failure> = files
        .into_iter()
        .map(|file| {
            let own = file.file_name().and_then(|name| name.to_str()).filter(|name| *name != "-");
            Ok(Upload { url: target(&url, is_directory, own, options)?, file })
        })
        .collect();
    match uploads?.as_slice() {
        [upload] => send(upload, arguments, options, output).map(Some),
        uploads => send_all(uploads, arguments, options, output).map(|()| None),
    }
}

/// Where a file goes that is called `own` here.
fn target(url: &str, is_directory: bool, own: Option<&str>, options: &Options) -> Result<FtpUrl, Failure> {
    let password = options.ftp_password.as_ref();
    match own {
        Some(own) if is_directory => FtpUrl::parse_directory(url, password)?.child(own),
        _ => FtpUrl::parse(url, password),
    }
}

/// The files that match patterns, as a shell has it.
fn expanded(names: &[&Path]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for name in names {
        let pattern = name.to_str().filter(|_| !name.exists());
        let Some(found) = pattern.and_then(|pattern| glob::glob(pattern).ok()) else {
            files.push((*name).to_owned());
            continue;
        };
        let before = files.len();
        files.extend(found.flatten().filter(|path| path.is_file()));
        if files.len() == before {
            // It is named when it is opened.
            files.push((*name).to_owned());
        }
    }
    Ok(files)
}

/// Sends one file after the other and tells each when it is there.
fn send_all(
    uploads: &[Upload],
    arguments: &FtpPut,
    options: &Options,
    output: Output,
) -> Result<(), Failure> {
    // One that is missing is told before any is sent.
    for Upload { file, .. } in uploads {
        open_source(file)?;
    }
    // Each may take its time.
    let all = Options { max_time: None, ..options.clone() };
    let done = with_module(&all, output, async |client| {
        let held = options.held.clone().unwrap_or_else(|| Held::new(client));
        let of_one = Options { held: Some(held.clone()), ..options.clone() };
        let start = Instant::now();
        let (mut octets, mut failed, mut exit, mut is_reached) = (0, 0, 0, false);
        for upload in uploads {
            let name = upload.file.display();
            let mut sent = send(upload, arguments, &of_one, output);
            is_reached = is_reached || held.is_ready();
            match &mut sent {
                Ok(report) => {
                    octets += report.octets();
                    report.remark.insert_str(0, &format!("{name}: "));
                }
                // Of a module or a network that is not there, no other file gets anything either.
                Err(failure) if failure.is_interruption() || !is_reached => return sent,
                Err(_) => failed += 1,
            }
            let sent = sent.map_err(|failure| failure.of(&name.to_string()));
            exit = exit::of_both(exit, output.finish(naming_port(sent, options)));
        }
        output.remark(&summary(uploads.len(), failed, octets, start));
        if failed == 0 { Ok(Report::default()) } else { Err(Failure::told(exit)) }
    });
    done.map(drop)
}

/// Sends a file.
fn send(upload: &Upload, arguments: &FtpPut, options: &Options, output: Output) -> Result<Report, Failure> {
    let Upload { file, url } = upload;
    let how = how(url, arguments)?;
    refuse_to_resume_text(how.ascii, arguments.resume)?;
    let sent = match arguments.resume {
        true => resume_put(file, url, options, output),
        false => put(file, url, how, arguments, options, output),
    };
    let told = [("url", json!(url.identity())), ("file", json!(file.to_string_lossy()))];
    match sent {
        Ok(mut report) => {
            report.fields.splice(0..0, told);
            Ok(report)
        }
        Err(failure) => Err(failure.with_fields(told)),
    }
}

/// What the options and the URL say of an upload.
fn how(url: &FtpUrl, arguments: &FtpPut) -> Result<FtpOptions, Failure> {
    let mut how = FtpOptions::default();
    how.ascii = is_ascii(url, false)?;
    if arguments.append {
        how.put = PutOption::Append;
    } else if arguments.unique {
        how.put = PutOption::Unique;
    }
    Ok(how)
}

fn put(
    file: &Path,
    url: &FtpUrl,
    how: FtpOptions,
    arguments: &FtpPut,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let (source, length) = open_source(file)?;
    let source = Steady::new(source).map_err(|error| Failure::file("read", file, &error))?;
    // A pipe is not read again, and what was appended or has another name is not the beginning of the file.
    let replaces = how.put == PutOption::Replace;
    let can_resume = length.is_some() && replaces && !arguments.extended && !how.ascii;
    let stored = with_module(options, output, async |client| {
        let ftp = open(client, options, url, how).await?;
        let before = look_before(&ftp, &url.path, arguments.unique && output.is_heard()).await;
        let start = Instant::now();
        let bar = output.progress(url.name(), length);
        let source = Metered::new(source, bar.clone());
        let sent = match length {
            _ if arguments.extended => ftp.put_extended(&url.path, source).await,
            // A file can be read again.
            Some(_) => ftp.put_seekable(&url.path, source).await,
            None => ftp.put(&url.path, source).await,
        };
        bar.finish_and_clear();
        let sent = sent.map_err(|error| match error {
            error @ FtpError::Partial { .. } if can_resume => Failure::from(error).with_advice(RESUMABLE),
            error => error.into(),
        })?;
        Ok(with_name(Report::transfer(sent, start), before, &ftp, sent).await)
    });
    let advice = if can_resume { RESUMABLE_ON_SERVER } else { ON_SERVER };
    stored.map_err(|failure| failure.of_upload(replaces, advice))
}

/// Sends what is missing on the server.
fn resume_put(path: &Path, url: &FtpUrl, options: &Options, output: Output) -> Result<Report, Failure> {
    let (file, length) = open_source(path)?;
    let length = length.ok_or_else(|| {
        Failure::usage(format!("{} is no file, so nothing of it can be skipped", path.display()))
    })?;
    let source = Steady::new(file).map_err(|error| Failure::file("read", path, &error))?;
    let stored = with_module(options, output, async |client| {
        let ftp = open(client, options, url, FtpOptions::default()).await?;
        let start = Instant::now();
        let from = ftp.size_if_told(&url.path).await?.unwrap_or(0);
        if from > length {
            let message = format!(
                "the server has {from} bytes, {} only {length}; send all of it, without --resume",
                path.display()
            );
            return Err(Failure::new("changed", message));
        }
        let bar = output.progress(url.name(), Some(length));
        bar.set_position(from);
        let source = Metered::new(source, bar.clone());
        let stored = match from {
            0 => ftp.put_seekable(&url.path, source).await,
            from => ftp.resume_put(&url.path, source, from).await,
        };
        bar.finish_and_clear();
        // The module may not have passed on all that it took, so what is there is asked for again.
        let stored = stored.map_err(|error| match error {
            error @ FtpError::Mismatch { .. } => {
                Failure::from(error).with_advice("that is done without --resume")
            }
            error if was_under_way(&error) => Failure::from(error).with_advice(RESUMABLE),
            error => error.into(),
        })?;
        let sent = stored.saturating_sub(from);
        let mut report = Report::transfer(sent, start);
        report.fields.push(("resumed_from", json!(from)));
        Ok(report)
    });
    stored.map_err(|failure| failure.if_interrupted(RESUMABLE_ON_SERVER))
}

impl Failure {
    /// Says of an upload what may have become of it: one that replaces a file may be made again.
    fn of_upload(self, replaces: bool, advice: &str) -> Self {
        if replaces { self.if_interrupted(advice) } else { self.of_what_is_sent_once() }
    }
}

/// Whether an upload may have got further before it failed, and may once more.
fn was_under_way(error: &FtpError) -> bool {
    match error {
        FtpError::Command { step, .. } | FtpError::Failed { step, .. } => {
            !matches!(step, FtpStep::Prepare | FtpStep::Open)
        }
        FtpError::Silent { .. }
        | FtpError::NoProgress { .. }
        | FtpError::Unconfirmed { .. }
        | FtpError::EndedEarly { .. }
        | FtpError::Partial { .. }
        | FtpError::Bearer { .. }
        | FtpError::Interrupted { .. } => true,
        _ => false,
    }
}

/// Sends a file of the module, straight from its file system or, extended, from its memory.
fn put_from_fs(
    file: &str,
    url: &FtpUrl,
    arguments: &FtpPut,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let how = how(url, arguments)?;
    let replaces = how.put == PutOption::Replace;
    let is_unique = how.put == PutOption::Unique && output.is_heard();
    let stored = with_module(options, output, async |client| {
        let ftp = open(client, options, url, how).await?;
        // A missing file has a name this way; the server is not asked for anything.
        let octets = Fs::new(client).size(file).await?;
        let before = look_before(&ftp, &url.path, is_unique).await;
        let start = Instant::now();
        let bar = output.progress(url.name(), Some(octets));
        let sent = match arguments.extended {
            true => ftp.put_file(file, &url.path).await.map(|()| octets),
            false => ftp.put_from_fs(file, &url.path, show(&bar)).await,
        };
        bar.finish_and_clear();
        let sent = sent?;
        Ok(with_name(Report::transfer(sent, start), before, &ftp, sent).await)
    });
    stored.map_err(|failure| failure.of_upload(replaces, ON_SERVER))
}

/// What is in the directory that a file goes to, where the server chooses its name and somebody is told.
async fn look_before(ftp: &Ftp, path: &str, is_unique: bool) -> Option<Before> {
    if is_unique { Some(Before::look(ftp, path).await) } else { None }
}

/// Says under which name a file was stored, where the server has chosen it.
async fn with_name(mut report: Report, before: Option<Before>, ftp: &Ftp, octets: u64) -> Report {
    if let Some(before) = before {
        let name = before.chosen(ftp, octets).await;
        report.fields.push(("name", json!(name)));
        let name = name.map_or_else(
            || "a name that only the server knows".to_owned(),
            |name| printable(name.as_bytes()),
        );
        report.remark = format!("{} stored as {name}", report.remark);
    }
    report
}
