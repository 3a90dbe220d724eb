//! `sim800 tap`.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use sim800_testbed::PtyDoor;
use tempfile::TempDir;

use crate::bench::{Finished, first_remark, octets, program, signal, wait_until};

/// A program's pty, with a test at the module's end.
struct Tap {
    folder: TempDir,
    child: Child,
    module: TcpStream,
}

impl Tap {
    fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = format!("tcp://{}", door.local_addr().unwrap());
        let mut command = program(&["-p", &port, "tap", "--pty", "link", "--trace", "line.jsonl"]);
        let child = command.args(arguments).current_dir(folder.path()).spawn().unwrap();
        let (module, _) = door.accept().unwrap();
        wait_until(|| folder.path().join("link").exists());
        Self { folder, child, module }
    }

    fn link(&self) -> PathBuf {
        self.folder.path().join("link")
    }

    fn open(&self) -> File {
        open(&self.link())
    }

    /// Ends the program; how, and its trace.
    fn end(self) -> (Finished, String) {
        signal(&self.child, Signal::TERM);
        let finished = Finished::new(self.child.wait_with_output().unwrap());
        let link = self.folder.path().join("link");
        assert!(!link.is_symlink(), "nothing is left behind");
        (finished, fs::read_to_string(self.folder.path().join("line.jsonl")).unwrap_or_default())
    }
}

/// As a program does that sets nothing.
fn open(path: &Path) -> File {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    File::from(rustix::fs::open(path, flags, Mode::empty()).unwrap())
}

fn take(mut from: impl Read, count: usize) -> Vec<u8> {
    let mut octets = vec![0; count];
    from.read_exact(&mut octets).unwrap();
    octets
}

#[test]
fn octets_pass_unchanged_both_ways_from_one_program_to_the_next() {
    let tap = Tap::new(&["-q", "--show-secrets"]);
    let sent = octets(60_000);
    for _ in 0..2 {
        let program = tap.open();
        thread::scope(|scope| {
            scope.spawn(|| (&program).write_all(&sent).unwrap());
            scope.spawn(|| (&tap.module).write_all(&sent).unwrap());
            scope.spawn(|| assert!(take(&program, sent.len()) == sent));
            assert!(take(&tap.module, sent.len()) == sent);
        });
    }
    let (finished, trace) = tap.end();
    assert_eq!((finished.code, finished.stdout.len()), (0, 0), "{}", finished.stderr);
    // All of it was taken down, in order.
    for direction in ["tx", "rx"] {
        let records = trace.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let recorded: Vec<u8> = records
            .filter(|record| record["dir"] == direction)
            .flat_map(|record| record["data"].as_str().unwrap().chars().map(|c| c as u8).collect::<Vec<_>>())
            .collect();
        assert!(recorded == [&sent[..], &sent[..]].concat(), "{direction}");
    }
}

#[test]
fn the_line_is_shown_as_it_goes_on() {
    let tap = Tap::new(&[]);
    let mut program = tap.open();
    program.write_all(b"AT+FTPPW=\"sesame\"\r").unwrap();
    take(&tap.module, 18);
    (&tap.module).write_all(b"AT+FTPPW=\"sesame\"\r\r\nOK\r\n\r\n+CREG: 2\r\n").unwrap();
    take(&program, 36);
    let (finished, trace) = tap.end();
    assert!(finished.stderr.contains("18 bytes to the module, 36 bytes from it"), "{}", finished.stderr);
    let text = String::from_utf8(finished.stdout).unwrap();
    assert!(text.contains("→ AT+FTPPW=********") && text.contains("← +CREG: 2"), "{text}");
    assert!(!text.contains("sesame") && !trace.contains("sesame"), "{text} {trace}");
}

/// The name that it is known by may be what is damaged, on its way to the module, in the echo, or both.
#[test]
fn a_secret_is_masked_on_a_line_that_damages_it() {
    let tap = Tap::new(&["--mangle", "damage 1/12, seed 3"]);
    let program = tap.open();
    let line = b"AT+FTPPW=\"sesame\"\r";
    for _ in 0..60 {
        (&program).write_all(line).unwrap();
        let arrived = take(&tap.module, line.len());
        (&tap.module).write_all(&[&arrived[..], b"\r\nOK\r\n"].concat()).unwrap();
        take(&program, line.len() + 6);
    }
    let (finished, trace) = tap.end();
    let text = String::from_utf8(finished.stdout).unwrap();
    assert!(text.matches("is damaged").count() > 100, "{text}");
    for kept in [text, trace] {
        let parts = ["sesa", "esam", "same"];
        assert!(!parts.iter().any(|part| kept.contains(part)), "{kept}");
    }
}

