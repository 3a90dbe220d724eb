//! Short messages, calls, and what is set and read back: manual chapters 2 to 4, and what drivers and logs show of it.

use std::time::Duration;

use sim800_emulator::{Fault, Registration, Sim};

use crate::bench::{Bench, SECOND, instant};

impl Bench {
    /// A message arrives and is stored.
    #[track_caller]
    fn message(&mut self, text: &str, index: u8) {
        self.fault(Fault::Message { text: text.into() });
        self.dce(format!("\r\n+CMTI: \"SM\",{index}\r\n"));
    }
}

#[test]
fn messages_are_read_and_deleted() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CMGF=1");
    bench.ok("AT+CMGR=1");
    bench.ok("AT+CMGL=\"ALL\"");
    bench.message("hello", 1);
    bench.message("you {there}", 2);
    bench.information("AT+CPMS?", "+CPMS: \"SM_P\",2,40,\"SM_P\",2,40,\"SM_P\",2,40");
    bench.information("AT+CPMS=\"SM\",\"SM\",\"SM\"", "+CPMS: 2,40,2,40,2,40");
    bench.information("AT+CPMS?", "+CPMS: \"SM\",2,40,\"SM\",2,40,\"SM\",2,40");
    let head = "\"+491711234567\",\"\",\"26/01/02,03:04:05+04\"";
    bench.information("AT+CMGR=1,1", &format!("+CMGR: \"REC UNREAD\",{head}\r\nhello"));
    bench.information("AT+CMGR=1", &format!("+CMGR: \"REC UNREAD\",{head}\r\nhello"));
    bench.information("AT+CMGR=1", &format!("+CMGR: \"REC READ\",{head}\r\nhello"));
    bench.information("AT+CMGL", &format!("+CMGL: 2,\"REC UNREAD\",{head}\r\nyou {{there}}"));
    bench.exchange(
        "AT+CMGL=\"ALL\"",
        format!(
            "\r\n+CMGL: 1,\"REC READ\",{head}\r\nhello\r\n\r\n+CMGL: 2,\"REC READ\",{head}\r\nyou {{there}}\r\n\r\nOK\r\n"
        ),
    );
    bench.exchange("AT+CMGL=\"SOME\"", "\r\n+CMS ERROR: 302\r\n");
    bench.exchange("AT+CMGR=41", "\r\n+CMS ERROR: 321\r\n");
    bench.information("AT+CMGD=?", "+CMGD: (1,2),(0-4)");
    bench.ok("AT+CMGD=1");
    bench.ok("AT+CMGD=1");
    bench.information("AT+CMGD=?", "+CMGD: (2),(0-4)");
    bench.message("again", 1);
    bench.ok("AT+CMGDA=\"DEL READ\"");
    bench.information("AT+CMGD=?", "+CMGD: (1),(0-4)");
    bench.ok("AT+CMGDA=\"DEL ALL\"");
    bench.information("AT+CMGD=?", "+CMGD: (),(0-4)");
}

#[test]
fn messages_outlast_a_restart_and_fill_the_card() {
    let mut bench = Bench::new(instant());
    for index in 1..=40 {
        bench.message("x", index);
    }
    bench.fault(Fault::Message { text: "one too many".into() });
    bench.dce("");
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.information("AT+CPMS?", "+CPMS: \"SM_P\",40,40,\"SM_P\",40,40,\"SM_P\",40,40");
    bench.ok("AT+CMGD=1,4");
    bench.message("x", 1);
}

#[test]
fn messages_are_sent_as_text() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CMGS=?");
    bench.ok("AT+CMGF=1");
    bench.exchange("AT+CMGS=\"+491711234567\"", "\r\n> ");
    bench.dte("hello\x1a");
    bench.dce("\r\n+CMGS: 1\r\n\r\nOK\r\n");
    bench.exchange("AT+CMGS=\"+491711234567\",145", "\r\n> ");
    bench.dte("never mind\x1b");
    bench.dce("\r\nOK\r\n");
    bench.exchange("AT+CMGW=\"0171\"", "\r\n> ");
    bench.dte("stored\x1a");
    bench.dce("\r\n+CMGW: 1\r\n\r\nOK\r\n");
    bench.information("AT+CMGR=1", "+CMGR: \"STO UNSENT\",\"0171\",\"\"\r\nstored");
    bench.information("AT+CMSS=1", "+CMGS: 2");
    bench.information("AT+CMGR=1", "+CMGR: \"STO SENT\",\"0171\",\"\"\r\nstored");
}

