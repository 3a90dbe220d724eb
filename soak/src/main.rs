//! Many emulated modules in one process, half of them driven on smol and half on tokio, fetch and store files with servers
//! on loopback for as long as is wanted, while octets get lost, modules restart, bearers go and servers break off.
//!
//! Every transfer has to be exact or to end with an error; memory has to be flat, and no descriptor may be left.
//! `cargo xtask soak` builds and runs it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod course;
mod dice;
mod fleet;
mod gauge;
mod heap;
mod modem;
mod servers;
mod shift;
mod tally;
mod trend;
mod watch;

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, value_parser};
use sim800_testbed::Line;

use crate::course::Course;
use crate::dice::Dice;
use crate::fleet::Fleet;
use crate::gauge::{Sample, descriptors};
use crate::servers::Servers;
use crate::shift::Shift;
use crate::tally::Tally;
use crate::watch::Watch;

/// How long sockets may take to close once nobody needs them.
const CLOSING: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sim800-soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Many modules at once for a long time, with faults: is every transfer exact, and memory flat?
#[derive(Parser)]
#[command(bin_name = "cargo xtask soak")]
struct Options {
    /// How many modules, at most 2000
    #[arg(long, default_value_t = 8, value_parser = value_parser!(u16).range(1..=2000))]
    modems: u16,
    /// For how long, at most a week
    #[arg(long, value_name = "MINUTES", default_value = "1", value_parser = minutes)]
    minutes: Duration,
    /// The rate of their lines
    #[arg(long, value_name = "RATE", default_value = "115200")]
    baud: NonZeroU32,
    /// How many seconds there are between transfers at most
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pause: u8,
    /// What chance goes by
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn minutes(text: &str) -> Result<Duration> {
    let time = Duration::try_from_secs_f64(text.parse::<f64>()? * 60.0)?;
    ensure!(time <= Duration::from_secs(7 * 24 * 3600), "that is longer than a week");
    Ok(time)
}

fn run(options: &Options) -> Result<()> {
    let Options { modems, minutes: time, baud, pause, seed } = *options;
    let (modems, pause) = (usize::from(modems), Duration::from_secs(pause.into()));
    println!("{modems} modules at {baud} baud for {} s, seed {seed}", time.as_secs());
    let mut dice = Dice::new(seed, u64::MAX);
    let servers = Arc::new(Servers::start(modems, &mut dice).context("cannot start the servers")?);
    let tally = Arc::new(Tally::default());
    let shift = Arc::new(Shift::default());
    // The first runtime of tokio opens what the process keeps for signals, where that is built in.
    drop(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    // What is open now is that of the servers, and stays.
    let lasting = descriptors()?;
    let fleet = Fleet::launch(modems, Line::paced(baud), seed, pause, &servers, &tally, &shift)?;
    // The runtimes have opened what they need.
    thread::sleep(Duration::from_millis(500));
    let idle = Sample::take(Duration::ZERO, 0)?;

    let working = fleet.begin();
    let watch = Watch { modems, idle: idle.descriptors, servers: &servers, tally: &tally, shift: &shift };
    let log = watch.run(time, &mut dice)?;
    let until = Instant::now() + CLOSING;
    while !working.has_ended() && Instant::now() < until {
        thread::sleep(TICK);
    }
    ensure!(working.has_ended(), "these did not end:\n{}{tally}", tally.under_way());
    working.join();
    let until = Instant::now() + CLOSING;
    // The modules' sockets are closed; the servers notice that in their own time.
    while descriptors()? > lasting && Instant::now() < until {
        thread::sleep(TICK);
    }
    let end = descriptors()?;

    print!("{tally}");
    let course = Course::of(&log);
    println!("memory: {:.1} MiB before the first transfer, {:.1} MiB at most", idle.resident, gauge::peak()?);
    println!(
        "descriptors: {lasting} with the servers alone, {} before the first transfer, {end} at the end",
        idle.descriptors
    );
    if let Some(course) = &course {
        print!("{course}");
    }
    let wrong = tally.wrong();
    ensure!(wrong == 0, "{wrong} things went wrong");
    ensure!(tally.exact() > 0, "nothing was transferred");
    ensure!(end <= lasting, "{} descriptors were left open", end - lasting);
    match course.and_then(|course| course.growth()) {
        None => println!("too short to say whether memory is flat, which takes 10 minutes"),
        Some(growing) if growing.is_empty() => println!("memory is flat"),
        Some(growing) => anyhow::bail!("{}", growing.join(", ")),
    }
    Ok(())
}
