//! The memory of the machine for the linker, and the transcripts of `testdata` as constants.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sim800_testdata::{Response, Step, Transcript, transcripts, unescape};

/// From this length on, counted octets are written as their number.
const LONG: usize = 64;

fn main() {
    let out = env::var_os("OUT_DIR").expect("cargo names the folder");
    let out = Path::new(&out);
    // Of this package alone: others that use it have another machine.
    fs::copy("lm3s6965.x", out.join("memory.x")).expect("it can be copied");
    println!("cargo::rustc-link-arg=-L{}", out.display());
    // That of cortex-m-rt, which takes it in.
    println!("cargo::rustc-link-arg=-Tlink.x");
    fs::write(out.join("transcripts.rs"), constants()).expect("the transcripts can be written");
    for path in ["build.rs", "lm3s6965.x", "../testdata"] {
        println!("cargo::rerun-if-changed={path}");
    }
}

fn constants() -> String {
    let mut text = "&[\n".to_owned();
    for transcript in transcripts() {
        writeln!(text, "Transcript {{ name: {:?}, steps: &[", transcript.name).unwrap();
        for step in &transcript.steps {
            match step {
                Step::Command(line) => writeln!(text, "Step::Command({}),", literal(line)),
                // Who sends payload has no more to do with a framer than the prompt it is told of; time is nothing to it.
                Step::Payload(_) | Step::Pause(_) => Ok(()),
                Step::Response(Response { octets, events, .. }) => {
                    let events: String =
                        events.iter().map(|event| expected(&transcript, event) + ", ").collect();
                    writeln!(text, "Step::Response(&[{}], &[{events}]),", pieces(octets))
                }
            }
            .unwrap();
        }
        text += "] },\n";
    }
    text + "]\n"
}

/// `octets`, with what only counts up as a number.
fn pieces(octets: &[u8]) -> String {
    let mut text = String::new();
    let (mut at, mut start) = (0, 0);
    while at < octets.len() {
        let rest = &octets[at..];
        let count = rest.iter().zip((0..=u8::MAX).cycle()).take_while(|(octet, n)| *octet == n).count();
        if count >= LONG {
            write!(text, "Piece::Octets({}), Piece::Counting({count}), ", literal(&octets[start..at]))
                .unwrap();
            start = at + count;
        }
        at += count.max(1);
    }
    text + &format!("Piece::Octets({})", literal(&octets[start..]))
}

/// An event as `testdata/README.md` has them.
fn expected(transcript: &Transcript, event: &str) -> String {
    let (kind, text) = event.split_once(' ').unwrap_or((event, ""));
    let octets = || literal(&unescape(text, event));
    match kind {
        "echo" => format!("Expected::Echo({})", octets()),
        "prompt" if text.is_empty() => "Expected::Prompt(None)".to_owned(),
        "prompt" => format!("Expected::Prompt(Some({text}))"),
        "information" => format!("Expected::Information({})", octets()),
        "payload" => format!("Expected::Payload({text})"),
        "final" => format!("Expected::Final({})", octets()),
        "unsolicited" => format!("Expected::Unsolicited({})", octets()),
        "continuation" => format!("Expected::Continuation({})", octets()),
        "excess" => format!("Expected::Excess({text})"),
        "overlong" => format!("Expected::Overlong({text})"),
        _ => panic!("{transcript}: an event that the firmware does not know: {event}"),
    }
}

fn literal(octets: &[u8]) -> String {
    format!("b\"{}\"", octets.escape_ascii())
}
