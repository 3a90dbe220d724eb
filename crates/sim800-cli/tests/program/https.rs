//! HTTPS by the program itself, over sockets of the module.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::thread;

use data_encoding::BASE64;
use serde_json::json;
use sim800_emulator::Config;
use sim800_testbed::server::http::Delivery;
use sim800_testbed::server::tls::{ClientCertificate, TlsFront};

use crate::bad_input::fails;
use crate::bench::{Bench, Finished, octets};

/// A module, and a server behind TLS that it is told to trust.
struct Secure {
    bench: Bench,
    front: TlsFront,
}

impl Secure {
    fn new() -> Self {
        let bench = Bench::new();
        let front = TlsFront::start(bench.http.address(), ClientCertificate::Unneeded).unwrap();
        let text = BASE64.encode(front.certificate());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        fs::write(bench.path("roots.pem"), pem).unwrap();
        Self { bench, front }
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = self.bench.command(arguments);
        Finished::new(command.env("SSL_CERT_FILE", "roots.pem").output().unwrap())
    }
}

#[test]
fn all_methods_and_options_work_as_with_http() {
    let secure = Secure::new();
    let (body, http) = (octets(100_000), &secure.bench.http);
    http.put("/a", "text/plain", body.clone());
    let url = secure.front.url("/a");
    for runtime in ["smol", "tokio"] {
        let finished = secure.run(&["--runtime", runtime, "http", "get", &url, "-o", "a"]);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert!(fs::read(secure.bench.path("a")).unwrap() == body);
    }
    let part =
        secure.run(&["--json", "http", "get", &url, "--range", "99990-", "-H", "X-A: 1", "--user", "a:b"]);
    assert_eq!(part.object()["octets"], 10);
    let request = http.requests().pop().unwrap();
    assert_eq!(
        (&request.headers()["x-a"], &request.headers()["authorization"]),
        (&"1".parse().unwrap(), &"Basic YTpi".parse().unwrap())
    );
    let head = secure.run(&["http", "head", &url]);
    assert!(String::from_utf8(head.stdout).unwrap().to_lowercase().contains("content-length: 100000\n"));

    for (method, path) in [("post", "/b"), ("put", "/c")] {
        let object =
            secure.run(&["--json", "http", method, &secure.front.url(path), "--data", "sent"]).object();
        assert_eq!(
            (&object["sent"], http.body(path).as_deref()),
            (&json!(4), Some(&b"sent"[..])),
            "{object}"
        );
    }
    assert_eq!(secure.run(&["http", "delete", &secure.front.url("/c")]).code, 0);
    assert!(http.body("/c").is_none());
    // What the module's stack has no command for goes over sockets without TLS, too.
    assert_eq!(secure.run(&["http", "put", &http.url("/d"), "--data", "plain"]).code, 0);
    assert_eq!(http.body("/d").as_deref(), Some(&b"plain"[..]));
}

#[test]
fn more_is_sent_than_the_module_holds() {
    let secure = Secure::new();
    let body = octets(400_000);
    fs::write(secure.bench.path("big"), &body).unwrap();
    let sent = secure.run(&["http", "post", &secure.front.url("/big"), "--data-file", "big"]);
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert!(secure.bench.http.body("/big").unwrap() == body);
    let plain = secure.run(&["http", "post", &secure.bench.http.url("/big"), "--data-file", "big"]);
    assert_eq!(plain.code, 12, "{}", plain.stderr);
}

#[test]
fn a_download_is_gone_on_with_by_the_next_run() {
    let secure = Secure::new();
    let body = octets(200_000);
    secure.bench.http.put("/a", "text/plain", body.clone());
    let url = secure.front.url("/a");
    secure.bench.http.deliver_next(Delivery::Truncated { after: 150_000 });
    let broken = secure.run(&["--retries", "0", "http", "get", &url, "-o", "a", "--resume"]);
    assert_eq!(broken.code, 7, "{}", broken.stderr);
    let object = secure.run(&["--json", "http", "get", &url, "-o", "a", "--resume"]).object();
    assert!(object["resumed_from"].as_u64().unwrap() > 0, "{object}");
    assert!(fs::read(secure.bench.path("a")).unwrap() == body);
    // And within a run by itself.
    secure.bench.http.deliver_next(Delivery::Truncated { after: 150_000 });
    let object = secure.run(&["--json", "http", "get", &url, "-o", "b"]).object();
    assert_eq!(object["retries"], 1, "{object}");
    assert!(fs::read(secure.bench.path("b")).unwrap() == body);
}

