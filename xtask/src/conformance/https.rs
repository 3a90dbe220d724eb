//! `sim800 http` with `https://`: TLS by the program, over sockets of the module.

use std::fs;

use anyhow::{Result, ensure};

use super::payload::payload;
use super::program::{FETCHED, Program, SENT};
use super::{Tally, expect_field, expect_same};
use crate::servers::Nginx;

/// Nothing, one octet, around one record of TLS, and many.
const SIZES: [usize; 5] = [0, 1, 16_384, 16_385, 300_000];
/// Enough for a line that loses one octet in [`ONE_IN`] to break it now and then.
const LOSSY: usize = 200_000;
/// How many octets a line bears, of which one is lost.
pub(super) const ONE_IN: u32 = 80_000;

pub(super) fn check(tally: &mut Tally, program: &Program<'_>, server: &Nginx) {
    for version in Nginx::TLS {
        let case = |name| format!("https {name}, TLS {version}");
        for size in SIZES {
            tally.case(program, &case("get"), size, || get(program, server, version, size).map(drop));
        }
        tally.case(program, &case("put"), 300_000, || put(program, server, version, 300_000));
        tally.case(program, &case("get --range"), 3_000, || get_range(program, server, version));
        tally.case(program, &case("get --resume"), 300_000, || {
            let octets = payload(300_000, 33);
            fs::write(server.file("resume.bin"), &octets)?;
            let url = server.secure_url(version, "resume.bin");
            program.resume(&octets, &url, &["http", "get", &url])
        });
    }
}

/// The same on a line that loses octets: exact all the same.
pub(super) fn check_lossy(tally: &mut Tally, program: &Program<'_>, server: &Nginx) {
    let mut retries = 0;
    for version in Nginx::TLS {
        tally.case(program, &format!("https get, lossy, TLS {version}"), LOSSY, || {
            retries += get(program, server, version, LOSSY)?;
            Ok(())
        });
    }
    tally.case(program, "https get, lossy", 0, || {
        ensure!(retries > 0, "nothing was lost");
        Ok(())
    });
}

/// How often it was tried again.
fn get(program: &Program<'_>, server: &Nginx, version: &str, size: usize) -> Result<u64> {
    let octets = payload(size, 30);
    fs::write(server.file("secure.bin"), &octets)?;
    let url = server.secure_url(version, "secure.bin");
    let got = program.succeed(&["--retries", "10", "http", "get", &url, "-o", FETCHED])?;
    expect_field(&got, "status", 200)?;
    expect_field(&got, "octets", size)?;
    expect_same("the fetched file", &program.take()?, &octets)?;
    Ok(got["retries"].as_u64().unwrap_or_default())
}

fn put(program: &Program<'_>, server: &Nginx, version: &str, size: usize) -> Result<()> {
    let octets = payload(size, 31);
    let name = format!("put-{}-{version}.bin", program.runtime());
    program.give(&octets)?;
    let url = server.secure_url(version, &name);
    expect_field(&program.succeed(&["http", "put", &url, "--data-file", SENT])?, "status", 201)?;
    expect_same("the stored file", &fs::read(server.file(&name))?, &octets)
}

fn get_range(program: &Program<'_>, server: &Nginx, version: &str) -> Result<()> {
    let octets = payload(10_000, 32);
    fs::write(server.file("part.bin"), &octets)?;
    let url = server.secure_url(version, "part.bin");
    let got = program.succeed(&["http", "get", &url, "-o", FETCHED, "--range", "1000-3999"])?;
    expect_field(&got, "octets", 3_000)?;
    expect_same("the range", &program.take()?, octets.get(1_000..4_000).unwrap_or_default())
}
