//! The examples for real boards. Their targets come by rustup; there is nothing to run them on.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{cargo, root};

/// The folders in `examples` and their targets.
const BOARDS: [(&str, &str); 3] = [
    ("stm32f429", "thumbv7em-none-eabihf"),
    ("rp2350", "thumbv8m.main-none-eabihf"),
    ("esp32c6", "riscv32imac-unknown-none-elf"),
];

/// What of the logger is the same on all boards is tested here; what is not has to build.
pub(super) fn build() -> Result<()> {
    let target_folder = cargo::target_folder()?.join("examples");
    let folder = ["--target-dir", &target_folder.to_string_lossy()];
    let examples = root().join("examples");
    let logger = examples.join("logger/Cargo.toml");
    let manifest = ["--manifest-path", &logger.to_string_lossy()];
    cargo::run(&[&["fmt", "--check"][..], &manifest].concat(), &[])?;
    cargo::run(&[&["test", "--locked"][..], &manifest, &folder].concat(), &[])?;
    for (board, target) in BOARDS {
        let status =
            Command::new("rustup").args(["target", "add", target]).status().context("cannot run rustup")?;
        ensure!(status.success(), "rustup has no target {target}");
        for arguments in
            [&["fmt", "--check"][..], &[&["build", "--release", "--locked"][..], &folder].concat()]
        {
            println!("examples/{board}$ cargo {}", arguments.join(" "));
            // In its folder, for the settings that lie there.
            let status = cargo::command(arguments).current_dir(examples.join(board)).status()?;
            ensure!(status.success(), "the example for the {board} does not build ({status})");
        }
    }
    Ok(())
}