#[test]
fn messages_are_sent_as_pdu() {
    let mut bench = Bench::new(instant());
    // The PDU of every introduction: "hellohello" to +46708251358.
    bench.exchange("AT+CMGS=23", "\r\n> ");
    bench.dte("0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1a");
    bench.dce("\r\n+CMGS: 1\r\n\r\nOK\r\n");
    bench.exchange("AT+CMGW=23", "\r\n> ");
    bench.dte("0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1a");
    bench.dce("\r\n+CMGW: 1\r\n\r\nOK\r\n");
    bench.exchange("AT+CMGS=24", "\r\n> ");
    bench.dte("0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1a");
    bench.dce("\r\n+CMS ERROR: 304\r\n");
    bench.information(
        "AT+CMGL=4",
        "+CMGL: 1,2,\"\",23\r\n079194710167000011000B916407281553F80000AA0AE8329BFD4697D9EC37",
    );
    bench.ok("AT+CMGF=1");
    bench.information("AT+CMGR=1", "+CMGR: \"STO UNSENT\",\"+46708251358\",\"\"\r\nhellohello");
}

#[test]
fn other_scripts_are_digits() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+CMGF=1");
    bench.message("Жук", 1);
    bench.dte("AT+CMGR=1\r");
    assert!(bench.said().ends_with("\r\n04160443043A\r\n\r\nOK\r\n".as_bytes()));
    bench.ok("AT+CSCS=\"UCS2\";+CSMP=17,167,0,8");
    bench.exchange("AT+CMGW=\"002B0034\"", "\r\n> ");
    bench.dte("04160443043A\x1a");
    bench.dce("\r\n+CMGW: 2\r\n\r\nOK\r\n");
    bench.information("AT+CMGR=2", "+CMGR: \"STO UNSENT\",\"002B0034\",\"\"\r\n04160443043A");
    // In the digits of octets, numbers stand as they are (driver), and the network answers in digits, too.
    bench.ok("AT+CSCS=\"HEX\"");
    bench.exchange("AT+CMGS=\"+4\"", "\r\n> ");
    bench.dte("00480069\x1a");
    bench.dce("\r\n+CMGS: 1\r\n\r\nOK\r\n");
    bench.ok("AT+CUSD=1,\"*100#\"");
    bench.wait(2 * SECOND, "\r\n+CUSD: 0, \"5468697320636F6465206973206E6F74206B6E6F776E\", 15\r\n");
}

#[test]
fn messages_need_a_card_and_a_network() {
    let mut config = instant();
    config.registration = Registration::Denied;
    let mut bench = Bench::new(config);
    bench.ok("AT+CMGF=1");
    bench.exchange("AT+CMGS=\"1\"", "\r\n+CMS ERROR: 331\r\n");
    let mut config = instant();
    config.sim = Sim::Absent;
    let mut bench = Bench::new(config);
    bench.exchange("AT+CMGL=4", "\r\n+CMS ERROR: 310\r\n");
}

