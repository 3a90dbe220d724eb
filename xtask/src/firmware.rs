//! The libraries on a microcontroller: the programs of `firmware/`, built for a Cortex-M3 and run on emulated ones.
//!
//! The toolchain of the distribution has the sources of `core`, so no target needs to be installed.

mod boards;
mod machine;
mod session;
mod tasks;

use std::ffi::OsString;
use std::fs;
use std::iter;

use anyhow::{Context as _, Result, ensure};
use sim800_command::Id;

use self::machine::{LM3S6965, Machine, Program};

use crate::outcome::Outcome;
use crate::packages::install_missing;
use crate::packages::unpacked::Toolchain;
use crate::process::Background;
use crate::servers::{self, Nginx};
use crate::{cargo, root};

/// Beside the toolchain: what `core` is built from, a linker, and the machine.
const PACKAGES: [&str; 3] = ["rust-web-src", "binutils-arm-none-eabi", "qemu-system-arm"];
const TARGET: &str = "thumbv7m-none-eabi";
/// A Cortex-M0+, as in an RP2040. It has no compare-and-swap: what needs that does not build, be it the session or what it stands on.
const SMALLEST_TARGET: &str = "thumbv6m-none-eabi";
/// What is checked by hand beside it: a RISC-V without compare-and-swap, as in an ESP32-C3. What has it lacks nothing that these have.
const OTHER_TARGET: &str = "riscv32imc-unknown-none-elf";
/// Without compare-and-swap, a firmware chooses what is in its place; this is one choice.
const SINGLE_CORE: &str = "--cfg portable_atomic_unsafe_assume_single_core";
const TARGET_FOLDER: &str = "target/firmware";
/// It has the whole table and all transcripts in it, so that it grows with each command.
const TRANSCRIPTS: Program =
    Program { name: "transcripts", board: LM3S6965, flash: 1_920 * Id::ALL.len(), statics: 64, stack: 4_600 };
const TRANSFER: Program =
    Program { name: "transfer", board: LM3S6965, flash: 45_000, statics: 64, stack: 4_100 };

/// What is no part of the step, for it takes longer than it finds: another target, all tasks, and the examples for real
/// boards.
pub(crate) fn check_others() -> Result<()> {
    let toolchain = Toolchain::unpack("firmware", None, &PACKAGES)?;
    check_session(&toolchain, OTHER_TARGET)?;
    build(&toolchain, &["sim800-firmware-session", "--features", "tasks", "--bin", "tasks"])?;
    install_missing(&[servers::NGINX])?;
    let folder = tempfile::Builder::new().prefix("sim800-").tempdir()?;
    tasks::check(&Machine { toolchain: &toolchain, folder: folder.path() })?;
    boards::build()
}

/// Builds and runs all of it.
pub(crate) fn check() -> Result<Outcome> {
    cargo::run(
        &[
            "fmt",
            "--check",
            "--manifest-path",
            "firmware/Cargo.toml",
            "--package",
            "sim800-firmware",
            "--package",
            "sim800-firmware-session",
        ],
        &[],
    )?;
    let toolchain = match Toolchain::unpack("firmware", None, &PACKAGES) {
        Ok(toolchain) => toolchain,
        Err(e) => return Ok(Outcome::Skipped(format!("{e:#}"))),
    };
    check_session(&toolchain, SMALLEST_TARGET)?;
    // Each on its own: the one has no heap, so that it does not link with what wants one.
    for package in ["sim800-firmware", "sim800-firmware-session"] {
        build(&toolchain, &[package])?;
    }

    let folder = tempfile::Builder::new().prefix("sim800-").tempdir()?;
    let machine = Machine { toolchain: &toolchain, folder: folder.path() };
    machine.measure(&TRANSCRIPTS, machine.run(&TRANSCRIPTS, &[], &[])?)?;
    if let Err(e) = install_missing(&[servers::NGINX]) {
        println!("without {}: {e:#}", TRANSFER.name);
        return Ok(Outcome::Passed);
    }
    transfer(&machine)?;
    session::check(&machine)?;
    Ok(Outcome::Passed)
}

/// What is built from its sources, which is shared by all that is built for a target.
const STD: &str = "-Zbuild-std=core,alloc";

