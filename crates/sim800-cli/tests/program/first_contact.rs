//! What is at a port when nothing answers `AT`: each has another cause, and something else helps.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::tcgetattr;

use crate::bench::{Finished, program};

/// What a device says to octets that come at a rate.
type Says = fn(&[u8], u32) -> Vec<u8>;

/// A pseudo-terminal with a device at its other end, until the test ends.
struct Terminal {
    path: String,
    /// Without it the other end would end with the first program.
    _slave: OwnedFd,
}

impl Terminal {
    fn with(says: Says) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let device = ptsname(&master, Vec::new()).unwrap();
        let slave = rustix::fs::open(&device, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .unwrap();
        let mut master = File::from(master);
        thread::spawn(move || {
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = master.read(&mut octets) {
                // The other end sets the rate of both.
                let rate = tcgetattr(&master).unwrap().output_speed();
                if master.write_all(&says(&octets[..count], rate)).is_err() {
                    return;
                }
            }
        });
        Self { path: device.into_string().unwrap(), _slave: slave }
    }
}

/// A TCP port with a device behind it, for one program after another.
fn tcp(says: Says) -> String {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", door.local_addr().unwrap());
    thread::spawn(move || {
        for client in door.incoming() {
            let mut client = client.unwrap();
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = client.read(&mut octets) {
                if client.write_all(&says(&octets[..count], 0)).is_err() {
                    break;
                }
            }
        }
    });
    port
}

fn run(port: &str, arguments: &[&str]) -> Finished {
    let common = ["-p", port, "--answer-within", "1"];
    Finished::new(program(&[&common, arguments].concat()).output().unwrap())
}

/// What is said of a device on a terminal, and of one behind TCP, on either runtime. All of these wait, so they do it together.
fn fails(says: Says, on_a_terminal: &[&str], behind_tcp: &[&str]) {
    thread::scope(|scope| {
        for runtime in ["smol", "tokio"] {
            scope.spawn(move || fails_on(runtime, &Terminal::with(says).path, on_a_terminal));
            if !behind_tcp.is_empty() {
                scope.spawn(move || fails_on(runtime, &tcp(says), behind_tcp));
            }
        }
    });
}

fn fails_on(runtime: &str, port: &str, said: &[&str]) {
    let finished = run(port, &["--runtime", runtime, "--json", "info"]);
    let (kind, message) = finished.error();
    assert_eq!((finished.code, kind.as_str()), (4, "no-answer"));
    for said in [said, &[port]].concat() {
        assert!(message.contains(said), "{said}: {message}");
    }
}

fn module(octets: &[u8]) -> Vec<u8> {
    let lines = octets.split(|octet| *octet == b'\r').filter(|line| line.starts_with(b"AT"));
    lines.flat_map(|_| *b"\r\nOK\r\n").collect()
}

/// A module at 9600 bit/s: at another rate, neither side understands the other.
fn slow_module(octets: &[u8], rate: u32) -> Vec<u8> {
    if rate == 9_600 { module(octets) } else { octets.iter().map(|octet| octet ^ 0xe0).collect() }
}

#[test]
fn silence_has_many_causes() {
    let helps = ["no byte came within 1 s", "power", "--answer-within 130"];
    let wires = [&helps[..], &["TX goes to RX", "sim800 ports"]].concat();
    fails(|_, _| Vec::new(), &wires, &[&helps[..], &["serial port at the other end"]].concat());
}

#[test]
fn what_is_only_sent_back_comes_from_joined_wires() {
    let said = ["sends back what it is sent", "TX and RX are joined"];
    fails(|octets, _| octets.to_vec(), &said, &said);
}

#[test]
fn a_module_that_waits_for_data_says_so() {
    let says: Says = |octets, _| {
        let returns = octets.iter().filter(|octet| **octet == b'\r').count();
        [octets, &b"\r\n> ".repeat(returns)].concat()
    };
    fails(says, &["waits for data", "two minutes"], &["waits for data", "two minutes"]);
}

#[test]
fn the_rate_of_a_module_that_is_not_understood_is_told() {
    fails(slow_module, &["no text at 115200 bit/s", "use --baud 9600"], &[]);
}

#[test]
fn another_rate_is_found() {
    let terminal = Terminal::with(slow_module);
    let finished = run(&terminal.path, &["--baud", "auto", "at", "AT"]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (0, &b"OK\n"[..]), "{}", finished.stderr);
    assert!(finished.stderr.contains("answers at 9600 bit/s"), "{}", finished.stderr);
    assert_eq!(run(&terminal.path, &["--baud", "9600", "-q", "at", "AT"]).code, 0);
}

#[test]
fn a_rate_that_cannot_be_set_from_here_is_named() {
    let garbled: Says = |octets, _| octets.iter().map(|octet| octet ^ 0xe0).collect();
    let said = ["no text", "the rate of the serial port at the other end"];
    fails_on("smol", &tcp(garbled), &said);
    let finished = run(&tcp(garbled), &["--baud", "auto", "at", "AT"]);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
}

#[test]
fn something_else_than_a_module_is_shown() {
    let says: Says = |_, _| b"\r\nbox login: ".to_vec();
    fails(says, &["not as a module does", "box login:", "right port"], &[]);
}
