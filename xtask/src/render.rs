//! Files that are made from the command table. They are committed, for readers and fuzzers that do not build us.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result, bail};
use sim800_command::render::{CommandsTable, Dictionary};

use crate::root;

/// The path of each, and what has to stand in it.
fn files() -> [(&'static str, String); 2] {
    [("COMMANDS.md", CommandsTable.to_string()), ("fuzz/dictionaries/at.dict", Dictionary.to_string())]
}

/// Writes the files that are not fresh.
pub(crate) fn write() -> Result<()> {
    for (path, text) in files() {
        if current(path)? == text {
            println!("{path} is fresh");
            continue;
        }
        let file = root().join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text).with_context(|| format!("cannot write {path}"))?;
        println!("{path} written");
    }
    Ok(())
}

/// Fails when a file is not what the table makes of it.
pub(crate) fn check() -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in files() {
        if current(path)? != text {
            stale.push(path);
        }
    }
    if !stale.is_empty() {
        bail!("{} stale: run `cargo xtask render`", stale.join(" and "));
    }
    Ok(())
}

/// What stands in the file now; nothing when there is none.
fn current(path: &str) -> Result<String> {
    match fs::read_to_string(root().join(path)) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(String::new()),
        other => other.with_context(|| format!("cannot read {path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rendered_files_are_fresh() {
        let result = check();
        assert!(result.is_ok(), "{}", result.unwrap_err());
    }
}