#[test]
fn nobody_takes_a_call() {
    let mut bench = Bench::new(instant());
    bench.information("AT+CPAS", "+CPAS: 0");
    bench.ok("AT+CLCC");
    bench.error("AT+VTS=\"1\"");
    bench.ok("ATD10086;");
    bench.information("AT+CPAS", "+CPAS: 4");
    bench.information("AT+CLCC", "+CLCC: 1,0,3,0,0,\"10086\",129,\"\"");
    bench.ok("AT+VTS=\"1,2\"");
    bench.information("AT+CEER", "+CEER: No cause");
    bench.wait(30 * SECOND, "\r\nNO ANSWER\r\n");
    bench.information("AT+CEER", "+CEER: User alerting, no answer");
    bench.ok("AT+CLCC");
    bench.ok("ATD10086;");
    bench.ok("ATH");
    bench.ok("AT+CEER=1");
    bench.information("AT+CEER", "+CEER: Cause:16");
    bench.wait(60 * SECOND, "");
    bench.ok("AT+COLP=1");
    bench.exchange("ATD+4917;", "");
    bench.wait(30 * SECOND, "\r\nNO ANSWER\r\n");
    // Whatever is sent meanwhile breaks the call off, and is a command of its own; the LF of the line before is not meant.
    bench.exchange("ATD+4917;", "");
    bench.dte("\n");
    bench.wait(SECOND, "");
    bench.exchange("ATH", "\r\nNO CARRIER\r\n\r\nOK\r\n");
    bench.exchange("ATD+4917;\r\nAT+CPAS", "\r\nNO CARRIER\r\n\r\n+CPAS: 0\r\n\r\nOK\r\n");
    bench.information("AT+CPAS", "+CPAS: 0");
    bench.exchange("ATD*99#", "\r\nNO CARRIER\r\n");
    bench.exchange("ATA", "\r\nNO CARRIER\r\n");
    bench.ok("AT+CUSD=1, \"*100#\",15");
    bench.wait(2 * SECOND, "\r\n+CUSD: 0, \"This code is not known\", 15\r\n");
    bench.wait(Duration::ZERO, "");
}

#[test]
fn settings_last_as_long_as_the_manual_says() {
    let mut bench = Bench::new(instant());
    bench.information("AT+CLVL=?", "+CLVL: (0-100)");
    bench.information("AT+CLIP?", "+CLIP: 0,1");
    bench.ok("AT+CLIP=1;+CLVL=80;+CNETLIGHT=0;+CMIC=1,5");
    bench.information("AT+CLIP?", "+CLIP: 1,1");
    bench.information("AT+CMIC?", "+CMIC: (0,10),(1,5),(2,10),(3,10)");
    bench.error("AT+CLVL=101");
    bench.error("AT+CMUT=1");
    bench.ok("ATZ");
    // A profile has the light, and nothing of the rest.
    bench.information("AT+CNETLIGHT?", "+CNETLIGHT: 1");
    bench.information("AT+CLIP?", "+CLIP: 1,1");
    bench.ok("AT+CNETLIGHT=0;&W");
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.information("AT+CNETLIGHT?", "+CNETLIGHT: 0");
    bench.information("AT+CLIP?", "+CLIP: 0,1");
    bench.information("AT+CLVL?", "+CLVL: 80");
    bench.dte("AT&F;E0\r");
    bench.said();
    bench.information("AT+CNETLIGHT?", "+CNETLIGHT: 1");
    bench.information("AT+CLVL?", "+CLVL: 80");
}

#[test]
fn names_that_are_not_known_are_told_of_once() {
    let mut bench = Bench::new(instant());
    bench.error("AT+CGNSPWR=1");
    bench.error("AT+CGNSPWR?");
    bench.error("AT+CLVL=101");
    assert_eq!(bench.emulator.poll_unknown().as_deref(), Some("+CGNSPWR"));
    assert_eq!(bench.emulator.poll_unknown(), None);
}

#[test]
fn the_power_key_starts_a_module_that_is_off() {
    let mut bench = Bench::new(instant());
    bench.emulator.handle_power_key(bench.now);
    bench.wait(SECOND, "");
    bench.exchange("AT+CPOWD=1", "\r\nNORMAL POWER DOWN\r\n");
    bench.emulator.handle_power_key(bench.now);
    bench.emulator.handle_power_key(bench.now);
    bench.wait(
        SECOND,
        [crate::start_up::SYNC, crate::start_up::READY, b"\r\nCall Ready\r\n\r\nSMS Ready\r\n"].concat(),
    );
    bench.ok("AT");
}
