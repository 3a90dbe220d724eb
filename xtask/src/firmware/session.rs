//! Whole sessions: start-up, bearer, HTTP and FTP, over a line that loses octets, with a module that restarts.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::machine::{MPS2, Machine, Program, told};
use super::{emulator, image};
use crate::cargo;
use crate::servers::{Nginx, pyftpdlib};

/// A program with sessions, and the octets of heap that it may have at a time.
pub(super) struct Session {
    pub(super) program: Program,
    pub(super) heap: usize,
}

/// All procedures of HTTP and FTP.
const SESSION: Session = Session {
    program: Program { name: "session", board: MPS2, flash: 314_000, statics: 48_300, stack: 6_600 },
    heap: 23_000,
};
/// HTTP alone.
const HTTP: Session = Session {
    program: Program { name: "http", board: MPS2, flash: 238_000, statics: 48_100, stack: 6_200 },
    heap: 17_200,
};

/// What goes wrong: octets get lost both ways, and the module restarts in the midst of the GET and of the download.
const FAULTS: [&str; 3] = ["drop 1 in 50000 seed 3", "restart after 150000", "restart after 400000"];

/// Bits per second of the line, as the programs have it.
const RATE: &str = "460800";

/// How long the emulator may take to tell what it saw.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that the module's HTTP buffer holds.
const IMAGE: usize = 319_488;
const SHORT_IMAGE: usize = 20_000;
pub(super) const REPORT: usize = 2_000;
const FILE: usize = 100_000;

/// Runs them against nginx and pyftpdlib, which have to have what they say that they sent.
pub(super) fn check(machine: &Machine<'_>) -> Result<()> {
    let nginx = Nginx::start(&machine.folder.join("nginx-of-sessions"))?;
    fs::write(nginx.file("short.bin"), image(SHORT_IMAGE))?;
    let arguments = [nginx.url("short.bin"), nginx.store_url("short-report.bin")];
    let printed = HTTP.run(machine, &arguments, &[])?;
    expect_line(&printed, &format!("{SHORT_IMAGE} octets fetched, and their CRC-32 is right"))?;
    expect_sent(&nginx.file("short-report.bin"), REPORT)?;

    let environment = cargo::target_folder()?.join("pyftpdlib");
    if let Err(e) = pyftpdlib::install(&environment) {
        println!("without {}: {e:#}", SESSION.program.name);
        return Ok(());
    }
    let ftp = pyftpdlib::start(&environment, &machine.folder.join("pyftpdlib"))?;
    fs::write(nginx.file("image.bin"), image(IMAGE))?;
    let (port, user, password) = ftp.account();
    let account = ["127.0.0.1", &port.to_string(), user, password, "/files/file.bin"].map(str::to_owned);
    let arguments = [&[nginx.url("image.bin"), nginx.store_url("report.bin")][..], &account].concat();
    let printed = SESSION.run(machine, &arguments, &FAULTS)?;
    expect_line(&printed, &format!("{IMAGE} octets fetched, and their CRC-32 is right"))?;
    expect_line(&printed, &format!("{FILE} octets stored and fetched, and they are the same"))?;
    expect_sent(&nginx.file("report.bin"), REPORT)?;
    expect_sent(&ftp.file("file.bin"), FILE)?;
    // What did not go wrong was not mended.
    ensure!(told(&printed, "retries")? > 0, "nothing went wrong");
    Ok(())
}

impl Session {
    /// Runs the program, on a line and with a module of which these `faults` are to be expected; what it printed.
    pub(super) fn run(&self, machine: &Machine<'_>, arguments: &[String], faults: &[&str]) -> Result<String> {
        let control = machine.folder.join(format!("{}.control", self.program.name));
        let place = format!("unix:{}", control.display());
        let mut options = vec!["--latency", "none", "--baud", RATE, "--control", &place];
        options.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
        let (emulator, line) = emulator(machine, &options)?;
        let devices = ["-chardev", &line, "-serial", "chardev:module"];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = || format!("the emulator said: {}", emulator.said());
        let finished = machine.run(&self.program, &arguments, &devices).with_context(said)?;
        let printed = machine.measure(&self.program, finished).with_context(said)?;
        let (name, heap, limit) = (self.program.name, told(&printed, "heap")?, self.heap);
        ensure!(heap <= limit, "{name} takes {heap} octets of heap, more than {limit}");
        let (starts, expected) =
            (starts(&control)?, faults.iter().filter(|fault| fault.starts_with("restart")));
        ensure!(starts == expected.count(), "the module started {starts} times");
        Ok(printed)
    }
}

/// How often the module started since it was there, as it was seen from its own side.
fn starts(control: &Path) -> Result<usize> {
    let mut control = UnixStream::connect(control).context("the emulator is gone")?;
    control.set_read_timeout(Some(PATIENCE))?;
    control.write_all(b"{\"seen\":{\"since\":0}}\n")?;
    let mut answer = String::new();
    BufReader::new(control).read_line(&mut answer)?;
    let answer: Value = serde_json::from_str(&answer)?;
    let seen = answer["seen"].as_array().with_context(|| format!("the emulator answers {answer}"))?;
    // The oldest would be missing.
    ensure!(seen.first().is_some_and(|entry| entry["n"] == 0), "the emulator has seen too much to keep it");
    Ok(seen.iter().filter(|entry| entry["power"] == "on").count())
}

pub(super) fn expect_line(printed: &str, expected: &str) -> Result<()> {
    ensure!(printed.lines().any(|line| line == expected), "it did not print: {expected}");
    Ok(())
}

/// What a server has of what the program sent.
pub(super) fn expect_sent(file: &Path, length: usize) -> Result<()> {
    let name = file.display();
    ensure!(fs::read(file)? == pattern(length), "the server has something else in {name}");
    Ok(())
}

/// What the program sends.
pub(super) fn pattern(length: usize) -> Vec<u8> {
    let octet = |place: u64| (place.wrapping_mul(0x9E37_79B9).wrapping_add(place >> 8) >> 11) as u8;
    (0..length as u64).map(octet).collect()
}
