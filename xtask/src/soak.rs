//! `cargo xtask soak`: builds the program of the package `sim800-soak` as it is released, and runs it.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo;

/// Has glibc give back what is free, instead of keeping it for later in one part of the heap per thread: what is resident is what is
/// in use then, and does not depend on which thread needed most at which time. Other allocators know nothing of it.
const GIVE_BACK: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "4096"), ("MALLOC_TRIM_THRESHOLD_", "65536")];

/// Whether it found all in order; it says itself what was not.
pub(crate) fn run(options: &[OsString]) -> Result<bool> {
    let program = cargo::build_release("sim800-soak", "sim800-soak")?;
    let status =
        Command::new(program).args(options).envs(GIVE_BACK).status().context("cannot run the soak")?;
    Ok(status.success())
}
