//! Power, start-up, restart.

use std::time::Duration;

use sim800_emulator::{Config, Fault, PowerDown, Registration, Sim, Start};

use crate::bench::{Bench, SECOND, instant};

pub(crate) const SYNC: &[u8] = b"\x00IIII\xff\xff\xff\xff";
const OK: &[u8] = b"\r\nOK\r\n";
pub(crate) const READY: &[u8] = b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n";

fn fixed_rate() -> Config {
    let mut config = Config::default();
    config.start = Start::FixedRate;
    config.echo = false;
    config
}

#[test]
fn at_a_fixed_rate() {
    let mut bench = Bench::new(fixed_rate());
    bench.exchange("AT", "");
    bench.wait(Duration::from_millis(2500), SYNC);
    bench.ok("AT");
    bench.ok("AT+CREG=1");
    bench.ok("AT+CMEE=1");
    bench.exchange("AT+CPIN?", "\r\n+CME ERROR: 14\r\n");
    bench.wait(SECOND / 2, [READY, b"\r\n+CREG: 2\r\n"].concat());
    bench.information("AT+CPIN?", "+CPIN: READY");
    bench.information("AT+CREG?", "+CREG: 1,2");
    bench.information("AT+CGATT?", "+CGATT: 0");
    bench.wait(3 * SECOND, "\r\n+CREG: 1\r\n");
    bench.information("AT+CREG?", "+CREG: 1,1");
    bench.information("AT+CGATT?", "+CGATT: 1");
    bench.wait(SECOND, "\r\nCall Ready\r\n");
    bench.wait(SECOND, "\r\nSMS Ready\r\n");
    assert_eq!(bench.emulator.poll_timeout(), None);
}

#[test]
fn autobauding_is_silent_until_at() {
    let mut config = fixed_rate();
    config.start = Start::Autobaud;
    config.echo = true;
    let mut bench = Bench::new(config);
    bench.wait(60 * SECOND, "");
    bench.dte("hello\rA/");
    bench.dce("");
    bench.dte("\rAT\r");
    bench.dce("AT\r\r\nOK\r\n");
    bench.dte("AT+IPR?\r");
    bench.dce("AT+IPR?\r\r\n+IPR: 0\r\n\r\nOK\r\n");
}

#[test]
fn autobauding_lets_the_late_lines_through() {
    let mut config = fixed_rate();
    config.start = Start::Autobaud;
    let mut bench = Bench::new(config);
    bench.wait(4 * SECOND, "");
    bench.ok("AT");
    bench.wait(4 * SECOND, "\r\nCall Ready\r\n\r\nSMS Ready\r\n");
}

#[test]
fn the_rate_decides_how_a_restart_looks() {
    let mut bench = Bench::new(instant());
    bench.ok("AT+IPR=0");
    bench.ok("AT+CFUN=1,1");
    bench.wait(SECOND, "");
    bench.ok("AT+IPR=115200");
    // The result code comes when the serial port is back (manual 3.2.42).
    bench.exchange("AT+CFUN=1,1", "");
    bench.wait(SECOND, [SYNC, OK, READY, b"\r\nCall Ready\r\n\r\nSMS Ready\r\n"].concat());
}

