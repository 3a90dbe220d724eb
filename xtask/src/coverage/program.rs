//! The program, which says itself what commands and options it has.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo;

pub(super) struct Program(PathBuf);

impl Program {
    pub(super) fn build() -> Result<Self> {
        cargo::build_program("sim800-cli").map(Self)
    }

    /// Whether it has a command such as `ftp get --to-fs`.
    pub(super) fn has_command(&self, command: &str) -> Result<bool> {
        let (options, names): (Vec<&str>, Vec<&str>) =
            command.split(' ').partition(|word| word.starts_with("--"));
        let output =
            Command::new(&self.0).args(names).arg("--help").output().context("cannot run the program")?;
        let help = String::from_utf8_lossy(&output.stdout);
        let words: Vec<&str> =
            help.split(|letter: char| letter != '-' && !letter.is_alphanumeric()).collect();
        Ok(output.status.success() && options.iter().all(|option| words.contains(option)))
    }
}
