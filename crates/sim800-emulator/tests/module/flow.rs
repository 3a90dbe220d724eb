//! Bearers, radio, identity, and what other people's programs send first.

use std::time::Duration;

use sim800_emulator::{Config, Fault, Registration};

use crate::bench::{Bench, SECOND, instant};
use crate::start_up::{READY, SYNC};

#[test]
fn bearers_block_until_they_are_up() {
    let mut config = Config::default();
    config.echo = false;
    let mut bench = Bench::new(config);
    bench.information("AT+SAPBR=2,1", "+SAPBR: 1,3,\"0.0.0.0\"");
    bench.error("AT+SAPBR=0,1");
    bench.exchange("AT+SAPBR=1,1", "");
    bench.wait(Duration::from_millis(1499), "");
    bench.wait(Duration::from_millis(1), "\r\nOK\r\n");
    bench.error("AT+SAPBR=1,1");
    bench.information("AT+SAPBR=2,1", "+SAPBR: 1,1,\"10.89.193.1\"");
    bench.information("AT+SAPBR=2,2", "+SAPBR: 2,3,\"0.0.0.0\"");
    bench.exchange("AT+SAPBR=0,1", "");
    bench.wait(SECOND / 2, "\r\nOK\r\n");
    bench.information("AT+SAPBR=2,1", "+SAPBR: 1,3,\"0.0.0.0\"");
}

#[test]
fn bearer_parameters() {
    let mut config = instant();
    config.apn = Some("internet".into());
    let mut bench = Bench::new(config);
    bench.information("AT+SAPBR=?", "+SAPBR: (0-4),(1-3),\"ConParamTag\",\"ConParamValue\"");
    for wrong in [
        "6,1",
        "1,0",
        "1,4",
        "1",
        "3,1",
        "3,1,\"APN\"",
        "3,1,\"NONE\",\"x\"",
        "3,1,\"RATE\",4",
        "3,1,CONTYPE,x",
        "",
    ] {
        bench.error(&format!("AT+SAPBR={wrong}"));
    }
    bench.error(&format!("AT+SAPBR=3,1,APN,{}", "n".repeat(65)));
    bench.ok("AT+SAPBR=3,1,\"APN\",\"wrong\"");
    bench.error("AT+SAPBR=1,1");
    bench.information("AT+SAPBR=2,1", "+SAPBR: 1,3,\"0.0.0.0\"");
    bench.ok("AT+SAPBR=3,1,\"APN\",\"internet\"");
    bench.ok("AT+SAPBR=3,1,\"USER\",\"u\";+SAPBR=3,1,\"PWD\",\"p\"");
    bench.information(
        "AT+SAPBR=4,1",
        "+SAPBR:\r\nCONTYPE: GPRS\r\nAPN: internet\r\nPHONENUM: \r\nUSER: u\r\nPWD: p\r\nRATE: 2",
    );
    bench.ok("AT+SAPBR=5,1");
    bench.ok("AT+SAPBR=1,1");
    bench.fault(Fault::Restart { announced: true });
    bench.wait(SECOND, [SYNC, READY, b"\r\nCall Ready\r\n\r\nSMS Ready\r\n"].concat());
    bench.ok("AT+SAPBR=1,1");
}

#[test]
fn losing_the_bearer_while_it_opens() {
    let mut config = instant();
    config.timings.bearer_open = SECOND;
    let mut bench = Bench::new(config);
    bench.exchange("AT+SAPBR=1,1", "");
    bench.fault(Fault::BearerLost { cid: 1 });
    bench.wait(SECOND, "\r\nERROR\r\n");
    bench.fault(Fault::BearerLost { cid: 9 });
    bench.dce("");
}

#[test]
fn detaching_takes_the_bearers_along() {
    let mut bench = Bench::online();
    bench.ok("AT+CGREG=1");
    bench.exchange("AT+CGATT=0", "\r\n+CGREG: 0\r\n\r\n+SAPBR 1: DEACT\r\n\r\nOK\r\n");
    bench.information("AT+CGATT?", "+CGATT: 0");
    bench.error("AT+SAPBR=1,1");
    bench.exchange("AT+CGATT=1", "\r\n+CGREG: 1\r\n\r\nOK\r\n");
    bench.ok("AT+SAPBR=1,1");
    bench.error("AT+CGATT=2");
}

#[test]
fn functionality() {
    let mut bench = Bench::online();
    bench.information("AT+CFUN?", "+CFUN: 1");
    bench.exchange("AT+CFUN=0", "\r\n+SAPBR 1: DEACT\r\n\r\n+CPIN: NOT READY\r\n\r\nOK\r\n");
    bench.information("AT+CFUN?", "+CFUN: 0");
    bench.information("AT+CSQ", "+CSQ: 99,99");
    bench.ok("AT+CMEE=1");
    bench.exchange("AT+CFUN=4", "\r\n+CME ERROR: 3\r\n");
    bench.exchange("AT+CGATT=1", "\r\n+CME ERROR: 797\r\n");
    bench.exchange("AT+SAPBR=1,1", "\r\n+CME ERROR: 797\r\n");
    bench.exchange("AT+CPIN?", "\r\n+CME ERROR: 14\r\n");
    bench.exchange("AT+CFUN=2", "\r\n+CME ERROR: 793\r\n");
    bench.exchange("AT+CFUN=1", "\r\n+CPIN: READY\r\n\r\nOK\r\n");
    bench.wait(SECOND, "\r\nCall Ready\r\n\r\nSMS Ready\r\n");
    bench.ok("AT+CFUN=1");
    bench.information("AT+CGATT?", "+CGATT: 1");
    bench.ok("AT+CFUN=4");
    bench.information("AT+CPIN?", "+CPIN: READY");
    bench.information("AT+CREG?", "+CREG: 0,0");
    bench.ok("AT+CFUN=1,0");
    bench.wait(SECOND, "");
    bench.information("AT+CREG?", "+CREG: 0,1");
}

