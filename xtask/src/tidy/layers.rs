//! Who may import whom.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Finding;
use crate::root;

/// A package of the workspace, as cargo sees it.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest: PathBuf,
    pub(super) description: Option<String>,
    pub(super) dependencies: Vec<Dependency>,
}

pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Development,
    Build,
}

/// What a crate may import. `None`: its own judgement, as long as it is no crate of this project.
struct Layer {
    name: &'static str,
    ours: &'static [&'static str],
    foreign: Option<&'static [&'static str]>,
}

/// From the bottom to the top. The emulator does not know the session: it must not share the driver's way of
/// telling whose line is whose.
const LAYERS: &[Layer] = &[
    // For tests, which may depend on anything.
    Layer { name: "sim800-testdata", ours: &[], foreign: Some(&[]) },
    Layer { name: "sim800-parser", ours: &[], foreign: Some(&["arbitrary", "bytes", "winnow"]) },
    Layer { name: "sim800-command", ours: &["sim800-parser"], foreign: Some(&[]) },
    Layer {
        name: "sim800-capture",
        ours: &["sim800-command", "sim800-parser"],
        foreign: Some(&["data-encoding", "http", "pcap-parser", "serde_json", "sha2"]),
    },
    Layer { name: "sim800-grammar", ours: &["sim800-command"], foreign: Some(&["serde_json"]) },
    // No future, no lock, no clock; a heap, but nothing of std.
    Layer {
        name: "sim800-engine",
        ours: &["sim800-command", "sim800-parser"],
        foreign: Some(&["bytes", "thiserror"]),
    },
    Layer {
        name: "sim800-session",
        ours: &["sim800-command", "sim800-engine", "sim800-parser"],
        foreign: Some(&[
            "async-trait",
            "bytes",
            "critical-section",
            "futures",
            "http",
            "http-body",
            "portable-atomic-util",
            "thiserror",
        ]),
    },
    // Of the session: what it is told of its line.
    Layer {
        name: "sim800-serial",
        ours: &["sim800-session"],
        foreign: Some(&["futures", "rfc2217", "rustix", "serial2"]),
    },
    Layer {
        name: "sim800-smol",
        ours: &["sim800-serial", "sim800-session"],
        foreign: Some(&["async-trait", "smol"]),
    },
    Layer {
        name: "sim800-tokio",
        ours: &["sim800-serial", "sim800-session"],
        foreign: Some(&["async-trait", "futures", "tokio", "tokio-util"]),
    },
    // Of the session: sockets, and what their errors mean. No runtime, no clock of its own.
    Layer {
        name: "sim800-https",
        ours: &["sim800-session"],
        foreign: Some(&[
            "async-trait",
            "bytes",
            "futures",
            "futures-rustls",
            "http",
            "http-body",
            "http-body-util",
            "httpdate",
            "hyper",
            "rustls-native-certs",
            "smol-hyper",
            "thiserror",
        ]),
    },
    // What a microcontroller has: nothing of std.
    Layer {
        name: "sim800-embassy",
        ours: &["sim800-session"],
        foreign: Some(&[
            "async-trait",
            "embassy-futures",
            "embassy-sync",
            "embassy-time",
            "embedded-io-async",
            "thiserror",
        ]),
    },
    Layer { name: "sim800-emulator", ours: &["sim800-command", "sim800-parser"], foreign: Some(&["bytes"]) },
    // No socket, no TLS, no runtime: the tests of the session are built with it.
    Layer {
        name: "sim800-simulation",
        ours: &["sim800-emulator", "sim800-session"],
        foreign: Some(&["async-trait", "bytes", "critical-section", "fastrand", "futures", "thiserror"]),
    },
    Layer {
        name: "sim800-testbed",
        // Of the session: what all adapters have to do with it.
        ours: &["sim800-emulator", "sim800-session"],
        foreign: None,
    },
    Layer {
        name: "sim800-cli",
        ours: &[
            "sim800-capture",
            "sim800-command",
            "sim800-emulator",
            "sim800-grammar",
            "sim800-https",
            "sim800-parser",
            "sim800-serial",
            "sim800-session",
            "sim800-smol",
            "sim800-testbed",
            "sim800-tokio",
        ],
        foreign: None,
    },
];

