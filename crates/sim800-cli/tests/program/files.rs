//! Files that are written: disks that are full, files that are protected, and those that must not be one.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::getuid;

use crate::bad_input::fails;
use crate::bench::{Bench, Finished, octets};

const PATH: &str = r"C:\User\ftp\a.txt";

/// The program where no file may be longer than so many blocks of 512 octets.
fn limited(bench: &Bench, blocks: u32, arguments: &[&str]) -> Finished {
    let program = bench.command(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -f {blocks}; exec \"$@\""), "sh"]);
    command.arg(program.get_program()).args(arguments).current_dir(program.get_current_dir().unwrap());
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    Finished::new(command.stdin(Stdio::null()).output().unwrap())
}

#[test]
fn a_disk_that_is_full_leaves_no_litter() {
    let bench = Bench::new();
    let body = octets(200_000);
    bench.http.put("/a", "text/plain", body.clone());
    bench.ftp.put_file("/a", &body).unwrap();
    let (http, ftp) = (bench.http.url("/a"), bench.ftp_url("/a"));
    for get in [["http", "get", &http], ["ftp", "get", &ftp]] {
        for (blocks, is_resumed) in [(0, false), (0, true), (100, false), (100, true)] {
            let options = if is_resumed { &["-o", "a", "--resume"][..] } else { &["-o", "a"] };
            let get = [&get[..], options].concat();
            let finished = limited(&bench, blocks, &get);
            assert_eq!(finished.code, 3, "{}", finished.stderr);
            assert!(finished.stderr.contains("cannot write a"), "{}", finished.stderr);
            if (blocks, is_resumed) == (100, true) {
                assert_eq!(bench.names(), ["a.part", "a.part.json"]);
                assert!(body.starts_with(&fs::read(bench.path("a.part")).unwrap()));
                let object = bench.run(&[&["--json"], &get[..]].concat()).object();
                assert_eq!(object["resumed_from"], 51_200, "{object}");
                assert!(fs::read(bench.path("a")).unwrap() == body);
                fs::remove_file(bench.path("a")).unwrap();
            }
            assert_eq!(bench.names(), [""; 0], "{get:?} in {blocks} blocks");
        }
    }
}

/// A disk, where this may be done.
#[test]
fn a_real_disk_that_is_full_leaves_no_litter() {
    let bench = Bench::new();
    let mount = |arguments: &[&str]| {
        let mut command = Command::new(arguments[0]);
        command.args(&arguments[1..]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let disk = bench.path("disk");
    fs::create_dir(&disk).unwrap();
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=8", "none", disk.to_str().unwrap()]) {
        return;
    }
    let body = octets(200_000);
    bench.http.put("/a", "text/plain", body.clone());
    let url = bench.http.url("/a");
    let listed = || fs::read_dir(&disk).unwrap().count();
    let plain = bench.run(&["http", "get", &url, "-o", "disk/a"]);
    let left = [listed()];
    let resumed = bench.run(&["http", "get", &url, "-o", "disk/a", "--resume"]);
    let kept = (listed(), fs::read(disk.join("a.part")));
    let unmounted = mount(&["umount", disk.to_str().unwrap()]);
    for finished in [plain, resumed] {
        assert_eq!(finished.code, 3);
        assert!(finished.stderr.contains("no space left"), "{}", finished.stderr);
    }
    assert!(left == [0] && kept.0 == 2 && body.starts_with(&kept.1.unwrap()) && unmounted);
}

/// Runs the program as somebody who may not do everything.
fn run_as_nobody(bench: &Bench, arguments: &[&str]) -> Finished {
    let mut command = bench.command(arguments);
    if getuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    Finished::new(command.output().unwrap())
}

#[test]
fn what_is_replaced_keeps_its_mode_and_what_is_protected_stays() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "new");
    let folder = bench.path("open");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(bench.path("."), Permissions::from_mode(0o755)).unwrap();
    let file = folder.join("a");
    let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
    let url = bench.http.url("/a");
    for options in [&[][..], &["--resume"]] {
        let get = [&["http", "get", &url, "-o", "open/a"], options].concat();
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(bench.run(&get).code, 0);
        assert_eq!((fs::read(&file).unwrap(), mode()), (b"new".to_vec(), 0o600));

        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
        let refused = run_as_nobody(&bench, &get);
        assert_eq!(refused.code, 3);
        assert!(refused.stderr.contains("cannot write open/a: permission denied"), "{}", refused.stderr);
        assert_eq!((fs::read(&file).unwrap(), mode()), (b"old".to_vec(), 0o444));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    }
    symlink("open/a", bench.path("link")).unwrap();
    bench.http.put("/a", "text/plain", "newer");
    assert_eq!(bench.run(&["http", "get", &url, "-o", "link"]).code, 0);
    assert_eq!(fs::read_link(bench.path("link")).unwrap(), Path::new("open/a"));
    assert_eq!(fs::read(&file).unwrap(), b"newer");
}

