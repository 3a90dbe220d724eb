//! Rules for what stands in files.

use std::path::Path;
use std::slice;

use super::mask::Masked;
use super::{Finding, TextFile, find_word, is_test, line_of};

/// A file has one subject. These keep theirs and are longer: (path, reason).
const LONG_FILES: [(&str, &str); 0] = [];
const MAX_LINES: usize = 600;

/// The roots of folders on the machines of those who write this, which mean nothing to anybody else.
const MACHINE_FOLDERS: [&str; 2] = [concat!("/", "work"), concat!("/", "farm")];

/// Where a test would wait for the wall clock.
const WAITING: [&str; 3] = ["sleep", "Timer::after", "park_timeout"];

/// Where the wall clock is in its place: tests of what talks to real sockets limit themselves by it, so that a broken one
/// does not hang, and benches measure against it.
const BY_THE_WALL_CLOCK: [&str; 2] = ["crates/sim800-testbed/src/network", "benches"];

/// The engine is told the time and handed the octets; whatever reads a clock or a socket itself has no place in it.
const ENGINE: [&str; 2] = ["crates/sim800-engine/src", "crates/sim800-session/src/engine"];
const NOT_IN_ENGINE: [&str; 8] =
    ["async", "await", "futures", "Waker", "mpsc", "Instant", "SystemTime", "std::io"];

/// What sends commands.
const DRIVER: [&str; 5] = [
    "crates/sim800-engine/src",
    "crates/sim800-session/src",
    "crates/sim800-embassy/src",
    "crates/sim800-smol/src",
    "crates/sim800-tokio/src",
];

pub(super) fn check(file: &TextFile) -> Vec<Finding> {
    let mut rules = Rules { file, findings: Vec::new() };
    rules.no_machine_folders();
    if file.path.extension().is_some_and(|extension| extension == "rs") {
        rules.rust();
    }
    rules.findings
}

struct Rules<'a> {
    file: &'a TextFile,
    findings: Vec<Finding>,
}

impl Rules<'_> {
    fn found(&mut self, at: usize, rule: impl Into<String>) {
        self.findings.push(Finding::new(&self.file.path, line_of(&self.file.text, at), rule));
    }

    fn is_in(&self, folder: &str) -> bool {
        self.file.path.starts_with(folder)
    }

    fn no_machine_folders(&mut self) {
        let text = &self.file.text;
        for folder in MACHINE_FOLDERS {
            for at in find_word(text, folder) {
                // `https://example.org/work` and `./work` are no paths of a machine.
                if !text[..at].ends_with(['.', '~', '/', '-', '}', ')']) {
                    self.found(at, format!("a path of one machine ({folder})"));
                }
            }
        }
    }

    fn rust(&mut self) {
        let masked = Masked::new(&self.file.text);
        self.length();
        self.tests_do_not_wait(&masked);
        self.commands_come_from_the_table(&masked);
        if ENGINE.iter().any(|folder| self.is_in(folder)) {
            self.engine_is_sans_io(&masked);
        }
    }

    fn length(&mut self) {
        let lines = self.file.text.lines().count();
        let listed = LONG_FILES.iter().any(|(path, _)| Path::new(path) == self.file.path);
        if lines > MAX_LINES && !listed {
            let rule = format!("{lines} lines; split it where its subject does (at most {MAX_LINES})");
            self.findings.push(Finding::new(&self.file.path, 0, rule));
        }
    }

    fn tests_do_not_wait(&mut self, masked: &Masked) {
        if BY_THE_WALL_CLOCK.iter().any(|folder| self.is_in(folder)) {
            return;
        }
        let (whole, inner) = (0..masked.code.len(), masked.tests());
        for range in if is_test(&self.file.path) { slice::from_ref(&whole) } else { &inner } {
            for word in WAITING {
                for at in find_word(&masked.code[range.clone()], word) {
                    self.found(range.start + at, format!("`{word}` in a test: use virtual time"));
                }
            }
        }
    }

    fn commands_come_from_the_table(&mut self, masked: &Masked) {
        if !DRIVER.iter().any(|folder| self.is_in(folder)) || is_test(&self.file.path) {
            return;
        }
        let tests = masked.tests();
        let shipped = |at: &usize| !tests.iter().any(|range| range.contains(at));
        for (at, text) in masked.strings.iter().filter(|(at, _)| shipped(at)) {
            if is_command_line(text) {
                self.found(*at, format!("\"{text}\": commands come from sim800-command's table"));
            }
        }
    }

    fn engine_is_sans_io(&mut self, masked: &Masked) {
        let tests = masked.tests();
        for word in NOT_IN_ENGINE {
            for at in find_word(&masked.code, word) {
                if !tests.iter().any(|range| range.contains(&at)) {
                    self.found(at, format!("`{word}` in the engine, which is sans-I/O"));
                }
            }
        }
    }
}

