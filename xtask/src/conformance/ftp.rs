//! `sim800 ftp`.

use std::fs;

use anyhow::{Result, ensure};

use super::payload::payload;
use super::program::{FETCHED, Program, SENT};
use super::{Tally, expect_field, expect_same};
use crate::servers::FtpServer;

/// Nothing, one octet, what stands around one block of FTPGET, and many blocks.
pub(super) const SIZES: [usize; 7] = [0, 1, 1459, 1460, 1461, 300_000, 3_000_000];
/// Enough to see how another server takes it.
pub(super) const FEW_SIZES: [usize; 2] = [0, 300_000];
/// What the module holds for FTPEXTGET and FTPEXTPUT.
const EXTENDED: usize = 300_000;

/// Text with lines that look like the module's, and the same as FTP sends it.
const TEXT: &str = "first\n\nOK\n+FTPGET: 1,0\nlast\n";
const ASCII: &str = "first\r\n\r\nOK\r\n+FTPGET: 1,0\r\nlast\r\n";

pub(super) fn check(tally: &mut Tally, program: &Program<'_>, server: &FtpServer, sizes: &[usize]) {
    for &size in sizes {
        tally.case(program, "ftp put, ftp size", size, || put(program, server, size));
        tally.case(program, "ftp get", size, || get(program, server, size, &[]));
    }
    tally.case(program, "ftp put --append", 300_000, || append(program, server, 300_000));
    tally.case(program, "ftp get --active", 300_000, || get(program, server, 300_000, &["--active"]));
    tally.case(program, "ftp get, wrong password", 0, || wrong_password(program, server));
    tally.case(program, "ftp put --unique", 1461, || put_unique(program, server, 1461));
    tally.case(program, "ftp put --resume", 30_000, || put_resume(program, server, 30_000));
    tally.case(program, "ftp get --resume", 30_000, || get_resume(program, server, 30_000));
    tally.case(program, "ftp get --ascii", ASCII.len(), || get_ascii(program, server));
    tally.case(program, "ftp put --extended", EXTENDED, || put_extended(program, server, EXTENDED));
    tally.case(program, "ftp get --extended", EXTENDED, || get(program, server, EXTENDED, &["--extended"]));
    tally.case(program, "ftp mkdir, rmdir", 0, || directories(program, server));
    tally.case(program, "ftp ls, rename, rm", 1461, || manage(program, server, 1461));
}

fn put(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let (octets, url) = (payload(size, 1), server.url("put.bin"));
    program.give(&octets)?;
    expect_field(&program.succeed(&["ftp", "put", SENT, &url])?, "octets", size)?;
    expect_same("the stored file", &fs::read(server.file("put.bin"))?, &octets)?;
    expect_field(&program.succeed(&["ftp", "size", &url])?, "octets", size)
}

fn append(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let (first, second, url) = (payload(1461, 2), payload(size, 3), server.url("append.bin"));
    program.give(&first)?;
    program.succeed(&["ftp", "put", SENT, &url])?;
    program.give(&second)?;
    program.succeed(&["ftp", "put", "--append", SENT, &url])?;
    expect_same("the stored file", &fs::read(server.file("append.bin"))?, &[first, second].concat())
}

fn get(program: &Program<'_>, server: &FtpServer, size: usize, options: &[&str]) -> Result<()> {
    let (octets, url) = (payload(size, 4), server.url("get.bin"));
    server.create("get.bin", &octets)?;
    let got = program.succeed(&[&["ftp", "get", &url, "-o", FETCHED], options].concat())?;
    expect_field(&got, "octets", size)?;
    expect_same("the fetched file", &program.take()?, &octets)
}

fn wrong_password(program: &Program<'_>, server: &FtpServer) -> Result<()> {
    let url = server.url_with_password("guessed", "get.bin");
    let object = program.fail(8, &["ftp", "get", &url, "-o", FETCHED])?;
    expect_field(&object["error"], "code", 72)
}

