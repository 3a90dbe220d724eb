//! What a campaign starts from: inputs made from the transcripts, and short ones that were chosen from earlier campaigns.

use std::fs;
use std::path::Path;

use crate::emulator::{NETWORK, QUICK};
use crate::script::{COMMAND, MARK};
use crate::trace::{RECEIVE, SEND};
use sim800_command::SPECS;
use sim800_grammar::{Attempt, Kind, attempts};
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
        "command_round_trip" => {
            transcripts.flat_map(|transcript| commands(&transcript.steps)).chain(table().flatten()).collect()
        }
        "line" | "unsolicited_round_trip" => {
            transcripts.flat_map(|transcript| lines(&transcript.steps)).collect()
        }
        "emulator" => {
            let typed = table().map(|lines| [&QUICK[..], &lines.join(&b'\r'), b"\r"].concat());
            transcripts
                .map(|transcript| exchange(&transcript.steps))
                .chain(neighbours())
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

/// What other programs send than this driver: sockets, messages, calls. What happens on the network is as in `emulator::event`.
fn neighbours() -> Vec<Vec<u8>> {
    const SINGLE: &[u8] = b"AT+CSTT=a;+CIICR;+CIFSR\rAT+CIPSTART=TCP,a,80\r\xF5n\0\0\0\x09\x50\0AT+CIPSEND=4\rabcd\xF5n\0\x04\0\x0C\
        AT+CIPSEND\rab\x1a\xF5n\0\x02\0\x0C\xF5n\0\x32\0\x0BAT+CIPSTATUS\rAT+CIPACK\rAT+CIPCLOSE\r\xF5n\0\0\0\x0DAT+CIPSHUT\r";
    const MANY: &[u8] = b"AT+CIPMUX=1;+CIPRXGET=1;+CIPQSEND=1;+CSTT;+CIICR;+CIFSR\rAT+CIPSTART=5,UDP,a,80\r\xF5n\0\0\0\x09\x50\0\
        AT+CIPSEND=5,4\rabcd\xF5n\0\x32\0\x0BAT+CIPRXGET=2,5,9\rAT+CIPRXGET=3,5,9\rAT+CIPRXGET=4,5\rAT+CIPSTATUS=5\r\xF5n\0\0\0\x0D";
    const ONLINE: &[u8] = b"AT+CIPMODE=1\rAT+CIPSTART=TCP,a,80\r\xF5n\0\0\0\x09\x50\0abc\xF5n\0\x02\0\x0C\xF5w\xFF\0+++\xF5w\xFF\0ATO\r\xF5n\0\0\0\x0D";
    const LOOKUPS: &[u8] = b"AT+CIICR\rAT+CSTT;+CIICR\rAT+CDNSGIP=a\r\xF5n\0\x01\0\x0EAT+CIPPING=a,2\r\xF5n\0\x01\0\x0EAT+CNTP=a,4;+CNTP\r\xF5n\0\0\0\x0F\x01";
    const MESSAGES: &[u8] = b"AT+CMGF=1\rAT+CMGW=1\rhello\x1aAT+CMGS=1\rhello\x1aAT+CMGL=ALL\rAT+CMGR=1\rAT+CSCS=UCS2;+CSDH=1\rAT+CMGR=1\r\
        AT+CMGF=0\rAT+CMGL=4\rAT+CMGS=23\r0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1aAT+CMGD=1,4\rAT+CPMS=SM\r";
    const REST: &[u8] = b"ATD1;\rAT+CLCC;+CPAS\rATH\rAT+COLP=1\rATD2;\r\xF5w\xFF\xFFAT+CUSD=1,1\rAT+CGDCONT=2,IP,a\rAT+CGACT=1,2\r\
        AT+CGPADDR\rAT+CENG=3\rAT+CENG?\rAT+CMIC=1,2\rAT+CLCK=SC,2\rAT&V;&W;Z;&F\r";
    const BOOK: &[u8] = b"AT+CPBS=SM;+CPBS?;+CPBW=?\rAT+CPBW=3,+49,145,A\\22\rAT+CPBW=,1\rAT+CSCS=UCS2\rAT+CPBW=4,2,129,0041\rAT+CPBR=1,250\r\
        AT+CPBF=0041\rAT+CPBW=3\rAT+CPBS=ON;+CPBW=1,1;+CNUM\rAT+SAPBR=1,1\rAT+CIPGSMLOC=1,1\rAT+CLBS=4,1\rAT+CFUN=1,1\r";
    [SINGLE, MANY, ONLINE, LOOKUPS, MESSAGES, REST, BOOK].map(|script| [&QUICK[..], script].concat()).to_vec()
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
