//! The folder that OSS-Fuzz and ClusterFuzzLite want: beside each program its options, its dictionary and its seeds.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::{LONGEST, MEBIBYTES, SECONDS, dictionary, seed, targets};

/// Puts into `folder` what goes with the programs in it.
pub(crate) fn pack(folder: &Path) -> Result<()> {
    let corpora = tempfile::tempdir()?;
    seed(corpora.path())?;
    for target in targets()? {
        fs::copy(dictionary(), folder.join(format!("{target}.dict")))?;
        fs::write(folder.join(format!("{target}.options")), options(&target))?;
        let seeds = folder.join(format!("{target}_seed_corpus.zip"));
        if seeds.exists() {
            fs::remove_file(&seeds)?;
        }
        let zipped = Command::new("zip")
            .args(["--quiet", "--recurse-paths"])
            .arg(&seeds)
            .arg(".")
            .current_dir(corpora.path().join(&target))
            .status()
            .context("cannot run zip")?;
        ensure!(zipped.success(), "zip failed ({zipped})");
    }
    Ok(())
}

fn options(target: &str) -> String {
    format!(
        "[libfuzzer]\ndict = {target}.dict\nmax_len = {LONGEST}\ntimeout = {SECONDS}\nrss_limit_mb = {}\n",
        // A sanitizer needs as much again for what it knows of memory.
        2 * MEBIBYTES
    )
}

/// Whether every target is in `folder`, starts there, and runs its seeds and a few inputs more.
pub(crate) fn check(folder: &Path) -> Result<()> {
    for target in targets()? {
        let options = folder.join(format!("{target}.options"));
        let options =
            fs::read_to_string(&options).with_context(|| format!("cannot read {}", options.display()))?;
        let seeds = tempfile::tempdir()?;
        let unzipped = Command::new("unzip")
            .arg("-q")
            .arg(folder.join(format!("{target}_seed_corpus.zip")))
            .current_dir(seeds.path())
            .status()
            .context("cannot run unzip")?;
        ensure!(unzipped.success(), "the seeds of {target} are no archive ({unzipped})");
        let number = fs::read_dir(seeds.path())?.count();
        let flags = options
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|(name, value)| format!("-{name}={value}"));
        let output = Command::new(folder.join(&target))
            .current_dir(folder)
            .args(flags)
            .arg(format!("-runs={}", number + 100))
            .arg(seeds.path())
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {target}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{target} failed ({}): {said}", output.status);
        // What was not instrumented reaches nothing.
        let line = said.lines().find(|line| line.contains("INITED") && line.contains("cov:"));
        let line = line.with_context(|| format!("{target} sees nothing of what it runs: {said}"))?;
        println!("{target}: {number} seeds, {}", line.trim_start_matches('#'));
    }
    Ok(())
}
