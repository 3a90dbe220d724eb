//! Readings that no server has taken.

use alloc::string::String;
use core::fmt::Write as _;

use embassy_time::Instant;
use heapless::Deque;

/// Readings that are kept: four hours of them. The oldest ones go first.
const KEPT: usize = 24;

#[derive(Default)]
pub(crate) struct Log {
    readings: Deque<Reading, KEPT>,
    /// How many there were in all.
    count: u32,
    /// What went wrong last.
    failure: Option<String>,
}

struct Reading {
    /// By which a server tells one that comes again.
    number: u32,
    /// Seconds since the start.
    time: u64,
    value: i32,
}

impl Log {
    /// Keeps a reading.
    pub(crate) fn add(&mut self, value: i32) {
        if self.readings.is_full() {
            self.readings.pop_front();
        }
        let reading = Reading { number: self.count, time: Instant::now().as_secs(), value };
        self.count = self.count.wrapping_add(1);
        // There is room.
        let _ = self.readings.push_back(reading);
    }

    /// Keeps why readings could not be sent, or firmware not be fetched.
    pub(crate) fn fail(&mut self, text: String) {
        self.failure = Some(text);
    }

    /// All of it: a line `number,seconds,value` for each reading, and one with `#` before what went wrong.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for Reading { number, time, value } in &self.readings {
            // A string takes all.
            let _ = writeln!(text, "{number},{time},{value}");
        }
        if let Some(failure) = &self.failure {
            let _ = writeln!(text, "# {failure}");
        }
        text
    }

    /// Forgets what was sent.
    pub(crate) fn clear(&mut self) {
        self.readings.clear();
        self.failure = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_until_they_are_sent() {
        let mut log = Log::default();
        for value in 0..30 {
            log.add(-value);
        }
        log.fail("no answer".into());
        let text = log.text();
        assert!(text.starts_with("6,0,-6\n"), "{text}");
        assert!(text.ends_with("29,0,-29\n# no answer\n"), "{text}");
        log.clear();
        assert_eq!(log.text(), "");
        log.add(7);
        assert_eq!(log.text(), "30,0,7\n");
    }
}
