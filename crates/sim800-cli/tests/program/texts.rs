//! What the program says, in files that people review: `tests/texts`.
//!
//! Each has command lines, behind a `$`, with what comes of them and the exit status if that is not 0. To add one, write it into the
//! file and run `SNAPSHOTS=overwrite cargo test -p sim800-cli --test program texts`.

use std::fs;
use std::path::Path;

use snapbox::{Data, assert_data_eq};

use crate::bench::{Finished, program};

/// Runs all that is in a file again.
fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/texts").join(name);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "hello").unwrap();
    let written = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = written.lines().filter_map(|line| line.strip_prefix("$ sim800 ")).collect();
    assert!(!lines.is_empty());
    let shown: Vec<String> = lines.into_iter().map(|line| shown(line, folder.path())).collect();
    assert_data_eq!(shown.join("\n"), Data::read_from(&path, None).raw());
}

fn shown(line: &str, folder: &Path) -> String {
    let words = shell_words::split(line).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let finished = Finished::new(program(&words).current_dir(folder).output().unwrap());
    let stdout = String::from_utf8(finished.stdout).unwrap();
    let status = if finished.code == 0 { String::new() } else { format!("? {}\n", finished.code) };
    format!("$ sim800 {line}\n{stdout}{}{status}", finished.stderr)
}

#[test]
fn help() {
    check("help.txt");
}

#[test]
fn mistakes() {
    check("mistakes.txt");
}
