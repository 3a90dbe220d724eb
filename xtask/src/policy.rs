//! The policy on dependencies that `deny.toml` states: licences, sources, duplicates, crates that nobody takes.
//!
//! `cargo deny` checks the same and more, and is used where it is installed; to build it takes longer than all else that CI
//! does, so that what is here does without. It reads the same file, and of the rules only those that the file has.

mod licence;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use toml::{Table, Value as Toml};

use crate::test::Outcome;
use crate::{cargo, process, root};

/// Where the policy stands.
const FILE: &str = "deny.toml";
/// How `cargo metadata` names the registry that manifests mean when they name none.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks all that the workspace depends on, on every platform and with every feature.
pub(crate) fn check() -> Result<Outcome> {
    let text = fs::read_to_string(root().join(FILE)).with_context(|| format!("there is no {FILE}"))?;
    let policy = Policy::read(&text).with_context(|| format!("{FILE} is not as this step knows it"))?;
    let metadata = cargo::metadata_of_all()?;
    let packages = packages(&metadata).context("cargo metadata has an odd package")?;
    let findings = policy.findings(&packages);
    for finding in &findings {
        println!("{finding}");
    }
    ensure!(findings.is_empty(), "{} findings; {FILE} is the policy", findings.len());
    println!("{} packages keep to {FILE}", packages.len());
    if process::find("cargo-deny").is_some() {
        cargo::run(&["deny", "--offline", "check", "licenses", "bans", "sources"], &[])?;
    }
    Ok(Outcome::Passed)
}

/// What `deny.toml` says.
#[derive(Debug)]
struct Policy {
    licences: Vec<String>,
    /// Names of crates that are not taken, and what is taken instead.
    banned: Vec<(String, String)>,
    /// Versions, or the beginnings of them, that may be there beside another one.
    duplicates: Vec<(String, String)>,
}

impl Policy {
    fn read(text: &str) -> Result<Self> {
        let table: Table = text.parse()?;
        let list = |section: &str, key: &str| {
            let list = table.get(section).and_then(|section| section.get(key)).and_then(Toml::as_array);
            list.with_context(|| format!("no list `{key}` in [{section}]"))
        };
        let value =
            |section: &str, key: &str| table.get(section).and_then(|section| section.get(key)?.as_str());
        for (section, key) in [
            ("bans", "multiple-versions"),
            ("bans", "wildcards"),
            ("sources", "unknown-registry"),
            ("sources", "unknown-git"),
        ] {
            ensure!(value(section, key) == Some("deny"), "`{key}` of [{section}] is not \"deny\"");
        }
        let text_of = |entry: &Toml, key: &str| {
            let text = entry.get(key).and_then(Toml::as_str);
            text.map(str::to_owned).with_context(|| format!("an entry without `{key}`"))
        };
        let licences = list("licenses", "allow")?.iter();
        let licences = licences.map(|name| name.as_str().map(str::to_owned).context("a licence is a string"));
        let banned = list("bans", "deny")?.iter();
        let banned = banned.map(|entry| Ok((text_of(entry, "crate")?, text_of(entry, "use-instead")?)));
        let duplicates = list("bans", "skip")?.iter().map(|entry| {
            text_of(entry, "reason")?;
            let spec = text_of(entry, "crate")?;
            let (name, version) = spec.split_once('@').context("a duplicate without a version")?;
            Ok((name.to_owned(), version.to_owned()))
        });
        Ok(Self {
            licences: licences.collect::<Result<_>>()?,
            banned: banned.collect::<Result<_>>()?,
            duplicates: duplicates.collect::<Result<_>>()?,
        })
    }

    /// What is not as it should be, one line each.
    fn findings(&self, packages: &[Package]) -> Vec<String> {
        let mut findings = Vec::new();
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for package in packages {
            let Package { name, version, licence, source, wildcards } = package;
            let mut found = |rule: String| findings.push(format!("{name} {version}: {rule}"));
            match licence {
                None => found("no licence is stated".to_owned()),
                Some(licence) => match licence::is_allowed(licence, &self.licences) {
                    Ok(true) => {}
                    Ok(false) => found(format!("the licence `{licence}` is not allowed")),
                    Err(error) => found(format!("the licence `{licence}` cannot be read: {error}")),
                },
            }
            if let Some(source) = source.as_ref().filter(|source| *source != REGISTRY) {
                found(format!("comes from {source}, which is neither the registry nor here"));
            }
            for dependency in wildcards {
                found(format!("takes any version of {dependency}"));
            }
            if let Some((_, instead)) = self.banned.iter().find(|(banned, _)| banned == name) {
                found(format!("is not taken; {instead} is"));
            }
            versions.entry(name).or_default().push(version);
        }
        for (name, versions) in versions {
            let is_listed = |version: &&&str| {
                let mut listed = self.duplicates.iter().filter(|(listed, _)| listed == name);
                listed.any(|(_, prefix)| version.strip_prefix(&**prefix).is_some_and(is_end))
            };
            let more = versions.iter().filter(|version| !is_listed(version)).count();
            if more > 1 {
                findings.push(format!(
                    "{name}: {} are more than one version, and none is listed",
                    versions.join(" and ")
                ));
            }
        }
        for (name, version) in &self.duplicates {
            let is_there = |package: &&Package| {
                package.name == *name && package.version.strip_prefix(&**version).is_some_and(is_end)
            };
            let is_double = packages.iter().filter(|package| package.name == *name).count() > 1;
            if !(is_double && packages.iter().any(|package| is_there(&package))) {
                findings.push(format!("{name} {version}: is listed as a duplicate and is none"));
            }
        }
        findings
    }
}