/// Whether sessions, and what they stand on, build for a core without compare-and-swap.
fn check_session(toolchain: &Toolchain, target: &str) -> Result<()> {
    let target_folder = root().join(TARGET_FOLDER);
    let folder = ["--locked", "--target-dir", &target_folder.to_string_lossy()];
    let session = ["check", "--package", "sim800-embassy", "--target", target, STD];
    let mut command = toolchain.cargo(&[&session[..], &folder].concat());
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", SINGLE_CORE);
    ensure!(command.status()?.success(), "sessions do not build for {target}");
    Ok(())
}

/// Builds a package of `firmware/`, or a part of it, in its folder, for the settings that lie there.
fn build(toolchain: &Toolchain, package: &[&str]) -> Result<()> {
    let target_folder = root().join(TARGET_FOLDER);
    let folder = ["--locked", "--target-dir", &target_folder.to_string_lossy()];
    let arguments = [&["build", "--release", STD, "--package"], package, &folder].concat();
    let mut command = toolchain.cargo(&arguments);
    command
        .current_dir(root().join("firmware"))
        // For -Zbuild-std.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER", toolchain.path("arm-none-eabi-ld"));
    let status = command.status()?;
    ensure!(status.success(), "`cargo {}` failed ({status})", arguments.join(" "));
    Ok(())
}

/// The machine, `sim800 emulate` on its UART, and nginx behind that.
fn transfer(machine: &Machine<'_>) -> Result<()> {
    let nginx = Nginx::start(&machine.folder.join("nginx"))?;
    let image = image(64 * 1024);
    fs::write(nginx.file("image.bin"), &image)?;
    let mut damaged = self::image(2048);
    damaged[500] ^= 0x10;
    fs::write(nginx.file("damaged.bin"), damaged)?;

    let (emulator, line) = emulator(machine, &[])?;
    let devices = ["-chardev", &line, "-serial", "chardev:module"];
    let said = || format!("the emulator said: {}", emulator.said());
    let finished = machine.run(&TRANSFER, &[&nginx.url("image.bin")], &devices).with_context(said)?;
    let expected = format!("{} octets fetched, and their CRC-32 is right", image.len());
    let printed = String::from_utf8_lossy(&finished.stdout).into_owned();
    machine.measure(&TRANSFER, finished)?;
    ensure!(printed.lines().any(|line| line == expected), "it did not print: {expected}");

    // A check that finds nothing wrong in anything would not be one.
    let finished = machine.run(&TRANSFER, &[&nginx.url("damaged.bin")], &devices).with_context(said)?;
    let is_noticed = finished.status.code() == Some(1) && finished.stderr.contains("their CRC-32 is wrong");
    ensure!(is_noticed, "a damaged file was not noticed: {}, {}", finished.status, finished.stderr);
    Ok(())
}

/// `sim800 emulate` with `options`, and what QEMU is told to have it on a line.
fn emulator(machine: &Machine<'_>, options: &[&str]) -> Result<(Background, String)> {
    let port = servers::free_port()?;
    let address = format!("127.0.0.1:{port}");
    let program = cargo::build_program("sim800-cli")?;
    let mut arguments: Vec<OsString> = ["emulate", "--tcp", &address].map(Into::into).into();
    arguments.extend(options.iter().map(Into::into));
    let mut emulator = Background::spawn(&program, &arguments, machine.folder.join("emulator.log"))?;
    servers::wait_for_port(&mut emulator, port)?;
    // A UART sends single octets; without this each command waits 40 ms, until the first of them is acknowledged.
    Ok((emulator, format!("socket,id=module,host=127.0.0.1,port={port},nodelay=on")))
}

/// `length` octets, of which the last four are the CRC-32 of those before. Among them is what ends a response.
fn image(length: usize) -> Vec<u8> {
    let mut state: u32 = 1;
    let mut octets: Vec<u8> = iter::repeat_with(|| {
        // Xorshift: all values, and no pattern that a lost octet would not break.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    })
    .take(length - 4)
    .collect();
    let ends = b"\r\nOK\r\n\r\nERROR\r\n\r\n+HTTPREAD: 7\r\n\r\nRDY\r\n";
    for place in octets.chunks_exact_mut(1000) {
        place[..ends.len()].copy_from_slice(ends);
    }
    octets.extend(crc32(&octets).to_le_bytes());
    octets
}

/// CRC-32 as in Ethernet and zip.
fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(u32::MAX, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_zip() {
        // The check value that catalogues of CRCs list.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn an_image_ends_in_its_checksum() {
        let image = image(4096);
        let (octets, checksum) = image.split_last_chunk().unwrap();
        assert_eq!(image.len(), 4096);
        assert_eq!(crc32(octets), u32::from_le_bytes(*checksum));
    }
}
