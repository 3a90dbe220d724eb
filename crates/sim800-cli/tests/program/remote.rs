//! Serial ports behind a server that speaks RFC 2217.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rfc2217::{PortSettings, Server};
use rustix::process::Signal;

use crate::bench::{Bench, Finished, octets, program, signal, wait_until};

/// A server in front of the bench's module, for one program after another. It tells the rate that it was asked for last.
fn server(bench: &Bench) -> (String, Arc<Mutex<u32>>) {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("rfc2217://{}", door.local_addr().unwrap());
    let module = bench.port.strip_prefix("tcp://").unwrap().to_owned();
    let rate = Arc::new(Mutex::new(0));
    let told = Arc::clone(&rate);
    thread::spawn(move || {
        for program in door.incoming() {
            serve(program.unwrap(), TcpStream::connect(&module).unwrap(), &told);
        }
    });
    (port, rate)
}

fn serve(mut program: TcpStream, mut module: TcpStream, rate: &Mutex<u32>) {
    let server = Arc::new(Mutex::new(Server::new(PortSettings::default())));
    let (from_module, to_program) = (module.try_clone().unwrap(), program.try_clone().unwrap());
    let sender = Arc::clone(&server);
    thread::spawn(move || send_on(from_module, to_program, &sender));
    let mut octets = [0; 4096];
    while let Ok(count @ 1..) = program.read(&mut octets) {
        let mut server = server.lock().unwrap();
        let payload = server.receive(&octets[..count]);
        while server.poll_event().is_some() {}
        *rate.lock().unwrap() = server.settings().baud_rate;
        let answer = server.take_output();
        // Behind one another with what the module sends.
        if program.write_all(&answer).is_err() || module.write_all(&payload).is_err() {
            break;
        }
    }
    let _ = module.shutdown(std::net::Shutdown::Both);
}

fn send_on(mut module: TcpStream, mut program: TcpStream, server: &Mutex<Server>) {
    let mut octets = [0; 4096];
    while let Ok(count @ 1..) = module.read(&mut octets) {
        let mut server = server.lock().unwrap();
        server.write_data(&octets[..count]);
        let output = server.take_output();
        if program.write_all(&output).is_err() {
            return;
        }
    }
}

#[test]
fn files_pass_and_the_rate_is_set() {
    let bench = Bench::new();
    // With what Telnet would take for its own.
    let file = [octets(60_000), vec![0xff; 100], b"\xff\xfd\x2c\r\0\xff\xf0".to_vec()].concat();
    bench.http.put("/a", "application/octet-stream", file.clone());
    std::fs::write(bench.path("up"), &file).unwrap();
    let (port, rate) = server(&bench);
    for (runtime, baud) in [("smol", "57600"), ("tokio", "9600")] {
        let run = |arguments: &[&str]| {
            bench.run(&[&["-q", "-p", &port, "--runtime", runtime, "--baud", baud], arguments].concat())
        };
        let finished = run(&["http", "get", &bench.http.url("/a")]);
        assert_eq!((finished.code, finished.stdout == file), (0, true), "{}", finished.stderr);
        assert_eq!(rate.lock().unwrap().to_string(), baud);
        assert_eq!(run(&["ftp", "put", "up", &bench.ftp_url("/up")]).code, 0);
        assert_eq!(bench.ftp.file("/up").as_deref(), Some(&file[..]));
    }
    let object = bench.run(&["--json", "-p", &port, "at", "AT"]).object();
    assert_eq!(object["port"], port.as_str());
}

#[test]
fn a_server_that_does_not_speak_it_is_named() {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("rfc2217://{}", door.local_addr().unwrap());
    let output = program(&["-p", &port, "info"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&port) && said.contains("tcp://HOST:PORT"), "{said}");
    let output = program(&["-p", "rfc2217://a", "info"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_tap_has_the_rate_set_there_that_its_program_sets() {
    let bench = Bench::new();
    let (port, rate) = server(&bench);
    let link = bench.path("link");
    let tap = bench.command(&["-q", "-p", &port, "tap", "--pty", "link"]).spawn().unwrap();
    wait_until(|| link.exists());
    let pty = link.to_str().unwrap();
    for baud in ["9600", "57600"] {
        let finished = bench.run(&["-p", pty, "--baud", baud, "at", "AT+CGMM"]);
        assert_eq!(
            (finished.code, &finished.stdout[..]),
            (0, &b"SIMCOM_SIM800L\nOK\n"[..]),
            "{}",
            finished.stderr
        );
        assert_eq!(rate.lock().unwrap().to_string(), baud);
    }
    signal(&tap, Signal::TERM);
    assert_eq!(Finished::new(tap.wait_with_output().unwrap()).code, 0);
}
