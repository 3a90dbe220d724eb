//! `sim800 decode`: traces and plain captures, whole and damaged.

use std::fs;
use std::io::Write;
use std::num::NonZeroU32;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::Value;
use sim800_emulator::Config;
use sim800_testbed::Line;

use crate::bench::{Bench, Finished, octets, program, signal, wait_until};

/// What a module sent with its echo on: a request that fails, a download, and a restart in the middle of it.
const RAW: &[u8] = b"AT+HTTPACTION=0\r\r\nOK\r\n\r\n+HTTPACTION: 0,601,0\r\n\
    AT+FTPGET=2,20\r\r\n+FTPGET: 2,6\r\n\r\nOK\r\n\r\nOK\r\n\r\n+FTPGET: 1,72\r\n\
    AT+CIPHEAD=\"TCP\"\r\r\n+CME ERROR: 3\r\n\r\nRDY\r\n\x1b[31m\xff\r\n\r\n+FTPGET: 2,9\r\nabc";

/// Runs the program over a file with this content.
fn decode(arguments: &[&str], content: &[u8]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("capture"), content).unwrap();
    let mut command = program(&[&["decode", "capture"], arguments].concat());
    Finished::new(command.current_dir(folder.path()).output().unwrap())
}

/// What it prints for a file that can be read.
fn shown(arguments: &[&str], content: &[u8]) -> String {
    let finished = decode(arguments, content);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    String::from_utf8(finished.stdout).unwrap()
}

/// The events; the summary comes last.
fn objects(text: &str) -> Vec<Value> {
    let mut objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = objects.pop().unwrap();
    assert_eq!(summary["event"], "summary");
    assert!(objects.iter().all(|event| event["event"] != "summary"));
    objects
}

#[test]
fn traces_are_shown() {
    let http = include_bytes!("../../../../testdata/traces/http-get.jsonl");
    assert_eq!(shown(&[], http), include_str!("decoded/http-get.txt"));
    let fs = include_bytes!("../../../../testdata/traces/fs-put.jsonl");
    assert_eq!(shown(&[], fs), include_str!("decoded/fs-put.txt"));
    assert_eq!(shown(&["--json"], fs), include_str!("decoded/fs-put.jsonl"));
}

#[test]
fn what_a_module_sent_is_shown() {
    assert_eq!(
        shown(&["--format", "raw", "-q"], RAW),
        "\
← AT+HTTPACTION=0                               Sends the request: GET
← OK
← +HTTPACTION: 0,601,0                          GET: 601 (network error), 0 octets to read
← AT+FTPGET=2,20                                Reads from the download: length 20
← +FTPGET: 2,6                                  6 octets follow
← 6 octets of payload                           SHA-256 e294a60ae3dc7a8cc9100deef196c2445705ad177edfb4ac4242a8f9d348a11b
← OK
← +FTPGET: 1,72                                 the download ended: 72 (the password was rejected)
← AT+CIPHEAD=\"TCP\"
← +CME ERROR: 3                                 3 (operation not allowed)
← RDY                                           the module has started
← \\x1b[31m\\xff                                  noise, or payload whose beginning is missing
← +FTPGET: 2,9                                  9 octets follow
← 3 of 9 octets of payload                      6 octets are missing; SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
"
    );
    let text = shown(&["--format", "raw", "--json"], RAW);
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&summary["received"], &summary["errors"]), (&RAW.len().into(), &5.into()));
    let [transfer] = &summary["transfers"].as_array().unwrap()[..] else { panic!("{summary}") };
    assert_eq!(transfer["outcome"], "GET: 601 (network error), 0 octets to read");
    assert!(text.is_ascii(), "what a terminal would obey is escaped");
    let events = objects(&text);
    let total: u64 = events.iter().map(|event| event["received"].as_u64().unwrap()).sum();
    assert_eq!(total, RAW.len() as u64);
    let line = |n: usize| text.lines().nth(n).unwrap();
    assert_eq!(
        line(2),
        r#"{"t":null,"dir":"rx","event":"unsolicited","subject":"http","name":"+HTTPACTION","values":[0,601,0],"text":"+HTTPACTION: 0,601,0","octets":null,"received":24,"sha256":null,"error":true,"meaning":"GET: 601 (network error), 0 octets to read"}"#
    );
    assert_eq!(
        line(13),
        r#"{"t":null,"dir":"rx","event":"payload","subject":"ftp","name":"+FTPGET","values":[],"text":"","octets":9,"received":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","error":true,"meaning":"6 octets are missing"}"#
    );
}

#[test]
fn without_the_echo_lines_are_shown_as_they_come() {
    let text = shown(
        &["--format", "raw", "-q"],
        b"d\r\n\r\nOK\r\n\r\n+CSQ: 21,0\r\n\r\nOK\r\n\r\n+HTTPREAD: 4\r\n\r\nO\n\r\nOK\r\n\r\n+CRE",
    );
    assert_eq!(
        text,
        "\
← d
← OK
← +CSQ: 21,0                                    -72 dBm
← OK
← +HTTPREAD: 4                                  4 octets follow
← 4 octets of payload                           SHA-256 9bf64f9a7312b49b0bcc6c8b637d86616622ede0880d5b5cd9685dc4ad3863ba
← OK
← +CRE                                          the line does not end
"
    );
}

