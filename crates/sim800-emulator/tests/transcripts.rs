//! The application note's examples: the emulated module says what the note prints.
//!
//! What comes from the network is taken from the transcript as well: `+HTTPACTION: 0,200,1000` means that a server
//! answered with a thousand octets. Blanks after colons and commas are not compared, as the note itself is not of one
//! mind about them.

use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{Config, Effect, Emulator, FtpFailure, NetworkEvent, OperationId};
use transcript::{Step, Transcript};

#[path = "../../../testdata/transcript.rs"]
mod transcript;

/// What the examples take for granted: a bearer, and names where they set none themselves.
const BEFORE: &[(&str, &str)] = &[
    ("note-3.01", ""),
    (
        "note-3.11",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\"",
    ),
    ("note-3.12", "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\""),
    (
        "note-3.13",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPPUTNAME=\"f\";+FTPPUTPATH=\"/\"",
    ),
    (
        "note-3.14",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\";+FTPPUTNAME=\"f\";+FTPPUTPATH=\"/\"",
    ),
    (
        "note-3.15",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\"",
    ),
    ("", "AT+SAPBR=1,1"),
];

/// Those that need commands which this module's firmware is without.
const NOT_IN_THIS_FIRMWARE: [&str; 5] = ["note 3.20", "note 3.21", "note 3.22", "note 3.23", "note 3.24"];

#[test]
fn the_module_says_what_the_note_prints() {
    let mut played = 0;
    for transcript in transcript::all() {
        let is_left_out =
            transcript.source == "note 3.8" || NOT_IN_THIS_FIRMWARE.contains(&transcript.source.as_str());
        if transcript.source.starts_with("note ") && !is_left_out {
            Bench::new(&transcript).play();
            played += 1;
        }
    }
    assert!(played >= 19, "{played} examples");
}

/// A module, and the network that a transcript tells of.
struct Bench<'t> {
    transcript: &'t Transcript,
    module: Emulator,
    now: Duration,
    operation: Option<OperationId>,
    /// The data connection of the FTP session is open.
    ready: bool,
    /// Octets that were given to the module for download and that it was not asked for yet.
    unread: usize,
    /// Upload octets that the network holds.
    uploaded: usize,
    /// What the module said and no step was compared with yet, without blanks.
    said: Vec<u8>,
    /// What the module was sent last.
    last: Vec<u8>,
}

impl<'t> Bench<'t> {
    fn new(transcript: &'t Transcript) -> Self {
        let mut config = Config::default();
        config.echo = false;
        // The note shows three announcements before the session times out.
        config.timings.ftp_repeat = config.timings.ftp_neglect / 3;
        let module = Emulator::new(config);
        let now = Duration::ZERO;
        let (operation, ready, unread, uploaded, said, last) = (None, false, 0, 0, Vec::new(), Vec::new());
        let mut bench = Self { transcript, module, now, operation, ready, unread, uploaded, said, last };
        let before = BEFORE.iter().find(|(name, _)| transcript.name.starts_with(name)).unwrap().1;
        if !before.is_empty() {
            bench.input(format!("{before}\r").as_bytes());
            bench.expect(b"\r\nOK\r\n");
        }
        bench
    }

    fn play(&mut self) {
        let steps = &self.transcript.steps;
        for (place, step) in steps.iter().enumerate() {
            match step {
                Step::Command(line) => {
                    if let Some(Step::Response(_, events)) = steps.get(place + 1) {
                        self.progress(&events[0]);
                    }
                    self.input(line);
                }
                Step::Payload(octets) => self.input(octets),
                Step::Response(octets, events) => {
                    for event in events {
                        match event.split_once(' ') {
                            Some(("unsolicited", text)) => self.stimulate(text, &steps[place + 1..]),
                            Some(("payload", count)) => {
                                self.unread -= count.parse::<usize>().unwrap().min(self.unread)
                            }
                            _ => {}
                        }
                    }
                    self.expect(octets);
                }
            }
        }
    }

    fn input(&mut self, octets: &[u8]) {
        self.last = octets.to_vec();
        self.module.handle_input(self.now, octets);
        self.effects();
    }

    fn effects(&mut self) {
        while let Some(effect) = self.module.poll_effect() {
            match effect {
                Effect::Http { id, .. } | Effect::Ftp { id, .. } => {
                    self.operation = Some(id);
                    (self.ready, self.unread) = (false, 0);
                }
                Effect::Send { octets, .. } => self.uploaded += octets.len(),
                _ => {}
            }
        }
    }

