//! `cargo xtask test`: the steps, one after the other, and a summary of all of them.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::outcome::Outcome;
use crate::{
    cargo, conformance, coverage, dist, firmware, fleet, fuzz, instructions, msrv, planted, process,
    public_api, render, simulate, tidy,
};

/// One thing that is checked.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    check: fn() -> Result<Outcome>,
}

/// How long a step may take: several times what the slowest needs on a cold machine.
const LIMIT: Duration = Duration::from_secs(900);

/// The cheap ones that fail most often come first.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "fmt", about: "rustfmt has nothing to change", check: fmt },
    Step { name: "tidy", about: "layers, manifests and sources keep the project's rules", check: tidy },
    Step {
        name: "policy",
        about: "licences, sources and versions of all dependencies are those of deny.toml",
        check: policy,
    },
    Step { name: "clippy", about: "no warnings, in any target of any package", check: clippy },
    Step {
        name: "no-std",
        about: "parser, command, engine, session and its adapter to embassy need no std, and no heap where they say so",
        check: no_std,
    },
    Step {
        name: "doors",
        about: "a crate outside of the workspace makes commands and a dialect of its own",
        check: doors,
    },
    Step { name: "tests", about: "unit, integration and doc tests of the whole workspace", check: tests },
    Step {
        name: "simulate",
        about: "what the driver promises, whatever goes wrong: some thousand scenarios in virtual time",
        check: simulate::check,
    },
    Step { name: "planted", about: "bugs that are planted in a copy are found", check: planted::check },
    Step {
        name: "fuzz",
        about: "the fuzz targets, over what was found before and for a few seconds",
        check: fuzz,
    },
    Step { name: "benches", about: "what the benches measure is right", check: benches },
    Step { name: "docs", about: "the documentation builds without warnings", check: docs },
    Step { name: "rendered", about: "the files made from the command table are fresh", check: rendered },
    Step {
        name: "public-api",
        about: "the libraries offer what their listings say, and no types of others",
        check: public_api::check,
    },
    Step {
        name: "msrv",
        about: "the libraries build with the oldest Rust that they promise",
        check: msrv::check,
    },
    Step {
        name: "instructions",
        about: "the parser takes no more instructions than it did",
        check: instructions::check,
    },
    Step {
        name: "coverage",
        about: "coverage.md is right about what uses each command and each example of the note",
        check: coverage,
    },
    Step {
        name: "firmware",
        about: "the libraries on an emulated Cortex-M3, without std and without a heap",
        check: firmware::check,
    },
    Step {
        name: "fleet",
        about: "sixty jobs on emulated modules end once, while workers, modules and the server are killed",
        check: fleet::check,
    },
    Step {
        name: "dist",
        about: "archive, Debian package and wheel can be made, installed and used",
        check: dist::check,
    },
    Step { name: "conformance", about: "the program against real servers", check: conformance::run },
];

/// The step called `name`.
pub(crate) fn find(name: &str) -> Result<&'static Step, String> {
    STEPS.iter().find(|step| step.name == name).ok_or_else(|| format!("there is no step `{name}`"))
}

/// What the steps are, for the help.
pub(crate) fn steps() -> String {
    let steps = STEPS.iter().map(|step| format!("\n  {:<12} {}", step.name, step.about));
    format!("Steps, in this order:{}", steps.collect::<String>())
}

/// Runs all of `steps`, also after one has failed; whether none did.
pub(crate) fn run(steps: impl IntoIterator<Item = &'static Step>) -> bool {
    let steps: Vec<_> = steps.into_iter().collect();
    let start = Instant::now();
    let mut results: Vec<(&Step, Duration, Result<Outcome>)> = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        println!("\n==> [{}/{}] {}: {}", n + 1, steps.len(), step.name, step.about);
        let start = Instant::now();
        let result = process::within(LIMIT, step.check);
        match &result {
            Ok(Outcome::Passed) => {}
            Ok(Outcome::Skipped(reason)) => println!("skipped: {reason}"),
            Err(e) => println!("failed: {e:#}"),
        }
        results.push((step, start.elapsed(), result));
    }
    println!("\n==> summary");
    let (mut passed, mut skipped, mut failed) = (0, 0, 0);
    for (step, time, result) in &results {
        let (count, word, detail) = match result {
            Ok(Outcome::Passed) => (&mut passed, "passed", String::new()),
            Ok(Outcome::Skipped(reason)) => (&mut skipped, "skipped", reason.clone()),
            Err(e) => (&mut failed, "FAILED", format!("{e:#}")),
        };
        *count += 1;
        let line = format!("{word:<8} {:<12} {:>7.1} s  {detail}", step.name, time.as_secs_f64());
        println!("{}", line.trim_end());
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("steps: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.1} s");
    failed == 0
}

