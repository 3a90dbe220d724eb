//! What every package of the workspace promises: in its manifest, in its root, in the README.

use std::path::Path;

use super::layers::Package;
use super::{Finding, TextFile};

/// What each manifest takes from the workspace: one place to change it.
const INHERITED: [(&str, &str); 4] =
    [("package", "version"), ("package", "edition"), ("package", "license"), ("lints", "workspace = true")];

/// Crates for machines without an operating system.
const NO_STD: [&str; 3] = ["sim800-parser", "sim800-command", "sim800-engine"];

pub(super) fn check(packages: &[Package], files: &[TextFile]) -> Vec<Finding> {
    let mut findings = versions(files);
    let text =
        |path: &Path| files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
    let readme = text(Path::new("README.md"));
    for package in packages {
        let mut found = |line, rule: String| findings.push(Finding::new(&package.manifest, line, rule));
        if package.description.as_deref().is_none_or(str::is_empty) {
            found(0, "no description".to_owned());
        }
        let entries = entries(text(&package.manifest));
        for (section, entry) in INHERITED {
            let inherits = |(_, s, e): &(usize, String, String)| {
                *s == section && (e == entry || *e == format!("{entry}.workspace = true"))
            };
            if !entries.iter().any(inherits) {
                found(0, format!("`{entry}` of [{section}] does not come from the workspace"));
            }
        }
        for (line, section, entry) in &entries {
            let is_inherited = entry.contains("workspace = true");
            // A crate whose tests need one that imports it names it without a version, so that the two can be
            // published one after the other; the workspace cannot say so for it.
            let is_upwards = section == "dev-dependencies" && entry.contains("{ path = \"../");
            if section.ends_with("dependencies") && !is_inherited && !is_upwards {
                found(*line, format!("declare this dependency in the root manifest: {entry}"));
            } else if section.contains("dependencies.") {
                found(*line, "write a dependency on one line".to_owned());
            }
        }
        let root = package.manifest.with_file_name("src").join("lib.rs");
        if NO_STD.contains(&package.name.as_str()) && !text(&root).lines().any(|line| line == "#![no_std]") {
            findings.push(Finding::new(root, 0, "no `#![no_std]`"));
        }
        if package.manifest.starts_with("crates") && !readme.contains(&package.name) {
            findings.push(Finding::new("README.md", 0, format!("does not mention {}", package.name)));
        }
    }
    findings
}

/// A dependency from a registry says which version it was tried with: others below it, or incompatible ones above it, do
/// not fit.
fn versions(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        let entries = entries(&file.text);
        for (line, _, entry) in entries.iter().filter(|(_, section, _)| section.ends_with("dependencies")) {
            let Some((_, value)) = entry.split_once('=') else { continue };
            let value = value.trim();
            let version = match value.strip_prefix('"') {
                Some(version) => Some(version),
                None => value.split_once("version = \"").map(|(_, version)| version),
            };
            let version = version.and_then(|version| version.split('"').next());
            let is_elsewhere =
                ["true", "{ path = ", "{ workspace = "].iter().any(|key| value.starts_with(key));
            if !version.map_or(is_elsewhere, is_version) {
                findings.push(Finding::new(
                    &file.path,
                    *line,
                    format!("which version was it tried with? {entry}"),
                ));
            }
        }
    }
    findings
}

fn is_version(requirement: &str) -> bool {
    let mut numbers = requirement.strip_prefix('=').unwrap_or(requirement).split('.').map(str::parse::<u64>);
    numbers.clone().all(|number| number.is_ok()) && numbers.any(|number| number != Ok(0))
}

/// The entries of a manifest as (line, section, entry on one line). No TOML parser: all that is asked for is what
/// stands in which section, and our manifests are written plainly.
fn entries(manifest: &str) -> Vec<(usize, String, String)> {
    let mut entries: Vec<(usize, String, String)> = Vec::new();
    let mut section = String::new();
    let mut is_open = false;
    for (n, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some((_, _, entry)) = entries.last_mut().filter(|_| is_open) {
            entry.push_str(line);
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
            continue;
        } else if line.is_empty() || line.starts_with('#') {
            continue;
        } else {
            entries.push((n + 1, section.clone(), line.to_owned()));
        }
        is_open = entries.last().is_some_and(|(_, _, entry)| {
            entry.matches(['[', '{']).count() > entry.matches([']', '}']).count()
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"sim800-parser\"\nversion.workspace = true\nedition.workspace = true\n\
        license.workspace = true\n[dependencies]\n# why\nbytes = { workspace = true, features = [\n\"std\",\n] }\n\
        [lints]\nworkspace = true\n";

    fn rules(manifest: &str, root: &str, readme: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.into(), text: text.to_owned() };
        let package = Package {
            name: "sim800-parser".to_owned(),
            manifest: "crates/sim800-parser/Cargo.toml".into(),
            description: Some("a".to_owned()),
            dependencies: Vec::new(),
        };
        let files = [
            file("crates/sim800-parser/Cargo.toml", manifest),
            file("crates/sim800-parser/src/lib.rs", root),
            file("README.md", readme),
        ];
        check(&[package], &files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_plain_manifest_passes() {
        let with_tests =
            format!("{GOOD}[dev-dependencies]\nsim800-command = {{ path = \"../sim800-command\" }}");
        for manifest in [GOOD, &with_tests] {
            assert!(rules(manifest, "#![no_std]", "`sim800-parser`").is_empty());
        }
    }

    #[test]
    fn a_version_is_one_that_was_tried() {
        let findings = |entry: &str| {
            let text = format!("[workspace.dependencies]\n{entry}\n[package]\nversion = \"0.0.0\"");
            versions(&[TextFile { path: "fuzz/Cargo.toml".into(), text }]).len()
        };
        for entry in [
            "http = \"1.2\"",
            "http = { version = \"=0.52.1\", default-features = false }",
            "http = { path = \"../http\" }",
            "http = { path = \"http\", version = \"0.1.0\" }",
            "http.workspace = true",
            "http = { workspace = true, features = [\"std\"] }",
        ] {
            assert_eq!(findings(entry), 0, "{entry}");
        }
        for entry in [
            "http = \">=0.0.0\"",
            "http = \"*\"",
            "http = \"1.*\"",
            "http = \"0.0.0\"",
            "http = { version = \">=1, <9\" }",
            "http = { path = \"http\", version = \"*\" }",
            "http = { git = \"https://example.org\" }",
        ] {
            assert_eq!(findings(entry), 1, "{entry}");
        }
    }

    #[test]
    fn each_rule_fires() {
        let cases = [
            (GOOD.replace("edition.workspace = true", "edition = \"2024\""), "`edition` of [package]"),
            (GOOD.replace("[lints]\nworkspace = true", ""), "`workspace = true` of [lints]"),
            (
                GOOD.replace("workspace = true, features", "version = \"1\", features"),
                "Cargo.toml:8: declare",
            ),
            (format!("{GOOD}[dev-dependencies.bytes]\nworkspace = true"), "one line"),
        ];
        for (manifest, expected) in cases {
            let found = rules(&manifest, "#![no_std]", "sim800-parser");
            assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
        }
        assert_eq!(rules(GOOD, "", "sim800-parser").len(), 1);
        assert_eq!(rules(GOOD, "#![no_std]", "").len(), 1);
    }
}
