//! `sim800 ftp mirror`.

use std::fs;
use std::process::Command;

use serde_json::json;
use sim800_testbed::server::ftp::Fault;

use crate::bench::{Bench, octets};

fn write(bench: &Bench, name: &str, content: &[u8]) {
    fs::create_dir_all(bench.path(name).parent().unwrap()).unwrap();
    fs::write(bench.path(name), content).unwrap();
}

#[test]
fn what_the_server_lacks_is_sent() {
    let bench = Bench::new();
    write(&bench, "logs/a.txt", b"a");
    write(&bench, "logs/2026/b.bin", &octets(20_000));
    write(&bench, "logs/2026/empty", b"");
    write(&bench, "logs/half.part", b"of a download");
    let url = bench.ftp_url("/logger");
    let arguments = ["ftp", "mirror", "--reverse", "logs", &url];

    let dry = bench.run(&[&arguments[..], &["-n"]].concat());
    assert_eq!(dry.code, 0, "{}", dry.stderr);
    let dry = String::from_utf8(dry.stdout).unwrap();
    assert!(dry.contains("put 2026/b.bin (20000 bytes)\n") && dry.contains("put a.txt (1 bytes)\n"), "{dry}");
    assert!(bench.ftp.files().is_empty(), "a dry run does nothing");

    let finished = bench.run(&[&["--json"], &arguments[..]].concat());
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let told = finished.objects();
    let paths: Vec<_> = told.iter().filter_map(|object| object["path"].as_str()).collect();
    assert_eq!(paths, ["a.txt", "2026/b.bin", "2026/empty"]);
    let summary = told.last().unwrap();
    assert_eq!(
        (&summary["ok"], &summary["transferred"], &summary["octets"]),
        (&json!(true), &json!(3), &json!(20_001))
    );
    assert_eq!(bench.ftp.files(), ["/logger/2026/b.bin", "/logger/2026/empty", "/logger/a.txt"]);
    assert_eq!(bench.ftp.file("/logger/2026/b.bin").unwrap(), octets(20_000));

    // Again: only what is new or has grown.
    write(&bench, "logs/a.txt", b"more");
    let again = bench.run(&arguments);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("put a.txt: 4 "), "{}", again.stderr);
    assert!(again.stderr.contains("1 transferred, 2 unchanged"), "{}", again.stderr);
    assert_eq!(bench.ftp.file("/logger/a.txt").unwrap(), b"more");
    bench.expect_usable();
}

