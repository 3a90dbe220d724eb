//! The libraries on a microcontroller: the programs of `firmware/`, built for a Cortex-M3 and run on an emulated one.
//!
//! The toolchain of the distribution has the sources of `core`, so no target needs to be installed.

use std::ffi::OsString;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use sim800_command::Id;

use crate::outcome::Outcome;
use crate::packages::install_missing;
use crate::packages::unpacked::Toolchain;
use crate::process::{self, Background, Finished};
use crate::servers::{self, Nginx};
use crate::{cargo, root};

/// Beside the toolchain: what `core` is built from, a linker, and the machine.
const PACKAGES: [&str; 3] = ["rust-web-src", "binutils-arm-none-eabi", "qemu-system-arm"];
const TARGET: &str = "thumbv7m-none-eabi";
/// A Cortex-M0 has no atomic read-modify-write: what needs one does not build.
const SMALLEST_TARGET: &str = "thumbv6m-none-eabi";
const TARGET_FOLDER: &str = "target/firmware";
/// Seconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(120);

/// A program of the firmware, and what it may take. The limits are a tenth above what it took when they were set.
struct Program {
    name: &'static str,
    /// Octets in flash.
    flash: usize,
    /// Octets of variables.
    statics: usize,
    /// Octets on the stack.
    stack: usize,
}

/// It has the whole table and all transcripts in it, so that it grows with each command.
const TRANSCRIPTS: Program =
    Program { name: "transcripts", flash: 1_920 * Id::ALL.len(), statics: 64, stack: 4_600 };
const TRANSFER: Program = Program { name: "transfer", flash: 45_000, statics: 64, stack: 4_100 };

/// Builds and runs all of it.
pub(crate) fn check() -> Result<Outcome> {
    cargo::run(&["fmt", "--check", "--manifest-path", "firmware/Cargo.toml"], &[])?;
    let toolchain = match Toolchain::unpack("firmware", None, &PACKAGES) {
        Ok(toolchain) => toolchain,
        Err(e) => return Ok(Outcome::Skipped(format!("{e:#}"))),
    };
    let target_folder = root().join(TARGET_FOLDER);
    let core = ["-Zbuild-std=core", "--locked", "--target-dir", &target_folder.to_string_lossy()];
    let packages = ["check", "--package", "sim800-parser", "--package", "sim800-command"];
    let target = ["--no-default-features", "--target", SMALLEST_TARGET];
    build(&toolchain, root(), &[&packages[..], &target, &core].concat())?;
    // The engine shares its octets by counted references.
    let heap = ["-Zbuild-std=core,alloc", "--locked", "--target-dir", &target_folder.to_string_lossy()];
    let engine = ["check", "--package", "sim800-engine", "--target", TARGET];
    build(&toolchain, root(), &[&engine[..], &heap].concat())?;
    // In its folder, for the settings that lie there.
    build(&toolchain, &root().join("firmware"), &[&["build", "--release"][..], &core].concat())?;

    let folder = tempfile::Builder::new().prefix("sim800-").tempdir()?;
    let machine = Machine { toolchain: &toolchain, folder: folder.path() };
    machine.measure(&TRANSCRIPTS, machine.run(&TRANSCRIPTS, &[], &[])?)?;
    if let Err(e) = install_missing(&[servers::NGINX, servers::OPENSSL]) {
        println!("without {}: {e:#}", TRANSFER.name);
        return Ok(Outcome::Passed);
    }
    transfer(&machine)?;
    Ok(Outcome::Passed)
}

fn build(toolchain: &Toolchain, folder: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = toolchain.cargo(arguments);
    command
        .current_dir(folder)
        // For -Zbuild-std.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER", toolchain.path("arm-none-eabi-ld"));
    let status = command.status()?;
    ensure!(status.success(), "`cargo {}` failed ({status})", arguments.join(" "));
    Ok(())
}

