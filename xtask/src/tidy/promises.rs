//! What SECURITY.md promises is proven by the tests that it names: they have to be there.

use std::path::Path;

use super::{Finding, TextFile};

const FILE: &str = "SECURITY.md";

pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let find = |path: &str| files.iter().find(|file| file.path == Path::new(path));
    let Some(security) = find(FILE) else {
        return vec![Finding::new(FILE, 0, "is missing")];
    };
    let mut named = 0;
    for (n, line) in security.text.lines().enumerate() {
        for (path, test) in line.split('`').filter_map(|word| word.split_once(".rs::")) {
            named += 1;
            let path = format!("{path}.rs");
            if !find(&path).is_some_and(|file| is_run(&file.text, test)) {
                findings.push(Finding::new(FILE, n + 1, format!("{path} runs no test {test}")));
            }
        }
    }
    if named == 0 {
        findings.push(Finding::new(FILE, 0, "names no test for its promises"));
    }
    findings
}

/// Whether there is a test of this name that is not ignored.
fn is_run(text: &str, test: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {test}(");
    let begins = |line: &str| line.strip_prefix("async ").unwrap_or(line).starts_with(&head);
    lines.iter().enumerate().filter(|(_, line)| begins(line)).any(|(n, _)| {
        let attributes =
            lines[..n].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let attributes: Vec<&str> = attributes.copied().collect();
        let is_test = attributes.iter().any(|line| ["#[test]", "#[tokio::test]"].contains(line));
        is_test && !attributes.iter().any(|line| line.starts_with("#[ignore"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "#[test]\nfn kept() {}\n#[tokio::test]\nasync fn waits() {}\nproptest! {\n    /// Why.\n    #[test]\n    fn inner(a in b) {}\n}\n\
        #[test]\n#[ignore = \"it fails\"]\nfn ignored() {}\n#[ignore]\n#[test]\nfn too() {}\nfn helper() {}\n// fn told() {}\n";

    fn rules(security: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.into(), text: text.to_owned() };
        let files = [file(FILE, security), file("a/tests/b.rs", TESTS)];
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_named_test_has_to_be_there() {
        assert_eq!(rules("It is safe (`a/tests/b.rs::kept`)."), [""; 0]);
        assert_eq!(rules("It is safe (`a/tests/b.rs::inner`)."), [""; 0]);
        assert_eq!(rules("It is safe (`a/tests/b.rs::waits`)."), [""; 0]);
        for test in ["broken", "ignored", "too", "helper", "told"] {
            let found = rules(&format!("It is\nsafe (`a/tests/b.rs::{test}`)."));
            assert_eq!(found, [format!("SECURITY.md:2: a/tests/b.rs runs no test {test}")]);
        }
        assert_eq!(rules("`c.rs::kept`").len(), 1);
        assert_eq!(rules("Trust us.").len(), 1);
    }
}
