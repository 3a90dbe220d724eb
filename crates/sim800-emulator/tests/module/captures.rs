//! Captures of real modules, played again: the module is sent the commands whose echoes they hold, the network does what it did, and
//! what the module says is compared line by line. What differs is listed, with the reason.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use sim800_emulator::{Config, Fault, HttpFailure, MemoryStorage, NetworkEvent, Place, Registration};

use crate::bench::{Bench, SECOND, instant};

/// A log has this, the emulator says that.
struct Difference {
    log: &'static str,
    here: &'static str,
    why: &'static str,
}

/// One capture.
struct Replay {
    name: &'static str,
    config: fn(&mut Config),
    /// Commands that were sent before the capture began.
    before: &'static [&'static str],
    /// What happens once a command was sent.
    then: fn(&mut Bench, &str),
    differs: &'static [Difference],
}

const ADDRESS: &str = "networks give what addresses they like";

const REPLAYS: &[Replay] = &[
    Replay {
        name: "damaged-body-47-of-which-26-came",
        config: |_| {},
        before: &["AT+SAPBR=1,1", "AT+HTTPINIT", "AT+HTTPPARA=\"CID\",1", "AT+HTTPPARA=\"URL\",\"a.b\""],
        then: |bench, line| match line {
            "AT+HTTPDATA=34,10000" => bench.dte([b'b'; 34]),
            "AT+HTTPACTION=1" => fetched(bench, b"BC94,0103,115200,mqtt.example.net,1883,user,key"),
            _ => {}
        },
        differs: &[Difference {
            log: "BC94,0103,115200,mqtt.exam",
            here: "BC94,0103,115200,mqtt.example.net,1883,user,key",
            why: "the log's serial port lost the rest",
        }],
    },
    Replay {
        name: "fsread-past-the-end",
        config: |config| {
            let card = MemoryStorage::new(1 << 20);
            config.card = Some(Arc::new(card));
            let mut file = vec![b'0'; 22_876 - 18];
            file.extend_from_slice(b"F9C\r\n:00000001FF\r\n");
            config.write_file("D:\\FTP\\firmware.hex", &file).unwrap();
        },
        before: &[],
        then: |_, _| {},
        differs: &[],
    },
    Replay {
        name: "extget-query-answered-0",
        config: |_| {},
        before: FTP,
        then: |bench, line| {
            if line == "at+ftpextget?" {
                let (id, _) = bench.ftp_request();
                bench.network(id, NetworkEvent::FtpReady);
                let file = Bytes::from_static(b"[Time]\r\nOK=1\r\nheure=12:00\r\n\xe9t\xe9=oui\r\n[X]\r\n");
                bench.network(id, NetworkEvent::FtpData(file));
                bench.network(id, NetworkEvent::FtpDone { size: None });
            }
        },
        differs: &[],
    },
    Replay {
        name: "gettofs-query-answered-0",
        config: |_| {},
        before: FTP,
        then: |bench, line| {
            // Whether the server had answered yet, the log does not tell: it makes no difference.
            if line.starts_with("AT+FTPGETTOFS=") {
                let (id, _) = bench.ftp_request();
                bench.network(id, NetworkEvent::FtpReady);
            }
        },
        differs: &[],
    },
    Replay {
        name: "httpstatus-polled",
        config: |_| {},
        before: &[
            "AT+SAPBR=1,1",
            "AT+HTTPINIT",
            "AT+HTTPPARA=\"CID\",1",
            "AT+HTTPPARA=\"URL\",\"a.b\"",
            "AT+HTTPDATA=241,1000",
            "AT+HTTPACTION=1",
        ],
        then: |bench, _| {
            // The second time, its answer is there.
            if bench.now == SECOND {
                fetched(bench, b"abc");
            }
            bench.now += SECOND;
        },
        differs: &[
            Difference {
                log: "+HTTPSTATUS: POST,1,0,241",
                here: "+HTTPSTATUS: POST,2,0,241",
                why: "firmware that calls it receiving before it has connected; the note's is sending throughout",
            },
            Difference {
                log: "OK\nOK\n+HTTPACTION",
                here: "OK\n+HTTPACTION",
                why: "an OK that nobody had asked for, seen once",
            },
        ],
    },
    Replay {
        name: "bearer-opened-twice",
        config: |config| {
            config.registration = Registration::Roaming;
            config.ssl = false;
        },
        before: &["AT+SAPBR=1,1", "AT+HTTPINIT"],
        then: |bench, line| {
            if line == "AT+HTTPREAD" {
                let (id, _) = bench.http_request();
                bench.network(id, NetworkEvent::HttpFailed(HttpFailure::Dns));
                // The network was lost and is there again; of that, the log has the last line.
                bench.fault(Fault::Inject { place: Place::Now, text: "+CREG: 5".into() });
            }
        },
        differs: &[Difference {
            log: "+SAPBR: 1,1,\"10.141.7.244\"",
            here: "+SAPBR: 1,1,\"10.89.193.1\"",
            why: ADDRESS,
        }],
    },
    Replay {
        name: "context-beside-bearer",
        config: |config| {
            config.registration = Registration::Roaming;
            config.signal = (15, 0);
        },
        before: &["AT+CGATT=0"],
        then: |_, _| {},
        differs: &[Difference {
            log: "+SAPBR: 1,1,\"100.88.72.189\"",
            here: "+SAPBR: 1,1,\"10.89.193.1\"",
            why: ADDRESS,
        }],
    },
];