    fn network(&mut self, event: NetworkEvent) {
        let id =
            self.operation.unwrap_or_else(|| panic!("{}: {event:?} without an operation", self.transcript));
        self.module.handle_network(self.now, id, event);
        self.effects();
    }

    /// Waits for the module to say this, with time moved on as it takes.
    fn expect(&mut self, octets: &[u8]) {
        let expected = loose(octets);
        while self.said.len() < expected.len() {
            let said = std::iter::from_fn(|| self.module.poll_transmit()).flatten().collect::<Vec<u8>>();
            self.effects();
            self.said = loose(&[&self.said[..], &said].concat());
            if said.is_empty() {
                let Some(due) = self.module.poll_timeout() else { break };
                self.now = self.now.max(due);
                assert!(self.now < Duration::from_secs(3600), "{}: it takes an hour", self.transcript);
                self.module.handle_timeout(self.now);
            }
        }
        assert!(
            self.said.starts_with(&expected),
            "{}: after {} the module says {} instead of {}",
            self.transcript,
            self.last.escape_ascii(),
            self.said.escape_ascii(),
            expected.escape_ascii()
        );
        self.said.drain(..expected.len());
    }

    /// Makes happen on the network what the module is about to report in answer to a query.
    fn progress(&mut self, event: &str) {
        let Some(values) = event.strip_prefix("information +HTTPSTATUS: GET,1,") else { return };
        let (received, remaining) = values.split_once(',').unwrap();
        let (received, remaining): (u64, u64) = (received.parse().unwrap(), remaining.parse().unwrap());
        self.network(NetworkEvent::HttpProgress { received, total: Some(received + remaining) });
    }

    /// Makes happen on the network what the module is about to report.
    fn stimulate(&mut self, text: &str, after: &[Step]) {
        let (name, values) = text.split_once(':').unwrap();
        let values: Vec<u64> = values.split(',').map(|value| value.trim().parse().unwrap()).collect();
        match (name, &values[..]) {
            ("+HTTPACTION", [_, status, length]) => {
                let body: Vec<u8> = (0..*length).map(|n| n.to_le_bytes()[0]).collect();
                self.network(NetworkEvent::HttpDone {
                    status: (*status).try_into().unwrap(),
                    head: Bytes::new(),
                    body: body.into(),
                });
            }
            ("+FTPGET" | "+FTPLIST", [1, 1]) => {
                if !self.ready {
                    self.ready = true;
                    self.network(NetworkEvent::FtpReady);
                }
                if self.unread == 0 {
                    let data = download(after);
                    self.unread = data.len();
                    self.network(NetworkEvent::FtpData(data));
                }
            }
            ("+FTPPUT", [1, 1, _]) if self.ready => {
                let sent = std::mem::take(&mut self.uploaded);
                self.network(NetworkEvent::FtpSent(sent));
            }
            ("+FTPPUT", [1, 1, _]) => {
                self.ready = true;
                self.network(NetworkEvent::FtpReady);
            }
            ("+FTPSIZE", [1, 0, size]) => self.network(NetworkEvent::FtpDone { size: Some(*size) }),
            (_, [1, 0]) => self.network(NetworkEvent::FtpDone { size: None }),
            // What the module finds out by itself: no name, a session already, quit, nobody reads.
            (_, [1, 66 | 86]) => {}
            (_, [1, 64]) if self.unread > 0 || self.operation.is_none() => {}
            (_, [1, code]) => self.network(NetworkEvent::FtpFailed(FtpFailure((*code).try_into().unwrap()))),
            _ => panic!("{}: no idea how {text} comes about", self.transcript),
        }
    }
}

/// What the module is asked for until it announces data again or ends; something, when it is not asked at all.
fn download(steps: &[Step]) -> Bytes {
    let mut data = Vec::new();
    for step in steps {
        let Step::Response(octets, events) = step else { continue };
        if events.iter().any(|event| event.starts_with("unsolicited")) {
            break;
        }
        if let Some(count) = events.iter().find_map(|event| event.strip_prefix("payload ")) {
            let count: usize = count.parse().unwrap();
            let end = octets.len() - b"\r\nOK\r\n".len();
            data.extend(&octets[end - count..end]);
        }
    }
    if data.is_empty() { Bytes::from_static(b"unread") } else { data.into() }
}

/// Without the blanks that firmware prints or leaves out.
fn loose(octets: &[u8]) -> Vec<u8> {
    let mut loose: Vec<u8> = Vec::new();
    for octet in octets {
        if *octet != b' ' || !matches!(loose.last(), Some(b':' | b',')) {
            loose.push(*octet);
        }
    }
    loose
}
