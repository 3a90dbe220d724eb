//! The rules that no compiler knows. Each finding names its place and what is asked for.

mod circles;
mod layers;
mod manifests;
mod mask;
mod promises;
mod sources;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{cargo, root};

/// A rule that is not kept.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// From the folder of the workspace on.
    path: PathBuf,
    /// 0: the whole file.
    line: usize,
    rule: String,
}

impl Finding {
    fn new(path: impl Into<PathBuf>, line: usize, rule: impl Into<String>) -> Self {
        Self { path: path.into(), line, rule: rule.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}", self.rule)
    }
}

/// Prints what is found; an error when there is anything.
pub(crate) fn check() -> Result<()> {
    let files = files()?;
    let packages = layers::packages(&cargo::metadata()?)?;
    let mut findings = layers::check(&packages);
    findings.extend(manifests::check(&packages, &files));
    findings.extend(promises::check(&files));
    findings.extend(circles::check(&files));
    for file in &files {
        findings.extend(sources::check(file));
    }
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings in {} files", findings.len(), files.len());
    }
    println!("tidy: {} files, {} packages", files.len(), packages.len());
    Ok(())
}

/// A text file of the project.
struct TextFile {
    /// From the folder of the workspace on.
    path: PathBuf,
    text: String,
}

/// Made, fetched or found by tools; none of ours.
const SKIPPED: [&str; 5] = [".git", "target", "corpus", "artifacts", "Cargo.lock"];

/// All text files of the project, in a fixed order.
fn files() -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry?;
            let path = entry.path();
            if SKIPPED.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.push(TextFile { path: path.strip_prefix(root()).unwrap_or(&path).to_path_buf(), text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The line, from 1, on which the octet `at` of `text` stands.
fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|octet| **octet == b'\n').count() + 1
}

/// Where `word` stands in `text` with no letter, digit or underscore on either side.
pub(crate) fn find_word<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_part =
        |octet: Option<&u8>| octet.is_some_and(|octet| octet.is_ascii_alphanumeric() || *octet == b'_');
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let octets = text.as_bytes();
        let before = at.checked_sub(1).and_then(|before| octets.get(before));
        !is_part(before) && !is_part(octets.get(at + word.len()))
    })
}

/// Whether `path` is a file of tests, benches or fuzz targets: nothing that is shipped.
fn is_test(path: &Path) -> bool {
    let named = |name: &str| path.components().any(|part| part.as_os_str() == name);
    named("tests")
        || named("benches")
        || named("fuzz")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_tidy() {
        let result = check();
        assert!(result.is_ok(), "{}", result.unwrap_err());
    }

    #[test]
    fn words_end_where_identifiers_do() {
        let found: Vec<usize> = find_word("sleep sleep_until thread::sleep(", "sleep").collect();
        assert_eq!(found, [0, 26]);
    }

    #[test]
    fn a_finding_names_its_place() {
        assert_eq!(Finding::new("a/b.rs", 3, "no").to_string(), "a/b.rs:3: no");
        assert_eq!(Finding::new("a/b.rs", 0, "no").to_string(), "a/b.rs: no");
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
