//! `sim800 fs`, and FTP from and to the module's own file system.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::payload::payload;
use super::program::{FETCHED, Program, SENT};
use super::{Tally, expect_field, expect_same};
use crate::servers::FtpServer;

/// Where the module keeps what it fetches by FTP.
const FOLDER: &str = r"C:\User\ftp";
const SIZES: [usize; 2] = [1461, 30_000];

/// What needs no server.
pub(super) fn check(tally: &mut Tally, program: &Program<'_>) {
    tally.case(program, "fs put, size, get", 30_000, || keep(program, 30_000));
    tally.case(program, "fs ls, mv, rm, df", 30_000, || manage(program, 30_000));
    tally.case(program, "fs mkdir, rmdir", 0, || directories(program));
}

pub(super) fn check_with_server(tally: &mut Tally, program: &Program<'_>, server: &FtpServer) {
    for size in SIZES {
        tally.case(program, "ftp get --to-fs", size, || ftp_get_to_fs(program, server, size));
        tally.case(program, "ftp put --from-fs", size, || ftp_put_from_fs(program, server, size));
    }
}

fn keep(program: &Program<'_>, size: usize) -> Result<()> {
    let (octets, path) = (payload(size, 20), in_module("kept.bin"));
    program.give(&octets)?;
    expect_field(&program.succeed(&["fs", "put", SENT, &path])?, "octets", size)?;
    expect_field(&program.succeed(&["fs", "size", &path])?, "octets", size)?;
    fetch(program, &path, &octets)?;
    program.succeed(&["fs", "rm", &path])?;
    Ok(())
}

fn manage(program: &Program<'_>, size: usize) -> Result<()> {
    let (octets, old, new) = (payload(size, 21), in_module("old.bin"), in_module("new.bin"));
    let before = free(program)?;
    program.give(&octets)?;
    program.succeed(&["fs", "put", SENT, &old])?;
    let with_file = free(program)?;
    ensure!(
        before.checked_sub(with_file).is_some_and(|taken| taken >= size as u64),
        "{before} octets were free, {with_file} are with a file of {size}"
    );
    expect_files(program, &["old.bin"])?;
    program.succeed(&["fs", "mv", &old, &new])?;
    expect_files(program, &["new.bin"])?;
    fetch(program, &new, &octets)?;
    program.succeed(&["fs", "rm", &new])?;
    expect_files(program, &[])?;
    let after = free(program)?;
    ensure!(after == before, "{before} octets were free, {after} are");
    Ok(())
}

fn directories(program: &Program<'_>) -> Result<()> {
    let (folder, file) = (in_module("folder"), in_module(r"folder\file.bin"));
    program.succeed(&["fs", "mkdir", &folder])?;
    program.give(b"octets")?;
    program.succeed(&["fs", "put", SENT, &file])?;
    program.fail(12, &["fs", "rmdir", &folder])?;
    program.succeed(&["fs", "rm", &file])?;
    program.succeed(&["fs", "rmdir", &folder])?;
    expect_files(program, &[])
}

fn ftp_get_to_fs(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let (octets, path) = (payload(size, 22), in_module("fetched.bin"));
    server.create("to-fs.bin", &octets)?;
    let got = program.succeed(&["ftp", "get", &server.url("to-fs.bin"), "--to-fs", "fetched.bin"])?;
    expect_field(&got, "octets", size)?;
    fetch(program, &path, &octets)?;
    program.succeed(&["fs", "rm", &path])?;
    Ok(())
}

fn ftp_put_from_fs(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let (octets, path) = (payload(size, 23), in_module("put.bin"));
    program.give(&octets)?;
    program.succeed(&["fs", "put", SENT, &path])?;
    let put = program.succeed(&["ftp", "put", "--from-fs", &path, &server.url("from-fs.bin")])?;
    expect_field(&put, "octets", size)?;
    expect_same("the stored file", &fs::read(server.file("from-fs.bin"))?, &octets)?;
    program.succeed(&["fs", "rm", &path])?;
    Ok(())
}

fn in_module(name: &str) -> String {
    format!(r"{FOLDER}\{name}")
}

fn fetch(program: &Program<'_>, path: &str, octets: &[u8]) -> Result<()> {
    expect_field(&program.succeed(&["fs", "get", path, "-o", FETCHED])?, "octets", octets.len())?;
    expect_same("the module's file", &program.take()?, octets)
}

fn expect_files(program: &Program<'_>, names: &[&str]) -> Result<()> {
    let listed = program.succeed(&["fs", "ls", FOLDER])?;
    let entries = listed["entries"].as_array().with_context(|| format!("no entries in {listed}"))?;
    let found: Vec<&str> = entries.iter().filter_map(|entry| entry["name"].as_str()).collect();
    ensure!(found == names, "the module has {found:?}, expected {names:?}");
    Ok(())
}

/// The octets free on the internal drive.
fn free(program: &Program<'_>) -> Result<u64> {
    let told = program.succeed(&["fs", "df"])?;
    let drives = told["drives"].as_array().map_or(&[][..], Vec::as_slice);
    let internal =
        drives.iter().find(|drive| drive["drive"].as_str().is_some_and(|name| name.starts_with('C')));
    internal.and_then(|drive| drive["free"].as_u64()).with_context(|| format!("no drive C in {told}"))
}
