//! `sim800 console`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::bench::{Bench, Finished, program};
use crate::typist::Typist;

/// Answers `OK` to all but what the test says, tells each line, and lets the test say more.
struct Puppet {
    port: String,
    lines: Receiver<String>,
    streams: Receiver<TcpStream>,
}

impl Puppet {
    /// `answer`: what it says to a line, or to the octets behind `AT+CMGS`.
    fn new(answer: fn(&str) -> Option<&'static str>) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = format!("tcp://{}", door.local_addr().unwrap());
        let ((told, lines), (given, streams)) = (channel(), channel());
        thread::spawn(move || {
            let (mut stream, _) = door.accept().unwrap();
            given.send(stream.try_clone().unwrap()).unwrap();
            let (mut octet, mut line) = ([0], String::new());
            while stream.read(&mut octet).is_ok_and(|count| count > 0) {
                line.push(char::from(octet[0]));
                let is_message = line.starts_with('!');
                if !matches!((is_message, octet[0]), (false, b'\r') | (true, 0x1a | 0x1b)) {
                    continue;
                }
                let said = answer(line.trim()).unwrap_or("\r\nOK\r\n");
                stream.write_all(said.as_bytes()).unwrap();
                let next = if said.ends_with("> ") { "!".to_owned() } else { String::new() };
                if told.send(std::mem::replace(&mut line, next)).is_err() {
                    return;
                }
            }
        });
        Self { port, lines, streams }
    }

    fn console(&self, folder: &tempfile::TempDir) -> Command {
        let mut command = program(&["-p", &self.port, "console"]);
        command.env("XDG_STATE_HOME", folder.path()).current_dir(folder.path());
        command
    }
}

fn sends_messages(line: &str) -> Option<&'static str> {
    match line {
        line if line.starts_with("AT+CMGS=") => Some("\r\n> "),
        line if line.ends_with('\x1a') => Some("\r\n+CMGS: 7\r\n\r\nOK\r\n"),
        "AT+SLOW" => Some(""),
        _ => None,
    }
}

