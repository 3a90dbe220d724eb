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
use lexopt::Arg::Long;
use lexopt::ValueExt as _;
use sim800_testbed::Line;

use crate::course::Course;
use crate::dice::Dice;
use crate::fleet::Fleet;
use crate::gauge::{Sample, descriptors};
use crate::servers::Servers;
use crate::shift::Shift;
use crate::tally::Tally;
use crate::watch::Watch;

const HELP: &str = "sim800-soak [--modems N] [--minutes M] [--baud RATE] [--pause SECONDS] [--seed N]
8 modules for 1 minute at 115200, with up to 10 seconds between transfers, unless told; at most 2000 for a week";
/// How long sockets may take to close once nobody needs them.
const CLOSING: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("sim800-soak: {error}\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sim800-soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    modems: usize,
    time: Duration,
    baud: NonZeroU32,
    pause: Duration,
    seed: u64,
}

impl Options {
    /// What the command line says; `None` when help is wanted.
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        const BAUD: NonZeroU32 = NonZeroU32::new(115_200).expect("not 0");
        let mut options = Self {
            modems: 8,
            time: Duration::from_secs(60),
            baud: BAUD,
            pause: Duration::from_secs(10),
            seed: 1,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("modems") => options.modems = parser.value()?.parse()?,
                Long("minutes") => {
                    let minutes: f64 = parser.value()?.parse()?;
                    options.time =
                        Duration::try_from_secs_f64(minutes * 60.0).map_err(|error| error.to_string())?;
                }
                Long("baud") => options.baud = parser.value()?.parse()?,
                Long("pause") => options.pause = Duration::from_secs(parser.value()?.parse::<u8>()?.into()),
                Long("seed") => options.seed = parser.value()?.parse()?,
                Long("help") => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        if !(1..=2000).contains(&options.modems) || options.time > Duration::from_secs(7 * 24 * 3600) {
            return Err("that is too little or too much".into());
        }
        Ok(Some(options))
    }
}

fn run(options: &Options) -> Result<()> {
    let Options { modems, time, baud, pause, seed } = *options;
    println!("{modems} modules at {baud} baud for {} s, seed {seed}", time.as_secs());
    let mut dice = Dice::new(seed, u64::MAX);
    let servers = Arc::new(Servers::start(modems, &mut dice).context("cannot start the servers")?);
    let tally = Arc::new(Tally::default());
    let shift = Arc::new(Shift::default());
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
