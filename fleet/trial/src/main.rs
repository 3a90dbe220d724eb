//! Real server, real worker processes, emulated modules, and what goes wrong with all of them: does every job end once, and was nothing
//! done twice that must not be?
//!
//! `course` is the trial, `judge` holds what was told against what the servers really got, `resume` looks at one job closely, and `rate`
//! measures without disturbing.

mod course;
mod demo;
mod field;
mod gauge;
mod jobs;
mod judge;
mod origin;
mod process;
mod rate;
mod resume;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Tries a fleet on this machine; nothing but loopback is used.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program nats-server; the one in PATH unless told
    #[arg(long, global = true, value_name = "FILE")]
    server: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Jobs of all kinds, while workers are killed, the server is restarted, and modules restart and die
    Course {
        #[arg(long, default_value_t = 60)]
        jobs: usize,
        #[arg(long, default_value_t = 2)]
        workers: usize,
        /// For each worker
        #[arg(long, default_value_t = 4)]
        modules: usize,
        /// Two runs with the same have the same jobs, not the same timing
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A download whose worker is killed in the middle goes on from there
    Resume,
    /// Two workers with 16 emulated modules each, and a thousand jobs for them, until Ctrl-C
    Demo {
        /// Where all of it is kept
        #[arg(default_value = "target/fleet-demo")]
        directory: PathBuf,
    },
    /// How many jobs a second, with so many workers of 16 modules each
    Rate {
        #[arg(long, default_values_t = [1, 2, 4, 8])]
        workers: Vec<usize>,
        /// For each worker
        #[arg(long, default_value_t = 16)]
        modules: usize,
        #[arg(long, default_value_t = 1000)]
        jobs: usize,
        /// Octets of each body
        #[arg(long, default_value_t = 8192)]
        octets: usize,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(format_args!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<bool> {
    let server = arguments.server.unwrap_or_else(|| "nats-server".into());
    match arguments.task {
        Task::Course { jobs, workers, modules, seed } => {
            course::run(&server, jobs, workers, modules, seed).await
        }
        Task::Resume => resume::run(&server).await,
        Task::Demo { directory } => {
            demo::run(&server, &directory).await?;
            Ok(true)
        }
        Task::Rate { workers, modules, jobs, octets } => {
            rate::run(&server, &workers, modules, jobs, octets).await?;
            Ok(true)
        }
    }
}

/// Says a line to whoever watches.
fn say(line: std::fmt::Arguments<'_>) {
    // Nobody can be told that nobody listens.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
