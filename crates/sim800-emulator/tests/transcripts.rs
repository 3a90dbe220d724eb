//! The transcripts, played: the emulated module says what a real one said, or what the note and the manual print.
//!
//! What comes from the network is taken from the transcript as well: `+HTTPACTION: 0,200,1000` means that a server
//! answered with a thousand octets. Blanks after colons and commas are not compared, as the note itself is not of one
//! mind about them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sim800_command::{ConnectionEvent, Id, Line, LookedUp, Prepared};
use sim800_emulator::{
    Config, Effect, Emulator, FtpFailure, MemoryStorage, NetworkEvent, OperationId, Registration, Sim,
    SocketFailure,
};
use sim800_testdata::{Response, Step, Transcript, transcripts};

/// What is not played, and why.
const EXCEPTED: &[(&str, &str)] = &[
    ("field-fs-free", "another firmware's spelling"),
    ("field-glued-lines", "what a line end less makes of lines is made by faults of the line"),
    ("field-http-nothing-to-read", "what different firmwares say to the same"),
    ("field-ssl-missing", "what different firmwares say to the same"),
    ("field-start-up", "as it begins before the first command, the tests of start-up have it"),
    ("made-up-fs-hostile-file", "the line says something between octets that were counted"),
    ("made-up-fs-write-timeout", "a guess that the emulator does not share"),
    ("made-up-ftp-progress", "unsolicited lines that come when no module sends them"),
    ("made-up-hostile-headers", "counts that no module announces"),
    ("made-up-hostile-payload", "lines that come when no module sends them"),
    ("made-up-short-message", "the emulator receives no messages by itself"),
];

/// What transcripts take for granted: commands that were sent before, a bearer for example, and how the module is set up.
struct Scene {
    /// How the names of the transcripts begin.
    transcripts: &'static str,
    before: &'static str,
    config: fn(&mut Config),
}

const fn after(transcripts: &'static str, before: &'static str) -> Scene {
    Scene { transcripts, before, config: |_| {} }
}

const fn with(transcripts: &'static str, before: &'static str, config: fn(&mut Config)) -> Scene {
    Scene { transcripts, before, config }
}

/// The first that fits.
const SCENES: &[Scene] = &[
    after("field-bearer-profile", "AT+SAPBR=3,1,\"CONTYPE\",\"GPRS\";+SAPBR=3,1,\"APN\",\"internet\""),
    with("field-fs-directories", "", |config| create(config, &["id.txt"], b"")),
    with("field-fs-drives", "", |config| {
        config.storage = Arc::new(MemoryStorage::new(190_464));
        config.card = Some(Arc::new(MemoryStorage::new(1 << 30)));
    }),
    after("field-fs-none", "AT+CMEE=1"),
    with("field-fs-read", "", |config| {
        let counting: Vec<u8> = (0..=u8::MAX).chain(0..44).chain(0..100).collect();
        create(config, &["User", "a.txt"], &counting);
    }),
    with("field-ftp-rename-missing", "", |config| config.ftp_rename = false),
    after(
        "field-ftp-rename",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\";+FTPPUTNAME=\"g\";+FTPPUTPATH=\"/\"",
    ),
    after("field-http-echo", "AT+SAPBR=1,1;+HTTPINIT;+HTTPPARA=\"CID\",1;+HTTPPARA=\"URL\",\"a.b\";E1"),
    after("field-ssl", "AT+HTTPINIT"),
    after("manual-cells", "AT+CREG=2;+CGREG=2"),
    after(
        "manual-ftp-context",
        "AT+FTPSERV=\"116.228.221.52\";+FTPUN=\"sim.cs1\";+FTPPW=\"*****\";+FTPGETNAME=\"1K.txt\";+FTPGETPATH=\"/\"",
    ),
    with("manual-general", "", |config| config.imei = "869951030000002".into()),
    after(
        "manual-http-context",
        "AT+HTTPINIT;+HTTPPARA=\"CID\",1;+HTTPPARA=\"URL\",\"www.sim.com\";+HTTPPARA=\"UA\",\"SIMCom_MODULE\";+HTTPPARA=\"PROIP\",\"10.0.0.172\";+HTTPPARA=\"PROPORT\",80;+HTTPPARA=\"USERDATA\",\"Accept: text/plain\\r\\nX-Id: 7\"",
    ),
    after("manual-http-header", "AT+SAPBR=1,1;+HTTPINIT;+HTTPPARA=\"CID\",1;+HTTPPARA=\"URL\",\"a.b\""),
    after("manual-location", "AT+SAPBR=1,1"),
    with("manual-network", "", |config| {
        config.registration = Registration::Roaming;
        config.signal = (15, 2);
        config.operator = "CHINA MOBILE".into();
    }),
    with("manual-sim-pin", "AT+CMEE=1", |config| config.sim = Sim::PinRequired { pin: "1234".into() }),
    with("manual-no-network", "", |config| config.registration = Registration::Searching),
    after("note-3.01", ""),
    after(
        "note-3.11",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\"",
    ),
    after("note-3.12", "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\""),
    after(
        "note-3.13",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPPUTNAME=\"f\";+FTPPUTPATH=\"/\"",
    ),
    after(
        "note-3.14",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\";+FTPPUTNAME=\"f\";+FTPPUTPATH=\"/\"",
    ),
    after(
        "note-3.15",
        "AT+SAPBR=1,1;+FTPSERV=\"a.b\";+FTPUN=\"u\";+FTPPW=\"p\";+FTPGETNAME=\"f\";+FTPGETPATH=\"/\"",
    ),
    with("note-3.22", "AT+SAPBR=1,1", named_by_the_note),
    with("note-3.24", "AT+SAPBR=1,1", named_by_the_note),
    after("note-", "AT+SAPBR=1,1"),
    after("", ""),
];