const FTP: &[&str] =
    &["AT+SAPBR=1,1", "AT+FTPCID=1", "AT+FTPSERV=\"a.b\"", "AT+FTPGETNAME=\"f\"", "AT+FTPGETPATH=\"/\""];

/// A server answers the request that is under way.
fn fetched(bench: &mut Bench, body: &'static [u8]) {
    let (id, _) = bench.http_request();
    let body = Bytes::from_static(body);
    bench.network(id, NetworkEvent::HttpDone { status: 200, head: Bytes::new(), body });
}

fn capture(name: &str) -> Vec<u8> {
    let path = format!("{}/../../testdata/captures/{name}.raw", env!("CARGO_MANIFEST_DIR"));
    fs::read(path).unwrap()
}

/// The lines, without those that are empty.
fn lines(octets: &[u8]) -> String {
    let text = octets.escape_ascii().to_string().replace("\\\\", "\\").replace("\\\"", "\"");
    let text = text.replace("\\r", "").replace("\\n", "\n");
    text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn captures_are_said_again() {
    for Replay { name, config, before, then, differs } in REPLAYS {
        let mut settings = instant();
        config(&mut settings);
        let mut bench = Bench::new(settings);
        for line in *before {
            // What came before is no part of the capture.
            bench.dte(format!("{line}\r"));
            if line.starts_with("AT+HTTPDATA") {
                bench.dte([b'b'; 241]);
            }
            bench.said();
        }
        bench.ok("ATE1");
        let log = capture(name);
        let expected = lines(&log);
        let mut said = Vec::new();
        for line in expected.lines().filter(|line| line.to_ascii_uppercase().starts_with("AT+")) {
            bench.dte(format!("{line}\r"));
            then(&mut bench, line);
            said.extend(bench.said());
        }
        let mut expected = expected;
        for Difference { log, here, why } in *differs {
            assert_eq!(expected.matches(log).count(), 1, "{name} has no {log}, of which {why}");
            expected = expected.replace(log, here);
        }
        assert_eq!(lines(&said), expected, "{name}");
    }
}

/// It has no echo, and with it no commands: they are known from the driver that compares with it, which reads over `Call Ready`.
#[test]
fn the_state_of_the_card_comes_before_the_ok() {
    let mut bench = Bench::new(instant());
    let mut said = Vec::new();
    for line in ["AT+CFUN=0", "AT+CFUN=1"] {
        bench.dte(format!("{line}\r"));
        said.extend(bench.said());
    }
    bench.now += 10 * SECOND;
    bench.emulator.handle_timeout(bench.now);
    said.extend(bench.said());
    assert_eq!(lines(&said).replace("Call Ready\n", ""), lines(&capture("cfun-with-cpin-before-ok")));
}

#[test]
fn every_capture_is_played() {
    let folder = format!("{}/../../testdata/captures", env!("CARGO_MANIFEST_DIR"));
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter_map(|name| Some(name.strip_suffix(".raw")?.to_owned())).collect();
    names.sort();
    let mut played: Vec<&str> = REPLAYS.iter().map(|replay| replay.name).collect();
    played.push("cfun-with-cpin-before-ok");
    played.sort_unstable();
    assert_eq!(names, played);
}
