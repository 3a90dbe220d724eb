//! `cargo xtask soak`: builds the program of the package `sim800-soak` as it is released, and runs it.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo;

/// Whether it found all in order; it says itself what was not.
pub(crate) fn run(options: &[OsString]) -> Result<bool> {
    let program = cargo::build_release("sim800-soak", "sim800-soak")?;
    let status = Command::new(program).args(options).status().context("cannot run the soak")?;
    Ok(status.success())
}
