//! `cargo xtask simulate`: many scenarios of the simulation, and what came of them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal and for CI's log"
)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sim800_session::Direction;
use sim800_simulation::Crossing;
use sim800_simulation::campaign::{Report, Scenario, Violation, run, shrink};

/// So many runs try everything that can be tried.
const COMPLETE: u64 = 3_000;
/// How many failing seeds are shrunk and shown.
const SHOWN: u64 = 10;

/// The most octets of a trace's line.
const LONGEST: usize = 80;

/// What the command that builds this had in it.
const BUILT: &str = if cfg!(feature = "std") { "" } else { " --without-std" };

struct Campaign {
    first: u64,
    seeds: u64,
    jobs: usize,
    mode: Mode,
}

/// What is wanted of a campaign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// What came of all runs.
    Report,
    /// All that crosses the line.
    Trace,
    /// Whether there is a violation at all.
    Any,
    /// What comes of as many runs as there is time for.
    Explore(Duration),
}

fn main() -> ExitCode {
    let Some(campaign) = parse() else {
        eprintln!("simulate FIRST-SEED SEEDS JOBS [trace|any|MINUTES]");
        return ExitCode::from(2);
    };
    // What panics is a violation, told once it is shrunk.
    std::panic::set_hook(Box::new(|_| {}));
    if campaign.run() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse() -> Option<Campaign> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, seeds, jobs, rest @ ..] = &arguments[..] else { return None };
    let campaign = Campaign {
        first: first.parse().ok()?,
        seeds: seeds.parse().ok()?,
        jobs: jobs.parse().ok()?,
        mode: match rest {
            [] => Mode::Report,
            [mode] if mode == "trace" => Mode::Trace,
            [mode] if mode == "any" => Mode::Any,
            [minutes] => Mode::Explore(Duration::from_secs(minutes.parse::<u64>().ok()?.checked_mul(60)?)),
            _ => return None,
        },
    };
    Some(campaign)
}

impl Campaign {
    /// Whether every promise was kept in every run.
    fn run(&self) -> bool {
        let start = Instant::now();
        let [next, failed] = [const { AtomicU64::new(0) }; 2];
        let report = Mutex::new(Report::default());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    let one = self.work(&next, &failed, start);
                    report.lock().unwrap_or_else(PoisonError::into_inner).merge(one);
                });
            }
        });
        let report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
        let failed = failed.into_inner();
        if self.mode == Mode::Any {
            return failed == 0;
        }
        let seeds = next.into_inner().min(self.seeds);
        print!("{report}");
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "seeds {} to {}{BUILT}: {failed} failed; {seconds:.1} s, {:.0} seeds/s",
            self.first,
            self.first.saturating_add(seeds).saturating_sub(1),
            seeds as f64 / seconds.max(0.001)
        );
        let untried = if seeds >= COMPLETE { report.untried() } else { Vec::new() };
        if !untried.is_empty() {
            println!("never tried: {}", untried.join(", "));
        }
        failed == 0 && untried.is_empty()
    }

    /// Runs one seed after the other. What fails is told at once: a campaign of hours may be broken off.
    fn work(&self, next: &AtomicU64, failed: &AtomicU64, start: Instant) -> Report {
        let mut report = Report::default();
        loop {
            let is_over = matches!(self.mode, Mode::Explore(time) if start.elapsed() >= time);
            let number = if is_over { self.seeds } else { next.fetch_add(1, Ordering::Relaxed) };
            if number >= self.seeds {
                return report;
            }
            let seed = self.first.wrapping_add(number);
            let scenario = Scenario::draw(seed);
            match run(&scenario, |_| {}) {
                Ok(run) => report.add(scenario.task, &run),
                Err(violation) => {
                    let before = failed.fetch_add(1, Ordering::Relaxed);
                    if self.mode == Mode::Any {
                        // The others stop as well.
                        next.store(self.seeds, Ordering::Relaxed);
                    }
                    if self.mode == Mode::Any || before >= SHOWN {
                        println!("seed {seed}: {}", violation.what);
                    } else {
                        show(seed, &violation, self.mode == Mode::Trace);
                    }
                }
            }
            if self.mode == Mode::Trace {
                println!("{scenario:#?}\n{:?}", run(&scenario, trace));
            }
        }
    }
}

/// Prints octets that cross the line.
fn trace(crossing: &Crossing<'_>) {
    let arrow = if crossing.direction == Direction::Sent { ">" } else { "<" };
    let shown = |octets: &[u8]| {
        let (shown, rest) = octets.split_at(octets.len().min(LONGEST));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        format!("{}{more}", shown.escape_ascii())
    };
    let was = match crossing.left == crossing.arrived {
        true => String::new(),
        false => format!("   instead of {}", shown(crossing.left)),
    };
    println!("{:>14?} {arrow} {}{was}", crossing.at, shown(crossing.arrived));
}

/// Prints a failing seed at the least.
fn show(seed: u64, violation: &Violation, traced: bool) {
    let least = shrink(&Scenario::draw(seed), |scenario| run(scenario, |_| {}).is_err());
    let result = if traced { run(&least, trace) } else { run(&least, |_| {}) };
    let what = result.err().map_or_else(|| violation.what.clone(), |violation| violation.what);
    println!(
        "seed {seed}: {}\nat the least: {what}\n{least:#?}\nreplay: cargo xtask simulate{BUILT} --seed {seed}\n",
        violation.what
    );
}
