//! Ctrl-C, and readers that go away.

use std::fs;
use std::process::{Child, Stdio};

use rustix::process::Signal;
use sim800_emulator::Fault as ModuleFault;
use sim800_testbed::server::ftp::Fault;

use crate::bench::{Bench, Finished, octets, signal, wait_until};

#[test]
fn an_interrupted_download_leaves_nothing_behind() {
    for runtime in ["smol", "tokio"] {
        let bench = Bench::new();
        bench.ftp.put_file("/a", &octets(50_000)).unwrap();
        bench.ftp.inject(Fault::DataStall { after: 10_000 });
        let arguments = ["--runtime", runtime, "ftp", "get", &bench.ftp_url("/a"), "-o", "a"];
        let child = bench.command(&arguments).spawn().unwrap();
        wait_until(|| bench.ftp.faults_waiting() == 0);
        assert_eq!(bench.names(), ["a.part", "a.part.json"]);
        signal(&child, Signal::INT);
        let finished = Finished::new(child.wait_with_output().unwrap());
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (130, "sim800: interrupted; nothing is left behind\n")
        );
        assert_eq!(bench.names(), [""; 0]);
        assert_eq!(
            bench.run(&["ftp", "get", &bench.ftp_url("/a")]).stdout,
            octets(50_000),
            "the next one works"
        );
    }
}

/// What the program says when it is interrupted.
fn interrupt(child: Child) -> String {
    signal(&child, Signal::INT);
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(finished.code, 130, "{}", finished.stderr);
    finished.stderr
}

#[test]
fn an_interrupted_upload_says_where_a_part_of_it_may_be() {
    const KEPT: &str = "sim800: interrupted; part of it may be on the server, and --resume goes on with it\n";
    const LEFT: &str = "sim800: interrupted; part of it may be on the server\n";
    let bench = Bench::new();
    fs::write(bench.path("here"), octets(50_000)).unwrap();
    let url = bench.ftp_url("/a");
    let options = [(&[][..], KEPT), (&["--resume"], KEPT), (&["--append"], LEFT), (&["--unique"], LEFT)];
    let stored = || {
        bench.ftp.files().iter().filter_map(|path| bench.ftp.file(path)).map(|file| file.len()).sum::<usize>()
    };
    for (options, said) in options {
        bench.ftp.put_file("/a", b"").unwrap();
        bench.ftp.inject(Fault::DataStall { after: 10_000 });
        let child = bench.command(&[&["ftp", "put", "here", &url], options].concat()).spawn().unwrap();
        wait_until(|| stored() == 10_000);
        assert_eq!(interrupt(child), said, "{options:?}");
        assert_eq!(stored(), 10_000, "which is kept");
    }

    bench.ftp.inject(Fault::DataStall { after: 0 });
    let put = ["ftp", "put", "/dev/stdin", &url];
    let mut child = bench.command(&put).stdin(Stdio::piped()).spawn().unwrap();
    let pipe = child.stdin.take();
    wait_until(|| bench.ftp.faults_waiting() == 0);
    assert_eq!(interrupt(child), LEFT, "a pipe is not read again");
    drop(pipe);

    bench.ftp.inject(Fault::DataStall { after: 10_000 });
    let child = bench.command(&["ftp", "put", "here", &url]).spawn().unwrap();
    wait_until(|| bench.ftp.faults_waiting() == 0);
    bench.module.fault(ModuleFault::Silence);
    let said = interrupt(child);
    assert!(said.contains("still busy") && said.contains("part of it may be on the server"), "{said}");
}

#[test]
fn an_interrupted_transfer_into_the_module_says_so() {
    const LEFT: &str = "sim800: interrupted; part of it may be in the module\n";
    let bench = Bench::new();
    let put = ["--trace", "trace", "fs", "put", "/dev/stdin", "C:\\a"];
    let mut child = bench.command(&put).stdin(Stdio::piped()).spawn().unwrap();
    let pipe = child.stdin.take();
    let trace = bench.path("trace");
    wait_until(|| fs::read_to_string(&trace).is_ok_and(|trace| trace.contains("+FSCREATE")));
    assert_eq!(interrupt(child), LEFT);
    drop(pipe);

    bench.ftp.put_file("/a", &octets(50_000)).unwrap();
    bench.ftp.inject(Fault::DataStall { after: 10_000 });
    let child = bench.command(&["ftp", "get", &bench.ftp_url("/a"), "--to-fs", "a"]).spawn().unwrap();
    wait_until(|| bench.ftp.faults_waiting() == 0);
    assert_eq!(interrupt(child), LEFT);
}

/// What was asked for may have been done, so nothing is said of that.
#[test]
fn an_interrupted_request_that_changes_something_promises_nothing() {
    let bench = Bench::new();
    let post = ["http", "post", &bench.http.url("/stall"), "--data", "x", "-o", "a"];
    let child = bench.command(&post).spawn().unwrap();
    wait_until(|| !bench.http.requests().is_empty());
    assert_eq!(interrupt(child), "sim800: interrupted\n");
    bench.ftp.inject(Fault::Silence { verb: "DELE" });
    let child = bench.command(&["ftp", "rm", &bench.ftp_url("/a")]).spawn().unwrap();
    wait_until(|| bench.ftp.faults_waiting() == 0);
    let said = interrupt(child);
    assert!(!said.contains("left behind"), "{said}");
}

#[test]
fn an_interrupted_request_tells_its_one_object() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", octets(50_000));
    let child =
        bench.command(&["--json", "http", "get", &bench.http.url("/stall"), "-o", "a"]).spawn().unwrap();
    wait_until(|| !bench.http.requests().is_empty());
    signal(&child, Signal::TERM);
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!((finished.code, &finished.object()["error"]["kind"]), (143, &"interrupted".into()));
    assert_eq!(bench.names(), [""; 0]);
    bench.expect_usable();
}

#[test]
fn a_reader_who_leaves_needs_no_message() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", octets(300_000));
    let mut child = bench.command(&["-q", "http", "get", &bench.http.url("/a")]).spawn().unwrap();
    drop(child.stdout.take());
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    bench.expect_usable();
}
