//! `sim800 ftp`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use sim800_session::{Client, Ftp, FtpOptions, PutOption};
use smol::Unblock;

use crate::args::{Ftp as Command, FtpGet, FtpPut, Options};
use crate::connect::{open_bearer, with_module};
use crate::failure::Failure;
use crate::metered::Metered;
use crate::output::{Output, Report, seconds, transferred};
use crate::sink::Sink;
use crate::url::FtpUrl;

/// Where a password may come from that is not to be seen on the command line.
const PASSWORD: &str = "SIM800_FTP_PASSWORD";

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
                Ok(Report { fields, text: format!("{octets}\n"), remark: String::new() })
            })
        }
    }
}

fn get(arguments: &FtpGet, options: &Options, output: Output) -> Result<Report, Failure> {
    let url = parse(&arguments.url)?;
    if options.json && arguments.output.is_none() {
        return Err(Failure::usage("with --json the file needs a name; give one with -o FILE"));
    }
    let mut how = FtpOptions::default();
    how.ascii = arguments.ascii;
    how.passive = !arguments.active;
    with_module(options, output, async |client| {
        // Before anything is sent that would have been in vain.
        let sink = match &arguments.output {
            Some(path) => Sink::open(path).await?,
            None => Sink::stdout()?,
        };
        let ftp = open(client, options, &url, how).await?;
        let start = Instant::now();
        // The module does not tell the length of what is on its way. To ask is worth it only for people.
        let mut length = None;
        if output.is_watched() {
            length = ftp.size(&url.path).await.ok();
        }
        let bar = output.progress(url.name(), length);
        let taken = match ftp.get(&url.path).await {
            Ok(download) => sink.take(download, &bar).await,
            Err(error) => Err(error.into()),
        };
        bar.finish_and_clear();
        let octets = taken?.octets;
        Ok(report(octets, start))
    })
}

fn put(arguments: &FtpPut, options: &Options, output: Output) -> Result<Report, Failure> {
    let url = parse(&arguments.url)?;
    let (file, length) = open_source(&arguments.file)?;
    let mut how = FtpOptions::default();
    if arguments.append {
        how.put = PutOption::Append;
    } else if arguments.unique {
        how.put = PutOption::Unique;
    }
    with_module(options, output, async |client| {
        let ftp = open(client, options, &url, how).await?;
        let start = Instant::now();
        let bar = output.progress(url.name(), length);
        // Read by a thread of its own, for it may be a pipe.
        let source = Metered::new(Unblock::new(file), bar.clone());
        let sent = ftp.put(&url.path, source).await;
        bar.finish_and_clear();
        Ok(report(sent?, start))
    })
}

/// The server, over a bearer.
async fn open(client: &Client, options: &Options, url: &FtpUrl, how: FtpOptions) -> Result<Ftp, Failure> {
    let bearer = open_bearer(client, options).await?;
    Ok(Ftp::new(&bearer, url.server.clone()).with_options(how))
}

fn parse(url: &str) -> Result<FtpUrl, Failure> {
    FtpUrl::parse(url, std::env::var(PASSWORD).ok())
}

/// What is to be sent, and how long it is where that is known.
fn open_source(path: &Path) -> Result<(File, Option<u64>), Failure> {
    let open = || {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        match metadata.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok((file, metadata.is_file().then_some(metadata.len()))),
        }
    };
    open().map_err(|error| Failure::file("read", path, &error))
}

fn report(octets: u64, start: Instant) -> Report {
    Report {
        fields: vec![("octets", json!(octets)), ("seconds", json!(seconds(start.elapsed())))],
        text: String::new(),
        remark: transferred(octets, start),
    }
}
