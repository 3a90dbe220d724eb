//! `cargo xtask simulate`: many scenarios in which things go wrong, and the promises that hold all the same.

use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};

use crate::cargo;
use crate::outcome::Outcome;

/// What the step of `test` runs: some seconds.
const SEEDS: u64 = 10_000;

/// What is run.
pub(crate) struct Campaign {
    pub(crate) first: u64,
    pub(crate) seeds: u64,
    pub(crate) jobs: Option<u32>,
    /// Every octet that crosses the line is printed.
    pub(crate) trace: bool,
}

impl Campaign {
    /// Runs it; whether every promise was kept in every scenario.
    pub(crate) fn run(&self) -> Result<bool> {
        let program = cargo::build_release("sim800-simulation", "simulate")?;
        let jobs =
            self.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, |jobs| jobs.get() as u32));
        let mut command = Command::new(program);
        command.args([self.first, self.seeds].map(|number| number.to_string())).arg(jobs.to_string());
        if self.trace {
            command.arg("trace");
        }
        let status = command.stdin(Stdio::null()).status().context("cannot run the simulation")?;
        Ok(status.success())
    }
}

/// The step: the same seeds each time, so that what fails was broken by the change that is checked.
pub(crate) fn check() -> Result<Outcome> {
    let campaign = Campaign { first: 0, seeds: SEEDS, jobs: None, trace: false };
    if !campaign.run()? {
        bail!("a promise was not kept, or something was never tried; the seeds above show it again");
    }
    Ok(Outcome::Passed)
}
