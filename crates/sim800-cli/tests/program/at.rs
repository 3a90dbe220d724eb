//! `sim800 at`: commands as they are, for those who know them.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::json;
use sim800_emulator::Fault;

use crate::bad_input::fails;
use crate::bench::{Bench, Finished};

#[test]
fn several_commands_are_sent_one_after_another() {
    let bench = Bench::new();
    let finished = bench.run(&["at", "AT+CGMM", "AT+CSQ"]);
    assert_eq!(
        (finished.code, finished.stdout.as_slice()),
        (0, &b"SIMCOM_SIM800L\nOK\n+CSQ: 21,0\nOK\n"[..])
    );
    let finished = bench.run(&["at", "AT+CGMM", "AT+NONSENSE", "AT+CSQ"]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (12, &b"SIMCOM_SIM800L\nOK\nERROR\n"[..]));
    let object = bench.run(&["--json", "at", "AT+CGMM", "AT+CSQ"]).object();
    assert_eq!(
        object["responses"],
        json!([
            { "command": "AT+CGMM", "lines": ["SIMCOM_SIM800L"], "result": "OK" },
            { "command": "AT+CSQ", "lines": ["+CSQ: 21,0"], "result": "OK" },
        ])
    );
    let object = bench.run(&["--json", "at", "AT+CSQ"]).object();
    assert_eq!((&object["lines"], &object["result"]), (&json!(["+CSQ: 21,0"]), &json!("OK")));

    // Some end otherwise.
    let finished = bench.run(&["at", "AT+CIPSHUT", "AT"]);
    assert_eq!(finished.stdout, b"SHUT OK\nOK\n", "{}", finished.stderr);
    assert_eq!(bench.run(&["--json", "at", "AT+CIPSHUT"]).object()["result"], "SHUT OK");

    let mut child = bench.command(&["at", "AT", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"# what it is\nAT+CGMM\r\n\nAT+CSQ").unwrap();
    let finished = Finished::new(child.wait_with_output().unwrap());
    assert_eq!(finished.stdout, b"OK\nSIMCOM_SIM800L\nOK\n+CSQ: 21,0\nOK\n", "{}", finished.stderr);
    fails(&bench, &["at", "-"], 2, "usage", "there is no command");
    fails(&bench, &["at", "AT", "CSQ"], 2, "usage", "AT");
}

#[test]
fn a_request_is_made_by_hand() {
    let bench = Bench::new();
    bench.http.put("/page", "text/plain", "a page");
    fs::write(bench.path("body"), "AT+CSQ\r\n").unwrap();
    let url = format!("AT+HTTPPARA=\"URL\",\"{}\"", bench.http.url("/page"));
    assert_eq!(bench.run(&["bearer", "open"]).code, 0);
    let finished = bench.run(&[
        "at",
        "AT+HTTPINIT",
        "AT+HTTPPARA=\"CID\",1",
        &url,
        "AT+HTTPACTION=0",
        "AT+HTTPREAD",
        "AT+HTTPTERM",
    ]);
    let shown = String::from_utf8(finished.stdout).unwrap();
    assert_eq!(
        shown, "OK\nOK\nOK\nOK\n+HTTPACTION: 0,200,6\n+HTTPREAD: 6\na page\nOK\nOK\n",
        "{}",
        finished.stderr
    );
    let post = [
        "at",
        "AT+HTTPINIT",
        "AT+HTTPPARA=\"CID\",1",
        &url,
        "AT+HTTPDATA=8,5000",
        "AT+HTTPACTION=1",
        "AT+HTTPTERM",
    ];
    fails(&bench, &post, 2, "usage", "AT+HTTPDATA; give them with --data FILE");
    let finished = bench.run(&[&["--json"], &post[..], &["--data", "body"]].concat());
    let object = finished.object();
    let told = object["responses"][4]["unsolicited"].as_str().unwrap();
    assert!(told.starts_with("+HTTPACTION: 1,200,"), "{object}");
    assert_eq!(bench.http.body("/page").unwrap(), b"AT+CSQ\r\n".as_slice());

    // The module would take the rest for a command.
    let short = ["at", "AT+HTTPDATA=5,5000", "--data", "body"];
    fails(&bench, &short, 2, "usage", "AT+HTTPDATA announces 5 bytes, and body has 8");
    fails(&bench, &["at", "AT+CSQ", "--data", "body"], 2, "usage", "no command is known to ask for bytes");
    bench.expect_usable();
}

#[test]
fn an_unsolicited_result_is_waited_for_as_long_as_is_wanted() {
    let bench = Bench::new();
    let url = format!("AT+HTTPPARA=\"URL\",\"{}\"", bench.http.url("/stall"));
    assert_eq!(bench.run(&["bearer", "open"]).code, 0);
    let begin = ["at", "AT+HTTPINIT", "AT+HTTPPARA=\"CID\",1", &url];
    assert_eq!(bench.run(&begin).code, 0);
    let finished = bench.run(&["at", "AT+HTTPACTION=0", "--wait", "0"]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (0, &b"OK\n"[..]));
    assert_eq!(bench.run(&["at", "AT+HTTPTERM"]).code, 0);
    assert_eq!(bench.run(&begin).code, 0);
    let finished = bench.run(&["at", "AT+HTTPACTION=0", "--wait", "0.2"]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (10, &b"OK\n"[..]));
    assert!(finished.stderr.contains("no +HTTPACTION came"), "{}", finished.stderr);
    assert_eq!(bench.run(&["at", "AT+HTTPTERM"]).code, 0);
    bench.expect_usable();
}

/// The advice to look at power and line would send people the wrong way.
#[test]
fn where_the_module_answers_the_line_is_not_blamed() {
    let bench = Bench::new();
    let path = r"C:\User\ftp\a.txt";
    fs::write(bench.path("a"), "eighteen octets ..").unwrap();
    assert_eq!(bench.run(&["fs", "put", "a", path]).code, 0);
    // Where the result code is taken for the file's octets, in part and as a whole.
    for size in [20, 100] {
        let finished = bench.run(&["at", &format!("AT+FSREAD={path},1,{size},0")]);
        assert_eq!((finished.code, finished.stdout.as_slice()), (4, &b""[..]));
        assert!(finished.stderr.contains("ask for no more than the file has"), "{}", finished.stderr);
        assert!(!finished.stderr.contains("fell silent"), "{}", finished.stderr);
    }

    let hesitate = Fault::Hesitate { by: std::time::Duration::from_secs(6) };
    bench.module.fault(Fault::Flaw { line: "AT+CSQ".to_owned(), fault: Box::new(hesitate) });
    let finished = bench.run(&["at", "AT+CSQ"]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (10, &b""[..]));
    assert!(finished.stderr.contains("although the module answers AT"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("check its power"), "{}", finished.stderr);
}

/// The program has nothing for a prompt that the table does not tell of.
#[test]
fn data_that_a_command_asks_for_unexpectedly_is_named() {
    let bench = Bench::new();
    fails(&bench, &["at", "AT+CMGW=\"1\""], 2, "misuse", "asks for data behind AT+CMGW");
    bench.expect_usable();
}
