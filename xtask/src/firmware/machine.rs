//! Emulated machines, and what programs take of them.

use std::iter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::{TARGET, TARGET_FOLDER};
use crate::packages::unpacked::Toolchain;
use crate::process::{self, Finished};
use crate::root;

/// Seconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(120);

/// What QEMU is told of a machine.
type Board = &'static [&'static str];

/// An instruction takes 64 ns, by which the firmware counts them.
pub(super) const LM3S6965: Board = &["-machine", "lm3s6965evb", "-icount", "shift=6"];
/// It goes by the time of this machine, as what it talks to does.
pub(super) const MPS2: Board = &["-machine", "mps2-an385"];

/// A program of the firmware, and what it may take. The limits are a tenth above what it took when they were set.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// The machine that it is for.
    pub(super) board: Board,
    /// Octets in flash.
    pub(super) flash: usize,
    /// Octets of variables.
    pub(super) statics: usize,
    /// Octets on the stack.
    pub(super) stack: usize,
}

/// An emulated machine, what it is told in a real file, and how it ended.
pub(super) struct Machine<'a> {
    pub(super) toolchain: &'a Toolchain,
    pub(super) folder: &'a Path,
}

impl Machine<'_> {
    /// Runs `program` with `arguments` on a machine with these `devices`.
    pub(super) fn run(&self, program: &Program, arguments: &[&str], devices: &[&str]) -> Result<Finished> {
        let semihosting: String = iter::once(&program.name)
            .chain(arguments)
            .map(|argument| format!(",arg={}", argument.replace(',', ",,")))
            .collect();
        let mut command = self.toolchain.program("qemu-system-arm");
        command
            .args(["-display", "none", "-monitor", "none"])
            .args(program.board)
            .args(["-semihosting-config", &format!("enable=on,target=native{semihosting}")])
            .args(devices)
            .arg("-kernel")
            .arg(path(program));
        process::run(&mut command, self.folder, LIMIT)
    }

    /// Shows what a run that went well printed, which is returned, and what the program takes; an error when that is too much.
    pub(super) fn measure(&self, program: &Program, finished: Finished) -> Result<String> {
        let name = program.name;
        ensure!(finished.status.success(), "{name}: {}, {}", finished.status, finished.stderr);
        let printed = String::from_utf8(finished.stdout)?;
        for line in printed.lines() {
            println!("{name}: {line}");
        }
        let stack = told(&printed, "stack")?;
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
        Ok(printed)
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

/// How many octets a program took of `what`, as it says in a line that begins so.
pub(super) fn told(printed: &str, what: &str) -> Result<usize> {
    let line = printed.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(": "));
    let octets = line.and_then(|line| line.split(' ').next());
    Ok(octets.with_context(|| format!("it does not say what {what} it took"))?.parse()?)
}

fn path(program: &Program) -> PathBuf {
    root().join(TARGET_FOLDER).join(TARGET).join("release").join(program.name)
}
