//! `-` for stdin and stdout.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::process::Stdio;

use crate::bad_input::fails;
use crate::bench::{Bench, Finished, octets};

const PATH: &str = r"C:\User\ftp\a.txt";

/// Runs the program with something on stdin.
fn run_with(bench: &Bench, arguments: &[&str], stdin: impl Into<Stdio>) -> Finished {
    let finished = Finished::new(bench.command(arguments).stdin(stdin).output().unwrap());
    assert_eq!(finished.code, 0, "{arguments:?}: {}", finished.stderr);
    finished
}

/// A pipe that ends behind `octets`, which have to fit into it.
fn pipe(octets: &[u8]) -> io::PipeReader {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(octets).unwrap();
    reader
}

#[test]
fn a_hyphen_stands_for_stdout() {
    let bench = Bench::new();
    let body = octets(5000);
    bench.http.put("/a", "text/plain", body.clone());
    bench.ftp.put_file("/a", &body).unwrap();
    run_with(&bench, &["fs", "put", "-", PATH], pipe(&body));
    let (http, echo, ftp) = (bench.http.url("/a"), bench.http.url("/echo"), bench.ftp_url("/a"));
    let gets = [&["http", "get", &http][..], &["ftp", "get", &ftp], &["fs", "get", PATH]];
    for get in gets {
        let get = [get, &["-o", "-"]].concat();
        let finished = bench.run(&get);
        assert_eq!((finished.code, &finished.stdout), (0, &body), "{get:?}: {}", finished.stderr);
        let object = bench.run(&[&["--json"], &get[..]].concat()).object();
        match get[0] {
            "http" => assert_eq!(object["octets"], 5000, "its body is in the object"),
            _ => assert_eq!(object["error"]["kind"].as_str(), Some("usage"), "{get:?}"),
        }
        if get[0] != "fs" {
            let refused = bench.run(&[&get[..], &["--resume"]].concat());
            assert_eq!((refused.code, refused.stdout.len()), (2, 0));
            assert!(refused.stderr.contains("--resume does not work"), "{}", refused.stderr);
        }
    }
    let post = ["http", "post", &echo, "--data", "posted", "-o", "-"];
    assert_eq!(bench.run(&post).stdout, b"posted");
    assert_eq!(bench.run(&[&["--json"], &post[..]].concat()).object()["body"], "posted");
    assert_eq!(bench.names(), [""; 0], "it is no name of a file");
}

#[test]
fn a_hyphen_stands_for_stdin() {
    let bench = Bench::new();
    let body = octets(5000);
    let (http, ftp) = (bench.http.url("/a"), bench.ftp_url("/a"));
    let puts = [&["ftp", "put", "-", &ftp][..], &["ftp", "put", "-", &ftp, "--extended"]];
    for put in puts {
        run_with(&bench, put, pipe(&body));
        assert_eq!(bench.ftp.file("/a").unwrap(), body, "{put:?}");
    }
    run_with(&bench, &["http", "post", &http, "--data-file", "-"], pipe(&body));
    assert_eq!(bench.http.body("/a").unwrap(), body);
    run_with(&bench, &["fs", "put", "-", PATH], pipe(&body));
    assert_eq!(bench.run(&["fs", "get", PATH]).stdout, body);
    assert_eq!(bench.names(), [""; 0]);
}

/// The shell opens it, and another program may have read from it.
#[test]
fn a_file_on_stdin_is_sent_from_where_it_stands() {
    let bench = Bench::new();
    let body = octets(5000);
    fs::write(bench.path("here"), &body).unwrap();
    let url = bench.ftp_url("/a");
    for skipped in [0, 1000] {
        let mut file = File::open(bench.path("here")).unwrap();
        file.read_exact(&mut vec![0; skipped]).unwrap();
        run_with(&bench, &["ftp", "put", "-", &url], file);
        assert_eq!(bench.ftp.file("/a").unwrap(), body[skipped..]);
    }
    bench.ftp.put_file("/a", &body[..3000]).unwrap();
    let whole = File::open(bench.path("here")).unwrap();
    let resumed = run_with(&bench, &["--json", "ftp", "put", "-", &url, "--resume"], whole);
    assert_eq!(resumed.object()["octets"], 2000);
    assert_eq!(bench.ftp.file("/a").unwrap(), body);
    fails(&bench, &["ftp", "put", "-", &url, "--resume"], 2, "usage", "no file");
}
