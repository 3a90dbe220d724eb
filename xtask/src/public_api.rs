//! What the libraries offer, against the committed listings: a change of it is seen, and is meant.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, bail};
use public_api::Builder;
use serde_json::Value;

use crate::outcome::Outcome;
use crate::{cargo, root};

/// The format of rustdoc's description that the crate public-api reads.
const FORMAT: u64 = 57;

/// A library with a listing.
struct Library {
    package: &'static str,
    /// Crates whose types its users meet in it, beside those of the language.
    foreign: &'static [&'static str],
}

const LIBRARIES: [Library; 11] = [
    Library { package: "sim800-parser", foreign: &["bytes"] },
    Library { package: "sim800-command", foreign: &["sim800_parser"] },
    Library { package: "sim800-engine", foreign: &["bytes", "sim800_command", "sim800_parser"] },
    Library {
        package: "sim800-session",
        foreign: &[
            "bytes",
            "futures_core",
            "futures_io",
            "http",
            "http_body",
            "sim800_command",
            "sim800_engine",
            "sim800_parser",
        ],
    },
    Library { package: "sim800-smol", foreign: &["futures_io", "sim800_session"] },
    Library { package: "sim800-tokio", foreign: &["futures_io", "sim800_session", "tokio", "tokio_util"] },
    Library {
        package: "sim800-https",
        foreign: &[
            "bytes",
            "futures_core",
            "futures_io",
            "futures_rustls",
            "http",
            "http_body",
            "rustls",
            "rustls_pki_types",
            "sim800_session",
        ],
    },
    Library { package: "sim800-embassy", foreign: &["embedded_io", "embedded_io_async", "sim800_session"] },
    Library { package: "sim800-emulator", foreign: &["bytes"] },
    Library { package: "sim800-grammar", foreign: &["sim800_command"] },
    Library { package: "sim800-capture", foreign: &["sim800_command", "sim800_parser"] },
];

/// Whose types are everybody's.
const LANGUAGE: [&str; 6] = ["alloc", "bool", "core", "std", "u32", "u64"];

/// The library of some hundred types that are all alike.
const TABLE: &str = "sim800-command";

/// What is the same for each of them, where it does not belong to a trait of the table itself.
const ALIKE: [&str; 15] = [
    "accepts",
    "claim",
    "clone",
    "decode",
    "encode",
    "eq",
    "expect",
    "fmt",
    "hash",
    "response",
    "time_limit",
    "DOMAIN",
    "OPTIONAL",
    "SHAPE",
    "SPEC",
];
const TRAITS: [&str; 4] = ["Command", "Decode", "Information", "Parameter"];

/// Compares. A toolchain that describes crates in another format is no measure of ours.
pub(crate) fn check() -> Result<Outcome> {
    let mut findings = Vec::new();
    for library in &LIBRARIES {
        let Some(listing) = listing(library)? else {
            return Ok(Outcome::Skipped(format!("this rustdoc does not write format {FORMAT}")));
        };
        let strangers = strangers(library, &listing);
        findings.extend(strangers.iter().map(|name| format!("{} offers types of {name}", library.package)));
        let listing = shown(library, &listing);
        let committed = fs::read_to_string(root().join(path(library))).unwrap_or_default();
        if committed != listing {
            findings.push(difference(library, &committed, &listing));
        }
    }
    if !findings.is_empty() {
        bail!("{}\nif that is meant: cargo xtask public-api --bless", findings.join("\n"));
    }
    Ok(Outcome::Passed)
}