/// Whether what follows the beginning of a version leaves its last number whole.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

/// A package as cargo sees it.
#[derive(Clone, Debug)]
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// Where it comes from; `None`: from here.
    source: Option<String>,
    /// What one of ours depends on in any version.
    wildcards: Vec<String>,
}

fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    packages.iter().map(read).collect()
}

fn read(package: &Value) -> Result<Package> {
    let text = |key: &str| package[key].as_str().map(str::to_owned);
    let source = text("source");
    let mut wildcards = Vec::new();
    if source.is_none() {
        for dependency in package["dependencies"].as_array().context("no dependencies")? {
            let is_ours = dependency["path"].is_string();
            if dependency["req"] == "*" && !is_ours {
                wildcards.push(dependency["name"].as_str().context("no name")?.to_owned());
            }
        }
    }
    let Some((name, version)) = text("name").zip(text("version")) else { bail!("no name or version") };
    Ok(Package { name, version, licence: text("license"), source, wildcards })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[licenses]
allow = ["MIT"]
[bans]
multiple-versions = "deny"
wildcards = "deny"
deny = [{ crate = "serialport", use-instead = "serial2" }]
skip = [{ crate = "syn@2", reason = "on its way" }]
[sources]
unknown-registry = "deny"
unknown-git = "deny"
"#;

    fn package(name: &str, version: &str) -> Package {
        let (name, version) = (name.to_owned(), version.to_owned());
        let (licence, source) = (Some("MIT".to_owned()), Some(REGISTRY.to_owned()));
        Package { name, version, licence, source, wildcards: Vec::new() }
    }

    fn findings(packages: &[Package]) -> Vec<String> {
        let double = [package("syn", "2.0.1"), package("syn", "3.1.0")];
        Policy::read(TEXT).unwrap().findings(&[packages, &double].concat())
    }

    #[test]
    fn what_keeps_to_the_policy_passes() {
        let ours = Package { source: None, ..package("ours", "0.1.0") };
        assert_eq!(findings(&[package("bytes", "1.0.0"), ours]), [""; 0]);
    }

    #[test]
    fn each_rule_finds_its_breach() {
        let breaches = [
            (Package { licence: None, ..package("a", "1.0.0") }, "no licence"),
            (
                Package { licence: Some("GPL-3.0".into()), ..package("a", "1.0.0") },
                "`GPL-3.0` is not allowed",
            ),
            (
                Package { source: Some("git+https://example.com/a".into()), ..package("a", "1.0.0") },
                "comes from git",
            ),
            (
                Package {
                    source: Some("registry+https://example.com/index".into()),
                    ..package("a", "1.0.0")
                },
                "comes from",
            ),
            (Package { wildcards: vec!["b".into()], ..package("a", "1.0.0") }, "any version of b"),
            (package("serialport", "4.0.0"), "serial2 is"),
            (package("syn", "20.0.0"), "2.0.1 and 3.1.0 are more than one"),
        ];
        for (package, finding) in breaches {
            let found = findings(std::slice::from_ref(&package));
            assert!(found.len() == 1, "{package:?}: {found:?}");
            let expected = if package.name == "syn" { "more than one version" } else { finding };
            assert!(found[0].contains(expected), "{package:?}: {found:?}");
        }
    }

    #[test]
    fn what_is_listed_has_to_be_there() {
        let found = Policy::read(TEXT).unwrap().findings(&[package("syn", "3.1.0")]);
        assert_eq!(found, ["syn 2: is listed as a duplicate and is none"]);
    }

    #[test]
    fn a_policy_that_lost_a_rule_is_refused() {
        for lost in ["multiple-versions = \"deny\"", "unknown-git = \"deny\"", "allow = [\"MIT\"]"] {
            assert!(Policy::read(&TEXT.replace(lost, "")).is_err(), "{lost}");
        }
    }
}
