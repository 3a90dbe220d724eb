//! `sim800 run` and `sim800 shell`: many commands on one module.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::bench::{Bench, Finished, PASSWORD, USER, octets, signal};

fn run(bench: &Bench, script: &str, arguments: &[&str]) -> Finished {
    fs::write(bench.path("script"), script).unwrap();
    bench.run(&[&["run", "script"], arguments].concat())
}

#[test]
fn a_script_has_one_start_up_and_one_bearer() {
    let bench = Bench::new();
    bench.ftp.put_file("/dir/a b.txt", b"octets").unwrap();
    bench.http.put("/page", "text/plain", "a page");
    fs::write(bench.path("up"), octets(5000)).unwrap();
    fs::create_dir(bench.path("sub")).unwrap();
    let script = format!(
        "# what a logger does\nopen {}\n\ncd dir\nls\nget 'a b.txt'\nput up new/\n  put up # under its own name\nmkdir new\nrename up new/moved\n\
         lcd sub\nhttp get {} -o page\nget /dir/new/moved -o back\nrm new/moved\nfs ls C:/User\nat AT+CSQ\npwd\n",
        bench.ftp_url("/"),
        bench.http.url("/page")
    );
    // What is no directory yet is the server's to refuse.
    let refused = run(&bench, &script, &["--trace", "trace"]);
    assert_eq!(refused.code, 8, "{}", refused.stderr);
    assert!(refused.stderr.contains("sim800: script:7: the upload failed"), "{}", refused.stderr);
    fs::remove_file(bench.path("a b.txt")).unwrap();

    let finished = run(&bench, &script.replace("put up new/\n", ""), &["--trace", "trace-2", "--json"]);
    assert_eq!(finished.code, 0, "{}", String::from_utf8_lossy(&finished.stdout));
    assert_eq!(fs::read(bench.path("a b.txt")).unwrap(), b"octets");
    assert_eq!(fs::read(bench.path("sub/page")).unwrap(), b"a page");
    assert_eq!(fs::read(bench.path("sub/back")).unwrap(), octets(5000));
    assert_eq!(bench.ftp.files(), ["/dir/a b.txt"]);
    let told: Vec<Value> = std::str::from_utf8(&finished.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(told.iter().all(|object| object["ok"] == true), "{told:?}");
    assert_eq!(
        (&told[0]["line"], &told[2]["entries"][0]["name"]),
        (&json!(2), &json!("a b.txt")),
        "{told:?}"
    );
    let last = told.last().unwrap();
    assert_eq!((&last["done"], &last["failed"]), (&json!(14), &json!(0)), "{last}");
    assert!(!told.iter().any(|object| object.to_string().contains(PASSWORD)), "{told:?}");

    for (trace, opened) in [("trace", 1), ("trace-2", 0)] {
        let trace = fs::read_to_string(bench.path(trace)).unwrap();
        let sent = |line: &&str| line.contains("\"dir\":\"tx\"");
        let times = |command: &str| trace.lines().filter(sent).filter(|line| line.contains(command)).count();
        let found = (times("+CGATT?"), times("+CREG?"), times("+SAPBR=1,1"));
        assert_eq!(found, (1, 1, opened), "one start-up, one bearer");
    }
    bench.expect_usable();
}

#[test]
fn a_script_ends_at_its_first_failure_unless_it_is_to_go_on() {
    let bench = Bench::new();
    bench.ftp.put_file("/b", b"octets").unwrap();
    let script = format!("open {}\nget a\nget b\n", bench.ftp_url("/"));
    let finished = run(&bench, &script, &[]);
    assert_eq!((finished.code, finished.stderr.lines().count()), (8, 1), "{}", finished.stderr);
    assert!(finished.stderr.starts_with("sim800: script:2: the download failed"), "{}", finished.stderr);
    assert!(!bench.path("b").exists());
    let finished = run(&bench, &script, &["--keep-going"]);
    assert_eq!(finished.code, 8);
    assert!(finished.stderr.contains("1 of 3 commands failed"), "{}", finished.stderr);
    assert_eq!(fs::read(bench.path("b")).unwrap(), b"octets");

    for (line, said) in [
        ("gett b", "script:1: unrecognized subcommand 'gett'"),
        ("ls", "script:1: no server is open"),
        ("get 'b", "script:1: a quotation mark is not closed"),
        ("emulate", "no command of scripts"),
        ("info --apn x", "--apn holds for all lines"),
    ] {
        let finished = run(&bench, line, &["--keep-going"]);
        assert_eq!(finished.code, 2, "{line}: {}", finished.stderr);
        assert!(finished.stderr.contains(said), "{line}: {}", finished.stderr);
        let finished = run(&bench, line, &["--json"]);
        let objects = finished.objects();
        let [command, all] = &objects[..] else { panic!("{objects:?}") };
        assert_eq!((finished.code, &command["line"]), (2, &json!(1)));
        assert_eq!((&all["ok"], &all["done"], &all["failed"]), (&json!(false), &json!(0), &json!(1)));
    }
    bench.expect_usable();
}

#[test]
fn a_script_may_come_from_stdin() {
    let bench = Bench::new();
    for runtime in ["smol", "tokio"] {
        for command in [&["run", "-"][..], &["shell"]] {
            let arguments = [&["--runtime", runtime], command].concat();
            let mut child = bench.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"at AT+CGMM\nfs size C:/none\nat AT+CSQ\n").unwrap();
            let finished = Finished::new(child.wait_with_output().unwrap());
            assert_eq!(
                (finished.code, finished.stdout.as_slice()),
                (9, &b"SIMCOM_SIM800L\nOK\n"[..]),
                "{}",
                finished.stderr
            );
            assert!(finished.stderr.starts_with("sim800: stdin:2: "), "{}", finished.stderr);
        }
    }
    let mut child = bench.command(&["run", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"fs put - C:/a\n").unwrap();
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("stdin has the commands"), "{}", finished.stderr);
}