/// Makes the listings what the libraries offer.
pub(crate) fn bless() -> Result<()> {
    for library in &LIBRARIES {
        let Some(listing) = listing(library)? else { bail!("this rustdoc does not write format {FORMAT}") };
        let path = path(library);
        fs::write(root().join(&path), shown(library, &listing))
            .with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

fn path(library: &Library) -> String {
    format!("crates/{}/public-api.txt", library.package)
}

/// One line for each item, from what rustdoc writes; `None` when it writes another format.
fn listing(library: &Library) -> Result<Option<String>> {
    // The description is not stable yet. A folder of its own, as what is built so is built anew for everything else.
    let folder = root().join("target/public-api");
    let target = folder.to_string_lossy();
    let arguments = ["rustdoc", "--quiet", "--lib", "--package", library.package, "--target-dir", &target];
    let format = ["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"];
    cargo::run(&[&arguments[..], &format].concat(), &[("RUSTC_BOOTSTRAP", "1")])?;
    let path = folder.join("doc").join(format!("{}.json", library.package.replace('-', "_")));
    let description: Value = serde_json::from_slice(&fs::read(&path)?)?;
    if description["format_version"] != FORMAT {
        return Ok(None);
    }
    // Of what every type has, nothing is said.
    let api =
        Builder::from_rustdoc_json(path).omit_blanket_impls(true).omit_auto_trait_impls(true).build()?;
    Ok(Some(api.to_string()))
}

/// What is committed of a listing: all, or of the table what differs from command to command.
fn shown(library: &Library, listing: &str) -> String {
    if library.package != TABLE {
        return listing.to_owned();
    }
    let mut seen = BTreeSet::new();
    let lines = listing.lines().filter(|line| {
        let is = |name: &str| {
            line.split("::")
                .any(|part| part.split(|c: char| !(c.is_alphanumeric() || c == '_')).next() == Some(name))
        };
        let is_alike = ALIKE.iter().any(|name| is(name)) && !TRAITS.iter().any(|name| is(name));
        !line.starts_with("impl") && !is_alike && seen.insert(*line)
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// The crates that a listing names and that are not to be met in it.
fn strangers<'l>(library: &Library, listing: &'l str) -> BTreeSet<&'l str> {
    let is_known = |name: &str| {
        LANGUAGE.contains(&name)
            || library.foreign.contains(&name)
            || name == library.package.replace('-', "_")
    };
    listing
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
        .filter_map(|path| path.split_once("::"))
        .map(|(first, _)| first)
        // `Self::Item` and the `::Item` of `<T as Trait>::Item` begin with no crate.
        .filter(|first| first.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && !is_known(first))
        .collect()
}

fn difference(library: &Library, committed: &str, listing: &str) -> String {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (committed.lines().collect(), listing.lines().collect());
    let gone = old.difference(&new).map(|line| format!("\n  - {line}"));
    let added = new.difference(&old).map(|line| format!("\n  + {line}"));
    format!(
        "{} is not what {} offers:{}",
        path(library),
        library.package,
        gone.chain(added).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: Library = Library { package: "sim800-parser", foreign: &["bytes"] };

    #[test]
    fn types_of_other_crates_are_found() {
        let good = "pub fn sim800_parser::a(&self, bytes: bytes::bytes::Bytes) -> core::option::Option<Self::Item>\n\
             pub type sim800_parser::B::C = <T as core::iter::Iterator>::Item";
        assert!(strangers(&LIBRARY, good).is_empty());
        for bad in
            ["fn sim800_parser::a() -> winnow::error::ModalResult<u8>", "impl<T> winnow::Parser<T> for A"]
        {
            assert_eq!(Vec::from_iter(strangers(&LIBRARY, bad)), ["winnow"], "{bad}");
        }
    }

    #[test]
    fn of_the_table_only_what_differs_is_listed() {
        let kept = "pub struct sim800_command::FtpUn<'a>\npub sim800_command::FtpUn::user: sim800_command::Text<'a, 49>\n\
            pub type sim800_command::FtpUn<'a>::Response<'r> = ()\npub fn sim800_command::Command::expect(&self) -> A\n";
        let all = format!(
            "{kept}impl sim800_command::Command for sim800_command::FtpUn\n\
            pub type sim800_command::FtpUn<'a>::Response<'r> = ()\n\
            pub const sim800_command::FtpUn<'a>::SPEC: &'static sim800_command::Spec\n\
            pub fn sim800_command::FtpUn<'a>::response<'r>(&self) -> A\n"
        );
        assert_eq!(shown(&Library { package: TABLE, foreign: &[] }, &all), kept);
        assert_eq!(shown(&LIBRARY, &all), all);
    }

    #[test]
    fn what_has_changed_is_said() {
        let said = difference(&LIBRARY, "pub a\npub b\n", "pub b\npub c\n");
        let expected =
            "crates/sim800-parser/public-api.txt is not what sim800-parser offers:\n  - pub a\n  + pub c";
        assert_eq!(said, expected);
    }
}
