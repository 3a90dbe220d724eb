//! What a process takes: time of the processor, and memory.

use std::time::Duration;

use anyhow::{Context, Result};

/// What a process has taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauge {
    /// Of the processor.
    pub(crate) time: Duration,
    /// Resident, in KiB.
    pub(crate) memory: u64,
}

impl Gauge {
    pub(crate) fn of(id: u32) -> Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name before it may hold anything.
        let rest = stat.rsplit_once(')').context("no status of a process")?.1;
        let field = |n: usize| rest.split_whitespace().nth(n).and_then(|text| text.parse::<u64>().ok());
        let ticks = field(11).zip(field(12)).context("no times of a process")?;
        let time = Duration::from_millis(
            (ticks.0 + ticks.1) * 1000 / rustix::param::clock_ticks_per_second().max(1),
        );
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        Ok(Self { time, memory: memory.context("no memory of a process")? })
    }
}
