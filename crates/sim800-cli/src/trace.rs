//! Who is shown what crosses the line: the file of `--trace`, people with `-v`, and whoever looks for the reason when nothing answers.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use sim800_capture::{write_record, write_remark, write_retry};
use sim800_session::{Direction, Retry, Trace};

use crate::dialogue::Dialogue;
use crate::failure::Failure;
use crate::first_contact::Heard;
use crate::recent::Recent;
use crate::recorder::Witness;

/// Who may read a trace, in which there is more than a mask can know of.
const MODE: u32 = 0o600;

/// The file of `--trace`; clones write to the same one.
#[derive(Clone, Debug)]
pub(crate) struct TraceFile {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// The first failure; nothing is written after it.
    failure: Option<io::Error>,
    record: Vec<u8>,
}

impl TraceFile {
    /// Makes the file, which must not be there: nothing is lost to a trace. A pipe or a terminal may be.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let message =
                "a trace goes to a file, not to stdout; give it a name, or write --trace /dev/stderr";
            return Err(Failure::usage(message));
        }
        let file = match File::options().write(true).create_new(true).mode(MODE).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open_stream(path),
            file => file,
        };
        let file = file.map_err(|error| failure(path, &error))?;
        let state = State { file, failure: None, record: Vec::new() };
        Ok(Self { path: path.to_owned(), state: Arc::new(Mutex::new(state)) })
    }

    fn write(&self, append: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failure.is_some() {
            return;
        }
        let State { file, failure, record, .. } = &mut *state;
        record.clear();
        append(record);
        // At once and whole: a trace is wanted most after a crash.
        *failure = file.write_all(record).err();
    }

    /// Tells the first failure since it was created. A file with nothing in it would only be in the way of the next.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let result = match self.state.try_lock() {
            Ok(mut state) => {
                if state.file.metadata().is_ok_and(|file| file.is_file() && file.len() == 0) {
                    let _ = fs::remove_file(&self.path);
                }
                state.failure.take().map_or(Ok(()), Err)
            }
            Err(TryLockError::Poisoned(state)) => state.into_inner().failure.take().map_or(Ok(()), Err),
            // The session has ended or was given up, so this is a pipe that is full.
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::new(io::ErrorKind::WouldBlock, "nobody reads from it"))
            }
        };
        result.map_err(|error| failure(&self.path, &error))
    }
}

/// What is written to and not replaced.
fn open_stream(path: &Path) -> io::Result<File> {
    let is_stream = path.metadata().is_ok_and(|found| {
        let kind = found.file_type();
        kind.is_fifo() || kind.is_char_device()
    });
    if !is_stream {
        let message = "it exists already; choose another name, or remove it";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    OpenOptions::new().write(true).open(path)
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::file("write the trace to", path, error)
}

/// All of them.
pub(crate) struct Traces {
    pub(crate) file: Option<TraceFile>,
    pub(crate) dialogue: Option<Dialogue>,
    pub(crate) heard: Heard,
    pub(crate) recent: Option<Recent>,
}

impl Trace for Traces {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        self.heard.note(direction, octets);
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.octets(now, direction, octets);
        }
        if let Some(recent) = &self.recent {
            recent.note(now, direction, octets);
        }
        if let Some(file) = &mut self.file {
            file.octets(now, direction, octets);
        }
    }

    fn retry(&mut self, now: Duration, retry: &Retry) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.retry(now, retry);
        }
        if let Some(file) = &mut self.file {
            file.retry(now, retry);
        }
    }
}

impl Trace for TraceFile {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        self.write(|record| write_record(record, now, direction, octets));
    }

    fn retry(&mut self, now: Duration, retry: &Retry) {
        self.write(|record| write_retry(record, now, &retry.to_string()));
    }
}

impl Witness for TraceFile {
    fn remark(&mut self, now: Duration, text: &str) {
        self.write(|record| write_remark(record, now, text));
    }

    fn pause(&mut self) -> Result<ControlFlow<()>, Failure> {
        Ok(ControlFlow::Continue(()))
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.finish()
    }
}
