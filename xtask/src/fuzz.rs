//! `cargo xtask fuzz`: campaigns of the fuzz targets, and how much of the parser they reach.
//!
//! The shells bring libFuzzer along, and what it has to see of the code is a matter of compiler flags. So a campaign needs
//! neither a nightly toolchain nor cargo-fuzz; with those, `cargo fuzz` works on the same folders and adds sanitizers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::outcome::Outcome;
use crate::{cargo, process, root};

const MANIFEST: [&str; 4] = ["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"];

/// What cargo-fuzz builds with, sanitizers apart.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1";

/// The longest input: a few transcripts. Longer ones cost time and reach nothing else.
const LONGEST: &str = "-max_len=2048";
/// The longest input that is worth committing.
const LONGEST_SEED: &str = "-max_len=64";
/// What one input may cost before it counts as a finding.
const LIMITS: [&str; 2] = ["-timeout=20", "-rss_limit_mb=1024"];
/// How long the check of every change fuzzes each target.
const BRIEFLY: u32 = 4;

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
}

impl Campaign {
    pub(crate) fn run(&self) -> Result<()> {
        let mut targets = targets()?;
        if let Some(target) = &self.target {
            if !targets.contains(target) {
                bail!("there is no target `{target}`; there are {}", targets.join(", "));
            }
            targets.retain(|name| name == target);
        }
        let programs = build()?;
        seed()?;
        for target in &targets {
            println!("fuzzing {target} for {} s", self.seconds);
            let mut command = fuzzer(&programs, target, self.seconds)?;
            if self.jobs > 1 {
                command.arg(format!("-fork={}", self.jobs));
            }
            if !command.status().with_context(|| format!("cannot run {target}"))?.success() {
                bail!(
                    "{target} failed: the input is in fuzz/artifacts/{target}, fuzz/README.md says what to do"
                );
            }
        }
        Ok(())
    }
}

/// Every target for a few seconds, to see that they still work; findings are for campaigns.
pub(crate) fn briefly() -> Result<()> {
    let programs = build()?;
    seed()?;
    let folder = tempfile::tempdir()?;
    for target in targets()? {
        let mut command = fuzzer(&programs, &target, BRIEFLY)?;
        let finished =
            process::run(&mut command, folder.path(), Duration::from_secs(60 + u64::from(BRIEFLY)))?;
        if !finished.status.success() {
            bail!("{target} failed, the input is in fuzz/artifacts/{target}: {}", finished.stderr);
        }
        let done = finished.stderr.lines().find(|line| line.contains("DONE")).unwrap_or_default();
        println!("{target}: {done}");
    }
    Ok(())
}

