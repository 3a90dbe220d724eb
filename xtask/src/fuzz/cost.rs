//! What the parser's work costs for each octet of the inputs that a campaign has found, counted in instructions: no input makes an
//! octet dearer than the bound.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::MANIFEST;
use crate::{cargo, instructions, root};

/// The targets whose inputs are what the parser frames.
const TARGETS: [&str; 3] = ["agreement", "cuts", "framer"];
/// The most instructions for an octet, in reads of one octet, and for what is done once for an input and its commands.
const AN_OCTET: u64 = 1000;
const ONCE: u64 = 100_000;
/// Under callgrind everything takes some fifty times as long.
const LIMIT: Duration = Duration::from_secs(1800);

/// Counts, where the inputs of the target are such, and returns why not where nothing can be counted.
pub(super) fn check(target: &str) -> Result<Option<String>> {
    if !TARGETS.contains(&target) {
        return Ok(None);
    }
    if let Some(reason) = instructions::missing()? {
        return Ok(Some(reason));
    }
    cargo::run(&[&["build", "--quiet", "--release", "--example", "cost"][..], &MANIFEST].concat(), &[])?;
    let program = root().join("target/fuzz/release/examples/cost");
    let (lines, totals) = instructions::callgrind(&program, &[target], "cost::measured", LIMIT)?;
    let mut worst = (0, "none");
    for (line, total) in lines.lines().zip(totals) {
        let (octets, input) = line.split_once('\t').context("not a line of the example")?;
        let octets: u64 = octets.parse()?;
        let an_octet = total.saturating_sub(ONCE) / octets.max(1);
        ensure!(
            an_octet <= AN_OCTET,
            "{input}: {an_octet} instructions for each of {octets} octets, and {AN_OCTET} are the limit"
        );
        worst = worst.max((an_octet, input));
    }
    let (an_octet, input) = worst;
    println!("{target}: at most {an_octet} instructions for an octet, of {AN_OCTET}: {input}");
    Ok(None)
}
