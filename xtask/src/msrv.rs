//! The libraries build with the oldest toolchain that they promise to.

use anyhow::{Context as _, Result, bail};

use crate::cargo;
use crate::outcome::Outcome;
use crate::packages::unpacked::Toolchain;

/// Whose `rust-version` the libraries share; others may ask for more.
const LIBRARY: &str = "sim800-parser";

/// Checks them without their tests, whose dependencies nobody else builds.
pub(crate) fn check() -> Result<Outcome> {
    let metadata = cargo::metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let promised = packages
        .iter()
        .find(|package| package["name"] == LIBRARY)
        .and_then(|package| package["rust_version"].as_str())
        .with_context(|| format!("{LIBRARY} has no rust-version"))?;
    let toolchain = match Toolchain::unpack("msrv", Some(promised), &[]) {
        Ok(toolchain) => toolchain,
        Err(e) => return Ok(Outcome::Skipped(format!("{e:#}"))),
    };
    let mut arguments = vec!["check", "--locked", "--target-dir", "target/msrv"];
    for package in packages.iter().filter(|package| package["rust_version"] == promised) {
        arguments.extend(["--package", package["name"].as_str().context("a package without a name")?]);
    }
    let status = toolchain.cargo(&arguments).status()?;
    if !status.success() {
        bail!("not all libraries build with Rust {} ({status})", toolchain.release);
    }
    Ok(Outcome::Passed)
}
