//! Commands that look after files: on servers, in the module, and what is known of its commands.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::json;
use sim800_emulator::{Config, MemoryStorage, Storage};
use sim800_testbed::server::ftp::Fault;
use sim800_testbed::server::tls::{ClientCertificate, TlsFront};

use crate::bad_input::fails;
use crate::bench::{Bench, Finished, octets, program};

#[test]
fn files_and_directories_of_a_server_are_looked_after() {
    let bench = Bench::new();
    let run = |arguments: &[&str]| {
        let finished = bench.run(arguments);
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{arguments:?}");
        finished.stdout
    };
    let url = |path| bench.ftp_url(path);
    run(&["ftp", "mkdir", &url("/dir/")]);
    bench.ftp.put_file("/dir/a", b"octets").unwrap();
    let listing = String::from_utf8(run(&["ftp", "ls", &url("/dir")])).unwrap();
    assert!(listing.lines().count() == 1 && listing.trim_end().ends_with(" a"), "{listing}");
    let object = bench.run(&["--json", "ftp", "ls", &url("/")]).object();
    assert_eq!(object["entries"][0]["name"], "dir", "{object}");

    run(&["ftp", "rename", &url("/dir/a"), "b"]);
    assert_eq!(bench.ftp.files(), ["/dir/b"]);
    run(&["ftp", "rename", &url("/dir/b"), "/c"]);
    assert_eq!(bench.ftp.files(), ["/c"]);
    run(&["ftp", "rmdir", &url("/dir")]);
    let object = bench.run(&["--json", "ftp", "rm", &url("/c")]).object();
    let named = format!("ftp://{}@{}/c", crate::bench::USER, bench.ftp.address());
    assert_eq!(object, json!({ "ok": true, "url": named, "port": bench.port }));
    assert!(bench.ftp.files().is_empty());
    assert_eq!(run(&["ftp", "ls", &url("")]), b"");
}

#[test]
fn what_a_server_refuses_has_its_number() {
    let bench = Bench::new();
    let missing = bench.ftp_url("/missing");
    for arguments in [
        &["ftp", "rm", &missing][..],
        &["ftp", "rmdir", &missing],
        &["ftp", "mkdir", &bench.ftp_url("/missing/dir")],
        &["ftp", "rename", &missing, "other"],
    ] {
        assert_eq!(fails(&bench, arguments, 8, "ftp", "failed")["error"]["code"], 77);
    }
    fails(&bench, &["ftp", "rm", &bench.ftp_url("/dir/")], 2, "usage", "names a directory");
    fails(&bench, &["ftp", "rename", &missing, "a\"b"], 2, "usage", "quotation mark");

    let mut config = Config::default();
    config.ftp_rename = false;
    let bench = Bench::with(config);
    bench.ftp.put_file("/a", b"octets").unwrap();
    fails(&bench, &["ftp", "rename", &bench.ftp_url("/a"), "b"], 12, "unsupported", "with this firmware");
}

