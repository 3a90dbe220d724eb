//! The bearer: what it is opened with, and who closes it.

use std::fs;

use sim800_emulator::Config;

use crate::bench::{Bench, Finished};

/// A module in a network whose only access point is called `right`, and asks for a user and a password.
fn bench() -> Bench {
    let mut config = Config::default();
    config.apn = Some("right".into());
    config.apn_credentials = Some(("me".into(), "sesame".into()));
    Bench::with(config)
}

const ACCESS: [&str; 6] = ["--apn", "right", "--apn-user", "me", "--apn-password", "sesame"];

#[test]
fn it_is_opened_shown_and_closed_by_hand() {
    let bench = bench();
    let status = |arguments: &[&str]| {
        let object = bench.run(&[&["--json", "bearer"], arguments].concat()).object();
        (object["state"].as_str().unwrap().to_owned(), object["apn"].clone(), object["address"].clone())
    };
    assert_eq!(status(&["status"]), ("closed".into(), None::<&str>.into(), None::<&str>.into()));
    assert_eq!(
        status(&[&["open"][..], &ACCESS].concat()),
        ("open".into(), "right".into(), "10.89.193.1".into())
    );
    let text = String::from_utf8(bench.run(&["bearer", "status"]).stdout).unwrap();
    assert!(text.contains("state     open\n") && text.contains("password  set\n"), "{text}");
    assert!(!text.contains("sesame"), "{text}");
    assert_eq!(status(&["close"]), ("closed".into(), "right".into(), None::<&str>.into()));
    assert_eq!(status(&["close"]).0, "closed", "that it is closed already is no failure");
}

#[test]
fn another_access_point_name_is_not_ignored() {
    let bench = bench();
    assert_eq!(bench.run(&[&["bearer", "open"][..], &ACCESS].concat()).code, 0);
    let finished = bench.run(&["--json", "--apn", "wrong", "bearer", "open"]);
    assert_eq!((finished.code, &finished.object()["error"]["kind"]), (6, &"bearer-refused".into()));
    let finished = bench.run(&["--json", "--apn", "right", "bearer", "open"]);
    assert_eq!(finished.object()["apn"], "right", "user and password were left as they were set");
    let finished = bench.run(&["--apn", "right", "--apn-user", "", "--apn-password", "", "bearer", "open"]);
    assert_eq!(finished.code, 6);
    let said = "with the APN 'right' (command line); check it, and the user and the password there\n";
    assert!(finished.stderr.ends_with(said), "{}", finished.stderr);
}

#[test]
fn it_stays_open_unless_it_is_to_be_closed() {
    let bench = bench();
    bench.http.put("/a", "text/plain", "a");
    let url = bench.http.url("/a");
    let state = || bench.run(&["--json", "bearer", "status"]).object()["state"].clone();
    assert_eq!(bench.run(&[&["http", "get", &url][..], &ACCESS].concat()).stdout, b"a");
    assert_eq!(state(), "open");
    assert_eq!(bench.run(&["--close", "http", "get", &url]).stdout, b"a");
    assert_eq!(state(), "closed");
    // After a failure as well.
    let missing = bench.http.url("/missing");
    let finished = bench.run(&["--json", "--close", "http", "get", &missing, "-o", "a"]);
    assert_eq!(finished.error().0, "http-status", "{:?}", finished.error());
    assert_eq!(state(), "closed");
}

#[test]
fn a_refusal_says_which_option_may_help() {
    let bench = bench();
    let said = |arguments: &[&str]| bench.run(&[arguments, &["bearer", "open"]].concat()).stderr;
    assert!(said(&[]).contains("with --apn"), "{}", said(&[]));
    let without_user = said(&["--apn", "right"]);
    assert!(
        without_user.contains("with the APN 'right' (command line); check it, and give --apn-user"),
        "{without_user}"
    );
    fs::write(bench.path("config.toml"), "\napn = \"wrong\"\n").unwrap();
    let of_file = said(&["--config", "config.toml"]);
    assert!(of_file.contains("the APN 'wrong' (configuration file, line 2)"), "{of_file}");
    let mut of_variable = bench.command(&["bearer", "open"]);
    let of_variable = Finished::new(of_variable.env("SIM800_APN", "other").output().unwrap()).stderr;
    assert!(of_variable.contains("the APN 'other' (environment, SIM800_APN)"), "{of_variable}");
}
