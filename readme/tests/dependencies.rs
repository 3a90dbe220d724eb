//! The README names all that its programs depend on, and nothing else.

use std::collections::BTreeSet;

/// The names in the lists of dependencies in `text`.
fn dependencies(text: &str) -> BTreeSet<&str> {
    let lists = text.split("[dependencies]\n").skip(1);
    let lines = lists
        .flat_map(|list| list.lines().take_while(|line| !line.is_empty() && !line.starts_with(['`', '['])));
    lines.filter_map(|line| line.split(['.', ' ']).next()).collect()
}

#[test]
fn they_are_those_of_this_package() {
    let named = dependencies(include_str!("../../README.md"));
    assert_eq!(named, dependencies(include_str!("../Cargo.toml")));
    assert!(named.contains("sim800-smol") && named.contains("sim800-tokio"));
}

#[test]
fn a_program_uses_what_is_listed_in_front_of_it() {
    let readme = include_str!("../../README.md");
    let lists = readme.split("```toml\n").skip(1);
    // Others are files of settings.
    let mut lists = lists.filter(|list| list.starts_with("[dependencies]")).peekable();
    assert!(lists.peek().is_some());
    for part in lists {
        let (list, rest) = part.split_once("```").expect("an end of the list");
        let program = rest.split("```rust,no_run\n").nth(1).and_then(|rest| rest.split("```").next());
        let program = program.expect("a program behind the list");
        for name in dependencies(list) {
            let path = format!("{}::", name.replace('-', "_"));
            assert!(program.contains(&path), "{name} is listed and not used");
        }
        for name in ["smol::", "tokio::", "sim800_smol::", "sim800_tokio::"] {
            let is_used = program.contains(&format!(" {name}")) || program.contains(&format!("({name}"));
            let listed = name.trim_end_matches(':').replace('_', "-");
            assert_eq!(is_used, dependencies(list).contains(&*listed), "{name}");
        }
    }
}
