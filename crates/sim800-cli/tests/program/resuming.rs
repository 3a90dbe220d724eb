//! Downloads and uploads that broke off, and go on.

use std::fs::{self, File};
use std::io::{self, Write as _};

use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sim800_emulator::{Config, Damage, Fault as ModuleFault};
use sim800_testbed::Line;
use sim800_testbed::server::ftp::Fault;

use crate::bad_input::fails;
use crate::bench::{Bench, Finished, octets, signal, wait_until};

const KEPT: &str = "sim800: interrupted; a.part is kept, and --resume goes on with it\n";

/// Runs a download into `a`, interrupts it when some of it is there, and returns how much is left of it.
fn break_off(bench: &Bench, arguments: &[&str]) -> u64 {
    let child = bench.command(&[arguments, &["-o", "a", "--resume"]].concat()).spawn().unwrap();
    let part = bench.path("a.part");
    wait_until(|| part.metadata().is_ok_and(|part| part.len() > 0));
    signal(&child, Signal::INT);
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str()), (130, KEPT));
    assert_eq!(bench.names(), ["a.part", "a.part.json"]);
    part.metadata().unwrap().len()
}

/// Runs it again to its end, and returns where it went on.
fn go_on(bench: &Bench, arguments: &[&str], expected: &[u8]) -> Value {
    let finished = bench.run(&[arguments, &["-o", "a", "--resume", "--json"]].concat());
    let object = finished.object();
    let from = object["resumed_from"].as_u64().unwrap();
    assert_eq!(object["octets"], expected.len() as u64 - from, "{object}");
    assert!(fs::read(bench.path("a")).unwrap() == expected);
    assert_eq!(bench.names(), ["a"]);
    fs::remove_file(bench.path("a")).unwrap();
    object
}

/// Leaves `part` of what had `size` octets, as a download does that broke off.
fn leave_with(bench: &Bench, url: &str, part: &[u8], size: u64, validator: Option<&str>) {
    fs::write(bench.path("a.part"), part).unwrap();
    let sha256: String = Sha256::digest(part).iter().map(|octet| format!("{octet:02x}")).collect();
    let companion = json!({
        "url": url, "size": size, "validator": validator, "octets": part.len(), "sha256": sha256,
    });
    fs::write(bench.path("a.part.json"), companion.to_string()).unwrap();
}

/// The same where no tag or date tells it.
fn leave(bench: &Bench, url: &str, part: &[u8], size: u64) {
    leave_with(bench, url, part, size, None);
}

#[test]
fn a_body_goes_on_where_it_broke_off() {
    // Slow enough to be interrupted for certain.
    let bench = Bench::with_line(Config::default(), Line::paced(2_000_000.try_into().unwrap()));
    let body = octets(300_000);
    bench.http.put("/a", "application/octet-stream", body.clone());
    let url = bench.http.url("/a");
    let get = ["http", "get", &url];
    let there = break_off(&bench, &get);
    assert!(there < 300_000);
    let (part, companion) = (bench.path("a.part"), bench.path("a.part.json"));
    let remembered: Value = serde_json::from_slice(&fs::read(&companion).unwrap()).unwrap();
    assert_eq!((&remembered["url"], &remembered["size"]), (&json!(url), &json!(300_000)), "{remembered}");
    let left = (fs::read(&part).unwrap(), fs::read(&companion).unwrap());
    let restore = || {
        fs::write(&part, &left.0).unwrap();
        fs::write(&companion, &left.1).unwrap();
    };

    assert_eq!(go_on(&bench, &get, &body)["resumed_from"], there);
    let last = bench.http.requests().pop().unwrap();
    assert_eq!(last.headers()["range"], format!("bytes={}-", there - 1024), "the last of it comes again");

    restore();
    bench.http.set_ranges(false);
    let object = go_on(&bench, &get, &body);
    assert_eq!(
        (&object["resumed_from"], &object["compared"]),
        (&json!(there), &json!(1024)),
        "the module has all"
    );
    fs::write(bench.path("a"), &body).unwrap();
    assert_eq!(
        bench.run(&["http", "get", &url, "-o", "a", "--resume", "--json"]).object()["up_to_date"],
        true
    );
    bench.http.set_ranges(true);

    restore();
    bench.http.put("/b", "text/plain", "another");
    assert_eq!(go_on(&bench, &["http", "get", &bench.http.url("/b")], b"another")["resumed_from"], 0);

    restore();
    let changed = vec![7; 300_000];
    bench.http.put("/a", "application/octet-stream", changed.clone());
    assert_eq!(go_on(&bench, &get, &changed)["resumed_from"], 0, "it is not the same any more");

    restore();
    bench.http.put("/a", "application/octet-stream", "short");
    assert_eq!(go_on(&bench, &get, b"short")["resumed_from"], 0, "there is no rest");
}

