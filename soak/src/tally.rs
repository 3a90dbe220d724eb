//! What was done and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many transfers that were wrong are told one by one; the rest is counted.
const TOLD: usize = 20;

/// How a transfer ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Octet for octet as it was to be; how many there were.
    Exact(u64),
    /// An error that says what happened: the kind of it, and the module's code.
    Failed(&'static str, Option<u32>),
    /// Success was reported of something that was not so.
    Wrong(String),
    /// It never ended.
    Hung,
}

/// The counts of all modules.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    octets: AtomicU64,
    retries: AtomicU64,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    exact: BTreeMap<&'static str, u64>,
    failed: BTreeMap<(&'static str, &'static str, Option<u32>), u64>,
    faults: BTreeMap<&'static str, u64>,
    wrong: u64,
    told: Vec<String>,
    /// What each module is at.
    under_way: BTreeMap<usize, &'static str>,
}

impl Tally {
    pub(crate) fn record(&self, module: usize, job: &'static str, outcome: Outcome) {
        let mut counts = self.counts();
        match outcome {
            Outcome::Exact(octets) => {
                *counts.exact.entry(job).or_default() += 1;
                self.octets.fetch_add(octets, Ordering::Relaxed);
            }
            Outcome::Failed(kind, code) => *counts.failed.entry((job, kind, code)).or_default() += 1,
            Outcome::Wrong(what) => counts.blame(format!("module {module}: {job}: {what}")),
            Outcome::Hung => counts.blame(format!("module {module}: {job} did not end")),
        }
    }

    pub(crate) fn record_fault(&self, fault: &'static str) {
        *self.counts().faults.entry(fault).or_default() += 1;
    }

    pub(crate) fn record_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Says what a module is at now.
    pub(crate) fn note(&self, module: usize, what: &'static str) {
        self.counts().under_way.insert(module, what);
    }

    /// A module is done.
    pub(crate) fn forget(&self, module: usize) {
        self.counts().under_way.remove(&module);
    }

    /// What modules are at, one line each.
    pub(crate) fn under_way(&self) -> String {
        let line = |(module, what): (&usize, &&str)| format!("module {module}: {what}\n");
        self.counts().under_way.iter().map(line).collect()
    }

    /// Something that must not be.
    pub(crate) fn blame(&self, what: String) {
        self.counts().blame(what);
    }

    /// How many transfers were exact so far.
    pub(crate) fn exact(&self) -> u64 {
        self.counts().exact.values().sum()
    }

    /// How many transfers have ended so far, one way or the other.
    pub(crate) fn ended(&self) -> u64 {
        let counts = self.counts();
        counts.exact.values().sum::<u64>() + counts.failed.values().sum::<u64>() + counts.wrong
    }

    /// How many things were that must not be.
    pub(crate) fn wrong(&self) -> u64 {
        self.counts().wrong
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn blame(&mut self, what: String) {
        self.wrong += 1;
        if self.told.len() < TOLD {
            self.told.push(what);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        let (exact, failed): (u64, u64) = (counts.exact.values().sum(), counts.failed.values().sum());
        let octets = self.octets.load(Ordering::Relaxed);
        let retries = self.retries.load(Ordering::Relaxed);
        writeln!(
            f,
            "{} transfers: {exact} exact ({octets} octets), {failed} failed with an error, {} wrong; {retries} tries more",
            exact + failed + counts.wrong,
            counts.wrong
        )?;
        write!(f, "  exact: ")?;
        list(f, counts.exact.iter())?;
        write!(f, "  faults: ")?;
        list(f, counts.faults.iter())?;
        writeln!(f, "  errors:")?;
        for ((job, kind, code), count) in &counts.failed {
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            writeln!(f, "    {count:>6}  {job}: {kind}{code}")?;
        }
        for what in &counts.told {
            writeln!(f, "  WRONG: {what}")?;
        }
        Ok(())
    }
}

fn list<'a>(
    f: &mut fmt::Formatter<'_>,
    counts: impl Iterator<Item = (&'a &'static str, &'a u64)>,
) -> fmt::Result {
    let counts: Vec<String> = counts.map(|(what, count)| format!("{what} {count}")).collect();
    writeln!(f, "{}", counts.join(", "))
}