#[test]
fn files_go_into_the_module_and_come_back() {
    let bench = Bench::new();
    let file = octets(20_000);
    fs::write(bench.path("here"), &file).unwrap();
    let run = |arguments: &[&str]| {
        let finished = bench.run(arguments);
        assert_eq!(finished.code, 0, "{arguments:?}: {}", finished.stderr);
        String::from_utf8_lossy(&finished.stdout).into_owned()
    };
    run(&["fs", "mkdir", r"C:\new"]);
    assert_eq!(bench.run(&["--json", "fs", "put", "here", r"C:\new\a.bin"]).object()["octets"], 20_000);
    assert_eq!(run(&["fs", "ls", r"C:\new"]), "a.bin\n");
    assert!(run(&["fs", "ls"]).contains("new\\\n"), "directories have a backslash");
    assert_eq!(run(&["fs", "size", r"C:\new\a.bin"]), "20000\n");
    assert_eq!(bench.run(&["fs", "get", r"C:\new\a.bin"]).stdout, file);
    run(&["fs", "mv", r"C:\new\a.bin", r"C:\new\b.bin"]);
    let object = bench.run(&["--json", "fs", "get", r"C:\new\b.bin", "-o", "back"]).object();
    assert_eq!(object["octets"], 20_000);
    assert_eq!(fs::read(bench.path("back")).unwrap(), file);
    let object = bench.run(&["--json", "fs", "ls", r"C:\new"]).object();
    assert_eq!(object["entries"], json!([{ "name": "b.bin", "directory": false }]));

    let before = bench.run(&["--json", "fs", "df"]).object()["drives"][0]["free"].as_u64().unwrap();
    run(&["fs", "rm", r"C:\new\b.bin"]);
    run(&["fs", "rmdir", r"C:\new"]);
    let text = run(&["fs", "df"]);
    let after = text.strip_prefix("C: ").unwrap().strip_suffix(" bytes free\n").unwrap();
    assert!(after.parse::<u64>().unwrap() >= before + 20_000, "{text}");
}

#[test]
fn what_the_module_has_not_or_has_no_room_for() {
    let mut config = Config::default();
    config.storage = Arc::new(MemoryStorage::new(10_000));
    let bench = Bench::with(config);
    fs::write(bench.path("big"), octets(20_000)).unwrap();
    fs::write(bench.path("small"), octets(100)).unwrap();
    let missing = r"C:\missing.txt";
    for arguments in [
        &["fs", "get", missing, "-o", "a"][..],
        &["fs", "rm", missing],
        &["fs", "size", missing],
        &["fs", "mv", missing, r"C:\other.txt"],
        &["fs", "ls", r"C:\missing"],
        &["fs", "rmdir", r"C:\missing"],
        &["ftp", "put", "--from-fs", missing, &bench.ftp_url("/a")],
        &["ftp", "put", "--from-fs", missing, "--extended", &bench.ftp_url("/a")],
    ] {
        fails(&bench, arguments, 9, "not-found", "the module has no C:\\missing");
    }
    assert!(bench.ftp.files().is_empty());
    fails(&bench, &["fs", "rm", r"C:\a b,c"], 2, "invalid", "the path cannot be sent");
    fails(&bench, &["fs", "put", "missing", r"C:\a"], 3, "file", "cannot read missing");
    let put = ["fs", "put", "big", r"C:\big.bin"];
    fails(&bench, &put, 12, "full", r"C:\big.bin would have 20000 bytes, and the module has room for 9728");
    bench.ftp.put_file("/big", &octets(20_000)).unwrap();
    let to_fs = ["ftp", "get", &bench.ftp_url("/big"), "--to-fs", "big.bin"];
    fails(&bench, &to_fs, 12, "full", r"C:\User\FTP\big.bin would have 20000 bytes");

    assert_eq!(bench.run(&["fs", "mkdir", r"C:\dir"]).code, 0);
    fails(&bench, &["fs", "mkdir", r"C:\dir"], 12, "exists", "already");
    assert_eq!(bench.run(&["fs", "put", "small", r"C:\dir\a"]).code, 0);
    fails(&bench, &["fs", "rmdir", r"C:\dir"], 12, "not-empty", "not empty");
    assert_eq!(bench.run(&["--json", "fs", "get", r"C:\dir\a"]).code, 2, "where to?");
    bench.expect_usable();
}

