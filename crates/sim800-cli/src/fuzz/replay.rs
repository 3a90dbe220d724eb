//! `sim800 fuzz --replay`: the lines of a finding once more.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::json;

use super::finding::Head;
use super::module::{Happened, Module, request};
use crate::failure::Failure;
use crate::output::Report;

/// The longest file of lines that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Lines to send again.
pub(super) struct Replay {
    lines: Vec<String>,
    /// What happened behind them, if the file says so.
    expected: Option<Happened>,
}

impl Replay {
    /// Of a file that is whole, so that no line is sent that somebody has cut.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure::usage(format!("{}: {what}", path.display()));
        let failed = |error: &std::io::Error| Failure::file("read", path, error);
        let mut octets = Vec::new();
        let file = File::open(path).map_err(|error| failed(&error))?;
        file.take(LONGEST + 1).read_to_end(&mut octets).map_err(|error| failed(&error))?;
        if octets.len() as u64 > LONGEST {
            return Err(wrong(&format!("more than {LONGEST} bytes are no finding")));
        }
        let text = String::from_utf8(octets).map_err(|_| wrong("this is no text"))?;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match request(line) {
                Ok(Some(_)) => lines.push(line.to_owned()),
                Ok(None) => return Err(wrong(&format!("line {number} announces more bytes than are sent"))),
                Err(failure) => return Err(failure.of(&format!("{}, line {number}", path.display()))),
            }
        }
        if lines.is_empty() {
            return Err(wrong("there are no lines to send"));
        }
        let head = Head::of(&text);
        let is_cut = head.as_ref().is_some_and(|head| head.lines != lines.len() || !text.ends_with('\n'));
        if is_cut {
            return Err(wrong("lines are missing, or there are others than those of the finding"));
        }
        Ok(Self { lines, expected: head.map(|head| head.happened) })
    }

    /// Sends them, and says whether it happens again.
    pub(super) async fn run(&self, module: &mut Module<'_>) -> Result<Report, Failure> {
        let failed = |message: String| Failure::new("not-reproduced", message);
        let Some(happened) = module.send_all(&self.lines).await? else {
            return Err(failed("nothing of the kind happened: the module answers as it should".to_owned()));
        };
        let fields = vec![("happened", json!(happened.to_string()))];
        match &self.expected {
            Some(expected) if !expected.is_like(&happened) => {
                Err(failed(format!("something else happened: {happened}, and not {expected}"))
                    .with_fields(fields))
            }
            _ => Ok(Report { fields, text: format!("{happened}\n").into_bytes(), remark: String::new() }),
        }
    }
}
