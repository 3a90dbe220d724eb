//! `sim800 proxy`.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdout};
use std::thread;

use data_encoding::BASE64;
use rustix::process::Signal;
use serde_json::Value;
use sim800_emulator::Fault;

use crate::bench::{Bench, Finished, PASSWORD, USER, octets, signal};

/// A proxy that listens.
pub(crate) struct Proxy {
    child: Child,
    told: BufReader<ChildStdout>,
    address: String,
}

impl Proxy {
    pub(crate) fn start(bench: &Bench, options: &[&str]) -> Self {
        let arguments = [&["--json", "proxy", "--listen", "127.0.0.1:0"], options].concat();
        let mut child = bench.command(&arguments).spawn().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let address = object(&mut told)["listen"].as_str().unwrap().to_owned();
        Self { child, told, address }
    }

    /// What comes of a request, to the end of the connection.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> String {
        let mut connection = self.connect(request);
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    pub(crate) fn connect(&self, request: impl AsRef<[u8]>) -> TcpStream {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        connection.write_all(request.as_ref()).unwrap();
        connection
    }

    /// A tunnel to a server that `listens`.
    fn tunnel(&self, listens: &TcpListener) -> (TcpStream, TcpStream) {
        let address = listens.local_addr().unwrap();
        let mut connection = self.connect(format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n"));
        let (there, _) = listens.accept().unwrap();
        assert_eq!(head(&mut connection), "HTTP/1.1 200 OK\r\n\r\n");
        (connection, there)
    }

    /// What it tells of a request that is over.
    pub(crate) fn account(&mut self) -> Value {
        object(&mut self.told)
    }

    /// Ends it; what it says of all requests.
    pub(crate) fn end(mut self) -> (Value, Finished) {
        signal(&self.child, Signal::INT);
        let totals = object(&mut self.told);
        let finished = Finished::new(self.child.wait_with_output().unwrap());
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        (totals, finished)
    }
}

fn object(told: &mut impl BufRead) -> Value {
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?} is no object"))
}

/// The head of an answer, and nothing behind it.
pub(crate) fn head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        connection.read_exact(&mut octet).unwrap();
        head.extend(octet);
    }
    String::from_utf8(head).unwrap()
}

/// A server for one connection, which answers what it is asked with `answer`; what that was.
pub(crate) fn serve_once(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let served = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let asked = head(&mut connection);
        connection.write_all(answer.as_bytes()).unwrap();
        asked
    });
    (address, served)
}

#[test]
fn a_tunnel_passes_bytes_unchanged_both_ways() {
    let bench = Bench::new();
    let sent = octets(40_000);
    for runtime in ["smol", "tokio"] {
        let mut proxy = Proxy::start(&bench, &["--runtime", runtime]);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (here, there) = proxy.tunnel(&listener);
        thread::scope(|scope| {
            scope.spawn(|| (&here).write_all(&sent).unwrap());
            scope.spawn(|| (&there).write_all(&sent).unwrap());
            for mut end in [&here, &there] {
                let mut came = vec![0; sent.len()];
                end.read_exact(&mut came).unwrap();
                assert!(came == sent, "{runtime}");
            }
        });
        (&there).write_all(b"last words").unwrap();
        drop(there);
        let mut rest = String::new();
        (&here).read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "last words", "and then its end");
        let account = proxy.account();
        let told = |name: &str| account[name].as_u64().unwrap();
        assert_eq!((told("status"), told("up"), told("down")), (200, 40_000, 40_010), "{account}");
        assert_eq!((&account["ok"], &account["via"]), (&Value::Bool(true), &Value::from("sockets")));
        assert!(told("line") > 80_010, "{account}");
        let (totals, _) = proxy.end();
        assert_eq!((&totals["requests"], &totals["failed"]), (&Value::from(1), &Value::from(0)));
    }
}

