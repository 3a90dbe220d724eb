//! `cargo xtask simulate`: many scenarios in which things go wrong, and the promises that hold all the same.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
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
    pub(crate) extent: Extent,
    pub(crate) jobs: Option<u32>,
    /// The session is built as for a microcontroller.
    pub(crate) without_std: bool,
}

/// How much is run.
pub(crate) enum Extent {
    /// So many seeds; with `trace`, every octet that crosses the line is printed.
    Seeds { count: u64, trace: bool },
    /// As many as there is time for.
    Minutes(u64),
}

/// A seed from which nobody is likely to have run any. Short enough to be told to somebody.
pub(crate) fn anywhere() -> u64 {
    RandomState::new().build_hasher().finish() >> 20
}

impl Campaign {
    /// Runs it; whether every promise was kept in every scenario.
    pub(crate) fn run(&self) -> Result<bool> {
        let features: &[&str] = if self.without_std { &["--no-default-features"] } else { &[] };
        let options = [&["--release", "--bin", "simulate"], features].concat();
        let program = cargo::build_with("sim800-simulation", &options)?;
        let jobs =
            self.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, |jobs| jobs.get() as u32));
        let mut command = Command::new(program);
        command.arg(self.first.to_string());
        match self.extent {
            Extent::Seeds { count, trace: false } => command.args([&count.to_string(), &jobs.to_string()]),
            Extent::Seeds { count, trace: true } => {
                command.args([&count.to_string(), &jobs.to_string(), "trace"])
            }
            Extent::Minutes(minutes) => {
                println!("explores from seed {} on, for {minutes} min", self.first);
                command.args([&u64::MAX.to_string(), &jobs.to_string(), &minutes.to_string()])
            }
        };
        let status = command.stdin(Stdio::null()).status().context("cannot run the simulation")?;
        Ok(status.success())
    }
}

/// The step: the same seeds each time, so that what fails was broken by the change that is checked.
pub(crate) fn check() -> Result<Outcome> {
    let extent = Extent::Seeds { count: SEEDS, trace: false };
    let campaign = Campaign { first: 0, extent, jobs: None, without_std: false };
    if !campaign.run()? {
        bail!("a promise was not kept, or something was never tried; the seeds above show it again");
    }
    Ok(Outcome::Passed)
}
