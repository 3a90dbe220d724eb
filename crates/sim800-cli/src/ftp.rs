//! `sim800 ftp`.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use indicatif::ProgressBar;
use serde_json::json;
use sim800_command::FtpCode;
use sim800_session::{
    Client, Download, Extended, Fs, FsStorage, Ftp, FtpError, FtpOptions, FtpProgress, FtpStep, PutOption,
};

use crate::args::{Ftp as Command, FtpGet, FtpPut, FtpSource, Options};
use crate::companion::Origin;
use crate::connect::{open_bearer, with_module};
use crate::failure::Failure;
use crate::fs::{IN_MODULE, Room, module_path};
use crate::listing::{self, Entry, Lines};
use crate::metered::Metered;
use crate::mirror;
use crate::output::{Output, Report};
use crate::place::Remnant;
use crate::resume::{Resumable, take_off};
use crate::sink::Sink;
use crate::source::{Steady, open_source};
use crate::terminal::printable;
use crate::unique::Before;
use crate::url::{FtpType, FtpUrl};

/// Where a password may come from that is not to be seen on the command line.
const PASSWORD: &str = "SIM800_FTP_PASSWORD";

/// Where the module keeps what it downloads (manual 12.2.24).
const DOWNLOADS: &str = r"\User\FTP\";

/// What becomes of what was on its way to the server.
const ON_SERVER: &str = "part of it may be on the server";
const RESUMABLE: &str = "--resume goes on with it";
const RESUMABLE_ON_SERVER: &str = "part of it may be on the server, and --resume goes on with it";

pub(crate) fn run(command: &Command, options: &Options, output: Output) -> Result<Report, Failure> {
    match command {
        Command::Get(arguments) => get(arguments, options, output),
        Command::Put(arguments) => put(arguments, options, output),
        Command::Size { url } => {
            let url = parse(url)?;
            with_module(options, output, async |client| {
                let ftp = open(client, options, &url, FtpOptions::default()).await?;
                let octets = ftp.size(&url.path).await?;
                let fields = vec![("octets", json!(octets))];
                Ok(Report { fields, text: format!("{octets}\n").into(), remark: String::new() })
            })
        }
        Command::Mirror(arguments) => {
            mirror::run(arguments, &parse_directory(&arguments.url)?, options, output)
        }
        Command::Ls { url, raw } => list(&parse_directory(url)?, *raw, options, output),
        Command::Rm { url } => {
            let url = parse(url)?;
            with_server(&url, options, output, async |ftp| Ok(ftp.delete(&url.path).await?))
        }
        Command::Mkdir { url } => {
            let url = parse_directory(url)?;
            with_server(&url, options, output, async |ftp| Ok(ftp.make_directory(&url.path).await?))
        }
        Command::Rmdir { url } => {
            let url = parse_directory(url)?;
            with_server(&url, options, output, async |ftp| Ok(ftp.remove_directory(&url.path).await?))
        }
        Command::Rename { url, new } => {
            let url = parse(url)?;
            let new = url.beside(new)?;
            with_server(&url, options, output, async |ftp| Ok(ftp.rename(&url.path, &new).await?))
        }
    }
}

/// Does what is done when the server says so.
fn with_server(
    url: &FtpUrl,
    options: &Options,
    output: Output,
    job: impl AsyncFnOnce(Ftp) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let done = with_module(options, output, async |client| {
        job(open(client, options, url, FtpOptions::default()).await?).await?;
        Ok(Report::default())
    });
    done.map_err(Failure::of_what_is_sent_once)
}

