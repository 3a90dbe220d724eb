//! Packages that are fetched and unpacked into a folder of the build, and not installed: toolchains and emulators exclude
//! others of their kind, and what the machine has is not ours to remove. It takes no root.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{apt, apt_get, is_root};
use crate::process::find;
use crate::{cargo, root};

/// A toolchain of the distribution, with what else was asked for.
pub(crate) struct Toolchain {
    folder: PathBuf,
    /// Such as `1.85.0`.
    pub(crate) release: String,
}

impl Toolchain {
    /// Unpacks Debian's toolchain of Rust and the packages `beside`, into a folder called `name`: the newest one of
    /// `release`, such as `1.85`, or of all.
    pub(crate) fn unpack(name: &str, release: Option<&str>, beside: &[&str]) -> Result<Self> {
        if find("apt-get").is_none() || find("dpkg-deb").is_none() {
            bail!("there is no apt-get to fetch packages with");
        }
        let unpack = || Self::unpack_listed(name, release, beside);
        if release.is_some()
            && let Ok(toolchain) = unpack()
        {
            return Ok(toolchain);
        }
        // What apt knows may be nothing yet, or what was there a month ago, when another was the newest.
        let updated = if is_root() { apt_get(&["update"]) } else { Ok(()) };
        unpack().map_err(|error| match updated {
            Ok(()) => error,
            Err(cause) => error.context(format!("{cause:#}; before that")),
        })
    }

    fn unpack_listed(name: &str, release: Option<&str>, beside: &[&str]) -> Result<Self> {
        let known = apt("apt-cache", &["madison", "rustc-web"], root())?;
        let Some((release, version)) = newest(&known, release) else {
            bail!("the distribution has no rustc-web {}", release.unwrap_or_default());
        };
        let minor = release.rsplit_once('.').map_or(release, |(minor, _)| minor);
        let library = format!("libstd-rust-web-{minor}");
        let mut wanted: Vec<String> = ["rustc-web", "cargo-web", "libstd-rust-web-dev", &library]
            .map(|package| format!("{package}={version}"))
            .into();
        wanted.extend(beside.iter().map(|package| (*package).to_owned()));
        let folder = cargo::target_folder()?.join("packages").join(name);
        fetch(&folder, &wanted)?;
        Ok(Self { folder, release: release.to_owned() })
    }

    /// The program `name` that was unpacked, with the libraries that came with it.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        command.stdin(Stdio::null()).env("LD_LIBRARY_PATH", self.libraries());
        command
    }

    /// Cargo in the project's folder, with nothing left of the one that runs us.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        println!("$ cargo-{} {}", self.release, arguments.join(" "));
        let mut command = self.program("cargo");
        for name in ["CARGO", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTUP_TOOLCHAIN"] {
            command.env_remove(name);
        }
        command.env("RUSTC", self.path("rustc")).env("RUSTDOC", self.path("rustdoc"));
        command.args(arguments).current_dir(root());
        command
    }

    /// Where the program `name` was unpacked.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join("usr/bin").join(name)
    }

    fn libraries(&self) -> OsString {
        let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
        let folders = ["usr/lib", "lib"].map(|folder| self.folder.join(folder).join(&triplet));
        let [usr, lib] = &folders;
        [usr.as_os_str(), lib.as_os_str()].join(OsStr::new(":"))
    }
}

/// The newest version in what `apt-cache madison` prints, and the release of Rust that it is of.
fn newest<'m>(madison: &'m str, release: Option<&str>) -> Option<(&'m str, &'m str)> {
    madison.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim).find_map(|version| {
        let number = version.split(['+', '-', '~']).next()?;
        let is_wanted = release.is_none_or(|release| {
            number.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        is_wanted.then_some((number, version))
    })
}

/// What is unpacked in a folder, to see whether it is what is wanted.
const CONTENT: &str = "content";

/// Makes `folder` hold the packages `wanted`, and those that they depend on and that are not installed.
fn fetch(folder: &Path, wanted: &[String]) -> Result<()> {
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let options = ["install", "--simulate", "--no-install-recommends"];
    let simulated = apt("apt-get", &[&options[..], &wanted].concat(), root())?;
    let content = packages(&simulated, &wanted);
    let list = content.join("\n");
    if fs::read_to_string(folder.join(CONTENT)).is_ok_and(|unpacked| unpacked == list) {
        return Ok(());
    }
    println!("fetching {} packages: {}", content.len(), content.join(" "));
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let fetched = folder.join("fetched");
    fs::create_dir_all(&fetched)?;
    let packages: Vec<&str> = content.iter().map(String::as_str).collect();
    apt("apt-get", &[&["download"][..], &packages].concat(), &fetched)?;
    for package in fs::read_dir(&fetched)? {
        let package = package?.path();
        let status = Command::new("dpkg-deb").arg("--extract").arg(&package).arg(folder).status()?;
        if !status.success() {
            bail!("cannot unpack {} ({status})", package.display());
        }
    }
    fs::remove_dir_all(fetched)?;
    fs::write(folder.join(CONTENT), list).context("cannot write what is unpacked")
}

/// The packages that an installation would bring, as `name=version`, and those that are `wanted` in any case.
fn packages(simulated: &str, wanted: &[&str]) -> Vec<String> {
    let mut packages: Vec<String> = simulated
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
            // What is installed of it stands before, in brackets.
            let (_, version) = rest.split_once('(')?;
            Some(format!("{name}={}", version.split(' ').next()?))
        })
        .collect();
    for package in wanted {
        let name = package.split('=').next().unwrap_or(package);
        if !packages.iter().any(|listed| listed.split('=').next() == Some(name)) {
            packages.push((*package).to_owned());
        }
    }
    packages.sort();
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_a_release_is_found() {
        let known = " rustc-web | 1.96.0+dfsg1-1~deb12u2 | http://deb.example main\n \
             rustc-web | 1.85.0+dfsg3-1~deb12u3 | http://deb.example main\n rustc-web | 1.8.0-1 | http://deb.example";
        assert_eq!(newest(known, None), Some(("1.96.0", "1.96.0+dfsg1-1~deb12u2")));
        assert_eq!(newest(known, Some("1.85")), Some(("1.85.0", "1.85.0+dfsg3-1~deb12u3")));
        assert_eq!(newest(known, Some("1.8")), Some(("1.8.0", "1.8.0-1")));
        assert_eq!(newest(known, Some("1.90")), None);
        assert_eq!(newest("", None), None);
    }

    #[test]
    fn what_is_installed_is_fetched_only_when_it_is_wanted() {
        let simulated = "Remv qemu-utils [10.0]\nInst libfdt1 (1.6.1-4+b1 Debian:12 [amd64])\n\
             Inst rustc-web [1.96.0] (1.85.0+dfsg3-1 Debian:12 [amd64])\nConf libfdt1 (1.6.1-4+b1 Debian:12 [amd64])";
        assert_eq!(
            packages(simulated, &["rustc-web=1.85.0+dfsg3-1", "qemu-system-arm"]),
            ["libfdt1=1.6.1-4+b1", "qemu-system-arm", "rustc-web=1.85.0+dfsg3-1"]
        );
    }
}