#[test]
fn a_damaged_trace_is_shown_as_far_as_it_goes() {
    let trace = "{\"t\":0.5,\"dir\":\"tx\",\"data\":\"AT+HTTPREAD\\r\"}\n\
        some remark\n\
        {\"t\":0.75,\"dir\":\"rx\",\"data\":\"\\r\\n+HTTPREAD: 10\\r\\nabc\"}\n\
        {\"t\":9.0,\"dir\":\"tx\",\"data\":\"AT\\rgarbage\\r\"}\n\
        \n\
        {\"dir\":\"rx\",\"data\":\"\\r\\nOK\\r\\n\"}\n\
        {\"t\":9.5,\"dir\":\"rx\",\"da";
    assert_eq!(
        shown(&["-q"], trace.as_bytes()),
        "     0.500           → AT+HTTPREAD                                   Reads all of the body that was received
                     ? some remark                                   no record of a trace
     0.750    +0.250 ← +HTTPREAD: 10                                 10 octets follow
     0.750           ← 3 of 10 octets of payload                     7 octets are missing; SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
     9.000    +8.250 → AT                                            Checks that the module answers
     9.000           → garbage                                       no command line
                     ← OK
                     ? {\"t\":9.5,\"dir\":\"rx\",\"da                       no record of a trace
"
    );
}

#[test]
fn an_empty_file_has_no_events() {
    for arguments in [&[][..], &["--json"], &["--format", "raw"]] {
        let finished = decode(arguments, b"");
        assert_eq!((finished.code, finished.stdout.as_slice()), (0, &b""[..]), "{arguments:?}");
    }
    assert_eq!(decode(&[], b"").stderr, "there is nothing in it\n");
    assert_eq!(decode(&["-q"], b"").stderr, "");
}

#[test]
fn the_format_is_recognized() {
    assert_eq!(shown(&[], RAW), shown(&["--format", "raw"], RAW));
}

#[test]
fn what_is_no_capture_is_an_error_that_says_what_helps() {
    for content in [
        &b"# Shopping\n\nOk, at noon: 1+1 apples.\n"[..],
        &[0x7F, b'E', b'L', b'F', 0, 0xFF],
        &[b'x'; 200_000],
    ] {
        let finished = decode(&[], content);
        assert_eq!((finished.code, finished.stdout.as_slice()), (3, &b""[..]));
        assert!(finished.stderr.contains("--format (pcapng, trace, "), "{}", finished.stderr);
        let failed = decode(&["--json"], content).object();
        assert_eq!((&failed["ok"], &failed["error"]["kind"]), (&false.into(), &"format".into()));
        assert_eq!(decode(&["--format", "raw"], content).code, 0);
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for path in ["/nonexistent/capture", "/"] {
        let finished = Finished::new(program(&["decode", path]).output().unwrap());
        assert_eq!((finished.code, finished.stdout.as_slice()), (3, &b""[..]));
        assert!(finished.stderr.starts_with(&format!("sim800: cannot read {path}: ")), "{}", finished.stderr);
        let finished = Finished::new(program(&["decode", "--json", path]).output().unwrap());
        assert_eq!(finished.object()["error"]["kind"], "file");
    }
}

#[test]
fn a_dash_is_stdin() {
    let mut child = program(&["decode", "--format", "raw", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"\r\nRDY\r\n").unwrap();
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(String::from_utf8(finished.stdout).unwrap().split_whitespace().nth(1), Some("RDY"));
}

#[test]
fn what_the_program_traced_adds_up() {
    let bench = Bench::new();
    let file = octets(20_000);
    fs::write(bench.path("here"), &file).unwrap();
    assert_eq!(bench.run(&["--trace", "trace", "ftp", "put", "here", &bench.ftp_url("/there")]).code, 0);
    let text = shown(&["--json"], &fs::read(bench.path("trace")).unwrap());
    let events = objects(&text);
    let sent = events.iter().filter(|event| event["event"] == "payload" && event["dir"] == "tx");
    assert_eq!(sent.map(|event| event["received"].as_u64().unwrap()).sum::<u64>(), 20_000);
    assert!(events.iter().all(|event| event["event"] != "unreadable"), "{text}");
    let sent =
        events.iter().filter(|event| event["event"] == "command").filter_map(|event| event["text"].as_str());
    assert!(sent.into_iter().any(|line| line.ends_with("+FTPPW=*********")), "{text}");
}

#[test]
fn a_trace_is_there_when_its_program_is_not_any_more() {
    let bench = Bench::with_line(Config::default(), Line::paced(NonZeroU32::new(115_200).unwrap()));
    bench.http.put("/a", "text/plain", octets(100_000));
    let mut child = bench
        .command(&["--trace", "trace", "http", "get", &bench.http.url("/a"), "-o", "a"])
        .spawn()
        .unwrap();
    wait_until(|| fs::read(bench.path("trace")).is_ok_and(|trace| trace.len() > 20_000));
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let events = objects(&shown(&["--json"], &fs::read(bench.path("trace")).unwrap()));
    assert!(events.iter().all(|event| event["event"] != "unreadable"));
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["name"]), (&"payload".into(), &"+HTTPREAD".into()), "{last}");
    assert!(last["received"].as_u64() < last["octets"].as_u64(), "{last}");
}

/// `sim800 decode … | head` is no failure: nobody wants the rest.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut capture = tempfile::NamedTempFile::new().unwrap();
    capture.write_all(RAW).unwrap();
    for json in [&[][..], &["--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = program(&["decode", "--format", "raw"]);
        let finished = command.arg(capture.path()).args(json).stdout(writer).stderr(Stdio::piped()).spawn();
        let finished = Finished::new(finished.unwrap().wait_with_output().unwrap());
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    }
}
