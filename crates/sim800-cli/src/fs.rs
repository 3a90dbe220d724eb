//! `sim800 fs`.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use sim800_session::{Client, Fs, FsError, FsStorage};
use smol::Unblock;

use crate::access::start_up;
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
            let fs = open(client, options).await?;
            carry_out(command, &fs).await
        }),
    }
}

/// What needs nothing but the module.
async fn carry_out(command: &Command, fs: &Fs) -> Result<Report, Failure> {
    match command {
        Command::Ls { path, long } => return list(path.as_deref(), *long, fs).await,
        Command::Df => return free(fs).await,
        Command::Size { path } => {
            let octets = fs.size(&module_path(path)).await?;
            let fields = vec![("octets", json!(octets))];
            return Ok(Report { fields, text: format!("{octets}\n").into(), remark: String::new() });
        }
        Command::Rm { path } => fs.remove(&module_path(path)).await?,
        Command::Mkdir { path } => fs.make_directory(&module_path(path)).await?,
        Command::Rmdir { path } => fs.remove_directory(&module_path(path)).await?,
        Command::Mv { old, new } => fs.rename(&module_path(old), &module_path(new)).await?,
        // Transfers have their own ways.
        Command::Get(_) | Command::Put { .. } => {}
    }
    Ok(Report::default())
}

/// Directories have a backslash behind them, as in a path. `long`: with the sizes of files.
async fn list(path: Option<&str>, long: bool, fs: &Fs) -> Result<Report, Failure> {
    let path = match path {
        Some(path) => module_path(path).into_owned(),
        None => format!("{}\\", fs.drive(FsStorage::Internal).await?),
    };
    let (mut text, mut objects) = (String::new(), Vec::new());
    for entry in fs.list(&path).await? {
        let mut object = json!({ "name": entry.name, "directory": entry.is_directory });
        if long {
            let file = format!("{}\\{}", path.trim_end_matches('\\'), entry.name);
            let size = match entry.is_directory {
                true => None,
                false => size_if_told(fs, &file).await?,
            };
            object["size"] = json!(size);
            let size = size.map_or_else(|| "-".to_owned(), |size| size.to_string());
            text.push_str(&format!("{size:>10}  "));
        }
        let backslash = if entry.is_directory { "\\" } else { "" };
        text.push_str(&format!("{}{backslash}\n", entry.name));
        objects.push(object);
    }
    Ok(Report { fields: vec![("entries", json!(objects))], text: text.into(), remark: String::new() })
}

/// The size of a file that was in a listing; `None` where it cannot be asked for, as of names with blanks.
async fn size_if_told(fs: &Fs, file: &str) -> Result<Option<u64>, Failure> {
    match fs.size(file).await {
        Ok(size) => Ok(Some(size)),
        Err(FsError::Invalid(_) | FsError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn free(fs: &Fs) -> Result<Report, Failure> {
    let drives = fs.free().await?;
    let text = drives.iter().map(|(drive, octets)| format!("{drive} {octets} bytes free\n"));
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
        let path = module_path(&arguments.path);
        let file = open(client, options).await?.read(&path).await?;
        let bar = output.progress(name(&path), file.total());
        let taken = sink.take(file, &bar).await;
        bar.finish_and_clear();
        Ok(Report::transfer(taken?.octets, start))
    });
    fetched.map_err(|failure| failure.of_download_to(arguments.output.as_deref()))
}

fn put(file: &Path, path: &str, options: &Options, output: Output) -> Result<Report, Failure> {
    let (file, length) = open_source(file)?;
    let path = module_path(path);
    let stored = with_module(options, output, async |client| {
        let fs = open(client, options).await?;
        let start = Instant::now();
        let room = Room::new(&fs, &path, length).await?;
        let bar = output.progress(name(&path), length);
        // Read by a thread of its own, for it may be a pipe.
        let source = Metered::new(Unblock::new(file), bar.clone());
        let written = fs.write(&path, source).await;
        bar.finish_and_clear();
        match written {
            Ok(octets) => Ok(Report::transfer(octets, start)),
            // What was there was removed before the first octet was written.
            Err(error) => Err(Room { was_there: false, ..room }.give_up(error.into()).await),
        }
    });
    stored.map_err(|failure| failure.if_interrupted(IN_MODULE))
}

/// Where a file of the module is about to be written.
pub(crate) struct Room<'a> {
    fs: &'a Fs,
    path: &'a str,
    /// Whether there was a file, which is replaced.
    was_there: bool,
}

impl<'a> Room<'a> {
    /// Makes sure that `length` octets, where that is known, have room at `path`, before anything there is changed.
    pub(crate) async fn new(fs: &'a Fs, path: &'a str, length: Option<u64>) -> Result<Self, Failure> {
        let there = match fs.size(path).await {
            Ok(octets) => Some(octets),
            Err(FsError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if let (Some(length), Some(free)) = (length, free_at(fs, path).await?) {
            let room = free.saturating_add(there.unwrap_or(0));
            if length > room {
                let message = format!(
                    "{path} would have {length} bytes, and the module has room for {room}; sim800 changed nothing; remove files there (`sim800 fs ls`, `sim800 fs rm`)"
                );
                return Err(Failure::new("full", message));
            }
        }
        Ok(Self { fs, path, was_there: there.is_some() })
    }

    /// Removes what is incomplete, so that nobody takes it for the file.
    pub(crate) async fn give_up(&self, failure: Failure) -> Failure {
        let path = self.path;
        let left = match (self.fs.size(path).await, self.was_there) {
            (Err(FsError::NotFound { .. }), _) => return failure,
            (Ok(_), false) => self.fs.remove(path).await,
            // It may still be the file that was there.
            (Ok(_), true) => return failure.with_advice(format!("look at {path}, which may be incomplete")),
            (Err(error), _) => Err(error),
        };
        match left {
            Ok(()) => failure.with_advice(format!("sim800 removed the incomplete {path}")),
            Err(_) => failure.with_advice(format!("part of it may be left as {path}")),
        }
    }
}

/// Free octets of the drive of `path`, where the module tells.
async fn free_at(fs: &Fs, path: &str) -> Result<Option<u64>, Failure> {
    let letter = path.chars().next().map(|letter| letter.to_ascii_uppercase());
    match fs.free().await {
        Ok(drives) => {
            Ok(drives.iter().find(|(drive, _)| Some(drive.letter()) == letter).map(|(_, free)| *free))
        }
        // Some firmware has no such command.
        Err(FsError::Command(error)) if error.is_rejected() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A path as the module has it: `C:/User` is written more easily than `C:\User`, and no name there holds a slash.
pub(crate) fn module_path(path: &str) -> Cow<'_, str> {
    if path.contains('/') { path.replace('/', "\\").into() } else { path.into() }
}

/// The file system of a module that is ready; flow control and echo are as bulk data needs them only then.
async fn open(client: &Client, options: &Options) -> Result<Fs, Failure> {
    start_up(client, options).await?;
    Ok(Fs::new(client))
}

/// The last part of a path, for people.
fn name(path: &str) -> &str {
    path.rsplit('\\').next().unwrap_or(path)
}
