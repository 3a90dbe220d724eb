//! Reads the transcripts beside this file; see the README there.

use std::fmt;
use std::fs;
use std::path::Path;

/// One exchange between DTE and DCE.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// The file's name without its ending.
    pub(crate) name: String,
    /// Where it is taken from: `note 3.9`, `manual`, `field log`, `made up`.
    pub(crate) source: String,
    /// What happens, in order.
    pub(crate) steps: Vec<Step>,
}

/// One side sends octets.
#[derive(Debug)]
pub(crate) enum Step {
    /// The DTE sends a command line, line end included.
    Command(Vec<u8>),
    /// The DTE sends payload.
    Payload(Vec<u8>),
    /// The DCE sends octets, which are these events.
    Response(Vec<u8>, Vec<String>),
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (from {})", self.name, self.source)
    }
}

/// All transcripts, in order of their names.
pub(crate) fn all() -> Vec<Transcript> {
    // The crates that include this file lie at different depths.
    let mut folders =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("testdata/transcripts"));
    let folder = folders.find(|folder| folder.is_dir()).expect("the folder of the transcripts");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are no transcripts");
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Transcript {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let source = text.lines().next().and_then(|line| line.strip_prefix("# source: "));
    let source = source.unwrap_or_else(|| panic!("{name}: the first line names no source")).to_owned();
    let mut steps = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}, line {}", number + 1);
        if let Some(expression) = line.strip_prefix("DTE ") {
            let octets = octets(expression, &place);
            let is_command = octets.starts_with(b"AT") && octets.ends_with(b"\r");
            steps.push(if is_command { Step::Command(octets) } else { Step::Payload(octets) });
        } else if let Some(expression) = line.strip_prefix("DCE ") {
            steps.push(Step::Response(octets(expression, &place), Vec::new()));
        } else if let Some(event) = line.strip_prefix("    ") {
            let Some(Step::Response(_, events)) = steps.last_mut() else {
                panic!("{place}: an event without octets")
            };
            events.push(event.to_owned());
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{place}: not understood: {line}");
        }
    }
    Transcript { name, source, steps }
}

/// Strings and `repeat(n)`, one after another.
pub(crate) fn octets(expression: &str, place: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = expression.trim();
    while !rest.is_empty() {
        if let Some(count) = rest.strip_prefix("repeat(") {
            let (count, after) =
                count.split_once(')').unwrap_or_else(|| panic!("{place}: `repeat(` without `)`"));
            octets.extend((0..count.parse::<usize>().unwrap()).map(|n| u8::try_from(n % 256).unwrap()));
            rest = after.trim_start();
        } else {
            rest = string(rest, place, &mut octets).trim_start();
        }
    }
    octets
}

/// One string with the escapes of Rust's byte strings; returns what follows it.
fn string<'a>(text: &'a str, place: &str, octets: &mut Vec<u8>) -> &'a str {
    let mut rest = text.strip_prefix('"').unwrap_or_else(|| panic!("{place}: no string: {text}"));
    loop {
        let mut chars = rest.chars();
        let octet = chars.next().unwrap_or_else(|| panic!("{place}: the string does not end"));
        rest = chars.as_str();
        octets.push(match octet {
            '"' => return rest,
            '\\' => {
                let escape = chars.next().unwrap_or_else(|| panic!("{place}: the string does not end"));
                rest = chars.as_str();
                match escape {
                    'r' => b'\r',
                    'n' => b'\n',
                    '0' => 0,
                    'x' => {
                        let (digits, after) = rest.split_at(2);
                        rest = after;
                        u8::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{place}: \\x{digits}"))
                    }
                    other => u8::try_from(other).unwrap(),
                }
            }
            other => u8::try_from(other).unwrap_or_else(|_| panic!("{place}: {other} is no octet")),
        });
    }
}
