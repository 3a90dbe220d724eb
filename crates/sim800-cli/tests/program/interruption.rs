//! Ctrl-C, and readers that go away.

use rustix::process::Signal;
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
