//! What can be set of `sim800 emulate`, on its command line, in a scenario and by its control channel.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout};

use rustix::process::Signal;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Value, json};
use sim800_testbed::server::Limits;
use sim800_testbed::server::http::HttpServer;
use tempfile::TempDir;

use crate::bench::{Finished, program, signal};

/// `sim800 emulate --json`, with a pty and a control channel in a folder of its own.
struct Emulator {
    child: Child,
    stdout: BufReader<ChildStdout>,
    folder: TempDir,
    /// What it said at its start.
    told: Value,
}

impl Emulator {
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let mut command = program(&["emulate", "--json", "--pty", "module", "--control", "unix:control"]);
        let mut child = command.args(arguments).current_dir(folder.path()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut complaint = String::new();
            child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
            panic!("{complaint}");
        }
        Self { child, stdout, folder, told: serde_json::from_str(&line).unwrap() }
    }

    /// Asks one thing of the control channel.
    fn ask(&self, request: &Value) -> Value {
        let mut channel = Channel::open(&self.folder.path().join("control"));
        channel.say(&request.to_string())
    }

    /// Asks what has to succeed.
    #[track_caller]
    fn done(&self, request: Value) -> Value {
        let answer = self.ask(&request);
        assert_eq!(answer["ok"], true, "{request}: {answer}");
        answer
    }

    fn dte(&self) -> Dte {
        let path = self.folder.path().join("module");
        Dte(File::options().read(true).write(true).open(path).unwrap())
    }

    /// Ends it by a signal; what else it said.
    fn end(mut self) -> (i32, String) {
        signal(&self.child, Signal::TERM);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        assert_eq!(fs::read_dir(self.folder.path()).unwrap().count(), 0, "something is left behind");
        (code, rest)
    }
}

struct Channel {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Channel {
    fn open(path: &Path) -> Self {
        let writer = UnixStream::connect(path).unwrap();
        Self { reader: BufReader::new(writer.try_clone().unwrap()), writer }
    }

    fn say(&mut self, line: &str) -> Value {
        writeln!(self.writer, "{line}").unwrap();
        self.hear().unwrap()
    }

    /// `None` at the end.
    fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| serde_json::from_str(&line).unwrap())
    }
}

/// A program that uses the module.
struct Dte(File);

impl Dte {
    /// Sends a line, and hears up to `end`.
    fn exchange(&mut self, line: &str, end: &str) -> String {
        self.0.write_all(format!("{line}\r").as_bytes()).unwrap();
        self.hear(end)
    }

    fn hear(&mut self, end: &str) -> String {
        let (mut heard, mut octet) = (Vec::new(), [0]);
        while !heard.ends_with(end.as_bytes()) {
            self.0.read_exact(&mut octet).unwrap();
            heard.extend(octet);
        }
        String::from_utf8_lossy(&heard).into_owned()
    }
}

#[test]
fn what_it_refuses_is_told_to_who_reads_the_log() {
    let mut emulator = Emulator::start(&[]);
    let mut stderr = BufReader::new(emulator.child.stderr.take().unwrap());
    emulator.dte().exchange("AT+NOSUCH", "ERROR\r\n");
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "AT+NOSUCH is refused: the module does not know this command\n");
    assert_eq!(emulator.end(), (0, String::new()), "one object, told at the start");
}

