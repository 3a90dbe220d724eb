//! What the process takes of memory and descriptors.

use std::fmt;
use std::fs;
use std::io;
use std::time::Duration;

use crate::heap::Heap;

pub(crate) const MIB: f64 = 1024.0 * 1024.0;

/// One look at the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Seconds of work since the start.
    pub(crate) at: f64,
    /// Transfers that had ended.
    pub(crate) transfers: u64,
    /// Resident memory in MiB.
    pub(crate) resident: f64,
    /// What of the heap is in use.
    pub(crate) heap: Heap,
    /// Open file descriptors.
    pub(crate) descriptors: usize,
}

impl Sample {
    pub(crate) fn take(at: Duration, transfers: u64) -> io::Result<Self> {
        let heap = Heap::now();
        // Exact, unlike `statm` and `status`, which since Linux 6.2 leave out some 100 KiB that each processor keeps count of.
        let resident = mebibytes("/proc/self/smaps_rollup", "Rss:")?;
        Ok(Self { at: at.as_secs_f64(), transfers, resident, heap, descriptors: descriptors()? })
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, transfers, resident, heap: Heap { octets, allocations }, descriptors } = self;
        write!(
            f,
            "{at:>5.0} s: {transfers:>6} transfers, heap {octets:>8} octets in {allocations:>6} allocations, "
        )?;
        write!(f, "{resident:.2} MiB resident, {descriptors} descriptors")
    }
}

/// How many descriptors are open, without the one that tells.
pub(crate) fn descriptors() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count() - 1)
}

/// The most memory that was ever resident, in MiB.
pub(crate) fn peak() -> io::Result<f64> {
    mebibytes("/proc/self/status", "VmHWM:")
}

/// What a file of `/proc` says behind `name`, in MiB.
fn mebibytes(file: &str, name: &str) -> io::Result<f64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let sample = Sample::take(Duration::ZERO, 0).unwrap();
        assert!(sample.resident > 0.1 && sample.descriptors >= 3 && sample.heap.octets > 0, "{sample:?}");
        assert!(peak().unwrap() >= 0.1);
    }
}