/// Of a pipe nobody knows how long it is, and some servers tell no sizes: then it shows on the way.
#[test]
fn what_the_module_had_no_room_for_is_removed_again() {
    let mut config = Config::default();
    let storage = Arc::new(MemoryStorage::new(30_000));
    config.storage = storage.clone();
    let bench = Bench::with(config);
    let file = |name: &str| storage.read(&[name.to_owned()], 0, 100);
    fs::write(bench.path("small"), octets(100)).unwrap();
    assert_eq!(bench.run(&["fs", "put", "small", r"C:\a"]).code, 0);

    let too_much = octets(40_000);
    let mut child = bench.command(&["fs", "put", "-", r"C:\a"]).stdin(Stdio::piped()).spawn().unwrap();
    // It reads no more than it can use.
    let _ = child.stdin.take().unwrap().write_all(&too_much);
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(finished.code, 12);
    assert!(finished.stderr.contains(r"full after"), "{}", finished.stderr);
    assert!(finished.stderr.contains(r"sim800 removed the incomplete C:\a"), "{}", finished.stderr);
    assert!(file("a").is_err(), "nothing is left of it");

    // What is too long from the start takes nothing away; what is replaced makes room.
    assert_eq!(bench.run(&["fs", "put", "small", r"C:\a"]).code, 0);
    fs::write(bench.path("big"), &too_much).unwrap();
    fails(&bench, &["fs", "put", "big", r"C:\a"], 12, "full", "sim800 changed nothing");
    assert_eq!(file("a").unwrap(), octets(100));
    fs::write(bench.path("medium"), octets(20_000)).unwrap();
    for _ in 0..2 {
        assert_eq!(bench.run(&["fs", "put", "medium", r"C:\a"]).code, 0);
    }

    bench.ftp.put_file("/big", &too_much).unwrap();
    bench.ftp.inject(Fault::Answer { verb: "SIZE", reply: "502 no sizes here".into() });
    let to_fs = bench.run(&["ftp", "get", &bench.ftp_url("/big"), "--to-fs", "b"]);
    assert_eq!(to_fs.code, 8);
    assert!(to_fs.stderr.contains(r"sim800 removed the incomplete C:\User\FTP\b"), "{}", to_fs.stderr);
    assert_eq!(bench.run(&["fs", "ls", r"C:\User\FTP"]).stdout, b"");
    bench.expect_usable();
}

#[test]
fn a_path_in_the_module_may_be_written_with_slashes() {
    let bench = Bench::new();
    fs::write(bench.path("here"), "octets").unwrap();
    let run = |arguments: &[&str]| {
        let finished = bench.run(arguments);
        assert_eq!(finished.code, 0, "{arguments:?}: {}", finished.stderr);
        finished.stdout
    };
    run(&["fs", "mkdir", "C:/new"]);
    run(&["fs", "put", "here", "C:/new/a"]);
    run(&["fs", "mv", "C:/new/a", "C:/new/b"]);
    assert_eq!(run(&["fs", "ls", "C:/new/"]), b"b\n");
    assert_eq!(run(&["fs", "get", r"C:\new\b"]), b"octets");
    assert_eq!(run(&["fs", "size", "C:/new/b"]), b"6\n");
    run(&["ftp", "put", "--from-fs", "C:/new/b", &bench.ftp_url("/b")]);
    assert_eq!(bench.ftp.file("/b").unwrap(), b"octets");
    run(&["fs", "rm", "C:/new/b"]);
    run(&["fs", "rmdir", "C:/new/"]);
}

#[test]
fn a_file_is_renamed_to_a_url_of_the_same_server_only() {
    let bench = Bench::new();
    bench.ftp.put_file("/a", b"octets").unwrap();
    let (old, new) = (bench.ftp_url("/a"), bench.ftp_url("/b"));
    for other in [
        "ftp://user:hunter2@example.com/b".to_owned(),
        format!("ftp://other:hunter2@{}/b", bench.ftp.address()),
        "https://user:hunter2@example.com/b".to_owned(),
    ] {
        let object = fails(&bench, &["ftp", "rename", &old, &other], 2, "usage", "");
        assert!(!object.to_string().contains("hunter2"), "{object}");
    }
    assert!(bench.ftp.commands().is_empty(), "nothing was sent anywhere");
    assert_eq!(bench.run(&["ftp", "rename", &old, &new]).code, 0);
    assert_eq!(bench.ftp.files(), ["/b"]);
    assert!(bench.ftp.commands().iter().any(|command| command == "RNTO /b"), "{:?}", bench.ftp.commands());
}