#[test]
fn what_is_set_while_it_runs_holds_for_the_next_command() {
    let server = HttpServer::start(Limits::default()).unwrap();
    server.put("/a", "text/plain", "hello");
    let emulator = Emulator::start(&["--echo", "off", "--latency", "none", "--signal", "9"]);
    assert_eq!((&emulator.told["ok"], &emulator.told["port"]), (&json!(true), &json!("module")));
    assert_eq!(emulator.told["control"], "unix:control");
    assert!(emulator.told["device"].as_str().unwrap().starts_with("/dev/pts/"));
    let mut dte = emulator.dte();
    assert_eq!(dte.exchange("AT+CSQ", "OK\r\n"), "\r\n+CSQ: 9,0\r\n\r\nOK\r\n");
    emulator.done(json!({"set": {"signal": "3,1", "echo": true}}));
    assert_eq!(dte.exchange("AT+CSQ", "OK\r\n"), "AT+CSQ\r\r\n+CSQ: 3,1\r\n\r\nOK\r\n");
    emulator.done(json!({"inject": "RING"}));
    assert_eq!(dte.hear("RING\r\n"), "\r\nRING\r\n");
    emulator.done(json!({"set": {"sim": "none", "echo": "off"}}));
    assert_eq!(dte.hear("INSERTED\r\n"), "\r\n+CPIN: NOT INSERTED\r\n");
    emulator.done(json!({"set": {"sim": "ready"}}));
    dte.hear("SMS Ready\r\n");
    emulator.done(json!({"message": "hello"}));
    assert_eq!(dte.hear("1\r\n"), "\r\n+CMTI: \"SM\",1\r\n");

    dte.exchange("AT+SAPBR=1,1", "OK\r\n");
    dte.exchange("AT+HTTPINIT;+HTTPPARA=\"CID\",1", "OK\r\n");
    dte.exchange(&format!("AT+HTTPPARA=\"URL\",\"{}\"", server.url("/a")), "OK\r\n");
    emulator.done(json!({"fault": "http 603"}));
    dte.exchange("AT+HTTPACTION=0", "+HTTPACTION: 0,603,0\r\n");
    let next = emulator.done(json!({"state": {}}))["next"].as_u64().unwrap();
    dte.exchange("AT+HTTPACTION=0", "+HTTPACTION: 0,200,5\r\n");
    let seen = emulator.done(json!({"seen": {"since": next, "wait": 10}}));
    assert_eq!(seen["seen"][0]["line"], "AT+HTTPACTION=0");
    assert_eq!(seen["seen"][1]["http"]["url"], server.url("/a"));
    emulator.done(json!({"fault": "deact in 0.01"}));
    dte.hear("+SAPBR 1: DEACT\r\n");

    emulator.done(json!({"power": "off"}));
    dte.hear("NORMAL POWER DOWN\r\n");
    emulator.done(json!({"power": "on"}));
    dte.hear("SMS Ready\r\n");
    drop(dte);
    assert_eq!(emulator.end(), (0, String::new()));
}

