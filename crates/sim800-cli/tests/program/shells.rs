//! What shells and packages ask of the program.

use std::fs;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sim800");

/// What a shell is offered for the last of `words`.
fn offered(words: &[&str]) -> String {
    let output = Command::new(PROGRAM)
        .args([&["--", "sim800"], words].concat())
        .envs([("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", &words.len().to_string())])
        .env("_CLAP_IFS", "\n")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).env_remove("SIM800_PORT").output().unwrap()
}

#[test]
fn a_shell_completes_commands_options_and_what_only_the_program_knows() {
    assert_eq!(offered(&["ft"]), "ftp");
    assert_eq!(offered(&["http", "get", "--rang"]), "--range");
    assert_eq!(offered(&["commands", "FTPGETT"]), "FTPGETTOFS");
    assert_eq!(offered(&["at", "AT+FTPGETT"]), "AT+FTPGETTOFS");
    for words in [&["--port", "emu"][..], &["ports", "emu"]] {
        assert_eq!(offered(words), "emulator");
    }
    for words in [&["ftp", "put", "Cargo.t"][..], &["http", "post", "http://a", "--data-file", "Cargo.t"]] {
        assert_eq!(offered(words), "Cargo.toml");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(&["man", folder.path().to_str().unwrap()]).status.success());
    let page = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(page("sim800.1").contains("sim800\\-ftp(1)"));
    assert!(page("sim800-http-get.1").contains("\\-\\-range"));
}

#[test]
fn pages_need_a_directory_that_is_there() {
    let output = run(&["man", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/at/all"), "{output:?}");
}
