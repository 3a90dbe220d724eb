//! A SIM card that wants its PIN.

use std::fs;

use sim800_emulator::{Config, Sim};

use crate::bench::Bench;

fn bench(sim: Sim) -> Bench {
    let mut config = Config::default();
    config.sim = sim;
    Bench::with(config)
}

fn locked() -> Bench {
    bench(Sim::PinRequired { pin: "1234".into() })
}

fn tries(bench: &Bench) -> String {
    String::from_utf8(bench.run(&["at", "AT+SPIC"]).stdout).unwrap()
}

#[test]
fn the_pin_comes_from_a_file_the_environment_or_the_command_line() {
    let bench = locked();
    let finished = bench.run(&["--json", "info"]);
    let (kind, message) = finished.error();
    assert_eq!((finished.code, kind.as_str()), (5, "sim-pin"));
    assert!(message.contains("--pin-file"), "{message}");
    bench.keep_secret("pin", "1234\n");
    assert_eq!(bench.run(&["--pin-file", "pin", "info"]).code, 0);
    assert_eq!(locked().run(&["--pin", "1234", "info"]).code, 0);
    let bench = locked();
    let output = bench.command(&["info"]).env("SIM800_PIN", "1234").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_wrong_pin_is_tried_once_and_never_the_last_time() {
    let bench = locked();
    let finished = bench.run(&["--pin", "4321", "--json", "info"]);
    let (kind, message) = finished.error();
    assert_eq!((finished.code, kind.as_str()), (5, "sim-pin-wrong"));
    assert!(message.contains("2 tries are left"), "{message}");
    assert!(tries(&bench).starts_with("+SPIC: 2,"), "{}", tries(&bench));
    assert!(bench.run(&["--pin", "4321", "info"]).stderr.contains("one try is left"));
    for pin in ["4321", "1234"] {
        let finished = bench.run(&["--pin", pin, "info"]);
        assert!(
            finished.stderr.contains("was not entered") && finished.stderr.contains("--force-pin"),
            "{}",
            finished.stderr
        );
        assert!(tries(&bench).starts_with("+SPIC: 1,"), "{}", tries(&bench));
    }
    assert_eq!(bench.run(&["--pin", "1234", "--force-pin", "info"]).code, 0);
}

#[test]
fn a_card_that_is_locked_for_good_says_so() {
    let bench = bench(Sim::PukRequired);
    let finished = bench.run(&["--pin", "1234", "--json", "info"]);
    let (kind, message) = finished.error();
    assert_eq!((finished.code, kind.as_str()), (5, "sim-puk"));
    assert!(message.contains("PUK"), "{message}");
}

#[test]
fn neither_the_pin_nor_the_password_is_shown() {
    let bench = locked();
    let secrets = ["--pin", "1234", "--apn", "a", "--apn-user", "me", "--apn-password", "sesame"];
    let finished = bench.run(&[&secrets[..], &["-vv", "--trace", "trace", "bearer", "open"]].concat());
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let trace = fs::read_to_string(bench.path("trace")).unwrap();
    for said in [trace, finished.stderr, String::from_utf8(finished.stdout).unwrap()] {
        assert!(!said.contains("1234") && !said.contains("sesame"), "{said}");
    }
    let config = bench.run(&[&secrets[..], &["config"]].concat());
    let config = String::from_utf8(config.stdout).unwrap();
    assert!(config.contains("***") && !config.contains("1234") && !config.contains("sesame"), "{config}");
}
