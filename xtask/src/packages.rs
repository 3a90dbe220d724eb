//! Programs that come from the distribution.

pub(crate) mod unpacked;

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::process::find;

/// What a step needs: the Debian package, and the program it brings.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
}

/// Whether this process may install packages, change users and bind what it likes.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Installs those of `packages` whose program is missing. Needs root and `apt-get`.
pub(crate) fn install_missing(packages: &[Package]) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|package| find(package.program).is_none())
        .map(|package| package.name)
        .collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Installs packages by their names. Needs root and `apt-get`.
pub(crate) fn install(names: &[&str]) -> Result<()> {
    if find("apt-get").is_none() {
        bail!("{} not installed, and there is no apt-get to install with", names.join(" and "));
    }
    println!("installing {} by apt-get", names.join(" and "));
    let _policy = NoDaemons::declare()?;
    apt_get(&["update"])?;
    // Never at the price of something the machine's owner has installed: FTP servers exclude each other.
    let mut arguments = vec!["install", "--yes", "--no-install-recommends", "--no-remove"];
    arguments.extend(names);
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    apt("apt-get", arguments, Path::new("/")).map(drop)
}

/// Runs one of apt's programs in `folder`; what it prints.
fn apt(program: &str, arguments: &[&str], folder: &Path) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .envs([("DEBIAN_FRONTEND", "noninteractive"), ("LC_ALL", "C")])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let cause = said.lines().rfind(|line| line.starts_with("E:")).unwrap_or("no cause given");
        bail!("{program} {} failed: {cause}", arguments.join(" "));
    }
    Ok(String::from_utf8(output.stdout)?)
}

const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_TEXT: &str = "\
#!/bin/sh
# Written by `cargo xtask` of the sim800 project while it installs packages; it removes this file afterwards.
exit 101
";

/// Packages start their daemons when they are installed, unless `policy-rc.d` says 101. This one says so for
/// as long as the value lives. A policy that the machine's owner has made is left alone.
struct NoDaemons;

impl NoDaemons {
    fn declare() -> Result<Option<Self>> {
        let created = OpenOptions::new().write(true).create_new(true).mode(0o755).open(POLICY);
        let write = |mut file: File| file.write_all(POLICY_TEXT.as_bytes()).map(|()| Some(Self));
        match created.and_then(write) {
            // Ours, left behind by a run that was killed half-way.
            Err(e) if e.kind() == ErrorKind::AlreadyExists && fs::read(POLICY)? == POLICY_TEXT.as_bytes() => {
                Ok(Some(Self))
            }
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(None),
            other => other.with_context(|| format!("cannot write {POLICY}")),
        }
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_file(Path::new(POLICY)) {
            eprintln!("cannot remove {POLICY}, please do: {e}");
        }
    }
}
