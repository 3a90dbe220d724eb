//! `cargo xtask fuzz`: campaigns of the fuzz targets, what becomes of their corpora, and how much of the libraries they reach.

mod cost;
mod coverage;
mod engine;
mod pack;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

pub(crate) use self::coverage::coverage;
use self::engine::Engine;
pub(crate) use self::pack::{check, pack};
use crate::outcome::Outcome;
use crate::{cargo, process, root};

const MANIFEST: [&str; 4] = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"];

/// The longest input: a few transcripts. Longer ones cost time and reach nothing else.
const LONGEST: u32 = 2048;
/// The longest input that is worth committing.
const LONGEST_SEED: u32 = 64;
/// What one input may cost before it counts as a finding.
const SECONDS: u32 = 20;
const MEBIBYTES: u32 = 1024;
/// How long the check of every change fuzzes each target, in seconds, and how many inputs it makes at the most. They are the same each time, so
/// that what fails was broken by the change that is checked; others are what campaigns look for.
const BRIEFLY: u32 = 4;
const INPUTS: [&str; 2] = ["-seed=1", "-runs=10000"];

/// A run of one target or of all of them, one after the other.
#[derive(clap::Args)]
pub(crate) struct Campaign {
    target: Option<String>,
    /// For how long, each
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// How many processes work on one target
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    jobs: u32,
    /// What makes the inputs
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
}

impl Campaign {
    pub(crate) fn run(&self) -> Result<Outcome> {
        let targets = chosen(self.target.as_deref())?;
        if let Some(reason) = self.engine.missing() {
            return Ok(Outcome::Skipped(reason));
        }
        let programs = self.engine.build(&targets)?;
        seed(&root().join("fuzz/corpus"))?;
        for target in &targets {
            println!("fuzzing {target} for {} s", self.seconds);
            let folders = Folders::of(target)?;
            let is_well = self.engine.run(&programs.join(target), &folders, self.seconds, self.jobs)?;
            ensure!(
                is_well,
                "{target} failed: the input is in fuzz/artifacts/{target}, fuzz/README.md says what to do"
            );
            if let Some(reason) = cost::check(target)? {
                println!("what {target} costs was not counted: {reason}");
            }
        }
        Ok(Outcome::Passed)
    }
}

/// Where inputs of a target are.
struct Folders {
    corpus: PathBuf,
    artifacts: PathBuf,
}

impl Folders {
    fn of(target: &str) -> Result<Self> {
        let [corpus, artifacts] =
            ["corpus", "artifacts"].map(|name| root().join("fuzz").join(name).join(target));
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&artifacts)?;
        Ok(Self { corpus, artifacts })
    }
}

/// Every target over what was found before, its seeds and the transcripts, and for a few seconds more, to see that they still work;
/// findings are for campaigns.
pub(crate) fn briefly() -> Result<()> {
    let targets = targets()?;
    let programs = Engine::Libfuzzer.build(&targets)?;
    seed(&root().join("fuzz/corpus"))?;
    let jobs = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for some in targets.chunks(jobs) {
        let ends: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> =
                some.iter().map(|target| scope.spawn(|| try_out(&programs, target))).collect();
            started.into_iter().map(|job| job.join()).collect()
        });
        for (target, end) in some.iter().zip(ends) {
            let done = end.map_err(|_| anyhow!("{target} could not be run"))??;
            println!("{target}: {done}");
        }
    }
    Ok(())
}

/// The line that libFuzzer ends with.
fn try_out(programs: &Path, target: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let mut command = engine::libfuzzer(&programs.join(target), &Folders::of(target)?, BRIEFLY);
    // What is new goes to the first folder alone.
    command
        .args(INPUTS)
        .arg(root().join("fuzz/regressions").join(target))
        .arg(root().join("testdata/transcripts"));
    let finished = process::run(&mut command, folder.path(), Duration::from_secs(60 + u64::from(BRIEFLY)))?;
    if !finished.status.success() {
        bail!("{target} failed, the input is in fuzz/artifacts/{target}: {}", finished.stderr);
    }
    Ok(finished.stderr.lines().find(|line| line.contains("DONE")).unwrap_or_default().to_owned())
}