fn state() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn lines_are_completed_sent_and_explained() {
    let (bench, folder) = (Bench::new(), state());
    let mut command = bench.command(&["console", "--trace", "line.jsonl"]);
    command.env("XDG_STATE_HOME", folder.path());
    let mut typist = Typist::new(command);
    typist.sees_last("sim800>");
    typist.types("AT+GS");
    typist.sees_last("sim800> AT+GSN");
    typist.types("\t\r");
    typist.sees("866771029893217");
    typist.types("AT+CSQ\r");
    typist.sees("-72 dBm");
    typist.types("AT+HTTPINIT\rAT+HTTPDATA=");
    typist.sees_last("sim800> AT+HTTPDATA=<size: 0 to 319488>,<time: 1000 to 120000>");
    typist.types("12,60000\r");
    typist.sees_last("12 bytes>");
    typist.types("hello\r");
    typist.sees_last("5 bytes>");
    typist.types("worlds\r");
    typist.sees("that is 6 bytes, and the module takes 5");
    typist.types("world\r");
    typist.sees_last("sim800>");
    typist.types("AT+CFUN=9\r");
    typist.sees("param value range beyond");
    typist.types(":help CSQ\r");
    typist.sees("## AT+CSQ");
    typist.types("AT+FTPPW=\"sesame\"\r");
    // The line before, from the history.
    typist.types("\x1b[A\r");
    typist.sees("asterisks in place of a secret");
    typist.types("\x04");
    let (code, screen) = typist.end();
    assert_eq!(code, 0, "{screen}");
    let history = fs::read_to_string(folder.path().join("sim800/console_history")).unwrap();
    assert!(history.contains("AT+HTTPDATA=12,60000\n") && !history.contains("hello"), "{history}");
    let trace = fs::read_to_string(bench.path("line.jsonl")).unwrap();
    for kept in [history, trace] {
        assert!(kept.contains("AT+FTPPW=********") && !kept.contains("sesame"), "{kept}");
    }
    // Errors are told as before, and lines are echoed.
    let mut stream = TcpStream::connect(bench.port.strip_prefix("tcp://").unwrap()).unwrap();
    stream.write_all(b"AT+CMEE?\r").unwrap();
    let mut octets = [0; 27];
    stream.read_exact(&mut octets).unwrap();
    assert_eq!(&octets, b"AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
}

#[test]
fn what_comes_unasked_does_not_tear_a_line() {
    let (puppet, folder) = (Puppet::new(sends_messages), state());
    let mut typist = Typist::new(puppet.console(&folder));
    typist.sees_last("sim800>");
    typist.types("AT+CMG");
    typist.sees_last("sim800> AT+CMG");
    let mut module = puppet.streams.recv().unwrap();
    module.write_all(b"\r\nRING\r\n").unwrap();
    typist.sees("← RING");
    typist.sees_last("sim800> AT+CMG");
    typist.types("R=1\r");
    typist.sees("← OK");
    typist.types(":exit\r");
    assert_eq!(typist.end().0, 0);
    assert_eq!(puppet.lines.iter().last().unwrap(), "AT+CMGR=1\r");
}

#[test]
fn a_prompt_that_the_table_does_not_know_is_answered() {
    let (puppet, folder) = (Puppet::new(sends_messages), state());
    fs::write(folder.path().join("text"), "from a file").unwrap();
    let mut typist = Typist::new(puppet.console(&folder));
    for (keys, result) in
        [("hi\rthere\x1a", "+CMGS: 7"), ("< nowhere\r", "cannot read nowhere"), ("< text\r", "+CMGS: 7")]
    {
        if !keys.contains("text") {
            typist.sees_last("sim800>");
            typist.types("AT+CMGS=\"1\"\r");
        }
        typist.sees_last(">");
        typist.types(keys);
        typist.sees(result);
    }
    typist.sees_last("sim800>");
    typist.types("AT+CMGS=\"1\"\r");
    typist.sees_last(">");
    typist.types("no\x1b");
    typist.sees_last("sim800>");
    typist.types("\x04");
    assert_eq!(typist.end().0, 0);
    let sent: Vec<_> = puppet.lines.iter().filter(|line| line.starts_with('!')).collect();
    assert_eq!(sent, ["!hi\rthere\x1a", "!from a file\x1a", "!\x1b"]);
}

#[test]
fn a_result_that_does_not_come_is_not_waited_for_for_good() {
    let (puppet, folder) = (Puppet::new(sends_messages), state());
    let mut typist = Typist::new(puppet.console(&folder));
    typist.sees_last("sim800>");
    typist.types("AT+SLOW\r");
    while puppet.lines.recv().unwrap() != "AT+SLOW\r" {}
    typist.interrupts();
    typist.sees("not waited for any more");
    typist.sees_last("sim800>");
    typist.types("AT+CSQ\r");
    typist.sees("← OK");
    typist.types("\x04");
    assert_eq!(typist.end().0, 0);
}

#[test]
fn raw_mode_passes_keys_and_octets() {
    let (bench, folder) = (Bench::new(), state());
    let mut command = bench.command(&["console"]);
    command.env("XDG_STATE_HOME", folder.path());
    let mut typist = Typist::new(command);
    typist.sees_last("sim800>");
    typist.types(":raw\r");
    typist.sees("Ctrl-] comes back");
    typist.types("ATI\r");
    typist.sees("\nOK");
    typist.types("\x1d");
    typist.sees_last("sim800>");
    typist.types("AT+CSQ\r");
    typist.sees("-72 dBm");
    typist.types("\x04");
    assert_eq!(typist.end().0, 0);
}

#[test]
fn nobody_at_a_port_is_said_and_lines_are_sent_all_the_same() {
    let (puppet, folder) = (Puppet::new(|line| (line == "AT").then_some("")), state());
    let mut typist = Typist::new(puppet.console(&folder));
    typist.sees("nothing answers at");
    typist.sees_last("sim800>");
    typist.types("AT+CSQ\r");
    typist.sees("← OK");
    typist.types("\x04");
    assert_eq!(typist.end().0, 0);
}

fn script(bench: &Bench, arguments: &[&str], script: &str) -> Finished {
    let mut command = bench.command(arguments);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    Finished::new(child.wait_with_output().unwrap())
}

#[test]
fn a_script_is_carried_out_line_by_line() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "hello");
    let lines = [
        "# a comment",
        "AT+SAPBR=1,1",
        "AT+HTTPINIT",
        "AT+HTTPPARA=\"CID\",1",
        &format!("AT+HTTPPARA=\"URL\",\"{}\"", bench.http.url("/a")),
        "AT+HTTPACTION=0",
        "AT+HTTPREAD",
        "AT+HTTPTERM",
    ];
    let finished = script(&bench, &["console"], &lines.join("\n"));
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let text = String::from_utf8(finished.stdout).unwrap();
    let order: Vec<_> = ["+HTTPACTION: 0,200,5", "→ AT+HTTPREAD", "5 octets of payload", "→ AT+HTTPTERM"]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")))
        .into();
    assert!(order.is_sorted(), "the unsolicited result is waited for: {text}");

    let finished = script(&bench, &["console"], "AT+CFUN=9\nhello\nAT+CSQ\n");
    assert_eq!(finished.code, 1);
    assert!(finished.stderr.contains("2 of 3 lines failed"), "{}", finished.stderr);
    let finished = script(&bench, &["--json", "console"], "AT+CSQ\n");
    let text = String::from_utf8(finished.stdout).unwrap();
    let objects: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(objects.iter().any(|object| object["event"] == "information" && object["name"] == "+CSQ"));
    assert_eq!(objects.last().unwrap()["ok"], true);
}