#[test]
fn registration_comes_and_goes() {
    let mut config = instant();
    config.registration = Registration::Searching;
    let mut bench = Bench::new(config);
    bench.ok("AT+CREG=1");
    bench.ok("AT+CGREG=2");
    bench.information("AT+CREG=?", "+CREG: (0-2)");
    bench.information("AT+CREG?", "+CREG: 1,2");
    bench.error("AT+CREG=3");
    bench.fault(Fault::Registration(Registration::Roaming));
    bench.dce("\r\n+CREG: 5\r\n\r\n+CGREG: 5,\"4A1C\",\"7D31\"\r\n");
    bench.information("AT+CREG?", "+CREG: 1,5");
    bench.ok("AT+SAPBR=1,1");
    bench.fault(Fault::Registration(Registration::Searching));
    bench.dce("\r\n+CREG: 2\r\n\r\n+CGREG: 2\r\n\r\n+SAPBR 1: DEACT\r\n");
}

#[test]
fn operators() {
    let mut bench = Bench::new(instant());
    bench.information("AT+COPS?", "+COPS: 0,0,\"T-Mobile D\"");
    bench.ok("AT+COPS=3,2");
    bench.information("AT+COPS?", "+COPS: 0,2,\"26201\"");
    bench.information("AT+COPS=?", "+COPS: (2,\"T-Mobile D\",\"T-Mobile\",\"26201\"),,(0-4),(0-2)");
    bench.ok("AT+COPS=2");
    bench.information("AT+COPS?", "+COPS: 2");
    bench.ok("AT+COPS=0");
    bench.information("AT+COPS?", "+COPS: 0,2,\"26201\"");
    bench.error("AT+COPS=5");
}

#[test]
fn identity() {
    let mut bench = Bench::new(instant());
    for (line, text) in [
        ("ATI", "SIM800 R14.18"),
        ("AT+GMI", "SIMCOM_Ltd"),
        ("AT+CGMI", "SIMCOM_Ltd"),
        ("AT+GMM", "SIMCOM_SIM800L"),
        ("AT+CGMM", "SIMCOM_SIM800L"),
        ("AT+GMR", "Revision:1418B05SIM800L24"),
        ("AT+CGMR", "Revision:1418B05SIM800L24"),
        ("AT+GSN", "866771029893217"),
        ("AT+CGSN", "866771029893217"),
        ("AT+CIMI", "262019876543210"),
        ("AT+CCID", "8949021234567890123"),
        ("AT+CBC", "+CBC: 0,82,4010"),
        ("AT+CBC=?", "+CBC: (0-2),(1-100),(voltage)"),
        ("AT+CIPGSMLOC=?", "+CIPGSMLOC: (1,2),(1-3)"),
        ("AT+CSQ=?", "+CSQ: (0-31,99),(0-7,99)"),
        ("AT+GSV", "SIMCOM_Ltd\r\nSIMCOM_SIM800L\r\nRevision: 1418B05SIM800L24"),
    ] {
        bench.information(line, text);
    }
    for line in ["AT+GSN=?", "AT+CGMR=?", "AT+CPOWD=?", "AT+CPIN=?"] {
        bench.ok(line);
    }
}

#[test]
fn what_programs_send_at_their_start() {
    let mut bench = Bench::new(instant());
    for line in [
        "ATZ",
        "ATE0",
        "AT&F0E0",
        "ATX4&C1&D2",
        "ATS0=0",
        "ATH",
        "AT+CNMI=1,1,0,0,0",
        "AT+CNMI=2,,1",
        "AT+CMGF=1",
        "AT+CSCS=\"GSM\"",
        "AT+CLTS=1",
        "AT+IFC=2,2",
        "AT+IPR=9600",
    ] {
        bench.ok(line);
    }
    bench.information("ATS0?", "000");
    bench.information("ATS3?", "013");
    bench.information("AT+CNMI?", "+CNMI: 2,1,1,0,0");
    bench.information("AT+CMGF?", "+CMGF: 1");
    bench.information("AT+CSCS?", "+CSCS: \"GSM\"");
    bench.information("AT+IFC?", "+IFC: 2,2");
    bench.information("AT+IPR?", "+IPR: 9600");
    bench.information("AT+IPR=?", "+IPR: (),(0,1200,2400,4800,9600,19200,38400,57600,115200,230400,460800)");
    for line in ["AT+IPR=9601", "AT+CNMI=x", "AT+CNMI=1,1,1,1,1,1", "ATS99=1", "AT+CLTS=", "AT+IFC=3"] {
        bench.error(line);
    }
    bench.information("AT+CCLK?", "+CCLK: \"04/01/01,00:00:00+00\"");
    bench.ok("AT+CCLK=\"24/07/24,14:04:19+08\"");
    bench.wait(41 * SECOND, "");
    bench.information("AT+CCLK?", "+CCLK: \"24/07/24,14:05:00+08\"");
    bench.error("AT+CCLK=\"24/07/24\"");
}
