//! A trace of the line as JSON Lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::ser::{SerializeMap, Serializer};
use serde_json::ser::Serializer as JsonSerializer;
use sim800_session::{Direction, Trace};

use crate::failure::Failure;
use crate::output::seconds;

/// The file of `--trace`; clones write to the same one.
#[derive(Clone, Debug)]
pub(crate) struct TraceFile(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    path: PathBuf,
    file: BufWriter<File>,
    /// The first failure; nothing is written after it.
    failure: Option<io::Error>,
}

impl TraceFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| failure(path, &error))?;
        let state = State { path: path.to_owned(), file: BufWriter::new(file), failure: None };
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Brings everything to the file; tells the first failure since it was created.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let result = state.failure.take().map_or_else(|| state.file.flush(), Err);
        result.map_err(|error| failure(&state.path, &error))
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::file("write the trace to", path, error)
}

impl Trace for TraceFile {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failure.is_none() {
            state.failure = write_line(&mut state.file, now, direction, octets).err();
        }
    }
}

/// `{"t":0.25,"dir":"tx","data":"AT\r"}`: seconds since the start, the way, and the octets as U+0000 to U+00FF.
fn write_line(file: &mut impl Write, now: Duration, direction: Direction, octets: &[u8]) -> io::Result<()> {
    let dir = match direction {
        Direction::Sent => "tx",
        Direction::Received => "rx",
    };
    let data: String = octets.iter().copied().map(char::from).collect();
    let mut json = JsonSerializer::new(&mut *file);
    let mut line = json.serialize_map(Some(3))?;
    line.serialize_entry("t", &seconds(now))?;
    line.serialize_entry("dir", dir)?;
    line.serialize_entry("data", &data)?;
    line.end()?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_code_points() {
        let mut text = Vec::new();
        write_line(&mut text, Duration::from_millis(250), Direction::Sent, b"AT\r").unwrap();
        write_line(&mut text, Duration::from_secs(1), Direction::Received, &[0, 34, 0xFF]).unwrap();
        let expected = "{\"t\":0.25,\"dir\":\"tx\",\"data\":\"AT\\r\"}\n\
                        {\"t\":1.0,\"dir\":\"rx\",\"data\":\"\\u0000\\\"ÿ\"}\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