#[test]
fn a_program_that_has_gone_closes_its_tunnel_and_one_that_breaks_is_reset() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (here, mut there) = proxy.tunnel(&listener);
    (&here).write_all(b"good-bye").unwrap();
    here.shutdown(Shutdown::Both).unwrap();
    let mut came = [0; 8];
    there.read_exact(&mut came).unwrap();
    // The server answers the end as it likes: the program does not hear it any more.
    drop((here, there));
    assert_eq!(proxy.account()["up"], 8);

    let (mut here, mut there) = proxy.tunnel(&listener);
    there.write_all(b"hi").unwrap();
    here.read_exact(&mut [0; 2]).unwrap();
    bench.module.fault(Fault::Restart { announced: true });
    let broken = here.read(&mut [0; 1]).unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::ConnectionReset, "no end that a server has made");
    let account = proxy.account();
    assert_eq!(account["ok"], false);
    // It may be asked for the state of the connection before it says that it has restarted.
    let kind = account["error"]["kind"].as_str();
    assert!(matches!(kind, Some("restarted" | "bearer-lost")), "{account}");
    // And the next one works.
    bench.http.put("/a", "text/plain", "hello");
    let url = bench.http.url("/a");
    let answer = proxy.ask(format!("GET {url} HTTP/1.1\r\nConnection: close\r\n\r\n"));
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    proxy.end();
}

/// A server that breaks off after 10,000 of `body`, and answers a second connection with what that asks for, if there is to be one; what
/// it was asked then.
fn break_off(body: &[u8], tag: &str, is_asked_again: bool) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let size = body.len();
    let (body, tag) = (body.to_vec(), format!("ETag: {tag}\r\n"));
    let served = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        head(&mut first);
        first
            .write_all(format!("HTTP/1.1 200 OK\r\n{tag}Content-Length: {size}\r\n\r\n").as_bytes())
            .unwrap();
        first.write_all(&body[..10_000]).unwrap();
        drop(first);
        if !is_asked_again {
            return String::new();
        }
        let (mut second, _) = listener.accept().unwrap();
        let asked = head(&mut second).to_lowercase();
        let from = asked.split("range: bytes=").nth(1).and_then(|range| range.split('-').next()).unwrap();
        let rest = &body[from.parse::<usize>().unwrap()..];
        let part =
            format!("Content-Range: bytes {from}-{}/{size}\r\nContent-Length: {}\r\n", size - 1, rest.len());
        second.write_all(format!("HTTP/1.1 206 Partial\r\n{tag}{part}\r\n").as_bytes()).unwrap();
        second.write_all(rest).unwrap();
        asked
    });
    (address, served)
}

#[test]
fn an_answer_goes_on_where_its_connection_broke_if_the_server_knows_it_to_the_byte() {
    let bench = Bench::new();
    let body = octets(30_000);
    for (tag, goes_on) in [("\"v1\"", true), ("W/\"v1\"", false)] {
        let mut proxy = Proxy::start(&bench, &[]);
        let (address, served) = break_off(&body, tag, goes_on);
        let mut connection = proxy
            .connect(format!("GET http://{address}/a HTTP/1.1\r\nX-One: 1\r\nConnection: close\r\n\r\n"));
        assert!(head(&mut connection).starts_with("HTTP/1.1 200 "));
        let mut came = Vec::new();
        let end = connection.read_to_end(&mut came);
        let asked = served.join().unwrap();
        let account = proxy.account();
        if goes_on {
            assert!(came == body, "{account}");
            assert_eq!(account["down"], body.len(), "{account}");
            for header in ["if-range: \"v1\"", "x-one: 1", "host: 127.0.0.1"] {
                assert!(asked.contains(header), "{header}: {asked}");
            }
        } else {
            // However it ends, it is a part of what was announced.
            assert!(came.len() <= 10_000 && body.starts_with(&came), "{end:?}");
        }
        assert_eq!(account["ok"], goes_on, "{account}");
        proxy.end();
    }
}