/// A tag tells what the server has, and nothing of what is on the disk.
#[test]
fn a_part_that_lost_octets_is_not_gone_on_with() {
    let bench = Bench::with_line(Config::default(), Line::paced(2_000_000.try_into().unwrap()));
    // What is left is taken up where nothing takes long.
    let other = Bench::new();
    let body = octets(150_000);
    bench.http.put("/a", "application/octet-stream", body.clone());
    bench.ftp.put_file("/a", &body).unwrap();
    let (http, ftp) = (bench.http.url("/a"), bench.ftp_url("/a"));
    for get in [["http", "get", &http], ["ftp", "get", &ftp]] {
        for interruption in [Signal::INT, Signal::KILL] {
            let child = bench.command(&[&get[..], &["-o", "a", "--resume"]].concat()).spawn().unwrap();
            let part = bench.path("a.part");
            // Some of it is certain, and some is not yet.
            wait_until(|| part.metadata().is_ok_and(|part| part.len() > 80_000));
            signal(&child, interruption);
            child.wait_with_output().unwrap();
            let left = fs::read(&part).unwrap();
            assert!(body.starts_with(&left));
            let holes: [fn(&mut [u8]); 4] = [
                |part| part[..4096].fill(0),
                |part| part[part.len() / 2] ^= 0x20,
                |part| part.iter_mut().rev().take(4096).for_each(|octet| *octet = 0),
                |part| *part.last_mut().unwrap() ^= 1,
            ];
            for hole in holes {
                let mut damaged = left.clone();
                hole(&mut damaged);
                fs::write(other.path("a.part"), damaged).unwrap();
                fs::copy(bench.path("a.part.json"), other.path("a.part.json")).unwrap();
                assert_eq!(go_on(&other, &get, &body)["resumed_from"], 0, "{get:?}");
            }
            for name in bench.names() {
                fs::remove_file(bench.path(&name)).unwrap();
            }
        }
    }
}

#[test]
fn what_only_has_the_names_of_a_part_is_refused() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "octets");
    bench.ftp.put_file("/a", b"octets").unwrap();
    let (http, ftp) = (bench.http.url("/a"), bench.ftp_url("/a"));
    let (part, companion) = (bench.path("a.part"), bench.path("a.part.json"));
    let other = json!({ "url": http, "title": "precious" }).to_string();
    for (path, content) in [(&part, "precious"), (&companion, "precious"), (&companion, &other)] {
        fs::write(path, content).unwrap();
        for get in [["http", "get", &http], ["ftp", "get", &ftp]] {
            let resume = [&get[..], &["-o", "a", "--resume"]].concat();
            fails(&bench, &resume, 3, "file", "not from this program; move it away, or choose another name");
            assert_eq!(bench.run(&[&get[..], &["-o", "a"]].concat()).code, 0, "another name is taken");
            assert_eq!(fs::read(bench.path("a")).unwrap(), b"octets");
            fs::remove_file(bench.path("a")).unwrap();
        }
        assert_eq!(fs::read_to_string(path).unwrap(), content);
        assert_eq!(bench.names().len(), 1);
        fs::remove_file(path).unwrap();
    }
    assert!(bench.http.requests().len() <= 3, "what is refused is not asked for");
    for path in [&part, &companion] {
        std::os::unix::fs::symlink("elsewhere", path).unwrap();
        let resume = ["http", "get", &http, "-o", "a", "--resume"];
        fails(&bench, &resume, 3, "file", "not from this program");
        fs::remove_file(path).unwrap();
    }
    std::os::unix::fs::symlink("elsewhere", bench.path("a")).unwrap();
    for options in [&["--resume"][..], &[]] {
        let get = [&["http", "get", &http, "-o", "a"], options].concat();
        fails(&bench, &get, 3, "file", "leads nowhere");
    }
    assert!(!bench.path("elsewhere").exists());
}

