//! The project's own chores. `cargo xtask --help` names them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal and for CI's log"
)]

mod cargo;
mod conformance;
mod coverage;
mod firmware;
mod fuzz;
mod instructions;
mod miri;
mod msrv;
mod packages;
mod planted;
mod policy;
mod process;
mod public_api;
mod render;
mod servers;
mod simulate;
mod soak;
mod test;
mod tidy;

use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Result;
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;

/// What the user got wrong, against what the project got wrong.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let task = match parse(lexopt::Parser::from_env()) {
        Ok(task) => task,
        Err(e) => {
            eprintln!("xtask: {e}; `cargo xtask --help` shows what there is");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    match task.run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("xtask: {e:#}");
            ExitCode::FAILURE
        }
    }
}

enum Task {
    Help,
    Test(Vec<&'static test::Step>),
    Tidy,
    Render,
    Conformance,
    Instructions { bless: bool },
    Firmware,
    Miri,
    Msrv,
    PublicApi { bless: bool },
    Soak(Vec<OsString>),
    Fuzz(fuzz::Campaign),
    FuzzCoverage,
    FuzzSeeds,
    Simulate(simulate::Campaign),
}

impl Task {
    /// Whether everything was found in order.
    fn run(self) -> Result<bool> {
        match self {
            Self::Help => println!("{}", help()),
            Self::Test(steps) => return Ok(test::run(&steps)),
            Self::Tidy => return Ok(test::run(&[test::step("tidy")])),
            Self::Conformance => return Ok(test::run(&[test::step("conformance")])),
            Self::Instructions { bless: false } => return Ok(test::run(&[test::step("instructions")])),
            Self::Instructions { bless: true } => instructions::bless()?,
            Self::Firmware => return Ok(test::run(&[test::step("firmware")])),
            Self::Miri => return miri::run(),
            Self::Msrv => return Ok(test::run(&[test::step("msrv")])),
            Self::PublicApi { bless: false } => return Ok(test::run(&[test::step("public-api")])),
            Self::PublicApi { bless: true } => public_api::bless()?,
            Self::Soak(options) => return soak::run(&options),
            Self::Render => render::write()?,
            Self::Fuzz(campaign) => campaign.run()?,
            Self::FuzzCoverage => {
                if let test::Outcome::Skipped(reason) = fuzz::coverage()? {
                    println!("skipped: {reason}");
                }
            }
            Self::FuzzSeeds => fuzz::choose_seeds()?,
            Self::Simulate(campaign) => return campaign.run(),
        }
        Ok(true)
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Task, lexopt::Error> {
    let mut words: Vec<String> = Vec::new();
    let mut bless = false;
    let (mut seconds, mut jobs) = (600, None);
    let (mut seed, mut seeds, mut trace) = (None, None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) if words.is_empty() && word == "soak" => {
                return Ok(Task::Soak(parser.raw_args()?.collect()));
            }
            Long("bless") if words == ["instructions"] || words == ["public-api"] => bless = true,
            Long("seconds") if is_fuzz(&words) => seconds = count(&mut parser)?,
            Long("jobs") if is_fuzz(&words) || words == ["simulate"] => jobs = Some(count(&mut parser)?),
            Long("seed") if words == ["simulate"] => seed = Some(parser.value()?.parse()?),
            Long("seeds") if words == ["simulate"] => seeds = Some(count(&mut parser)?),
            Long("trace") if words == ["simulate"] => trace = true,
            Long("help") | Short('h') => return Ok(Task::Help),
            Value(word) => words.push(word.into_string()?),
            other => return Err(other.unexpected()),
        }
    }
    let Some((task, rest)) = words.split_first() else { return Ok(Task::Help) };
    match (task.as_str(), rest) {
        ("test", []) => Ok(Task::Test(test::STEPS.iter().collect())),
        ("test", names) => {
            let find = |name: &String| {
                let step = test::STEPS.iter().find(|step| step.name == name);
                step.ok_or_else(|| format!("there is no step `{name}`").into())
            };
            names.iter().map(find).collect::<Result<_, lexopt::Error>>().map(Task::Test)
        }
        ("tidy", []) => Ok(Task::Tidy),
        ("render", []) => Ok(Task::Render),
        ("conformance", []) => Ok(Task::Conformance),
        ("instructions", []) => Ok(Task::Instructions { bless }),
        ("firmware", []) => Ok(Task::Firmware),
        ("miri", []) => Ok(Task::Miri),
        ("msrv", []) => Ok(Task::Msrv),
        ("public-api", []) => Ok(Task::PublicApi { bless }),
        ("fuzz", [word]) if word == "coverage" => Ok(Task::FuzzCoverage),
        ("fuzz", [word]) if word == "seeds" => Ok(Task::FuzzSeeds),
        ("fuzz", [] | [_]) => {
            Ok(Task::Fuzz(fuzz::Campaign { target: rest.first().cloned(), seconds, jobs: jobs.unwrap_or(1) }))
        }
        ("simulate", []) => {
            // One seed is shown, many are counted.
            let seeds = seeds.unwrap_or_else(|| if seed.is_some() { 1 } else { 10_000 });
            let first = seed.unwrap_or(0);
            Ok(Task::Simulate(simulate::Campaign { first, seeds, jobs, trace }))
        }
        ("fuzz", [_, word, ..])
        | (
            "tidy" | "render" | "conformance" | "instructions" | "firmware" | "msrv" | "public-api"
            | "simulate",
            [word, ..],
        ) => Err(format!("unexpected `{word}`").into()),
        _ => Err(format!("there is no task `{task}`").into()),
    }
}

/// How many, or for how long: without any, nothing would be run and all of it found in order, and libFuzzer would not end.
fn count<T>(parser: &mut lexopt::Parser) -> Result<T, lexopt::Error>
where
    T: FromStr + From<u8> + PartialOrd,
    T::Err: Into<Box<dyn Error + Send + Sync>>,
{
    let value = parser.value()?;
    let count: T = value.parse()?;
    if count < T::from(1) {
        return Err(format!("`{}` is too little, it has to be at least 1", value.to_string_lossy()).into());
    }
    Ok(count)
}

/// Whether the options of a campaign may stand here.
fn is_fuzz(words: &[String]) -> bool {
    words.first().is_some_and(|task| task == "fuzz")
}

fn help() -> String {
    let mut text = "\
cargo xtask test [STEP…]   every check of the project, or only the named ones
cargo xtask tidy           the rules that no compiler knows: layers, manifests, sources
cargo xtask render         write the files that are made from the command table
cargo xtask conformance    the program against nginx, tinyproxy, vsftpd and pyftpdlib (root on Debian: installs them when missing)
cargo xtask instructions   the parser's instruction counts against the baseline; --bless makes a new one
cargo xtask firmware       the libraries on an emulated Cortex-M3, and what they take there
cargo xtask miri           the parser's tests in Miri, where a nightly toolchain has it
cargo xtask msrv           the libraries with the oldest Rust that they promise
cargo xtask public-api     what the libraries offer against the listings; --bless makes new ones
cargo xtask soak [--modems N] [--minutes M] [--baud RATE] [--pause SECONDS] [--seed N]
                           many modules at once for a long time, with faults: is every transfer exact, and memory flat?
cargo xtask fuzz [TARGET] [--seconds N] [--jobs N]
                           fuzz one target, or all of them one after the other; 600 s each unless told
cargo xtask simulate [--seeds N] [--seed S] [--jobs N] [--trace]
                           the driver against the emulated module in virtual time, with faults drawn from N seeds from S on;
                           --trace prints all that crosses the line
cargo xtask fuzz coverage  which lines of the parser the corpora of all targets reach
cargo xtask fuzz seeds     choose the committed seeds anew from the corpora

Steps of `test`, in this order:"
        .to_owned();
    for step in test::STEPS {
        text += &format!("\n  {:<12} {}", step.name, step.about);
    }
    text
}

/// The folder of the workspace.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_runs_something_and_ends() {
        let parsed = |line: &str| parse(lexopt::Parser::from_args(line.split(' '))).map(drop);
        for line in [
            "fuzz framer --seconds 0",
            "fuzz --seconds 0",
            "fuzz framer --jobs 0",
            "simulate --seeds 0",
            "simulate --jobs 0",
        ] {
            let said = parsed(line).expect_err(line).to_string();
            assert!(said.contains("at least 1"), "{line}: {said}");
        }
        for line in ["fuzz framer --seconds 1 --jobs 1", "simulate --seeds 1 --jobs 1 --seed 0"] {
            assert!(parsed(line).is_ok(), "{line}");
        }
    }
}
