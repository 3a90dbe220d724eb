//! No secret in what the program leaves: what it prints, traces and what is decoded of them, the files beside a download.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use sim800_emulator::{Config, Sim};
use sim800_testbed::Line;
use sim800_testbed::server::ftp::Fault;

use crate::bench::{Bench, Finished, PASSWORD, USER, octets, program, signal, wait_until};

const WRONG: &str = "hunter-2";
const CREDENTIAL: &str = "b3BlbnNlc2FtZQ";
const PIN: &str = "80417263";

/// A bench, all output and every trace of which is looked through.
struct Watched {
    bench: Bench,
    traces: Cell<u32>,
}

impl Watched {
    fn new(bench: Bench) -> Self {
        Self { bench, traces: Cell::new(0) }
    }

    /// Runs the program twice, for people and for programs, which has to end with `code`.
    fn run(&self, code: i32, arguments: &[&str]) {
        self.run_with(code, arguments, "");
    }

    /// The same with a password in the environment.
    fn run_with(&self, code: i32, arguments: &[&str], password: &str) {
        self.run_both([code, code], arguments, password);
    }

    /// The same, where it ends in another way with `--json`, for it was done before.
    fn run_both(&self, codes: [i32; 2], arguments: &[&str], password: &str) {
        for (json, code) in [&[][..], &["--json"]].into_iter().zip(codes) {
            self.traces.set(self.traces.get() + 1);
            let trace = format!("trace-{}", self.traces.get());
            let mut command = self.bench.command(&[&["--trace", &trace][..], json, arguments].concat());
            if !password.is_empty() {
                command.env("SIM800_FTP_PASSWORD", password);
            }
            let finished = Finished::new(command.output().unwrap());
            assert_eq!(finished.code, code, "{arguments:?}: {}", finished.stderr);
            expect_no_secret("stdout", &finished.stdout);
            expect_no_secret("stderr", finished.stderr.as_bytes());
        }
    }

    /// Looks through what is in the folder, and what is decoded of the traces there, each of which has some of `commands`.
    fn expect_clean(&self, commands: &[&str]) {
        let mut decoded = Vec::new();
        for name in self.bench.names() {
            expect_no_secret(&name, &fs::read(self.bench.path(&name)).unwrap());
            if name.starts_with("trace-") {
                for json in [&[][..], &["--json"]] {
                    let text = self.bench.run(&[&["decode", &name], json].concat()).stdout;
                    expect_no_secret(&format!("what is decoded of {name}"), &text);
                    decoded.extend(text);
                }
            }
        }
        let decoded = String::from_utf8(decoded).unwrap();
        for command in commands {
            assert!(decoded.contains(command), "{command} is in no trace");
        }
    }
}

fn expect_no_secret(what: &str, octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    for secret in [PASSWORD, WRONG, CREDENTIAL, PIN] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in {what}");
    }
}

