//! `cargo xtask miri`: the parser's tests in an interpreter that knows what memory may be read.
//!
//! The parser has no `unsafe` of its own; what is looked at is how it uses that of its dependencies.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::root;

const TOOLCHAIN: &str = "+nightly";

/// Whether every test passes.
pub(crate) fn run() -> Result<bool> {
    let installed = Command::new("cargo").args([TOOLCHAIN, "miri", "--version"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        println!(
            "skipped: no Miri; `rustup toolchain install nightly --component miri,rust-src` installs it"
        );
        return Ok(true);
    }
    // Properties are tried on few cases: one takes as long as a thousand do otherwise.
    let status = Command::new("cargo")
        .args([TOOLCHAIN, "miri", "test", "--package", "sim800-parser", "--all-features"])
        .args(["--lib", "--tests", "--target-dir", "target/miri"])
        .env("MIRIFLAGS", "-Zmiri-disable-isolation")
        .env("PROPTEST_CASES", "4")
        .current_dir(root())
        .status()
        .context("cannot run cargo")?;
    Ok(status.success())
}
