//! `sim800 fuzz` against firmware with flaws, and `sim800 grammar`.

use std::fs;

use serde_json::Value;
use sim800_emulator::Fault;

use crate::bench::Bench;

#[test]
fn flaws_of_the_firmware_are_found_made_short_and_found_again() {
    let bench = Bench::new();
    let flaw = |line: &str| {
        let fault = Box::new(Fault::Restart { announced: true });
        bench.module.fault(Fault::Flaw { line: line.to_owned(), fault });
    };
    flaw("AT+FTPPORT=65536");
    let finished = bench.run(&["--json", "fuzz", "--pause", "0", "FTPPORT", "FTPUN"]);
    assert_eq!(finished.code, 1, "{finished:?}");
    let finding = &finished.object()["findings"][0];
    assert_eq!(
        (finding["happened"].as_str(), finding["kind"].as_str()),
        (Some("a restart"), Some("out of range"))
    );
    assert_eq!(finding["again"], serde_json::json!(["AT+FTPPORT=65536"]));
    assert_eq!(finished.object()["findings"].as_array().unwrap().len(), 1);

    let replayed = bench.run(&["fuzz", "--replay", "findings/finding-1.txt"]);
    assert_eq!((replayed.code, &replayed.stdout[..]), (0, &b"a restart\n"[..]), "{replayed:?}");
    let trace = fs::read_to_string(bench.path("findings/finding-1.jsonl")).unwrap();
    assert!(trace.contains("RDY"), "{trace}");
    // What is mended does not happen again, and a later run takes nothing from an earlier one.
    bench.module.fault(Fault::Over);
    let replayed = bench.run(&["fuzz", "--replay", "findings/finding-1.txt"]);
    assert_eq!(replayed.code, 1, "{replayed:?}");
    flaw("AT+FTPPORT?");
    assert_eq!(bench.run(&["fuzz", "--pause", "0", "FTPPORT"]).code, 1);
    assert!(bench.path("findings/finding-2.txt").exists());
}

#[test]
fn no_line_is_sent_that_costs_something() {
    let bench = Bench::new();
    let finished = bench.run(&["--json", "--trace", "line.jsonl", "fuzz", "--pause", "0"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.object()["sent"].as_u64().unwrap() > 500);
    let trace = fs::read_to_string(bench.path("line.jsonl")).unwrap();
    for line in ["HTTPACTION=", "SAPBR=1,", "CPIN=", "CPOWD=", "IPR=", "CFUN=", "FSDEL=", "FTPGET="] {
        // What stands behind AT+CPIN= is masked, also a question mark.
        let is_asked = |record: &str| record.contains(&format!("{line}?")) || record.contains("AT+CPIN=*\\r");
        assert_eq!(trace.lines().find(|record| record.contains(line) && !is_asked(record)), None);
    }
    assert!(!bench.path("findings").exists());
    let refused = bench.run(&["fuzz", "E", "Q"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("none of these commands is ever sent"), "{refused:?}");
}

#[test]
fn grammars_are_written() {
    let bench = Bench::new();
    for format in ["afl", "atfuzzer", "gramatron", "json"] {
        let finished = bench.run(&["grammar", "--format", format]);
        assert!(serde_json::from_slice::<Value>(&finished.stdout).unwrap().is_object(), "{format}");
    }
    let dictionary = bench.run(&["grammar", "--format", "dict"]).stdout;
    assert!(String::from_utf8(dictionary).unwrap().contains("\"AT+FTPGET\""));
}
