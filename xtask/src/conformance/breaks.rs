//! Servers that are killed, or stand still, in the midst of a transfer: it goes on and is exact, or ends in time with an
//! error, and the next one works.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use super::payload::payload;
use super::program::{FETCHED, Program, SENT};
use super::{Tally, expect_field, expect_same};
use crate::process::{Background, wait_until};
use crate::servers::{FtpServer, Nginx};

/// Many ranges of HTTP, and seconds of FTP.
const SIZE: usize = 4_000_000;
/// More than what lies in sockets on its way, so that not all has left an FTP server when it is killed.
const LARGE: usize = 12_000_000;
/// How long a server is away, or stands still, that comes back: less than any time limit, and less than the pauses between the tries
/// are together.
const STANDSTILL: Duration = Duration::from_secs(2);
/// The shortest time limit that the module has, in seconds.
const TIMEOUT: u64 = 30;
/// What a machine that does much else takes longer.
const LEEWAY: Duration = Duration::from_secs(15);

pub(super) fn check_http(tally: &mut Tally, program: &Program<'_>, nginx: &mut Nginx) {
    let (octets, url) = (payload(SIZE, 20), nginx.url("breaks.bin"));
    let get = ["http", "get", &url, "-o", FETCHED];
    tally.case(program, "http get, killed", SIZE, || {
        fs::write(nginx.file("breaks.bin"), &octets)?;
        let (got, retries) =
            program.run_disturbed(&get, || program.fetched() > 0, || nginx.kill_and_restart(STANDSTILL))?;
        ensure!(retries > 0, "it was not disturbed");
        expect_field(&got, "octets", SIZE)?;
        expect_same("the fetched file", &program.take()?, &octets)
    });
    tally.case(program, "http get, stopped", SIZE, || {
        let stop = || stand_still(nginx.process());
        let (got, _) = program.run_disturbed(&get, || program.fetched() > 0, stop)?;
        expect_field(&got, "octets", SIZE)?;
        expect_same("the fetched file", &program.take()?, &octets)
    });
    tally.case(program, "http get, stopped for good", SIZE, || {
        let timeout = TIMEOUT.to_string();
        let get = [&["--retries", "0"], &get[..], &["--timeout", &timeout]].concat();
        let start = Instant::now();
        let stop = || nginx.process().signal(Signal::STOP);
        let ended = program.run_disturbed(&get, || program.fetched() > 0, stop);
        nginx.process().signal(Signal::CONT)?;
        let (object, _) = ended?;
        ensure!(object["error"]["kind"].is_string(), "no error: {object}");
        let limit = Duration::from_secs(TIMEOUT) + LEEWAY;
        ensure!(start.elapsed() < limit, "it took {} s", start.elapsed().as_secs());
        program.succeed(&["http", "head", &url]).map(drop).context("the next one")
    });
}

pub(super) fn check_ftp(tally: &mut Tally, program: &Program<'_>, server: &mut FtpServer) {
    let (octets, url) = (payload(LARGE, 21), server.url("breaks.bin"));
    let get = ["ftp", "get", &url, "-o", FETCHED];
    tally.case(program, "ftp get, killed", LARGE, || {
        server.create("breaks.bin", &octets)?;
        let (got, retries) =
            program.run_disturbed(&get, || program.fetched() > 0, || server.kill_and_restart(STANDSTILL))?;
        ensure!(retries > 0, "it was not disturbed");
        expect_field(&got, "octets", LARGE)?;
        expect_same("the fetched file", &program.take()?, &octets)
    });
    let octets = &octets[..SIZE];
    tally.case(program, "ftp get, stopped", SIZE, || {
        server.create("breaks.bin", octets)?;
        let stop = || stand_still(server.process());
        let (got, _) = program.run_disturbed(&get, || program.fetched() > 0, stop)?;
        expect_field(&got, "octets", SIZE)?;
        expect_same("the fetched file", &program.take()?, octets)
    });
    tally.case(program, "ftp put, killed", SIZE, || {
        program.give(octets)?;
        let (url, path) = (server.url("put-breaks.bin"), server.file("put-breaks.bin"));
        let has_begun = || fs::metadata(&path).is_ok_and(|file| file.len() > 0);
        let (done, retries) = program
            .run_disturbed(&["ftp", "put", SENT, &url], has_begun, || server.kill_and_restart(STANDSTILL))?;
        ensure!(retries > 0, "it was not disturbed");
        // What was on its way to the server is lost: more than the program keeps, it may be.
        if done["ok"] != true {
            ensure!(done["error"]["kind"].is_string(), "no kind of error: {done}");
            let stored = fs::read(&path)?;
            ensure!(octets.starts_with(&stored), "the server has something else");
            program.succeed(&["ftp", "put", "--resume", SENT, &url]).context("the next one")?;
        }
        expect_same("the stored file", &fs::read(&path)?, octets)?;
        Ok(fs::remove_file(&path)?)
    });
}

/// Lets a server do nothing for a while.
fn stand_still(server: &Background) -> Result<()> {
    server.signal(Signal::STOP)?;
    wait_until(STANDSTILL, || false);
    server.signal(Signal::CONT)
}
