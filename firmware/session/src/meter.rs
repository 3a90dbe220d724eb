//! What each step takes, and what went wrong on the way.

use embassy_time::Instant;
use futures::{FutureExt as _, StreamExt as _};
use semihosting::println;
use sim800_session::{Client, Notice, Notices};

use crate::heap;

/// Measures one step after the other.
pub struct Meter {
    notices: Notices,
    /// When the step began.
    start: Instant,
    /// The most octets of heap that were held at a time.
    peak: usize,
    restarts: u32,
    losses: u32,
    retries: u32,
}

impl Meter {
    /// Measures what is done with `client` from now on.
    pub fn new(client: &Client) -> Self {
        // What was before does not count.
        heap::taken();
        let notices = client.subscribe(|_| false);
        Self { notices, start: Instant::now(), peak: 0, restarts: 0, losses: 0, retries: 0 }
    }

    /// Tells what the step took that ends now; the next one begins.
    pub fn end(&mut self, step: &str) {
        let time = self.start.elapsed().as_millis();
        let taken = heap::taken();
        println!("{step}: {time} ms, {} octets of heap, {} allocations", taken.peak, taken.allocations);
        self.peak = self.peak.max(taken.peak);
        self.count();
        // Nor does what telling takes.
        heap::taken();
        self.start = Instant::now();
    }

    /// Counts what was told until now.
    fn count(&mut self) {
        while let Some(Some(notice)) = self.notices.next().now_or_never() {
            match notice {
                Notice::Restarted(_) => self.restarts += 1,
                Notice::Desynchronized => self.losses += 1,
                Notice::Retrying(_) => self.retries += 1,
                _ => {}
            }
        }
    }

    /// Tells what all steps took.
    pub fn sum_up(self) {
        let Self { peak, restarts, losses, retries, .. } = self;
        println!("heap: {peak} octets, {} of them left", heap::taken().held);
        // One in the midst of a payload reads like a part of it: what shows is that the line was lost.
        println!("{restarts} restarts that the module told of, {losses} losses of the line");
        println!("retries: {retries}");
    }
}