#[test]
fn a_scenario_is_what_the_command_line_says_too() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"
        sim = "pin"
        pin = "1234"
        signal = 7
        firmware = "R13"
        echo = false
        latency = "none"
        faults = ["drop 2 after 2"]

        [files]
        "C:/User/a.txt" = "hello"

        [[steps]]
        at = 0.1
        inject = "RING"
    "#;
    let scenario = folder.path().join("scenario.toml");
    fs::write(&scenario, text).unwrap();
    let emulator = Emulator::start(&["--scenario", scenario.to_str().unwrap(), "--signal", "8"]);
    let mut dte = emulator.dte();
    // "\r\n\r\nRING" in full where it is said before.
    let heard = dte.exchange("ATI", "OK\r\n");
    assert!(heard.starts_with("\r\nM800 R13.08\r\n") || heard.starts_with("\r\nNG\r\n"), "{heard:?}");
    if !heard.contains("NG") {
        dte.hear("RING\r\n");
    }
    assert_eq!(dte.exchange("AT+CSQ", "OK\r\n"), "\r\n+CSQ: 8,0\r\n\r\nOK\r\n");
    assert_eq!(dte.exchange("AT+HTTPSSL=1", "\r\n\r\nERROR\r\n".get(2..).unwrap()), "\r\nERROR\r\n");
    assert_eq!(dte.exchange("AT+CPIN?", "OK\r\n"), "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n");
    dte.exchange("AT+CPIN=1234", "SMS Ready\r\n");
    assert_eq!(emulator.done(json!({"read": "c:\\user\\A.TXT"}))["text"], "hello");
    drop(dte);
    assert_eq!(emulator.end().0, 0);

    fs::write(&scenario, "signal = 7\ncolour = \"red\"\n").unwrap();
    let path = scenario.to_str().unwrap();
    let finished = Finished::new(program(&["emulate", "--scenario", path]).output().unwrap());
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("line 2: unknown field `colour`, expected one of `sim`"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_program_at_another_rate_gets_rubbish() {
    let emulator = Emulator::start(&["--echo", "off", "--baud", "9600"]);
    let mut dte = emulator.dte();
    assert_eq!(dte.exchange("AT", "OK\r\n"), "\r\nOK\r\n", "the terminal has the module's rate at first");
    let set = |dte: &Dte, rate| {
        let mut settings = tcgetattr(&dte.0).unwrap();
        settings.make_raw();
        settings.set_speed(rate).unwrap();
        tcsetattr(&dte.0, OptionalActions::Now, &settings).unwrap();
    };
    set(&dte, 19_200);
    dte.0.write_all(b"AT\rAT\r").unwrap();
    emulator.done(json!({"inject": "RING"}));
    let mut rubbish = [0; 4];
    dte.0.read_exact(&mut rubbish).unwrap();
    assert_ne!(&rubbish, b"\r\nRI");
    // By the control channel the module finds the rate of its program.
    emulator.done(json!({"set": {"baud": "auto"}}));
    dte.exchange("\rAT", "\r\nOK\r\n");
    assert_eq!(dte.exchange("AT+IPR?", "OK\r\n"), "\r\n+IPR: 0\r\n\r\nOK\r\n");
    drop(dte);
    assert_eq!(emulator.end().0, 0);
}

#[test]
fn nothing_that_a_killed_one_leaves_is_in_the_way() {
    let mut emulator = Emulator::start(&[]);
    emulator.child.kill().unwrap();
    emulator.child.wait().unwrap();
    assert!(
        emulator.folder.path().join("module").is_symlink() && emulator.folder.path().join("control").exists()
    );
    let second = Emulator::start_in(emulator.folder, &["--echo", "off"]);
    assert_eq!(second.dte().exchange("AT", "OK\r\n"), "\r\nOK\r\n");
    for (option, said) in [
        (["--pty", "module"], "another emulated module is at module; choose another name\n"),
        (["--control", "unix:control"], "cannot listen at unix:control: another program listens there\n"),
    ] {
        let mut command = program(&["emulate", "--tcp", "127.0.0.1:0"]);
        if option[0] == "--pty" {
            command = program(&["emulate"]);
        }
        let finished =
            Finished::new(command.args(option).current_dir(second.folder.path()).output().unwrap());
        assert_ne!(finished.code, 0, "{}", finished.stderr);
        assert!(finished.stderr.ends_with(said), "{}", finished.stderr);
    }
    assert_eq!(second.end().0, 0);
}

#[test]
fn whatever_a_client_says_gets_an_answer_that_names_what_is_wrong() {
    let emulator = Emulator::start(&[]);
    let path = emulator.folder.path().join("control");
    let mut channel = Channel::open(&path);
    for (line, why) in [
        ("hello", "no JSON: expected value at line 1 column 1"),
        ("\u{1}\u{2}", "no JSON"),
        ("[]", "a request is an object with one key"),
        (r#"{"set":{"signal":"loud"}}"#, "signal: a signal is RSSI or RSSI,BER"),
        (r#"{"jump":{}}"#, "there is no request `jump`, expected one of `set`, `fault`, `inject`"),
        (r#"{"fault":"explode"}"#, "there is no `explode`"),
    ] {
        let answer = channel.say(line);
        assert_eq!(answer["ok"], false, "{line}");
        assert!(answer["error"].as_str().unwrap().contains(why), "{line}: {answer}");
    }
    let crowd: Vec<Channel> = (0..7).map(|_| Channel::open(&path)).collect();
    let last = Channel::open(&path).hear().unwrap();
    assert!(last["error"].as_str().unwrap().contains("8 clients are here already"), "{last}");
    drop(crowd);
    // What is too long ends the talk.
    let long = format!("{{\"inject\":\"{}\"}}", "x".repeat(2 << 20));
    let _ = channel.writer.write_all(long.as_bytes());
    assert!(channel.hear().unwrap()["error"].as_str().unwrap().contains("at most 1048576 bytes"));
    drop(channel);
    assert_eq!(emulator.end().0, 0);
}

#[test]
fn the_control_channel_may_be_a_port_of_this_machine() {
    let mut command = program(&["emulate", "--json", "--tcp", "127.0.0.1:0", "--control", "tcp:127.0.0.1:0"]);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let address = told["control"].as_str().unwrap().strip_prefix("tcp:").unwrap();
    let mut channel = TcpStream::connect(address).unwrap();
    channel.write_all(b"{\"state\":{}}\n").unwrap();
    let mut answer = String::new();
    BufReader::new(&channel).read_line(&mut answer).unwrap();
    assert!(answer.contains("\"on\":true"), "{answer}");
    // Nor does a web page get anything done by what it has a browser send.
    let mut page = TcpStream::connect(address).unwrap();
    page.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n{\"set\":{\"signal\":\"7,0\"}}\n").unwrap();
    let mut refused = String::new();
    let _ = page.read_to_string(&mut refused);
    assert!(refused.lines().count() <= 1 && !refused.contains("\"ok\":true"), "{refused}");
    channel.write_all(b"{\"state\":{}}\n").unwrap();
    let mut after = String::new();
    BufReader::new(&channel).read_line(&mut after).unwrap();
    assert_eq!(after, answer, "nothing has changed");
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let output = program(&["emulate", "--control", "tcp:192.0.2.1:7"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("the control channel is for this machine"));
}

#[test]
fn the_trace_has_what_crossed_the_line_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let pin = "4711";
    let options = ["--pin", pin, "--latency", "none", "--trace", trace.to_str().unwrap()];
    let emulator = Emulator::start(&options);
    let mut dte = emulator.dte();
    dte.exchange("AT+CPIN=4711", "SMS Ready\r\n");
    drop(dte);
    emulator.end();
    let trace = fs::read_to_string(trace).unwrap();
    assert!(trace.contains("AT+CPIN=") && trace.contains("SMS Ready") && !trace.contains(pin), "{trace}");
}

/// The book has each knob and each request, and no other.
#[test]
fn the_manual_lists_what_there_is() {
    let manual = fs::read_to_string("../../docs/emulator.md").unwrap();
    // The first words in code of rows of tables.
    let rows: Vec<&str> =
        manual.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let emulator = Emulator::start(&[]);
    let listed = |answer: &Value| -> Vec<String> {
        let error = answer["error"].as_str().unwrap();
        error
            .split("expected one of ")
            .nth(1)
            .unwrap()
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let knobs = listed(&emulator.ask(&json!({"set": {"nothing": 1}})));
    let requests = listed(&emulator.ask(&json!({"nothing": 1})));
    assert!(knobs.len() > 20 && requests.len() > 8, "{knobs:?} {requests:?}");
    let names: Vec<&str> = knobs.iter().chain(&requests).map(String::as_str).collect();
    assert_eq!(rows, names, "the manual's tables, in the order of the program");
    let help = String::from_utf8(program(&["emulate", "--help"]).output().unwrap().stdout).unwrap();
    for knob in &knobs {
        assert!(help.contains(&format!("--{knob}")), "{knob}");
    }
    for request in &requests {
        assert!(help.contains(&format!("{{\"{request}\":")), "{request}");
    }
    emulator.end();
}
