//! What people and programs are told.
//!
//! Stdout is for what was asked for: a body, a size, the one JSON object. Everything else goes to stderr.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use indicatif::{HumanBytes, ProgressBar};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use sim800_session::{Client, Notice, Notices};

use crate::args::Options;
use crate::failure::Failure;
use crate::screen;
use crate::terminal::{ascii, shown};

/// Where to tell, and how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// What crosses the line is shown, which a bar would be in the way of.
    pub(crate) verbose: bool,
}

/// What a command has to tell at its end.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// With `--json`, beside `"ok":true`.
    pub(crate) fields: Vec<(&'static str, Value)>,
    /// On stdout without `--json`, as it is.
    pub(crate) text: Vec<u8>,
    /// On stderr without `--json`, for people.
    pub(crate) remark: String,
}

impl Report {
    /// Of `octets` that were moved, beginning at `start`.
    pub(crate) fn transfer(octets: u64, start: Instant) -> Self {
        let seconds = seconds(start.elapsed());
        Self {
            fields: vec![(OCTETS, json!(octets)), ("seconds", json!(seconds)), (RETRIES, json!(0))],
            text: Vec::new(),
            remark: transferred(octets, start),
        }
    }
}

impl Report {
    /// How many octets were moved, if it is of a transfer.
    pub(crate) fn octets(&self) -> u64 {
        let octets = self.fields.iter().find(|(name, _)| *name == OCTETS);
        octets.and_then(|(_, value)| value.as_u64()).unwrap_or_default()
    }
}

const OCTETS: &str = "octets";
const RETRIES: &str = "retries";

/// What was tried again on the way.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    times: u64,
    /// Why, the first few times.
    causes: Vec<String>,
}

/// What is tried again from now on.
pub(crate) struct Retried(Notices);

impl Retried {
    pub(crate) fn begin(client: &Client) -> Self {
        Self(client.subscribe(|_| false))
    }

    /// Adds what was tried again until now to what is told with `--json`.
    pub(crate) fn tell(mut self, fields: &mut Vec<(&'static str, Value)>) {
        let mut retries = Retries::default();
        while let Some(Some(notice)) = self.0.next().now_or_never() {
            if let Notice::Retrying(retry) = notice {
                retries.note(retry.cause);
            }
        }
        retries.tell(fields);
    }
}

impl Retries {
    /// How many causes are told. More would say the same.
    const CAUSES: usize = 16;

    pub(crate) fn note(&mut self, cause: String) {
        self.times += 1;
        if self.causes.len() < Self::CAUSES {
            self.causes.push(cause);
        }
    }

    /// Adds them to what is told with `--json`.
    pub(crate) fn tell(self, fields: &mut Vec<(&'static str, Value)>) {
        if self.times == 0 {
            return;
        }
        fields.retain(|(name, _)| *name != RETRIES);
        fields.extend([(RETRIES, json!(self.times)), ("causes", json!(self.causes))]);
    }
}

impl Output {
    /// As the options say.
    pub(crate) fn new(options: &Options) -> Self {
        Self { json: options.json, quiet: options.quiet || options.json, verbose: options.verbose > 0 }
    }

    /// A remark on the way.
    pub(crate) fn remark(self, text: &str) {
        if !self.quiet && !text.is_empty() {
            screen::write_line(text);
        }
    }

