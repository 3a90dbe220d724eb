//! The project's own chores. `cargo xtask --help` names them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal and for CI's log"
)]

mod cargo;
mod conformance;
mod coverage;
mod dist;
mod firmware;
mod fleet;
mod fuzz;
mod instructions;
mod miri;
mod msrv;
mod outcome;
mod packages;
mod planted;
mod process;
mod public_api;
mod render;
mod servers;
mod simulate;
mod soak;
mod test;
mod tidy;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, value_parser};

fn main() -> ExitCode {
    match Options::parse().task.run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("xtask: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// The project's own chores
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Every check of the project, or only the named ones
    #[command(after_help = test::steps())]
    Test {
        #[arg(value_parser = test::find)]
        steps: Vec<&'static test::Step>,
    },
    /// The rules that no compiler knows: layers, circles, manifests, sources
    Tidy,
    /// Write the files that are made from the command table
    Render,
    /// The program against nginx, tinyproxy, vsftpd and pyftpdlib (root on Debian: installs them when missing)
    Conformance,
    /// curl, wget, pip, apt, git and openssl through the program, on a line that loses bytes
    Clients(conformance::clients::Line),
    /// The parser's instruction counts against the baseline
    Instructions {
        /// Make a new baseline
        #[arg(long)]
        bless: bool,
    },
    /// The libraries on an emulated Cortex-M3, and what they take there
    Firmware {
        /// Also a RISC-V, every task of the simulation, and the examples for real boards
        #[arg(long)]
        all: bool,
    },
    /// The parser's tests in Miri, where a nightly toolchain has it
    Miri,
    /// The libraries with the oldest Rust that they promise
    Msrv,
    /// What the libraries offer against the listings
    PublicApi {
        /// Make new listings
        #[arg(long)]
        bless: bool,
    },
    /// Many modules at once for a long time, with faults: is every transfer exact, and memory flat?
    #[command(disable_help_flag = true)]
    Soak {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
        options: Vec<OsString>,
    },
    /// A fleet of emulated modules with a real server, while workers are killed and modules die: `course`, or how fast it is: `rate`
    #[command(disable_help_flag = true)]
    Fleet {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
        options: Vec<OsString>,
    },
    /// Fuzz one target, or all of them one after the other
    #[command(args_conflicts_with_subcommands = true)]
    Fuzz {
        #[command(subcommand)]
        other: Option<Corpora>,
        #[command(flatten)]
        campaign: fuzz::Campaign,
    },
    /// An archive, a Debian package and a Python wheel of the program, in target/packaged
    Dist,
    /// The driver against the emulated module in virtual time, with faults drawn from seeds
    Simulate(Simulate),
}

/// What is done with what earlier campaigns found.
#[derive(Subcommand)]
enum Corpora {
    /// Which lines of the libraries the corpora reach, and which they do not
    Coverage,
    /// How many instructions the parser takes for the corpora, octet by octet
    Cost { target: Option<String> },
    /// Choose the committed seeds anew from the corpora
    Seeds,
    /// Leave of a corpus what reaches something that the rest of it does not
    Cmin { target: Option<String> },
    /// Put options, dictionaries and seeds beside the programs in a folder, as OSS-Fuzz wants them
    Pack { folder: PathBuf },
    /// Run what is in such a folder
    Check { folder: PathBuf },
}

impl Corpora {
    fn run(self) -> Result<bool> {
        match self {
            Self::Coverage => return fuzz::coverage().map(said),
            Self::Cost { target } => return fuzz::cost(target.as_deref()).map(said),
            Self::Seeds => fuzz::choose_seeds()?,
            Self::Cmin { target } => fuzz::minimize(target.as_deref())?,
            Self::Pack { folder } => fuzz::pack(&folder)?,
            Self::Check { folder } => fuzz::check(&folder)?,
        }
        Ok(true)
    }
}

/// Says why something was skipped, which is no failure.
fn said(outcome: outcome::Outcome) -> bool {
    if let outcome::Outcome::Skipped(reason) = outcome {
        println!("skipped: {reason}");
    }
    true
}

#[derive(Args)]
struct Simulate {
    /// Seeds that were never run before, for so many minutes
    #[arg(long, value_name = "MINUTES", value_parser = value_parser!(u64).range(1..), conflicts_with_all = ["seeds", "seed", "trace"])]
    explore: Option<u64>,
    /// How many seeds: 1 if a first one is given, else 10000
    #[arg(long, value_parser = value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// The first of them
    #[arg(long)]
    seed: Option<u64>,
    /// How many at a time
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Print all that crosses the line
    #[arg(long)]
    trace: bool,
    /// The session as a microcontroller has it
    #[arg(long)]
    without_std: bool,
}

impl From<Simulate> for simulate::Campaign {
    fn from(options: Simulate) -> Self {
        let Simulate { explore, seeds, seed, jobs, trace, without_std } = options;
        if let Some(minutes) = explore {
            let extent = simulate::Extent::Minutes(minutes);
            return Self { first: simulate::anywhere(), extent, jobs, without_std };
        }
        // One seed is shown, many are counted.
        let seeds = seeds.unwrap_or_else(|| if seed.is_some() { 1 } else { 10_000 });
        let extent = simulate::Extent::Seeds { count: seeds, trace };
        Self { first: seed.unwrap_or(0), extent, jobs, without_std }
    }
}

impl Task {
    /// Whether everything was found in order.
    fn run(self) -> Result<bool> {
        let step = match self {
            Self::Test { steps } if steps.is_empty() => return Ok(test::run(test::STEPS)),
            Self::Test { steps } => return Ok(test::run(steps)),
            Self::Tidy => "tidy",
            Self::Conformance => "conformance",
            Self::Clients(line) => return conformance::clients::run(&line).map(said),
            Self::Instructions { bless: false } => "instructions",
            Self::Firmware { all } => {
                if all {
                    firmware::check_others()?;
                }
                "firmware"
            }
            Self::Dist => "dist",
            Self::Msrv => "msrv",
            Self::PublicApi { bless: false } => "public-api",
            Self::Instructions { bless: true } => return instructions::bless().map(|()| true),
            Self::PublicApi { bless: true } => return public_api::bless().map(|()| true),
            Self::Render => return render::write().map(|()| true),
            Self::Miri => return miri::run(),
            Self::Soak { options } => return soak::run(&options),
            Self::Fleet { options } => return fleet::run(&options),
            Self::Simulate(options) => return simulate::Campaign::from(options).run(),
            Self::Fuzz { other: None, campaign } => return campaign.run().map(said),
            Self::Fuzz { other: Some(other), .. } => return other.run(),
        };
        Ok(test::run(test::find(step)))
    }
}

/// The folder of the workspace.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_fit_each_other() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_campaign_runs_something_and_ends() {
        let parsed = |line: &str| Options::try_parse_from(["xtask"].into_iter().chain(line.split(' ')));
        for line in [
            "fuzz framer --seconds 0",
            "fuzz --seconds 0",
            "fuzz framer --jobs 0",
            "fuzz framer --engine none",
            "fuzz pack",
            "simulate --seeds 0",
            "simulate --jobs 0",
            "simulate --explore 0",
            "simulate --explore 1 --seed 7",
            "test nothing",
            "tidy up",
            "clients --one-in 0",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
        for line in [
            "fuzz framer --seconds 1 --jobs 1",
            "fuzz framer --engine afl",
            "fuzz seeds",
            "fuzz cost framer",
            "fuzz cmin framer",
            "simulate --seeds 1 --jobs 1 --seed 0",
            "simulate --explore 10 --jobs 2",
            "soak --modems 2 --help",
            "clients --one-in 60000 --seed 7",
            "test",
            "test fmt tidy",
        ] {
            assert!(parsed(line).is_ok(), "{line}");
        }
    }
}
