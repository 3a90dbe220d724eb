//! Exchanges between a DTE and a module, and the grammar that they and the scripts of tests are written in: the
//! README beside this crate has both.
//!
//! It is for tests, depends on nothing, and panics where it does not understand.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// One exchange between DTE and DCE.
#[derive(Debug)]
pub struct Transcript {
    /// The file's name without its ending.
    pub name: String,
    /// Where it is taken from: `note 3.9`, `manual`, `field log`, `made up`.
    pub source: String,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What happens next.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a test that ignores a step tests something else")]
pub enum Step {
    /// The DTE sends a command line, line end included.
    Command(Vec<u8>),
    /// The DTE sends payload.
    Payload(Vec<u8>),
    /// The DCE sends octets.
    Response(Response),
    /// Nobody sends anything for so long.
    Pause(Duration),
}

/// Octets of the DCE, and what they mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// As they cross the line.
    pub octets: Vec<u8>,
    /// What a framer finds in them.
    pub events: Vec<String>,
    /// What the information lines say to whoever knows the command: names and values.
    pub values: Vec<(String, String)>,
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (from {})", self.name, self.source)
    }
}

/// All transcripts, in order of their names.
#[must_use]
pub fn transcripts() -> Vec<Transcript> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are no transcripts");
    paths.iter().map(|path| transcript(path)).collect()
}

fn transcript(path: &Path) -> Transcript {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = fs::read_to_string(path).expect("text");
    let source = text.lines().next().and_then(|line| line.strip_prefix("# source: "));
    let source = source.unwrap_or_else(|| panic!("{name}: the first line names no source")).to_owned();
    let steps = steps(&text, &name);
    Transcript { name, source, steps }
}

/// The steps of a script that stands in a test.
#[must_use]
pub fn script(text: &str) -> Vec<Step> {
    steps(text, "the script")
}

fn steps(text: &str, name: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}, line {}", number + 1);
        let line = line.trim();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" | "#" => {}
            "DTE" => steps.push(sent(strings(rest, &place))),
            "DCE" => received(strings(rest, &place), &mut steps),
            ">" => steps.push(sent(between("", rest, "\r", &place))),
            "<" => received(between("\r\n", rest, "\r\n", &place), &mut steps),
            ".." => {
                let seconds = rest.parse().unwrap_or_else(|_| panic!("{place}: no seconds: {rest}"));
                steps.push(Step::Pause(Duration::from_secs(seconds)));
            }
            _ => match (steps.last_mut(), rest.split_once(':')) {
                (Some(Step::Response(response)), Some((name, value))) if word == "=" => {
                    response.values.push((name.to_owned(), value.trim_start().to_owned()));
                }
                (Some(Step::Response(response)), _) if EVENTS.contains(&word) => {
                    response.events.push(line.to_owned());
                }
                _ => panic!("{place}: not understood: {line}"),
            },
        }
    }
    steps
}

/// The kinds of events.
const EVENTS: [&str; 9] = [
    "echo",
    "prompt",
    "information",
    "payload",
    "final",
    "unsolicited",
    "continuation",
    "excess",
    "overlong",
];

fn sent(octets: Vec<u8>) -> Step {
    if octets.starts_with(b"AT") && octets.ends_with(b"\r") {
        Step::Command(octets)
    } else {
        Step::Payload(octets)
    }
}

/// What is sent without a pause is one response, until its events are told.
fn received(octets: Vec<u8>, steps: &mut Vec<Step>) {
    match steps.last_mut() {
        Some(Step::Response(response)) if response.events.is_empty() => response.octets.extend(octets),
        _ => steps.push(Step::Response(Response { octets, events: Vec::new(), values: Vec::new() })),
    }
}

/// A line with its line ends; with a bar behind it, just the octets.
fn between(start: &str, line: &str, end: &str, place: &str) -> Vec<u8> {
    match line.strip_suffix('|') {
        Some(octets) => unescape(octets, place),
        None => [start.as_bytes(), &unescape(line, place), end.as_bytes()].concat(),
    }
}

