//! `sim800 monitor`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;

use rustix::process::Signal;

use crate::bench::{Finished, first_remark, program, signal};

fn read_until(from: &mut impl Read, shown: &str) {
    let (mut text, mut octet) = (Vec::new(), [0]);
    while !text.ends_with(shown.as_bytes()) {
        from.read_exact(&mut octet).unwrap();
        text.extend(octet);
    }
}

#[test]
fn what_a_port_says_is_shown_with_its_meaning() {
    for (arguments, shown) in [
        (&[][..], "← +CREG: 1                                      network: registered"),
        (&["--json"], "\"meaning\":\"network: registered\""),
    ] {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = format!("tcp://{}", door.local_addr().unwrap());
        let mut child = program(&[&["-p", &port, "monitor"], arguments].concat()).spawn().unwrap();
        let (mut module, _) = door.accept().unwrap();
        if arguments.is_empty() {
            assert!(first_remark(&mut child).contains("nothing is sent"));
        }
        module.write_all(b"\r\nRDY\r\n\r\n+CREG: 1\r\n").unwrap();
        read_until(child.stdout.as_mut().unwrap(), shown);
        signal(&child, Signal::INT);
        assert_eq!(Finished::new(child.wait_with_output().unwrap()).code, 0);
        let mut sent = Vec::new();
        module.read_to_end(&mut sent).unwrap();
        assert!(sent.is_empty(), "nothing is sent");
    }
}

#[test]
fn whoever_has_seen_enough_ends_it() {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", door.local_addr().unwrap());
    let mut child = program(&["-p", &port, "monitor"]).spawn().unwrap();
    let (mut module, _) = door.accept().unwrap();
    module.write_all(b"\r\nRING\r\n").unwrap();
    read_until(child.stdout.as_mut().unwrap(), "RING");
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0), "it does not wait for more");
}

#[test]
fn whoever_has_seen_enough_of_a_trace_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line.log");
    fs::write(&path, "AT\r\r\nOK\r\n").unwrap();
    let mut child = program(&["decode", "--follow", path.to_str().unwrap()]).spawn().unwrap();
    read_until(child.stdout.as_mut().unwrap(), "OK");
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_trace_is_shown_as_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("line.jsonl");
    let mut trace = File::create(&path).unwrap();
    trace.write_all(b"{\"t\":0.5,\"dir\":\"tx\",\"data\":\"AT+CSQ\\r\"}\n").unwrap();
    let mut child = program(&["monitor", path.to_str().unwrap()]).spawn().unwrap();
    let stdout = child.stdout.as_mut().unwrap();
    read_until(stdout, "AT+CSQ");
    trace.write_all(b"{\"t\":0.6,\"dir\":\"rx\",\"data\":\"\\r\\n+CSQ: 21,0\\r\\n\"}\n").unwrap();
    read_until(stdout, "-72 dBm");
    signal(&child, Signal::INT);
    assert_eq!(Finished::new(child.wait_with_output().unwrap()).code, 0);
}
