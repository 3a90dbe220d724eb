//! Payload over time.

use std::time::Duration;

/// As many bins there are at most.
const BINS: usize = 512;

/// The width of a bin at first.
const WIDTH: Duration = Duration::from_millis(50);

/// How many octets of payload crossed, by time: in up to 512 bins, which get wider as the capture gets longer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Goodput {
    /// The width of a bin.
    pub width: Duration,
    /// Octets in each bin from the start of the capture on.
    pub octets: Vec<f64>,
}

impl Default for Goodput {
    fn default() -> Self {
        Self { width: WIDTH, octets: Vec::new() }
    }
}

impl Goodput {
    /// So many octets crossed evenly from `since` to `time`.
    pub(crate) fn add(&mut self, since: Duration, time: Duration, octets: u64) {
        let (since, time) = (since.min(time), time);
        while self.bin(time) >= BINS {
            self.width *= 2;
            self.octets = self.octets.chunks(2).map(|two| two.iter().sum()).collect();
        }
        let (first, last) = (self.bin(since), self.bin(time));
        if self.octets.len() <= last {
            self.octets.resize(last + 1, 0.0);
        }
        let span = time.saturating_sub(since).as_secs_f64();
        let width = self.width.as_secs_f64();
        for (n, bin) in self.octets.iter_mut().enumerate().take(last + 1).skip(first) {
            let start = (n as f64 * width).max(since.as_secs_f64());
            let end = ((n + 1) as f64 * width).min(time.as_secs_f64());
            let share = if span > 0.0 { ((end - start) / span).max(0.0) } else { 1.0 };
            *bin += octets as f64 * share;
        }
    }

    fn bin(&self, time: Duration) -> usize {
        usize::try_from(time.as_nanos() / self.width.as_nanos().max(1)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_spread_and_none_is_lost() {
        let mut goodput = Goodput::default();
        let ms = Duration::from_millis;
        goodput.add(ms(25), ms(125), 100);
        assert_eq!(
            goodput.octets.iter().map(|octets| octets.round()).collect::<Vec<_>>(),
            [25.0, 50.0, 25.0]
        );
        goodput.add(ms(70), ms(70), 7);
        assert_eq!(goodput.octets[1].round(), 57.0);
        goodput.add(Duration::from_secs(3600), Duration::from_secs(3601), 1000);
        assert!(goodput.octets.len() <= BINS, "{}", goodput.octets.len());
        assert!((goodput.octets.iter().sum::<f64>() - 1107.0).abs() < 1e-6);
    }
}
