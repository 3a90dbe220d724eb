//! Modules behind real doors, and clients that come and go.

#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::{Config, Fault, Place};
use sim800_testbed::{Line, Module, PtyDoor, TcpDoor};

const ANSWER: &[u8] = b"AT\r\r\nOK\r\n";

fn module() -> Module {
    Module::new(Config::default(), Line::unpaced())
}

/// Says `AT` and expects nothing but the answer to it.
fn converse(mut port: impl Read + Write) {
    port.write_all(b"AT\r").unwrap();
    let mut answer = [0; ANSWER.len()];
    port.read_exact(&mut answer).unwrap();
    assert_eq!(answer, ANSWER, "{}", answer.escape_ascii());
}

fn open(path: &Path) -> File {
    // No controlling terminal, whatever session the test runs in.
    let flags = rustix::fs::OFlags::NOCTTY.bits();
    OpenOptions::new().read(true).write(true).custom_flags(flags.cast_signed()).open(path).unwrap()
}

/// A path of its own for each test.
fn link(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sim800-testbed-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn pty_clients_come_and_go() {
    let path = link("come-and-go");
    let door = PtyDoor::open(Some(&path)).unwrap();
    assert_eq!(door.path(), path);
    let module = module().start(door).unwrap();
    for _ in 0..50 {
        converse(open(&path));
    }
    // Two at once are still one line.
    let first = open(&path);
    converse(open(&path));
    converse(first);
    module.stop().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_pty_is_raw_and_remembers_nothing_of_its_last_client() {
    let door = PtyDoor::open(None).unwrap();
    let path = door.device().to_owned();
    let module = module().start(door).unwrap();
    let mut leaving = open(&path);
    leaving.write_all(b"AT\rATI\rAT\r").unwrap();
    // So that there is an answer, of which the most is left behind.
    leaving.read_exact(&mut [0; 3]).unwrap();
    drop(leaving);
    // The module says something to nobody.
    module.fault(Fault::Inject { place: Place::Now, text: "RING".into() });

    let mut next = open(&path);
    next.write_all(b"\rAT+CSQ\r").unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\nOK\r\n") || !heard.windows(4).any(|octets| octets == b"+CSQ") {
        let mut octet = [0];
        next.read_exact(&mut octet).unwrap();
        heard.push(octet[0]);
    }
    module.stop().unwrap();
}

#[test]
fn a_link_replaces_nothing_but_a_stale_one() {
    let path = link("stale");
    std::fs::write(&path, "precious").unwrap();
    let error = PtyDoor::open(Some(&path)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    std::fs::remove_file(&path).unwrap();

    std::os::unix::fs::symlink("/dev/pts/no-such-terminal", &path).unwrap();
    let door = PtyDoor::open(Some(&path)).unwrap();
    assert!(PtyDoor::open(Some(&path)).is_err(), "a terminal that is in use was replaced");
    drop(door);
    assert!(std::fs::symlink_metadata(&path).is_err());
}

#[test]
fn tcp_clients_come_and_go_one_at_a_time() {
    let door = TcpDoor::bind("127.0.0.1:0").unwrap();
    let address = door.address().unwrap();
    let module = module().start(door).unwrap();
    for _ in 0..10 {
        converse(TcpStream::connect(address).unwrap());
    }
    let mut first = TcpStream::connect(address).unwrap();
    converse(&first);
    let mut second = TcpStream::connect(address).unwrap();
    second.write_all(b"AT+CMEE=2\r").unwrap();
    // The second one is not heard before the first one has gone, and finds the module as that left it.
    first.write_all(b"ATE0\r").unwrap();
    first.read_exact(&mut [0; 11]).unwrap();
    drop(first);
    let mut answer = [0; 6];
    second.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"\r\nOK\r\n");
    module.stop().unwrap();
    assert_eq!(second.read(&mut answer).unwrap_or(0), 0);
}

#[test]
fn a_link_works_with_any_executor_and_the_module_outlives_it() {
    let (module, mut link) = module().start_linked().unwrap();
    futures::executor::block_on(async {
        link.write_all(b"AT\r").await.unwrap();
        let mut answer = [0; ANSWER.len()];
        link.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, ANSWER);
    });
    drop(link);
    module.fault(Fault::Inject { place: Place::Now, text: "RING".into() });
    module.stop().unwrap();
}

#[test]
fn a_stopped_module_ends_its_link() {
    let (module, mut link) = module().start_linked().unwrap();
    drop(module);
    futures::executor::block_on(async {
        assert_eq!(link.read(&mut [0; 16]).await.unwrap(), 0);
        assert!(link.write(b"AT\r").await.is_err());
    });
}

#[test]
fn a_client_that_does_not_read_is_throttled_and_leaves_no_trace() {
    let door = TcpDoor::bind("127.0.0.1:0").unwrap();
    let address = door.address().unwrap();
    let module = module().start(door).unwrap();
    let mut deaf = TcpStream::connect(address).unwrap();
    deaf.set_nonblocking(true).unwrap();
    // The kernel's buffers are all there is: nothing is taken that could not be answered.
    let mut refused = 0;
    let mut taken = 0;
    while refused < 100 {
        match deaf.write(&b"ATI\r".repeat(1024)) {
            Ok(count) => {
                taken += count;
                refused = 0;
            }
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                refused += 1;
                std::thread::yield_now();
            }
        }
    }
    assert!(taken > 0);
    drop(deaf);
    let mut next = TcpStream::connect(address).unwrap();
    // The last command may have been cut short; the first CR ends it.
    next.write_all(b"\rAT\r").unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(ANSWER) {
        let mut octet = [0];
        next.read_exact(&mut octet).unwrap();
        heard.push(octet[0]);
    }
    assert!(heard.len() < 64, "{}", heard.escape_ascii());
    module.stop().unwrap();
}
