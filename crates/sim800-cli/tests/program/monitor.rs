//! `sim800 monitor`.

use std::io::{Read, Write};
use std::net::TcpListener;

use rustix::process::Signal;

use crate::bench::{Finished, first_remark, program, signal};

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
        let (mut text, mut octet) = (Vec::new(), [0]);
        let stdout = child.stdout.as_mut().unwrap();
        while !text.ends_with(shown.as_bytes()) {
            stdout.read_exact(&mut octet).unwrap();
            text.extend(octet);
        }
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
    drop(child.stdout.take());
    // It is told when it writes.
    while module.write_all(b"\r\nRING\r\n").is_ok() && child.try_wait().unwrap().is_none() {}
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
