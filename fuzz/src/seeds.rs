//! What a campaign starts from: inputs made from the transcripts, and short ones that were chosen from earlier campaigns.

use std::fs;
use std::path::Path;

use crate::emulator::{NETWORK, OBLIGE, QUICK};
use crate::script::{COMMAND, MARK};
use crate::trace::{RECEIVE, SEND};
use sim800_command::SPECS;
use sim800_grammar::{Attempt, Kind, attempts};
use sim800_testdata::{Step, transcripts, unescape};

/// The seeds of a target.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    [from_transcripts(target), written(target), chosen(target)].concat()
}

/// The lines of `scripts/<target>.txt`, which people have written.
fn written(target: &str) -> Vec<Vec<u8>> {
    let scripts = || lines_of(&format!("scripts/{target}.txt"));
    match target {
        // On a network that obliges: sockets, messages, calls, a phone book, which this driver has no use for, each command in each
        // form, and what happens to the module meanwhile.
        "emulator" => scripts()
            .iter()
            .map(|script| [&QUICK[..], &[MARK, OBLIGE, 200, 0], &script[..]].concat())
            .collect(),
        "command_round_trip" | "engine" | "trace" => scripts(),
        _ => Vec::new(),
    }
}

/// The lines of `seeds/<target>.txt`.
fn chosen(target: &str) -> Vec<Vec<u8>> {
    lines_of(&format!("seeds/{target}.txt"))
}

/// The inputs in a file that has one on each line.
fn lines_of(file: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
    text.lines().map(|line| unescape(line, file)).collect()
}

fn from_transcripts(target: &str) -> Vec<Vec<u8>> {
    let transcripts = transcripts().into_iter();
    match target {
        "answers" => crate::answers::seeds(transcripts.map(|transcript| commands(&transcript.steps))),
        "command_round_trip" => transcripts
            .flat_map(|transcript| [commands(&transcript.steps), answered(&transcript.steps)].concat())
            .chain(table().flatten())
            .chain(examples())
            .collect(),
        "line" | "unsolicited_round_trip" => {
            transcripts.flat_map(|transcript| lines(&transcript.steps)).collect()
        }
        "emulator" => {
            let typed = table().map(|lines| [&QUICK[..], &lines.join(&b'\r'), b"\r"].concat());
            transcripts
                .flat_map(|transcript| [exchange(&transcript.steps), obliged(&transcript.steps)])
                .chain(typed)
                .collect()
        }
        "cuts" => {
            transcripts.map(|transcript| [&[3, 16, 1, 255], &*script(&transcript.steps)].concat()).collect()
        }
        "decoded" => crate::decoded::seeds(),
        "pair" => crate::pair::seeds(),
        "session" => crate::session::seeds(),
        "sockets" => crate::sockets::seeds(),
        "trace" => transcripts
            .map(|transcript| capture(&transcript.steps))
            .chain(files("traces"))
            .chain(files("captures"))
            .chain(files("captures/formats"))
            .chain(examples().map(|example| capture_of(&example)))
            .map(|seed| [&[0], &*seed].concat())
            .collect(),
        // And a line that would be scanned for long, if it were scanned again and again.
        _ => transcripts.map(|transcript| script(&transcript.steps)).chain([vec![b'x'; 600]]).collect(),
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

/// What programs wrote of a line, in a folder beside the transcripts.
fn files(folder: &str) -> impl Iterator<Item = Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(folder);
    let entries = fs::read_dir(folder).expect("the folder");
    let files = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    files.map(|path| fs::read(path).expect("a file"))
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

/// Each command with the lines of its response.
fn answered(steps: &[Step]) -> Vec<Vec<u8>> {
    let mut answered: Vec<Vec<u8>> = Vec::new();
    for step in steps {
        match step {
            Step::Command(line) => answered.push(line.clone()),
            Step::Response(response) => {
                let Some(last) = answered.last_mut() else { continue };
                for line in response.octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii) {
                    if !line.is_empty() && line != b"OK" {
                        last.extend([b"\n", line].concat());
                    }
                }
            }
            Step::Payload(_) | Step::Pause(_) => {}
        }
    }
    answered
}

/// Each command of the table with the line that is its example there.
fn examples() -> impl Iterator<Item = Vec<u8>> {
    SPECS.iter().filter_map(|spec| {
        let command = attempts(spec).into_iter().find(|attempt| attempt.kind == Kind::Valid)?.line;
        let name = if spec.example.starts_with(':') { spec.name } else { "" };
        Some(format!("{command}\n{name}{}", spec.example).into_bytes())
    })
}

/// A command and its response as both sides send them.
fn capture_of(answered: &[u8]) -> Vec<u8> {
    let mut lines = answered.split(|octet| *octet == b'\n');
    let command = lines.next().unwrap_or_default();
    let mut script = [&[MARK, COMMAND], command, b"\r"].concat();
    lines.for_each(|line| script.extend([b"\r\n", line, b"\r\n"].concat()));
    [&script[..], b"\r\nOK\r\n"].concat()
}

/// The lines that each command of the table has to take, up to the limits of its values.
fn table() -> impl Iterator<Item = Vec<Vec<u8>>> {
    let valid = |attempt: &Attempt| matches!(attempt.kind, Kind::Valid | Kind::Boundary);
    SPECS.iter().map(move |spec| {
        attempts(spec).into_iter().filter(valid).map(|attempt| attempt.line.into_bytes()).collect()
    })
}

/// The lines that the DCE sends.
fn lines(steps: &[Step]) -> Vec<Vec<u8>> {
    let responses = steps
        .iter()
        .filter_map(|step| if let Step::Response(response) = step { Some(&response.octets) } else { None });
    let lines = responses.flat_map(|octets| octets.split(|octet| *octet == b'\n')).map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

/// What the DTE sends on a network that obliges.
fn obliged(steps: &[Step]) -> Vec<u8> {
    let mut script = [&QUICK[..], &[MARK, OBLIGE, 200, 0], b"AT+SAPBR=1,1\r"].concat();
    for step in steps {
        if let Step::Command(octets) | Step::Payload(octets) = step {
            octets.iter().for_each(|octet| push(&mut script, *octet));
        }
    }
    script
}

/// What the DTE sends, and what the network does about it, for a module with an open bearer.
fn exchange(steps: &[Step]) -> Vec<u8> {
    /// Success, fourteen octets long: see `emulator::event`.
    const HTTP_DONE: &[u8] = &[MARK, NETWORK, 0, 14, 0, 8, 200, 0];
    const FTP_READY: &[u8] = &[MARK, NETWORK, 0, 0, 0, 0];
    const FTP_DATA: &[u8] = &[MARK, NETWORK, 0, 50, 0, 1];
    const FTP_SENT: &[u8] = &[MARK, NETWORK, 0, 100, 0, 2];
    const FTP_DONE: &[u8] = &[MARK, NETWORK, 0, 14, 0, 3];

    let mut script = QUICK.to_vec();
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