fn fmt() -> Result<Outcome> {
    cargo::run(&["fmt", "--all", "--check"], &[]).map(|()| Outcome::Passed)
}

fn tidy() -> Result<Outcome> {
    tidy::check().map(|()| Outcome::Passed)
}

/// `cargo deny check advisories` is left to those who can fetch the database.
fn policy() -> Result<Outcome> {
    if !cargo::command(&["deny", "--version"]).output()?.status.success() {
        return Ok(Outcome::Skipped("there is no cargo-deny (cargo install --locked cargo-deny)".to_owned()));
    }
    for manifest in ["Cargo.toml", "fleet/Cargo.toml"] {
        // What is excepted and not there is a finding, so that the exceptions do not outlive their reasons.
        let exceptions = ["--deny", "unnecessary-skip"];
        let place = ["deny", "--locked", "--manifest-path", manifest, "check"];
        cargo::run(&[&place[..], &exceptions[..], &["licenses", "bans", "sources"]].concat(), &[])?;
    }
    Ok(Outcome::Passed)
}

fn clippy() -> Result<Outcome> {
    cargo::run(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])?;
    Ok(Outcome::Passed)
}

/// A library that names `std` by mistake still builds for this machine, which has one. `xtask/no-std` links what
/// uses no heap into a file with a panic handler and no allocator of its own, and `heap` beside it engine and session with one: a
/// second of either, or none where one is wanted, is an error. The simulation speaks with a session without `std` in the same words.
fn no_std() -> Result<Outcome> {
    cargo::run(&["check", "--package", "sim800-parser", "--no-default-features"], &[])?;
    cargo::run(&["check", "--package", "sim800-command", "--no-default-features"], &[])?;
    cargo::run(
        &["check", "--package", "sim800-simulation", "--no-default-features", "--bin", "simulate"],
        &[],
    )?;
    for manifest in ["xtask/no-std/Cargo.toml", "xtask/no-std/heap/Cargo.toml"] {
        cargo::run(&["build", "--manifest-path", manifest, "--target-dir", "target/no-std"], &[])?;
    }
    Ok(Outcome::Passed)
}

/// A workspace of its own, so that it has no more than what the libraries offer to anybody.
fn doors() -> Result<Outcome> {
    let manifest = ["--manifest-path", "doors/Cargo.toml"];
    cargo::run(&[&["fmt", "--check"][..], &manifest].concat(), &[])?;
    let target = ["--target-dir", "target/doors"];
    cargo::run(&[&["test"][..], &manifest, &target].concat(), &[])?;
    Ok(Outcome::Passed)
}

fn tests() -> Result<Outcome> {
    // Those of the program wait most of their time, for a process, a silent port or a slow line.
    let threads = (2 * std::thread::available_parallelism().map_or(1, NonZeroUsize::get)).to_string();
    // The same inputs each time, so that chance fails no change that has nothing to do with it: `cargo test` tries others.
    let environment = [("RUST_TEST_THREADS", threads.as_str()), ("PROPTEST_RNG_SEED", "1")];
    cargo::run(&["test", "--workspace", "--no-fail-fast"], &environment).map(|()| Outcome::Passed)
}

/// A workspace of its own, so the steps before do not see it.
fn fuzz() -> Result<Outcome> {
    let manifest = ["--manifest-path", "fuzz/Cargo.toml"];
    cargo::run(&[&["fmt", "--check"][..], &manifest].concat(), &[])?;
    let target = ["--target-dir", "target/fuzz"];
    cargo::run(
        &[&["clippy", "--all-targets"][..], &manifest, &target, &["--", "-D", "warnings"]].concat(),
        &[],
    )?;
    // What the targets are to be replayed over, they are under the fuzzer: it is built for speed.
    let tests = ["--", "--skip", "replay::"];
    cargo::run(&[&["test", "--lib"][..], &manifest, &target, &tests].concat(), &[])?;
    fuzz::briefly()?;
    Ok(Outcome::Passed)
}

/// Each case once, without measuring. `fleet` is left out: its lines keep to the clock.
fn benches() -> Result<Outcome> {
    let benches = ["framing", "lines", "commands", "session", "line_rate", "sockets", "transactions"];
    let benches = benches.iter().flat_map(|bench| ["--bench", bench]);
    let arguments: Vec<_> =
        ["test", "--quiet", "--package", "sim800-benches"].into_iter().chain(benches).collect();
    cargo::run(&arguments, &[]).map(|()| Outcome::Passed)
}

fn docs() -> Result<Outcome> {
    cargo::run(&["doc", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    Ok(Outcome::Passed)
}

fn coverage() -> Result<Outcome> {
    coverage::check().map(|()| Outcome::Passed)
}

fn rendered() -> Result<Outcome> {
    render::check().map(|()| Outcome::Passed)
}
