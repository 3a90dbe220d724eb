//! What was seen of the process, and whether its memory is flat.
//!
//! What is resident while modules work follows what they are at: how many hold an object of some hundred KiB just then differs by
//! several MiB, for minutes. So two things are judged instead of its slope as it is. At rests nothing is under way, and the
//! heap is counted to the octet: what a transfer leaves behind shows there, however little it is. And at work, what is resident
//! must not rise beside the heap: that would be memory which the allocator cannot use again.

use std::fmt;
use std::time::Duration;

use crate::gauge::{MIB, Sample};
use crate::trend::Trend;

/// Memory is flat when it rises by fewer MiB in ten minutes.
const RISE: f64 = 1.0;
/// And when less than an allocation in twenty transfers is left behind: buffers still find their sizes, and what modules keep at a
/// rest differs with what each did last.
const LEFT: f64 = 0.05;
/// Less time says more of buffers that find their sizes than of leaks.
const JUDGED_FROM: Duration = Duration::from_secs(300);

/// What was seen while the modules worked, the time of rests left out, and at each rest.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) work: Vec<Sample>,
    pub(crate) rests: Vec<Sample>,
}

/// What that says, from the second rest on. Before the first, all is done for the first time; up to the second, buffers of which
/// each module has its own still grow to what the worst fault asks of them, and the heap to what most modules ask of it at once.
#[derive(Debug)]
pub(crate) struct Course {
    time: Duration,
    rests: Vec<Sample>,
    kept: Kept,
    resident: Trend,
    /// What is resident beside the heap.
    beside: Trend,
    heap: Trend,
    descriptors: Trend,
}

/// How much more there was at the last rest than at the one before.
#[derive(Clone, Copy, Debug)]
struct Kept {
    transfers: u64,
    /// Per transfer.
    octets: f64,
    /// Per transfer.
    allocations: f64,
    /// MiB per ten minutes.
    heap: f64,
    /// MiB per ten minutes.
    resident: f64,
    descriptors: usize,
}

impl Kept {
    fn between(first: &Sample, last: &Sample) -> Self {
        let transfers = last.transfers.saturating_sub(first.transfers);
        let each = transfers.max(1) as f64;
        let time = (last.at - first.at) / 600.0;
        let octets = last.heap.octets as f64 - first.heap.octets as f64;
        let allocations = last.heap.allocations as f64 - first.heap.allocations as f64;
        Self {
            transfers,
            octets: octets / each,
            allocations: allocations / each,
            heap: octets / MIB / time,
            resident: (last.resident - first.resident) / time,
            descriptors: last.descriptors.saturating_sub(first.descriptors),
        }
    }
}

impl Course {
    /// `None` where there was too little to see.
    pub(crate) fn of(log: &Log) -> Option<Self> {
        let [.., first, last] = log.rests.as_slice() else { return None };
        let warm: Vec<&Sample> = log.work.iter().filter(|sample| sample.at >= first.at).collect();
        let series = |value: fn(&Sample) -> f64| warm.iter().map(|sample| value(sample)).collect::<Vec<_>>();
        let times = series(|sample| sample.at);
        let resident = series(|sample| sample.resident);
        let heap = series(|sample| sample.heap.octets as f64 / MIB);
        Some(Self {
            time: Duration::from_secs_f64(last.at - first.at),
            rests: log.rests.clone(),
            kept: Kept::between(first, last),
            resident: Trend::of(&times, &resident)?,
            beside: Trend::beside(&times, &resident, &heap)?,
            heap: Trend::of(&times, &heap)?,
            descriptors: Trend::of(&times, &series(|sample| sample.descriptors as f64))?,
        })
    }

