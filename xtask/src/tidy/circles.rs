//! Modules that lie side by side use each other one way only: whoever reads one need not have read all.
//!
//! A module and those within it are one subject and may know each other. What the root exports is used there, where it is
//! defined. Tests and programs beside a library are looked at by nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::mask::Masked;
use super::{Finding, TextFile, find_word, is_test};

/// Circles that are still there: (folder, modules). It only gets shorter; one that is open is to be taken off.
const STILL_THERE: &[(&str, &[&str])] = &[];

/// Where a module is in its crate, from the root on; the root's is empty.
type Place = Vec<String>;

pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let mut crates: BTreeMap<&Path, Vec<(Place, &str)>> = BTreeMap::new();
    for file in files.iter().filter(|file| !is_test(&file.path)) {
        let source = file.path.ancestors().find(|folder| folder.ends_with("src"));
        let Some((source, inner)) =
            source.and_then(|source| Some((source, file.path.strip_prefix(source).ok()?)))
        else {
            continue;
        };
        if inner.extension().is_some_and(|extension| extension == "rs") && !inner.starts_with("bin") {
            crates.entry(source).or_default().push((module_path(inner), &file.text));
        }
    }
    let mut findings = Vec::new();
    let mut found: BTreeSet<&(&str, &[&str])> = BTreeSet::new();
    for (source, modules) in crates {
        for (parent, circle) in circles(&Modules::new(modules)) {
            let folder = parent.iter().fold(source.to_path_buf(), |folder, name| folder.join(name));
            let known = STILL_THERE.iter().find(|(path, names)| {
                folder == Path::new(path) && circle.iter().all(|name| names.contains(&name.as_str()))
            });
            found.extend(known);
            if known.is_none() {
                findings.push(Finding::new(folder, 0, format!("modules in a circle: {}", circle.join(", "))));
            }
        }
    }
    let open = STILL_THERE.iter().filter(|circle| !found.contains(circle));
    findings.extend(open.map(|(path, names)| {
        Finding::new(path, 0, format!("no circle any more, take it off the list: {}", names.join(", ")))
    }));
    findings
}

/// `http/body.rs` and `http/body/mod.rs` are `http::body`.
fn module_path(file: &Path) -> Place {
    let mut path: Place =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") || path == ["lib"] || path == ["main"] {
        path.pop();
    }
    path
}

/// The modules of a crate.
struct Modules {
    /// What each one uses.
    uses: BTreeMap<Place, Vec<Place>>,
    /// What each one hands on under its own name.
    exports: BTreeMap<Place, Place>,
}

impl Modules {
    fn new(files: Vec<(Place, &str)>) -> Self {
        let mut modules = Self {
            uses: files.iter().map(|(path, _)| (path.clone(), Vec::new())).collect(),
            exports: BTreeMap::new(),
        };
        for (module, text) in files {
            let masked = Masked::new(text);
            let mut code = masked.code.clone();
            let mut blank =
                |range: std::ops::Range<usize>| code.replace_range(range.clone(), &" ".repeat(range.len()));
            masked.tests().into_iter().for_each(&mut blank);
            let mut used = Vec::new();
            for at in find_word(&masked.code, "use") {
                let end = masked.code[at..].find(';').map_or(masked.code.len(), |end| at + end);
                // Of a test, or a word of something else.
                if code[at..].starts_with("use") {
                    let is_public = masked.code[..at].trim_end().ends_with(['b', ')']);
                    for leaf in leaves(&masked.code[at + 3..end]) {
                        let (leaf, renamed) = leaf.split_once(" as ").unwrap_or((&leaf, ""));
                        let last = leaf.rsplit("::").next().unwrap_or(leaf);
                        let name = if renamed.is_empty() { last } else { renamed.trim() };
                        match modules.absolute(&module, leaf) {
                            Some(path) if is_public => {
                                modules.exports.insert([&module[..], &[name.to_owned()]].concat(), path);
                            }
                            path => used.extend(path),
                        }
                    }
                    code.replace_range(at..end, &" ".repeat(end - at));
                }
            }
            let words =
                code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == ':'));
            let paths = words.map(|word| word.trim_matches(':')).filter(|word| word.contains("::"));
            used.extend(paths.filter_map(|path| modules.absolute(&module, path)));
            modules.uses.insert(module, used);
        }
        modules
    }

    /// Where a path leads that stands in `module`; `None` when it leaves the crate.
    fn absolute(&self, module: &[String], path: &str) -> Option<Place> {
        let mut parts: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
        let mut base = module.to_vec();
        match parts[0].as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                let up = parts.iter().take_while(|part| *part == "super").count();
                base.truncate(base.len().saturating_sub(up));
                parts.drain(1..up);
            }
            child => {
                base.push(child.to_owned());
                if !self.uses.contains_key(&base) {
                    return None;
                }
            }
        }
        base.extend(parts.drain(1..));
        Some(base)
    }

    /// The module in which a path ends, whoever hands it on.
    fn defines(&self, path: &[String]) -> Place {
        let mut path = path.to_vec();
        let mut seen = BTreeSet::new();
        loop {
            let Some(length) = (0..=path.len()).rev().find(|length| self.uses.contains_key(&path[..*length]))
            else {
                return Vec::new();
            };
            // Each is followed once: a name that is handed on under its own would make the path longer for ever.
            let name = path.get(..length + 1).map(<[String]>::to_vec);
            match name.and_then(|name| self.exports.get(&name).filter(|_| seen.insert(name))) {
                Some(target) => path = [&target[..], &path[length + 1..]].concat(),
                None => return path[..length].to_vec(),
            }
        }
    }
}

