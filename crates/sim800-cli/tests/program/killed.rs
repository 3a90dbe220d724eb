//! What happens when the program or its module is killed: no half of a file under its name, and the next one works.

use std::fs;
use std::process::Child;

use rustix::process::Signal;
use sim800_emulator::Config;
use sim800_testbed::Line;
use sim800_testbed::server::Limits;
use sim800_testbed::server::http::HttpServer;

use crate::bench::{Bench, Finished, octets, program, signal, wait_until};

const LENGTH: usize = 300_000;

/// A line that a transfer takes a second or two on.
fn bench() -> Bench {
    let bench = Bench::with_line(Config::default(), Line::paced(2_000_000.try_into().unwrap()));
    bench.http.put("/a", "application/octet-stream", octets(LENGTH));
    bench.ftp.put_file("/a", &octets(LENGTH)).unwrap();
    bench
}

fn length(bench: &Bench, name: &str) -> u64 {
    bench.path(name).metadata().map_or(0, |file| file.len())
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_download_leaves_no_half_of_a_file() {
    let bench = bench();
    for url in [bench.http.url("/a"), bench.ftp_url("/a")] {
        let scheme = &url[..url.find(':').unwrap()];
        fs::write(bench.path("a"), "what was there before").unwrap();
        let get = [scheme, "get", &url, "-o", "a"];
        let child = bench.command(&get).spawn().unwrap();
        wait_until(|| length(&bench, "a.part") > 0);
        kill(child);
        assert!(length(&bench, "a.part") < LENGTH as u64);
        assert_eq!(fs::read(bench.path("a")).unwrap(), b"what was there before");

        let finished = bench.run(&get);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert!(fs::read(bench.path("a")).unwrap() == octets(LENGTH));
        assert_eq!(bench.names(), ["a"], "what the killed one left is taken away");
    }
}

#[test]
fn a_download_that_is_killed_again_and_again_goes_on_exactly() {
    for (scheme, runtime) in [("http", "smol"), ("ftp", "tokio")] {
        let bench = bench();
        let url = if scheme == "http" { bench.http.url("/a") } else { bench.ftp_url("/a") };
        let get = ["--runtime", runtime, scheme, "get", &url, "-o", "a", "--resume", "--json"];
        let mut there = 0;
        for _ in 0..3 {
            let child = bench.command(&get).spawn().unwrap();
            wait_until(|| length(&bench, "a.part") > there);
            kill(child);
            assert!(length(&bench, "a.part") >= there, "nothing is begun anew");
            there = length(&bench, "a.part");
            assert_eq!(bench.names(), ["a.part", "a.part.json"]);
        }
        let object = bench.run(&get).object();
        assert_eq!(object["resumed_from"], there, "{object}");
        assert!(fs::read(bench.path("a")).unwrap() == octets(LENGTH));
        assert_eq!(bench.names(), ["a"]);
    }
}

/// Whenever that is, and whatever is there by then.
#[test]
fn what_a_killed_download_leaves_is_used_by_the_next() {
    let bench = bench();
    let companion = bench.path("a.part.json");
    for url in [bench.http.url("/a"), bench.ftp_url("/a")] {
        let scheme = &url[..url.find(':').unwrap()];
        for options in [&[][..], &["--resume"]] {
            let get = [&[scheme, "get", &url, "-o", "a"], options].concat();
            let moments: [&dyn Fn() -> bool; 4] = [
                &|| companion.exists(),
                &|| companion.metadata().is_ok_and(|there| there.len() > 0),
                &|| length(&bench, "a.part") > 0,
                &|| length(&bench, "a.part") > 70_000,
            ];
            for is_reached in moments {
                let child = bench.command(&get).spawn().unwrap();
                wait_until(is_reached);
                kill(child);
            }
            assert_eq!(bench.run(&get).code, 0);
            assert!(fs::read(bench.path("a")).unwrap() == octets(LENGTH));
            assert_eq!(bench.names(), ["a"], "{get:?}");
            fs::remove_file(bench.path("a")).unwrap();
        }
    }
}

#[test]
fn a_killed_upload_goes_on_behind_what_the_server_has() {
    let bench = bench();
    fs::write(bench.path("here"), octets(LENGTH)).unwrap();
    let put = ["ftp", "put", "--resume", "here", &bench.ftp_url("/there"), "--json"];
    let stored = || bench.ftp.file("/there").map_or(0, |file| file.len());
    let child = bench.command(&put).spawn().unwrap();
    wait_until(|| stored() > 0);
    kill(child);
    assert!(stored() < LENGTH);
    let object = bench.run(&put).object();
    if object["ok"] == false {
        // It was killed between a prompt and its octets, so the module was given others to get out of there, and that is
        // seen in the server's file.
        assert_eq!(object["error"]["kind"], "changed", "{object}");
        let object = bench.run(&["ftp", "put", "here", &bench.ftp_url("/there"), "--json"]).object();
        assert_eq!(object["octets"], LENGTH, "{object}");
    } else {
        assert!(object["resumed_from"].as_u64() > Some(0), "{object}");
    }
    assert!(bench.ftp.file("/there").unwrap() == octets(LENGTH));
}

#[test]
fn a_module_that_goes_away_in_a_transfer_ends_it() {
    let http = HttpServer::start(Limits::default()).unwrap();
    http.put("/a", "application/octet-stream", octets(LENGTH));
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("module");
    let port = link.to_str().unwrap();
    let emulate = || {
        let emulator = program(&["emulate", "--pty", port, "--baud", "2000000"]).spawn().unwrap();
        wait_until(|| link.exists());
        emulator
    };
    let url = http.url("/a");
    for runtime in ["smol", "tokio"] {
        for death in [Signal::TERM, Signal::KILL] {
            let mut emulator = emulate();
            let line = ["-p", port, "--baud", "2000000", "--runtime", runtime];
            let get = [&line[..], &["--json", "http", "get", &url, "-o", "a"]].concat();
            let child = program(&get).current_dir(folder.path()).spawn().unwrap();
            let part = folder.path().join("a.part");
            wait_until(|| part.metadata().is_ok_and(|part| part.len() > 0));
            signal(&emulator, death);
            let finished = Finished::new(child.wait_with_output().unwrap());
            emulator.wait().unwrap();
            assert_eq!(finished.code, 4, "{}", finished.stderr);
            assert_eq!(finished.object()["error"]["kind"], "disconnected", "{}", finished.object());
            assert!(!part.exists() && !folder.path().join("a").exists());
        }
        let emulator = emulate();
        let output = program(&["-p", port, "--baud", "2000000", "--runtime", runtime, "http", "get", &url])
            .output()
            .unwrap();
        assert!(output.stdout == octets(LENGTH), "{}", String::from_utf8_lossy(&output.stderr));
        kill(emulator);
    }
}
