//! What the process takes of memory and descriptors, over time.

use std::fs;
use std::io;
use std::time::Duration;

const MIB: f64 = 1024.0 * 1024.0;
/// Memory is flat when the line through its samples rises by less in ten minutes.
const RISE_PER_TEN_MINUTES: f64 = 1.0;
/// The fit of a shorter time says more of the allocator than of leaks.
const JUDGED_FROM: Duration = Duration::from_secs(300);
/// This part of the time is warm-up: buffers grow to the size that they keep.
const WARM_UP: f64 = 0.2;

/// One look at the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Seconds since the start.
    pub(crate) at: f64,
    /// Resident memory in MiB.
    pub(crate) resident: f64,
    /// Open file descriptors.
    pub(crate) descriptors: usize,
}

impl Sample {
    pub(crate) fn take(at: Duration) -> io::Result<Self> {
        let statm = fs::read_to_string("/proc/self/statm")?;
        let pages: f64 =
            statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let resident = pages * rustix::param::page_size() as f64 / MIB;
        Ok(Self { at: at.as_secs_f64(), resident, descriptors: descriptors()? })
    }
}

/// How many descriptors are open, without the one that tells.
pub(crate) fn descriptors() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count() - 1)
}

/// The most memory that was ever resident, in MiB.
pub(crate) fn peak() -> io::Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    Ok(kib / 1024.0)
}

/// A line through samples, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trend {
    /// Per ten minutes.
    pub(crate) slope: f64,
    /// The standard error of the slope, were the samples independent of each other.
    pub(crate) error: f64,
    pub(crate) mean: f64,
}

impl Trend {
    /// The trend of `points`, each a time in seconds and a value; `None` for fewer than three.
    fn of(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let count = points.clone().count() as f64;
        if count < 3.0 {
            return None;
        }
        let sum = points.clone().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        let (time, mean) = (sum.0 / count, sum.1 / count);
        let spread: f64 = points.clone().map(|(at, _)| (at - time).powi(2)).sum();
        let slope = points.clone().map(|(at, value)| (at - time) * (value - mean)).sum::<f64>() / spread;
        let rest: f64 = points.map(|(at, value)| (value - mean - slope * (at - time)).powi(2)).sum();
        let error = (rest / (count - 2.0) / spread).sqrt();
        Some(Self { slope: slope * 600.0, error: error * 600.0, mean })
    }
}

/// What the samples say once the warm-up is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) memory: Trend,
    pub(crate) descriptors: Trend,
    /// How long it was looked at.
    pub(crate) time: Duration,
}

impl Course {
    pub(crate) fn of(samples: &[Sample]) -> Option<Self> {
        let last = samples.last()?.at;
        let warm = samples.iter().filter(|sample| sample.at >= last * WARM_UP);
        let memory = Trend::of(warm.clone().map(|sample| (sample.at, sample.resident)))?;
        let descriptors = Trend::of(warm.map(|sample| (sample.at, sample.descriptors as f64)))?;
        Some(Self { memory, descriptors, time: Duration::from_secs_f64(last * (1.0 - WARM_UP)) })
    }

    /// Whether memory is flat; `None` where the time was too short to tell.
    pub(crate) fn is_flat(&self) -> Option<bool> {
        (self.time >= JUDGED_FROM).then_some(self.memory.slope < RISE_PER_TEN_MINUTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(seconds: u32, resident: impl Fn(f64) -> f64) -> Vec<Sample> {
        let sample = |second: u32| {
            let at = f64::from(second);
            Sample { at, resident: resident(at), descriptors: 10 }
        };
        (0..seconds).map(sample).collect()
    }

    #[test]
    fn a_leak_is_told_from_noise_and_from_warming_up() {
        let noise = |at: f64| (at * 12.9898).sin();
        let flat = |samples: &[Sample]| Course::of(samples).unwrap().is_flat();
        assert_eq!(flat(&samples(600, |at| 50.0 + noise(at))), Some(true));
        assert_eq!(flat(&samples(600, |at| at.min(100.0) + noise(at))), Some(true));
        assert_eq!(flat(&samples(600, |at| 50.0 + noise(at) + at * 1.5 / 600.0)), Some(false));
        assert_eq!(flat(&samples(60, |at| 50.0 + at)), None);
        assert!(Course::of(&samples(2, |at| at)).is_none());
    }

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let sample = Sample::take(Duration::ZERO).unwrap();
        assert!(sample.resident > 0.1 && sample.descriptors >= 3, "{sample:?}");
        assert!(peak().unwrap() >= 0.1);
    }
}
