//! The embedded HTTP server, seen through plain sockets: what crosses the network is compared octet by octet.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use http::Method;
use sim800_testbed::server::Limits;
use sim800_testbed::server::http::{Delivery, HttpServer};

/// Nothing on loopback takes this long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long silence must last to be taken for a stall.
const STALL: Duration = Duration::from_millis(100);

/// Every octet value, and what looks like the module's own lines.
fn body() -> Vec<u8> {
    let mut body: Vec<u8> = (0..=255).cycle().take(3000).collect();
    body.extend_from_slice(b"\r\nOK\r\n\r\nERROR\r\n>");
    body
}

fn server() -> HttpServer {
    let server = HttpServer::start(Limits::default()).unwrap();
    server.put("/a.bin", "application/x-test", body());
    server
}

struct Answer {
    head: String,
    body: Vec<u8>,
    /// How reading ended: `None` in order.
    error: Option<ErrorKind>,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn connect(server: &HttpServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads to the end, an error or the timeout.
fn read_all(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut octets = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return (octets, None),
            Ok(count) => octets.extend_from_slice(&piece[..count]),
            Err(error) => return (octets, Some(error.kind())),
        }
    }
}

fn read_answer(stream: &mut TcpStream) -> Answer {
    let (octets, error) = read_all(stream);
    let end = octets.windows(4).position(|window| window == b"\r\n\r\n").map_or(octets.len(), |end| end + 4);
    Answer { head: String::from_utf8_lossy(&octets[..end]).into_owned(), body: octets[end..].to_vec(), error }
}

fn send(stream: &mut TcpStream, method: &str, target: &str, fields: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!("{method} {target} HTTP/1.1\r\nhost: x\r\n{fields}content-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn exchange(server: &HttpServer, method: &str, target: &str, fields: &str, body: &[u8]) -> Answer {
    let mut stream = connect(server);
    send(&mut stream, method, target, &format!("connection: close\r\n{fields}"), body).unwrap();
    read_answer(&mut stream)
}

fn get(server: &HttpServer, target: &str) -> Answer {
    exchange(server, "GET", target, "", b"")
}

#[test]
fn resources_are_fetched_stored_and_removed() {
    let server = server();
    let got = get(&server, "/a.bin");
    assert_eq!((got.status(), got.field("content-type")), ("200", Some("application/x-test")));
    assert_eq!(got.body, body());

    let head = exchange(&server, "HEAD", "/a.bin", "", b"");
    assert_eq!((head.status(), head.field("content-length")), ("200", Some("3016")));
    assert_eq!(head.body, b"");

    assert_eq!(exchange(&server, "PUT", "/new", "", b"first").status(), "201");
    assert_eq!(exchange(&server, "PUT", "/new", "", b"second").status(), "200");
    let posted = exchange(&server, "POST", "/new", "content-type: text/plain\r\n", &body());
    assert_eq!((posted.status(), posted.body.as_slice()), ("200", &b"3016 octets stored\n"[..]));
    assert_eq!(server.body("/new").unwrap(), body());
    assert_eq!(get(&server, "/new").field("content-type"), Some("text/plain"));

    assert_eq!(exchange(&server, "DELETE", "/new", "", b"").status(), "204");
    assert_eq!(exchange(&server, "DELETE", "/new", "", b"").status(), "404");
    assert_eq!(get(&server, "/new").status(), "404");
    assert_eq!(exchange(&server, "PATCH", "/a.bin", "", b"").status(), "405");
}

#[test]
fn ranges_are_honoured_or_ignored() {
    let server = server();
    let part = exchange(&server, "GET", "/a.bin", "range: bytes=2000-2009\r\n", b"");
    assert_eq!((part.status(), part.field("content-range")), ("206", Some("bytes 2000-2009/3016")));
    assert_eq!(part.body, body()[2000..2010]);
    let head = exchange(&server, "HEAD", "/a.bin", "range: bytes=3000-\r\n", b"");
    assert_eq!((head.status(), head.field("content-length")), ("206", Some("16")));
    let beyond = exchange(&server, "GET", "/a.bin", "range: bytes=3016-\r\n", b"");
    assert_eq!((beyond.status(), beyond.field("content-range")), ("416", Some("bytes */3016")));

    let etag = part.field("etag").unwrap();
    let fields = format!("range: bytes=0-0\r\nif-range: {etag}\r\n");
    assert_eq!(exchange(&server, "GET", "/a.bin", &fields, b"").status(), "206");
    server.put("/a.bin", "application/x-test", body());
    assert_eq!(exchange(&server, "GET", "/a.bin", &fields, b"").status(), "200", "it is another version now");

    server.set_ranges(false);
    let whole = exchange(&server, "GET", "/a.bin", "range: bytes=2000-2009\r\n", b"");
    assert_eq!((whole.status(), &whole.body), ("200", &body()));
}

#[test]
fn bodies_come_in_every_framing() {
    let server = server();
    let chunked = get(&server, "/chunked/a.bin");
    assert_eq!(chunked.field("transfer-encoding"), Some("chunked"));
    let mut expected = Vec::new();
    for chunk in body().chunks(1021) {
        expected.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
        expected.extend_from_slice(chunk);
        expected.extend_from_slice(b"\r\n");
    }
    expected.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(chunked.body, expected);

    let unframed = get(&server, "/unframed/a.bin");
    assert_eq!((unframed.field("content-length"), unframed.field("transfer-encoding")), (None, None));
    assert_eq!((unframed.body, unframed.error), (body(), None));

    let started = Instant::now();
    let slow = get(&server, "/slow/10000/a.bin");
    assert_eq!((slow.field("content-length"), &slow.body), (Some("3016"), &body()));
    assert!(started.elapsed() >= Duration::from_millis(300), "3016 octets at 10000 per second");
}

#[test]
fn bodies_fail_as_told() {
    let server = server();
    let reset = get(&server, "/reset/100/a.bin");
    assert_eq!((reset.status(), reset.field("content-length")), ("200", Some("3016")));
    assert_eq!(reset.body, body()[..100]);
    assert_eq!(reset.error, Some(ErrorKind::ConnectionReset));

    let truncated = get(&server, "/truncated/100/a.bin");
    assert_eq!(truncated.field("content-length"), Some("3016"));
    assert_eq!((&truncated.body[..], truncated.error), (&body()[..100], None));

    let mut stream = connect(&server);
    stream.set_read_timeout(Some(STALL)).unwrap();
    send(&mut stream, "GET", "/stall/100/a.bin", "", b"").unwrap();
    let stalled = read_answer(&mut stream);
    assert_eq!((&stalled.body[..], stalled.error), (&body()[..100], Some(ErrorKind::WouldBlock)));

    // A missing resource is missing however it is asked for.
    assert_eq!(get(&server, "/reset/0/nothing").status(), "404");

    let none = get(&server, "/reset");
    assert_eq!((none.head.as_str(), none.error), ("", Some(ErrorKind::ConnectionReset)));
    let garbage = get(&server, "/garbage");
    assert!(!garbage.head.starts_with("HTTP/"), "{:?}", garbage.head);

    server.deliver_next(Delivery::Truncated { after: 7 });
    assert_eq!(get(&server, "/a.bin").body, body()[..7]);
    assert_eq!(get(&server, "/a.bin").body, body(), "only once");
}

#[test]
fn redirects_lead_on_or_round() {
    let server = server();
    let first = get(&server, "/redirect/2");
    assert_eq!((first.status(), first.field("location")), ("302", Some(server.url("/redirect/1").as_str())));
    assert_eq!(get(&server, "/redirect/0").status(), "200");
    assert_eq!(get(&server, "/loop").field("location"), Some(server.url("/loop").as_str()));
    for code in ["204", "304", "418", "500"] {
        assert_eq!(get(&server, &format!("/status/{code}")).status(), code);
    }
}

#[test]
fn requests_are_recorded_as_they_came() {
    let server = server();
    let fields = "user-agent: SIM800\r\ncontent-type: text/x\r\n";
    assert_eq!(exchange(&server, "POST", "/echo?a=b", fields, b"ping").body, b"ping");
    // As a proxy is asked.
    assert_eq!(get(&server, "http://example.test/a.bin").body, body());
    let shown = get(&server, "/headers");
    assert!(
        shown.body.starts_with(b"GET /headers HTTP/1.1\r\nhost: x\r\n"),
        "{:?}",
        shown.body.escape_ascii()
    );

    let requests = server.requests();
    let seen: Vec<_> = requests.iter().map(|request| (request.method(), request.uri().to_string())).collect();
    let expected = [
        (&Method::POST, "/echo?a=b".to_owned()),
        (&Method::GET, "http://example.test/a.bin".to_owned()),
        (&Method::GET, "/headers".to_owned()),
    ];
    assert_eq!(seen, expected);
    assert_eq!(requests[0].headers()["user-agent"], "SIM800");
    assert_eq!(requests[0].body().as_ref(), b"ping");
}

#[test]
fn stalled_clients_hinder_nobody() {
    let server = server();
    let stalled: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = connect(&server);
            send(&mut stream, "GET", "/stall", "", b"").unwrap();
            stream
        })
        .collect();
    for _ in 0..100 {
        assert_eq!(get(&server, "/a.bin").status(), "200");
    }
    drop(server);
    for mut stream in stalled {
        assert_eq!(read_all(&mut stream).0, b"", "ended without an answer");
    }
}

