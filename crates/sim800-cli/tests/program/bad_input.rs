//! What goes wrong: one line that says what and what helps, the right exit status, and nothing left behind.

use std::fs::{self, File};
use std::net::TcpListener;

use serde_json::json;

use crate::bench::{Bench, Finished, program};

/// Runs the program twice, for people and for programs; both must be told the same.
pub(crate) fn fails(
    bench: &Bench,
    arguments: &[&str],
    code: i32,
    kind: &str,
    said: &str,
) -> serde_json::Value {
    let before = bench.names();
    let finished = bench.run(arguments);
    assert_eq!(finished.code, code, "{}", finished.stderr);
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    assert!(finished.stderr.starts_with("sim800: ") && finished.stderr.contains(said), "{}", finished.stderr);
    assert!(finished.stdout.is_empty());

    let finished = bench.run(&[&["--json"], arguments].concat());
    let object = finished.object();
    assert_eq!((finished.code, &object["error"]["kind"]), (code, &json!(kind)), "{object}");
    assert!(object["error"]["message"].as_str().unwrap().contains(said), "{object}");
    assert_eq!(finished.stderr, "");
    assert_eq!(bench.names(), before, "nothing is left behind");
    object
}

#[test]
fn urls_that_cannot_be_sent() {
    let bench = Bench::new();
    let cases = [
        ("http", "gopher://127.0.0.1/", "use http://"),
        ("http", "ftp://127.0.0.1/a", "use http:// or https://"),
        ("http", "127.0.0.1/a", "has no scheme"),
        ("http", "http://127.0.0.1/a\"b", "write it as %22"),
        ("http", "http://127.0.0.1/a\r\nAT+CPOWD=1", "a line break"),
        ("http", "http:///a", "has no host"),
        ("http", "http://[::1]:80/a", "no IPv6"),
        ("http", "http://127.0.0.1:99999/a", "port"),
        ("ftp", "ftp://u:p@[::1]/a", "no IPv6"),
        ("ftp", "http://127.0.0.1/a", "use ftp://"),
        ("ftp", "ftp://u:p@127.0.0.1/a%22b", "a quotation mark"),
        ("ftp", "ftp://u:p@127.0.0.1/a%0D%0AAT", "a line break"),
        ("ftp", "ftp://u@127.0.0.1/a", "SIM800_FTP_PASSWORD"),
        ("ftp", "ftp://u:p@127.0.0.1/", "names a directory"),
    ];
    for (command, url, said) in cases {
        fails(&bench, &[command, "get", url, "-o", "a"], 2, "usage", said);
    }
    assert!(bench.http.requests().is_empty() && bench.ftp.commands().is_empty());
    bench.expect_usable();
}

#[test]
fn urls_that_are_too_long() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "body");
    let url = |length: usize| {
        let start = bench.http.url("/a?");
        format!("{start}{}", "q".repeat(length - start.len()))
    };
    assert_eq!(bench.run(&["http", "get", &url(538)]).stdout, b"body");
    assert_eq!(bench.http.requests().len(), 1);
    for length in [539, 556, 557, 700] {
        let said = format!(
            "the URL cannot be sent to the module: it is {length} bytes long, and at most 538 are allowed"
        );
        fails(&bench, &["http", "get", &url(length), "-o", "a"], 2, "invalid", &said);
    }
    let agent = "a".repeat(545);
    let arguments = ["http", "get", &url(100), "-o", "a", "--user-agent", &agent];
    fails(&bench, &arguments, 2, "unsupported", "user agent does not fit a command line of 556 bytes");
    assert_eq!(bench.http.requests().len(), 1);
}