#[test]
fn what_is_missing_here_is_fetched() {
    let bench = Bench::new();
    bench.ftp.put_file("/data/a", b"octets").unwrap();
    bench.ftp.put_file("/data/deep/er/b", &octets(3000)).unwrap();
    bench.ftp.put_file("/data/..%2fevil", b"x").unwrap();
    write(&bench, "here/a", b"octets");
    let url = bench.ftp_url("/data/");
    let finished = bench.run(&["--json", "ftp", "mirror", "here", &url]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let summary = finished.objects().pop().unwrap();
    assert_eq!((&summary["transferred"], &summary["unchanged"]), (&json!(2), &json!(1)), "{summary}");
    assert_eq!(fs::read(bench.path("here/deep/er/b")).unwrap(), octets(3000));
    assert_eq!(bench.names(), ["here"]);
    bench.expect_usable();
}

#[test]
fn one_file_that_fails_keeps_none_from_the_rest() {
    let bench = Bench::new();
    for name in ["a", "b", "c"] {
        write(&bench, &format!("logs/{name}"), name.as_bytes());
    }
    let url = bench.ftp_url("/");
    bench.ftp.inject(Fault::Answer { verb: "STOR", reply: "550 not now".into() });
    let finished = bench.run(&["--json", "ftp", "mirror", "-R", "logs", &url]);
    assert_eq!(finished.code, 8);
    let told = finished.objects();
    assert_eq!((&told[0]["ok"], &told[0]["path"]), (&json!(false), &json!("a")), "{told:?}");
    let summary = told.last().unwrap();
    assert_eq!(
        (&summary["ok"], &summary["failed"], &summary["transferred"]),
        (&json!(false), &json!(1), &json!(2))
    );
    assert_eq!(bench.ftp.files(), ["/b", "/c"]);
    let finished = bench.run(&["ftp", "mirror", "-R", "logs", &url]);
    assert_eq!((finished.code, bench.ftp.files().len()), (0, 3), "{}", finished.stderr);

    // A password that is wrong is wrong for all.
    let wrong = bench.ftp_url_with_password("wrong", "/");
    let finished = bench.run(&["ftp", "mirror", "-R", "logs", &wrong]);
    assert_eq!((finished.code, finished.stderr.lines().count()), (8, 1), "{}", finished.stderr);
    let finished = bench.run(&["ftp", "mirror", "-R", "missing", &url]);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
}

#[test]
fn what_has_no_place_here_keeps_none_from_the_rest() {
    let bench = Bench::new();
    for name in ["/data/a\"b/x", "/data/same/x", "/data/pipe", "/data/z.part.json", "/data/z"] {
        bench.ftp.put_file(name, b"octets").unwrap();
    }
    write(&bench, "here/same", b"a file");
    let pipe = Command::new("mkfifo").arg(bench.path("here/pipe")).status().unwrap();
    assert!(pipe.success());
    let finished = bench.run(&["--json", "ftp", "mirror", "here", &bench.ftp_url("/data/")]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let summary = finished.objects().pop().unwrap();
    let counts = ["transferred", "failed", "skipped"].map(|name| summary[name].as_u64());
    assert_eq!(counts, [Some(1), Some(2), Some(2)], "{summary}");
    assert_eq!(fs::read(bench.path("here/z")).unwrap(), b"octets");
    assert_eq!(fs::read(bench.path("here/same")).unwrap(), b"a file");
    assert!(!bench.path("here/z.part.json").exists(), "a server says nothing of parts");
    bench.expect_usable();
}

#[test]
fn only_what_is_wanted_is_mirrored() {
    let bench = Bench::new();
    write(&bench, "logs/a.log", b"a");
    write(&bench, "logs/b.txt", b"b");
    write(&bench, "logs/deep/c.log", b"c");
    write(&bench, "logs/tmp/d.log", b"d");
    let url = bench.ftp_url("/to");
    let options = ["--include", "*.log", "--exclude", "tmp"];
    let sent = bench.run(&[&["ftp", "mirror", "-R", "logs", &url][..], &options].concat());
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert_eq!(bench.ftp.files(), ["/to/a.log", "/to/deep/c.log"]);
    let fetched = bench.run(&["ftp", "mirror", "back", &url, "--exclude", "deep/*"]);
    assert_eq!(fetched.code, 0, "{}", fetched.stderr);
    assert!(bench.path("back/a.log").exists() && !bench.path("back/deep/c.log").exists());

    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7_200);
    fs::File::options().append(true).open(bench.path("logs/a.log")).unwrap().set_modified(old).unwrap();
    let newer = ["ftp", "mirror", "-R", "-n", "logs", &bench.ftp_url("/new"), "--newer-than", "1h"];
    let dry = String::from_utf8(bench.run(&newer).stdout).unwrap();
    assert!(dry.contains("put b.txt") && !dry.contains("put a.log"), "{dry}");
    let refused = bench.run(&["ftp", "mirror", "logs", &url, "--newer-than", "yesterday"]);
    assert!(refused.code == 2 && refused.stderr.contains("90m, 12h, 7d"), "{}", refused.stderr);
}

#[test]
fn names_that_the_module_cannot_be_told_are_named_before_anything_moves() {
    let bench = Bench::new();
    write(&bench, "logs/a.log", b"a");
    write(&bench, "logs/Größe.log", b"b");
    let url = bench.ftp_url("/to");
    let dry = bench.run(&["ftp", "mirror", "-R", "-n", "logs", &url]);
    assert_eq!((dry.code, bench.ftp.files().len()), (2, 0));
    assert!(dry.stderr.contains("Größe.log: its name holds a character beyond ASCII"), "{}", dry.stderr);
    assert!(dry.stdout.ends_with(b"put a.log (1 bytes)\n"));
    let refused = bench.run(&["ftp", "put", "logs/a.log", "logs/Größe.log", &bench.ftp_url("/")]);
    assert_eq!((refused.code, bench.ftp.files().len()), (2, 0), "{}", refused.stderr);
    assert!(refused.stderr.contains("beyond ASCII"), "{}", refused.stderr);
}

/// Each file tells its own, and the summary those of all.
#[test]
fn what_was_tried_again_is_told_where_it_was() {
    let bench = Bench::new();
    bench.ftp.put_file("/d/a", &octets(60_000)).unwrap();
    bench.ftp.put_file("/d/b", b"b").unwrap();
    // The first is that of the listing.
    bench.ftp.inject(Fault::DataReset { after: 1_000_000 });
    bench.ftp.inject(Fault::DataReset { after: 30_000 });
    let objects = bench.run(&["--json", "ftp", "mirror", "here", &bench.ftp_url("/d")]).objects();
    let retries: Vec<_> = objects.iter().map(|object| object["retries"].as_u64()).collect();
    assert_eq!(retries, [Some(1), Some(0), Some(1)], "{objects:?}");
}
