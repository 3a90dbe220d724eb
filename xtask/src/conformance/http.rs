//! `sim800 http`.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::payload::payload;
use super::program::{FETCHED, Program, SENT};
use super::{Tally, expect_field, expect_same};
use crate::process;
use crate::servers::{Nginx, Tinyproxy};

/// Nothing, one octet, what stands around one block, and up to all that the module's HTTP buffer holds.
const SIZES: [usize; 7] = [0, 1, 1459, 1460, 1461, 300_000, 319_488];
/// More than the buffer holds, thrice over: four ranges.
const LONG: usize = 1_000_000;

pub(super) fn check(tally: &mut Tally, program: &Program<'_>, server: &Nginx, proxy: &Tinyproxy) {
    for size in SIZES {
        tally.case(program, "http get", size, || get(program, server, size, &[]));
        tally.case(program, "http post", size, || post(program, server, size));
    }
    tally.case(program, "http get, to stdout", 300_000, || get_to_stdout(program, server, 300_000));
    tally.case(program, "http get, no such file", 0, || get_missing(program, server));
    tally.case(program, "http get, in ranges", LONG, || get_in_ranges(program, server));
    tally.case(program, "http get --range", 300_000, || get_range(program, server, 300_000));
    tally.case(program, "http get --resume", 300_000, || resume(program, server, 300_000));
    tally.case(program, "http get, redirected", 1461, || get_redirected(program, server, 1461));
    tally.case(program, "http get --no-redirect", 0, || get_no_redirect(program, server));
    tally.case(program, "http head", 0, || head(program, server));
    tally.case(program, "http delete", 0, || delete(program, server));
    tally.case(program, "http get, own headers", 0, || own_headers(program, server));
    tally.case(program, "http get --proxy", 300_000, || {
        get(program, server, 300_000, &["--proxy", &proxy.address()])
    });
    tally.case(program, "http get --proxy, its Via", 0, || via(program, server, proxy));
}

fn get(program: &Program<'_>, server: &Nginx, size: usize, options: &[&str]) -> Result<()> {
    let octets = payload(size, 5);
    fs::write(server.file("get.bin"), &octets)?;
    let url = server.url("get.bin");
    let got = program.succeed(&[&["http", "get", &url, "-o", FETCHED], options].concat())?;
    expect_field(&got, "status", 200)?;
    expect_field(&got, "octets", size)?;
    expect_same("the fetched file", &program.take()?, &octets)
}

fn get_to_stdout(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let octets = payload(size, 6);
    fs::write(server.file("stdout.bin"), &octets)?;
    expect_same("stdout", &program.print(&["http", "get", &server.url("stdout.bin")])?, &octets)
}

fn get_missing(program: &Program<'_>, server: &Nginx) -> Result<()> {
    let object = program.fail(9, &["http", "get", &server.url("missing.bin"), "-o", FETCHED])?;
    expect_field(&object, "status", 404)
}

fn post(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let octets = payload(size, 7);
    // A file that is there already is answered with 204, and would hide that nothing was stored.
    let name = format!("post-{}-{size}.bin", program.runtime());
    program.give(&octets)?;
    let posted = program.succeed(&["http", "post", &server.store_url(&name), "--data-file", SENT])?;
    expect_field(&posted, "status", 201)?;
    expect_same("the stored file", &fs::read(server.file(&name))?, &octets)
}

/// The server must have been asked for ranges: the module holds no body of this length.
fn get_in_ranges(program: &Program<'_>, server: &Nginx) -> Result<()> {
    let (octets, name) = (payload(LONG, 8), own_name(program, "long.bin"));
    fs::write(server.file(&name), &octets)?;
    let got = program.succeed(&["http", "get", &server.url(&name), "-o", FETCHED])?;
    expect_field(&got, "octets", LONG)?;
    expect_same("the fetched file", &program.take()?, &octets)?;
    expect_requests(server, &name, |requests| {
        requests.iter().filter(|request| request.starts_with("GET 206 bytes=")).count() >= 4
    })
}