#[test]
fn what_was_opened_is_closed_if_that_is_wanted() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "hello");
    let proxy = Proxy::start(&bench, &["--via", "http", "--close", "--trace", "line.jsonl"]);
    let url = bench.http.url("/a");
    assert!(proxy.ask(format!("GET {url} HTTP/1.1\r\nConnection: close\r\n\r\n")).ends_with("hello"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // It is open when the proxy is ended.
    let _tunnel = proxy.tunnel(&listener);
    proxy.end();
    let decoded = String::from_utf8(bench.run(&["decode", "line.jsonl"]).stdout).unwrap();
    let last = decoded.rfind("AT+CIPSTART").expect("a connection");
    for closes in ["AT+CIPSHUT", "AT+SAPBR=0,1"] {
        assert!(decoded[last..].contains(closes), "{decoded}");
    }
}

#[test]
fn nothing_of_a_request_or_an_answer_is_lost() {
    let bench = Bench::new();
    for (options, via) in [(&[][..], "sockets"), (&["--via", "http"], "http")] {
        let mut proxy = Proxy::start(&bench, options);
        let (address, served) = serve_once(
            "HTTP/1.1 404 Not Here\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\nno",
        );
        let answer = proxy.ask(format!(
            "GET http://{address}/a?b=c HTTP/1.1\r\nHost: other.example\r\nX-One: 1\r\nX-One: 2\r\nProxy-Connection: \
             keep-alive\r\nConnection: close\r\n\r\n"
        ));
        let asked = served.join().unwrap().to_lowercase();
        assert!(asked.starts_with("get /a?b=c http/1."), "{via}: {asked}");
        for header in [format!("host: {address}"), "x-one: 1".to_owned(), "x-one: 2".to_owned()] {
            assert!(asked.contains(&format!("\r\n{header}\r\n")), "{via}: {asked}");
        }
        for gone in ["proxy-", "via:", "other.example"] {
            assert!(!asked.contains(gone), "{via}: {asked}");
        }
        let answer = answer.to_lowercase();
        assert!(answer.starts_with("http/1.1 404 ") && answer.ends_with("\r\n\r\nno"), "{via}: {answer}");
        assert!(answer.contains("\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"), "{via}: {answer}");
        assert!(!answer.contains("x-hop"), "{via}: {answer}");
        let account = proxy.account();
        assert_eq!((account["via"].as_str(), &account["ok"]), (Some(via), &Value::Bool(true)));
        assert_eq!(account["url"], format!("http://{address}/a?…"), "queries may be secret");
        proxy.end();
    }
}

#[test]
fn what_the_module_cannot_do_goes_over_sockets() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &["--via", "http"]);
    let url = bench.http.url("/stored");
    let asked = |proxy: &Proxy, method: &str, body: &[u8]| {
        let length = body.len();
        let head =
            format!("{method} {url} HTTP/1.1\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        proxy.ask([head.as_bytes(), body].concat())
    };
    // The largest body that the module takes, a larger one, and a method that it does not know.
    for (method, length, via) in
        [("POST", 319_488, "http"), ("POST", 319_489, "sockets"), ("PUT", 5, "sockets")]
    {
        let body = octets(length);
        let answer = asked(&proxy, method, &body);
        assert!(answer.starts_with("HTTP/1.1 20"), "{method}: {answer}");
        assert!(bench.http.body("/stored").unwrap() == body, "{method} {length}");
        let account = proxy.account();
        assert_eq!((account["via"].as_str(), account["up"].as_u64()), (Some(via), Some(length as u64)));
    }
    proxy.end();
}

#[test]
fn requests_may_come_before_answers_and_bodies_wait_for_leave() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    bench.http.put("/a", "text/plain", "first");
    bench.http.put("/b", "text/plain", "second");
    let (a, b) = (bench.http.url("/a"), bench.http.url("/b"));
    let answers = proxy.ask(format!("GET {a} HTTP/1.1\r\n\r\nGET {b} HTTP/1.1\r\nConnection: close\r\n\r\n"));
    let first = answers.find("\r\n\r\nfirst").unwrap();
    assert!(answers[first..].ends_with("\r\n\r\nsecond"), "{answers}");

    let echo = bench.http.url("/echo");
    let mut connection = proxy.connect(format!(
        "POST {echo} HTTP/1.1\r\nContent-Length: 6\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    ));
    assert_eq!(head(&mut connection), "HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"posted").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nposted"), "{answer}");
    let vias: Vec<_> = (0..3).map(|_| proxy.account()["via"].clone()).collect();
    assert_eq!(vias, ["sockets"; 3]);
    proxy.end();
}

