//! `sim800 proxy`: what tells its end wrongly, or in a way that the next one does not understand.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::Value;
use sim800_emulator::Fault;

use crate::bench::Bench;
use crate::proxy::{Proxy, head, serve_once};

#[test]
fn an_answer_is_as_long_as_the_server_means() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
            "\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nContent-Length: 9\r\n\r\n",
            "\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab",
            "content-length: 2\r\nconnection: close\r\n\r\nab",
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nab",
            "content-length: 2\r\n\r\nab",
        ),
    ] {
        let (address, served) = serve_once(answer);
        let came = proxy.ask(format!("GET http://{address}/ HTTP/1.1\r\nConnection: close\r\n\r\n"));
        served.join().unwrap();
        assert!(came.starts_with("HTTP/1.1 200 ") && came.ends_with(expected), "{came}");
        assert!(!came.contains("content-length: 3"), "{came}");
        let account = proxy.account();
        assert_eq!(account["ok"], true, "{account}");
    }
    for coding in ["gzip, chunked", "identity"] {
        let answer =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n2\r\nab\r\n0\r\n\r\n").leak();
        let (address, served) = serve_once(answer);
        let came = proxy.ask(format!("GET http://{address}/ HTTP/1.1\r\nConnection: close\r\n\r\n"));
        served.join().unwrap();
        assert!(came.starts_with("HTTP/1.1 502 "), "{coding}: {came}");
        assert_eq!(proxy.account()["ok"], false);
    }
    proxy.end();
}

#[test]
fn so_it_is_where_the_module_has_read_it() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &["--via", "http"]);
    for (head, body, expected) in [
        (
            "200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
            "2\r\nab\r\n0\r\n\r\n",
            Some("\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
        ),
        ("200 OK\r\nContent-Length: 2, 2", "ab", Some("\r\n\r\n2\r\nab\r\n0\r\n\r\n")),
        ("200 OK\r\nTransfer-Encoding: gzip, chunked", "2\r\nab\r\n0\r\n\r\n", None),
        ("101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade", "", None),
    ] {
        let (address, served) = serve_once(format!("HTTP/1.1 {head}\r\n\r\n{body}").leak());
        let came = proxy.ask(format!("GET http://{address}/ HTTP/1.1\r\nConnection: close\r\n\r\n"));
        served.join().unwrap();
        match expected {
            Some(expected) => {
                assert!(came.starts_with("HTTP/1.1 200 ") && came.ends_with(expected), "{came}")
            }
            None => assert!(came.starts_with("HTTP/1.1 502 "), "{head}: {came}"),
        }
        let account = proxy.account();
        assert_eq!(
            (&account["ok"], &account["via"]),
            (&Value::Bool(expected.is_some()), &Value::from("http"))
        );
    }
    proxy.end();
}

#[test]
fn a_request_is_passed_on_whole_or_not_at_all() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"0\r\n\r\n") {
            let mut octet = [0];
            connection.read_exact(&mut octet).unwrap();
            asked.extend(octet);
        }
        connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        String::from_utf8(asked).unwrap()
    });
    let chunks = "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nwhole\r\n0\r\n\r\n";
    let answer = proxy.ask(format!("GET http://{address}?a=b HTTP/1.1\r\nContent-Length: 2\r\n{chunks}"));
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    let asked = served.join().unwrap();
    assert!(asked.starts_with("GET /?a=b HTTP/1.1\r\n"), "{asked}");
    assert!(
        asked.ends_with("\r\n\r\n5\r\nwhole\r\n0\r\n\r\n") && !asked.contains("Content-Length"),
        "{asked}"
    );

    for (request, status) in [
        (format!("POST http://{address}/ HTTP/1.1\r\nTransfer-Encoding: gzip\r\n{chunks}"), 501),
        (format!("GET http://{}:99999/ HTTP/1.1\r\nConnection: close\r\n\r\n", address.ip()), 400),
    ] {
        let answer = proxy.ask(&request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    let fine: Vec<_> = (0..3).map(|_| proxy.account()["ok"] == true).collect();
    assert_eq!(fine, [true, false, false]);
    let (totals, _) = proxy.end();
    assert_eq!((&totals["requests"], &totals["failed"]), (&Value::from(3), &Value::from(2)));
}

#[test]
fn an_answer_that_breaks_looks_like_no_end() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // A program to which the end of the connection is that of the answer.
    let mut here = proxy.connect(format!("GET http://{address}/ HTTP/1.0\r\n\r\n"));
    let (mut there, _) = listener.accept().unwrap();
    head(&mut there);
    there.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").unwrap();
    head(&mut here);
    here.read_exact(&mut [0; 2]).unwrap();
    bench.module.fault(Fault::Restart { announced: true });
    assert_eq!(here.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(proxy.account()["ok"], false);
    proxy.end();
}

#[test]
fn a_connection_that_somebody_logged_in_on_is_nobody_elses() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Answers with the number of the connection, as often as it is asked.
    thread::spawn(move || {
        for (number, connection) in (1..).zip(listener.incoming()) {
            let mut connection = connection.unwrap();
            thread::spawn(move || {
                while asks(&mut connection) {
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
                    connection.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    let asked = |program: &mut TcpStream, login: &str| {
        write!(program, "GET http://{address}/ HTTP/1.1\r\n{login}\r\n").unwrap();
        head(program);
        let mut number = [0];
        program.read_exact(&mut number).unwrap();
        char::from(number[0])
    };
    let mut programs = [proxy.connect(""), proxy.connect("")];
    let mut used = Vec::new();
    for (program, login) in
        [(0, "Authorization: NTLM TlRM\r\n"), (1, ""), (0, ""), (1, "Authorization: Basic YTpi\r\n")]
    {
        used.push(asked(&mut programs[program], login));
        assert_eq!(proxy.account()["ok"], true);
    }
    assert_eq!(used, ['1', '2', '1', '2']);
    drop(programs);
    proxy.end();
}

/// Whether another request comes.
fn asks(connection: &mut TcpStream) -> bool {
    let (mut asked, mut octet) = (Vec::new(), [0]);
    while !asked.ends_with(b"\r\n\r\n") {
        if !connection.read(&mut octet).is_ok_and(|count| count > 0) {
            return false;
        }
        asked.extend(octet);
    }
    true
}