#[test]
fn an_object_that_is_larger_than_the_module_goes_on_as_well() {
    let bench = Bench::new();
    let body = octets(1 << 20);
    bench.http.put("/a", "application/octet-stream", body.clone());
    let url = bench.http.url("/a");
    leave(&bench, &url, &body[..400_001], 1 << 20);
    assert_eq!(go_on(&bench, &["http", "get", &url], &body)["resumed_from"], 400_001);
}

#[test]
fn what_is_there_stays_when_the_server_says_no() {
    let bench = Bench::new();
    let url = bench.http.url("/missing");
    leave(&bench, &url, b"part", 10);
    let get = ["http", "get", &url, "-o", "a", "--resume"];
    fails(&bench, &get, 9, "http-status", "404 Not Found; a.part is kept");
    assert_eq!(fs::read(bench.path("a.part")).unwrap(), b"part");
    assert_eq!(bench.run(&["http", "get", &url, "-o", "a"]).code, 9);
    assert_eq!(bench.names(), ["a.part", "a.part.json"], "without the option another name is taken");
    fails(&bench, &["http", "get", &url, "-o", "/dev/null", "--resume"], 2, "usage", "is not a regular file");
    assert_eq!(bench.run(&["http", "get", &url, "--resume"]).code, 2, "of what?");
}

#[test]
fn a_file_goes_on_where_it_broke_off() {
    let bench = Bench::new();
    let file = octets(100_000);
    bench.ftp.put_file("/a", &file).unwrap();
    let url = bench.ftp_url("/a");
    let get = ["ftp", "get", &url];
    bench.ftp.inject(Fault::DataStall { after: 50_000 });
    let there = break_off(&bench, &get);
    let (part, companion) = (bench.path("a.part"), bench.path("a.part.json"));
    let left = (fs::read(&part).unwrap(), fs::read_to_string(&companion).unwrap());
    assert!(!left.1.contains(crate::bench::PASSWORD), "{}", left.1);
    let restore = || {
        fs::write(&part, &left.0).unwrap();
        fs::write(&companion, &left.1).unwrap();
    };

    let identity = format!("ftp://{}@{}/a", crate::bench::USER, bench.ftp.address());
    for part in [left.0.as_slice(), &file] {
        leave(&bench, &identity, part, 100_000);
        bench.ftp.inject(Fault::Answer { verb: "REST", reply: "502 no such thing".into() });
        assert_eq!(
            go_on(&bench, &get, &file)["resumed_from"],
            0,
            "the server opens files at their start only"
        );
    }

    restore();
    assert_eq!(go_on(&bench, &get, &file)["resumed_from"], there);

    leave(&bench, &identity, &file, 100_000);
    assert_eq!(go_on(&bench, &get, &file)["resumed_from"], 100_000, "nothing was missing");

    restore();
    bench.ftp.put_file("/a", b"changed").unwrap();
    assert_eq!(go_on(&bench, &get, b"changed")["resumed_from"], 0);
}

