//! The file of `--trace`.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sim800_capture::{write_record, write_retry};
use sim800_session::{Direction, Retry, Trace};

use crate::failure::Failure;

/// The file of `--trace`; clones write to the same one.
#[derive(Clone, Debug)]
pub(crate) struct TraceFile(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    path: PathBuf,
    file: File,
    /// The first failure; nothing is written after it.
    failure: Option<io::Error>,
    record: Vec<u8>,
}

impl TraceFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| failure(path, &error))?;
        let state = State { path: path.to_owned(), file, failure: None, record: Vec::new() };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    fn write(&self, append: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failure.is_some() {
            return;
        }
        let State { file, failure, record, .. } = &mut *state;
        record.clear();
        append(record);
        // At once and whole: a trace is wanted most after a crash.
        *failure = file.write_all(record).err();
    }

    /// Tells the first failure since it was created.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let result = state.failure.take().map_or(Ok(()), Err);
        result.map_err(|error| failure(&state.path, &error))
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::file("write the trace to", path, error)
}

impl Trace for TraceFile {
    fn octets(&mut self, now: Duration, sent_or_received: Direction, octets: &[u8]) {
        self.write(|record| write_record(record, now, direction(sent_or_received), octets));
    }

    fn retry(&mut self, now: Duration, retry: &Retry) {
        self.write(|record| write_retry(record, now, &retry.to_string()));
    }
}

/// The same in the words of captures.
pub(crate) fn direction(direction: Direction) -> sim800_capture::Direction {
    match direction {
        Direction::Sent => sim800_capture::Direction::Sent,
        Direction::Received => sim800_capture::Direction::Received,
    }
}
