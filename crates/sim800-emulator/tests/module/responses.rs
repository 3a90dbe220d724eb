//! How responses look under `ATV`, `ATQ`, `AT+CMEE`, and in the spacing of other firmware.

use bytes::Bytes;
use sim800_emulator::{NetworkEvent, Spacing};

use crate::bench::{Bench, instant};

#[test]
fn numeric() {
    let mut bench = Bench::http();
    bench.exchange("ATV0", "0\r");
    bench.exchange("AT", "0\r");
    bench.exchange("AT+NONSENSE", "4\r");
    bench.exchange("AT+CSQ", "+CSQ: 21,0\r\n0\r");
    bench.exchange("ATD1", "3\r");
    bench.exchange("AT+HTTPDATA=2,1000", "DOWNLOAD\r\n");
    bench.dte("ab");
    bench.dce("0\r");
    bench.exchange("AT+HTTPREAD", "+HTTPREAD: 2\r\nab0\r");
    bench.ok("ATV1");
}

#[test]
fn quiet() {
    let mut bench = Bench::online();
    bench.exchange("ATQ1", "");
    bench.exchange("AT", "");
    bench.exchange("AT+NONSENSE", "");
    bench.exchange("AT+CSQ", "\r\n+CSQ: 21,0\r\n");
    bench.exchange("AT+FTPSERV=a;+FTPSIZE", "\r\n+FTPSIZE: 1,64\r\n");
    bench.ok("ATQ0");
}

#[test]
fn errors_in_three_ways() {
    let mut bench = Bench::online();
    bench.information("AT+CMEE=?", "+CMEE: (0-2)");
    bench.error("AT+SAPBR=1,1");
    bench.ok("AT+CMEE=1");
    bench.exchange("AT+SAPBR=1,1", "\r\n+CME ERROR: 3\r\n");
    bench.ok("AT+CMEE=2");
    bench.exchange("AT+SAPBR=1,1", "\r\n+CME ERROR: operation not allowed\r\n");
    bench.information("AT+CMEE?", "+CMEE: 2");
    bench.exchange("AT+CMEE=3", "\r\n+CME ERROR: param value range beyond\r\n");
}

#[test]
fn other_firmware_leaves_the_blank_out() {
    let mut config = instant();
    config.spacing = Spacing::Sim900;
    let mut bench = Bench::http_with(config);
    bench.ok("AT+HTTPACTION=0");
    let (id, _) = bench.http_request();
    bench.network(
        id,
        NetworkEvent::HttpDone { status: 200, head: Bytes::new(), body: Bytes::from_static(b"body") },
    );
    bench.dce("\r\n+HTTPACTION:0,200,4\r\n");
    bench.payload("AT+HTTPREAD", "+HTTPREAD:4", b"body");
    bench.information("AT+SAPBR=2,1", "+SAPBR: 1,1,\"10.89.193.1\"");
    bench.exchange("AT+FTPGET=1", "\r\nOK\r\n\r\n+FTPGET:1,62\r\n");
}

#[test]
fn what_nobody_reads_holds_the_module() {
    let mut bench = Bench::new(instant());
    for _ in 0..10_000 {
        bench.dte("AT+CSQ\rAT+GSV\r");
    }
    // The way out is bounded, and so is what waits; the rest is lost.
    let said = bench.said().len();
    assert!((64 * 1024..256 * 1024).contains(&said), "{said}");
    bench.dte("\r");
    bench.said();
    bench.ok("AT");
}