fn get_range(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let (octets, name) = (payload(size, 9), own_name(program, "range.bin"));
    fs::write(server.file(&name), &octets)?;
    let url = server.url(&name);
    for (range, expected) in
        [("1000-3999", &octets[1000..4000]), ("0-1", &octets[..2]), ("299000-", &octets[299_000..])]
    {
        let got = program.succeed(&["http", "get", &url, "-o", FETCHED, "--range", range])?;
        expect_field(&got, "octets", expected.len())?;
        expect_same(&format!("octets {range}"), &program.take()?, expected)?;
        let request = format!("GET 206 bytes={range}");
        expect_requests(server, &name, |requests| requests.contains(&request))?;
    }
    Ok(())
}

fn resume(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let octets = payload(size, 11);
    fs::write(server.file("resume.bin"), &octets)?;
    let url = server.url("resume.bin");
    program.resume(&octets, &url, &["http", "get", &url])
}

fn get_redirected(program: &Program<'_>, server: &Nginx, size: usize) -> Result<()> {
    let octets = payload(size, 12);
    fs::write(server.file("redirected.bin"), &octets)?;
    let got = program.succeed(&["http", "get", &server.moved_url("redirected.bin"), "-o", FETCHED])?;
    expect_field(&got, "status", 200)?;
    expect_same("the fetched file", &program.take()?, &octets)
}

fn get_no_redirect(program: &Program<'_>, server: &Nginx) -> Result<()> {
    let name = own_name(program, "unmoved.bin");
    fs::write(server.file(&name), "where it leads")?;
    let url = server.moved_url(&name);
    let got = program.succeed(&["http", "get", &url, "-o", FETCHED, "--no-redirect"])?;
    expect_field(&got, "status", 302)?;
    program.take()?;
    expect_requests(server, &format!("moved/{name}"), |requests| requests == ["GET 302 -"])?;
    ensure!(server.requests(&name)?.is_empty(), "the redirection was followed");
    Ok(())
}

fn head(program: &Program<'_>, server: &Nginx) -> Result<()> {
    let name = own_name(program, "head.bin");
    fs::write(server.file(&name), payload(1461, 13))?;
    expect_field(&program.succeed(&["http", "head", &server.url(&name)])?, "status", 200)?;
    expect_requests(server, &name, |requests| requests == ["HEAD 200 -"])
}

fn delete(program: &Program<'_>, server: &Nginx) -> Result<()> {
    let name = own_name(program, "delete.bin");
    fs::write(server.file(&name), payload(1461, 14))?;
    expect_field(&program.succeed(&["http", "delete", &server.url(&name)])?, "status", 204)?;
    ensure!(!server.file(&name).exists(), "{name} is still there");
    expect_field(&program.fail(9, &["http", "delete", &server.url(&name)])?, "status", 404)
}

fn own_headers(program: &Program<'_>, server: &Nginx) -> Result<()> {
    let options = ["-H", "X-Sim800: a: b; c=1", "--user-agent", "conformance/1.0 (pty)"];
    let echo = program.print(&[&["http", "get", &server.echo_url()], &options[..]].concat())?;
    expect_same("the echo", &echo, b"GET\nconformance/1.0 (pty)\na: b; c=1\n\n")
}

fn via(program: &Program<'_>, server: &Nginx, proxy: &Tinyproxy) -> Result<()> {
    let echo = program.print(&["http", "get", &server.echo_url(), "--proxy", &proxy.address()])?;
    let echo = String::from_utf8_lossy(&echo);
    let via = echo.lines().last().unwrap_or_default();
    ensure!(via.contains(Tinyproxy::NAME), "no {} in Via: {echo:?}", Tinyproxy::NAME);
    Ok(())
}

/// A name that the other runtime's requests do not have in the server's log.
fn own_name(program: &Program<'_>, name: &str) -> String {
    format!("{}-{name}", program.runtime())
}

/// The server logs a request after it has answered, so the last one may take a moment.
fn expect_requests(server: &Nginx, name: &str, are_right: impl Fn(&[String]) -> bool) -> Result<()> {
    let right = || server.requests(name).is_ok_and(|requests| are_right(&requests));
    let is_right = process::wait_until(Duration::from_secs(2), right);
    ensure!(is_right, "the server was asked for {name}: {:?}", server.requests(name)?);
    Ok(())
}