/// The shell on a terminal of its own, and what it shows there.
struct Terminal {
    child: Child,
    master: File,
    shown: String,
}

impl Terminal {
    fn new(bench: &Bench, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let device = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal: OwnedFd = rustix::fs::open(&device, flags, Mode::empty()).unwrap();
        let mut command = bench.command(arguments);
        command.env("XDG_STATE_HOME", bench.path("state")).env("TERM", "xterm");
        command.stdin(terminal.try_clone().unwrap()).stdout(terminal.try_clone().unwrap()).stderr(terminal);
        let child = command.spawn().unwrap();
        Self { child, master: master.into(), shown: String::new() }
    }

    fn write(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    /// Reads on until `text` is shown.
    fn expect(&mut self, text: &str) {
        let mut octets = [0; 1024];
        while !self.shown.contains(text) {
            let count =
                self.master.read(&mut octets).unwrap_or_else(|error| panic!("{error}: {}", self.shown));
            self.shown.push_str(&String::from_utf8_lossy(&octets[..count]));
        }
        let end = self.shown.find(text).unwrap() + text.len();
        self.shown.drain(..end);
    }
}

#[test]
fn the_shell_edits_lines_and_remembers_no_secret() {
    let bench = Bench::new();
    bench.ftp.put_file("/dir/a.txt", b"octets").unwrap();
    let mut terminal = Terminal::new(&bench, &["shell"]);
    terminal.expect("sim800> ");
    let open = format!("open {}\r", bench.ftp_url("/dir"));
    terminal.write(&open);
    let prompt = format!("ftp://{USER}@{}/dir> ", bench.ftp.address());
    terminal.expect(&prompt);
    terminal.write("ls\r");
    terminal.expect("a.txt\r\n");
    terminal.expect(&prompt);
    // A failure is told, and the next command done. The tabulator completes, the arrow fetches the last line.
    terminal.write("get none\r");
    terminal.expect("sim800: the download failed");
    terminal.expect(&prompt);
    terminal.write("at AT+CG\x7f\x7fCSQ\r");
    terminal.expect("+CSQ: 21,0\r\nOK\r\n");
    terminal.expect(&prompt);
    terminal.write("renam\t");
    terminal.expect("rename");
    terminal.write("\x03");
    terminal.expect(&prompt);
    terminal.write("\x1b[A\r");
    terminal.expect("+CSQ: 21,0\r\nOK\r\n");
    terminal.expect(&prompt);
    terminal.write("\x04");
    assert_eq!(terminal.child.wait().unwrap().code(), Some(0));

    let history = bench.path("state/sim800/history");
    assert_eq!(history.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let history = fs::read_to_string(history).unwrap();
    assert!(history.contains(&format!("open ftp://{USER}@")) && history.contains("at AT+CSQ"), "{history}");
    assert!(!history.contains(PASSWORD), "{history}");
    bench.expect_usable();
}

#[test]
fn the_shell_outlives_a_command_that_is_broken_off() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "octets");
    let mut terminal = Terminal::new(&bench, &["shell"]);
    terminal.expect("sim800> ");
    terminal.write(&format!("http get {}\r", bench.http.url("/stall")));
    terminal.expect("waiting for");
    signal(&terminal.child, Signal::INT);
    terminal.expect("interrupted");
    terminal.expect("sim800> ");
    terminal.write("at AT+CGMM\r");
    terminal.expect("SIMCOM_SIM800L");
    terminal.expect("sim800> ");
    // Whoever wants the shell to end is heard at its prompt, too.
    signal(&terminal.child, Signal::TERM);
    assert_eq!(terminal.child.wait().unwrap().code(), Some(143));
    bench.expect_usable();
}

#[test]
fn patterns_stand_for_files_where_no_shell_has_seen_them() {
    let bench = Bench::new();
    for name in ["a.log", "b.log", "c.txt", "[1].txt"] {
        fs::write(bench.path(name), name).unwrap();
    }
    bench.ftp.put_file("/up/sub/old", b"").unwrap();
    let script = format!("open {}\nput *.log\nput ?.txt sub/\nput [1].txt d.txt\n", bench.ftp_url("/up"));
    let finished = run(&bench, &script, &[]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(bench.ftp.files(), ["/up/a.log", "/up/b.log", "/up/d.txt", "/up/sub/c.txt", "/up/sub/old"]);
    let finished = run(&bench, &format!("open {}\nput *.none\n", bench.ftp_url("/up")), &[]);
    assert_eq!(finished.code, 3);
    assert!(finished.stderr.contains("cannot read *.none"), "{}", finished.stderr);
}
