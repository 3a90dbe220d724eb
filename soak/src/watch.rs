//! Looks at the process while the modules work, and while they rest.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::TICK;
use crate::course::Log;
use crate::dice::Dice;
use crate::gauge::{Sample, descriptors};
use crate::heap::Heap;
use crate::servers::Servers;
use crate::shift::Shift;
use crate::tally::Tally;

/// How long transfers may take to end when a rest is wanted; a little longer than one may.
const LONGEST: Duration = Duration::from_secs(330);
/// How often it is said how things stand.
const NEWS: Duration = Duration::from_secs(30);
/// Rests come after these parts of the time: when everything has been done at least once, from when on memory is judged, and at the
/// end.
const RESTS: [f64; 3] = [0.2, 0.5, 1.0];
/// A rest is one when nothing has changed for so long.
const QUIET: Duration = Duration::from_secs(1);
/// So long servers and modules may take to end what nobody waits for.
const SETTLING: Duration = Duration::from_secs(60);

/// Who watches, and what.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    pub(crate) modems: usize,
    /// Descriptors that are open while nothing is transferred.
    pub(crate) idle: usize,
    pub(crate) servers: &'a Servers,
    pub(crate) tally: &'a Tally,
    pub(crate) shift: &'a Shift,
}

impl Watch<'_> {
    /// Lets the modules work for `time`, with some rests, and ends all work.
    pub(crate) fn run(&self, time: Duration, dice: &mut Dice) -> Result<Log> {
        let mut log = Log::default();
        // What grows here must not look as if something grew there.
        log.work.reserve_exact(time.as_secs() as usize + 2 * RESTS.len());
        let mut worked = Duration::ZERO;
        for part in RESTS {
            let leg = time.mul_f64(part).saturating_sub(worked);
            self.work(worked, leg, dice, &mut log.work)?;
            worked += leg;
            let rest = self
                .shift
                .rest(LONGEST)
                .with_context(|| format!("these did not end:\n{}{}", self.tally.under_way(), self.tally))?;
            let still = self.settle(worked)?;
            println!("  {still}; at rest");
            log.rests.push(still);
            if part >= 1.0 {
                self.shift.end();
            }
            drop(rest);
        }
        Ok(log)
    }

    /// Lets time pass, looks at the process each second, and has the servers fail.
    fn work(
        &self,
        worked: Duration,
        leg: Duration,
        dice: &mut Dice,
        samples: &mut Vec<Sample>,
    ) -> Result<()> {
        // One transfer in ten or so meets a server that fails.
        let strikes = Duration::from_secs(60) / u32::try_from(self.modems)?;
        let start = Instant::now();
        let mut next = (Duration::ZERO, strikes, NEWS);
        loop {
            let now = start.elapsed();
            if now >= leg {
                return Ok(());
            }
            if now >= next.0 {
                next.0 = now + Duration::from_secs(1);
                samples.push(self.look(worked + now)?);
            }
            if now >= next.1 {
                next.1 = now + strikes;
                self.tally.record_fault(self.servers.strike(dice));
            }
            if let Some(sample) = samples.last().filter(|_| now >= next.2) {
                next.2 = now + NEWS;
                println!("  {sample}; {} wrong", self.tally.wrong());
            }
            thread::sleep(TICK);
        }
    }

    /// Waits until nothing changes any more.
    fn settle(&self, worked: Duration) -> Result<Sample> {
        // What came of uploads that were broken off, and came late.
        for module in 0..self.modems {
            self.servers.take_upload(module);
        }
        let start = Instant::now();
        let mut quiet = (Heap::now(), start);
        while quiet.1.elapsed() < QUIET && start.elapsed() < SETTLING {
            thread::sleep(TICK);
            let heap = Heap::now();
            if heap != quiet.0 || descriptors()? > self.idle {
                quiet = (heap, Instant::now());
            }
        }
        self.look(worked)
    }

    fn look(&self, worked: Duration) -> Result<Sample> {
        Ok(Sample::take(worked, self.tally.ended())?)
    }
}
