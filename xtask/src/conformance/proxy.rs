//! `sim800 proxy` and `sim800 nc`, with curl and openssl.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus};
use std::thread;

use anyhow::{Context as _, Result, anyhow, ensure};

use super::payload::payload;
use super::program::{FETCHED, Program, SENT};
use super::{Tally, expect_same};
use crate::process::{Background, Finished};
use crate::servers::{FtpServer, Nginx};

const SIZE: usize = 300_000;
/// More than the module holds.
const LONG: usize = 1_000_000;

pub(super) fn check(tally: &mut Tally, program: &Program<'_>, server: &Nginx) {
    for version in Nginx::TLS {
        tally.case(program, &format!("proxy, TLS {version}"), SIZE, || {
            let certificate = server.certificate.display().to_string();
            let tls = ["--cacert", &certificate, &format!("--tlsv{version}"), "--tls-max", version];
            fetch(program, server, &[], SIZE, &server.secure_url(version, "proxied.bin"), &tls)
        });
        tally.case(program, &format!("nc, s_client, TLS {version}"), SIZE, || {
            converse(program, server, version)
        });
    }
    for via in ["sockets", "http"] {
        tally.case(program, &format!("proxy --via {via}, GET"), LONG, || {
            fetch(program, server, &["--via", via], LONG, &server.url("proxied.bin"), &[])
        });
        tally.case(program, &format!("proxy --via {via}, POST"), SIZE, || {
            store(
                program,
                &["--via", via],
                &server.store_url("stored.bin"),
                &["--data-binary", &format!("@{SENT}")],
            )?;
            expect_same("the stored file", &fs::read(server.file("stored.bin"))?, &payload(SIZE, 31))?;
            Ok(fs::remove_file(server.file("stored.bin"))?)
        });
    }
}

pub(super) fn check_ftp(tally: &mut Tally, program: &Program<'_>, server: &FtpServer) {
    let (url, octets) = (server.url("proxied.bin"), payload(SIZE, 31));
    tally.case(program, "proxy, ftp:// put and get", SIZE, || {
        store(program, &[], &url, &["--upload-file", SENT])?;
        expect_same("the stored file", &fs::read(server.file("proxied.bin"))?, &octets)?;
        let (_proxy, mut curl) = proxied(program, &[])?;
        program.run_other(curl.args(["-o", FETCHED, &url]))?;
        expect_same("the fetched file", &program.take()?, &octets)
    });
}

/// A proxy with these options, and curl, which is set to use it.
fn proxied(program: &Program<'_>, options: &[&str]) -> Result<(Background, Command)> {
    let arguments = [&["proxy", "--listen", "127.0.0.1:0"], options].concat();
    let (proxy, said) = program.serve(&arguments, |said| said.contains("Ctrl-C"))?;
    let address = said.split_whitespace().find(|word| word.starts_with("http://")).context("no address")?;
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--fail", "--noproxy", "", "--proxy", address.trim_end_matches(';')]);
    Ok((proxy, curl))
}

fn fetch(
    program: &Program<'_>,
    server: &Nginx,
    options: &[&str],
    size: usize,
    url: &str,
    how: &[&str],
) -> Result<()> {
    let octets = payload(size, 30);
    fs::write(server.file("proxied.bin"), &octets)?;
    let (_proxy, mut curl) = proxied(program, options)?;
    program.run_other(curl.args(how).args(["-o", FETCHED, url]))?;
    expect_same("the fetched file", &program.take()?, &octets)
}

fn store(program: &Program<'_>, options: &[&str], url: &str, how: &[&str]) -> Result<()> {
    program.give(&payload(SIZE, 31))?;
    let (_proxy, mut curl) = proxied(program, options)?;
    program.run_other(curl.args(how).arg(url)).map(drop)
}

fn converse(program: &Program<'_>, server: &Nginx, version: &str) -> Result<()> {
    let octets = payload(SIZE, 30);
    fs::write(server.file("proxied.bin"), &octets)?;
    // How nc ends says nothing: the good-bye of s_client may meet a server that has closed, which did not get it then.
    let Talk { openssl, .. } = talk(program, server, version, "proxied.bin")?;
    ensure!(openssl.status.success(), "{}: {}", openssl.status, openssl.stderr);
    expect_same("what came", body(&openssl.stdout).context("no answer")?, &octets)
}

/// How the two ended that talked to the server.
pub(super) struct Talk {
    pub(super) nc: ExitStatus,
    pub(super) openssl: Finished,
}

/// What stands behind the head of an answer.
pub(super) fn body(said: &[u8]) -> Option<&[u8]> {
    said.windows(4).position(|end| end == b"\r\n\r\n").and_then(|end| said.get(end + 4..))
}

/// Has `openssl s_client` ask for a file by TLS over the program, which stands between it and the server.
pub(super) fn talk(program: &Program<'_>, server: &Nginx, version: &str, name: &str) -> Result<Talk> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?.to_string();
    let url = server.secure_url(version, "");
    let (host, port) =
        url.trim_start_matches("https://").trim_end_matches('/').split_once(':').context("no port")?;
    let version = format!("-tls{}", version.replace('.', "_"));
    program.give(format!("GET /{name} HTTP/1.0\r\n\r\n").as_bytes())?;
    let mut nc = program.command(&["nc", host, port]);
    thread::scope(|scope| {
        let served = scope.spawn(move || -> Result<ExitStatus> {
            let (connection, _) = listener.accept()?;
            let end = OwnedFd::from(connection);
            Ok(nc.stdin(end.try_clone()?).stdout(end).spawn()?.wait()?)
        });
        let mut shell = Command::new("sh");
        // It reads what it sends from stdin.
        shell.args([
            "-c",
            "exec openssl \"$@\" < sent.bin",
            "sh",
            "s_client",
            "-quiet",
            "-ign_eof",
            &version,
        ]);
        shell.args(["-verify_return_error", "-CAfile"]).arg(&server.certificate).args(["-connect", &address]);
        let openssl = program.run_beside(&mut shell);
        // Where it did not connect, nobody else does.
        drop(TcpStream::connect(&address));
        let nc = served.join().map_err(|_| anyhow!("nc could not be served"))??;
        Ok(Talk { nc, openssl: openssl? })
    })
}
