//! The program against real servers: what it moves is compared on the server's own disk.
//!
//! Three real processes stand in a row: `sim800` on each of its runtimes, `sim800 emulate` over a pty, and a server on
//! loopback.

mod breaks;
pub(crate) mod clients;
mod fs;
mod ftp;
mod http;
mod https;
mod payload;
mod program;
mod proxy;

use std::iter;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use self::payload::difference;
use self::program::{Emulator, Program};
use crate::outcome::Outcome;
use crate::servers::{FtpServer, Nginx, Tinyproxy, pyftpdlib, vsftpd};
use crate::{cargo, packages, servers};

const RUNTIMES: [&str; 2] = ["smol", "tokio"];
/// After so many failures the rest would say nothing new, and may take a time limit each.
const PATIENCE: u32 = 5;

/// Starts the servers and the emulator, and runs every case on every runtime.
pub(crate) fn run() -> Result<Outcome> {
    if !packages::is_root() {
        return Ok(Outcome::Skipped("needs root, for vsftpd and to install what is missing".to_owned()));
    }
    if let Err(e) = packages::install_missing(servers::PACKAGES) {
        return Ok(Outcome::Skipped(format!("{e:#}")));
    }
    let path = cargo::build_program("sim800-cli")?;
    let folder = tempfile::Builder::new().prefix("sim800-").tempdir()?;
    let mut nginx = Nginx::start(&folder.path().join("nginx"))?;
    let tinyproxy = Tinyproxy::start(&folder.path().join("tinyproxy"))?;
    let vsftpd = vsftpd::start(&folder.path().join("vsftpd"))?;
    let another = start_pyftpdlib(&folder.path().join("pyftpdlib"))?;
    let mut ftp_servers: Vec<(FtpServer, &[usize])> = iter::once((vsftpd, &ftp::SIZES[..]))
        .chain(another.map(|server| (server, &ftp::FEW_SIZES[..])))
        .collect();
    // One module for all, so that every case starts with what the one before has left in it.
    let emulator = Emulator::start(&path, folder.path(), "module", &[])?;
    let fault = format!("drop 1 in {} seed 7", https::ONE_IN);
    let lossy = Emulator::start(&path, folder.path(), "lossy", &[fault])?;
    let roots = nginx.certificate.clone();

    let mut tally = Tally::default();
    for runtime in RUNTIMES {
        let program = Program::new(&path, &emulator, runtime, &roots, &folder.path().join(runtime))?;
        tally.server = "nginx";
        http::check(&mut tally, &program, &nginx, &tinyproxy);
        proxy::check(&mut tally, &program, &nginx);
        https::check(&mut tally, &program, &nginx);
        let on_lossy = Program::new(&path, &lossy, runtime, &roots, &folder.path().join(runtime))?;
        https::check_lossy(&mut tally, &on_lossy, &nginx);
        tally.server = "module";
        fs::check(&mut tally, &program);
        for (server, sizes) in &ftp_servers {
            tally.server = server.name();
            ftp::check(&mut tally, &program, server, sizes);
            fs::check_with_server(&mut tally, &program, server);
            proxy::check_ftp(&mut tally, &program, server);
        }
        // What breaks takes its time, and the runtimes have nothing to do with it: one each.
        if runtime == RUNTIMES[0] {
            tally.server = "nginx";
            breaks::check_http(&mut tally, &program, &mut nginx);
        } else if let Some((vsftpd, _)) = ftp_servers.first_mut() {
            tally.server = vsftpd.name();
            breaks::check_ftp(&mut tally, &program, vsftpd);
        }
    }
    println!("conformance: {} passed, {} failed, {} not run", tally.passed, tally.failed, tally.not_run);
    ensure!(tally.failed == 0, "{} failed, {} not run", tally.failed, tally.not_run);
    Ok(Outcome::Passed)
}

/// Starts the FTP server that does not come from the distribution; nothing where it cannot be installed.
fn start_pyftpdlib(folder: &Path) -> Result<Option<FtpServer>> {
    let environment = cargo::target_folder()?.join("pyftpdlib");
    match pyftpdlib::install(&environment) {
        Ok(()) => pyftpdlib::start(&environment, folder).map(Some),
        Err(e) => {
            println!("without pyftpdlib: {e:#}");
            Ok(None)
        }
    }
}

#[derive(Default)]
struct Tally {
    /// What the program is run against, for people.
    server: &'static str,
    passed: u32,
    failed: u32,
    not_run: u32,
}

impl Tally {
    fn case(&mut self, program: &Program<'_>, name: &str, size: usize, check: impl FnOnce() -> Result<()>) {
        if self.failed == PATIENCE {
            self.not_run += 1;
            return;
        }
        let start = Instant::now();
        let result = check().and_then(|()| program.expect_no_litter());
        let seconds = start.elapsed().as_secs_f64();
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        let (runtime, server) = (program.runtime(), self.server);
        println!("{runtime:<5} {server:<9} {name:<24} {size:>9} octets {seconds:>7.2} s  {word}");
        match result {
            Ok(()) => self.passed += 1,
            Err(e) => {
                self.failed += 1;
                println!("      {e:#}");
            }
        }
    }
}

fn expect_same(what: &str, got: &[u8], expected: &[u8]) -> Result<()> {
    match difference(got, expected) {
        Some(difference) => bail!("{what} differs: {difference}"),
        None => Ok(()),
    }
}

fn expect_field(object: &Value, field: &str, expected: usize) -> Result<()> {
    ensure!(object[field] == expected, "expected \"{field}\":{expected} in {object}");
    Ok(())
}
