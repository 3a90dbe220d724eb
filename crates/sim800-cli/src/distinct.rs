//! What a command reads and what it writes must not be one file.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::args::{Command, Options};
use crate::failure::Failure;
use crate::place::Names;
use crate::sink::Sink;

/// What a file is known by, whatever leads to it.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    There {
        device: u64,
        inode: u64,
    },
    /// One that is not there yet.
    New(PathBuf),
}

/// Makes sure of that for `command`.
pub(crate) fn check(command: &Command, options: &Options) -> Result<(), Failure> {
    check_files(&command.inputs(), &command.outputs(), options)
}

/// Makes sure of that for what is sent and what is written, which may be the answer or the answer of an error.
pub(crate) fn check_files(sent: &[&Path], written: &[&Path], options: &Options) -> Result<(), Failure> {
    let inputs = sent.iter().map(|path| ("what is read", input(path)));
    let outputs = written.iter().map(|path| ("what is written", output(path)));
    let trace = options.trace.as_deref().map(|path| ("the trace", output_at(path)));
    let files: Vec<_> = inputs.chain(outputs).chain(trace).collect();
    for (n, (one, identity)) in files.iter().enumerate() {
        // What is only read, or an answer or its explanation, may be the same.
        let same = files
            .iter()
            .skip(n + 1)
            .find(|(other, same)| one != other && identity.is_some() && identity == same);
        if let Some((other, _)) = same {
            return Err(Failure::usage(format!("{one} and {other} are the same file; choose another name")));
        }
    }
    match options.trace.as_deref() {
        Some(trace) if written.iter().any(|output| is_beside(output, trace)) => {
            let message = "the trace has the name that the unfinished download has; choose another one";
            Err(Failure::usage(message))
        }
        _ => Ok(()),
    }
}

/// Whether `trace` would be taken for what this program leaves of `output`, as a new file without octets is.
fn is_beside(output: &Path, trace: &Path) -> bool {
    let Some(trace) = output_at(trace) else { return false };
    // What cannot be written is told when it is tried.
    Sink::is_file(Some(output))
        && Names::new(output).is_ok_and(|names| {
            names
                .tried()
                .flat_map(|names| [names.part, names.companion])
                .any(|path| output_at(&path).as_ref() == Some(&trace))
        })
}

fn input(path: &Path) -> Option<Identity> {
    if path == Path::new("-") {
        return of_stream(io::stdin());
    }
    path.metadata().ok().and_then(|found| there(&found))
}

fn output(path: &Path) -> Option<Identity> {
    if Sink::is_stdout(Some(path)) { of_stream(io::stdout()) } else { output_at(path) }
}

fn output_at(path: &Path) -> Option<Identity> {
    if let Ok(found) = path.metadata() {
        return there(&found);
    }
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    Some(Identity::New(folder.canonicalize().ok()?.join(path.file_name()?)))
}

fn of_stream(stream: impl AsFd) -> Option<Identity> {
    let stream = File::from(stream.as_fd().try_clone_to_owned().ok()?);
    stream.metadata().ok().and_then(|found| there(&found))
}

/// A terminal and `/dev/null` take whatever comes, from however many, and what is read from a socket is not what is written to it.
fn there(found: &Metadata) -> Option<Identity> {
    let is_shared = found.file_type().is_char_device() || found.file_type().is_socket();
    (!is_shared).then(|| Identity::There { device: found.dev(), inode: found.ino() })
}
