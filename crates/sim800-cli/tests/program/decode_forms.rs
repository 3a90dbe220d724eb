//! What `sim800 decode` makes of a capture: parts of it, payload, packets, and what grows while it looks.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::bench::{Finished, program, signal};

fn traces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/traces")
}

fn trace() -> String {
    traces().join("http-get.jsonl").display().to_string()
}

fn decode(arguments: &[&str]) -> String {
    let finished = Finished::new(program(&[&["decode"], arguments].concat()).output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{arguments:?}");
    String::from_utf8(finished.stdout).unwrap()
}

#[test]
fn parts_of_it_can_be_chosen() {
    let trace = trace();
    let bearer = decode(&[&trace, "-q", "--only", "bearer"]);
    assert!(bearer.lines().count() > 10 && bearer.contains("AT+SAPBR=1,1"), "{bearer}");
    assert!(!bearer.contains("AT+HTTP") && !bearer.contains("CFUN"), "{bearer}");
    let both = decode(&[&trace, "-q", "--only", "http,unsolicited"]);
    assert!(both.contains("+HTTPACTION: 0,200,28") && !both.contains("SAPBR"), "{both}");
    assert_eq!(decode(&[&trace, "-q", "--only", "errors"]), "");
    let late = decode(&[&trace, "-q", "--since", "1.7162", "--until", "1.7164"]);
    assert!(
        late.contains("+HTTPREAD: 28") && !late.contains("AT+HTTPTERM") && !late.contains("HTTPHEAD"),
        "{late}"
    );
}

#[test]
fn the_end_sums_it_up() {
    let text = decode(&[&trace()]);
    let (_, summary) = text.split_once("\n\n").unwrap();
    for told in
        ["35 commands", "HTTP GET http://127.0.0.1:18081/hello.txt: 28 bytes", "AT+SAPBR=1,1: Opens a bearer"]
    {
        assert!(summary.contains(told), "{told}: {summary}");
    }
    assert!(!decode(&[&trace(), "-q"]).contains("\n\n"), "who wants it quiet gets lines alone");
    // What was asked of the line is what it is measured by.
    assert!(decode(&[&trace(), "--baud", "115200"]).contains("of 115200 bit/s"));
}

#[test]
fn payload_is_shown_and_extracted() {
    let trace = trace();
    let body = "        Hello from the module's host\n";
    let text = decode(&[&trace, "--payload", "text"]);
    assert!(text.contains("HTTP/1.0 200 OK"), "headers are always shown");
    let shown = text.lines().skip_while(|line| !line.contains("28 octets of payload")).nth(1).unwrap();
    assert!(shown.starts_with(&" ".repeat(29)), "{shown:?} like {body:?}");
    let hex = decode(&[&trace, "--payload", "hex"]);
    assert!(
        hex.contains("00000000  48 54 54 50 2f 31 2e 30  20 32 30 30 20 4f 4b 0d |HTTP/1.0 200 OK.|"),
        "{hex}"
    );

    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("part-").display().to_string();
    decode(&[&trace, "--payload", &prefix]);
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["part-0001-httphead", "part-0002-httpread"]);
    let sum: String = Sha256::digest(fs::read(folder.path().join(&names[1])).unwrap())
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    assert!(text.contains(&format!("SHA-256 {sum}")), "{sum}");
    // Nothing is written over.
    let again = Finished::new(program(&["decode", &trace, "--payload", &prefix]).output().unwrap());
    assert_eq!(again.code, 3);
    assert!(again.stderr.contains("part-0001-httphead: "), "{}", again.stderr);
}

#[test]
fn packets_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let packets = folder.path().join("line.pcapng").display().to_string();
    for name in ["http-get.jsonl", "fs-put.jsonl"] {
        let trace = traces().join(name).display().to_string();
        decode(&[&trace, "--pcapng", &packets, "-q"]);
        assert_eq!(decode(&[&packets]), decode(&[&trace]), "{name}");
    }
}

/// The commands that Wireshark's dissector finds, with its own eyes.
#[test]
#[expect(clippy::print_stderr, reason = "nobody shall take a test that was skipped for one that has passed")]
fn wireshark_reads_the_packets() {
    let folder = tempfile::tempdir().unwrap();
    let packets = folder.path().join("line.pcapng").display().to_string();
    decode(&[&trace(), "--pcapng", &packets, "-q"]);
    let mut tshark = Command::new("tshark");
    tshark.args(["-o", "uat:user_dlts:\"User 0 (DLT=147)\",\"at\",\"0\",\"\",\"0\",\"\"", "-r", &packets]);
    tshark.args([
        "-T",
        "fields",
        "-e",
        "frame.interface_name",
        "-e",
        "frame.p2p_dir",
        "-e",
        "at.cmd",
        "-e",
        "at.parameter",
        "-e",
        "frame.comment",
    ]);
    let Ok(output) = tshark.output() else {
        eprintln!("skipped: there is no tshark (apt-get install tshark)");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let is_row = |wanted: [&str; 5]| rows.iter().any(|row| row[..] == wanted);
    assert!(is_row(["lines", "0", "+HTTPACTION", "0", "Sends the request: GET"]), "{text}");
    assert!(is_row(["lines", "1", "+HTTPACTION", "0,200,28", "GET: 200 OK, 28 octets to read"]), "{text}");
    let payload: Vec<_> = rows.iter().filter(|row| row[0] == "payload").collect();
    assert_eq!(payload.len(), 2);
    assert!(payload.iter().all(|row| row[4].contains("octets of payload, SHA-256 ")), "{payload:?}");
}

#[test]
fn two_files_are_one_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tx"), "AT\rAT+CSQ\r").unwrap();
    fs::write(folder.path().join("rx"), "\r\nOK\r\n\r\n+CSQ: 21,0\r\n\r\nOK\r\n").unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let expected = "\
→ AT                                            Checks that the module answers
← OK
→ AT+CSQ                                        Asks for the signal quality
← +CSQ: 21,0                                    -72 dBm
← OK
";
    assert_eq!(decode(&["-q", &path("rx"), &path("tx")]), expected);
    assert_eq!(decode(&["-q", &path("tx"), &path("rx")]), expected);
}

#[test]
fn what_grows_is_followed_until_somebody_ends_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("line.log");
    let mut log = fs::File::create(&path).unwrap();
    let mut child =
        program(&["decode", "--follow", path.to_str().unwrap()]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    log.write_all(b"AT\r\r\nOK\r\nAT+C").unwrap();
    assert_eq!(
        lines.next().unwrap(),
        "← AT                                            Checks that the module answers"
    );
    assert_eq!(lines.next().unwrap(), "← OK");
    log.write_all(b"SQ\r\r\n+CSQ: 21,0\r\n").unwrap();
    assert_eq!(
        lines.next().unwrap(),
        "← AT+CSQ                                        Asks for the signal quality"
    );
    assert_eq!(lines.next().unwrap(), "← +CSQ: 21,0                                    -72 dBm");
    signal(&child, Signal::INT);
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success(), "the end is told");
    assert!(rest.concat().contains("bytes from it"), "{rest:?}");
}

#[test]
fn what_is_read_and_what_is_written_are_not_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    fs::copy(trace(), &path).unwrap();
    for option in ["--html", "--pcapng"] {
        let name = path.to_str().unwrap();
        let refused = Finished::new(program(&["decode", name, option, name]).output().unwrap());
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains("the same file"), "{}", refused.stderr);
    }
    assert_eq!(fs::read(&path).unwrap(), fs::read(trace()).unwrap());
}
