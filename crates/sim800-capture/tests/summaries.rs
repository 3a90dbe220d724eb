//! What a capture comes to.

use std::time::Duration;

use sim800_capture::{Capture, Direction, Record, Summary};

const TX: Direction = Direction::Sent;
const RX: Direction = Direction::Received;

/// Of octets with the milliseconds at which they crossed.
fn summary(pieces: &[(u64, Direction, &[u8])]) -> Summary {
    let mut summary = Summary::new();
    let mut capture = Capture::new();
    for (millis, direction, octets) in pieces {
        let time = Some(Duration::from_millis(*millis));
        capture.handle_octets(time, *direction, octets, &mut |event| summary.take(&event));
    }
    capture.handle_end(&mut |event| summary.take(&event));
    summary.finish();
    summary
}

/// `what: sent/received octets in milliseconds, outcome`.
fn transfers(summary: &Summary) -> Vec<String> {
    let told = summary.transfers.items.iter().map(|transfer| {
        let took = transfer.duration().unwrap().as_millis();
        let outcome = transfer.outcome.as_deref().unwrap_or("?");
        format!("{}: {}/{} in {took}, {outcome}", transfer.what, transfer.sent, transfer.received)
    });
    told.collect()
}

#[test]
fn transfers_over_http_have_their_body() {
    let summary = summary(&[
        (0, TX, b"AT+HTTPPARA=\"URL\",\"http://me:sesame@a/x\"\r"),
        (10, RX, b"\r\nOK\r\n"),
        (20, TX, b"AT+HTTPDATA=5,1000\r"),
        (30, RX, b"\r\nDOWNLOAD\r\n"),
        (40, TX, b"12345"),
        (50, RX, b"\r\nOK\r\n"),
        (60, TX, b"AT+HTTPACTION=1\r"),
        (70, RX, b"\r\nOK\r\n"),
        (1500, RX, b"\r\n+HTTPACTION: 1,200,3\r\n"),
        (1510, TX, b"AT+HTTPREAD=0,2\r"),
        (1520, RX, b"\r\n+HTTPREAD: 2\r\nab\r\nOK\r\n"),
        (1530, TX, b"AT+HTTPREAD=2,1\r"),
        (1540, RX, b"\r\n+HTTPREAD: 1\r\nc\r\nOK\r\n"),
        (1550, TX, b"AT+HTTPACTION=0\r"),
        (1560, RX, b"\r\nOK\r\n"),
        (2000, RX, b"\r\n+HTTPACTION: 0,601,0\r\n"),
    ]);
    assert_eq!(
        transfers(&summary),
        [
            "HTTP POST http://a/x: 5/3 in 1500, POST: 200 OK, 3 octets to read",
            "HTTP GET http://a/x: 0/0 in 450, GET: 601 (network error), 0 octets to read",
        ]
    );
    let failed: Vec<_> = summary.transfers.items.iter().map(|transfer| transfer.is_failure).collect();
    assert_eq!(failed, [false, true]);
    // The answer of the first came 1.43 s after its `OK`.
    let waits: Vec<_> =
        summary.waits.items.iter().map(|wait| (wait.duration().as_millis(), wait.command.as_str())).collect();
    assert_eq!(waits, [(1430, "AT+HTTPACTION=1")]);
    assert_eq!((summary.payload, summary.errors), ([5, 3], 1));
}

#[test]
fn transfers_over_ftp_and_of_files_have_their_names() {
    let summary = summary(&[
        (0, TX, b"AT+FTPPUTPATH=\"/a/\"\r"),
        (1, RX, b"\r\nOK\r\n"),
        (2, TX, b"AT+FTPPUTNAME=\"b.bin\"\r"),
        (3, RX, b"\r\nOK\r\n"),
        (10, TX, b"AT+FTPPUT=1\r"),
        (20, RX, b"\r\nOK\r\n\r\n+FTPPUT: 1,1,1360\r\n"),
        (30, TX, b"AT+FTPPUT=2,4\r"),
        (40, RX, b"\r\n+FTPPUT: 2,4\r\n"),
        (50, TX, b"abcd"),
        (60, RX, b"\r\nOK\r\n\r\n+FTPPUT: 1,1,1360\r\n"),
        (70, TX, b"AT+FTPPUT=2,0\r"),
        (80, RX, b"\r\nOK\r\n\r\n+FTPPUT: 1,0\r\n"),
        (100, TX, b"AT+FSREAD=C:\\c,0,2,0\r"),
        (110, RX, b"\r\nxy\r\nOK\r\n"),
        (120, TX, b"AT+FSREAD=C:\\c,1,1,2\r"),
        (130, RX, b"\r\nz\r\nOK\r\n"),
        (140, TX, b"AT+FTPGETNAME=\"d\"\r"),
        (150, RX, b"\r\nOK\r\n"),
        (200, TX, b"AT+FTPGET=1\r"),
        (210, RX, b"\r\nOK\r\n\r\n+FTPGET: 1,72\r\n"),
    ]);
    assert_eq!(
        transfers(&summary),
        [
            "FTP upload /a/b.bin: 4/0 in 70, the upload is done",
            "reading C:\\c: 0/3 in 30, ?",
            "FTP download d: 0/0 in 10, the download ended: 72 (the password was rejected)",
        ]
    );
}

#[test]
fn a_restart_is_told_with_what_the_module_was_doing() {
    let summary = summary(&[
        (0, RX, b"\r\nRDY\r\n"),
        (10, TX, b"AT+HTTPACTION=0\r"),
        (20, RX, b"\r\nOK\r\n"),
        (500, RX, b"\r\nRDY\r\n"),
        (600, TX, b"AT\r"),
        (610, RX, b"\r\nOK\r\n"),
        (700, RX, b"\r\nRDY\r\n"),
    ]);
    let told: Vec<_> = summary.restarts.items.iter().map(|restart| restart.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "before the first command",
            "while AT+HTTPACTION=0 was not answered (Sends the request: GET)",
            "while no command was in flight",
        ]
    );
    assert_eq!(transfers(&summary), ["HTTP GET: 0/0 in 0, the module started anew"]);
}

#[test]
fn retries_are_told() {
    let mut summary = Summary::new();
    let mut capture = Capture::new();
    capture.handle_record(Record::retry(Duration::from_secs(3), "it broke\u{1b}"), &mut |event| {
        summary.take(&event)
    });
    assert_eq!(summary.retries.items[0].text, r"it broke\x1b");
    assert!(summary.text().contains("retries:\n       3.000 it broke"), "{}", summary.text());
}

#[test]
fn the_rate_is_what_explains_the_payload() {
    let body = vec![b'x'; 11_000];
    let pieces = |took: u64| {
        let rest: Vec<u8> = [&body[1..], b"\r\nOK\r\n"].concat();
        let header = b"\r\n+HTTPREAD: 11000\r\nx".to_vec();
        [(0, TX, b"AT+HTTPREAD\r".to_vec()), (10, RX, header), (10 + took, RX, rest)]
    };
    let rate = |took: u64| {
        let pieces = pieces(took);
        let borrowed: Vec<_> = pieces.iter().map(|(at, way, octets)| (*at, *way, &octets[..])).collect();
        summary(&borrowed).rate()
    };
    assert_eq!(rate(1000), Some((115_200, true)));
    assert_eq!(rate(500), Some((230_400, true)));
    assert_eq!(rate(50), None, "too short a time to tell");
    let told = summary(&[(0, TX, b"AT+IPR=9600\r"), (5, RX, b"\r\nOK\r\n")]);
    assert_eq!(told.rate(), Some((9600, false)));
}
