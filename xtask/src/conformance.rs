//! The program against servers from the distribution: what it moves is compared on the server's own disk.
//!
//! Three real processes stand in a row: `sim800` on each of its runtimes, `sim800 emulate` over a pty, and nginx or
//! vsftpd on loopback.

mod payload;
mod program;

use std::fs;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use self::payload::{difference, payload};
use self::program::{Emulator, FETCHED, Program, SENT};
use crate::servers::{Nginx, Vsftpd};
use crate::test::Outcome;
use crate::{cargo, packages, servers};

const RUNTIMES: [&str; 2] = ["smol", "tokio"];
/// Nothing, one octet, what stands around one block of FTPGET, and many blocks.
const FTP_SIZES: [usize; 7] = [0, 1, 1459, 1460, 1461, 300_000, 3_000_000];
/// As for FTP; the last is all that the module's HTTP buffer holds.
const HTTP_SIZES: [usize; 7] = [0, 1, 1459, 1460, 1461, 300_000, 319_488];
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
    let nginx = Nginx::start(&folder.path().join("nginx"))?;
    let vsftpd = Vsftpd::start(&folder.path().join("vsftpd"))?;
    // One module for all, so that every case starts with what the one before has left in it.
    let emulator = Emulator::start(&path, folder.path())?;

    let mut tally = Tally::default();
    for runtime in RUNTIMES {
        let program = Program::new(&path, &emulator, runtime, &folder.path().join(runtime))?;
        for size in FTP_SIZES {
            tally.case(&program, "ftp put, ftp size", size, || ftp_put(&program, &vsftpd, size));
            tally.case(&program, "ftp get", size, || ftp_get(&program, &vsftpd, size, &[]));
        }
        tally.case(&program, "ftp put --append", 300_000, || ftp_append(&program, &vsftpd, 300_000));
        tally.case(&program, "ftp get --active", 300_000, || {
            ftp_get(&program, &vsftpd, 300_000, &["--active"])
        });
        tally.case(&program, "ftp get, wrong password", 0, || ftp_wrong_password(&program, &vsftpd));
        for size in HTTP_SIZES {
            tally.case(&program, "http get", size, || http_get(&program, &nginx, size));
            tally.case(&program, "http post", size, || http_post(&program, &nginx, size));
        }
        tally
            .case(&program, "http get, to stdout", 300_000, || http_get_to_stdout(&program, &nginx, 300_000));
        tally.case(&program, "http get, no such file", 0, || http_get_missing(&program, &nginx));
    }
    println!("conformance: {} passed, {} failed, {} not run", tally.passed, tally.failed, tally.not_run);
    ensure!(tally.failed == 0, "{} failed, {} not run", tally.failed, tally.not_run);
    Ok(Outcome::Passed)
}

#[derive(Default)]
struct Tally {
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
        println!("{:<5} {name:<24} {size:>9} octets {seconds:>7.2} s  {word}", program.runtime());
        match result {
            Ok(()) => self.passed += 1,
            Err(e) => {
                self.failed += 1;
                println!("      {e:#}");
            }
        }
    }
}

fn ftp_put(program: &Program<'_>, server: &Vsftpd, size: usize) -> Result<()> {
    let (octets, url) = (payload(size, 1), server.url("put.bin"));
    program.give(&octets)?;
    expect_field(&program.succeed(&["ftp", "put", SENT, &url])?, "octets", size)?;
    expect_same("the stored file", &fs::read(server.file("put.bin"))?, &octets)?;
    expect_field(&program.succeed(&["ftp", "size", &url])?, "octets", size)
}

fn ftp_append(program: &Program<'_>, server: &Vsftpd, size: usize) -> Result<()> {
    let (first, second, url) = (payload(1461, 2), payload(size, 3), server.url("append.bin"));
    program.give(&first)?;
    program.succeed(&["ftp", "put", SENT, &url])?;
    program.give(&second)?;
    program.succeed(&["ftp", "put", "--append", SENT, &url])?;
    expect_same("the stored file", &fs::read(server.file("append.bin"))?, &[first, second].concat())
}

fn ftp_get(program: &Program<'_>, server: &Vsftpd, size: usize, options: &[&str]) -> Result<()> {
    let (octets, url) = (payload(size, 4), server.url("get.bin"));
    fs::write(server.file("get.bin"), &octets)?;
    let got = program.succeed(&[&["ftp", "get", &url, "-o", FETCHED], options].concat())?;
    expect_field(&got, "octets", size)?;
    expect_same("the fetched file", &program.take()?, &octets)
}

fn ftp_wrong_password(program: &Program<'_>, server: &Vsftpd) -> Result<()> {
    let url = server.url_with_password("guessed", "get.bin");
    let object = program.fail(&["ftp", "get", &url, "-o", FETCHED])?;
    expect_field(&object["error"], "code", 72)
}

fn http_get(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let octets = payload(size, 5);
    fs::write(server.file("get.bin"), &octets)?;
    let got = program.succeed(&["http", "get", &server.url("get.bin"), "-o", FETCHED])?;
    expect_field(&got, "status", 200)?;
    expect_field(&got, "octets", size)?;
    expect_same("the fetched file", &program.take()?, &octets)
}

fn http_get_to_stdout(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let octets = payload(size, 6);
    fs::write(server.file("stdout.bin"), &octets)?;
    let finished = program.run(&["http", "get", &server.url("stdout.bin")])?;
    ensure!(finished.status.success(), "{}: {}", finished.status, finished.stderr);
    expect_same("stdout", &finished.stdout, &octets)
}

fn http_get_missing(program: &Program<'_>, server: &Nginx) -> Result<()> {
    let object = program.fail(&["http", "get", &server.url("missing.bin"), "-o", FETCHED])?;
    expect_field(&object, "status", 404)
}

fn http_post(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let octets = payload(size, 7);
    // A file that is there already is answered with 204, and would hide that nothing was stored.
    let name = format!("post-{}-{size}.bin", program.runtime());
    program.give(&octets)?;
    let posted = program.succeed(&["http", "post", &server.store_url(&name), "--data-file", SENT])?;
    expect_field(&posted, "status", 201)?;
    expect_same("the stored file", &fs::read(server.file(&name))?, &octets)
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
