//! The engine against a module that may send anything, at any time.

use std::time::Duration;

use sim800_command::{HTTP_LIMIT, Prepared};
use sim800_engine::{Config, Disconnected, Engine, Limits, Output, Request, Response, Transmit};
use sim800_parser::DataPhase;

use crate::memory;
use crate::script::{HOLD, Script, Step, WAIT};

/// The letter for the engine's own deadline.
const DEADLINE: u8 = b'd';
/// The letter for a piece of what the engine sends, while the line is held.
const PIECE: u8 = b'p';
/// The letter for the end of the line.
const END: u8 = b'e';

/// The most octets of a body: a few pieces, as the engine hands it out.
const LONGEST_BODY: u32 = 2000;
/// What a body looks like.
const DOTS: &str = "....";
/// What an octet of the input costs while it waits to be taken, and as a command.
const LINES: usize = 256;
/// The time limit of a command that the table does not have.
const UNKNOWN: Duration = Duration::from_secs(5);
/// How long octets on the line and silence in the middle of a payload may hold a command up beside its limit.
const SLACK: Duration = Duration::from_secs(60);
/// How many deadlines may pass in a second; one that passes no time at all would be a busy loop.
const DEADLINES_PER_SECOND: u64 = 4;

/// Commands that a module answers as it likes: one is in flight at a time, each completes once, nobody waits for ever,
/// what is said comes from what was heard, and memory keeps to the limits.
pub fn engine(data: &[u8]) {
    memory::at_most(bound(data), || converse(data));
}

/// The limits, the octets of the largest data phase, once while they are moved, and what is said of the input.
fn bound(data: &[u8]) -> usize {
    let Limits { information, line, buffer, .. } = Limits::default();
    let asked = Script::new(data).filter_map(|step| match step {
        Step::Command(line) => Some(match Prepared::parse(line.trim_ascii())?.expect.data {
            DataPhase::Announced { at_most, .. } => at_most,
            DataPhase::Counted { count } | DataPhase::AtOnce { count } => count,
            _ => LONGEST_BODY,
        }),
        _ => None,
    });
    // Several on one line are looked at by nobody here.
    let several = if data.contains(&b';') { HTTP_LIMIT } else { 0 };
    let asked = asked.chain([several]).max().unwrap_or_default() as usize;
    2 * (information + line + buffer + asked) + LINES * data.len()
}

fn converse(data: &[u8]) {
    let config = Config::default();
    let mut witness = Witness { now: Duration::from_secs(100), ..Witness::new(&config) };
    let mut script = Script::new(data);
    let mut held = false;
    // The names of commands are shown, and may be like a body.
    let is_dotted = data.windows(DOTS.len()).any(|octets| octets == DOTS.as_bytes());
    // For how long a silent module may hold up who waits: for each command, its limit until it fails, then as long again
    // while the module may wait for octets, and the search for the line.
    let mut patience = config.limits.resync;
    while let Some(step) = script.next() {
        match step {
            Step::Octets(octets) => witness.hear(octets),
            Step::Command(line) => {
                if let Some((request, limit)) = std::str::from_utf8(line).ok().and_then(request) {
                    patience += 2 * limit + 2 * config.limits.resync + SLACK;
                    witness.begin(request);
                }
            }
            Step::Other(WAIT) => witness.pass(script.wait()),
            Step::Other(DEADLINE) => _ = witness.pass_deadline(),
            Step::Other(HOLD) => held = !held,
            Step::Other(PIECE) => witness.send_piece(),
            Step::Other(END) => witness.engine.handle_disconnect(Disconnected::Ended),
            Step::Other(_) => {}
        }
        witness.listen();
        witness.show(is_dotted);
        if !held {
            witness.send();
        }
    }
    let until = witness.now + patience;
    let mut deadlines = DEADLINES_PER_SECOND * patience.as_secs();
    while !witness.engine.is_idle() {
        witness.send();
        assert!(witness.pass_deadline(), "somebody waits, and for no time");
        witness.listen();
        assert!(witness.now <= until && deadlines > 0, "no end in sight");
        deadlines -= 1;
    }
    assert!(witness.open.is_none(), "a command never completed");
}

/// The command of this text, with a body when it takes one, and its limit. One that the table does not have may say anything, and is
/// written as it is where it is in lower case; between semicolons are several.
fn request(text: &str) -> Option<(Request, Duration)> {
    let text = text.trim();
    if let Some((first, further)) = text.split_once(';') {
        let further = further.split(';').map(|command| format!("AT{command}"));
        let commands = std::iter::once(first.to_owned()).chain(further);
        let request =
            Request::concatenated(commands.map_while(|text| Some(request_of_one(&text)?.0))).ok()?;
        let limit = request.time_limit();
        return Some((request, limit));
    }
    request_of_one(text)
}

