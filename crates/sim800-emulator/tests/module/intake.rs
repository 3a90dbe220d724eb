//! How octets become command lines.

use crate::bench::{Bench, SECOND, instant};

#[test]
fn echo_is_the_line_and_its_cr() {
    let mut config = instant();
    config.echo = true;
    let mut bench = Bench::new(config);
    bench.dte("AT");
    bench.dce("AT");
    bench.dte("\r\n");
    bench.dce("\r\r\nOK\r\n");
    bench.dte("\n\nat+csq\r\n");
    bench.dce("at+csq\r\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
    bench.dte("AT\n");
    bench.dce("AT\r\nOK\r\n");
    bench.exchange("ATE0", "ATE0\r\r\nOK\r\n");
    bench.ok("AT");
}

#[test]
fn any_line_end() {
    let mut bench = Bench::new(instant());
    for line in ["AT\r", "AT\r\n", "AT\n", "\r\nAT\r\n", "at\r", "aT\r", "  AT\r"] {
        bench.dte(line);
        bench.dce("\r\nOK\r\n");
    }
    bench.dte("\r\n\r\n\r");
    bench.dce("");
}

#[test]
fn what_is_no_command_line_gets_no_answer() {
    let mut config = instant();
    config.echo = true;
    let mut bench = Bench::new(config);
    for garbage in ["hello\r", "DATA\r", "A\r", "\u{1}\u{2}\r", "format\r"] {
        bench.dte(garbage);
        bench.dce(garbage);
    }
    bench.dte(b"\xff\xfe\x00AT\r");
    bench.dce(b"\xff\xfe\x00AT\r\r\nOK\r\n");
    bench.dte("AAT\r");
    bench.dce("AAT\r\r\nOK\r\n");
}

#[test]
fn blanks_case_and_missing_quotes() {
    let mut bench = Bench::new(instant());
    for line in [
        "AT E0 V1 Q0",
        "ATE",
        "at+cmee = 0",
        "AT + CMEE = 0",
        "AT+SAPBR=3,1,APN,internet",
        "AT+SAPBR = 3 , 1 , \"APN\" , \"internet\"",
        "AT+FTPTYPE=i",
        "AT;",
    ] {
        bench.ok(line);
    }
}

#[test]
fn firmware_that_takes_one_command_a_line_carries_out_none_of_several() {
    let mut config = instant();
    config.concatenation = false;
    let mut bench = Bench::new(config);
    bench.ok("AT+CMEE=1");
    for line in ["ATE0+CMEE=0", "AT+CMEE=0;+CSQ", "AT+CMEE=0;E0"] {
        bench.exchange(line, "\r\nERROR\r\n");
        bench.information("AT+CMEE?", "+CMEE: 1");
    }
    bench.ok("AT+CMEE=0;");
}

#[test]
fn a_line_takes_its_time_whatever_stands_on_it() {
    let mut config = instant();
    config.timings.line = SECOND;
    let mut bench = Bench::new(config);
    bench.dte("AT+CMEE?;+CSQ\r");
    bench.dce("");
    bench.wait(SECOND, "\r\n+CMEE: 0\r\n\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
}

#[test]
fn a_line_of_several_commands_may_end_with_octets_and_has_limits() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+HTTPINIT;+HTTPPARA=\"CID\",1");
    bench.dte("AT+HTTPPARA=\"URL\",\"a;b\";+HTTPDATA=3,1000\r");
    bench.dce("\r\nDOWNLOAD\r\n");
    bench.dte("abc");
    bench.dce("\r\nOK\r\n");
    bench.exchange(
        "AT+HTTPSTATUS?;+HTTPREAD=0,9",
        "\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPREAD: 3\r\nabc\r\nOK\r\n",
    );
    bench.ok(&format!("AT+CMEE=1{}", ";+CMEE=1".repeat(38)));
    bench.exchange(&format!("AT+CMEE=0{}", ";+CMEE=0".repeat(39)), "\r\nERROR\r\n");
    bench.information("AT+CMEE?", "+CMEE: 1");
    let long = |octets: usize| format!("AT+CMEE=1;+HTTPPARA=\"UA\",\"{}\"", "x".repeat(octets));
    bench.ok(&long(556 + 2 - long(0).len()));
    bench.exchange(&long(557 + 2 - long(0).len()), "\r\nERROR\r\n");
}

