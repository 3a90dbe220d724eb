//! What a campaign starts from: inputs made from the transcripts, and short ones that were chosen from earlier campaigns.

use std::fs;
use std::path::Path;

use crate::script::{COMMAND, MARK};
use crate::trace::{RECEIVE, SEND};
use sim800_testdata::{Step, transcripts, unescape};

/// The seeds of a target.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    [from_transcripts(target), chosen(target)].concat()
}

/// The lines of `seeds/<target>.txt`.
fn chosen(target: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(format!("{target}.txt"));
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
    text.lines().map(|line| unescape(line, target)).collect()
}

fn from_transcripts(target: &str) -> Vec<Vec<u8>> {
    let transcripts = transcripts().into_iter();
    match target {
        "command_round_trip" => transcripts.flat_map(|transcript| commands(&transcript.steps)).collect(),
        "line" | "unsolicited_round_trip" => {
            transcripts.flat_map(|transcript| lines(&transcript.steps)).collect()
        }
        "emulator" => transcripts.map(|transcript| exchange(&transcript.steps)).collect(),
        "cuts" => {
            transcripts.map(|transcript| [&[3, 16, 1, 255], &*script(&transcript.steps)].concat()).collect()
        }
        "pair" => crate::pair::seeds(),
        "session" => crate::session::seeds(),
        "trace" => transcripts
            .map(|transcript| capture(&transcript.steps))
            .chain(traces())
            .map(|seed| [&[0], &*seed].concat())
            .collect(),
        _ => transcripts.map(|transcript| script(&transcript.steps)).collect(),
    }
}

/// What the DTE sends as commands, what the DCE sends as octets.
fn script(steps: &[Step]) -> Vec<u8> {
    let mut script = Vec::new();
    for step in steps {
        match step {
            Step::Command(line) => script.extend([&[MARK, COMMAND], &**line].concat()),
            Step::Response(response) => response.octets.iter().for_each(|octet| push(&mut script, *octet)),
            Step::Payload(_) | Step::Pause(_) => {}
        }
    }
    script
}

/// What both sides send.
fn capture(steps: &[Step]) -> Vec<u8> {
    let mut script = Vec::new();
    for step in steps {
        match step {
            Step::Command(line) => script.extend([&[MARK, COMMAND], &**line].concat()),
            Step::Response(response) => response.octets.iter().for_each(|octet| push(&mut script, *octet)),
            Step::Payload(octets) => {
                script.extend([MARK, SEND]);
                octets.iter().for_each(|octet| push(&mut script, *octet));
                script.extend([MARK, RECEIVE]);
            }
            Step::Pause(_) => {}
        }
    }
    script
}

/// What the program wrote with `--trace`.
fn traces() -> impl Iterator<Item = Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces");
    let entries = fs::read_dir(folder).expect("the folder of the traces");
    entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a trace"))
}

fn push(script: &mut Vec<u8>, octet: u8) {
    script.push(octet);
    if octet == MARK {
        script.push(MARK);
    }
}

fn commands(steps: &[Step]) -> Vec<Vec<u8>> {
    steps
        .iter()
        .filter_map(|step| if let Step::Command(line) = step { Some(line.clone()) } else { None })
        .collect()
}

/// The lines that the DCE sends.
fn lines(steps: &[Step]) -> Vec<Vec<u8>> {
    let responses = steps
        .iter()
        .filter_map(|step| if let Step::Response(response) = step { Some(&response.octets) } else { None });
    let lines = responses.flat_map(|octets| octets.split(|octet| *octet == b'\n')).map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

/// What the DTE sends, and what the network does about it, for a module with an open bearer.
fn exchange(steps: &[Step]) -> Vec<u8> {
    use crate::emulator::NETWORK;
    /// Success, fourteen octets long: see `emulator::event`.
    const HTTP_DONE: &[u8] = &[MARK, NETWORK, 0, 14, 0, 8, 200, 0];
    const FTP_READY: &[u8] = &[MARK, NETWORK, 0, 0, 0, 0];
    const FTP_DATA: &[u8] = &[MARK, NETWORK, 0, 50, 0, 1];
    const FTP_SENT: &[u8] = &[MARK, NETWORK, 0, 100, 0, 2];
    const FTP_DONE: &[u8] = &[MARK, NETWORK, 0, 14, 0, 3];

    let mut script = vec![0x01, 0xFE];
    script.extend(b"AT+SAPBR=1,1\r");
    for step in steps {
        let (Step::Command(octets) | Step::Payload(octets)) = step else { continue };
        octets.iter().for_each(|octet| push(&mut script, *octet));
        let line = octets.trim_ascii_end();
        match step {
            Step::Payload(_) => script.extend(FTP_SENT),
            _ if line.starts_with(b"AT+HTTPACTION=") => script.extend(HTTP_DONE),
            _ if line == b"AT+FTPGET=1" => script.extend([FTP_READY, FTP_DATA].concat()),
            _ if line == b"AT+FTPPUT=1" => script.extend(FTP_READY),
            _ if line == b"AT+FTPSIZE" || line == b"AT+FTPPUT=2,0" => script.extend(FTP_DONE),
            _ => {}
        }
    }
    script
}