/// Replaces the committed seeds by few inputs that reach all the code that the corpus reaches.
pub(crate) fn choose_seeds() -> Result<()> {
    let programs = build()?;
    seed()?;
    fs::create_dir_all(root().join("fuzz/seeds"))?;
    for target in targets()? {
        let chosen = tempfile::tempdir()?;
        // Without counters, another round of a loop is nothing new.
        let status = Command::new(programs.join(&target))
            .args(["-merge=1", "-set_cover_merge=1", "-use_counters=0", "-verbosity=0", LONGEST_SEED])
            .arg(chosen.path())
            .arg(root().join("fuzz/corpus").join(&target))
            .stdin(Stdio::null())
            .status()?;
        if !status.success() {
            bail!("merging the corpus of {target} failed ({status})");
        }
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

/// Which lines of the parser the corpora and regressions of all targets reach.
pub(crate) fn coverage() -> Result<Outcome> {
    let Some(tools) = Tools::find()? else {
        return Ok(Outcome::Skipped(
            "no llvm-profdata and llvm-cov of rustc's LLVM: `rustup component add llvm-tools`, or Debian's llvm-<version>"
                .into(),
        ));
    };
    let folder = tempfile::tempdir()?;
    let raw = folder.path().join("%p.profraw").to_string_lossy().into_owned();
    let environment = [("RUSTFLAGS", "-Cinstrument-coverage"), ("LLVM_PROFILE_FILE", &raw)];
    seed()?;
    let host = host()?;
    let arguments = [&["build", "--quiet", "--example", "replay", "--target", &host][..], &MANIFEST].concat();
    cargo::run(&arguments, &environment)?;
    let program = root().join("target/fuzz").join(host).join("debug/examples/replay");
    let status = Command::new(&program).envs(environment).status().context("cannot replay")?;
    if !status.success() {
        bail!("an input of the corpus fails ({status})");
    }
    let profile = folder.path().join("profile");
    let raw = fs::read_dir(folder.path())?.map(|entry| entry.map(|entry| entry.path()));
    let raw: Vec<PathBuf> = raw.collect::<std::io::Result<_>>()?;
    let merged = Command::new(&tools.profdata)
        .args(["merge", "--sparse", "--output"])
        .arg(&profile)
        .args(raw)
        .status()?;
    if !merged.success() {
        bail!("llvm-profdata failed ({merged})");
    }
    let exported = Command::new(&tools.cov)
        .args(["export", "--format=lcov", "--instr-profile"])
        .arg(&profile)
        .arg(&program)
        .arg(root().join("crates/sim800-parser/src"))
        .stderr(Stdio::inherit())
        .output()?;
    if !exported.status.success() {
        bail!("llvm-cov failed ({})", exported.status);
    }
    print!("{}", report(&String::from_utf8_lossy(&exported.stdout)));
    Ok(Outcome::Passed)
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

/// Builds all shells with their instrumentation, and returns the folder they are in.
fn build() -> Result<PathBuf> {
    // A target of its own: build scripts must not be instrumented.
    let host = host()?;
    let arguments = [&["build", "--quiet", "--release", "--bins", "--target", &host][..], &MANIFEST].concat();
    cargo::run(&arguments, &[("RUSTFLAGS", INSTRUMENTED)])?;
    Ok(root().join("target/fuzz").join(host).join("release"))
}

/// Adds the committed seeds and the inputs made from the transcripts to the corpora.
fn seed() -> Result<()> {
    cargo::run(&[&["run", "--quiet", "--example", "seed"][..], &MANIFEST].concat(), &[])
}

fn fuzzer(programs: &Path, target: &str, seconds: u32) -> Result<Command> {
    let fuzz = root().join("fuzz");
    let [corpus, artifacts] = ["corpus", "artifacts"].map(|name| fuzz.join(name).join(target));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let mut command = Command::new(programs.join(target));
    command
        .arg(corpus)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-dict={}", fuzz.join("dictionaries/at.dict").display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(LONGEST)
        .args(LIMITS)
        .stdin(Stdio::null());
    Ok(command)
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("rustc").args(arguments).stdin(Stdio::null()).output().context("cannot run rustc")?;
    if !output.status.success() {
        bail!("`rustc {}` failed ({})", arguments.join(" "), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The line of `rustc -vV` that begins with `name`.
fn version(name: &str) -> Result<String> {
    let text = rustc(&["--version", "--verbose"])?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.map(str::to_owned).with_context(|| format!("rustc does not tell its {name}"))
}

fn host() -> Result<String> {
    version("host")
}

/// The programs that read what instrumented code has counted; they have to be of rustc's own LLVM.
struct Tools {
    profdata: PathBuf,
    cov: PathBuf,
}

impl Tools {
    fn find() -> Result<Option<Self>> {
        let ours =
            Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib").join(host()?).join("bin");
        let llvm = version("LLVM version")?;
        let major = llvm.split('.').next().unwrap_or_default();
        let find = |name: &str| {
            let component = ours.join(name);
            if component.is_file() { Some(component) } else { process::find(&format!("{name}-{major}")) }
        };
        Ok(find("llvm-profdata").zip(find("llvm-cov")).map(|(profdata, cov)| Self { profdata, cov }))
    }
}

/// A line per file and one for all, from what llvm-cov exports as lcov: how many lines, how many of them were reached,
/// and which were not.
fn report(lcov: &str) -> String {
    let mut files: BTreeMap<&str, Vec<(u32, bool)>> = BTreeMap::new();
    let mut file = "";
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = path.rsplit('/').next().unwrap_or(path);
        } else if let Some((number, count)) = line.strip_prefix("DA:").and_then(|line| line.split_once(','))
            && let Ok(number) = number.parse()
        {
            files.entry(file).or_default().push((number, count != "0"));
        }
    }
    let mut text = String::new();
    let (mut all, mut all_reached) = (0, 0);
    let share = |reached: usize, lines: usize| 100.0 * reached as f64 / lines.max(1) as f64;
    for (file, lines) in &files {
        let reached = lines.iter().filter(|(_, reached)| *reached).count();
        let gaps: Vec<String> =
            lines.iter().filter(|(_, reached)| !reached).map(|(number, _)| number.to_string()).collect();
        let gaps = if gaps.is_empty() { String::new() } else { format!("  not {}", gaps.join(" ")) };
        text += &format!(
            "{file:<16} {reached:>4} of {:>4} lines {:>5.1} %{gaps}\n",
            lines.len(),
            share(reached, lines.len())
        );
        all += lines.len();
        all_reached += reached;
    }
    text + &format!("{:<16} {all_reached:>4} of {all:>4} lines {:>5.1} %\n", "all", share(all_reached, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_were_not_reached_are_named() {
        let lcov =
            "SF:/a/src/line.rs\nDA:3,7\nDA:4,0\nDA:6,0\nDA:7,1\nend_of_record\nSF:/a/src/event.rs\nDA:1,2\n";
        assert_eq!(
            report(lcov),
            "event.rs            1 of    1 lines 100.0 %\n\
             line.rs             2 of    4 lines  50.0 %  not 4 6\n\
             all                 3 of    5 lines  60.0 %\n"
        );
    }
}