/// The packages in `metadata`, the answer of `cargo metadata --no-deps`.
pub(super) fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    packages.iter().map(|package| read(package).context("cargo metadata has an odd package")).collect()
}

fn read(package: &Value) -> Option<Package> {
    let manifest = Path::new(package["manifest_path"].as_str()?);
    let dependencies = package["dependencies"].as_array()?.iter().map(|dependency| {
        let kind = match dependency["kind"].as_str() {
            None => Kind::Normal,
            Some("build") => Kind::Build,
            Some(_) => Kind::Development,
        };
        Some(Dependency { name: dependency["name"].as_str()?.to_owned(), kind })
    });
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        manifest: manifest.strip_prefix(root()).unwrap_or(manifest).to_path_buf(),
        description: package["description"].as_str().map(str::to_owned),
        dependencies: dependencies.collect::<Option<_>>()?,
    })
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let layer = LAYERS.iter().find(|layer| layer.name == package.name);
        if layer.is_none() && package.manifest.starts_with("crates") {
            findings.push(Finding::new(
                &package.manifest,
                0,
                "a crate without a layer: give it one in xtask",
            ));
        }
        for dependency in &package.dependencies {
            if dependency.name == "sim800-cli" {
                findings.push(Finding::new(&package.manifest, 0, "nobody imports sim800-cli"));
            } else if let Some(layer) = layer.filter(|_| dependency.kind != Kind::Development)
                && !layer.allows(&dependency.name)
            {
                let rule = format!("{} may not depend on {}", package.name, dependency.name);
                findings.push(Finding::new(&package.manifest, 0, rule));
            }
        }
    }
    findings
}

impl Layer {
    fn allows(&self, name: &str) -> bool {
        let is_ours = LAYERS.iter().any(|layer| layer.name == name);
        if is_ours {
            self.ours.contains(&name)
        } else {
            self.foreign.is_none_or(|foreign| foreign.contains(&name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(name: &str, dependency: &str, kind: Kind) -> usize {
        let dependencies = vec![Dependency { name: dependency.to_owned(), kind }];
        let manifest = Path::new("crates").join(name).join("Cargo.toml");
        let package = Package { name: name.to_owned(), manifest, description: None, dependencies };
        check(&[package]).len()
    }

    #[test]
    fn imports_go_down_only() {
        assert_eq!(rules("sim800-session", "sim800-parser", Kind::Normal), 0);
        assert_eq!(rules("sim800-session", "sim800-emulator", Kind::Development), 0);
        assert_eq!(rules("sim800-testbed", "hyper", Kind::Normal), 0);
        assert_eq!(rules("sim800-simulation", "hyper", Kind::Normal), 1);
        assert_eq!(rules("sim800-simulation", "sim800-testbed", Kind::Normal), 1);
        assert_eq!(rules("sim800-parser", "sim800-command", Kind::Normal), 1);
        assert_eq!(rules("sim800-session", "tokio", Kind::Normal), 1);
        assert_eq!(rules("sim800-smol", "sim800-testbed", Kind::Build), 1);
        assert_eq!(rules("sim800-testbed", "sim800-testdata", Kind::Normal), 1);
        assert_eq!(rules("sim800-parser", "sim800-testdata", Kind::Development), 0);
        assert_eq!(rules("sim800-emulator", "sim800-session", Kind::Normal), 1);
        assert_eq!(rules("sim800-smol", "sim800-cli", Kind::Development), 1);
        assert_eq!(rules("sim800-novel", "bytes", Kind::Normal), 1);
    }
}