    /// What grows; `None` where the time was too short to tell.
    pub(crate) fn growth(&self) -> Option<Vec<&'static str>> {
        let Self { kept, beside, .. } = self;
        let grows = [
            (kept.allocations >= LEFT, "transfers leave allocations behind"),
            (kept.heap >= RISE, "the heap grows from rest to rest"),
            (kept.resident >= RISE, "resident memory grows from rest to rest"),
            (beside.slope >= RISE, "resident memory grows beside the heap"),
            (kept.descriptors > 0, "transfers leave descriptors open"),
        ];
        let growing = || grows.iter().filter(|(grows, _)| *grows).map(|(_, what)| *what).collect();
        (self.time >= JUDGED_FROM).then(growing)
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "at rest, nothing being under way:")?;
        for rest in &self.rests {
            writeln!(f, "  {rest}")?;
        }
        let kept = &self.kept;
        writeln!(
            f,
            "  per transfer, of {}: {:+.2} octets, {:+.4} allocations; per 10 minutes: heap {:+.3} MiB, resident {:+.3} MiB",
            kept.transfers, kept.octets, kept.allocations, kept.heap, kept.resident
        )?;
        writeln!(f, "at work, over the last {} s, per 10 minutes:", self.time.as_secs())?;
        let mut line = |name: &str, unit: &str, trend: &Trend| {
            let Trend { mean, slope, error } = trend;
            writeln!(f, "  {name}: {mean:.1}{unit} on average, {slope:+.2}{unit} (standard error {error:.2})")
        };
        line("heap", " MiB", &self.heap)?;
        line("resident", " MiB", &self.resident)?;
        line("resident, were the heap the same all the time", " MiB", &self.beside)?;
        line("descriptors", "", &self.descriptors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::Heap;

    /// What a process leaks per second of work.
    #[derive(Clone, Copy, Default)]
    struct Leak {
        /// Octets that count as in use, and octets that the allocator cannot use again.
        used: f64,
        unused: f64,
        allocations: f64,
        descriptors: f64,
    }

    fn course(seconds: u32, leak: Leak) -> Course {
        let look = |second: u32, busy: f64| {
            let at = f64::from(second);
            // Buffers find their size in the first minute.
            let heap = 1e7 + 1e6 * at.min(60.0) / 60.0 + leak.used * at;
            let octets = (heap + 2e6 * busy) as usize;
            Sample {
                at,
                transfers: u64::from(second) * 20,
                resident: 5.0 + (octets as f64 + leak.unused * at) / MIB,
                heap: Heap { octets, allocations: 20_000 + (leak.allocations * at) as usize },
                descriptors: 10 + (leak.descriptors * at) as usize,
            }
        };
        let swing = |second: u32| (f64::from(second) / 50.0).sin();
        let rests = [0.2, 0.5, 1.0].map(|part| look((f64::from(seconds) * part) as u32, 0.0));
        let work = (0..seconds).map(|second| look(second, swing(second))).collect();
        Course::of(&Log { work, rests: rests.into() }).unwrap()
    }

    #[test]
    fn leaks_are_told_from_swings_and_from_warming_up() {
        let grown = |leak| course(600, leak).growth().unwrap();
        let none = Leak::default();
        assert!(grown(none).is_empty());
        // An MiB in ten minutes is 1,748 octets a second.
        assert_eq!(
            grown(Leak { used: 2000.0, ..none }),
            ["the heap grows from rest to rest", "resident memory grows from rest to rest"]
        );
        assert_eq!(
            grown(Leak { unused: 2000.0, ..none }),
            ["resident memory grows from rest to rest", "resident memory grows beside the heap"]
        );
        // One in ten transfers.
        assert_eq!(grown(Leak { allocations: 2.0, ..none }), ["transfers leave allocations behind"]);
        assert_eq!(grown(Leak { descriptors: 0.01, ..none }), ["transfers leave descriptors open"]);
        assert_eq!(course(500, Leak { used: 2000.0, ..none }).growth(), None);
    }

    #[test]
    fn too_little_is_no_course() {
        assert!(Course::of(&Log::default()).is_none());
        let sample = Sample::take(Duration::ZERO, 0).unwrap();
        assert!(Course::of(&Log { work: vec![sample], rests: vec![sample] }).is_none());
    }
}
