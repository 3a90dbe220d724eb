//! `sim800 ftp get`.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use serde_json::json;
use sim800_command::FtpCode;
use sim800_session::{Download, Extended, Fs, FsStorage, Ftp, FtpError, FtpOptions};

use super::server::{is_ascii, length, open, refuse_to_resume_text, show};
use crate::args::{FtpGet, Options};
use crate::companion::Origin;
use crate::connect::with_module;
use crate::failure::Failure;
use crate::fs::{IN_MODULE, Room};
use crate::output::{Output, Report, resumed};
use crate::place::Remnant;
use crate::resume::{Resumable, take_off};
use crate::sink::{Sink, named};
use crate::url::FtpUrl;

/// Where the module keeps what it downloads (manual 12.2.24).
const DOWNLOADS: &str = r"\User\FTP\";

pub(super) fn run(
    arguments: &FtpGet,
    url: &FtpUrl,
    options: &Options,
    output: Output,
) -> Result<Report, Failure> {
    let mut how = FtpOptions::default();
    how.ascii = is_ascii(url, arguments.ascii)?;
    how.passive = !arguments.active;
    refuse_to_resume_text(how.ascii, arguments.resume)?;
    if let Some(name) = &arguments.to_fs {
        return get_to_fs(url, how, name, options, output);
    }
    if options.json && Sink::is_stdout(arguments.output.as_deref()) {
        return Err(Failure::usage("with --json the file needs a name; give one with -o FILE"));
    }
    if let (Some(path), true) = (&arguments.output, arguments.resume) {
        return resume_get(url, how, path, options, output);
    }
    let fetched = with_module(options, output, async |client| {
        // Before anything is sent that would have been in vain.
        let sink = Sink::open(arguments.output.as_deref()).await?;
        let ftp = open(client, options, url, how).await?;
        let start = Instant::now();
        let length = length(&ftp, url, output).await;
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
        let mut report = Report::transfer(taken?.octets, start);
        report.fields.extend(named(arguments.output.as_deref()));
        Ok(report)
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
            output.remark(
                "sim800: the file on the server has changed, or the server cannot resume; starting again",
            );
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
        report.fields.extend(named(Some(file)));
        report.fields.extend([("resumed_from", json!(from)), ("compared", json!(compared))]);
        report.remark.push_str(&resumed(from));
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
                    let message = format!("the server ended the file after {position} of {size} bytes");
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
