//! Where settings come from: the command line, the environment, the configuration file.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::bench::{Finished, program};

/// A folder with a configuration, where the program looks for one.
struct Configured(tempfile::TempDir);

impl Configured {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sim800")).unwrap();
        let configured = Self(folder);
        fs::write(configured.path(), text).unwrap();
        configured.allow(0o600);
        configured
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("sim800/config.toml")
    }

    fn allow(&self, mode: u32) {
        fs::set_permissions(self.path(), Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Finished {
        let mut command = program(arguments);
        command.env("XDG_CONFIG_HOME", self.0.path()).envs(variables.iter().copied());
        Finished::new(command.output().unwrap())
    }

    /// What is in force, and from where.
    fn shown(&self, variables: &[(&str, &str)], arguments: &[&str], name: &str) -> (Value, Value) {
        let finished = self.run(variables, &[&["--json", "config"], arguments].concat());
        let setting = finished.object()["settings"][name].clone();
        (setting["value"].clone(), setting["from"].clone())
    }
}

const FILE: &str = "port = \"/dev/ttyUSB7\"\napn = \"of-file\"\nclose = true\n\n[ports.\"/dev/ttyUSB7\"]\nbaud = 9600\n\n\
                    [ports.\"tcp://a:1\"]\napn = \"of-other\"\n";

#[test]
fn what_is_nearer_counts() {
    let configured = Configured::new(FILE);
    let shown =
        |variables: &[(&str, &str)], arguments: &[&str], name| configured.shown(variables, arguments, name);
    let told = |value: &str, from: &str| (Value::from(value), Value::from(from));
    assert_eq!(shown(&[], &[], "port"), told("/dev/ttyUSB7", "configuration file, line 1"));
    assert_eq!(shown(&[], &[], "baud"), told("9600", "configuration file, line 6, for this port"));
    assert_eq!(shown(&[], &[], "apn"), told("of-file", "configuration file, line 2"));
    assert_eq!(
        shown(&[], &["-p", "tcp://a:1"], "apn"),
        told("of-other", "configuration file, line 9, for this port")
    );
    assert_eq!(shown(&[("SIM800_APN", "e")], &[], "apn"), told("e", "environment, SIM800_APN"));
    assert_eq!(shown(&[("SIM800_APN", "e")], &["--apn", "c"], "apn"), told("c", "command line"));
    assert_eq!(shown(&[("SIM800_APN", "")], &[], "apn"), told("of-file", "configuration file, line 2"));
    assert_eq!(shown(&[], &[], "close"), told("true", "configuration file, line 3"));
    assert_eq!(shown(&[], &[], "runtime"), told("smol", "default"));
    assert_eq!(shown(&[], &[], "pin"), (Value::Null, Value::Null));
}

#[test]
fn a_port_may_come_from_the_file() {
    let configured = Configured::new("port = \"emulator\"\n");
    let finished = configured.run(&[], &["--json", "at", "AT"]);
    assert_eq!(finished.object()["port"], "emulator");
    let finished = configured.run(&[("SIM800_PORT", "")], &["--json", "at", "AT"]);
    assert_eq!(finished.object()["port"], "emulator", "a variable that is empty is none");
    assert_eq!(configured.run(&[], &["-p", "", "at", "AT"]).code, 2);
    assert_eq!(configured.run(&[], &["--config", "/dev/null", "at", "AT"]).code, 2);
}

#[test]
fn what_is_wrong_in_the_file_names_its_line() {
    for (text, line, said) in [
        ("apn = \"a\"\napm = \"b\"\n", 2, "no setting apm; did you mean apn?"),
        ("retrys = 1\nbuad = 9600\n", 1, "did you mean retries?"),
        ("baud = \"quick\"\n", 1, "a rate is a number"),
        ("runtime = \"threads\"\n", 1, "runtime"),
        ("[ports.\"a\"]\nport = \"b\"\n", 2, "has its name already"),
        ("apn = \n", 1, ""),
        ("trace = \"file\"\n", 1, "no setting trace"),
        ("close = 1\n", 1, "true or false"),
    ] {
        let configured = Configured::new(text);
        let finished = configured.run(&[], &["config"]);
        assert_eq!(finished.code, 2, "{text:?}");
        let place = format!("config.toml, line {line}: ");
        assert!(
            finished.stderr.contains(&place) && finished.stderr.contains(said),
            "{text:?}: {}",
            finished.stderr
        );
        let finished = configured.run(&[], &["--json", "config"]);
        assert_eq!(finished.object()["error"]["kind"], "usage");
        // What has to do with no module is not kept from working.
        assert_eq!(configured.run(&[], &["commands", "CSQ"]).code, 0);
    }
    let finished = Configured::new("").run(&[], &["--config", "/nowhere/a.toml", "config"]);
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("/nowhere/a.toml"), "{}", finished.stderr);
}

#[test]
fn a_file_with_secrets_is_for_its_owner_only() {
    let configured = Configured::new("apn = \"a\"\n\npin = \"1234\"\n");
    assert_eq!(configured.run(&[], &["config"]).code, 0);
    for mode in [0o644, 0o604] {
        configured.allow(mode);
        let finished = configured.run(&[], &["config"]);
        assert_eq!(finished.code, 2);
        assert!(
            finished.stderr.contains("line 3: pin is secret") && finished.stderr.contains("chmod 600"),
            "{}",
            finished.stderr
        );
    }
    let configured = Configured::new("pin-file = \"pin\"\n");
    configured.allow(0o644);
    fs::write(configured.0.path().join("sim800/pin"), "1234\n").unwrap();
    fs::set_permissions(configured.0.path().join("sim800/pin"), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(configured.run(&[], &["config"]).code, 0, "the file with the PIN lies beside it");
}

#[test]
fn a_secret_and_a_file_with_one_are_one_setting() {
    let configured = Configured::new("pin-file = \"missing\"\n");
    let (value, from) = configured.shown(&[("SIM800_PIN", "1234")], &[], "pin");
    assert_eq!((value, from), ("***".into(), "environment, SIM800_PIN".into()));
    assert_eq!(configured.shown(&[("SIM800_PIN", "1234")], &[], "pin-file").0, Value::Null);
    let finished = configured.run(&[], &["config"]);
    assert!(finished.code == 2 && finished.stderr.contains("missing"), "{}", finished.stderr);
    let finished = configured.run(&[], &["--pin", "1234", "--pin-file", "missing", "config"]);
    assert!(finished.code == 2 && finished.stderr.contains("not both"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("1234"), "{}", finished.stderr);
}

#[test]
fn a_file_with_a_secret_is_for_its_owner_only() {
    let bench = crate::bench::Bench::new();
    bench.ftp.put_file("/a", b"octets").unwrap();
    fs::write(bench.path("password"), format!("{}\n", crate::bench::PASSWORD)).unwrap();
    let url = format!("ftp://{}@{}/a", crate::bench::USER, bench.ftp.address());
    let size = || bench.run(&["ftp", "size", &url, "--ftp-password-file", "password"]);
    fs::set_permissions(bench.path("password"), Permissions::from_mode(0o644)).unwrap();
    let refused = size();
    assert!(refused.code == 2 && refused.stderr.contains("run chmod 600 on it"), "{}", refused.stderr);
    fs::set_permissions(bench.path("password"), Permissions::from_mode(0o600)).unwrap();
    let told = size();
    assert_eq!((told.code, told.stdout.as_slice()), (0, &b"6\n"[..]), "{}", told.stderr);
    let without = bench.run(&["ftp", "size", &url]);
    assert!(without.code == 2 && without.stderr.contains("--ftp-password-file"), "{}", without.stderr);
}
