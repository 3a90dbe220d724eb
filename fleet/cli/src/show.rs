//! What people and programs are shown.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use sim800_fleet_job::{Module, ModuleState, Record, State};
use sim800_fleet_store::{Submitted, now};

/// How.
#[derive(Debug)]
pub(crate) struct Show {
    pub(crate) json: bool,
}

/// What others say, without what would command a terminal.
pub(crate) fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// How many jobs are in each state.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Counts {
    #[serde(flatten)]
    counts: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, state: &State) {
        *self.counts.entry(state.as_str()).or_default() += 1;
    }
}

impl Show {
    /// A value, as JSON in any case.
    pub(crate) fn value(&self, value: &impl Serialize) -> Result<()> {
        let text =
            if self.json { serde_json::to_string(value)? } else { serde_json::to_string_pretty(value)? };
        self.line(&text)
    }

    fn line(&self, line: &str) -> Result<()> {
        writeln!(std::io::stdout().lock(), "{}", plain(line))?;
        Ok(())
    }

    pub(crate) fn counts(&self, counts: &Counts) -> Result<()> {
        if self.json {
            return self.value(counts);
        }
        for (state, count) in &counts.counts {
            self.line(&format!("{count:>8} {state}"))?;
        }
        Ok(())
    }

    pub(crate) fn record(&self, record: &Record) -> Result<()> {
        if self.json {
            return self.value(record);
        }
        let Record { job, state, begun } = record;
        let detail = match state {
            State::Queued { after: None } => String::new(),
            State::Queued { after: Some(failure) } => {
                format!("begun {begun} times; {}: {}", failure.kind, failure.message)
            }
            State::Running(running) => format!("{} of {}", running.module, running.worker),
            State::Done(outcome) => {
                let status = outcome.status.map(|status| status.to_string()).unwrap_or_default();
                let octets = outcome.octets.or(outcome.sent).map(|octets| format!("{octets} bytes"));
                format!("{status} {} {}", octets.unwrap_or_default(), outcome.module).trim().to_owned()
            }
            State::Failed(failure) | State::Unknown(failure) | State::Dead(failure) => {
                format!("{}: {}", failure.kind, failure.message)
            }
            State::Cancelled { perhaps_done: true } => "it may have been done".to_owned(),
            State::Cancelled { perhaps_done: false } => String::new(),
        };
        let line = format!(
            "{:<22} {:<9} {} {}  {detail}",
            job.id,
            state.as_str(),
            job.action.as_str(),
            job.action.url()
        );
        self.line(line.trim_end())
    }

    pub(crate) fn unknown(&self, id: &str) -> Result<()> {
        if self.json {
            return self.value(&serde_json::json!({ "id": id, "is": "none" }));
        }
        self.line(&format!("{id:<22} there is no such job"))
    }

    pub(crate) fn submitted(&self, id: &str, submitted: Submitted) -> Result<()> {
        let is_new = submitted == Submitted::New;
        if self.json {
            return self.value(&serde_json::json!({ "id": id, "new": is_new }));
        }
        self.line(&if is_new { id.to_owned() } else { format!("{id} (known already)") })
    }

    pub(crate) fn forgotten(&self, count: u64) -> Result<()> {
        if self.json {
            return self.value(&serde_json::json!({ "forgotten": count }));
        }
        self.line(&format!("{count} jobs forgotten"))
    }

    pub(crate) fn modules(&self, modules: &[Module]) -> Result<()> {
        if self.json {
            return modules.iter().try_for_each(|module| self.value(module));
        }
        self.line(&format!(
            "{:<20} {:<16} {:<9} {:>5} {:<16} {:>6} {:>12} {:>12} {:>7} {:>5} {:>5}",
            "module",
            "worker",
            "state",
            "dBm",
            "operator",
            "jobs",
            "received",
            "sent",
            "retries",
            "rests",
            "age"
        ))?;
        for module in modules {
            let detail = match &module.state {
                ModuleState::Busy { job } => job.clone(),
                ModuleState::Resting { cause, seconds } => format!("{seconds} s: {cause}"),
                ModuleState::Starting | ModuleState::Idle => String::new(),
            };
            let line = format!(
                "{:<20} {:<16} {:<9} {:>5} {:<16} {:>6} {:>12} {:>12} {:>7} {:>5} {:>5}  {detail}",
                module.name,
                module.worker,
                module.state.as_str(),
                module.dbm.map(|dbm| dbm.to_string()).unwrap_or_default(),
                module.operator.as_deref().unwrap_or_default(),
                module.jobs,
                module.received,
                module.sent,
                module.retries,
                module.failures,
                now().saturating_sub(module.at) / 1000,
            );
            self.line(line.trim_end())?;
        }
        Ok(())
    }
}
