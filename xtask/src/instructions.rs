//! The instruction counts of the parser against `benches/instructions.txt`: unlike times, they do not depend on what
//! else the machine does.
//!
//! Callgrind counts, and writes down what it has each time the program under it begins another case. A case is done
//! few times and more times over; the difference is what it costs in the steady state.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::outcome::Outcome;
use crate::packages::{Package, install_missing, is_root};
use crate::{cargo, process, root};

/// What a count may grow by; less is noise of the compiler's choices.
const TOLERANCE_PERCENT: u64 = 3;
/// Under callgrind everything takes some fifty times as long.
const LIMIT: Duration = Duration::from_secs(300);
const VALGRIND: Package = Package { name: "valgrind", program: "valgrind" };
/// Copies by the same code on every machine.
const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX512F,-ERMS,-FSRM";

/// Counts and compares. Counts of another compiler or processor are no measure of ours.
pub(crate) fn check() -> Result<Outcome> {
    if let Some(reason) = missing()? {
        return Ok(Outcome::Skipped(reason));
    }
    let counts = count()?;
    let baseline = fs::read_to_string(path()).context("there is no baseline")?;
    let (head, rows) = baseline.split_once('\n').unwrap_or((&baseline, ""));
    let here = toolchain()?;
    if head != here {
        return Ok(Outcome::Skipped(format!("the baseline was made by {head}, this is {here}")));
    }
    let expected = parse(rows)?;
    let mut worse = Vec::new();
    for (case, expected) in &expected {
        let Some(counted) = counts.get(case) else {
            bail!("`{case}` is in the baseline and was not counted")
        };
        if counted * 100 > expected * (100 + TOLERANCE_PERCENT) {
            worse.push(format!("{case}: {counted} instructions, {expected} in the baseline"));
        } else if counted * (100 + TOLERANCE_PERCENT) < expected * 100 {
            println!("less than before, --bless keeps it: {case}: {counted}, {expected} in the baseline");
        }
    }
    if let Some(case) = counts.keys().find(|case| !expected.contains_key(*case)) {
        bail!("`{case}` is not in the baseline; `cargo xtask instructions --bless` adds it");
    }
    if !worse.is_empty() {
        bail!("grown by more than {TOLERANCE_PERCENT} %:\n  {}", worse.join("\n  "));
    }
    println!("{} cases, none grown by more than {TOLERANCE_PERCENT} %", counts.len());
    Ok(Outcome::Passed)
}

/// Counts and makes that the baseline.
pub(crate) fn bless() -> Result<()> {
    if let Some(reason) = missing()? {
        bail!("{reason}");
    }
    let counts = count()?;
    let mut text = toolchain()? + "\n";
    for (case, count) in &counts {
        writeln!(text, "{count:>9}  {case}")?;
    }
    fs::write(path(), text).context("cannot write the baseline")
}

fn path() -> PathBuf {
    root().join("benches/instructions.txt")
}

fn toolchain() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").current_dir(root()).output().context("cannot run rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("unknown").trim();
    Ok(format!("rustc {}, {}", value("release:"), value("host:")))
}

fn parse(rows: &str) -> Result<BTreeMap<String, u64>> {
    let row = |row: &str| {
        let (count, case) = row.trim().split_once("  ").context("not a row of the baseline")?;
        Ok((case.to_owned(), count.parse()?))
    };
    rows.lines().map(row).collect()
}

/// Why nothing can be counted here, if so; valgrind is installed where it is missing.
pub(crate) fn missing() -> Result<Option<String>> {
    if process::find(VALGRIND.program).is_some() {
        return Ok(None);
    }
    if !is_root() {
        return Ok(Some("valgrind is not installed, and only root can install it".to_owned()));
    }
    install_missing(&[VALGRIND]).map(|()| None)
}

/// Runs a program that enters `function` once for each line that it prints, and once more, and returns these lines and how many
/// instructions each time took.
pub(crate) fn callgrind(
    program: &Path,
    arguments: &[&str],
    function: &str,
    limit: Duration,
) -> Result<(String, Vec<u64>)> {
    let folder = tempfile::tempdir()?;
    let dump = folder.path().join("dump");
    let mut command = Command::new(VALGRIND.program);
    command
        .args(["--tool=callgrind", &format!("--dump-before={function}")])
        .arg(format!("--callgrind-out-file={}", dump.display()))
        .arg(program)
        .args(arguments)
        .env("GLIBC_TUNABLES", TUNABLES);
    let finished = process::run(&mut command, folder.path(), limit)?;
    if !finished.status.success() {
        bail!("valgrind ended with {}: {}", finished.status, finished.stderr);
    }
    let lines = String::from_utf8(finished.stdout)?;
    // The first dump is what came before the first time.
    let numbers = 2..2 + lines.lines().count();
    let totals = numbers.map(|number| total(&dump.with_extension(number.to_string())));
    let totals = totals.collect::<Result<_>>()?;
    Ok((lines, totals))
}

/// Instructions per frame or line, without those that make the pieces.
fn count() -> Result<BTreeMap<String, u64>> {
    let program = cargo::build_release("sim800-benches", "instructions")?;
    let (cases, totals) = callgrind(&program, &[], "instructions::measured", LIMIT)?;
    let mut sums: BTreeMap<&str, Vec<(u64, u64, u64)>> = BTreeMap::new();
    for (line, total) in cases.lines().zip(totals) {
        let [case, units, times] = line.split('\t').collect::<Vec<_>>()[..] else {
            bail!("not a case: {line}")
        };
        sums.entry(case).or_default().push((units.parse()?, times.parse()?, total));
    }
    let mut counts = BTreeMap::new();
    for (case, sums) in &sums {
        let [(units, few, cost_of_few), (_, more, cost_of_more)] = sums[..] else {
            bail!("`{case}` was not counted twice")
        };
        counts.insert((*case).to_owned(), (cost_of_more - cost_of_few) / (more - few) / units);
    }
    let pieces: Vec<(String, u64)> = counts
        .iter()
        .filter_map(|(case, count)| Some((case.strip_prefix("pieces: ")?.to_owned(), *count)))
        .collect();
    for (case, cost) in pieces {
        counts.remove(&format!("pieces: {case}"));
        for kind in ["framer", "framer, event by event", "decoder"] {
            if let Some(count) = counts.get_mut(&format!("{kind}: {case}")) {
                *count -= cost;
            }
        }
    }
    Ok(counts)
}

/// The instructions in one dump.
fn total(dump: &Path) -> Result<u64> {
    let text = fs::read_to_string(dump).with_context(|| format!("no {}", dump.display()))?;
    let total =
        text.lines().find_map(|line| line.strip_prefix("totals:")).context("a dump without totals")?;
    Ok(total.trim().parse()?)
}