#[test]
fn a_trace_is_made_anew_and_for_its_owner() {
    let bench = Bench::new();
    fs::write(bench.path("here"), "precious").unwrap();
    let url = bench.ftp_url("/there");
    fails(&bench, &["--trace", "here", "ftp", "put", "here", &url], 2, "usage", "are the same file");
    symlink("here", bench.path("link")).unwrap();
    fails(&bench, &["--trace", "link", "info"], 3, "file", "it exists already");
    symlink("elsewhere", bench.path("dangling")).unwrap();
    fails(&bench, &["--trace", "dangling", "info"], 3, "file", "it exists already");
    assert_eq!(fs::read(bench.path("here")).unwrap(), b"precious");
    assert!(!bench.path("elsewhere").exists());
    assert_eq!(bench.run(&["--trace", "trace", "ftp", "put", "here", &url]).code, 0);
    let mode = bench.path("trace").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let port = ["--trace", "none", "-p", "none", "info"];
    fails(&bench, &port, 4, "port", "none");
    let decoded = bench.run(&["--trace", "/dev/stderr", "-q", "at", "AT"]).stderr;
    assert!(decoded.starts_with("{\"t\":"), "a pipe is written to: {decoded}");
}

#[test]
fn what_is_read_and_what_is_written_are_not_the_same() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "octets");
    fs::write(bench.path("here"), "precious").unwrap();
    fs::hard_link(bench.path("here"), bench.path("hard")).unwrap();
    symlink("here", bench.path("soft")).unwrap();
    fs::create_dir(bench.path("folder")).unwrap();
    let (http, ftp, echo) = (bench.http.url("/a"), bench.ftp_url("/a"), bench.http.url("/echo"));
    let refused = [
        &["--trace", "new", "http", "get", &http, "-o", "new"][..],
        &["--trace", "new", "http", "get", &http, "-o", "./folder/../new"],
        &["--trace", "new", "ftp", "get", &ftp, "-o", "new", "--resume"],
        &["--trace", "new", "fs", "get", PATH, "-o", "new"],
        &["--trace", "hard", "ftp", "put", "here", &ftp],
        &["--trace", "soft", "fs", "put", "here", PATH],
        &["--trace", "here", "http", "post", &echo, "--data-file", "soft"],
        &["http", "post", &echo, "--data-file", "here", "-o", "here"],
        &["http", "post", &echo, "--data-file", "here", "-o", "hard"],
        &["http", "post", &echo, "--data-file", "soft", "-o", "here"],
    ];
    for arguments in refused {
        fails(&bench, arguments, 2, "usage", "are the same file");
    }
    // An empty file with the name of a part would be taken for one.
    for trace in ["new.part", "./new.part.json", "folder/../new.3.part", "here.part"] {
        let output = trace.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap();
        for resume in [&["--resume"][..], &[]] {
            let arguments = [&["--trace", trace, "http", "get", &http, "-o", output], resume].concat();
            fails(&bench, &arguments, 2, "usage", "the trace has the name that the unfinished download has");
        }
    }
    // What is on stdin has no name here, and is known all the same.
    let mut post = bench.command(&["http", "post", &echo, "--data-file", "-", "-o", "here"]);
    let finished = Finished::new(post.stdin(fs::File::open(bench.path("hard")).unwrap()).output().unwrap());
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert_eq!(fs::read(bench.path("here")).unwrap(), b"precious");
    assert!(bench.http.requests().is_empty() && bench.ftp.commands().is_empty());
    let nowhere = ["--trace", "/dev/null", "http", "get", &http, "-o", "/dev/null"];
    assert_eq!(bench.run(&nowhere).code, 0, "that takes anything");
}