#[test]
fn files_of_ftp_servers_come_and_go() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    let file = "a file\r\nOK\r\n".repeat(500);
    bench.ftp.put_file("/a", file.as_bytes()).unwrap();
    let address = bench.ftp.address();
    let login = |password: &str| BASE64.encode(format!("{USER}:{password}").as_bytes());
    let asked = |proxy: &Proxy, request: &str, password: &str, body: &str| {
        let (request, login, length) =
            (request.replace("ADDRESS", &address.to_string()), login(password), body.len());
        proxy.ask(format!(
            "{request} HTTP/1.0\r\nAuthorization: Basic {login}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    };
    // To a program that knows no chunks.
    let has = |answer: &str, status: u16| answer.get(9..12) == Some(&status.to_string());
    let answer = asked(&proxy, "GET ftp://ADDRESS/a", PASSWORD, "");
    assert!(has(&answer, 200) && answer.split_once("\r\n\r\n").unwrap().1 == file, "{answer}");
    let answer = asked(&proxy, "HEAD ftp://ADDRESS/a", PASSWORD, "");
    assert!(answer.to_lowercase().contains(&format!("content-length: {}\r\n", file.len())), "{answer}");
    let answer = asked(&proxy, "PUT ftp://ADDRESS/b", PASSWORD, "stored");
    assert!(has(&answer, 201), "{answer}");
    assert_eq!(bench.ftp.file("/b").unwrap(), b"stored");
    let answer = asked(&proxy, "GET ftp://ADDRESS/", PASSWORD, "");
    assert!(has(&answer, 200) && answer.contains(" a\r\n"), "{answer}");
    for (request, password, status) in [
        ("GET ftp://ADDRESS/a", "wrong", 401),
        ("GET ftp://ADDRESS/none", PASSWORD, 404),
        ("DELETE ftp://ADDRESS/a", PASSWORD, 501),
    ] {
        let answer = asked(&proxy, request, password, "");
        assert!(has(&answer, status), "{request}: {answer}");
    }
    for _ in 0..7 {
        let account = proxy.account();
        assert_eq!(account["via"], "ftp");
        assert!(!account.to_string().contains(PASSWORD), "{account}");
    }
    proxy.end();
}

#[test]
fn failures_name_what_the_module_says() {
    let bench = Bench::new();
    let mut proxy = Proxy::start(&bench, &[]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (target, status, why, kind) in [
        (format!("CONNECT {free}"), 502, "did not take the connection", "unreachable"),
        ("CONNECT nowhere.invalid:443".into(), 502, "nowhere.invalid could not be found", "host-not-found"),
        ("CONNECT [::1]:443".into(), 400, "no IPv6", "usage"),
        ("GET http://nowhere.invalid/".into(), 502, "nowhere.invalid could not be found", "host-not-found"),
        ("GET /".into(), 400, "this is a proxy and no server", "usage"),
    ] {
        let answer = proxy.ask(format!("{target} HTTP/1.1\r\nHost: {free}\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(why), "{answer}");
        let account = proxy.account();
        assert_eq!((account["error"]["kind"].as_str(), &account["ok"]), (Some(kind), &Value::Bool(false)));
    }
    let (totals, _) = proxy.end();
    assert_eq!((&totals["requests"], &totals["failed"]), (&Value::from(5), &Value::from(5)));
}

#[test]
fn only_who_logs_in_is_served_where_that_is_asked_for() {
    let bench = Bench::new();
    bench.keep_secret("login", "me:sesame\n");
    bench.http.put("/a", "text/plain", "hello");
    let url = bench.http.url("/a");
    let file = bench.path("login");
    let mut proxy = Proxy::start(&bench, &["--user-file", file.to_str().unwrap()]);
    let mut asked = |login: &str| {
        let login = BASE64.encode(login.as_bytes());
        let answer = proxy.ask(format!(
            "GET {url} HTTP/1.1\r\nProxy-Authorization: Basic {login}\r\nConnection: close\r\n\r\n"
        ));
        (answer, proxy.account())
    };
    let (refused, account) = asked("me:wrong");
    assert!(refused.starts_with("HTTP/1.1 407 ") && refused.contains("Basic realm="), "{refused}");
    assert_eq!(account["error"]["kind"], "proxy-login");
    let (answer, account) = asked("me:sesame");
    assert!(answer.ends_with("\r\n\r\nhello") && account["ok"] == true, "{answer}");
    let asked = bench.http.requests();
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].headers().contains_key("proxy-authorization"), "it is for the proxy alone");
    proxy.end();

    let open = bench.run(&["proxy", "--listen", "0.0.0.0:0"]);
    assert_eq!(open.code, 2, "{}", open.stderr);
    assert!(open.stderr.contains("--user-file") && open.stderr.contains("--open-to-all"), "{}", open.stderr);
    bench.keep_secret("login", "sesame\n");
    let wrong = bench.run(&["proxy", "--user-file", "login"]);
    assert!(wrong.code == 2 && !wrong.stderr.contains("sesame"), "{}", wrong.stderr);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(bench.run(&["proxy", "--listen", &address]).code, 4);
}
