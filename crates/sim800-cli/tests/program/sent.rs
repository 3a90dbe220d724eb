//! What is never sent twice: whether the server may have got it when it failed.

use std::fs;
use std::net::TcpListener;

use sim800_emulator::{Config, Registration};
use sim800_testbed::server::ftp::Fault;

use crate::bench::{Bench, PASSWORD, USER};

const NO: &str = "; the server did nothing";
const UNKNOWN: &str = "; the server may have got it: check there before you send it again";

/// Runs what has to fail for people and for programs; whether it was sent, as both are told.
fn sent(bench: &Bench, arguments: &[&str], disturb: impl Fn()) -> Option<String> {
    disturb();
    let said = bench.run(&[&["-q", "--retries", "0"], arguments].concat());
    assert_ne!(said.code, 0, "{arguments:?}: {}", said.stderr);
    disturb();
    let object = bench.run(&[&["--json", "--retries", "0"], arguments].concat()).object();
    let sent = object["error"]["sent"].as_str().map(str::to_owned);
    let expected = match sent.as_deref() {
        Some("no") => [true, false],
        Some("unknown") => [false, true],
        other => [other.is_some(); 2],
    };
    let told = [said.stderr.contains(NO), said.stderr.contains(UNKNOWN)];
    assert_eq!(told, expected, "{arguments:?}: {} {object}", said.stderr);
    sent
}

#[test]
fn a_request_that_failed_says_whether_the_server_may_have_it() {
    let bench = Bench::new();
    let reset = bench.http.url("/reset");
    let post = ["http", "post", &reset, "--data", "x"];
    let delete = ["http", "delete", &reset];
    for request in [&post[..], &delete] {
        assert_eq!(sent(&bench, request, || {}).as_deref(), Some("unknown"));
    }
    assert_eq!(sent(&bench, &["http", "get", &reset], || {}), None, "it may be sent again");
    let missing = bench.http.url("/missing");
    assert_eq!(sent(&bench, &["http", "delete", &missing], || {}), None, "the server has answered");

    let mut config = Config::default();
    config.registration = Registration::Denied;
    let nowhere = Bench::with(config);
    for request in [&post[..], &delete] {
        assert_eq!(sent(&nowhere, request, || {}).as_deref(), Some("no"));
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let port = format!("tcp://{closed}");
    assert_eq!(sent(&bench, &[&["-p", &port], &post[..]].concat(), || {}).as_deref(), Some("no"));
}

#[test]
fn what_changes_a_server_says_whether_it_may_have() {
    let bench = Bench::new();
    bench.ftp.put_file("/a", b"octets").unwrap();
    fs::write(bench.path("here"), "octets").unwrap();
    let (url, wrong) = (bench.ftp_url("/a"), bench.ftp_url_with_password("wrong", "/a"));
    let changes = |url: &str| {
        let url = url.to_owned();
        let changes: [(&[&str], &str); 6] = [
            (&["rm", "URL"], "DELE"),
            (&["mkdir", "URL"], "MKD"),
            (&["rmdir", "URL"], "RMD"),
            (&["rename", "URL", "b"], "RNFR"),
            (&["put", "here", "URL", "--append"], "APPE"),
            (&["put", "here", "URL", "--unique"], "STOU"),
        ];
        changes.map(|(arguments, verb)| {
            let arguments = arguments.iter().map(|argument| argument.replace("URL", &url));
            (["ftp".to_owned()].into_iter().chain(arguments).collect::<Vec<_>>(), verb)
        })
    };
    for (arguments, _) in changes(&wrong) {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        assert_eq!(sent(&bench, &arguments, || {}).as_deref(), Some("no"), "{arguments:?}");
    }
    for (arguments, verb) in changes(&url) {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let disturb = || bench.ftp.inject(Fault::Answer { verb, reply: "421 good bye".into() });
        let told = sent(&bench, &arguments, disturb);
        assert!(told.is_some(), "{arguments:?}");
    }
    // A server that refuses has got it, and has done nothing.
    let missing = bench.ftp_url("/missing");
    assert_eq!(sent(&bench, &["ftp", "rm", &missing], || {}).as_deref(), Some("no"));
    // What replaces a file may be sent again.
    assert_eq!(sent(&bench, &["ftp", "put", "here", &wrong], || {}), None);
    let missing = ["ftp", "put", "--from-fs", r"C:\none", &url, "--append"];
    assert_eq!(sent(&bench, &missing, || {}).as_deref(), Some("no"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("ftp://{USER}:{PASSWORD}@{closed}/a");
    assert_eq!(sent(&bench, &["ftp", "rm", &nobody], || {}).as_deref(), Some("no"));
    let append = ["ftp", "put", "here", &url, "--append"];
    let broken = || bench.ftp.inject(Fault::DataReset { after: 2 });
    assert_eq!(sent(&bench, &append, broken).as_deref(), Some("unknown"));
}