/// The file that two of the note's examples upload.
fn named_by_the_note(config: &mut Config) {
    create(config, &["User", "FTP", "test.txt"], &vec![b'f'; 174_125]);
}

fn create(config: &Config, path: &[&str], octets: &[u8]) {
    let path: Vec<String> = path.iter().map(|&step| step.into()).collect();
    config.storage.create(&path).unwrap();
    config.storage.write(&path, 0, octets).unwrap();
}

#[test]
fn the_module_says_what_the_transcripts_have() {
    let transcripts = transcripts();
    let mut played = BTreeSet::new();
    for transcript in &transcripts {
        if !EXCEPTED.iter().any(|(name, _)| transcript.name == *name) {
            Bench::new(transcript).play();
            played.extend(transcript.steps.iter().filter_map(|step| match step {
                Step::Command(line) => Prepared::parse(line).map(|command| command.spec.id),
                _ => None,
            }));
        }
    }
    let unplayed: Vec<_> = Id::ALL.iter().filter(|id| !played.contains(&Some(**id))).collect();
    assert!(unplayed.is_empty(), "only excepted transcripts have {unplayed:?}");
    let names: BTreeSet<&str> = transcripts.iter().map(|transcript| transcript.name.as_str()).collect();
    for (name, why) in EXCEPTED {
        assert!(names.contains(name), "there is no {name} to except: {why}");
    }
    for Scene { transcripts, .. } in SCENES {
        assert!(names.iter().any(|name| name.starts_with(transcripts)), "a scene for nothing: {transcripts}");
    }
}