#[test]
fn connections_wait_for_their_turn_and_are_kept_alive() {
    let server = HttpServer::start(Limits { connections: 1, ..Limits::default() }).unwrap();
    let (mut first, mut second) = (connect(&server), connect(&server));
    let answered = |stream: &mut TcpStream| {
        send(stream, "GET", "/status/204", "", b"").unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).map(|()| status)
    };
    assert_eq!(answered(&mut first).unwrap(), *b"HTTP/1.1 204");
    second.set_read_timeout(Some(STALL)).unwrap();
    assert_eq!(answered(&mut second).unwrap_err().kind(), ErrorKind::WouldBlock);
    send(&mut first, "GET", "/status/204", "connection: close\r\n", b"").unwrap();
    assert_eq!(read_all(&mut first).1, None);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut status = [0; 12];
    second.read_exact(&mut status).unwrap();
    assert_eq!(status, *b"HTTP/1.1 204");
}

#[test]
fn storage_is_bounded() {
    let server = HttpServer::start(Limits { stored: 4096, ..Limits::default() }).unwrap();
    assert_eq!(exchange(&server, "POST", "/a", "", &[0; 5000]).status(), "413");
    assert_eq!(exchange(&server, "POST", "/a", "", &[0; 3000]).status(), "200");
    assert_eq!(exchange(&server, "POST", "/b", "", &[0; 3000]).status(), "507");
    assert_eq!(exchange(&server, "POST", "/a", "", &[1; 3000]).status(), "200", "in place of the old one");
}

#[test]
fn nothing_is_left_when_the_handle_is_dropped() {
    for _ in 0..20 {
        let server = server();
        let address = server.address();
        assert_eq!(get(&server, "/a.bin").status(), "200");
        drop(server);
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