#[test]
fn ftp_passwords_stay_where_they_are() {
    let watched = Watched::new(Bench::new());
    let bench = &watched.bench;
    bench.ftp.put_file("/a", &octets(20_000)).unwrap();
    fs::write(bench.path("here"), octets(5000)).unwrap();
    let (url, wrong) = (bench.ftp_url("/a"), bench.ftp_url_with_password(WRONG, "/a"));
    watched.run(0, &["ftp", "size", &url]);
    watched.run(0, &["ftp", "put", "here", &bench.ftp_url("/b")]);
    watched.run(0, &["ftp", "get", &url, "-o", "got"]);
    watched.run(8, &["ftp", "get", &wrong, "-o", "not"]);
    watched.run(8, &["ftp", "put", "here", &wrong]);
    watched.run(8, &["ftp", "ls", &bench.ftp_url_with_password(WRONG, "/")]);
    let address = bench.ftp.address();
    watched.run_with(0, &["ftp", "size", &format!("ftp://{USER}@{address}/a")], PASSWORD);
    watched.run_with(8, &["ftp", "size", &format!("ftp://{USER}@{address}/a")], WRONG);
    for _ in 0..2 {
        bench.ftp.inject(Fault::DataReset { after: 10_000 });
    }
    watched.run(0, &["ftp", "get", &url, "-o", "got"]);
    for _ in 0..2 {
        bench.ftp.inject(Fault::Greeting { reply: "421 too many users".into() });
    }
    watched.run(7, &["ftp", "get", &url, "-o", "not"]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    watched.run(7, &["ftp", "get", &format!("ftp://{USER}:{PASSWORD}@{closed}/a"), "-o", "not"]);
    // What cannot be sent, and what the command line does not take.
    watched.run(2, &["ftp", "get", &bench.ftp_url_with_password(&format!("{WRONG}%22"), "/a")]);
    watched.run(2, &["ftp", "get", &format!("ftp://{USER}:{PASSWORD}@{address}:x/a")]);
    watched.run(2, &["ftp", "get", "a.txt", &url]);
    watched.run(2, &["ftp", "git", &url]);
    watched.run(2, &[&url]);
    watched.run(2, &["--port", &url, "info"]);
    watched.expect_clean(&["+FTPPW=", "the password was rejected", "+FTPGET"]);
}

#[test]
fn what_is_kept_beside_a_part_holds_no_password() {
    let watched =
        Watched::new(Bench::with_line(Config::default(), Line::paced(2_000_000.try_into().unwrap())));
    let bench = &watched.bench;
    bench.ftp.put_file("/a", &octets(200_000)).unwrap();
    bench.ftp.inject(Fault::DataStall { after: 100_000 });
    let arguments = ["ftp", "get", &bench.ftp_url("/a"), "-o", "a", "--resume", "--trace", "trace-0"];
    let child = bench.command(&arguments).spawn().unwrap();
    wait_until(|| bench.path("a.part").metadata().is_ok_and(|part| part.len() > 0));
    signal(&child, Signal::INT);
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(finished.code, 130);
    expect_no_secret("stderr", finished.stderr.as_bytes());
    assert!(bench.path("a.part.json").exists());
    watched.expect_clean(&["+FTPPW="]);
}

#[test]
fn credentials_in_headers_stay_where_they_are() {
    let watched = Watched::new(Bench::new());
    let bench = &watched.bench;
    bench.http.put("/a", "text/plain", "a");
    let url = bench.http.url("/a");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for name in
        ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "x-auth-token", "Client-Secret"]
    {
        let header = format!("{name}: {CREDENTIAL}");
        watched.run(0, &["http", "get", &url, "-H", &header, "-H", "X-Id: 7", "-o", "got"]);
        watched.run(9, &["http", "get", &bench.http.url("/missing"), "-H", &header, "-o", "not"]);
    }
    let header = format!("Authorization: {CREDENTIAL}");
    watched.run(0, &["http", "post", &url, "--data", "b", "-H", &header]);
    watched.run(7, &["http", "get", &format!("http://{closed}/"), "-H", &header, "-o", "not"]);
    watched.run(7, &["http", "get", &bench.http.url("/reset"), "-H", &header, "-o", "not"]);
    watched.run(7, &["http", "get", &url, "--proxy", &closed.to_string(), "-H", &header, "-o", "not"]);
    for wrong in [format!("Authorization {CREDENTIAL}"), format!("Authorization: {CREDENTIAL}\"")] {
        let arguments = ["http", "get", &url, "-H", &wrong];
        let finished = bench.run(&arguments);
        assert_ne!(finished.code, 0);
        expect_no_secret("stderr", finished.stderr.as_bytes());
    }
    watched.run(2, &["http", "get", &url, &header]);
    let proxy = format!("{USER}:{PASSWORD}@{closed}");
    watched.run(2, &["http", "get", &url, "--proxy", &proxy, "-o", "not"]);
    watched.run(2, &["http", "head", &url, "--proxy", &format!("http://{proxy}")]);
    watched.expect_clean(&["USERDATA", "404"]);
}