/// What the parser's work costs for the inputs of a target, or of all that are octets for it.
pub(crate) fn cost(target: Option<&str>) -> Result<Outcome> {
    seed(&root().join("fuzz/corpus"))?;
    for target in chosen(target)? {
        if let Some(reason) = cost::check(&target)? {
            return Ok(Outcome::Skipped(reason));
        }
    }
    Ok(Outcome::Passed)
}

/// Replaces the committed seeds by few inputs that reach all the code that the corpus reaches.
pub(crate) fn choose_seeds() -> Result<()> {
    let targets = targets()?;
    let programs = Engine::Libfuzzer.build(&targets)?;
    seed(&root().join("fuzz/corpus"))?;
    fs::create_dir_all(root().join("fuzz/seeds"))?;
    for target in targets {
        // Without counters, another round of a loop is nothing new.
        let chosen = merge(&programs, &target, LONGEST_SEED, &["-set_cover_merge=1", "-use_counters=0"])?;
        let mut seeds = Vec::new();
        for entry in fs::read_dir(chosen.path())? {
            seeds.push(fs::read(entry?.path())?.escape_ascii().to_string());
        }
        seeds.sort();
        let path = format!("fuzz/seeds/{target}.txt");
        fs::write(root().join(&path), seeds.join("\n") + "\n")
            .with_context(|| format!("cannot write {path}"))?;
        println!("{path}: {} seeds", seeds.len());
    }
    Ok(())
}

/// Leaves of a corpus what reaches something that the rest of it does not.
pub(crate) fn minimize(target: Option<&str>) -> Result<()> {
    let targets = chosen(target)?;
    let programs = Engine::Libfuzzer.build(&targets)?;
    for target in targets {
        let corpus = Folders::of(&target)?.corpus;
        let before = fs::read_dir(&corpus)?.count();
        let left = merge(&programs, &target, LONGEST, &[])?;
        fs::remove_dir_all(&corpus)?;
        fs::create_dir_all(&corpus)?;
        for entry in fs::read_dir(left.path())? {
            let entry = entry?;
            fs::copy(entry.path(), corpus.join(entry.file_name()))?;
        }
        println!("{target}: {} of {before} inputs", fs::read_dir(&corpus)?.count());
    }
    Ok(())
}

/// What libFuzzer's merge takes of a corpus.
fn merge(programs: &Path, target: &str, longest: u32, options: &[&str]) -> Result<tempfile::TempDir> {
    let taken = tempfile::tempdir()?;
    let status = Command::new(programs.join(target))
        .args(["-merge=1", "-verbosity=0", &format!("-max_len={longest}")])
        .args(options)
        .arg(taken.path())
        .arg(Folders::of(target)?.corpus)
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "merging the corpus of {target} failed ({status})");
    Ok(taken)
}

/// The names of the shells, which are those of the targets.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        names.extend(entry?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// One of them, or all.
fn chosen(name: Option<&str>) -> Result<Vec<String>> {
    let mut targets = targets()?;
    if let Some(name) = name {
        ensure!(
            targets.iter().any(|target| target == name),
            "there is no target `{name}`; there are {}",
            targets.join(", ")
        );
        targets.retain(|target| target == name);
    }
    Ok(targets)
}

/// Adds the committed seeds and the inputs made from the transcripts to the corpora in a folder.
fn seed(corpora: &Path) -> Result<()> {
    let corpora = corpora.to_str().context("a folder whose name is UTF-8")?;
    cargo::run(&[&["run", "--quiet", "--example", "seed"][..], &MANIFEST, &["--", corpora]].concat(), &[])
}

fn dictionary() -> PathBuf {
    root().join("fuzz/dictionaries/at.dict")
}