#[test]
fn the_type_in_a_url_is_that_of_the_transfer() {
    let bench = Bench::new();
    bench.ftp.put_file("/a", b"one\ntwo\n").unwrap();
    fs::write(bench.path("here"), "three\n").unwrap();
    let types = |from: usize| -> Vec<String> {
        let commands = bench.ftp.commands();
        commands.into_iter().skip(from).filter(|command| command.starts_with("TYPE")).collect()
    };
    for (kind, sent) in [(";type=a", "TYPE A"), (";type=i", "TYPE I"), ("", "TYPE I")] {
        let from = bench.ftp.commands().len();
        assert_eq!(bench.run(&["ftp", "get", &bench.ftp_url(&format!("/a{kind}"))]).code, 0);
        assert_eq!(types(from).last().unwrap(), sent, "{kind}");
        let from = bench.ftp.commands().len();
        assert_eq!(bench.run(&["ftp", "put", "here", &bench.ftp_url(&format!("/b{kind}"))]).code, 0);
        assert_eq!(types(from).first().unwrap(), sent, "{kind}");
    }
    assert_eq!(bench.ftp.files(), ["/a", "/b"]);
    let text = bench.ftp_url("/a;type=a");
    fails(&bench, &["ftp", "get", &text, "-o", "a", "--resume"], 2, "usage", "byte by byte");
    fails(&bench, &["ftp", "put", "here", &text, "--resume"], 2, "usage", "byte by byte");
    let image = bench.ftp_url("/a;type=i");
    fails(&bench, &["ftp", "get", &image, "--ascii", "-o", "a"], 2, "usage", "--ascii");
    fails(&bench, &["ftp", "put", "--from-fs", "C:/a"], 2, "usage", "the URL to send it to is missing");
}

#[test]
fn an_ftp_server_and_the_module_exchange_files() {
    let bench = Bench::new();
    let file = octets(20_000);
    bench.ftp.put_file("/there", &file).unwrap();
    let object = bench.run(&["--json", "ftp", "get", &bench.ftp_url("/there"), "--to-fs", "a.bin"]).object();
    assert_eq!(object["octets"], 20_000, "{object}");
    let path = r"C:\User\FTP\a.bin";
    assert_eq!(bench.run(&["fs", "get", path]).stdout, file);
    for (extended, name) in [(&[][..], "/one"), (&["--extended"], "/two")] {
        let url = bench.ftp_url(name);
        let object =
            bench.run(&[&["--json", "ftp", "put", "--from-fs", path, &url], extended].concat()).object();
        assert_eq!(object["octets"], 20_000, "{object}");
        assert_eq!(bench.ftp.file(name).unwrap(), file);
    }
}

#[test]
fn the_module_may_hold_all_of_a_file() {
    let bench = Bench::new();
    let file = octets(30_000);
    fs::write(bench.path("here"), &file).unwrap();
    let url = bench.ftp_url("/there");
    assert_eq!(bench.run(&["--json", "ftp", "put", "--extended", "here", &url]).object()["octets"], 30_000);
    assert_eq!(bench.ftp.file("/there").unwrap(), file);
    assert_eq!(bench.run(&["ftp", "get", "--extended", &url]).stdout, file);

    fs::write(bench.path("big"), vec![0; 300_001]).unwrap();
    let big = ["ftp", "put", "--extended", "big", &bench.ftp_url("/big")];
    fails(&bench, &big, 12, "too-large", "300000 bytes");
    assert!(bench.ftp.file("/big").is_none());
}

