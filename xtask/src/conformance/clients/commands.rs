//! The programs, and how each is told of the proxy. None of them uses or changes what the machine has set for it.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::World;
use super::files::{CLONED, Contents, FETCHED, PACKAGE, WHEEL_NAMES};
use crate::servers::Nginx;

/// How often a program tries again by itself, where it does.
const AGAIN: &str = "20";

/// A program, and what it is to bring.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// What fetches into a folder by a proxy.
    pub(crate) command: fn(&World, &str, &Path) -> Result<Command>,
    pub(crate) expected: fn(&World) -> Contents,
}

pub(crate) const CLIENTS: &[Client] = &[
    Client { name: "curl", command: curl, expected: one },
    Client { name: "curl, http", command: curl_plain, expected: one },
    Client { name: "wget", command: wget, expected: one },
    Client { name: "pip", command: pip, expected: |world| world.files.wheels.clone() },
    Client {
        name: "apt, http",
        command: |world, proxy, folder| apt(&world.nginx.url("apt"), world, proxy, folder),
        expected: package,
    },
    Client {
        name: "apt, https",
        command: |world, proxy, folder| apt(&secure(world, "apt"), world, proxy, folder),
        expected: package,
    },
    Client {
        name: "git",
        command: git,
        expected: |world| [(CLONED.to_owned(), world.files.cloned.clone())].into(),
    },
];

fn one(world: &World) -> Contents {
    [(FETCHED.to_owned(), world.files.fetched.clone())].into()
}

fn package(world: &World) -> Contents {
    [(PACKAGE.1.to_owned(), world.files.package.clone())].into()
}

fn secure(world: &World, name: &str) -> String {
    world.nginx.secure_url(Nginx::TLS[1], name)
}

/// A program in a folder, with nothing but what it is told.
fn program(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("HOME", folder).env("LC_ALL", "C").current_dir(folder);
    command
}

fn curl(world: &World, proxy: &str, folder: &Path) -> Result<Command> {
    let mut command = program("curl", folder);
    command.args(["--disable", "--silent", "--show-error", "--fail", "--proxy", proxy, "--noproxy", ""]);
    command.args(["--retry", AGAIN, "--retry-all-errors", "--retry-delay", "1", "--output", FETCHED]);
    command.arg("--cacert").arg(&world.nginx.certificate).arg(secure(world, FETCHED));
    Ok(command)
}

fn curl_plain(world: &World, proxy: &str, folder: &Path) -> Result<Command> {
    let mut command = program("curl", folder);
    command.args(["--disable", "--silent", "--show-error", "--fail", "--proxy", proxy, "--noproxy", ""]);
    command.args(["--output", FETCHED, &world.nginx.url(FETCHED)]);
    Ok(command)
}

fn wget(world: &World, proxy: &str, folder: &Path) -> Result<Command> {
    let mut command = program("wget", folder);
    command.args([
        "--no-config",
        "--no-verbose",
        "--tries",
        AGAIN,
        "--waitretry=1",
        "--output-document",
        FETCHED,
    ]);
    command.args(["-e", "use_proxy=yes", "-e", &format!("https_proxy={proxy}")]);
    command
        .arg(format!("--ca-certificate={}", world.nginx.certificate.display()))
        .arg(secure(world, FETCHED));
    Ok(command)
}

fn pip(world: &World, proxy: &str, folder: &Path) -> Result<Command> {
    let mut command = program("python3", folder);
    command.args(["-m", "pip", "--isolated", "--disable-pip-version-check", "--no-cache-dir", "--quiet"]);
    command
        .args(["--retries", AGAIN, "--timeout", "60", "--proxy", proxy, "--cert"])
        .arg(&world.nginx.certificate);
    command.args(["download", "--index-url", &secure(world, "simple"), "--dest", ".", WHEEL_NAMES[0]]);
    Ok(command)
}

/// With a root of its own, so that nothing of the machine's is used or changed.
fn apt(archive: &str, world: &World, proxy: &str, folder: &Path) -> Result<Command> {
    let root = folder.join("root");
    for place in [
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
        "var/lib/dpkg",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
    ] {
        fs::create_dir_all(root.join(place))?;
    }
    fs::write(root.join("var/lib/dpkg/status"), "")?;
    fs::write(root.join("etc/apt/sources.list"), format!("deb [trusted=yes] {archive} ./\n"))?;
    let settings = format!(
        "Dir \"{}\";\nDir::State::status \"{}\";\nAPT::Sandbox::User \"\";\nAcquire::Retries \"{AGAIN}\";\nAcquire::Languages \"none\";\n\
         Acquire::http::Proxy \"{proxy}\";\nAcquire::https::Proxy \"{proxy}\";\nAcquire::https::CAInfo \"{}\";\n",
        root.display(),
        root.join("var/lib/dpkg/status").display(),
        world.nginx.certificate.display()
    );
    let configuration = root.join("apt.conf");
    fs::write(&configuration, settings)?;
    // `update` says by its exit status alone what it could not fetch if it is told to.
    let script = "apt-get --quiet=2 --error-on=any update && exec apt-get --quiet=2 download \"$1\"";
    let mut command = program("sh", folder);
    command.env("APT_CONFIG", configuration).args(["-c", script, "sh", PACKAGE.0]);
    Ok(command)
}

fn git(world: &World, proxy: &str, folder: &Path) -> Result<Command> {
    let mut command = program("git", folder);
    command.env("GIT_CONFIG_NOSYSTEM", "1").args(["-c", &format!("http.proxy={proxy}")]);
    command.args(["-c", &format!("http.sslCAInfo={}", world.git.certificate.display())]);
    // Into the folder itself, which has to be empty.
    command.args(["clone", "--quiet", &world.git.url(), "."]);
    Ok(command)
}
