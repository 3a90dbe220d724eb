//! curl, wget, pip, apt and git through `sim800 proxy`, and openssl over `sim800 nc`, on a line that loses octets. By hand: `cargo xtask
//! clients`.
//!
//! Nobody goes on with a stream that broke but who speaks over it. So what is asked of us is that a program never takes a part for the
//! whole: it either has everything to the octet, or it failed and is run again, as often as it takes. How often that is, is told.

mod commands;
mod files;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use self::commands::{CLIENTS, Client};
use self::files::{Files, read};
use super::program::{Emulator, Program};
use super::proxy::{Talk, body, talk};
use super::{RUNTIMES, expect_same};
use crate::outcome::Outcome;
use crate::packages::{self, Package};
use crate::process::{self, Finished};
use crate::servers::Nginx;
use crate::{cargo, servers};

/// How often a program is run at most, its own tries not counted.
const TRIES: u32 = 30;
/// How long one run may take.
const LIMIT: Duration = Duration::from_secs(300);

const PACKAGES: &[Package] = &[
    servers::NGINX,
    Package { name: "openssl", program: "openssl" },
    Package { name: "curl", program: "curl" },
    Package { name: "wget", program: "wget" },
    Package { name: "git", program: "git" },
    Package { name: "dpkg", program: "dpkg-deb" },
    Package { name: "python3-pip", program: "pip3" },
];

/// What the line to the module does.
#[derive(clap::Args)]
pub(crate) struct Line {
    /// Of how many bytes, both ways together, the line loses one
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..), value_name = "BYTES")]
    one_in: u32,
    /// What decides which
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// What programs fetch, and from whom.
pub(crate) struct World {
    pub(crate) nginx: Nginx,
    pub(crate) git: servers::GitServer,
    pub(crate) files: Files,
}

pub(crate) fn run(line: &Line) -> Result<Outcome> {
    if !packages::is_root() && PACKAGES.iter().any(|package| process::find(package.program).is_none()) {
        return Ok(Outcome::Skipped("needs root, to install what is missing".to_owned()));
    }
    packages::install_missing(PACKAGES)?;
    let path = cargo::build_program("sim800-cli")?;
    let folder = tempfile::Builder::new().prefix("sim800-").tempdir()?;
    let nginx = Nginx::start(&folder.path().join("nginx"))?;
    let files = Files::make(&nginx, &folder.path().join("made"))?;
    let git = servers::GitServer::start(&folder.path().join("git"), files::CLONED, &files.cloned)?;
    let world = World { nginx, git, files };
    let fault = format!("drop 1 in {} seed {}", line.one_in, line.seed);
    for (name, faults) in [("exact", &[][..]), ("lossy", &[fault][..])] {
        let emulator = Emulator::start(&path, folder.path(), name, faults)?;
        for runtime in RUNTIMES {
            let place = folder.path().join(format!("{name}-{runtime}"));
            let program = Program::new(&path, &emulator, runtime, &world.nginx.certificate, &place)?;
            println!("{runtime}, {}:", faults.first().map_or("a line that loses nothing", String::as_str));
            let broken = serve_all(&world, &program, &place)? + converse(&world, &program)?;
            if faults.is_empty() {
                ensure!(broken == 0, "{broken} requests broke although nothing was lost");
            } else {
                ensure!(broken > 0, "nothing broke: have more lost by --one-in");
            }
        }
    }
    Ok(Outcome::Passed)
}

/// Has every program fetch what it can through a proxy of its own; how many requests broke.
fn serve_all(world: &World, program: &Program<'_>, place: &Path) -> Result<usize> {
    let mut all = 0;
    for client in CLIENTS {
        let arguments = ["--json", "proxy", "--listen", "127.0.0.1:0"];
        let (process, said) = program.serve(&arguments, |said| said.contains("\"listen\""))?;
        let address = objects(&said).find_map(|object| Some(object["listen"].as_str()?.to_owned()));
        let proxy = format!("http://{}", address.context("no address")?);
        let start = Instant::now();
        let tries = fetch(world, client, &proxy, &place.join("client"));
        let seconds = start.elapsed().as_secs_f64();
        // It tells what it has not told yet.
        drop(process);
        let said = program.served()?;
        let tries = tries.with_context(|| format!("{}; the proxy said: {said}", client.name))?;
        let requests: Vec<Value> = objects(&said).filter(|object| object.get("method").is_some()).collect();
        // A program that has enough gives up.
        let is_broken =
            |request: &&Value| !request["error"].is_null() && request["error"]["kind"] != "given-up";
        let broken = requests.iter().filter(is_broken).count();
        all += broken;
        let down: u64 = requests.iter().filter_map(|request| request["down"].as_u64()).sum();
        let (name, requests) = (client.name, requests.len());
        println!(
            "  {name:<12} exact, run {tries} times; {requests} requests, {broken} of them broke; {down} octets down, {seconds:.1} s"
        );
    }
    Ok(all)
}

/// Runs a program until it has what it is to have; how often that was.
fn fetch(world: &World, client: &Client, proxy: &str, folder: &Path) -> Result<u32> {
    let expected = (client.expected)(world);
    for tries in 1..=TRIES {
        // Nothing is left of the run before.
        let (files, scratch) = (folder.join("files"), folder.join("output"));
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(&files)?;
        fs::create_dir_all(&scratch)?;
        let mut command = (client.command)(world, proxy, &files)?;
        let Finished { status, stderr, .. } = process::run(&mut command, &scratch, LIMIT)?;
        if !status.success() {
            println!("  {:<12} failed: {}", client.name, stderr.lines().last().unwrap_or("it said nothing"));
            continue;
        }
        let found = read(&files)?;
        for (name, octets) in &expected {
            expect_same(name, found.get(name).with_context(|| format!("no {name}, but success"))?, octets)?;
        }
        return Ok(tries);
    }
    bail!("{TRIES} runs, and none succeeded")
}

/// Has `openssl s_client` speak TLS over `sim800 nc`, until it has what it is to have; how often that broke.
fn converse(world: &World, program: &Program<'_>) -> Result<usize> {
    const NAME: &str = "nc, s_client";
    for tries in 1..=TRIES {
        let Talk { nc, openssl } = talk(program, &world.nginx, Nginx::TLS[1], files::FETCHED)?;
        let got = body(&openssl.stdout).unwrap_or_default();
        if got == world.files.fetched {
            println!("  {NAME:<12} exact, run {tries} times");
            return Ok(tries as usize - 1);
        }
        ensure!(
            !nc.success() || !openssl.status.success(),
            "both say that all is well, with {} octets",
            got.len()
        );
        println!("  {NAME:<12} failed: nc {nc}, openssl {}, {} octets", openssl.status, got.len());
    }
    bail!("{TRIES} runs, and none succeeded")
}

/// The objects among the lines that a program printed.
fn objects(said: &str) -> impl Iterator<Item = Value> + '_ {
    said.lines().filter_map(|line| serde_json::from_str(line).ok())
}
