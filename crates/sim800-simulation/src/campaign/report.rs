//! What came of many runs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::kind::Task;
use super::run::{Ending, Run};

/// All that goes wrong in scenarios, or may stop them, by name. In a long campaign each is tried.
pub const KINDS: &[&str] = &[
    "octets lost to the DTE",
    "octets lost to the DCE",
    "octets doubled to the DTE",
    "octets doubled to the DCE",
    "octets damaged to the DTE",
    "octets damaged to the DCE",
    "noise",
    "power-up octets out of the blue",
    "echo off at first",
    "echo coming back",
    "missing blanks",
    "missing blank lines",
    "missing CR LF before OK",
    "several commands on a line refused",
    "parts told as 200",
    "unsolicited line",
    "+CMT whose text reads OK",
    "unsolicited line glued to another",
    "result before its command's OK",
    "endless line",
    "flood of unsolicited lines",
    "unknown unsolicited lines over and over",
    "short message that reads like the module",
    "short messages to the DTE by profile",
    "AT+CNMI refused before SMS Ready",
    "program that is not polled for a while",
    "module that never comes back",
    "count beyond what was asked for",
    "payload longer than was asked for",
    "count of 2^32",
    "count of twenty digits",
    "result for a command that was not sent",
    "start of the module",
    "restart with RDY",
    "restart without RDY",
    "NORMAL POWER DOWN",
    "UNDER-VOLTAGE POWER DOWN",
    "silence",
    "bearer lost",
    "context of the sockets lost",
    "registration lost",
    "bearer left over",
    "HTTP service left over",
    "FTP session left over",
    "read of zero length",
    "short read",
    "granted counts shorter than asked for",
    "changing maxima",
    "another window of downloads",
    "+FTPPUT: 1,0 late",
    "+FTPPUT: 1,0 never",
    "a module that waits for the server",
    "HTTPDATA answered OK although its time ran out",
    "AT+CMEE=0",
    "AT+CMEE=1",
    "AT+CMEE=2",
    "HTTP connection refused or reset",
    "FTP control connection refused",
    "FTP data connection reset",
    "FTP data connection stalled",
    "TCP connection broken",
    "server silent",
    "server loses what it has not stored",
    "file changes on the server",
    "file changes on the server, and not in size",
    "server that ignores ranges",
    "server that shortens ranges",
    "server that moves ranges",
    "ranges without Content-Range",
    "Content-Range with too small a total",
    "Content-Length shorter than the body",
    "Content-Length longer than the body",
    "headers in an odd shape",
    "upload aside until it is confirmed",
    "upload renamed when it is complete",
    "half an upload stored and confirmed",
    "size told late",
    "size not told",
    "download said to be complete too early",
    "old file where an upload goes",
    "two procedures at once",
    "three procedures at once",
    "response alive beside another request",
    "future dropped",
    "reader abandoned",
];

/// The sums of many runs in which all promises were kept.
#[derive(Clone, Debug, Default)]
pub struct Report {
    runs: u64,
    endings: BTreeMap<Ending, u64>,
    tasks: BTreeMap<Task, [u64; 2]>,
    tried: BTreeMap<&'static str, u64>,
    time: Duration,
    longest: Duration,
}

impl Report {
    /// Adds a run of a task.
    pub fn add(&mut self, task: Task, run: &Run) {
        self.runs += 1;
        *self.endings.entry(run.ending).or_default() += 1;
        let [all, well] = self.tasks.entry(task).or_default();
        *all += 1;
        *well += u64::from(matches!(run.ending, Ending::Succeeded | Ending::Healed));
        for kind in &run.tried {
            *self.tried.entry(kind).or_default() += 1;
        }
        self.time += run.time;
        self.longest = self.longest.max(run.task_time);
    }

    /// Adds what came of other runs.
    pub fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        for (ending, count) in other.endings {
            *self.endings.entry(ending).or_default() += count;
        }
        for (task, counts) in other.tasks {
            for (sum, count) in self.tasks.entry(task).or_default().iter_mut().zip(counts) {
                *sum += count;
            }
        }
        for (kind, count) in other.tried {
            *self.tried.entry(kind).or_default() += count;
        }
        self.time += other.time;
        self.longest = self.longest.max(other.longest);
    }

    /// What has not been tried in any run.
    #[must_use]
    pub fn untried(&self) -> Vec<&'static str> {
        KINDS.iter().copied().filter(|kind| !self.tried.contains_key(kind)).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "what went wrong, in so many runs:")?;
        for kind in KINDS {
            writeln!(f, "  {:>8}  {kind}", self.tried.get(kind).copied().unwrap_or_default())?;
        }
        writeln!(f, "tasks, and how many of them ended well:")?;
        for (task, [all, well]) in &self.tasks {
            writeln!(f, "  {all:>8}  {well:>8}  {task:?}")?;
        }
        writeln!(f, "how they ended:")?;
        for (ending, count) in &self.endings {
            match ending {
                Ending::Failed(kind) => writeln!(f, "  {count:>8}  error: {kind}")?,
                ending => writeln!(f, "  {count:>8}  {}", format!("{ending:?}").to_lowercase())?,
            }
        }
        let hours = self.time.as_secs_f64() / 3600.0;
        writeln!(f, "virtual time: {hours:.1} h, {:.0} s for the longest task", self.longest.as_secs_f64())
    }
}
