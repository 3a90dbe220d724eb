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
fn a_replay_is_of_the_whole_finding_or_none() {
    let bench = Bench::new();
    let fault = Box::new(Fault::Restart { announced: true });
    bench.module.fault(Fault::Flaw { line: "AT+FTPPORT=65536".to_owned(), fault });
    let replay = |text: &[u8]| {
        fs::write(bench.path("lines"), text).unwrap();
        bench.run(&["fuzz", "--replay", "lines"])
    };
    let finding = b"# a restart, again; number of lines: 2\nAT+CSQ\nAT+FTPPORT=65536\n";
    assert_eq!(replay(finding).stdout, b"a restart\n");
    // Nothing is sent of one that was cut: behind its first line, behind its second, within a line, or just its end. Nor of what is none.
    let trace: &[u8] = b"{\"t\":0.1,\"rx\":\"RDY\"}\n";
    let binary: &[u8] = b"\x7fELF\xff\n";
    let cuts = [39, 46, 57, finding.len() - 1].map(|end| &finding[..end]);
    for text in cuts.into_iter().chain([trace, binary, b"AT+CSQ\nno line\n", b"AT+HTTPDATA=2049,1000\n", b""])
    {
        fs::write(bench.path("lines"), text).unwrap();
        let finished = bench.run(&["--trace", "line.jsonl", "fuzz", "--replay", "lines"]);
        assert_eq!(finished.code, 2, "\"{}\": {finished:?}", text.escape_ascii());
        assert!(!bench.path("line.jsonl").exists(), "\"{}\"", text.escape_ascii());
    }
    assert_eq!(bench.run(&["fuzz", "--replay", "/dev/zero"]).code, 2);
    // It happens, but it is not what was found.
    let other = replay(b"# silence, once; number of lines: 1\nAT+FTPPORT=65536\n");
    assert_eq!(other.code, 1, "{other:?}");
    assert!(other.stderr.contains("something else happened: a restart, and not silence"), "{other:?}");
    // Lines of one's own say nothing of what is to happen.
    let own = replay(b"AT+FTPPORT=65536");
    assert_eq!(own.stdout, b"a restart\n", "{own:?}");
}

#[test]
fn a_run_takes_nothing_from_an_earlier_one() {
    let bench = Bench::new();
    for line in ["AT+FTPPORT=65536", "AT+FTPMODE=255"] {
        let fault = Box::new(Fault::Restart { announced: true });
        bench.module.fault(Fault::Flaw { line: line.to_owned(), fault });
    }
    fs::create_dir(bench.path("findings")).unwrap();
    for name in ["findings/finding-2.txt", "findings/finding-3.jsonl"] {
        fs::write(bench.path(name), name).unwrap();
    }
    assert_eq!(bench.run(&["fuzz", "--pause", "0", "FTPPORT", "FTPMODE"]).code, 1);
    for name in ["findings/finding-2.txt", "findings/finding-3.jsonl"] {
        assert_eq!(fs::read_to_string(bench.path(name)).unwrap(), name);
    }
    let named = |number: u32| bench.path(&format!("findings/finding-{number}.txt")).exists();
    assert_eq!([1, 2, 3, 4].map(named), [true, true, false, true]);
}

#[test]
fn no_line_is_made_shorter_that_costs_something_then() {
    let bench = Bench::new();
    let fault = Box::new(Fault::Restart { announced: true });
    bench.module.fault(Fault::Flaw { line: "AT+SAPBR=0,1".to_owned(), fault });
    let finished = bench.run(&["--trace", "line.jsonl", "fuzz", "--pause", "0", "SAPBR"]);
    assert_eq!(finished.code, 1, "{finished:?}");
    let trace = fs::read_to_string(bench.path("line.jsonl")).unwrap();
    let opens = |record: &&str| record.contains("SAPBR=1") || record.contains("SAPBR=5");
    assert_eq!(trace.lines().find(opens), None);
    assert!(trace.contains("SAPBR=0,1"));
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
