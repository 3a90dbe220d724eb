//! What was found, and its files.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sim800_grammar::Kind;

use super::module::Happened;
use super::short;
use crate::failure::Failure;

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
            Some(lines) => (Head::AGAIN, lines),
            None => (Head::ONCE, &self.history),
        };
        let mut text = format!("# {}{how}{}\n", self.happened, lines.len());
        for line in lines {
            text += line;
            text.push('\n');
        }
        text
    }
}

/// The first line of a file of lines.
pub(super) struct Head {
    pub(super) happened: Happened,
    pub(super) lines: usize,
}

impl Head {
    const AGAIN: &str = ", again; number of lines: ";
    const ONCE: &str = ", once; number of lines: ";

    /// `None` where `text` is no finding's.
    pub(super) fn of(text: &str) -> Option<Self> {
        let head = text.lines().next()?.strip_prefix("# ")?;
        let (happened, lines) = head.rsplit_once(Self::AGAIN).or_else(|| head.rsplit_once(Self::ONCE))?;
        Some(Self { happened: Happened::from_words(happened)?, lines: lines.parse().ok()? })
    }
}

/// All that was found.
pub(super) struct Findings<'a> {
    folder: &'a Path,
    /// With the numbers of their files.
    all: Vec<(u32, Finding)>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        Self { folder, all: Vec::new() }
    }

    /// Whether it is none that was found before; the first of its like counts the others.
    pub(super) fn is_new(&mut self, line: &str, happened: &Happened) -> bool {
        let known =
            |finding: &&mut Finding| name(&finding.line) == name(line) && finding.happened.is_like(happened);
        match self.all.iter_mut().map(|(_, finding)| finding).find(known) {
            Some(finding) => {
                finding.times += 1;
                false
            }
            None => true,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.all.iter().map(|(_, finding)| finding.times).sum()
    }

    /// Keeps it, with what crossed the line; its place among all.
    pub(super) fn add(&mut self, finding: &Finding, trace: &[u8]) -> Result<usize, Failure> {
        fs::create_dir_all(self.folder).map_err(|error| Failure::file("create", self.folder, &error))?;
        let number = self.number()?;
        self.write(number, "jsonl", trace)?;
        self.write(number, "txt", finding.text().as_bytes())?;
        let kept = Finding::new(
            finding.line.clone(),
            finding.happened.clone(),
            finding.kind,
            finding.history.clone(),
        );
        self.all.push((number, kept));
        Ok(self.all.len() - 1)
    }

    /// More is known of it.
    pub(super) fn replace(&mut self, place: usize, finding: Finding) -> Result<(), Failure> {
        let Some((number, kept)) = self.all.get_mut(place) else { return Ok(()) };
        *kept = finding;
        let (number, text) = (*number, kept.text());
        self.write(number, "txt", text.as_bytes())
    }

    /// The next number that has no files, whoever made them.
    fn number(&self) -> Result<u32, Failure> {
        let mut number = self.all.last().map_or(1, |(number, _)| number + 1);
        loop {
            let (lines, trace) = (self.path(number, "txt"), self.path(number, "jsonl"));
            match File::create_new(&trace) {
                Ok(_) if !lines.exists() => return Ok(number),
                Ok(_) => _ = fs::remove_file(&trace),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::file("create", &trace, &error)),
            }
            number += 1;
        }
    }

    fn path(&self, number: u32, extension: &str) -> PathBuf {
        self.folder.join(format!("finding-{number}.{extension}"))
    }

    fn write(&self, number: u32, extension: &str, octets: &[u8]) -> Result<(), Failure> {
        let path = self.path(number, extension);
        fs::write(&path, octets).map_err(|error| Failure::file("write", &path, &error))
    }

    pub(super) fn json(&self) -> Value {
        let finding = |(number, finding): &(u32, Finding)| {
            json!({
                "happened": finding.happened.to_string(),
                "line": finding.line,
                "kind": finding.kind.to_string(),
                "times": finding.times,
                "again": finding.again,
                "lines": self.path(*number, "txt"),
                "trace": self.path(*number, "jsonl"),
            })
        };
        self.all.iter().map(finding).collect()
    }

    /// A line for each.
    pub(super) fn text(&self) -> String {
        let line = |(number, finding): &(u32, Finding)| {
            let Finding { happened, again, times, .. } = finding;
            let behind = again.as_ref().and_then(|lines| lines.last()).unwrap_or(&finding.line);
            let again = if again.is_some() { "" } else { ", once" };
            let more =
                if *times > 1 { format!(", and behind {} more lines", times - 1) } else { String::new() };
            format!(
                "{}: {happened} behind {}{again}{more}\n",
                self.path(*number, "txt").display(),
                short(behind)
            )
        };
        self.all.iter().map(line).collect()
    }
}

/// What stands before the values.
fn name(line: &str) -> &str {
    line.split(['=', '?']).next().unwrap_or_default()
}
