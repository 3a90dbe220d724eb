//! The project's own chores. `cargo xtask --help` names them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal and for CI's log"
)]

mod cargo;
mod conformance;
mod coverage;
mod packages;
mod process;
mod render;
mod servers;
mod test;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use lexopt::Arg::{Long, Short, Value};

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
}

impl Task {
    /// Whether everything was found in order.
    fn run(self) -> Result<bool> {
        match self {
            Self::Help => println!("{}", help()),
            Self::Test(steps) => return Ok(test::run(&steps)),
            Self::Tidy => return Ok(test::run(&[test::step("tidy")])),
            Self::Conformance => return Ok(test::run(&[test::step("conformance")])),
            Self::Render => render::write()?,
        }
        Ok(true)
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Task, lexopt::Error> {
    let mut words: Vec<String> = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
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
        ("tidy" | "render" | "conformance", [word, ..]) => Err(format!("unexpected `{word}`").into()),
        _ => Err(format!("there is no task `{task}`").into()),
    }
}

fn help() -> String {
    let mut text = "\
cargo xtask test [STEP…]   every check of the project, or only the named ones
cargo xtask tidy           the rules that no compiler knows: layers, manifests, sources
cargo xtask render         write the files that are made from the command table
cargo xtask conformance    the program against nginx and vsftpd (root on Debian: installs them when missing)

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