/// Strings and `repeat(n)`, one after another.
fn strings(expression: &str, place: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = expression.trim();
    while !rest.is_empty() {
        if let Some(count) = rest.strip_prefix("repeat(") {
            let (count, after) =
                count.split_once(')').unwrap_or_else(|| panic!("{place}: `repeat(` without `)`"));
            let count = count.parse().unwrap_or_else(|_| panic!("{place}: no count: {count}"));
            octets.extend((0..=u8::MAX).cycle().take(count));
            rest = after.trim_start();
        } else {
            let content = rest.strip_prefix('"').unwrap_or_else(|| panic!("{place}: no string: {rest}"));
            let end = end_of_string(content).unwrap_or_else(|| panic!("{place}: the string does not end"));
            octets.extend(unescape(&content[..end], place));
            rest = content[end + 1..].trim_start();
        }
    }
    octets
}

/// Where the quotation mark is that no backslash escapes.
fn end_of_string(content: &str) -> Option<usize> {
    let mut escaped = false;
    content.find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    })
}

/// A line as events write it: without what stands at its ends, and with escapes.
#[must_use]
pub fn written(line: &[u8]) -> String {
    line.trim_ascii().escape_ascii().to_string().replace("\\\"", "\"").replace("\\x00", "\\0")
}

/// The octets of a text with the escapes of Rust's byte strings.
///
/// # Panics
///
/// When there is no such escape, naming the `place`.
#[must_use]
pub fn unescape(text: &str, place: &str) -> Vec<u8> {
    let octet =
        |letter: char| u8::try_from(letter).unwrap_or_else(|_| panic!("{place}: {letter} is no octet"));
    let mut octets = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        octets.push(if letter != '\\' {
            octet(letter)
        } else {
            match letters.next().unwrap_or_else(|| panic!("{place}: a backslash at the end")) {
                'r' => b'\r',
                'n' => b'\n',
                't' => b'\t',
                '0' => 0,
                'x' => {
                    let digits: String = letters.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).unwrap_or_else(|_| panic!("{place}: \\x{digits}"))
                }
                same @ ('\\' | '"' | '\'') => octet(same),
                other => panic!("{place}: there is no escape \\{other}"),
            }
        });
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_the_same_octets() {
        let exact = "DTE \"AT+FTPUN=\\\"a\\\"\\r\"\nDCE \"\\r\\nOK\\r\\n\"\nDTE \"abc\"\nDCE \"\\r\\n\" repeat(3) \"\\xff\"";
        let lines = "\n  > AT+FTPUN=\"a\"\n  # a comment\n  < OK\n  > abc|\n  < \\r\\n\\0\\x01\\x02\\xff|\n";
        assert_eq!(script(exact), script(lines));
        assert_eq!(script(exact)[0], Step::Command(b"AT+FTPUN=\"a\"\r".to_vec()));
        assert_eq!(script(exact)[2], Step::Payload(b"abc".to_vec()));
        assert_eq!(script(".. 3"), [Step::Pause(Duration::from_secs(3))]);
    }

    #[test]
    fn events_and_values_belong_to_the_octets_before_them() {
        let steps =
            script("< +CSQ: 15,0\n    information +CSQ: 15,0\n    = rssi: 15\n    = ber: 0\n    final OK");
        let [Step::Response(response)] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!(response.events, ["information +CSQ: 15,0", "final OK"]);
        assert_eq!(script("< A\n< B"), script("< A\\r\\n\\r\\nB"));
        assert_eq!(script("< A\nfinal A\n< B").len(), 2);
        let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(response.values, [value("rssi", "15"), value("ber", "0")]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for text in [
            "final OK",
            "< OK\n    = value",
            "DTE abc",
            "DCE \"abc",
            ".. soon",
            "<OK",
            "> \\xz0",
            "> C:\\User",
        ] {
            let said = std::panic::catch_unwind(|| script(text)).expect_err(text);
            let said = said.downcast_ref::<String>().expect("a message");
            assert!(said.starts_with("the script, line "), "{text}: {said}");
        }
    }

    #[test]
    fn escapes_are_taken_back() {
        let octets: Vec<u8> = (0..=255).collect();
        assert_eq!(unescape(&octets.escape_ascii().to_string(), "here"), octets);
    }
}