    /// Tells of something that is there from now on: programs an object, people a remark.
    pub(crate) fn announce(self, fields: &[(&'static str, Value)], remark: &str) {
        self.note(true, fields, remark);
    }

    /// Tells of something on the way, and whether it is as it should be.
    pub(crate) fn note(self, ok: bool, fields: &[(&'static str, Value)], remark: &str) {
        if self.json {
            // With nobody to read it, there is nobody to tell.
            let _ = print_object(ok, fields);
        } else {
            self.remark(remark);
        }
    }

    /// Whether anybody is told how it ended.
    pub(crate) fn is_heard(self) -> bool {
        self.json || !self.quiet
    }

    /// Whether anybody sees progress.
    pub(crate) fn is_watched(self) -> bool {
        !self.quiet && !self.verbose && io::stderr().is_terminal()
    }

    /// Progress of a transfer: a bar when `total` octets are known. Nothing is drawn unless stderr is a terminal.
    pub(crate) fn progress(self, what: &str, total: Option<u64>) -> ProgressBar {
        if self.quiet || self.verbose { ProgressBar::hidden() } else { screen::bar(what, total) }
    }

    /// Tells how it ended; the exit status.
    pub(crate) fn finish(self, result: Result<Report, Failure>) -> u8 {
        match result {
            Ok(report) => match self.tell(&report) {
                Ok(()) => 0,
                Err(error) => self.tell_failure(&Failure::stdout(&error)),
            },
            Err(failure) if failure.is_told => failure.exit(),
            Err(failure) => self.tell_failure(&failure),
        }
    }

    fn tell(self, report: &Report) -> io::Result<()> {
        if self.json {
            return print_object(true, &report.fields);
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(&shown(&report.text, &io::stdout()))?;
        stdout.flush()?;
        self.remark(&report.remark);
        Ok(())
    }

    fn tell_failure(self, failure: &Failure) -> u8 {
        let message = failure.to_string();
        let mut complaints = vec![message.clone()];
        if self.json {
            let mut error = json!({ "kind": failure.kind(), "code": failure.code(), "message": message });
            if let Some(sent) = failure.sent() {
                error["sent"] = json!(sent.as_str());
            }
            let mut fields = failure.fields.clone();
            fields.push(("error", error));
            // With nobody to read it, the exit status has to do.
            let unwritten = print_object(false, &fields).err();
            let unwritten = unwritten.map_or_else(String::new, |error| Failure::stdout(&error).to_string());
            complaints.retain(|message| !unwritten.is_empty() && *message != unwritten);
            complaints.push(unwritten);
        } else {
            let _ = io::stdout().write_all(&shown(failure.text.as_bytes(), &io::stdout()));
        }
        for message in complaints.iter().filter(|message| !message.is_empty()) {
            screen::write_line(&format!("sim800: {message}"));
        }
        failure.exit()
    }
}

/// What a transfer came to, for people: `300000 bytes in 3.2 s (91.5 KiB/s)`.
pub(crate) fn transferred(octets: u64, since: Instant) -> String {
    let seconds = since.elapsed().as_secs_f64();
    let rate = octets as f64 / seconds.max(1e-6);
    format!("{octets} bytes in {seconds:.1} s ({}/s)", HumanBytes(rate as u64))
}

/// What is said of a file that was `kept` so far by an earlier run, behind what came to it; nothing where none was.
pub(crate) fn resumed(kept: u64) -> String {
    if kept == 0 { String::new() } else { format!("; {kept} bytes were there already") }
}

/// `3 of 4 transfers are done, 1 failed; 1200 bytes in 3.2 s (375 B/s)`
pub(crate) fn summary(total: usize, failed: usize, octets: u64, since: Instant) -> String {
    format!("{}; {}", counted(total, failed), transferred(octets, since))
}

fn counted(total: usize, failed: usize) -> String {
    match failed {
        0 => format!("{total} transfers are done"),
        failed => format!("{} of {total} transfers are done, {failed} failed", total - failed),
    }
}

/// For a JSON object: to the microsecond, for more digits would be noise.
pub(crate) fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e6
}

fn print_object(ok: bool, fields: &[(&'static str, Value)]) -> io::Result<()> {
    let object = serde_json::to_string(&Object { ok, fields })?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", ascii(&object))?;
    stdout.flush()
}

/// One JSON object whose fields keep their order.
struct Object<'a> {
    ok: bool,
    fields: &'a [(&'static str, Value)],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len() + 1))?;
        map.serialize_entry("ok", &self.ok)?;
        for (name, value) in self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts() {
        assert_eq!(counted(3, 0), "3 transfers are done");
        assert_eq!(counted(3, 1), "2 of 3 transfers are done, 1 failed");
    }
}