#[test]
fn several_commands_on_a_line() {
    let mut bench = Bench::new(instant());
    bench.ok("ATE0V1Q0");
    bench.ok("ATE0;+CMEE=1");
    bench.exchange("AT+CMEE?;+CSQ", "\r\n+CMEE: 1\r\n\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
    // The first one that fails ends the line.
    bench.exchange("AT+CSQ;+SAPBR=9,1;+CMEE=0", "\r\n+CSQ: 21,0\r\n\r\n+CME ERROR: 793\r\n");
    bench.information("AT+CMEE?", "+CMEE: 1");
    // What takes time in the middle does not end it.
    let mut config = instant();
    config.timings.bearer_open = SECOND;
    let mut bench = Bench::new(config);
    bench.dte("AT+SAPBR=1,1;+SAPBR=2,1\r");
    bench.dce("");
    bench.wait(SECOND, "\r\n+SAPBR: 1,1,\"10.89.193.1\"\r\n\r\nOK\r\n");
}

#[test]
fn unknown_commands_are_errors() {
    let mut bench = Bench::new(instant());
    for line in ["AT+NONSENSE", "AT+CIPSTART=1", "ATJ", "AT\"", "AT+CSQ?", "AT+CSQ=1", "ATE2", "AT=", "AT?"] {
        bench.error(line);
    }
    bench.ok("AT+CMEE=1");
    bench.error("AT+NONSENSE");
    bench.exchange("ATD*99#", "\r\nNO CARRIER\r\n");
}

#[test]
fn repeats_the_last_line() {
    let mut config = instant();
    config.echo = true;
    let mut bench = Bench::new(config);
    bench.exchange("AT+CSQ", "AT+CSQ\r\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
    bench.dte("A/");
    bench.dce("A/\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
    bench.dte("\ra/");
    bench.dce("\ra/\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
}

#[test]
fn of_a_line_that_is_too_long_nothing_runs() {
    let mut bench = Bench::new(instant());
    let line = |length: usize| {
        let start = "+CMEE=1;+CNMI=1";
        format!("AT{start}{}", " ".repeat(length - start.len()))
    };
    bench.error(&line(557));
    bench.information("AT+CMEE?", "+CMEE: 0");
    bench.ok(&line(556));
    bench.information("AT+CMEE?", "+CMEE: 1");
    bench.error(&format!("AT{}", "E0".repeat(40)));
    bench.error(&format!("AT{}", "x".repeat(1_000_000)));
    bench.ok("AT");
}

#[test]
fn backspace_takes_the_last_octet_back() {
    let mut bench = Bench::new(instant());
    bench.information("AT+CSX\u{8}Q", "+CSQ: 21,0");
}

#[test]
fn what_comes_during_a_command_waits() {
    let mut config = instant();
    config.timings.bearer_open = SECOND;
    config.echo = true;
    let mut bench = Bench::new(config);
    bench.dte("AT+SAPBR=1,1\r\nAT\r\n");
    bench.dce("AT+SAPBR=1,1\r");
    bench.dte("AT+CSQ\r");
    bench.dce("");
    bench.wait(SECOND, "\r\nOK\r\nAT\r\r\nOK\r\nAT+CSQ\r\r\n+CSQ: 21,0\r\n\r\nOK\r\n");
    // Within limits.
    bench.ok_after_flood();
}

impl Bench {
    fn ok_after_flood(&mut self) {
        self.dte("AT+SAPBR=0,1;+SAPBR=1,1\r");
        self.said();
        self.dte("x".repeat(1_000_000));
        self.now += SECOND;
        self.emulator.handle_timeout(self.now);
        assert!(self.said().len() < 5000);
        self.dte("\rATE0\r");
        assert!(self.said().ends_with(b"\r\nOK\r\n"));
    }
}

#[test]
fn a_line_feed_behind_the_commands_cr_is_no_payload() {
    // In one piece, and in two, before anything was seen of the prompt.
    for pieces in [&["AT+HTTPDATA=2,1000\r\n", "ab"][..], &["AT+HTTPDATA=2,1000\r", "\nab"]] {
        let mut bench = Bench::http();
        for piece in pieces {
            bench.dte(piece);
        }
        bench.dce("\r\nDOWNLOAD\r\n\r\nOK\r\n");
        bench.payload("AT+HTTPREAD", "+HTTPREAD: 2", b"ab");
    }
    // Behind the prompt, from a DTE that is known to end its lines so.
    let mut bench = Bench::http();
    bench.dte("AT\r\n");
    bench.dce("\r\nOK\r\n");
    bench.exchange("AT+HTTPDATA=2,1000", "\r\nDOWNLOAD\r\n");
    bench.dte("\n\nb");
    bench.dce("\r\nOK\r\n");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 2", b"\nb");
}

#[test]
fn a_line_feed_behind_the_prompt_is_payload() {
    let mut bench = Bench::http();
    bench.exchange("AT+HTTPDATA=3,1000", "\r\nDOWNLOAD\r\n");
    bench.dte("\nab");
    bench.dce("\r\nOK\r\n");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 3", b"\nab");
    // A line that ends in LF alone has no other.
    bench.dte("AT+HTTPDATA=2,1000\n\na");
    bench.dce("\r\nDOWNLOAD\r\n\r\nOK\r\n");
    bench.payload("AT+HTTPREAD", "+HTTPREAD: 2", b"\na");
}