/// An emulated machine, what it is told in a real file, and how it ended.
struct Machine<'a> {
    toolchain: &'a Toolchain,
    folder: &'a Path,
}

impl Machine<'_> {
    /// Runs `program` with `arguments` on a machine with these `devices`.
    fn run(&self, program: &Program, arguments: &[&str], devices: &[&str]) -> Result<Finished> {
        let semihosting: String = iter::once(&program.name)
            .chain(arguments)
            .map(|argument| format!(",arg={}", argument.replace(',', ",,")))
            .collect();
        let mut command = self.toolchain.program("qemu-system-arm");
        command
            .args(["-machine", "lm3s6965evb", "-display", "none", "-monitor", "none"])
            // An instruction takes 64 ns, by which the firmware counts them.
            .args(["-icount", "shift=6"])
            .args(["-semihosting-config", &format!("enable=on,target=native{semihosting}")])
            .args(devices)
            .arg("-kernel")
            .arg(path(program));
        process::run(&mut command, self.folder, LIMIT)
    }

    /// Shows what a run that went well printed and what the program takes; an error when that is too much.
    fn measure(&self, program: &Program, finished: Finished) -> Result<()> {
        let name = program.name;
        ensure!(finished.status.success(), "{name}: {}, {}", finished.status, finished.stderr);
        let printed = String::from_utf8(finished.stdout)?;
        for line in printed.lines() {
            println!("{name}: {line}");
        }
        let stack = printed.lines().find_map(|line| line.strip_prefix("stack: ")?.strip_suffix(" octets"));
        let stack: usize =
            stack.with_context(|| format!("{name} does not say what stack it took"))?.parse()?;
        let (flash, statics) = self.size(program)?;
        println!("{name}: {flash} octets of flash, {statics} of variables");
        let taken = [
            ("flash", flash, program.flash),
            ("variables", statics, program.statics),
            ("stack", stack, program.stack),
        ];
        for (what, taken, limit) in taken {
            ensure!(taken <= limit, "{name} takes {taken} octets of {what}, more than {limit}");
        }
        Ok(())
    }

    /// Octets of flash and of variables.
    fn size(&self, program: &Program) -> Result<(usize, usize)> {
        let output = self.toolchain.program("arm-none-eabi-size").arg(path(program)).output()?;
        let text = String::from_utf8(output.stdout)?;
        let sizes = text.lines().nth(1).unwrap_or_default().split_whitespace();
        let sizes: Vec<usize> = sizes.map_while(|size| size.parse().ok()).collect();
        let [code, initialized, zeroed, ..] = sizes[..] else {
            bail!("no sizes of {}: {text}{}", program.name, String::from_utf8_lossy(&output.stderr));
        };
        Ok((code + initialized, initialized + zeroed))
    }
}

fn path(program: &Program) -> PathBuf {
    root().join(TARGET_FOLDER).join(TARGET).join("release").join(program.name)
}

/// The machine, `sim800 emulate` on its UART, and nginx behind that.
fn transfer(machine: &Machine<'_>) -> Result<()> {
    let nginx = Nginx::start(&machine.folder.join("nginx"))?;
    let image = image(64 * 1024);
    fs::write(nginx.file("image.bin"), &image)?;
    let mut damaged = self::image(2048);
    damaged[500] ^= 0x10;
    fs::write(nginx.file("damaged.bin"), damaged)?;

    let port = servers::free_port()?;
    let address = format!("127.0.0.1:{port}");
    let program = cargo::build_program("sim800-cli")?;
    let arguments: [OsString; 3] = ["emulate".into(), "--tcp".into(), address.into()];
    let mut emulator = Background::spawn(&program, &arguments, machine.folder.join("emulator.log"))?;
    servers::wait_for_port(&mut emulator, port)?;

    let chardev = format!("socket,id=module,host=127.0.0.1,port={port}");
    let devices = ["-chardev", &chardev, "-serial", "chardev:module"];
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