#[test]
fn the_rest_of_a_file_is_sent() {
    let bench = Bench::new();
    let file = octets(20_000);
    fs::write(bench.path("here"), &file).unwrap();
    let url = bench.ftp_url("/there");
    let put = ["ftp", "put", "--resume", "here", &url];
    let from = |expected: u64| {
        let object = bench.run(&[&["--json"], &put[..]].concat()).object();
        assert_eq!(object["resumed_from"], expected, "{object}");
        assert_eq!(object["octets"], 20_000 - expected, "{object}");
        assert_eq!(bench.ftp.file("/there").unwrap(), file);
    };
    from(0);
    from(20_000);
    bench.ftp.put_file("/there", &file[..7_001]).unwrap();
    from(7_001);
    bench.ftp.put_file("/there", &octets(20_001)).unwrap();
    fails(&bench, &put, 11, "changed", "without --resume");
    let other = [&b"another head"[..], &file[12..]].concat();
    for there in [&other[..], &other[..15_000]] {
        bench.ftp.put_file("/there", there).unwrap();
        fails(&bench, &put, 11, "changed", "without --resume");
        assert_eq!(bench.ftp.file("/there").unwrap(), there);
    }
    bench.ftp.put_file("/there", b"something else").unwrap();
    fails(&bench, &put, 11, "changed", "without --resume");
    assert_eq!(bench.ftp.file("/there").unwrap(), b"something else");
    fails(&bench, &["ftp", "put", "--resume", "/dev/null", &url], 2, "usage", "is no file");
}

#[test]
fn an_upload_of_any_size_is_gone_on_with_in_one_run() {
    // Slow enough for the module to restart in the middle of it.
    let bench = Bench::with_line(Config::default(), Line::paced(2_000_000.try_into().unwrap()));
    let file = octets(300_000);
    fs::write(bench.path("here"), &file).unwrap();
    let url = bench.ftp_url("/there");
    let put = |arguments: &[&str]| {
        let arguments = [&["--json", "ftp", "put", "here", &url], arguments].concat();
        let child = bench.command(&arguments).spawn().unwrap();
        wait_until(|| bench.ftp.file("/there").is_some_and(|there| there.len() > 150_000));
        bench.module.fault(ModuleFault::Restart { announced: true });
        let finished = Finished::new(child.wait_with_output().unwrap());
        assert_eq!(finished.code, 0, "{}", String::from_utf8_lossy(&finished.stdout));
        assert_eq!(bench.ftp.file("/there").unwrap(), file);
        finished.object()
    };
    // The server does not say what it has, so all is sent again: more than any buffer keeps.
    bench.ftp.inject(Fault::Answer { verb: "SIZE", reply: "550 not now".into() });
    let object = put(&[]);
    let causes = object["causes"].as_array().unwrap();
    assert!(causes.len() <= 2, "{object}");
    assert_eq!((&object["octets"], &object["retries"]), (&json!(300_000), &json!(causes.len())), "{object}");
    assert!(causes[0].as_str().unwrap().contains("restart"), "{object}");

    bench.ftp.put_file("/there", &file[..100_000]).unwrap();
    let object = put(&["--resume"]);
    assert_eq!((&object["octets"], &object["resumed_from"]), (&json!(200_000), &json!(100_000)), "{object}");
    // The restart is noticed once, or once more when it takes the line away under the first try.
    assert!((1..=2).contains(&object["retries"].as_u64().unwrap()), "{object}");
}