#[test]
fn an_object_that_is_larger_than_the_module_comes_in_ranges() {
    let bench = Bench::new();
    let body = octets(1 << 20);
    bench.http.put("/big", "application/octet-stream", body.clone());
    let finished = bench.run(&["--json", "http", "get", &bench.http.url("/big"), "-o", "big"]);
    assert_eq!(finished.object()["octets"], 1 << 20);
    assert!(fs::read(bench.path("big")).unwrap() == body);

    bench.http.set_ranges(false);
    fails(&bench, &["http", "get", &bench.http.url("/big"), "-o", "a"], 12, "too-large", "ignores ranges");
}

#[test]
fn the_modules_tls_needs_a_firmware_that_has_it() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "octets");
    let front = TlsFront::start(bench.http.address(), ClientCertificate::Unneeded).unwrap();
    let url = front.url("/a");
    assert_eq!(bench.run(&["http", "get", "--tls", "module", "--insecure", &url]).stdout, b"octets");
    // It is signed by itself.
    let object = fails(
        &bench,
        &["http", "get", "--tls", "module", &url, "-o", "a"],
        7,
        "http",
        "--insecure accepts any certificate",
    );
    assert_eq!(object["error"]["code"], 605);
    let strict = TlsFront::start(bench.http.address(), ClientCertificate::Required).unwrap();
    let object = fails(
        &bench,
        &["http", "get", "--tls", "module", "--insecure", &strict.url("/a"), "-o", "a"],
        7,
        "http",
        "the newest that common firmware knows",
    );
    assert_eq!(object["error"]["code"], 606);

    let mut config = Config::default();
    config.ssl = false;
    let bench = Bench::with(config);
    fails(&bench, &["http", "get", "--tls", "module", &url, "-o", "a"], 12, "no-ssl", "R14");
}

#[test]
fn an_object_can_be_deleted() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "octets");
    let url = bench.http.url("/a");
    let object = bench.run(&["--json", "http", "delete", &url]).object();
    assert!(object["status"].as_u64().unwrap() < 300, "{object}");
    assert!(bench.http.body("/a").is_none());
    assert_eq!(fails(&bench, &["http", "delete", &url], 9, "http-status", "404")["status"], 404);
}

#[test]
fn what_is_known_of_a_command_is_shown_without_a_module() {
    let shown = |arguments: &[&str]| {
        let output = program(&[&["-p", "/dev/ttyNONE", "commands"], arguments].concat()).output().unwrap();
        assert!(output.stderr.is_empty() && output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let all = shown(&[]);
    assert!(all.lines().any(|line| line.starts_with("AT+FTPGET=2,<length>")), "{all}");
    let one = shown(&["at+ftpget"]);
    assert!(one.starts_with("## AT+FTPGET\n") && one.contains("`<length>`"), "{one}");
    let object: serde_json::Value = serde_json::from_str(&shown(&["FTPQUIT", "--json"])).unwrap();
    assert_eq!(object["commands"][0]["syntax"], "AT+FTPQUIT");
    let one = shown(&["csq"]);
    for said in
        ["Response: `<rssi>,<ber>`", "* `<ber>`: class of the bit error rate", "Example: `+CSQ: 21,0`"]
    {
        assert!(one.contains(said), "{one}");
    }
    assert!(shown(&["HTTPACTION"]).contains("Then, unsolicited: `+HTTPACTION: <method>,<status>,<length>`"));
    let object: serde_json::Value = serde_json::from_str(&shown(&["CREG", "--json"])).unwrap();
    let command = &object["commands"][0];
    assert_eq!(
        (&command["response"], &command["example"]),
        (&json!("<n>,<stat>[,\"<lac>\",\"<ci>\"]"), &json!("+CREG: 0,1"))
    );
    assert!(command["values"]["stat"].as_str().unwrap().contains("5: registered, roaming"), "{object}");

    let bench = Bench::new();
    fails(&bench, &["commands", "AT+CMGS"], 2, "usage", "`sim800 commands` lists them");
}
