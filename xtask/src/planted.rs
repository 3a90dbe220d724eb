//! Bugs that have to be found: they are planted in a copy of the libraries, each behind a switch, and the simulation of the copy has
//! to fail when one bites, or the test that is named with it.

mod plants;
mod tested;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};

use self::plants::PLANTS;
use self::tested::{TESTED, Test, Tested};
use crate::outcome::Outcome;
use crate::{cargo, root};

/// How many seeds may pass until a planted bug shows.
const SEEDS: u32 = 20_000;

/// The packages that the simulation is made of.
const PACKAGES: [&str; 6] = [
    "sim800-parser",
    "sim800-command",
    "sim800-engine",
    "sim800-session",
    "sim800-emulator",
    "sim800-simulation",
];

/// The variable of the environment that names the bug which is to bite.
const SWITCH: &str = "SIM800_PLANTED";

/// A bug.
struct Plant {
    name: &'static str,
    about: &'static str,
    edits: &'static [Edit],
}

/// One place to be changed. What it is changed to asks `planted` whether it is to bite.
struct Edit {
    file: &'static str,
    /// Stands there once.
    old: &'static str,
    new: &'static str,
}

/// What the copies of parser, engine and session ask. They may be without `std` of their own.
const ASK: &str = "
pub(crate) fn planted(name: &str) -> bool {
    extern crate std;
    static PLANTED: std::sync::OnceLock<Option<std::ffi::OsString>> = std::sync::OnceLock::new();
    PLANTED.get_or_init(|| std::env::var_os(\"SIM800_PLANTED\")).as_ref().is_some_and(|planted| planted == name)
}
";

/// Plants all of them, lets one after the other bite, and none.
pub(crate) fn check() -> Result<Outcome> {
    let target = cargo::target_folder()?;
    let copy = target.join("planted");
    let tested = TESTED.iter().map(|tested| &tested.plant);
    let edits: Vec<&Edit> = PLANTS.iter().chain(tested).flat_map(|plant| plant.edits).collect();
    copy_packages(&copy, &edits)?;
    let program = build(&copy, &target)?;
    ensure!(simulate(&program, None)?, "the simulation of the copy fails although no bug bites");
    let mut missed = Vec::new();
    for Plant { name, about, .. } in PLANTS {
        println!("planted: {about}");
        if simulate(&program, Some(name))? {
            missed.push(about);
        }
    }
    ensure!(missed.is_empty(), "the simulation finds nothing in {SEEDS} seeds when {}", missed.join(", or "));
    for Tested { plant: Plant { name, about, .. }, test } in &TESTED {
        println!("planted: {about}");
        ensure!(passes(&copy, &target, test, None)?, "{} fails although no bug bites", test.name);
        ensure!(!passes(&copy, &target, test, Some(name))?, "{} finds nothing when {about}", test.name);
    }
    Ok(Outcome::Passed)
}

/// Whether a test of the copy passes, which is built with the dependencies of the tests here.
fn passes(copy: &Path, target: &Path, test: &Test, planted: Option<&str>) -> Result<bool> {
    let mut command = cargo::command(&["test", "--quiet", "--package", test.package]);
    command.args(test.target).arg("--target-dir").arg(target).current_dir(copy);
    // Cargo tells packages of two workspaces from each other by what they are built with, and by nothing else.
    for package in PACKAGES.iter().chain(&["sim800-testdata"]) {
        command.arg("--config").arg(format!("profile.dev.package.{package}.debug=false"));
    }
    command.args(["--", "--exact", test.name]).stdout(Stdio::null()).env_remove(SWITCH);
    if let Some(name) = planted {
        // It says at length how it fails.
        command.stderr(Stdio::null()).env(SWITCH, name);
    }
    Ok(command.status().context("cannot run cargo")?.success())
}

/// Whether the simulation finds nothing.
fn simulate(program: &Path, planted: Option<&str>) -> Result<bool> {
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new(program);
    command.args(["0", &SEEDS.to_string(), &jobs.to_string(), "any"]).stdin(Stdio::null()).env_remove(SWITCH);
    if let Some(name) = planted {
        command.env(SWITCH, name);
    }
    match command.status().context("cannot run the simulation")?.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        code => bail!("the simulation did not come to an end ({code:?})"),
    }
}

impl Edit {
    /// Makes the change.
    fn plant(&self, text: &str) -> Result<String> {
        if text.matches(self.old).count() != 1 {
            bail!(
                "{} does not have this once: {:?}; the code has changed, so change the edit in xtask/src/planted/plants.rs \
                 to what plants the same bug now",
                self.file,
                self.old
            );
        }
        Ok(text.replacen(self.old, self.new, 1))
    }
}

/// Copies what the simulation is built of, with the edits. Files that are the same as before stay as they are, so that they are not
/// built again.
fn copy_packages(copy: &Path, edits: &[&Edit]) -> Result<()> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let lines = manifest.lines().map(|line| match line.split_once(" = ") {
        Some(("members", _)) => "members = [\"crates/*\"]",
        Some(("default-members" | "exclude", _)) => "",
        _ => line,
    });
    fs::create_dir_all(copy.join("crates"))?;
    put(&copy.join("Cargo.toml"), lines.collect::<Vec<_>>().join("\n").as_bytes())?;
    put(&copy.join("Cargo.lock"), &fs::read(root().join("Cargo.lock"))?)?;
    for package in PACKAGES {
        copy_folder(&Path::new("crates").join(package), copy, edits)?;
    }
    // Their tests are not built, but cargo looks for what those depend on.
    copy_folder(Path::new("testdata"), copy, edits)
}

fn copy_folder(folder: &Path, copy: &Path, edits: &[&Edit]) -> Result<()> {
    fs::create_dir_all(copy.join(folder))?;
    let from = root().join(folder);
    remove_others(&copy.join(folder), &from)?;
    for entry in fs::read_dir(&from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&path, copy, edits)?;
            continue;
        }
        let mut octets = fs::read(entry.path())?;
        for edit in edits.iter().filter(|edit| Path::new(edit.file) == path) {
            octets = edit.plant(&String::from_utf8(octets)?)?.into_bytes();
        }
        let asks = ["sim800-parser/src/lib.rs", "sim800-engine/src/lib.rs", "sim800-session/src/lib.rs"];
        if asks.iter().any(|file| path.ends_with(file)) {
            octets.extend_from_slice(ASK.as_bytes());
        }
        put(&copy.join(&path), &octets)?;
    }
    Ok(())
}

/// Removes from a folder what an earlier copy left in it and the other one has no more.
fn remove_others(folder: &Path, other: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if other.join(entry.file_name()).exists() {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn put(path: &Path, octets: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == octets) {
        return Ok(());
    }
    fs::write(path, octets).with_context(|| format!("cannot write {}", path.display()))
}

/// Builds the simulation of the copy, with the dependencies that the step `simulate` was built with. The packages themselves are
/// not made fast: the time goes into building them.
fn build(copy: &Path, target: &Path) -> Result<PathBuf> {
    let mut command =
        cargo::command(&["build", "--release", "--package", "sim800-simulation", "--bin", "simulate"]);
    command.current_dir(copy).arg("--target-dir").arg(target);
    for package in PACKAGES {
        for setting in ["opt-level=1", "codegen-units=16", "debug=false"] {
            command.arg("--config").arg(format!("profile.release.package.{package}.{setting}"));
        }
    }
    ensure!(command.status().context("cannot run cargo")?.success(), "the copy with the bug does not build");
    Ok(target.join("release").join("simulate"))
}
