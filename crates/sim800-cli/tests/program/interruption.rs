//! Ctrl-C, and readers that go away.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use sim800_emulator::Fault as ModuleFault;
use sim800_testbed::server::ftp::Fault;

use crate::bench::{Bench, Finished, first_remark, octets, program, signal, wait_until};

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
            (
                130,
                "sim800: interrupted; sim800 kept nothing; with --resume it keeps what has come, and the same command goes on from there\n"
            )
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
    let options = [(&[][..], KEPT), (&["--resume"], KEPT), (&["--append"], ONCE), (&["--unique"], ONCE)];
    let stored = || {
        bench.ftp.files().iter().filter_map(|path| bench.ftp.file(path)).map(|file| file.len()).sum::<usize>()
    };
    for (options, said) in options {
        bench.ftp.put_file("/a", b"").unwrap();
        bench.ftp.inject(Fault::DataStall { after: 10_000 });
        // Before that, a listing goes over a data connection of its own.
        if options == ["--unique"] {
            bench.ftp.inject(Fault::DataStall { after: 10_000 });
        }
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

const ONCE: &str = "sim800: interrupted; the server may have got it: check there before you send it again\n";

#[test]
fn an_interrupted_request_that_changes_something_may_have_done_so() {
    let bench = Bench::new();
    let post = ["http", "post", &bench.http.url("/stall"), "--data", "x", "-o", "a"];
    let child = bench.command(&post).spawn().unwrap();
    wait_until(|| !bench.http.requests().is_empty());
    assert_eq!(interrupt(child), ONCE);
    bench.ftp.inject(Fault::Silence { verb: "DELE" });
    let child = bench.command(&["ftp", "rm", &bench.ftp_url("/a")]).spawn().unwrap();
    wait_until(|| bench.ftp.faults_waiting() == 0);
    assert_eq!(interrupt(child), ONCE);
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
    assert_eq!((finished.code, finished.stderr.as_str()), (3, ""));
    bench.expect_usable();
}

/// The program with a signal that is ignored from its beginning, as a shell starts it.
fn ignoring(name: &str, arguments: &[&str]) -> Command {
    let program = program(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' {name}; exec \"$@\""), "sh"]);
    command.arg(program.get_program()).args(arguments);
    command.env_remove("SIM800_PORT").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_signal_that_was_ignored_stays_so() {
    for (name, ignored) in [("HUP", Signal::HUP), ("INT", Signal::INT)] {
        let mut emulator = ignoring(name, &["emulate", "--tcp", "127.0.0.1:0"]).spawn().unwrap();
        let remark = first_remark(&mut emulator);
        let port = remark.split(' ').find(|word| word.starts_with("tcp://")).unwrap();
        let is_there = || program(&["-p", port, "at", "AT"]).output().unwrap().status.success();
        assert!(is_there(), "signals are looked for from now on");
        signal(&emulator, ignored);
        assert!(is_there(), "{name}");
        signal(&emulator, Signal::TERM);
        assert_eq!(emulator.wait().unwrap().code(), Some(0), "{name}");
    }
}

/// A pipe that takes no more.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    while (&writer).write(&[b'x'; 4096]).is_ok() {}
    while (&writer).write(b"x").is_ok() {}
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

#[test]
fn what_nobody_reads_keeps_nobody() {
    let folder = tempfile::tempdir().unwrap();
    for interruption in [Signal::INT, Signal::TERM] {
        // The report at the end.
        let (reader, writer) = full_pipe();
        let link = folder.path().join("module");
        let port = link.to_str().unwrap();
        let mut emulator = program(&["--json", "emulate", "--pty", port])
            .stdout(writer)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until(|| program(&["-p", port, "at", "AT"]).output().unwrap().status.success());
        signal(&emulator, interruption);
        assert!(emulator.wait().unwrap().code().is_some());
        assert!(!link.is_symlink(), "nothing is left behind");
        drop(reader);
        // What is said at the start.
        let (reader, writer) = full_pipe();
        let mut emulator = program(&["emulate", "--pty", port]).stderr(writer).spawn().unwrap();
        wait_until(|| link.is_symlink());
        let caught = || {
            let status = fs::read_to_string(format!("/proc/{}/status", emulator.id())).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << (interruption.as_raw() - 1)) != 0
        };
        wait_until(caught);
        signal(&emulator, interruption);
        assert_eq!(emulator.wait().unwrap().code(), Some(0));
        assert!(!link.is_symlink(), "nothing is left behind");
        drop(reader);
    }
    // The trace.
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", octets(200_000));
    let pipe = bench.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    for runtime in ["smol", "tokio"] {
        let reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
        let get = ["--runtime", runtime, "--trace", "pipe", "http", "get", &bench.http.url("/a"), "-o", "a"];
        let child = bench.command(&get).spawn().unwrap();
        let waiting = || rustix::io::ioctl_fionread(&reader).unwrap();
        // As much as a pipe holds, but for a record.
        wait_until(|| waiting() > 50_000);
        signal(&child, Signal::TERM);
        let finished = Finished::new(child.wait_with_output().unwrap());
        assert_eq!(finished.code, 143, "{}", finished.stderr);
        assert_eq!(bench.names(), ["pipe"], "{runtime}");
    }
}
