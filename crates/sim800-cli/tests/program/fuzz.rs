//! `sim800 fuzz` against firmware with flaws, and `sim800 grammar`.

use std::fs;

use serde_json::Value;
use sim800_emulator::Fault;

use crate::bench::Bench;

#[test]
fn flaws_of_the_firmware_are_found_made_short_and_found_again() {
    let bench = Bench::new();
    let long = "AT+FTPUN=\"aaaa";
    for line in [format!("{long}*"), "AT+FTPPORT=*65536*".to_owned()] {
        bench.module.fault(Fault::Flaw { line, fault: Box::new(Fault::Restart { announced: true }) });
    }
    let finished = bench.run(&["--json", "fuzz", "--pause", "0", "FTPUN", "FTPPORT"]);
    assert_eq!(finished.code, 1, "{finished:?}");
    let object = finished.object();
    let findings = object["findings"].as_array().unwrap();
    let found: Vec<_> =
        findings.iter().map(|finding| (finding["happened"].as_str(), finding["again"][0].as_str())).collect();
    assert_eq!(found, [(Some("a restart"), Some("AT+FTPPORT=65536")), (Some("a restart"), Some(long))]);

    for number in 1..=2 {
        let lines = format!("findings/finding-{number}.txt");
        let replayed = bench.run(&["fuzz", "--replay", &lines]);
        assert_eq!((replayed.code, &replayed.stdout[..]), (0, &b"a restart\n"[..]), "{replayed:?}");
        let trace = fs::read_to_string(bench.path(&format!("findings/finding-{number}.jsonl"))).unwrap();
        assert!(trace.contains("RDY"), "{trace}");
    }
    // What is mended does not happen again, and a later run takes nothing from an earlier one.
    bench.module.fault(Fault::Over);
    let replayed = bench.run(&["fuzz", "--replay", "findings/finding-2.txt"]);
    assert_eq!(replayed.code, 1, "{replayed:?}");
    bench.module.fault(Fault::Flaw {
        line: "AT+FTPPORT?".to_owned(),
        fault: Box::new(Fault::Restart { announced: true }),
    });
    assert_eq!(bench.run(&["fuzz", "--pause", "0", "FTPPORT"]).code, 1);
    assert!(bench.path("findings/finding-3.txt").exists());
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