/// With a pty for a port: it has less room than a TCP port has.
#[test]
fn what_nobody_takes_stops_who_sends_it() {
    let folder = tempfile::tempdir().unwrap();
    let device = PtyDoor::open(None).unwrap();
    let mut command = program(&["-q", "-p", device.path().to_str().unwrap(), "tap", "--pty", "link"]);
    let mut child = command.current_dir(folder.path()).spawn().unwrap();
    let link = folder.path().join("link");
    wait_until(|| link.exists());
    let mut program = open(&link);
    rustix::io::ioctl_fionbio(&program, true).unwrap();
    // Until there has been no room for a while.
    let (mut written, more, mut full) = (Vec::new(), octets(4096), None);
    while full.is_none_or(|full: Instant| full.elapsed() < Duration::from_millis(200)) {
        match program.write(&more) {
            Ok(count) => {
                written.extend_from_slice(&more[..count]);
                full = None;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                full = full.or_else(|| Some(Instant::now()));
                thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
        assert!(written.len() < 1 << 20, "nothing stops it");
    }
    // Nothing is lost when somebody takes it.
    let mut module = File::from(device.as_fd().try_clone_to_owned().unwrap());
    let (mut taken, mut buffer) = (Vec::new(), [0; 4096]);
    while taken.len() < written.len() {
        match module.read(&mut buffer) {
            Ok(count) => taken.extend_from_slice(&buffer[..count]),
            Err(_) => thread::yield_now(),
        }
    }
    assert!(taken == written);
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_was_sent_before_the_end_arrives() {
    let tap = Tap::new(&["-q", "--mangle", "delay 30s"]);
    let sent = octets(3_000);
    let program = tap.open();
    (&program).write_all(&sent).unwrap();
    (&tap.module).write_all(&sent).unwrap();
    drop(program);
    let mut module = tap.module.try_clone().unwrap();
    let (finished, _) = tap.end();
    assert_eq!(finished.code, 0);
    let mut arrived = Vec::new();
    module.read_to_end(&mut arrived).unwrap();
    assert!(arrived == sent);
}

#[test]
fn octets_are_late_where_that_was_asked_for() {
    let tap = Tap::new(&["-q", "--mangle", "delay 60ms tx"]);
    let since = Instant::now();
    let program = tap.open();
    (&program).write_all(b"AT\r").unwrap();
    take(&tap.module, 3);
    assert!(since.elapsed() >= Duration::from_millis(60));
    (&tap.module).write_all(b"\r\nOK\r\n").unwrap();
    take(&program, 6);
    assert_eq!(tap.end().0.code, 0);
}

#[test]
fn a_seed_has_the_same_faults_again() {
    let run = || {
        let tap = Tap::new(&["--mangle", "drop 1/40 tx, damage 1/40 tx, double 1/40 rx, seed 7"]);
        let program = tap.open();
        let sent = "AT+CSQ\r".repeat(100);
        (&program).write_all(sent.as_bytes()).unwrap();
        (&tap.module).write_all(sent.as_bytes()).unwrap();
        let mut module = tap.module.try_clone().unwrap();
        // What is doubled comes twice.
        let received = take(&program, sent.len());
        drop(program);
        let (finished, trace) = tap.end();
        let mut arrived = Vec::new();
        module.read_to_end(&mut arrived).unwrap();
        assert!(arrived.len() < sent.len(), "some were dropped");
        let text = String::from_utf8(finished.stdout).unwrap();
        assert!(text.contains("to the module is dropped") && trace.contains("is doubled"), "{text}");
        (arrived, received)
    };
    assert_eq!(run(), run());
}

#[test]
fn the_port_is_set_as_the_program_sets_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let device = PtyDoor::open(None).unwrap();
    let port = device.path().to_str().unwrap();
    let arguments = ["-p", port, "--baud", "57600", "tap", "-q", "--pty", "link"];
    let mut command = program(&arguments);
    let mut child = command.current_dir(folder.path()).spawn().unwrap();
    let link = folder.path().join("link");
    wait_until(|| link.exists());
    let rate = || tcgetattr(device.as_fd()).unwrap().output_speed();
    let program = open(&link);
    assert_eq!((tcgetattr(&program).unwrap().output_speed(), rate()), (57_600, 57_600));
    for wanted in [9_600, 460_800] {
        let mut settings = tcgetattr(&program).unwrap();
        settings.set_speed(wanted).unwrap();
        tcsetattr(&program, OptionalActions::Now, &settings).unwrap();
        wait_until(|| rate() == wanted);
    }
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_tcp_port_is_offered_as_well() {
    let mut child = program(&["-p", "emulator", "tap", "--tcp", "127.0.0.1:0"]).spawn().unwrap();
    let remark = first_remark(&mut child);
    let port = remark.split([' ', ';']).find(|word| word.starts_with("tcp://")).unwrap();
    let output = program(&["-p", port, "at", "AT+CGMM"]).output().unwrap();
    assert_eq!(output.stdout, b"SIMCOM_SIM800L\nOK\n");
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_that_breaks_ends_it() {
    let tap = Tap::new(&["-q"]);
    let program = tap.open();
    (&tap.module).write_all(b"\r\nRDY\r\n").unwrap();
    tap.module.shutdown(std::net::Shutdown::Both).unwrap();
    take(&program, 7);
    drop(program);
    let finished = Finished::new(tap.child.wait_with_output().unwrap());
    assert_eq!(finished.code, 4);
    assert!(finished.stderr.contains("hung up"), "{}", finished.stderr);
}