/// Whether a literal is a command line, or begins one: `AT` and a line end, in extended syntax, or in basic syntax with a value
/// or nothing behind the letter.
fn is_command_line(text: &str) -> bool {
    let Some(command) = text.get(..2).filter(|at| at.eq_ignore_ascii_case("at")).map(|_| &text[2..]) else {
        return false;
    };
    let mut letters = command.trim_start_matches('&').chars();
    match letters.next() {
        Some('+' | '\\') => true,
        Some(letter) if letter.is_ascii_alphabetic() => letters
            .next()
            .is_none_or(|next| next.is_ascii_digit() || matches!(next, '\\' | '{' | ';' | '=' | '?')),
        // The prefix alone is none.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<String> {
        let file = TextFile { path: path.into(), text: text.to_owned() };
        check(&file).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn code_that_keeps_the_rules_passes() {
        let text =
            "// await in a comment\nfn a() -> [&'static str; 3] { [\"async\", \"ATTACHED\", \"at once\"] }";
        assert!(rules("crates/sim800-session/src/engine/a.rs", text).is_empty());
        let tests = "fn a() { sleep(1) }\n#[cfg(test)]\nmod tests { const A: &str = \"AT+CSQ\"; }";
        assert!(rules("crates/sim800-session/src/a.rs", tests).is_empty());
        assert!(rules("README.md", "https://example.org/work/, ./work, /workspace").is_empty());
    }

    #[test]
    fn each_rule_fires_at_its_place() {
        let path = "crates/sim800-session/src/engine/a.rs";
        let cases = [
            ("#[cfg(test)]\nmod tests {\n fn a() { thread::sleep(b); } }", "a.rs:3: `sleep`"),
            ("const A: &[u8] = b\"AT+CSQ\\r\";", "a.rs:1: \"AT+CSQ\\r\""),
            ("\nfn a() { send(\"ATE0\") }", "a.rs:2: \"ATE0\""),
            ("fn a() { send(b\"ATE0\\r\") }", "a.rs:1: \"ATE0\\r\""),
            ("fn a() { send(b\"AT\\r\") }", "a.rs:1: \"AT\\r\""),
            ("fn a() { send(\"at&f\") }", "a.rs:1: \"at&f\""),
            ("fn a() { send(\"ATH\") }", "a.rs:1: \"ATH\""),
            ("fn a() { format!(\"ATV{n}\") }", "a.rs:1: \"ATV{n}\""),
            ("async fn a() {}", "a.rs:1: `async`"),
        ];
        for (text, expected) in cases {
            let found = rules(path, text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains(expected), "{text}: {found:?}");
        }
        assert_eq!(rules("tests/a.rs", "use tokio::time::sleep;").len(), 1);
        assert_eq!(rules("README.md", &format!("in `{}/main`", MACHINE_FOLDERS[0])).len(), 1);
        assert_eq!(rules("a.rs", &"\n".repeat(MAX_LINES + 1)).len(), 1);
    }
}
