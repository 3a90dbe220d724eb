//! `sim800 fs`.

use std::path::Path;
use std::time::Instant;

use serde_json::json;
use sim800_session::{Client, Fs, FsStorage};
use smol::Unblock;

use crate::args::{Fs as Command, FsGet, Options};
use crate::connect::with_module;
use crate::failure::Failure;
use crate::metered::Metered;
use crate::output::{Output, Report};
use crate::sink::Sink;
use crate::source::open_source;

/// What becomes of what was on its way into the module.
pub(crate) const IN_MODULE: &str = "part of it may be in the module";

pub(crate) fn run(command: &Command, options: &Options, output: Output) -> Result<Report, Failure> {
    match command {
        Command::Get(arguments) => get(arguments, options, output),
        Command::Put { file, path } => put(file, path, options, output),
        command => with_module(options, output, async |client| {
            let fs = open(client).await?;
            carry_out(command, &fs).await
        }),
    }
}

/// What needs nothing but the module.
async fn carry_out(command: &Command, fs: &Fs) -> Result<Report, Failure> {
    match command {
        Command::Ls { path } => return list(path.as_deref(), fs).await,
        Command::Df => return free(fs).await,
        Command::Size { path } => {
            let octets = fs.size(path).await?;
            let fields = vec![("octets", json!(octets))];
            return Ok(Report { fields, text: format!("{octets}\n").into(), remark: String::new() });
        }
        Command::Rm { path } => fs.remove(path).await?,
        Command::Mkdir { path } => fs.make_directory(path).await?,
        Command::Rmdir { path } => fs.remove_directory(path).await?,
        Command::Mv { old, new } => fs.rename(old, new).await?,
        // Transfers have their own ways.
        Command::Get(_) | Command::Put { .. } => {}
    }
    Ok(Report::default())
}

/// Directories have a backslash behind them, as in a path.
async fn list(path: Option<&str>, fs: &Fs) -> Result<Report, Failure> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => format!("{}\\", fs.drive(FsStorage::Internal).await?),
    };
    let entries = fs.list(&path).await?;
    let text = entries.iter().map(|entry| {
        let backslash = if entry.is_directory { "\\" } else { "" };
        format!("{}{backslash}\n", entry.name)
    });
    let objects = entries.iter().map(|entry| json!({ "name": entry.name, "directory": entry.is_directory }));
    let fields = vec![("entries", objects.collect())];
    Ok(Report { fields, text: text.collect::<String>().into(), remark: String::new() })
}

async fn free(fs: &Fs) -> Result<Report, Failure> {
    let drives = fs.free().await?;
    let text = drives.iter().map(|(drive, octets)| format!("{drive} {octets} octets free\n"));
    let objects = drives.iter().map(|(drive, octets)| json!({ "drive": drive.to_string(), "free": octets }));
    let fields = vec![("drives", objects.collect())];
    Ok(Report { fields, text: text.collect::<String>().into(), remark: String::new() })
}

fn get(arguments: &FsGet, options: &Options, output: Output) -> Result<Report, Failure> {
    if options.json && Sink::is_stdout(arguments.output.as_deref()) {
        return Err(Failure::usage("with --json the file needs a name; give one with -o FILE"));
    }
    let fetched = with_module(options, output, async |client| {
        // Before the module is asked for anything that would have been in vain.
        let sink = Sink::open(arguments.output.as_deref()).await?;
        let start = Instant::now();
        let file = open(client).await?.read(&arguments.path).await?;
        let bar = output.progress(name(&arguments.path), file.total());
        let taken = sink.take(file, &bar).await;
        bar.finish_and_clear();
        Ok(Report::transfer(taken?.octets, start))
    });
    fetched.map_err(|failure| failure.of_download_to(arguments.output.as_deref()))
}

fn put(file: &Path, path: &str, options: &Options, output: Output) -> Result<Report, Failure> {
    let (file, length) = open_source(file)?;
    let stored = with_module(options, output, async |client| {
        let fs = open(client).await?;
        let start = Instant::now();
        let bar = output.progress(name(path), length);
        // Read by a thread of its own, for it may be a pipe.
        let source = Metered::new(Unblock::new(file), bar.clone());
        let written = fs.write(path, source).await;
        bar.finish_and_clear();
        Ok(Report::transfer(written?, start))
    });
    stored.map_err(|failure| failure.if_interrupted(IN_MODULE))
}

/// The file system of a module that is ready; flow control and echo are as bulk data needs them only then.
async fn open(client: &Client) -> Result<Fs, Failure> {
    client.start_up().await?;
    Ok(Fs::new(client))
}

/// The last part of a path, for people.
fn name(path: &str) -> &str {
    path.rsplit('\\').next().unwrap_or(path)
}