#[test]
fn servers_that_are_not_there() {
    let bench = Bench::new();
    // Taken from the system and given back: nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = "601 (network error); check that the server and the network are up";
    let object = fails(&bench, &["http", "get", &format!("http://{free}/"), "-o", "a"], 7, "http", said);
    assert_eq!(object["error"]["code"], 601);
    let object = fails(
        &bench,
        &["ftp", "get", &format!("ftp://{free}/a"), "-o", "a"],
        7,
        "ftp",
        "check host and port",
    );
    assert_eq!(object["error"]["code"], 63);
    // A label of more than 63 characters is refused without asking anybody.
    let host = "a".repeat(64);
    let url = format!("http://{host}.invalid/");
    let object = fails(&bench, &["http", "get", &url, "-o", "a"], 7, "http", "check the host name");
    assert_eq!(object["error"]["code"], 603);
    bench.expect_usable();
}

#[test]
fn servers_that_say_no() {
    let bench = Bench::new();
    bench.ftp.put_file("/a", b"octets").unwrap();
    let url = bench.ftp_url_with_password("guessed", "/a");
    let object = fails(&bench, &["ftp", "get", &url, "-o", "a"], 8, "ftp", "check user and password");
    assert_eq!(object["error"]["code"], 72);
    fails(
        &bench,
        &["ftp", "get", &bench.ftp_url("/missing"), "-o", "a"],
        8,
        "ftp",
        "check that the file is there",
    );
    fails(&bench, &["ftp", "size", &bench.ftp_url("/missing")], 8, "ftp", "failed");
    bench.ftp.put_file("/big", &vec![0; 300_001]).unwrap();
    let extended = ["ftp", "get", &bench.ftp_url("/big"), "-o", "a", "--extended"];
    fails(&bench, &extended, 8, "ftp", "may be read and has at most 300,000 bytes");
    fails(&bench, &["http", "get", &bench.http.url("/missing"), "-o", "a"], 9, "http-status", "404");
    assert_eq!(bench.run(&["ftp", "get", &bench.ftp_url("/a")]).stdout, b"octets", "the next one works");
}

#[test]
fn files_that_cannot_be_read_or_written() {
    let bench = Bench::new();
    let (http, ftp) = (bench.http.url("/a"), bench.ftp_url("/a"));
    fails(&bench, &["ftp", "put", "missing", &ftp], 3, "file", "cannot read missing: no such file");
    fails(&bench, &["ftp", "put", ".", &ftp], 3, "file", "cannot read .: is a directory");
    fails(&bench, &["http", "post", &http, "--data-file", "missing"], 3, "file", "cannot read missing");
    fails(&bench, &["http", "get", &http, "-o", "no/folder"], 3, "file", "cannot write no/folder");
    fails(&bench, &["http", "get", &http, "-o", "."], 3, "file", "cannot write .: is a directory");
    fails(&bench, &["info", "--trace", "no/folder"], 3, "file", "cannot write the trace to no/folder");
    fs::write(bench.path("big"), vec![0; 319_489]).unwrap();
    fails(&bench, &["http", "post", &http, "--data-file", "big"], 12, "too-large", "319488 bytes");
    assert!(bench.http.requests().is_empty() && bench.ftp.commands().is_empty());

    bench.http.put("/a", "text/plain", "body");
    let full = bench.run(&["http", "get", &http, "-o", "/dev/full"]);
    assert_eq!(
        (full.code, full.stderr.as_str()),
        (3, "sim800: cannot write /dev/full: no space left on device\n")
    );
    assert_eq!(bench.run(&["http", "get", &http, "-o", "/dev/null"]).code, 0);
    bench.expect_usable();
}

/// A part of it may say something else: the last of its headers, commands or settings.
#[test]
fn what_is_too_long_to_be_read_is_not_cut() {
    let bench = Bench::new();
    let long = bench.path("long");
    fs::write(&long, format!("{}X-Last: 1\n", "X: y\n".repeat(4 << 20))).expect("written");
    let long = long.to_str().expect("a path");
    let url = bench.http.url("/a");
    for (arguments, code, said) in [
        (vec!["http", "get", &url, "-H", &format!("@{long}")], 3, "longer than 16777216 bytes"),
        (vec!["http", "get", "--input", long], 3, "longer than 16777216 bytes"),
        (vec!["http", "get", &url, "--config", "/dev/zero"], 2, "longer than 16777216 bytes"),
        (vec!["emulate", "--scenario", long], 3, "longer than 16777216 bytes"),
        (vec!["http", "get", &url, "--pin-file", "/dev/zero"], 2, "a line of more than 1048576 bytes"),
        (vec!["run", "/dev/zero"], 3, "a line of more than 1048576 bytes"),
    ] {
        fails(&bench, &arguments, code, "file", said);
    }
    assert!(bench.http.requests().is_empty());
}