/// Shows a directory; `raw`: as the server does.
fn list(url: &FtpUrl, raw: bool, options: &Options, output: Output) -> Result<Report, Failure> {
    with_module(options, output, async |client| {
        let ftp = open(client, options, url, FtpOptions::default()).await?;
        if output.json {
            let lines = listing::fetch(&ftp, &url.path).await?;
            let text =
                |line: &Vec<u8>| String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_owned();
            let fields = if raw {
                vec![("lines", json!(lines.iter().map(text).collect::<Vec<_>>()))]
            } else {
                let (known, unknown): (Vec<_>, Vec<_>) =
                    lines.iter().map(|line| Entry::parse(line).ok_or(line)).partition(Result::is_ok);
                let known: Vec<_> = known.into_iter().flatten().map(|entry| entry.object()).collect();
                let unknown: Vec<_> = unknown.into_iter().filter_map(Result::err).map(text).collect();
                vec![("entries", json!(known)), ("unknown", json!(unknown))]
            };
            return Ok(Report { fields, ..Report::default() });
        }
        let bar = output.progress(url.name(), None);
        let sink = Sink::stdout()?;
        let taken = match ftp.list(&url.path).await {
            Ok(download) if raw => sink.take(download, &bar).await,
            Ok(download) => sink.take(shown(download).boxed(), &bar).await,
            Err(error) => Err(error.into()),
        };
        bar.finish_and_clear();
        taken?;
        Ok(Report::default())
    })
}

/// A listing as people see it, line by line as it comes.
fn shown(download: Download) -> impl Stream<Item = Result<Bytes, FtpError>> + Send {
    let state = Some((download, Lines::default()));
    let pieces = stream::try_unfold(state, async |state| {
        let Some((mut download, mut lines)) = state else { return Ok(None) };
        Ok(match download.try_next().await? {
            Some(octets) => {
                let whole = lines.take(&octets);
                Some((whole, Some((download, lines))))
            }
            None => Some((lines.finish().into_iter().collect(), None)),
        })
    });
    pieces.map_ok(|lines| lines.into_iter().flat_map(listing::shown).collect())
}

fn get(arguments: &FtpGet, options: &Options, output: Output) -> Result<Report, Failure> {
    let url = parse(&arguments.url)?;
    let mut how = FtpOptions::default();
    how.ascii = is_ascii(&url, arguments.ascii)?;
    how.passive = !arguments.active;
    refuse_to_resume_text(how.ascii, arguments.resume)?;
    if let Some(name) = &arguments.to_fs {
        return get_to_fs(&url, how, name, options, output);
    }
    if options.json && Sink::is_stdout(arguments.output.as_deref()) {
        return Err(Failure::usage("with --json the file needs a name; give one with -o FILE"));
    }
    if let (Some(path), true) = (&arguments.output, arguments.resume) {
        return resume_get(&url, how, path, options, output);
    }
    let fetched = with_module(options, output, async |client| {
        // Before anything is sent that would have been in vain.
        let sink = Sink::open(arguments.output.as_deref()).await?;
        let ftp = open(client, options, &url, how).await?;
        let start = Instant::now();
        let length = length(&ftp, &url, output).await;
        let bar = output.progress(url.name(), length);
        let opened = if arguments.extended {
            let waiting = output.progress(&format!("{} to the module", url.name()), length);
            let fetched = ftp.get_extended(&url.path, show(&waiting)).await;
            waiting.finish_and_clear();
            fetched.map(Extended::into_download)
        } else {
            ftp.get(&url.path).await
        };
        let taken = match opened {
            Ok(download) => sink.take(download, &bar).await,
            Err(error) => Err(error.into()),
        };
        bar.finish_and_clear();
        Ok(Report::transfer(taken?.octets, start))
    });
    fetched.map_err(|failure| match arguments.ascii || arguments.extended {
        true => failure.of_download_to(arguments.output.as_deref()),
        false => failure.of_resumable_download_to(arguments.output.as_deref()),
    })
}

