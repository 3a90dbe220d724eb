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
            let is_there = find(&path).is_some_and(|file| file.text.contains(&format!("fn {test}(")));
            if !is_there {
                findings.push(Finding::new(FILE, n + 1, format!("there is no test {test} in {path}")));
            }
        }
    }
    if named == 0 {
        findings.push(Finding::new(FILE, 0, "names no test for its promises"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(security: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.into(), text: text.to_owned() };
        let files = [file(FILE, security), file("a/tests/b.rs", "#[test]\nfn kept() {}\n")];
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_named_test_has_to_be_there() {
        assert_eq!(rules("It is safe (`a/tests/b.rs::kept`)."), [""; 0]);
        assert_eq!(
            rules("It is\nsafe (`a/tests/b.rs::broken`)."),
            ["SECURITY.md:2: there is no test broken in a/tests/b.rs"]
        );
        assert_eq!(rules("`c.rs::kept`").len(), 1);
        assert_eq!(rules("Trust us.").len(), 1);
    }
}
