//! `sim800 ftp`.

mod filter;
mod get;
mod listing;
mod mirror;
mod put;
mod server;
mod unique;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use serde_json::json;
use sim800_session::{Download, Ftp, FtpError, FtpOptions};

use self::listing::{Entry, Lines};
use self::server::{open, refuse_swapped};
use crate::args::{Ftp as Command, FtpGet, FtpMirror, Options};
use crate::connect::with_module;
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::sink::Sink;
use crate::url::FtpUrl;

/// What there is to tell at the end, if it was not told on the way.
pub(crate) fn run(command: &Command, options: &Options, output: Output) -> Result<Option<Report>, Failure> {
    if let Command::Put(arguments) = command {
        return put::run(arguments, options, output);
    }
    carry_out(command, options, output).map(Some)
}

fn carry_out(command: &Command, options: &Options, output: Output) -> Result<Report, Failure> {
    let password = options.ftp_password.as_ref();
    let url = match command {
        Command::Get(FtpGet { url, .. })
        | Command::Size { url }
        | Command::Rm { url }
        | Command::Rename { url, .. } => FtpUrl::parse(url, password)?,
        Command::Mirror(FtpMirror { directory, url, .. }) => {
            refuse_swapped(&[directory], url, "mirror DIR URL")?;
            FtpUrl::parse_directory(url, password)?
        }
        Command::Ls { url, .. } | Command::Mkdir { url } | Command::Rmdir { url } => {
            FtpUrl::parse_directory(url, password)?
        }
        // It has its own way.
        Command::Put(_) => return Ok(Report::default()),
    };
    let url = &url;
    let done = match command {
        Command::Get(arguments) => get::run(arguments, url, options, output),
        Command::Size { .. } => with_module(options, output, async |client| {
            let ftp = open(client, options, url, FtpOptions::default()).await?;
            let octets = ftp.size(&url.path).await?;
            let fields = vec![("octets", json!(octets))];
            Ok(Report { fields, text: format!("{octets}\n").into(), remark: String::new() })
        }),
        Command::Mirror(arguments) => mirror::run(arguments, url, options, output),
        Command::Ls { raw, .. } => list(url, *raw, options, output),
        Command::Rm { .. } => {
            with_server(url, options, output, async |ftp| Ok(ftp.delete(&url.path).await?))
        }
        Command::Mkdir { .. } => {
            with_server(url, options, output, async |ftp| Ok(ftp.make_directory(&url.path).await?))
        }
        Command::Rmdir { .. } => {
            with_server(url, options, output, async |ftp| Ok(ftp.remove_directory(&url.path).await?))
        }
        Command::Rename { new, .. } => {
            let new = url.beside(new)?;
            with_server(url, options, output, async |ftp| Ok(ftp.rename(&url.path, &new).await?))
        }
        Command::Put(_) => Ok(Report::default()),
    };
    match done {
        Ok(mut report) => {
            report.fields.insert(0, ("url", json!(url.identity())));
            Ok(report)
        }
        Err(failure) => Err(failure.about(url.identity())),
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