/// Fetches what is missing of a file, and keeps what has come if it breaks off again.
fn resume_get(
    url: &FtpUrl,
    how: FtpOptions,
    file: &Path,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let resumable = Resumable::new(file)?;
    let fetched = with_module(options, output, async |client| {
        let ftp = open(client, options, url, how).await?;
        let start = Instant::now();
        let size = ftp.size_if_told(&url.path).await?;
        let origin = Origin { url: url.identity(), size, validator: None };
        let kept = resumable.remnant(&origin.url);
        let was_kept = kept.is_some();
        let remnant = kept
            .filter(|there| there.origin.goes_with(&origin) && size.is_none_or(|size| there.octets <= size));
        let waiting = output.progress(&format!("waiting for {}", url.name()), None);
        let opened = open_rest(&ftp, url, size, remnant.as_ref()).await;
        waiting.finish_and_clear();
        let (body, from) = opened?;
        let compared = remnant.as_ref().filter(|_| from > 0).map_or(0, |there| there.end.len());
        if from == 0 && was_kept {
            output.remark("sim800: what was kept is of something else by now, or the server cannot resume; starting anew");
        }
        let sink = match remnant.filter(|_| from > 0) {
            Some(there) => resumable.go_on(&there)?,
            None => resumable.begin(&origin)?,
        };
        let bar = output.progress(url.name(), size);
        bar.set_position(from);
        let taken = sink.take(body, &bar).await;
        bar.finish_and_clear();
        let mut report = Report::transfer(taken?.octets, start);
        report.fields.extend([("resumed_from", json!(from)), ("compared", json!(compared))]);
        Ok(report)
    });
    fetched.map_err(|failure| resumable.advise(&url.identity(), failure))
}