/// What was sent and what is sent then would be of two files.
#[test]
fn an_upload_is_not_gone_on_with_when_its_file_was_written_to() {
    let bench = Bench::with_line(Config::default(), Line::paced(2_000_000.try_into().unwrap()));
    fs::write(bench.path("here"), octets(300_000)).unwrap();
    let url = bench.ftp_url("/there");
    let child = bench.command(&["--json", "ftp", "put", "here", &url]).spawn().unwrap();
    wait_until(|| bench.ftp.file("/there").is_some_and(|there| there.len() > 150_000));
    // Another version of the same size, and nothing else to tell them apart by.
    File::options().write(true).open(bench.path("here")).unwrap().write_all(b"another head").unwrap();
    bench.module.fault(ModuleFault::Restart { announced: true });
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(finished.code, 4, "{}", String::from_utf8_lossy(&finished.stdout));
    let object = finished.object();
    assert_eq!(object["error"]["kind"], "restarted", "{object}");
    assert!(object["error"]["message"].as_str().unwrap().contains("bytes of the file"), "{object}");
    assert!(octets(300_000).starts_with(&bench.ftp.file("/there").unwrap()), "nothing is mixed");
}

#[test]
fn a_download_that_breaks_off_is_gone_on_with_and_it_is_said() {
    let bench = Bench::new();
    let file = octets(60_000);
    bench.ftp.put_file("/a", &file).unwrap();
    let url = bench.ftp_url("/a");
    bench.ftp.inject(Fault::DataReset { after: 30_000 });
    let got = bench.run(&["ftp", "get", &url, "-o", "a", "--trace", "trace"]);
    assert_eq!(got.code, 0, "{}", got.stderr);
    assert_eq!(fs::read(bench.path("a")).unwrap(), file);
    let told = |text: &str| text.contains("bytes moved; trying again in 1s (1 of 3 tries in a row)");
    assert!(told(&got.stderr), "{}", got.stderr);
    let decoded = String::from_utf8(bench.run(&["decode", "trace"]).stdout).unwrap();
    let retries: Vec<_> = decoded.lines().filter(|line| line.contains('↻')).collect();
    assert!(retries.len() == 1 && told(retries[0]), "{retries:?}");

    bench.ftp.inject(Fault::DataReset { after: 30_000 });
    let object = bench.run(&["--json", "ftp", "get", &url, "-o", "a"]).object();
    assert_eq!((&object["octets"], &object["retries"]), (&json!(60_000), &json!(1)), "{object}");
    let object = bench.run(&["--json", "ftp", "get", &url, "-o", "a"]).object();
    assert_eq!((&object["retries"], object.get("causes")), (&json!(0), None), "{object}");
    bench.ftp.inject(Fault::Answer { verb: "REST", reply: "502 no such thing".into() });
    bench.ftp.inject(Fault::DataReset { after: 30_000 });
    let object = bench.run(&["--json", "ftp", "get", &url, "-o", "c"]).object();
    assert_eq!((&object["ok"], &object["retries"]), (&json!(false), &json!(1)), "{object}");

    bench.ftp.inject(Fault::DataReset { after: 30_000 });
    let got = bench.run(&["--retries", "0", "ftp", "get", &url, "-o", "b"]);
    assert_eq!(got.code, 7, "{}", got.stderr);
    assert!(!got.stderr.contains("again"), "{}", got.stderr);
}

#[test]
fn firmware_that_cannot_ask_for_sizes_goes_on_all_the_same() {
    let bench = Bench::new();
    let file = octets(20_000);
    bench.ftp.put_file("/a", &file).unwrap();
    let port = bench.port_without("FTPSIZE");
    let url = bench.ftp_url("/a");
    let got = bench.run(&["-p", &port, "--json", "ftp", "get", &url, "-o", "a", "--resume"]);
    assert_eq!(got.object()["octets"], 20_000, "{}", got.object());
    assert!(fs::read(bench.path("a")).unwrap() == file);
}