#[test]
fn a_stdout_that_cannot_be_written() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "body");
    bench.run(&["http", "get", &bench.http.url("/a"), "--trace", "trace"]);
    let (found, missing) = (bench.http.url("/a"), bench.http.url("/missing"));
    let commands = [
        (&["info"][..], 3, ""),
        (&["http", "get", &found, "-o", "a"], 3, ""),
        (&["http", "get", &missing, "-o", "b"], 9, "sim800: the server answered 404 Not Found\n"),
        (&["decode", "trace"], 3, ""),
    ];
    for (arguments, code, first) in commands {
        let arguments = [&["--json"], arguments].concat();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let finished = Finished::new(bench.command(&arguments).stdout(full).output().unwrap());
        let said = format!("{first}sim800: cannot write stdout: no space left on device\n");
        assert_eq!((finished.code, finished.stderr), (code, said), "{arguments:?}");

        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let finished = Finished::new(bench.command(&arguments).stdout(writer).output().unwrap());
        assert_eq!(finished.stderr, "", "whoever read it has seen enough: {arguments:?}");
    }
}

#[test]
fn ports_that_are_none() {
    let bench = Bench::new();
    fs::write(bench.path("file"), "").unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for runtime in ["smol", "tokio"] {
        let info = |port: &str, code, kind, said| {
            fails(&bench, &["-p", port, "--runtime", runtime, "info"], code, kind, said);
        };
        info("/dev/ttyNONE", 4, "port", "cannot open /dev/ttyNONE: there is no such device");
        info("file", 4, "port", "cannot open file: it is not a serial port");
        info(".", 4, "port", "cannot open .: it is not a serial port");
        info(&format!("tcp://{free}"), 4, "port", "connection refused");
        info("telnet://127.0.0.1:23", 2, "usage", "tcp://HOST:PORT");
    }
}

#[test]
fn a_port_that_never_answers() {
    let bench = Bench::new();
    // Connections wait in its queue for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", silent.local_addr().unwrap());
    for arguments in [&["info"][..], &["at", "AT+CSQ"], &["ftp", "size", "ftp://127.0.0.1/a"]] {
        let options = ["-p", &port, "--answer-within", "0.2"];
        fails(
            &bench,
            &[&options, arguments].concat(),
            4,
            "no-answer",
            "no byte came within 0.2 s; check the module's power",
        );
    }
}

#[test]
fn a_module_that_goes_away() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", gone.local_addr().unwrap());
    let child = program(&["-p", &port, "info"]).spawn().unwrap();
    drop(gone.accept().unwrap());
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(finished.code, 4);
    assert!(finished.stderr.contains("the line to the module"), "{}", finished.stderr);
}

/// What the command line's own parser refuses is told to programs as everything else.
#[test]
fn command_lines_that_cannot_be_read() {
    let bench = Bench::new();
    for arguments in
        [&["--json", "nonsense"][..], &["--json", "http", "get", "http://a/", "--badopt"], &["--json"]]
    {
        let finished = bench.run(arguments);
        assert_eq!(
            (finished.code, finished.object()["error"]["kind"].as_str()),
            (2, Some("usage")),
            "{arguments:?}"
        );
        assert_eq!(finished.stderr, "");
    }
    let url = bench.http.url("/a");
    let twice = ["http", "post", &url, "--data", "x", "--content-type", "a/b", "-H", "Content-Type: c/d"];
    fails(&bench, &twice, 2, "usage", "given twice");
}