/// Opens a file behind what is there of it, or at its start when that is of another one or the server cannot do otherwise. What comes, and the position of its
/// first octet.
async fn open_rest(
    ftp: &Ftp,
    url: &FtpUrl,
    size: Option<u64>,
    remnant: Option<&Remnant>,
) -> Result<(BoxStream<'static, Result<Bytes, Failure>>, u64), Failure> {
    if let Some(there) = remnant {
        let awaited = &there.end[..];
        let from = there.octets - awaited.len() as u64;
        match ftp.get_from(&url.path, from).await {
            Ok(download) => {
                let mut rest = up_to(size, from, download).boxed();
                if let Some(behind) = take_off(&mut rest, awaited).await? {
                    return Ok((stream::iter([Ok(behind)]).chain(rest).boxed(), there.octets));
                }
            }
            // It opens files at their start only.
            Err(FtpError::Failed { code: FtpCode::REST, .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((up_to(size, 0, ftp.get(&url.path).await?).boxed(), 0))
}

/// What comes from octet `from` on; that it ends elsewhere than at `size` is an error.
fn up_to(
    size: Option<u64>,
    from: u64,
    download: Download,
) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
    stream::try_unfold((download, from), move |(mut download, position)| async move {
        match download.try_next().await? {
            Some(octets) => {
                let position = position + octets.len() as u64;
                Ok(Some((octets, (download, position))))
            }
            None => match size {
                Some(size) if size != position => {
                    let message = format!("the server ended the file after {position} of {size} octets");
                    Err(Failure::new("incomplete", message))
                }
                _ => Ok(None),
            },
        }
    })
}

/// Leaves the file in the module.
fn get_to_fs(
    url: &FtpUrl,
    how: FtpOptions,
    name: &str,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let fetched = with_module(options, output, async |client| {
        // Of a text the size is another one in the module.
        let is_ascii = how.ascii;
        let ftp = open(client, options, url, how).await?;
        let start = Instant::now();
        let fs = Fs::new(client);
        let path = format!("{}{DOWNLOADS}{name}", fs.drive(FsStorage::Internal).await?);
        let length = match is_ascii {
            true => None,
            false => ftp.size_if_told(&url.path).await?,
        };
        let room = Room::new(&fs, &path, length).await?;
        let bar = output.progress(url.name(), length);
        let octets = ftp.get_to_fs(&url.path, FsStorage::Internal, name, show(&bar)).await;
        bar.finish_and_clear();
        match octets {
            Ok(octets) => Ok(Report::transfer(octets, start)),
            Err(error) => Err(room.give_up(error.into()).await),
        }
    });
    fetched.map_err(|failure| failure.if_interrupted(IN_MODULE))
}

fn put(arguments: &FtpPut, options: &Options, output: Output) -> Result<Report, Failure> {
    let source = arguments.source();
    let url = arguments.url().ok_or_else(|| {
        let source = if matches!(source, FtpSource::Module(_)) { "--from-fs PATH" } else { "FILE" };
        Failure::usage(format!("the URL to send it to is missing; write sim800 ftp put {source} URL"))
    })?;
    let url = parse(&url)?;
    let mut how = FtpOptions::default();
    how.ascii = is_ascii(&url, false)?;
    if arguments.append {
        how.put = PutOption::Append;
    } else if arguments.unique {
        how.put = PutOption::Unique;
    }
    let file = match source {
        FtpSource::Module(path) => {
            return put_from_fs(&module_path(path), &url, how, arguments.extended, options, output);
        }
        FtpSource::File(path) => path,
    };
    refuse_to_resume_text(how.ascii, arguments.resume)?;
    if arguments.resume {
        return resume_put(file, &url, options, output);
    }
    let (source, length) = open_source(file)?;
    let source = Steady::new(source).map_err(|error| Failure::file("read", file, &error))?;
    // A pipe is not read again, and what was appended or has another name is not the beginning of the file.
    let replaces = how.put == PutOption::Replace;
    let can_resume = length.is_some() && replaces && !arguments.extended && !how.ascii;
    let stored = with_module(options, output, async |client| {
        let ftp = open(client, options, &url, how).await?;
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
                "the server has {from} octets, {} only {length}; send all of it, without --resume",
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
    how: FtpOptions,
    extended: bool,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let replaces = how.put == PutOption::Replace;
    let is_unique = how.put == PutOption::Unique && output.is_heard();
    let stored = with_module(options, output, async |client| {
        let ftp = open(client, options, url, how).await?;
        // A missing file has a name this way; the server is not asked for anything.
        let octets = Fs::new(client).size(file).await?;
        let before = look_before(&ftp, &url.path, is_unique).await;
        let start = Instant::now();
        let bar = output.progress(url.name(), Some(octets));
        let sent = match extended {
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

/// The module does not tell the length of what is on its way. To ask is worth it only for people.
async fn length(ftp: &Ftp, url: &FtpUrl, output: Output) -> Option<u64> {
    if output.is_watched() { ftp.size(&url.path).await.ok() } else { None }
}

/// Shows what the module tells of a transfer of its own.
fn show(bar: &ProgressBar) -> impl FnMut(FtpProgress) {
    let bar = bar.clone();
    move |progress| bar.set_position(progress.moved)
}

/// The server, over a bearer.
async fn open(client: &Client, options: &Options, url: &FtpUrl, how: FtpOptions) -> Result<Ftp, Failure> {
    let bearer = open_bearer(client, options).await?;
    Ok(Ftp::new(&bearer, url.server.clone()).with_options(how))
}

/// Whether a file is transferred as text: as its URL says, or else the option.
fn is_ascii(url: &FtpUrl, option: bool) -> Result<bool, Failure> {
    match url.kind {
        Some(FtpType::Image) if option => {
            Err(Failure::usage("the URL says ;type=i and the option --ascii; leave one of them out"))
        }
        Some(kind) => Ok(kind == FtpType::Ascii),
        None => Ok(option),
    }
}

/// An octet of a file that is text has another place on every machine.
fn refuse_to_resume_text(ascii: bool, resume: bool) -> Result<(), Failure> {
    match ascii && resume {
        true => {
            Err(Failure::usage("--resume does not go with ;type=a: a file is gone on with octet by octet"))
        }
        false => Ok(()),
    }
}

fn parse(url: &str) -> Result<FtpUrl, Failure> {
    FtpUrl::parse(url, std::env::var(PASSWORD).ok())
}

fn parse_directory(url: &str) -> Result<FtpUrl, Failure> {
    FtpUrl::parse_directory(url, std::env::var(PASSWORD).ok())
}
