//! The emulated module against what a capture of its line is taken for.

use std::time::Duration;

use bytes::Bytes;
use sim800_capture::{Capture, Direction, Event, Kind};
use sim800_emulator::{Config, Emulator, Fault, Grant, Place, Sim, Spacing, Start, Timings};

use crate::network::Network;
use crate::script::Script;

/// The longest file.
const LONGEST: usize = 1500;
/// For whatever a module does about a command.
const PATIENCE: Duration = Duration::from_secs(30);
/// The file on the module.
const FILE: &str = "C:\\User\\a";
/// What is said between commands.
const LINES: [&str; 4] = ["RING", "+CREG: 1", "Call Ready", "+CMTI: \"SM\",3"];

/// Commands one after another, and payload that reads like anything: a capture of it tells each command, its echo, its payload and its
/// end, and nothing else.
pub fn decoded(data: &[u8]) {
    let mut script = Script::new(data);
    let mut bench = Bench::new(&mut script);
    let len = usize::from(script.draw::<u16>()) % LONGEST;
    let content: Vec<u8> = (0..len).map(|_| script.draw()).collect();
    bench.network.content = content.clone().into();
    bench.set_up();
    // What the module has of it.
    let (mut body, mut received, mut file) = (0, 0, 0);
    for _ in 0..script.draw::<u8>() % 32 {
        let kind: u8 = script.draw();
        let number = usize::from(script.draw::<u16>());
        let number = number % (content.len() + 1);
        match kind % 12 {
            0 => {
                bench.execute("AT+HTTPACTION=0");
                body = content.len();
            }
            1 => assert_eq!(bench.execute("AT+HTTPREAD"), content[..body]),
            2 if number < body => {
                let got = bench.execute(&format!("AT+HTTPREAD={number},100"));
                assert_eq!(got, content[number..body.min(number + 100)]);
            }
            3 if number > 0 => {
                bench.send(&format!("AT+HTTPDATA={number},10000"), &content[..number]);
                bench.execute("AT+HTTPACTION=1");
                assert_eq!(bench.network.stored, content[..number]);
                // Nothing came back.
                body = 0;
            }
            4 => {
                bench.execute("AT+FTPQUIT");
                bench.execute("AT+FTPGET=1");
                received = 0;
            }
            5 => {
                let got = bench.execute(&format!("AT+FTPGET=2,{}", number.max(1)));
                assert!(content[received..].starts_with(&got), "{}", got.escape_ascii());
                received += got.len();
            }
            6 => {
                bench.execute("AT+FTPQUIT");
                bench.execute("AT+FTPPUT=1");
            }
            7 if number > 0 => _ = bench.send(&format!("AT+FTPPUT=2,{number}"), &content[..number]),
            8 if number > 0 => {
                bench.execute(&format!("AT+FSCREATE={FILE}"));
                file = bench.send(&format!("AT+FSWRITE={FILE},0,{number},10"), &content[..number]);
            }
            9 if number > 0 && number <= file => {
                assert_eq!(bench.execute(&format!("AT+FSREAD={FILE},0,{number},0")), content[..number]);
            }
            10 => bench.inject(LINES[number % LINES.len()]),
            _ => drop(bench.execute(["AT+CSQ", "AT+GSN", "AT+SAPBR=2,1", "AT+FTPSTATE"][number % 4])),
        }
    }
}

/// A module, and somebody who listens to its line.
struct Bench {
    module: Emulator,
    network: Network,
    capture: Capture,
    now: Duration,
    /// How what is said is cut.
    cut: usize,
    /// Since the command in flight was sent.
    events: Vec<Event>,
}

impl Bench {
    fn new(script: &mut Script<'_>) -> Self {
        let bits: u8 = script.draw();
        let bit = |n: u8| bits >> n & 1 == 1;
        let mut config = Config::default();
        config.echo = bit(0);
        config.spacing = if bit(1) { Spacing::Sim900 } else { Spacing::Sim800 };
        config.ftp_put_grant = if bit(2) { Grant::AtMost(100) } else { Grant::Full };
        config.timings = if bit(3) { Timings::default() } else { Timings::instant() };
        config.start = Start::Running;
        config.sim = Sim::Ready;
        config.attach = true;
        Self {
            module: Emulator::new(config),
            network: Network::default(),
            capture: Capture::new(),
            now: Duration::from_secs(100),
            cut: 1 + usize::from(script.draw::<u8>()),
            events: Vec::new(),
        }
    }

    fn set_up(&mut self) {
        self.settle();
        for line in [
            "AT+SAPBR=3,1,\"CONTYPE\",\"GPRS\"",
            "AT+SAPBR=1,1",
            "AT+HTTPINIT",
            "AT+HTTPPARA=\"CID\",1",
            "AT+HTTPPARA=\"URL\",\"a\"",
            "AT+FTPCID=1",
            "AT+FTPSERV=\"a\"",
            "AT+FTPUN=\"b\"",
            "AT+FTPPW=\"c\"",
            "AT+FTPGETNAME=\"d\"",
            "AT+FTPGETPATH=\"/\"",
            "AT+FTPPUTNAME=\"d\"",
            "AT+FTPPUTPATH=\"/\"",
        ] {
            self.execute(line);
        }
    }