/// A module, and the network that a transcript tells of.
struct Bench<'t> {
    transcript: &'t Transcript,
    module: Emulator,
    now: Duration,
    operation: Option<OperationId>,
    /// A part of the resource was asked for, so that a server answers with 206, whatever the module makes of that.
    is_part: bool,
    /// The operation is a socket, at whose other end everything is as the module wants it.
    is_socket: bool,
    /// The data connection of the FTP session is open.
    ready: bool,
    /// Octets that were given to the module for download and that it was not asked for yet.
    unread: usize,
    /// Octets that were given to it for a file or for its memory.
    downloaded: usize,
    /// Upload octets that the network holds.
    uploaded: usize,
    /// Upload octets that the network has sent on.
    sent: usize,
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
        // It shows 10,225 octets that are received and not written, too.
        config.ftp_window = 64 * 1024;
        let scene = SCENES.iter().find(|scene| transcript.name.starts_with(scene.transcripts)).unwrap();
        (scene.config)(&mut config);
        let module = Emulator::new(config);
        let now = Duration::ZERO;
        let mut bench = Self {
            transcript,
            module,
            now,
            operation: None,
            is_part: false,
            is_socket: transcript.name.ends_with("sockets") || transcript.name.ends_with("socket"),
            ready: false,
            unread: 0,
            downloaded: 0,
            uploaded: 0,
            sent: 0,
            said: Vec::new(),
            last: Vec::new(),
        };
        if !scene.before.is_empty() {
            bench.input(format!("{}\r", scene.before).as_bytes());
            bench.expect(b"\r\nOK\r\n");
        }
        if transcript.name == "manual-http-header" {
            bench.fetch("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
        bench
    }

    fn play(&mut self) {
        let steps = &self.transcript.steps;
        for (place, step) in steps.iter().enumerate() {
            match step {
                Step::Command(line) => {
                    let after = &steps[place + 1..];
                    if let Some(Step::Response(Response { events, .. })) = after.first() {
                        self.progress(&events[0], after);
                    }
                    if line == b"AT+HTTPACTION=1\r" {
                        self.provide_body(after);
                    }
                    self.input(line);
                }
                Step::Payload(octets) => self.input(octets),
                Step::Pause(_) => {}
                Step::Response(Response { octets, events, .. }) => {
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
            if let Effect::Http { request, .. } = &effect {
                self.is_part = request.range.is_some();
            }
            match effect {
                Effect::Http { id, .. } | Effect::Ftp { id, .. } => {
                    self.operation = Some(id);
                    (self.ready, self.unread) = (false, 0);
                    (self.downloaded, self.uploaded, self.sent) = (0, 0, 0);
                }
                Effect::Socket { id, .. } | Effect::Resolve { id, .. } => self.operation = Some(id),
                Effect::Send { id, octets } if self.is_socket => {
                    self.module.handle_network(self.now, id, NetworkEvent::SocketSent(octets.len()));
                }
                Effect::Send { octets, .. } => self.uploaded += octets.len(),
                Effect::Finish { id } if self.is_socket => {
                    self.module.handle_network(self.now, id, NetworkEvent::SocketClosed);
                }
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

    /// Loads the body that a POST is about to tell the progress of. The note leaves that out.
    fn provide_body(&mut self, after: &[Step]) {
        let Some(values) =
            events(after).find_map(|event| event.strip_prefix("information +HTTPSTATUS: POST,2,"))
        else {
            return;
        };
        let size: usize = values.split(',').map(|value| value.parse::<usize>().unwrap()).sum();
        self.input(format!("AT+HTTPDATA={size},1000\r").as_bytes());
        self.expect(b"\r\nDOWNLOAD\r\n");
        self.input(&vec![b'b'; size]);
        self.expect(b"\r\nOK\r\n");
    }

    /// Fetches something that has this header and no body.
    fn fetch(&mut self, head: &'static str) {
        self.input(b"AT+HTTPACTION=0\r");
        self.expect(b"\r\nOK\r\n");
        let head = Bytes::from_static(head.as_bytes());
        self.network(NetworkEvent::HttpDone { status: 200, head, body: Bytes::new() });
        self.expect(b"\r\n+HTTPACTION: 0,200,0\r\n");
    }

    /// Makes happen on the network what the module is about to report in answer to a query.
    fn progress(&mut self, event: &str, after: &[Step]) {
        let Some((name, values)) = event.strip_prefix("information ").and_then(|text| text.split_once(": "))
        else {
            return;
        };
        let values: Vec<&str> = values.split(',').collect();
        let number = |place: usize| values[place].parse::<usize>().unwrap();
        match (name, &values[..]) {
            ("+HTTPSTATUS", ["GET", "1", _, _]) => {
                let (received, remaining) = (number(2) as u64, number(3) as u64);
                self.network(NetworkEvent::HttpProgress { received, total: Some(received + remaining) });
            }
            ("+HTTPSTATUS", ["POST", "2", _, _]) => {
                self.network(NetworkEvent::HttpSent { sent: number(2) as u64 });
            }
            ("+FTPGETTOFS", ["1", _, _]) => {
                self.deliver(&vec![b'd'; number(2)]);
                self.deliver(&vec![b'd'; number(1) - number(2)]);
            }
            ("+FTPEXTGET", ["1", _]) => self.deliver(&content(after)[..number(1)]),
            ("+FTPPUTFRMFS", ["1", _]) => self.send(number(1)),
            _ => {}
        }
    }

    /// The server sends more of a file that the module keeps itself. What is there before is written by then.
    fn deliver(&mut self, octets: &[u8]) {
        if !self.ready {
            self.ready = true;
            self.network(NetworkEvent::FtpReady);
        }
        for piece in octets.chunks(16_384) {
            self.now += Duration::from_secs(1);
            self.module.handle_timeout(self.now);
            self.network(NetworkEvent::FtpData(Bytes::copy_from_slice(piece)));
            self.downloaded += piece.len();
        }
    }

    /// The server takes up to so many octets, in all, of what the module sends itself.
    fn send(&mut self, most: usize) {
        if !self.ready {
            self.ready = true;
            self.network(NetworkEvent::FtpReady);
        }
        while self.uploaded > 0 && self.sent < most {
            let taken = self.uploaded.min(most - self.sent);
            self.uploaded -= taken;
            self.sent += taken;
            self.network(NetworkEvent::FtpSent(taken));
        }
    }

    /// Makes happen on the network what the module is about to report.
    fn stimulate(&mut self, text: &str, after: &[Step]) {
        if let Some(event) = socket(text, after) {
            return self.network(event);
        }
        // Words have no values and come by themselves, as does what follows a result.
        let Some((name, values)) = text.split_once(':').filter(|(name, _)| *name != "C") else { return };
        let values: Vec<u64> = values.split(',').map(|value| value.trim().parse().unwrap()).collect();
        match (name, &values[..]) {
            ("+HTTPACTION", [_, status, length]) => {
                let body: Vec<u8> = (0..*length).map(|n| n.to_le_bytes()[0]).collect();
                let status = if self.is_part { 206 } else { (*status).try_into().unwrap() };
                self.network(NetworkEvent::HttpDone { status, head: Bytes::new(), body: body.into() });
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
            ("+FTPGETTOFS", [0, _]) => self.network(NetworkEvent::FtpDone { size: None }),
            ("+FTPEXTGET", [1, 0]) => {
                self.deliver(&content(after)[self.downloaded..]);
                self.network(NetworkEvent::FtpDone { size: None });
            }
            ("+FTPPUT", [1, 0]) | ("+FTPPUTFRMFS", [0, _]) => {
                self.send(usize::MAX);
                self.network(NetworkEvent::FtpDone { size: None });
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

/// What happens to a socket, or is found out about a name, that the module is about to report.
fn socket(text: &str, after: &[Step]) -> Option<NetworkEvent> {
    let line = Line::new(text.as_bytes());
    if let Some(LookedUp::Found { addresses, .. }) = LookedUp::read(line) {
        return Some(NetworkEvent::Addresses(addresses.into_iter().flatten().map(Into::into).collect()));
    }
    let event = ConnectionEvent::read(line).map(|(_, event)| event);
    Some(match event.or_else(|| ConnectionEvent::read_single(line))? {
        ConnectionEvent::Connected => NetworkEvent::SocketOpen { remote: ([93, 184, 215, 14], 80).into() },
        ConnectionEvent::Failed => NetworkEvent::SocketFailed(SocketFailure::Connect),
        ConnectionEvent::Closed => NetworkEvent::SocketClosed,
        ConnectionEvent::Readable => NetworkEvent::SocketData(download(after)),
        event => panic!("no idea how {event:?} comes about"),
    })
}

fn events(steps: &[Step]) -> impl Iterator<Item = &str> {
    steps
        .iter()
        .flat_map(|step| match step {
            Step::Response(response) => response.events.as_slice(),
            _ => &[],
        })
        .map(String::as_str)
}

/// The payload that is read in the end.
fn content(steps: &[Step]) -> Vec<u8> {
    let payload = steps.iter().find_map(|step| match step {
        Step::Response(Response { octets, events, .. }) => {
            let count: usize =
                events.iter().find_map(|event| event.strip_prefix("payload "))?.parse().unwrap();
            let end = octets.len() - b"\r\nOK\r\n".len();
            Some(octets[end - count..end].to_vec())
        }
        _ => None,
    });
    payload.unwrap()
}

/// What the module is asked for until it announces data again or ends; something, when it is not asked at all.
fn download(steps: &[Step]) -> Bytes {
    let mut data = Vec::new();
    for step in steps {
        let Step::Response(Response { octets, events, .. }) = step else { continue };
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

/// Without the blanks that firmware prints or leaves out, one behind a prompt among them.
fn loose(octets: &[u8]) -> Vec<u8> {
    let mut loose: Vec<u8> = Vec::new();
    for octet in octets {
        if *octet != b' ' || !matches!(loose.last(), None | Some(b':' | b',')) {
            loose.push(*octet);
        }
    }
    loose
}