/// The server makes up what the second file is called.
fn put_unique(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let folder = format!("unique-{}", program.runtime());
    server.create_folder(&folder)?;
    let contents = [payload(size, 30), payload(size + 1, 31)];
    for octets in &contents {
        program.give(octets)?;
        let put =
            program.succeed(&["ftp", "put", "--unique", SENT, &server.url(&format!("{folder}/put.bin"))])?;
        expect_field(&put, "octets", octets.len())?;
    }
    let mut stored = Vec::new();
    for entry in fs::read_dir(server.file(&folder))? {
        stored.push(fs::read(entry?.path())?);
    }
    ensure!(stored.len() == contents.len(), "{} files were stored", stored.len());
    stored.sort_by_key(Vec::len);
    expect_same("the first file", &stored[0], &contents[0])?;
    expect_same("the second file", &stored[1], &contents[1])
}

/// The part that is there has other octets than what is sent where they are not compared, so that they tell who they came
/// from.
fn put_resume(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let octets = payload(size, 33);
    let (other, ends) = (payload(size / 3, 32), 2_000);
    let part = [&octets[..ends], &other[ends..other.len() - ends], &octets[other.len() - ends..other.len()]]
        .concat();
    server.create("put-resume.bin", &part)?;
    program.give(&octets)?;
    let put = program.succeed(&["ftp", "put", "--resume", SENT, &server.url("put-resume.bin")])?;
    expect_field(&put, "resumed_from", part.len())?;
    let expected = [&part, &octets[part.len()..]].concat();
    expect_same("the stored file", &fs::read(server.file("put-resume.bin"))?, &expected)
}

/// The part that is there is of other octets, as for [`put_resume`].
fn get_resume(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let octets = payload(size, 35);
    server.create("get-resume.bin", &octets)?;
    let (url, public) = (server.url("get-resume.bin"), server.public_url("get-resume.bin"));
    program.resume(&octets, &public, &["ftp", "get", &url])
}

fn get_ascii(program: &Program<'_>, server: &FtpServer) -> Result<()> {
    server.create("ascii.txt", TEXT.as_bytes())?;
    let got = program.succeed(&["ftp", "get", &server.url("ascii.txt"), "-o", FETCHED, "--ascii"])?;
    expect_field(&got, "octets", ASCII.len())?;
    expect_same("the fetched file", &program.take()?, ASCII.as_bytes())
}

fn put_extended(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let octets = payload(size, 36);
    program.give(&octets)?;
    let put = program.succeed(&["ftp", "put", "--extended", SENT, &server.url("extended.bin")])?;
    expect_field(&put, "octets", size)?;
    expect_same("the stored file", &fs::read(server.file("extended.bin"))?, &octets)
}

fn directories(program: &Program<'_>, server: &FtpServer) -> Result<()> {
    let name = format!("made-{}", program.runtime());
    program.succeed(&["ftp", "mkdir", &server.url(&name)])?;
    ensure!(server.file(&name).is_dir(), "{name} was not made");
    program.succeed(&["ftp", "rmdir", &server.url(&name)])?;
    ensure!(!server.file(&name).exists(), "{name} is still there");
    let object = program.fail(8, &["ftp", "rmdir", &server.url(&name)])?;
    ensure!(object["error"]["code"].is_u64(), "no code of the module in {object}");
    Ok(())
}

fn manage(program: &Program<'_>, server: &FtpServer, size: usize) -> Result<()> {
    let folder = format!("managed-{}", program.runtime());
    let (old, new) = (format!("{folder}/old.bin"), format!("{folder}/new.bin"));
    let octets = payload(size, 37);
    server.create_folder(&folder)?;
    server.create(&old, &octets)?;
    program.succeed(&["ftp", "rename", &server.url(&old), "new.bin"])?;
    ensure!(!server.file(&old).exists(), "{old} is still there");
    expect_same("the renamed file", &fs::read(server.file(&new))?, &octets)?;
    expect_listed(program, &server.url(&folder), &["new.bin"])?;
    program.succeed(&["ftp", "rm", &server.url(&new)])?;
    ensure!(!server.file(&new).exists(), "{new} is still there");
    expect_listed(program, &server.url(&folder), &[])
}

/// The last word of each line is what servers that show folders as `ls -l` does agree on.
fn expect_listed(program: &Program<'_>, url: &str, names: &[&str]) -> Result<()> {
    let listing = program.print(&["ftp", "ls", url])?;
    let listing = String::from_utf8_lossy(&listing);
    let found: Vec<&str> = listing.lines().filter_map(|line| line.split_whitespace().last()).collect();
    ensure!(found == names, "the server showed {listing:?}, expected {names:?}");
    Ok(())
}
