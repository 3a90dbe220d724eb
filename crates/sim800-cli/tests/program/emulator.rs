//! `sim800 emulate`, and the emulator that is there without being asked for.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::bench::{Finished, first_remark, program, signal, wait_until};

#[test]
fn a_pty_is_offered_until_the_program_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("module");
    let port = link.to_str().unwrap();
    let emulator = program(&["emulate", "--pty", port]).spawn().unwrap();
    wait_until(|| link.exists());
    for runtime in ["smol", "tokio"] {
        let output = program(&["-p", port, "--runtime", runtime, "at", "AT+CGMM"]).output().unwrap();
        let finished = Finished::new(output);
        assert_eq!(finished.stdout, b"SIMCOM_SIM800L\nOK\n", "{}", finished.stderr);
    }
    signal(&emulator, Signal::INT);
    let finished = Finished::new(emulator.wait_with_output().unwrap());
    assert_eq!(finished.code, 0);
    assert!(finished.stderr.contains(&format!("sim800 -p {port} info")), "{}", finished.stderr);
    assert!(!link.is_symlink(), "nothing is left behind");
}

#[test]
fn a_tcp_port_is_offered_as_well() {
    let mut emulator = program(&["emulate", "--tcp", "127.0.0.1:0"]).spawn().unwrap();
    let remark = first_remark(&mut emulator);
    let port = remark.split(' ').find(|word| word.starts_with("tcp://")).unwrap();
    let output = program(&["-p", port, "at", "AT+CGMM"]).output().unwrap();
    assert_eq!(output.stdout, b"SIMCOM_SIM800L\nOK\n");
    signal(&emulator, Signal::TERM);
    assert_eq!(emulator.wait().unwrap().code(), Some(0));
}

#[test]
fn the_files_of_the_module_are_those_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("id.txt"), "0123456789").unwrap();
    let path = folder.path().to_str().unwrap();
    let mut emulator = program(&["emulate", "--tcp", "127.0.0.1:0", "--fs", path]).spawn().unwrap();
    let remark = first_remark(&mut emulator);
    let port = remark.split(' ').find(|word| word.starts_with("tcp://")).unwrap();
    let at = |line: &str| program(&["-p", port, "at", line]).output().unwrap().stdout;
    assert_eq!(at(r"AT+FSFLSIZE=C:\ID.TXT"), b"+FSFLSIZE: 10\nOK\n");
    assert_eq!(at(r"AT+FSMKDIR=C:\log"), b"OK\n");
    assert!(folder.path().join("log").is_dir());
    signal(&emulator, Signal::TERM);
    assert_eq!(emulator.wait().unwrap().code(), Some(0));
}

/// The module's own commands reach nothing outside of it, whatever stands in there.
#[test]
fn the_folder_is_not_left_through_links() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("id.txt"), "secret").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("away")).unwrap();
    let path = folder.path().to_str().unwrap();
    let mut emulator = program(&["emulate", "--tcp", "127.0.0.1:0", "--fs", path]).spawn().unwrap();
    let remark = first_remark(&mut emulator);
    let port = remark.split(' ').find(|word| word.starts_with("tcp://")).unwrap();
    let sim800 = |arguments: &[&str]| program(&["-p", port]).args(arguments).output().unwrap();
    for arguments in [
        &["fs", "get", r"C:\away\id.txt"][..],
        &["fs", "ls", r"C:\away"],
        &["fs", "put", "/dev/null", r"C:\away\new.txt"],
        &["fs", "rm", r"C:\away\id.txt"],
        &["fs", "mkdir", r"C:\away\new"],
        &["fs", "mv", r"C:\away\id.txt", r"C:\mine.txt"],
    ] {
        let output = sim800(arguments);
        assert_eq!((output.status.code(), output.stdout), (Some(9), Vec::new()), "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read(outside.path().join("id.txt")).unwrap(), b"secret");
    signal(&emulator, Signal::TERM);
    assert_eq!(emulator.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_offered_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let none = folder.path().join("None").display().to_string();
    let link = format!("{none}/Link");
    let occupied = folder.path().join("Occupied").display().to_string();
    std::fs::write(&occupied, "precious").unwrap();
    let cases = [
        (["--fs", &none], 3, format!("cannot keep files in {none}: no such file or directory\n")),
        (["--fs", &occupied], 3, format!("cannot keep files in {occupied}: not a directory\n")),
        (["--pty", &link], 4, format!("cannot create the link {link}: no such file or directory\n")),
        (["--pty", &occupied], 4, format!("{occupied} exists; remove it unless something uses it\n")),
        (["--tcp", &taken], 4, format!("cannot listen on {taken}: address already in use\n")),
    ];
    for (option, code, said) in cases {
        let finished = Finished::new(program(&["emulate"]).args(option).output().unwrap());
        assert_eq!(finished.code, code, "{option:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(&said), "{option:?}: {}", finished.stderr);
    }
}

#[test]
fn a_pty_is_used_by_one_program_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("module");
    let port = link.to_str().unwrap();
    let mut emulator = program(&["emulate", "--pty", port]).spawn().unwrap();
    wait_until(|| link.exists());
    let holder = std::fs::File::options().read(true).write(true).open(&link).unwrap();
    rustix::fs::flock(&holder, rustix::fs::FlockOperation::LockExclusive).unwrap();
    for runtime in ["smol", "tokio"] {
        let output = program(&["-p", port, "--runtime", runtime, "info"]).output().unwrap();
        let finished = Finished::new(output);
        assert_eq!(finished.code, 4);
        let holder = format!("(process {}) uses it; end that first", std::process::id());
        assert!(finished.stderr.contains(&holder), "{}", finished.stderr);
    }
    emulator.kill().unwrap();
    emulator.wait().unwrap();
}

#[test]
fn without_a_port_nothing_is_done() {
    let cases: [(&[&str], Option<&str>, &str); 4] = [
        (&[], None, "no port is given"),
        (&[], Some(""), "SIM800_PORT is empty"),
        (&["-p", ""], None, "the port is empty"),
        (&["-p", ""], Some("emulator"), "the port is empty"),
    ];
    for (arguments, variable, said) in cases {
        let run = |more: &[&str]| {
            let mut command = program(&[arguments, more, &["at", "AT+CGMM"]].concat());
            command.envs(variable.map(|port| ("SIM800_PORT", port)));
            Finished::new(command.output().unwrap())
        };
        let finished = run(&[]);
        assert_eq!((finished.code, finished.stdout.as_slice()), (2, &b""[..]), "{arguments:?}");
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
        for helps in ["-p", "SIM800_PORT", "this machine has", "-p emulator"] {
            assert!(finished.stderr.contains(helps), "{}", finished.stderr);
        }
        let finished = run(&["--json"]);
        assert_eq!(finished.object()["error"]["kind"], "usage");
    }
}

#[test]
fn a_program_is_told_which_port_it_was() {
    let finished = Finished::new(program(&["-p", "emulator", "at", "AT+CGMM"]).output().unwrap());
    assert_eq!(finished.stdout, b"SIMCOM_SIM800L\nOK\n");
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let finished = Finished::new(program(&["--json", "-p", "emulator", "at", "AT+CGMM"]).output().unwrap());
    assert_eq!(finished.object()["port"], "emulator");
    let finished = Finished::new(program(&["--json", "-p", "/dev/ttyNONE", "info"]).output().unwrap());
    assert_eq!((finished.code, &finished.object()["port"]), (4, &"/dev/ttyNONE".into()));
}