/// The paths of a use declaration: those of its inner braces, each with what stands before it.
fn leaves(tree: &str) -> Vec<String> {
    let Some((prefix, inner)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
    let mut depth = 0_usize;
    let parts = inner.split(|letter| {
        depth = match letter {
            '{' => depth + 1,
            '}' => depth.saturating_sub(1),
            _ => depth,
        };
        letter == ',' && depth == 0
    });
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.into_iter().flat_map(leaves).map(|leaf| format!("{}{leaf}", prefix.trim())).collect()
}

/// Which of the modules of one parent use which.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// The modules that can be reached from themselves, with their parent.
fn circles(modules: &Modules) -> BTreeSet<(Place, Vec<String>)> {
    // A use counts for those that lie side by side, whatever is within them.
    let mut beside: BTreeMap<Place, Uses> = BTreeMap::new();
    for (module, uses) in &modules.uses {
        for used in uses.iter().map(|path| modules.defines(path)) {
            let common = module.iter().zip(&used).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.get(common), used.get(common)) {
                let uses = beside.entry(module[..common].to_vec()).or_default();
                uses.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    let mut circles = BTreeSet::new();
    for (parent, uses) in &beside {
        for name in uses.keys() {
            let mut circle = reached(uses, name);
            circle.retain(|other| reached(uses, other).contains(name));
            if !circle.is_empty() {
                circles.insert((parent.clone(), circle.into_iter().cloned().collect()));
            }
        }
    }
    circles
}

fn reached<'u>(uses: &'u Uses, from: &'u str) -> BTreeSet<&'u String> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(name) = next.pop() {
        let used = uses.get(name).into_iter().flatten();
        next.extend(used.filter(|name| reached.insert(*name)).map(String::as_str));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<TextFile> = files
            .iter()
            .map(|(path, text)| TextFile { path: Path::new("a/src").join(path), text: (*text).to_owned() })
            .collect();
        check(&files)
            .iter()
            .map(ToString::to_string)
            .filter(|finding| !finding.contains("any more"))
            .collect()
    }

    #[test]
    fn circles_are_found_whichever_way_they_are_written() {
        let circle = ["a/src: modules in a circle: b, c"];
        for (b, c) in [
            ("use crate::c::C;", "use super::b::B;"),
            ("use crate::{c::{C, D}};", "fn c() { crate::b::f::<u8>() }"),
            ("use crate::C;", "pub(crate) fn c(b: &crate::b::B) {}"),
            ("use crate::Renamed;", "use crate::{self as root, B};"),
        ] {
            let root = "mod b;\nmod c;\npub use b::B;\npub use self::c::{C, D as Renamed};";
            assert_eq!(rules(&[("lib.rs", root), ("b.rs", b), ("c.rs", c)]), circle, "{b} {c}");
        }
        let deeper = [
            ("lib.rs", ""),
            ("b/mod.rs", "mod x;"),
            ("b/x.rs", "use crate::c::C;"),
            ("c.rs", "use crate::b::B;"),
        ];
        assert_eq!(rules(&deeper), circle);
        let inner = [("b/mod.rs", ""), ("b/x.rs", "use super::y::Y;"), ("b/y.rs", "use crate::b::x::X;")];
        assert_eq!(rules(&inner), ["a/src/b: modules in a circle: x, y"]);
        let three = [
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::d::D;"),
            ("d.rs", "use crate::b::B;"),
            ("e.rs", "use crate::b::B;"),
        ];
        assert_eq!(rules(&three), ["a/src: modules in a circle: b, c, d"]);
    }

    #[test]
    fn one_way_is_no_circle_nor_are_parents_tests_and_other_crates() {
        for (b, c) in [
            ("use crate::c::C;", "use std::b::B;"),
            ("use crate::c::C;", "// crate::b\nconst A: &str = \"crate::b\";"),
            ("use crate::c::C;", "#[cfg(test)]\nmod tests { use crate::b::B; }"),
            ("use other::c::C;", "use crate::b::B;"),
        ] {
            assert!(rules(&[("lib.rs", "mod b;\nmod c;"), ("b.rs", b), ("c.rs", c)]).is_empty(), "{b} {c}");
        }
        // Handed on under the name of the module that it is in.
        let named = [
            ("lib.rs", "mod b;\nmod c;\npub use b::d as b;"),
            ("b.rs", "pub fn d() {}"),
            ("c.rs", "use crate::b;"),
        ];
        assert!(rules(&named).is_empty());
        let parent = [("b/mod.rs", "mod x;\nfn f() { x::g() }"), ("b/x.rs", "use super::B;")];
        assert!(rules(&parent).is_empty());
    }
}