#[test]
fn a_file_that_has_changed_is_fetched_anew_whatever_its_size() {
    let bench = Bench::new();
    let url = bench.ftp_url("/a");
    let identity = format!("ftp://{}@{}/a", crate::bench::USER, bench.ftp.address());
    let get = ["ftp", "get", &url];
    let begins_anew = |part: &[u8], file: &[u8]| {
        bench.ftp.put_file("/a", file).unwrap();
        leave(&bench, &identity, part, 100_000);
        assert_eq!(go_on(&bench, &get, file)["resumed_from"], 0);
    };
    begins_anew(&[b'1'; 50_000], &[b'2'; 100_000]);
    begins_anew(&[b'1'; 100_000], &[b'2'; 100_000]);
    begins_anew(&[b'1'; 5], &[b'2'; 100_000]);

    let no_size = || bench.ftp.inject(Fault::Answer { verb: "SIZE", reply: "502 no such thing".into() });
    no_size();
    begins_anew(&[b'1'; 50_000], &[b'3'; 70_000]);
    no_size();
    // Shorter than what is there, by less than is compared.
    begins_anew(&[b'3'; 70_100], &[b'3'; 70_000]);
    no_size();
    leave(&bench, &identity, &[b'3'; 70_000], 100_000);
    assert_eq!(go_on(&bench, &get, &[b'3'; 70_000])["resumed_from"], 70_000, "it is all of it");
}

#[test]
fn a_body_without_a_tag_that_has_changed_is_fetched_anew_whatever_its_size() {
    let bench = Bench::new();
    let url = bench.http.url("/a");
    let get = ["http", "get", &url];
    let body = octets(100_000);
    bench.http.put("/a", "application/octet-stream", body.clone());
    for there in [5, 50_000, 100_000] {
        leave(&bench, &url, &vec![b'1'; there], 100_000);
        assert_eq!(go_on(&bench, &get, &body)["resumed_from"], 0, "{there}");
        leave(&bench, &url, &body[..there], 100_000);
        assert_eq!(go_on(&bench, &get, &body)["resumed_from"], there, "{there}");
    }
}

#[test]
fn what_was_kept_is_told_and_that_a_file_has_changed() {
    let bench = Bench::new();
    let body = octets(100_000);
    bench.http.put("/a", "application/octet-stream", body.clone());
    bench.ftp.put_file("/a", &body).unwrap();
    let (http, ftp) = (bench.http.url("/a"), bench.ftp_url("/a"));
    let identity = format!("ftp://{}@{}/a", crate::bench::USER, bench.ftp.address());
    for (scheme, url, identity, changed) in [
        ("http", &http, &http, "sim800: the file on the server has changed; starting again\n"),
        (
            "ftp",
            &ftp,
            &identity,
            "sim800: the file on the server has changed, or the server cannot resume; starting again\n",
        ),
    ] {
        leave(&bench, identity, &body[..60_000], 100_000);
        let whole = bench.run(&[scheme, "get", url, "-o", "a", "--resume"]);
        assert_eq!(whole.code, 0, "{}", whole.stderr);
        assert!(fs::read(bench.path("a")).unwrap() == body);
        assert!(whole.stderr.contains("40000 bytes in "), "{}", whole.stderr);
        assert!(whole.stderr.ends_with("; 60000 bytes were there already\n"), "{}", whole.stderr);

        leave(&bench, identity, &[b'1'; 60_000], 100_000);
        let anew = bench.run(&[scheme, "get", url, "-o", "b", "--resume"]);
        assert!(!anew.stderr.contains("already"), "{}", anew.stderr);
        let anew = bench.run(&[scheme, "get", url, "-o", "a", "--resume"]);
        assert!(anew.stderr.contains(changed) && !anew.stderr.contains("already"), "{}", anew.stderr);
    }
}

#[test]
fn a_download_that_is_interrupted_before_anything_comes_leaves_the_part_of_an_earlier_run() {
    let bench = Bench::new();
    leave(&bench, "ftp://user@example.com/other", &[b'1'; 60_000], 100_000);
    bench.ftp.put_file("/a", &octets(60_000)).unwrap();
    bench.ftp.inject(Fault::DataStall { after: 0 });
    let child = bench.command(&["ftp", "get", &bench.ftp_url("/a"), "-o", "a"]).spawn().unwrap();
    wait_until(|| bench.ftp.faults_waiting() == 0);
    signal(&child, Signal::INT);
    let broken = Finished::new(child.wait_with_output().unwrap());
    let kept = "sim800: interrupted; sim800 kept nothing of this run; a.part of an earlier one is still there; with --resume";
    assert!(broken.stderr.starts_with(kept), "{}", broken.stderr);
    assert_eq!(bench.names(), ["a.part", "a.part.json"]);
}

