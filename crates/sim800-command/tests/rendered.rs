//! The files that are rendered from the table are the committed ones.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use sim800_command::render::{CommandsTable, Dictionary};

fn assert_fresh(path: &str, text: impl Display) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let committed = fs::read_to_string(file).unwrap_or_default();
    assert!(committed == text.to_string(), "{path} is stale: run `cargo xtask render`");
}

#[test]
fn commands_md_is_fresh() {
    assert_fresh("COMMANDS.md", CommandsTable);
}

#[test]
fn dictionary_is_fresh() {
    assert_fresh("fuzz/dictionaries/at.dict", Dictionary);
}