#[test]
fn secrets_in_command_lines_stay_where_they_are() {
    let mut config = Config::default();
    config.sim = Sim::PinRequired { pin: "1234".to_owned() };
    let watched = Watched::new(Bench::with(config));
    watched.run(12, &["at", &format!("AT+CPIN=\"{PIN}\"")]);
    watched.run(12, &["at", &format!("AT+CLCK=\"SC\",1,\"{PIN}\"")]);
    watched.run(12, &["at", &format!("AT+CPWD=\"SC\",\"{PIN}\",\"1\"")]);
    watched.run(0, &["at", &format!("AT+FTPPW=\"{PASSWORD}\"")]);
    watched.run(0, &["at", &format!("at+sapbr=3,1,\"PWD\",\"{PASSWORD}\"")]);
    // The module takes it once.
    let cstt = format!("AT+CSTT=\"internet\",\"user\",\"{PASSWORD}\"");
    watched.run_both([0, 12], &["at", &cstt], "");
    for (exit, name, before) in [
        (0, "CIPCSGP", "1,\"internet\",\"user\","),
        (12, "CGAUTH", "1,1,\"user\","),
        (12, "SSLSETCERT", "\"C:\\USER\\ME.P12\","),
        (12, "SMTPAUTH", "1,\"user\","),
        (12, "POP3SRV", "\"mail.example.com\",\"user\","),
    ] {
        watched.run(exit, &["at", &format!("AT+{name}={before}\"{PASSWORD}\"")]);
    }
    watched.run(2, &["at", &format!("+CPIN=\"{PIN}\"")]);
    watched.run(12, &["at", "AT", &format!("AT+CPIN=\"{PIN}\"")]);
    watched.run(2, &["at", "AT", &format!("+CPIN=\"{PIN}\"")]);
    watched.expect_clean(&["AT+CPIN=", "AT+FTPPW=", "AT+CSTT="]);
}

/// By another tool, which masks nothing.
#[test]
fn secrets_in_captures_are_masked() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        format!("AT+FTPPW=\"{PASSWORD}\""),
        format!("at+ftppw = {PASSWORD}"),
        format!("AT+SAPBR=3,1,\"PWD\",\"{PASSWORD}\""),
        format!("AT+CPIN={PIN}"),
        format!("AT+HTTPPARA=\"USERDATA\",\"Authorization: Basic {CREDENTIAL}\""),
        format!("AT+CSTT=\"internet\",\"user\",\"{PASSWORD}\""),
    ];
    let raw: String = lines.iter().map(|line| format!("{line}\r\r\nOK\r\n")).collect();
    let raw = format!("{raw}AT+FTPPW?\r\r\n+FTPPW: {PASSWORD}\r\n\r\nOK\r\nAT+FTPPW=\"{PASSWORD}");
    let trace: String = lines
        .iter()
        .map(|line| {
            format!("{{\"t\":1.0,\"dir\":\"tx\",\"data\":{}}}\n", serde_json::json!(format!("{line}\r")))
        })
        .collect();
    let cut = format!("{trace}{{\"t\":2.0,\"dir\":\"tx\",\"data\":\"AT+FTPPW={PASSWORD}");
    for (name, capture, options) in [("raw", raw, &["--format", "raw"][..]), ("trace", cut, &[])] {
        let path = folder.path().join(name);
        fs::write(&path, capture).unwrap();
        for json in [&[][..], &["--json"]] {
            let arguments = [&["decode", path.to_str().unwrap()], options, json].concat();
            let masked = Finished::new(program(&arguments).output().unwrap());
            assert_eq!(masked.code, 0, "{}", masked.stderr);
            expect_no_secret(name, &masked.stdout);
            let masked = String::from_utf8(masked.stdout).unwrap();
            assert!(masked.contains("+FTPPW=*") && masked.contains("Sets the password"), "{masked}");
            let shown = program(&[&arguments[..], &["--show-secrets"]].concat()).output().unwrap().stdout;
            let shown = String::from_utf8(shown).unwrap();
            for secret in [PASSWORD, PIN, CREDENTIAL] {
                assert!(shown.contains(secret), "{secret}: {shown}");
            }
            assert_eq!(shown.lines().count(), masked.lines().count());
        }
        // Nor in any other form, whatever it is written to.
        for form in ["--html", "--pcapng"] {
            let file = folder.path().join(format!("{name}{form}"));
            let arguments =
                [&["decode", path.to_str().unwrap(), form, file.to_str().unwrap()], options].concat();
            let finished = Finished::new(program(&arguments).output().unwrap());
            assert_eq!(finished.code, 0, "{}", finished.stderr);
            expect_no_secret(form, &finished.stdout);
            expect_no_secret(form, &fs::read(&file).unwrap());
            assert_eq!(
                fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600,
                "for its owner only"
            );
            program(&[&arguments[..], &["--show-secrets"]].concat()).output().unwrap();
            assert!(String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(PASSWORD), "{form}");
        }
    }
}
