//! The ports of a machine, and what is connected to them.

use std::net::TcpListener;

use serde_json::Value;

use crate::bench::{Bench, Finished, program};

#[test]
fn ports_are_listed_and_left_alone() {
    let finished = Finished::new(program(&["--json", "ports"]).output().unwrap());
    let object = finished.object();
    for port in object["ports"].as_array().unwrap() {
        assert!(port["port"].as_str().unwrap().starts_with("/dev/"), "{port}");
        assert!(port.get("answer").is_none(), "{port}");
    }
    // Nobody connects to it.
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    door.set_nonblocking(true).unwrap();
    let port = format!("tcp://{}", door.local_addr().unwrap());
    let finished = Finished::new(program(&["ports", &port]).output().unwrap());
    assert_eq!((finished.code, finished.stdout), (0, format!("{port}\n").into_bytes()));
    assert!(finished.stderr.contains("--probe"), "{}", finished.stderr);
    assert!(door.accept().is_err());
}

#[test]
fn what_answers_is_told_if_asked_for() {
    let bench = Bench::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("tcp://{}", silent.local_addr().unwrap());
    let finished =
        bench.run(&["--json", "--answer-within", "1", "ports", "--probe", &bench.port, &silent, "/dev/null"]);
    let object = finished.object();
    let told = |n: usize, name: &str| object["ports"][n][name].clone();
    assert_eq!(told(0, "model"), "SIMCOM_SIM800L");
    assert_eq!((told(1, "model"), told(1, "answer")), (Value::Null, "no answer".into()));
    assert!(told(2, "answer").as_str().unwrap().contains("not a serial port"), "{object}");
    bench.expect_usable();
}