    /// Carries out a command and returns the payload of its response.
    fn execute(&mut self, line: &str) -> Vec<u8> {
        self.begin(line);
        self.end(line, &[])
    }

    /// Carries out a command that may take payload, and returns how much of it the module took.
    fn send(&mut self, line: &str, payload: &[u8]) -> usize {
        self.begin(line);
        let prompt = self.events.iter().find(|event| event.kind == Kind::Prompt);
        // A prompt that counts has the count behind a comma.
        let granted = prompt.map_or(0, |prompt| {
            let text = String::from_utf8_lossy(prompt.text());
            text.split_once(',').map_or(payload.len(), |(_, count)| count.parse().expect("a count"))
        });
        let payload = &payload[..granted];
        self.say(payload);
        self.end(line, payload);
        granted
    }

    fn begin(&mut self, line: &str) {
        self.events.clear();
        self.say(format!("{line}\r").as_bytes());
    }

    /// Holds what the capture tells of a command against what was sent, and returns the payload that came.
    fn end(&self, line: &str, sent: &[u8]) -> Vec<u8> {
        let of = |kind: Kind| self.events.iter().filter(move |event| event.kind == kind);
        let lines: Vec<&[u8]> = of(Kind::Command).map(Event::text).collect();
        assert_eq!(lines, [line.as_bytes()]);
        let echoes = usize::from(self.module.config().echo);
        assert_eq!(of(Kind::Echo).map(Event::text).collect::<Vec<_>>(), vec![line.as_bytes(); echoes]);
        assert_eq!(of(Kind::Final).count(), 1, "{line} ends once: {:?}", self.events);
        for kind in [Kind::Overlong, Kind::Unreadable, Kind::Remark, Kind::Retry] {
            assert_eq!(of(kind).count(), 0, "{line}: {:?}", self.events);
        }
        let payload = |direction: Direction| {
            let ours = of(Kind::Payload).filter(move |event| event.direction == Some(direction));
            ours.filter_map(|event| event.payload.as_ref()).flat_map(|payload| payload.octets.clone())
        };
        assert_eq!(payload(Direction::Sent).collect::<Vec<_>>(), sent, "{line}");
        payload(Direction::Received).collect()
    }

    /// The module says a line of its own accord.
    fn inject(&mut self, line: &str) {
        self.events.clear();
        self.module.handle_fault(self.now, Fault::Inject { place: Place::Now, text: line.into() });
        self.settle();
        // Of octets that wait, it reminds its DTE meanwhile.
        let told = self.events.iter().filter(|event| event.kind != Kind::Blank);
        let told: Vec<_> =
            told.filter(|event| !matches!(event.name(), Some("+FTPGET" | "+FTPPUT"))).collect();
        assert!(
            matches!(&told[..], [event] if event.kind == Kind::Unsolicited && event.text() == line.as_bytes()),
            "{line}: {told:?}"
        );
    }

    fn say(&mut self, octets: &[u8]) {
        if !octets.is_empty() {
            let events = &mut self.events;
            self.capture.handle_octets(None, Direction::Sent, octets, &mut |event| events.push(event));
            self.module.handle_input(self.now, octets);
        }
        self.settle();
    }

    /// Lets everything happen that a command causes. No time passes while the module waits for payload.
    fn settle(&mut self) {
        let until = self.now + PATIENCE;
        loop {
            while let Some(octets) = self.module.poll_transmit() {
                self.hear(&octets);
            }
            let mut active = false;
            while let Some(effect) = self.module.poll_effect() {
                self.network.take(effect);
                active = true;
            }
            while let Some((id, event)) = self.network.events.pop_front() {
                self.module.handle_network(self.now, id, event);
                active = true;
            }
            if active {
                continue;
            }
            let prompted = self.events.last().is_some_and(|event| event.kind == Kind::Prompt);
            match self.module.poll_timeout() {
                Some(due) if due <= until && !prompted => {
                    self.now = self.now.max(due);
                    self.module.handle_timeout(self.now);
                }
                _ => return,
            }
        }
    }

    fn hear(&mut self, octets: &Bytes) {
        let events = &mut self.events;
        for piece in octets.chunks(self.cut) {
            self.capture.handle_octets(None, Direction::Received, piece, &mut |event| events.push(event));
        }
    }
}

/// Each kind of transfer, of content that reads like a module.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    const CONTENT: &[u8] = b"\r\nOK\r\n+FTPGET: 2,5\r\n\r\nERROR\r\nAT\r\r\n> +CME ERROR: 3\r\n";
    const TRANSFERS: [&[u8]; 6] = [
        &[0, 0, 0, 1, 0, 0, 2, 5, 0],
        &[3, 20, 0, 1, 0, 0],
        &[4, 0, 0, 5, 20, 0, 5, 40, 0],
        &[6, 0, 0, 7, 20, 0],
        &[8, 30, 0, 9, 25, 0, 9, 30, 0],
        &[10, 1, 0, 11, 2, 0],
    ];
    let mut seeds = Vec::new();
    for bits in 0..16 {
        for transfer in TRANSFERS {
            let len = [CONTENT.len() as u8, 0];
            let steps = [(transfer.len() / 3) as u8];
            seeds.push([&[bits, 7], &len[..], CONTENT, &steps, transfer].concat());
        }
    }
    seeds
}
