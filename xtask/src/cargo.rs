//! Calls to cargo.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::root;

/// The cargo that runs us, in the workspace's folder.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    hide_package(&mut command);
    command
}

/// Hides what cargo tells us of our own package from a program that builds: build scripts that look at that would run anew, and all that
/// stands on them be built anew, whenever what we have built is built by hand next, or the other way round.
pub(crate) fn hide_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// Runs cargo; its output goes to ours.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    println!("$ cargo {}", arguments.join(" "));
    let status = command(arguments).envs(environment.iter().copied()).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("`cargo {}` failed ({status})", arguments.join(" "));
    }
    Ok(())
}

/// `cargo metadata` of the workspace's own packages.
pub(crate) fn metadata() -> Result<Value> {
    let output =
        command(&["metadata", "--format-version=1", "--no-deps"]).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("`cargo metadata` failed ({})", output.status);
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")
}

/// Where cargo builds.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let metadata = metadata()?;
    let path = metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
    Ok(PathBuf::from(path))
}

/// Builds the only program of `package` and says where it is.
pub(crate) fn build_program(package: &str) -> Result<PathBuf> {
    build_with(package, &[])
}

/// The same for one of several programs, as it is released.
pub(crate) fn build_release(package: &str, program: &str) -> Result<PathBuf> {
    build_with(package, &["--release", "--bin", program])
}

/// The same with more options for cargo.
pub(crate) fn build_with(package: &str, options: &[&str]) -> Result<PathBuf> {
    let arguments =
        [&["build", "--message-format=json-render-diagnostics", "--package", package], options].concat();
    println!("$ cargo {}", arguments.join(" "));
    let output = command(&arguments).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("`cargo build --package {package}` failed ({})", output.status);
    }
    output
        .stdout
        .split(|octet| *octet == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("{package} has no program"))
}

/// The machine that programs are built for here, as rustc names it.
pub(crate) fn host() -> Result<String> {
    let output =
        Command::new("rustc").args(["--print", "host-tuple"]).output().context("cannot run rustc")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