#[test]
fn with_a_pin() {
    let mut config = fixed_rate();
    config.sim = Sim::PinRequired { pin: "1234".into() };
    let mut bench = Bench::new(config);
    bench.wait(9 * SECOND, [SYNC, b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: SIM PIN\r\n"].concat());
    bench.ok("AT+CMEE=1");
    bench.information("AT+CPIN?", "+CPIN: SIM PIN");
    bench.information("AT+CREG?", "+CREG: 0,0");
    bench.exchange("AT+CIMI", "\r\n+CME ERROR: 11\r\n");
    bench.exchange("AT+CPIN=4321", "\r\n+CME ERROR: 16\r\n");
    bench.dte("AT+CPIN=\"1234\"\r");
    bench.wait(SECOND / 5, "\r\nOK\r\n");
    // Not in the same breath.
    bench.wait(Duration::from_millis(19), "");
    bench.wait(Duration::from_millis(1), "\r\n+CPIN: READY\r\n");
    bench.information("AT+CPIN?", "+CPIN: READY");
    bench.exchange("AT+CPIN=1234", "\r\n+CME ERROR: 3\r\n");
    bench.wait(5 * SECOND, "\r\nCall Ready\r\n\r\nSMS Ready\r\n");
    bench.information("AT+CREG?", "+CREG: 0,1");
}

#[test]
fn three_wrong_pins_block_the_card() {
    let mut config = instant();
    config.sim = Sim::PinRequired { pin: "1234".into() };
    let mut bench = Bench::new(config);
    for _ in 0..3 {
        bench.error("AT+CPIN=0000");
    }
    bench.information("AT+CPIN?", "+CPIN: SIM PUK");
    bench.error("AT+CPIN=1234");
    bench.exchange("AT+CFUN=1,1", "");
    bench.wait(SECOND, [SYNC, OK, b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: SIM PUK\r\n"].concat());
}

#[test]
fn without_a_card() {
    let mut config = instant();
    config.sim = Sim::Absent;
    let mut bench = Bench::new(config);
    bench.error("AT+CPIN?");
    bench.ok("AT+CMEE=1");
    bench.exchange("AT+CPIN?", "\r\n+CME ERROR: 10\r\n");
    bench.exchange("AT+CCID", "\r\n+CME ERROR: 10\r\n");
    bench.information("AT+CREG?", "+CREG: 0,0");
    bench.error("AT+SAPBR=1,1");
}

#[test]
fn denied_by_the_network() {
    let mut config = instant();
    config.registration = Registration::Denied;
    let mut bench = Bench::new(config);
    bench.information("AT+CREG?", "+CREG: 0,3");
    bench.information("AT+CGREG?", "+CGREG: 0,3");
    bench.information("AT+COPS?", "+COPS: 0");
    bench.ok("AT+CMEE=1");
    bench.exchange("AT+CGATT=1", "\r\n+CME ERROR: 30\r\n");
}

#[test]
fn the_last_word_is_never_held_back() {
    let mut config = Config::default();
    config.echo = false;
    let mut bench = Bench::new(config);
    bench.exchange("AT\rAT+CPOWD=1", "\r\nOK\r\n\r\nNORMAL POWER DOWN\r\n");
}

#[test]
fn power_down_is_the_last_word() {
    let mut bench = Bench::online();
    bench.exchange("AT+CPOWD=1", "\r\nNORMAL POWER DOWN\r\n");
    bench.exchange("AT", "");
    bench.wait(100 * SECOND, "");
    bench.fault(Fault::Restart { announced: true });
    bench.wait(SECOND, [SYNC, READY, b"\r\nCall Ready\r\n\r\nSMS Ready\r\n"].concat());
    // Nobody hears it when it goes without a word, nor the rest of the line.
    bench.exchange("ATE0;+CPOWD=0;+CSQ", "");
    bench.exchange("AT", "");
}

#[test]
fn a_restart_forgets_what_was_not_stored() {
    let mut config = instant();
    config.echo = true;
    let mut bench = Bench::http_with_echo(config);
    bench.dte("ATE0\r");
    bench.said();
    bench.ok("AT+CMEE=1;+CREG=2;+CSCS=\"GSM\"");
    bench.ok("AT&W");
    bench.ok("AT+CMEE=2;+FTPSERV=a");
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.exchange("AT+CFUN=1,1", "");
    bench.effect(sim800_emulator::Effect::Cancel { id });
    let cell = "\"4A1C\",\"7D31\"";
    let start = [SYNC, OK, READY, b"\r\n+CREG: 2\r\n"].concat();
    let rest = format!("\r\n+CREG: 1,{cell}\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n");
    bench.wait(SECOND, [&start[..], rest.as_bytes()].concat());
    bench.information("AT+CMEE?", "+CMEE: 1");
    bench.information("AT+CREG?", &format!("+CREG: 2,1,{cell}"));
    bench.information("AT+CSCS?", "+CSCS: \"GSM\"");
    bench.information("AT+FTPSERV?", "+FTPSERV: ");
    bench.information("AT+SAPBR=2,1", "+SAPBR: 1,3,\"0.0.0.0\"");
    bench.ok("AT+HTTPINIT");
    bench.dte("AT&F\r");
    bench.dce("\r\nOK\r\n");
    bench.exchange("AT+CMEE?", "AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n");
    bench.exchange("ATZ", "ATZ\r\r\nOK\r\n");
    bench.information("AT+CMEE?", "+CMEE: 1");
}

impl Bench {
    /// The HTTP service initialized, whatever the echo.
    fn http_with_echo(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.dte("AT+SAPBR=1,1;+HTTPINIT;+HTTPPARA=\"CID\",1;+HTTPPARA=URL,a\r");
        assert!(bench.said().ends_with(b"\r\nOK\r\n"));
        bench
    }
}

#[test]
fn silence_and_low_voltage() {
    let mut bench = Bench::online();
    bench.fault(Fault::Silence);
    bench.exchange("AT", "");
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.ok("AT");
    bench.fault(Fault::PowerDown(PowerDown::UnderVoltage));
    bench.dce("\r\nUNDER-VOLTAGE POWER DOWN\r\n");
    bench.exchange("AT", "");
    bench.fault(Fault::PowerDown(PowerDown::UnderVoltage));
    bench.fault(Fault::BearerLost { cid: 1 });
    bench.dce("");
}

#[test]
fn the_routing_of_messages_is_refused_before_sms_ready() {
    let mut config = fixed_rate();
    config.late_messages = true;
    let mut bench = Bench::new(config);
    bench.wait(Duration::from_millis(2500), SYNC);
    bench.wait(SECOND / 2, READY);
    bench.error("AT+CNMI=2,1,0,0,0");
    bench.wait(4 * SECOND, "\r\nCall Ready\r\n");
    bench.wait(SECOND, "\r\nSMS Ready\r\n");
    bench.ok("AT+CNMI=2,1,0,0,0");
}

/// What `AT&V` of a module said (field log), but for what this one has not got; the module was at a fixed rate, without echo.
const SHIPPED: &str = "S0: 0\r\nS3: 13\r\nS4: 10\r\nS5: 8\r\nS6: 2\r\nS7: 60\r\nS8: 2\r\nS10: 15\r\n+CRLP: 61,61,48,6\r\nV: 1\r\nE: 1\r\n\
    Q: 0\r\nX: 4\r\n&C: 1\r\n&D: 1\r\n+CLTS: 0\r\n+CREG: 0\r\n+CGREG: 0\r\n+CMEE: 0\r\n+CIURC: 1\r\n+CFGRI: 0\r\n+CMTE: 0\r\n\
    +CANT: 0,0,10\r\n+CMGF: 0\r\n+CNMI: 2,1,0,0,0\r\n+CSCS: \"IRA\"\r\n+VTD: 1\r\n+CALS: 1\r\n+CHF: 0\r\n+CAAS: 1\r\n\
    +CBUZZERRING: 0\r\n+DDET: 0\r\n+MORING: 0\r\n+SVR: 16\r\n+CCPD: 1\r\n+CSNS: 0\r\n+CSGS: 1\r\n+CNETLIGHT: 1\r\n+CSDT: 0\r\n\
    +CSMINS: 0\r\n+EXUNSOL: 0\r\n+FSHEX: 0\r\n+FSEXT: 0\r\n+IPR: 115200\r\n+IFC: 0,0\r\n+CSCLK: 0";

#[test]
fn three_profiles_are_shown() {
    let mut config = instant();
    config.echo = true;
    let mut bench = Bench::new(config);
    bench.exchange(
        "ATE0X3S0=2;+CMGF=1;+CREG=2;+CNETLIGHT=0",
        "ATE0X3S0=2;+CMGF=1;+CREG=2;+CNETLIGHT=0\r\r\nOK\r\n",
    );
    let active = SHIPPED
        .replace("S0: 0", "S0: 2")
        .replace("E: 1", "E: 0")
        .replace("X: 4", "X: 3")
        .replace("+CREG: 0", "+CREG: 2")
        .replace("+CMGF: 0", "+CMGF: 1")
        .replace("+CNETLIGHT: 1", "+CNETLIGHT: 0");
    let shown = |user: &str, active: &str| {
        format!(
            "DEFAULT PROFILE\r\n{SHIPPED}\r\n\r\nUSER PROFILE\r\n{user}\r\n\r\nACTIVE PROFILE\r\n{active}"
        )
    };
    bench.information("AT&V", &shown(SHIPPED, &active));
    bench.ok("AT&W");
    bench.ok("AT&F");
    bench.exchange("AT&V", format!("AT&V\r\r\n{}\r\n\r\nOK\r\n", shown(&active, SHIPPED)));
    bench.exchange("ATZ", "ATZ\r\r\nOK\r\n");
    bench.information("AT&V", &shown(&active, &active));
}

#[test]
fn registers_hold_what_the_manual_lets_them() {
    let mut bench = Bench::new(instant());
    for (line, text) in [("ATS0?", "000"), ("ATS3?", "013"), ("ATS10?", "015"), ("ATS6=255;S6?", "255")] {
        bench.information(line, text);
    }
    for line in ["ATS3=13", "ATS4=10", "ATS5=127", "ATS7=255", "ATS10=254", "ATX4&C1&D2"] {
        bench.ok(line);
    }
    for line in ["ATS3=10", "ATS4=13", "ATS5=128", "ATS7=0", "ATS10=0", "ATS10=255", "ATX5", "AT&C2", "AT&D3"]
    {
        bench.error(line);
    }
}
