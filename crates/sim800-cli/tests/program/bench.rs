//! A module, servers and a folder for one test.

use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sim800_emulator::{Config, Timings};
use sim800_testbed::server::Limits;
use sim800_testbed::server::ftp::FtpServer;
use sim800_testbed::server::http::HttpServer;
use sim800_testbed::{Line, Module, Running, TcpDoor};
use tempfile::TempDir;

pub(crate) const USER: &str = "user";
pub(crate) const PASSWORD: &str = "se-same";

/// An emulated module without delays, behind a TCP port, and what it can talk to.
pub(crate) struct Bench {
    pub(crate) http: HttpServer,
    pub(crate) ftp: FtpServer,
    pub(crate) port: String,
    folder: TempDir,
    pub(crate) module: Running,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    /// With another module.
    pub(crate) fn with(config: Config) -> Self {
        Self::with_line(config, Line::unpaced())
    }

    /// With a module that takes its time where `change` says so.
    pub(crate) fn slow(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.timings = Timings::instant();
        change(&mut config);
        Self::as_it_is(config, Line::unpaced())
    }

    /// With another module, and a line that takes its time.
    pub(crate) fn with_line(mut config: Config, line: Line) -> Self {
        config.timings = Timings::instant();
        Self::as_it_is(config, line)
    }

    fn as_it_is(config: Config, line: Line) -> Self {
        let door = TcpDoor::bind("127.0.0.1:0").unwrap();
        let port = format!("tcp://{}", door.address().unwrap());
        Self {
            http: HttpServer::start(Limits::default()).unwrap(),
            ftp: FtpServer::start(&[(USER, PASSWORD)], Limits::default()).unwrap(),
            port,
            folder: tempfile::tempdir().unwrap(),
            module: Module::new(config, line).start(door).unwrap(),
        }
    }

    /// The program with its module, about to be started in the bench's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("SIM800_PORT", &self.port).current_dir(self.folder.path());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        Finished::new(self.command(arguments).output().unwrap())
    }

    /// A port that the program may be given instead, once: the firmware behind it does not know `name`.
    pub(crate) fn port_without(&self, name: &str) -> String {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = format!("tcp://{}", door.local_addr().unwrap());
        let module = self.port.strip_prefix("tcp://").unwrap().to_owned();
        let (name, unknown) = (name.to_owned(), "X".repeat(name.len()));
        thread::spawn(move || {
            let (mut program, _) = door.accept().unwrap();
            let mut module = TcpStream::connect(module).unwrap();
            let (mut from_module, mut to_program) =
                (module.try_clone().unwrap(), program.try_clone().unwrap());
            thread::spawn(move || io::copy(&mut from_module, &mut to_program));
            let mut octets = [0; 4096];
            // A command is written at once.
            while let Ok(count @ 1..) = program.read(&mut octets) {
                let line = String::from_utf8(octets[..count].to_vec()).unwrap();
                module.write_all(line.replace(&name, &unknown).as_bytes()).unwrap();
            }
            // Whoever waits for the module is told that there is none any more.
            let _ = module.shutdown(Shutdown::Both);
        });
        port
    }

    pub(crate) fn ftp_url(&self, path: &str) -> String {
        self.ftp_url_with_password(PASSWORD, path)
    }

    pub(crate) fn ftp_url_with_password(&self, password: &str, path: &str) -> String {
        format!("ftp://{USER}:{password}@{}{path}", self.ftp.address())
    }

    /// Writes a file for its owner only.
    pub(crate) fn keep_secret(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names in the folder, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Fails unless the module still does what it is told.
    pub(crate) fn expect_usable(&self) {
        self.http.put("/usable", "text/plain", "usable");
        let finished = self.run(&["http", "get", &self.http.url("/usable")]);
        assert_eq!((finished.code, finished.stdout.as_slice()), (0, &b"usable"[..]), "{}", finished.stderr);
    }
}

/// The program, without what the environment may have for it.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim800"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SIM800_") {
            command.env_remove(name);
        }
    }
    // Nor is there a configuration file, nor a terminal of more than ASCII.
    command.env("XDG_CONFIG_HOME", "/nowhere").env("LC_ALL", "C").args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What went wrong, as the one JSON object on stdout says it: its kind and its message.
    pub(crate) fn error(&self) -> (String, String) {
        let object = self.object();
        let text = |name: &str| object["error"][name].as_str().unwrap().to_owned();
        (text("kind"), text("message"))
    }

    /// The JSON objects on stdout, one in each line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one JSON object on stdout.
    pub(crate) fn object(&self) -> Value {
        let object: Value = serde_json::from_slice(&self.stdout).unwrap();
        assert_eq!(object["ok"], self.code == 0, "{object}");
        object
    }
}

/// `len` octets with every value and with what looks like results.
pub(crate) fn octets(len: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..=u8::MAX).chain(*b"\r\nOK\r\n\r\n+FTPGET: 1,0\r\n>").collect();
    pattern.iter().copied().cycle().take(len).collect()
}

/// Goes on when `is_reached` says so. The program is given the processor meanwhile.
pub(crate) fn wait_until(mut is_reached: impl FnMut() -> bool) {
    while !is_reached() {
        thread::yield_now();
    }
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// The first line that the program says on stderr.
pub(crate) fn first_remark(child: &mut Child) -> String {
    let stderr = child.stderr.as_mut().unwrap();
    let mut line = Vec::new();
    let mut octet = [0];
    while stderr.read(&mut octet).unwrap() == 1 && octet != *b"\n" {
        line.extend(octet);
    }
    String::from_utf8(line).unwrap()
}
