//! Which lines are of which kind.

use sim800_command::{Line, PowerDownCause, Unsolicited};

fn kind(text: &str) -> &'static str {
    match Unsolicited::from(Line::new(text.as_bytes())) {
        Unsolicited::Network(_) => "network",
        Unsolicited::Tcp(_) => "tcp",
        Unsolicited::Call(_) => "call",
        Unsolicited::MessageStored(_) => "stored",
        Unsolicited::MessageHead(_) => "head",
        Unsolicited::Ussd(_) => "ussd",
        Unsolicited::Sim(_) => "sim",
        Unsolicited::Service(_) => "service",
        Unsolicited::Other(_) => "other",
        _ => "typed",
    }
}

#[test]
fn families() {
    for (expected, lines) in [
        ("network", &["+CIEV: 10,\"26003\",\"Orange\",\"Orange\", 0, 0", "*PSUTTZ: 2024,7", "DST: 0"][..]),
        (
            "tcp",
            &["0, CONNECT OK", "9,CLOSED", "CLOSED", "SHUT OK", "CONNECT", "+CIPRXGET: 1", "+CDNSGIP: 1"],
        ),
        ("tcp", &["REMOTE IP: 10.0.0.1", "RECV FROM:10.0.0.1:80"]),
        ("call", &["NO CARRIER", "BUSY", "NO ANSWER", "MO RING", "+CLIP: \"1\",129", "+DTMF: 5"]),
        ("stored", &["+CMTI: \"SM\",3"]),
        ("head", &["+CMT: 1", "+CBM: 88", "+CDS: 25"]),
        ("ussd", &["+CUSD: 0,\"x\",15"]),
        ("sim", &["+CSMINS: 0,1", "+STKPCI: 0,\"x\""]),
        ("service", &["ALARM RING", "+CMTE: 1", "+SMTPSEND: 1", "+POP3IN: 1"]),
        ("typed", &["+PDP: DEACT", "+SAPBR 3: DEACT", "+FTPGETTOFS: 1", "+CREG: 1,\"00C3\",\"1A2B\""]),
        ("typed", &["RDY", "RING", "Call Ready", "SMS Ready", "CHARGE-ONLY MODE", "NORMAL POWER DOWN"]),
        ("typed", &["OVER-VOLTAGE WARNNING", "UNDER-VOLTAGE WARNING", "+FTPLIST: 1,1", "+FTPRENAME: 1,0"]),
        ("typed", &["+FTPDELE: 1,0", "+FTPMKD: 1,0", "+FTPRMD: 1,0", "+FTPEXTGET: 1,0", "+FTPPUTFRMFS: 0,7"]),
        ("other", &["+PDP: ACT", "+SAPBR 1: ACT", "+SAPBR x: DEACT", "+CIPRXGET: 2,5", "+POP: 1", "+IPDX"]),
        ("other", &["x,CLOSED", "0,OK", "10,CLOSED", "861234567890123", "garbage", "DST", "+X", "*Y"]),
        (
            "other",
            &["+FTPGETTOFS: 0", "+FTPGETTOFS: 1,7", "+FTPDELE: 0", "+FTPLIST: 2,7", "+CREG: 1,\"00C3\""],
        ),
    ] {
        for line in lines {
            assert_eq!(kind(line), expected, "{line}");
        }
    }
}

#[test]
fn power_down_says_why() {
    for (text, why) in [
        ("NORMAL POWER DOWN", PowerDownCause::Normal),
        ("UNDER-VOLTAGE POWER DOWN", PowerDownCause::UnderVoltage),
        ("OVER-VOLTAGE POWER DOWN", PowerDownCause::OverVoltage),
    ] {
        assert_eq!(Unsolicited::from(Line::new(text.as_bytes())), Unsolicited::PowerDown(why));
    }
}