#[test]
fn nobody_is_trusted_without_a_reason() {
    let secure = Secure::new();
    secure.bench.http.put("/a", "text/plain", "octets");
    let url = secure.front.url("/a");
    fails(&secure.bench, &["http", "get", &url, "-o", "a"], 7, "certificate", "SSL_CERT_FILE");
    assert_eq!(secure.bench.run(&["http", "get", "--insecure", &url]).stdout, b"octets");
    // A file of authorities that is none.
    fs::write(secure.bench.path("empty.pem"), "").unwrap();
    let (asked, connections) = (secure.bench.http.requests().len(), &["http", "post", &url, "-d", "x"]);
    for (file, reason) in
        [("none.pem", "no such file or directory"), ("empty.pem", "no certificate in PEM form is there")]
    {
        let mut command = secure.bench.command(connections);
        let finished = Finished::new(command.env("SSL_CERT_FILE", file).output().unwrap());
        assert_eq!(
            (finished.code, finished.stderr),
            (2, format!("sim800: SSL_CERT_FILE names '{file}': {reason}; the server did nothing\n"))
        );
    }
    assert_eq!(secure.bench.http.requests().len(), asked);
    let strict = TlsFront::start(secure.bench.http.address(), ClientCertificate::Required).unwrap();
    fails(&secure.bench, &["http", "get", "--insecure", &strict.url("/a")], 7, "tls", "wants a certificate");
    let plain = format!("https://{}/a", secure.bench.http.address());
    fails(&secure.bench, &["http", "get", &plain], 7, "tls", "not TLS");
}

#[test]
fn what_may_have_been_done_is_said_to_be_so() {
    // A server that hears a request and goes.
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = door.local_addr().unwrap();
    thread::spawn(move || {
        for client in door.incoming() {
            let _ = client.unwrap().read(&mut [0; 1024]);
        }
    });
    let front = TlsFront::start(address, ClientCertificate::Unneeded).unwrap();
    let bench = Bench::new();
    let url = front.url("/a");
    let object =
        fails(&bench, &["http", "post", "--insecure", &url, "-d", "x"], 7, "closed", "may have got it");
    assert_eq!(object["error"]["sent"], "unknown");
    let object =
        fails(&bench, &["http", "post", &url, "-d", "x"], 7, "certificate", "the server did nothing");
    assert_eq!(object["error"]["sent"], "no");
}

#[test]
fn options_of_the_modules_stack_are_for_it_alone() {
    let bench = Bench::new();
    let url = "https://127.0.0.1:1/a";
    fails(&bench, &["http", "get", url, "--proxy", "a:8080"], 2, "usage", "--tls module");
    fails(&bench, &["http", "put", url, "-d", "x", "--tls", "module"], 2, "usage", "no PUT");
    fails(&bench, &["http", "get", url, "-H", "Connection: close"], 2, "unsupported", "by this side itself");
}

#[test]
fn a_firmware_without_tls_is_no_hindrance() {
    let mut config = Config::default();
    config.ssl = false;
    let bench = Bench::with(config);
    bench.http.put("/a", "text/plain", "octets");
    let front = TlsFront::start(bench.http.address(), ClientCertificate::Unneeded).unwrap();
    let url = front.url("/a");
    assert_eq!(bench.run(&["http", "get", "--insecure", &url]).stdout, b"octets");
    fails(&bench, &["http", "get", "--tls", "module", &url], 12, "no-ssl", "without --tls module");
}

#[test]
fn a_script_brings_sockets_up_once() {
    let secure = Secure::new();
    secure.bench.http.put("/a", "text/plain", "octets");
    let url = secure.front.url("/a");
    fs::write(secure.bench.path("script"), format!("http get {url} -o a\nhttp get {url} -o b\n")).unwrap();
    let finished = secure.run(&["--trace", "line.jsonl", "run", "script"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(fs::read(secure.bench.path("b")).unwrap(), b"octets");
    let decoded = String::from_utf8(secure.run(&["decode", "line.jsonl"]).stdout).unwrap();
    assert_eq!(decoded.matches("AT+CIICR").count(), 1, "{decoded}");
}

#[test]
fn what_is_to_be_closed_is_closed() {
    let secure = Secure::new();
    secure.bench.http.put("/a", "text/plain", "octets");
    let url = secure.front.url("/a");
    let finished = secure.run(&["--trace", "line.jsonl", "--close", "http", "get", &url, &url, "-o", "-"]);
    assert_eq!((finished.code, &finished.stdout[..]), (0, &b"octetsoctets"[..]), "{}", finished.stderr);
    let decoded = String::from_utf8(secure.run(&["decode", "line.jsonl"]).stdout).unwrap();
    let last = decoded.rfind("AT+CIPSTART").expect("a connection");
    assert!(decoded[last..].contains("AT+CIPSHUT"), "{decoded}");
}
