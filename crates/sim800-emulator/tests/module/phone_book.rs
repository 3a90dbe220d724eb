//! What is on the card: its phone book (manual 3.2.24 to 3.2.27 and 3.2.39, 3GPP TS 27.007, 8.11 to 8.14) and files (manual 3.2.34).

use sim800_emulator::{Fault, Sim};

use crate::bench::{Bench, SECOND, instant};

#[test]
fn entries_are_written_read_found_and_deleted() {
    let mut bench = Bench::new(instant());
    bench.information("AT+CPBS?", "+CPBS: \"SM\",0,250");
    bench.information("AT+CPBR=?", "+CPBR: (1-250),40,14");
    bench.information("AT+CPBW=?", "+CPBW: (1-250),40,(129,145),14");
    bench.information("AT+CPBF=?", "+CPBF: 40,14");
    bench.ok("AT+CPBW=3,\"+491711234567\",145,\"Anna\"");
    bench.ok("AT+CPBW=,\"0301234\",129,\"Otto\"");
    bench.ok("AT+CPBW=250,110");
    bench.information("AT+CPBS?", "+CPBS: \"SM\",3,250");
    bench.information("AT+CPBR=1", "+CPBR: 1,\"0301234\",129,\"Otto\"");
    bench.exchange(
        "AT+CPBR=1,250",
        "\r\n+CPBR: 1,\"0301234\",129,\"Otto\"\r\n\r\n+CPBR: 3,\"+491711234567\",145,\"Anna\"\r\n\
         \r\n+CPBR: 250,\"110\",129,\"\"\r\n\r\nOK\r\n",
    );
    bench.ok("AT+CPBR=2");
    bench.information("AT+CPBF=\"An\"", "+CPBF: 3,\"+491711234567\",145,\"Anna\"");
    bench.ok("AT+CPBF=\"nna\"");
    bench.ok("AT+CPBW=3");
    bench.ok("AT+CPBW=3");
    bench.ok("AT+CPBF=\"An\"");
    // The type makes a number an international one, and a plus sign does.
    bench.ok("AT+CPBW=4,\"491711234567\",145,\"\"");
    bench.ok("AT+CPBW=5,\"+491711234567\"");
    bench.information("AT+CPBR=4", "+CPBR: 4,\"+491711234567\",145,\"\"");
    bench.information("AT+CPBR=5", "+CPBR: 5,\"+491711234567\",145,\"\"");
}

#[test]
fn text_is_in_the_character_set_of_the_dte_and_escaped() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CPBW=1,\"1\",129,\"say \\22hi\\22 \\5C\"");
    bench.information("AT+CPBR=1", "+CPBR: 1,\"1\",129,\"say \\22hi\\22 \\5C\"");
    bench.ok("AT+CSCS=\"UCS2\"");
    bench.ok("AT+CPBW=2,\"2\",129,\"004100FC\"");
    bench.information("AT+CPBR=2", "+CPBR: 2,\"2\",129,\"004100FC\"");
    bench.information("AT+CPBF=\"0041\"", "+CPBF: 2,\"2\",129,\"004100FC\"");
    bench.ok("AT+CSCS=\"IRA\"");
    bench.ok("AT+CPBF=\"004\"");
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CMEE=1");
    for (line, code) in [
        ("AT+CPBR=0", 21),
        ("AT+CPBR=251", 21),
        ("AT+CPBR=2,1", 21),
        ("AT+CPBW=251,\"1\"", 21),
        ("AT+CPBW=1,\"12345678901234567890123456789012345678901\"", 26),
        ("AT+CPBW=1,\"12x\"", 27),
        ("AT+CPBW=1,\"1\",128", 793),
        ("AT+CPBW=1,\"1\",129,\"fifteen letters\"", 24),
        ("AT+CPBW=,", 791),
        ("AT+CPBW=", 791),
        ("AT+CPBS=\"XX\"", 793),
    ] {
        bench.exchange(line, format!("\r\n+CME ERROR: {code}\r\n"));
    }
    bench.information("AT+CPBS?", "+CPBS: \"SM\",0,250");
    // Lists that the module keeps by itself.
    bench.ok("AT+CPBS=\"MC\"");
    bench.information("AT+CPBS?", "+CPBS: \"MC\",0,10");
    bench.exchange("AT+CPBW=1,\"1\"", "\r\n+CME ERROR: 3\r\n");
    bench.ok("AT+CPBS=\"FD\"");
    for index in 1..=10 {
        bench.ok(&format!("AT+CPBW=,\"{index}\""));
    }
    bench.exchange("AT+CPBW=,\"11\"", "\r\n+CME ERROR: 20\r\n");
    bench.ok("AT+CPBW=10,\"11\"");
}

#[test]
fn own_numbers_are_a_book_of_their_own_and_the_card_keeps_all() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CNUM");
    bench.ok("AT+CPBS=\"ON\"");
    bench.ok("AT+CPBW=1,\"+491711234567\",145,\"me\"");
    bench.information("AT+CNUM", "+CNUM: \"me\",\"+491711234567\",145,7,4");
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.information("AT+CPBS?", "+CPBS: \"SM\",0,250");
    bench.information("AT+CNUM", "+CNUM: \"me\",\"+491711234567\",145,7,4");
}

#[test]
fn without_a_card_there_is_no_book() {
    let mut config = instant();
    config.sim = Sim::Absent;
    let mut bench = Bench::new(config);
    bench.ok("AT+CMEE=1");
    for line in [
        "AT+CPBS?",
        "AT+CPBR=1",
        "AT+CPBW=1,\"1\"",
        "AT+CPBF=\"\"",
        "AT+CNUM",
        "AT+CRSM=242",
        "AT+CSIM=14,A0A40000023F00",
    ] {
        bench.exchange(line, "\r\n+CME ERROR: 10\r\n");
    }
}

#[test]
fn files_of_the_card_are_read() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CRSM=?");
    bench.information("AT+CRSM=176,12258,0,0,10", "+CRSM: 144,0,\"989420214365870921F3\"");
    bench.information("AT+CRSM=176,12258,0,8,2", "+CRSM: 144,0,\"21F3\"");
    bench.information("AT+CRSM=176,12258,0,8,3", "+CRSM: 103,0");
    bench.information("AT+CRSM=176,28539,0,0,12", "+CRSM: 144,0,\"FFFFFFFFFFFFFFFFFFFFFFFF\"");
    bench.information("AT+CRSM=176,28486,0,0,17", "+CRSM: 148,4");
    bench.information("AT+CRSM=214,28539,0,0,12,\"FFFFFFFFFFFFFFFFFFFFFFFF\"", "+CRSM: 144,0");
    bench.information("AT+CRSM=214,28539,0,0,3,\"62F210\"", "+CRSM: 148,4");
    bench.information("AT+CRSM=242", "+CRSM: 144,0");
    bench.error("AT+CRSM=1");
    bench.error("AT+CRSM=176,12258");
    bench.information("AT+CSIM=14,\"A0A40000023F00\"", "+CSIM: 4,\"6D00\"");
    for wrong in ["13,\"A0A40000023F00\"", "14,\"A0A40000023F0G\"", "8,\"A0A40000\"", "14"] {
        bench.error(&format!("AT+CSIM={wrong}"));
    }
}