fn request_of_one(text: &str) -> Option<(Request, Duration)> {
    let Some(Prepared { expect, time_limit, .. }) = Prepared::parse(text.as_bytes()) else {
        return Some((Request::raw(text, UNKNOWN).ok()?, UNKNOWN));
    };
    let request = if text.starts_with("at") { Request::verbatim } else { Request::raw };
    let request = request(text, time_limit).ok()?;
    let length = match expect.data {
        DataPhase::Granted { at_most, .. } => at_most.min(LONGEST_BODY),
        DataPhase::Invited { .. } | DataPhase::Prompted => LONGEST_BODY,
        _ => return Some((request, time_limit)),
    };
    Some((request.with_body(vec![b'.'; length as usize].into()), time_limit))
}

/// How many octets a response has that came from the module.
fn octets(response: &Response) -> usize {
    let lines = response.lines().map(|line| line.text().len()).sum::<usize>();
    lines + response.payload.len() + response.concatenated.iter().map(octets).sum::<usize>()
}

/// Watches what the engine sends and says.
struct Witness {
    engine: Engine,
    now: Duration,
    /// How many octets the command offered that the engine has.
    open: Option<usize>,
    /// A command line was sent whose command is not complete.
    in_flight: bool,
    /// Octets of its body that were sent.
    sent: usize,
    heard: usize,
    said: usize,
}

impl Witness {
    fn new(config: &Config) -> Self {
        Self {
            engine: Engine::new(Duration::ZERO, config.clone()),
            now: Duration::ZERO,
            open: None,
            in_flight: false,
            sent: 0,
            heard: 0,
            said: 0,
        }
    }

    /// One command is taken at a time.
    fn begin(&mut self, request: Request) {
        let offered = request.offered();
        if self.engine.begin(self.now, request).is_ok() {
            assert!(self.open.replace(offered).is_none(), "a second command was taken");
            (self.in_flight, self.sent) = (false, 0);
        }
    }

    fn hear(&mut self, octets: &[u8]) {
        self.heard += octets.len();
        self.engine.handle_input(self.now, octets);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.engine.handle_timeout(self.now);
    }

    fn pass_deadline(&mut self) -> bool {
        let deadline = self.engine.poll_timeout();
        self.pass(deadline.unwrap_or_default().saturating_sub(self.now));
        deadline.is_some()
    }

    fn send(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit() {
            self.sent(&transmit);
        }
    }

    fn send_piece(&mut self) {
        if let Some(transmit) = self.engine.poll_transmit() {
            self.sent(&transmit);
        }
    }

    fn sent(&mut self, Transmit { octets, secret, .. }: &Transmit) {
        assert!(!octets.is_empty());
        assert!(secret.as_ref().is_none_or(|secret| secret.end < octets.len()));
        // A text has an end besides what was offered.
        let body = octets.strip_suffix(&[0x1A]).unwrap_or(octets);
        if body.iter().all(|octet| *octet == b'.') {
            // What was promised is still sent when its command was given up.
            if self.in_flight {
                self.sent += body.len();
                assert!(Some(self.sent) <= self.open, "sent more than was offered");
            }
            return;
        }
        assert!(!self.in_flight, "sent \"{}\" while a command was in flight", octets.escape_ascii());
        if !octets.iter().all(|octet| matches!(octet, b'\r' | 0x1B)) {
            assert!(octets[..2].eq_ignore_ascii_case(b"AT") && octets.ends_with(b"\r"));
            // The engine's own lines are not taken for commands; they have no output.
            self.in_flight = !matches!(&octets[..], b"AT\r" | b"ATQ0\r" | b"ATV1\r");
        }
    }

    fn listen(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Complete(result) => {
                    assert!(self.open.take().is_some(), "a command completes once");
                    if let Ok(response) = result {
                        self.say(octets(&response));
                        assert_eq!(response.granted.map_or(0, |granted| granted as usize), self.sent);
                    }
                    (self.in_flight, self.sent) = (false, 0);
                }
                Output::Unsolicited(octets) | Output::Stray(octets) => self.say(octets.len()),
                Output::Desynchronized | Output::Restarted(_) => {}
                other => panic!("an output this target does not know: {other:?}"),
            }
        }
        assert_eq!(self.engine.is_idle(), self.open.is_none());
    }

    /// What is shown for people has nothing of what was sent or came.
    fn show(&self, is_dotted: bool) {
        let shown = format!("{:?}", self.engine);
        assert!(is_dotted || !shown.contains(DOTS), "{shown}");
        assert!(!shown.contains(char::is_control), "{shown}");
    }

    fn say(&mut self, octets: usize) {
        self.said += octets;
        assert!(self.said <= self.heard, "more was said than heard");
    }
}
