//! What was found, and its files.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sim800_grammar::Kind;

use super::module::Happened;
use super::short;
use crate::failure::Failure;
use crate::text;

pub(super) struct Finding {
    /// Behind which it happened.
    line: String,
    pub(super) happened: Happened,
    kind: Kind,
    /// The lines that were sent, up to that one.
    pub(super) history: Vec<String>,
    /// The fewest lines behind which it happened again.
    again: Option<Vec<String>>,
    /// How many lines of the same command had the same.
    times: u64,
}

impl Finding {
    pub(super) fn new(line: String, happened: Happened, kind: Kind, history: Vec<String>) -> Self {
        Self { line, happened, kind, history, again: None, times: 1 }
    }

    pub(super) fn reproduce(&mut self, lines: Vec<String>) {
        self.again = Some(lines);
    }

    /// The lines for `--replay`.
    fn text(&self) -> String {
        let (how, lines) = match &self.again {
            Some(lines) => ("again behind these lines", lines),
            None => ("once, behind these lines; not again", &self.history),
        };
        let mut text = format!("# {} {how}\n", self.happened);
        for line in lines {
            text += line;
            text.push('\n');
        }
        text
    }
}

/// All that was found.
pub(super) struct Findings<'a> {
    folder: &'a Path,
    /// How many of earlier runs are there.
    earlier: usize,
    all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        let mut findings = Self { folder, earlier: 0, all: Vec::new() };
        while findings.path(0, "txt").exists() || findings.path(0, "jsonl").exists() {
            findings.earlier += 1;
        }
        findings
    }

    /// Whether it is none that was found before; the first of its like counts the others.
    pub(super) fn is_new(&mut self, line: &str, happened: &Happened) -> bool {
        let known =
            |finding: &&mut Finding| name(&finding.line) == name(line) && finding.happened.is_like(happened);
        match self.all.iter_mut().find(known) {
            Some(finding) => {
                finding.times += 1;
                false
            }
            None => true,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.all.iter().map(|finding| finding.times).sum()
    }

    /// Keeps it, with what crossed the line; its number.
    pub(super) fn add(&mut self, finding: &Finding, trace: &[u8]) -> Result<usize, Failure> {
        let number = self.all.len();
        fs::create_dir_all(self.folder).map_err(|error| Failure::file("create", self.folder, &error))?;
        self.write(number, "jsonl", trace)?;
        self.write(number, "txt", finding.text().as_bytes())?;
        self.all.push(Finding::new(
            finding.line.clone(),
            finding.happened.clone(),
            finding.kind,
            finding.history.clone(),
        ));
        Ok(number)
    }

    /// More is known of it.
    pub(super) fn replace(&mut self, number: usize, finding: Finding) -> Result<(), Failure> {
        self.write(number, "txt", finding.text().as_bytes())?;
        if let Some(place) = self.all.get_mut(number) {
            *place = finding;
        }
        Ok(())
    }

    fn path(&self, number: usize, extension: &str) -> PathBuf {
        self.folder.join(format!("finding-{}.{extension}", self.earlier + number + 1))
    }

    fn write(&self, number: usize, extension: &str, octets: &[u8]) -> Result<(), Failure> {
        let path = self.path(number, extension);
        fs::write(&path, octets).map_err(|error| Failure::file("write", &path, &error))
    }

    pub(super) fn json(&self) -> Value {
        let finding = |(number, finding): (usize, &Finding)| {
            json!({
                "happened": finding.happened.to_string(),
                "line": finding.line,
                "kind": finding.kind.to_string(),
                "times": finding.times,
                "again": finding.again,
                "lines": self.path(number, "txt"),
                "trace": self.path(number, "jsonl"),
            })
        };
        self.all.iter().enumerate().map(finding).collect()
    }

    /// A line for each.
    pub(super) fn text(&self) -> String {
        let line = |(number, finding): (usize, &Finding)| {
            let Finding { happened, again, times, .. } = finding;
            let behind = again.as_ref().and_then(|lines| lines.last()).unwrap_or(&finding.line);
            let again = if again.is_some() { "" } else { ", once" };
            let more =
                if *times > 1 { format!(", and behind {} more lines", times - 1) } else { String::new() };
            format!(
                "{}: {happened} behind {}{again}{more}\n",
                self.path(number, "txt").display(),
                short(behind)
            )
        };
        self.all.iter().enumerate().map(line).collect()
    }
}

/// What stands before the values.
fn name(line: &str) -> &str {
    line.split(['=', '?']).next().unwrap_or_default()
}

/// The lines of a finding.
pub(super) fn read(path: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: &std::io::Error| Failure::file("read", path, error);
    let text = text::read(path).map_err(|error| failed(&error))?;
    let lines: Vec<_> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    if lines.is_empty() {
        return Err(Failure::usage(format!("there are no lines in {}", path.display())));
    }
    Ok(lines.into_iter().map(str::to_owned).collect())
}