#[test]
fn what_helps_against_a_cause_is_told_once() {
    let faults = [20_000, 60_000, 100_000].map(|after| ModuleFault::Damage { after, damage: Damage::Drop });
    let bench = Bench::new();
    for fault in faults {
        bench.module.fault(fault);
    }
    bench.http.put("/a", "application/octet-stream", octets(100_000));
    let got = bench.run(&["http", "get", &bench.http.url("/a"), "-o", "a"]);
    assert_eq!(got.code, 0, "{}", got.stderr);
    assert!(got.stderr.matches("trying again").count() > 1, "{}", got.stderr);
    assert_eq!(got.stderr.matches("enable RTS/CTS or lower the rate").count(), 1, "{}", got.stderr);
}

/// A program may be killed when all has come and the file has not got its name yet.
#[test]
fn a_body_that_is_there_as_a_whole_is_not_fetched_again() {
    let bench = Bench::new();
    let url = bench.http.url("/a");
    let get = ["http", "get", &url];
    let body = octets(10_000);
    bench.http.put("/a", "text/plain", body.clone());
    let leave_all = |validator| leave_with(&bench, &url, &body, 10_000, validator);
    for validator in [Some("\"1\""), None] {
        leave_all(validator);
        assert_eq!(go_on(&bench, &get, &body)["resumed_from"], 10_000, "{validator:?}");
        assert_eq!(bench.http.requests().pop().unwrap().headers()["range"], "bytes=8976-", "{validator:?}");
    }
    leave_all(Some("\"0\""));
    assert_eq!(go_on(&bench, &get, &body)["resumed_from"], 0, "it is not the same any more");
}

#[test]
fn resuming_an_upload_is_advised_only_where_it_helps() {
    let bench = Bench::new();
    fs::write(bench.path("here"), octets(200_000)).unwrap();
    let url = bench.ftp_url("/there");
    let refuse = |verb, reply: &str| bench.ftp.inject(Fault::Answer { verb, reply: reply.into() });
    let put = |arguments: &[&str]| {
        let finished = bench.run(&[&["-q", "ftp", "put"], arguments].concat());
        assert_eq!(finished.code, 8, "{}", finished.stderr);
        finished.stderr
    };
    let is_advised = |said: &str| said.contains("--resume goes on with it");

    bench.ftp.inject(Fault::DataReset { after: 150_000 });
    refuse("SIZE", "213 10");
    let (reader, mut writer) = io::pipe().unwrap();
    let mut command = bench.command(&["-q", "ftp", "put", "/dev/stdin", &url]);
    let child = command.stdin(reader).spawn().unwrap();
    drop(command);
    // It is closed before its end.
    let _ = writer.write_all(&octets(200_000));
    drop(writer);
    let said = Finished::new(child.wait_with_output().unwrap()).stderr;
    assert!(said.contains("10 bytes of the file") && !is_advised(&said), "a pipe: {said}");

    bench.ftp.put_file("/there", b"").unwrap();
    refuse("STOR", "553 no");
    let said = put(&["here", &url, "--resume"]);
    assert!(said.contains("may be written to") && !is_advised(&said), "nothing is there: {said}");
    let other = bench.ftp_url_with_password("wrong", "/there");
    let said = put(&["here", &other, "--resume"]);
    assert!(said.contains("check user and password") && !is_advised(&said), "{said}");

    bench.ftp.inject(Fault::DataReset { after: 50_000 });
    let said = put(&["here", &url, "--resume", "--retries", "0"]);
    assert!(is_advised(&said), "some of it is there: {said}");
}
