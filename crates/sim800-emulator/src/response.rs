//! What the module says: how lines look under `ATV`, `ATQ` and `AT+CMEE`, and the queue of octets for the DTE.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::config::{Config, LineEnds, Spacing};
use crate::fault::{Damage, Place};
use crate::interference::Interference;
use crate::refusal::Refusal;

/// While so many octets wait for the DTE, no command is begun. One command adds at most its buffer of 319,488.
const HIGH_WATER: usize = 64 * 1024;

/// Unsolicited lines are dropped above this, as a module does that is not read from.
const FULL: usize = HIGH_WATER + 512 * 1024;

/// The most lines that are held back; more are lost.
const MOST_HELD: usize = 256;

/// The most faults that wait for their place.
const MOST_FAULTS: usize = 1024;

/// Small pieces are gathered up to this before a new chunk is begun.
const CHUNK: usize = 2048;

/// What shapes the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) echo: bool,
    pub(crate) verbose: bool,
    pub(crate) quiet: bool,
    /// `AT+CMEE`: 0 `ERROR`, 1 numbers, 2 words.
    pub(crate) errors: u8,
}

/// The way out.
pub(crate) struct Output {
    pub(crate) format: Format,
    spacing: Spacing,
    line_ends: LineEnds,
    queue: VecDeque<Bytes>,
    /// Behind the queue: small pieces, gathered.
    tail: BytesMut,
    queued: usize,
    transmitted: u64,
    /// Lines that follow the result code of the command line that caused them.
    deferred: Vec<String>,
    injected: Vec<(Place, String)>,
    damages: Vec<(u64, Damage)>,
    interference: Option<Interference>,
    /// What the next count is to be told as.
    announced: Option<String>,
    /// By how many octets the next payload is too long.
    overrun: usize,
    /// No line goes out that was not asked for.
    mute: bool,
    /// So soon behind a result code no line goes out that was not asked for: it is held back.
    quiet: bool,
    held: Vec<String>,
}

impl Output {
    pub(crate) fn new(format: Format, config: &Config) -> Self {
        Self {
            format,
            spacing: config.spacing,
            line_ends: config.line_ends,
            queue: VecDeque::new(),
            tail: BytesMut::new(),
            queued: 0,
            transmitted: 0,
            deferred: Vec::new(),
            injected: Vec::new(),
            damages: Vec::new(),
            interference: None,
            announced: None,
            overrun: 0,
            mute: false,
            quiet: false,
            held: Vec::new(),
        }
    }

    /// Repeats an octet of a command line.
    pub(crate) fn echo(&mut self, octet: u8) {
        if self.format.echo {
            self.push(&[octet]);
        }
    }

    /// Information text; several lines are separated by CR LF.
    pub(crate) fn information(&mut self, text: &str) {
        self.place(Place::BeforeResponse);
        self.line(text);
    }

    /// A header and as many octets as it says, `asked` at most.
    pub(crate) fn payload(&mut self, header: &str, octets: Bytes, asked: usize) {
        let mut octets = octets;
        let overrun = std::mem::take(&mut self.overrun);
        if overrun > 0 {
            octets = octets.iter().copied().chain(std::iter::repeat(b'?')).take(asked + overrun).collect();
        }
        self.count(header, octets.len());
        self.flush();
        self.queued += octets.len();
        if !octets.is_empty() {
            self.queue.push_back(octets);
        }
    }

    /// Information text that ends in a count of octets.
    pub(crate) fn count(&mut self, text: &str, count: usize) {
        match self.announced.take() {
            Some(digits) => self.information(&format!("{text}{digits}")),
            None => self.information(&format!("{text}{count}")),
        }
    }

    /// Makes the next payload too long.
    pub(crate) fn overrun(&mut self, octets: usize) {
        self.overrun = octets.min(HIGH_WATER);
    }

    /// Tells the next count as something else.
    pub(crate) fn announce(&mut self, digits: String) {
        self.announced = Some(digits);
    }

    /// Drops all faults that are still to come.
    pub(crate) fn heal(&mut self) {
        self.injected.clear();
        self.damages.clear();
        self.interference = None;
        self.announced = None;
        self.overrun = 0;
    }

    /// Octets without a header: who asked knows how many there are.
    pub(crate) fn headless(&mut self, octets: Bytes) {
        self.place(Place::BeforeResponse);
        self.push(b"\r\n");
        self.flush();
        self.queued += octets.len();
        self.queue.push_back(octets);
    }

    /// Octets behind a line that has told how many there are.
    pub(crate) fn octets(&mut self, octets: Bytes) {
        self.flush();
        self.queued += octets.len();
        self.queue.push_back(octets);
    }

    /// Octets that came from a socket, behind what is said of them, which ends where they begin.
    pub(crate) fn received(&mut self, header: &str, octets: Bytes) {
        self.push(header.as_bytes());
        self.octets(octets);
    }

    /// Asks for octets.
    pub(crate) fn prompt(&mut self) {
        self.place(Place::BeforeResponse);
        self.push(b"\r\n>");
    }

    /// Asks for text, or for octets of a socket: a blank follows.
    pub(crate) fn prompt_for_text(&mut self) {
        self.prompt();
        self.push(b" ");
    }

    /// A line that was not asked for.
    pub(crate) fn unsolicited(&mut self, text: &str) {
        if self.mute {
            return;
        }
        if !self.quiet {
            self.say(text);
        } else if self.held.len() < MOST_HELD {
            self.held.push(text.to_owned());
        }
    }

    fn say(&mut self, text: &str) {
        if self.queued < FULL {
            self.spaced(text, self.line_ends != LineEnds::Missing);
        }
    }

    /// Nothing is said unasked from here on; it is held back.
    pub(crate) fn be_quiet(&mut self) {
        self.quiet = true;
    }

    /// What was held back is said.
    pub(crate) fn speak(&mut self) {
        self.quiet = false;
        for text in std::mem::take(&mut self.held) {
            self.say(&text);
        }
    }

    /// A line that was not asked for, caused by a command line whose result code comes first.
    pub(crate) fn unsolicited_after_result(&mut self, text: String) {
        self.deferred.push(text);
    }

    /// Under autobauding nothing is said unasked before the rate is found.
    pub(crate) fn set_mute(&mut self, mute: bool) {
        self.mute = mute;
    }

    /// Drops what waits to be said.
    pub(crate) fn forget(&mut self) {
        self.deferred.clear();
        self.held.clear();
        self.quiet = false;
    }

    /// Octets that are no line, such as those for synchronisation at power-on.
    pub(crate) fn raw(&mut self, octets: &[u8]) {
        if self.queued < FULL {
            self.push(octets);
        }
    }

    /// The final result code of a command line.
    pub(crate) fn result(&mut self, result: Result<(), Refusal>) {
        self.place(Place::BeforeResponse);
        self.place(Place::BeforeResult);
        if !self.format.quiet {
            let leading = self.line_ends == LineEnds::Usual;
            match (result, self.format.errors) {
                (Ok(()), _) => self.code("OK", "0"),
                (Err(Refusal::NoCarrier), _) => self.code("NO CARRIER", "3"),
                (Err(Refusal::NoAnswer), _) => self.code("NO ANSWER", "8"),
                (Err(Refusal::Cms(code)), _) => self.spaced(&format!("+CMS ERROR: {code}"), leading),
                (Err(Refusal::Unknown), _) | (Err(Refusal::Cme(_)), 0) => self.code("ERROR", "4"),
                (Err(Refusal::Cme(error)), 1) => {
                    self.spaced(&format!("+CME ERROR: {}", error.code()), leading)
                }
                (Err(Refusal::Cme(error)), _) => {
                    self.spaced(&format!("+CME ERROR: {}", error.text()), leading)
                }
            }
        }
    }

    /// What the command line has caused, behind its result code.
    pub(crate) fn follow_up(&mut self) {
        for text in std::mem::take(&mut self.deferred) {
            self.unsolicited(&text);
        }
    }

    fn code(&mut self, words: &str, digit: &str) {
        if self.format.verbose {
            self.spaced(words, self.line_ends == LineEnds::Usual);
        } else {
            self.push(digit.as_bytes());
            self.push(b"\r");
        }
    }

    fn line(&mut self, text: &str) {
        self.spaced(text, self.format.verbose && self.line_ends != LineEnds::Missing);
    }

    fn spaced(&mut self, text: &str, leading: bool) {
        if leading {
            self.push(b"\r\n");
        }
        let compact =
            self.spacing == Spacing::Sim900 && (text.starts_with("+HTTP") || text.starts_with("+FTP"));
        match text.split_once(": ").filter(|_| compact) {
            Some((name, values)) => {
                self.push(name.as_bytes());
                self.push(b":");
                self.push(values.as_bytes());
            }
            None => self.push(text.as_bytes()),
        }
        self.push(b"\r\n");
    }

    /// Plants a line at a place to come.
    pub(crate) fn inject(&mut self, place: Place, text: String) {
        if place == Place::Now {
            self.interrupt(&text);
        } else if self.injected.len() < MOST_FAULTS {
            self.injected.push((place, text));
        }
    }

    fn place(&mut self, place: Place) {
        let (here, later) = std::mem::take(&mut self.injected).into_iter().partition(|(at, _)| *at == place);
        self.injected = later;
        let here: Vec<(Place, String)> = here;
        for (_, text) in here {
            self.interrupt(&text);
        }
    }

    /// A line that comes when no module would say it.
    fn interrupt(&mut self, text: &str) {
        if !self.mute {
            self.say(text);
        }
    }

    /// Damages the octet behind the next `after` ones that were not polled yet.
    pub(crate) fn damage(&mut self, after: u64, damage: Damage) {
        if self.damages.len() < MOST_FAULTS {
            self.damages.push((self.transmitted.saturating_add(after), damage));
        }
    }

    /// Lets octets get lost or damaged by chance.
    pub(crate) fn interfere(&mut self, interference: Interference) {
        self.interference = Some(interference);
    }

    /// The shape of lines has changed.
    pub(crate) fn reshape(&mut self, config: &Config) {
        self.spacing = config.spacing;
        self.line_ends = config.line_ends;
    }

    /// What was said and is not on the line yet never gets there.
    pub(crate) fn withhold(&mut self) {
        self.queue.clear();
        self.tail.clear();
        self.queued = 0;
    }

    fn push(&mut self, octets: &[u8]) {
        self.tail.extend_from_slice(octets);
        self.queued += octets.len();
        if self.tail.len() >= CHUNK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.tail.is_empty() {
            self.queue.push_back(self.tail.split().freeze());
        }
    }

    /// The next octets on the line, which end where `stop` octets have been transmitted in all.
    pub(crate) fn poll(&mut self, stop: Option<u64>) -> Option<Bytes> {
        self.flush();
        while let Some(mut octets) = self.queue.pop_front() {
            let start = self.transmitted;
            let room = stop.filter(|stop| *stop > start).map(|stop| stop - start);
            if let Some(room) = room.and_then(|room| usize::try_from(room).ok()) {
                if room < octets.len() {
                    self.queue.push_front(octets.split_off(room));
                }
            }
            self.queued -= octets.len();
            self.transmitted += octets.len() as u64;
            let is_whole = self.damages.is_empty() && self.interference.is_none();
            let octets = if is_whole { octets } else { self.damaged(start, &octets) };
            if !octets.is_empty() {
                return Some(octets);
            }
            if stop.is_some_and(|stop| stop == self.transmitted) {
                return None;
            }
        }
        None
    }

    fn damaged(&mut self, start: u64, octets: &[u8]) -> Bytes {
        let mut damaged = BytesMut::with_capacity(octets.len() + 1);
        for (position, &octet) in (start..).zip(octets) {
            let mut copies = 1;
            let mut octet = octet;
            for &(_, damage) in self.damages.iter().filter(|(at, _)| *at == position) {
                damage.apply(&mut octet, &mut copies);
            }
            if let Some(damage) = self.interference.as_mut().and_then(Interference::next) {
                damage.apply(&mut octet, &mut copies);
            }
            damaged.extend(std::iter::repeat_n(octet, copies));
        }
        self.damages.retain(|(at, _)| *at >= self.transmitted);
        damaged.freeze()
    }

    /// Whether so much waits for the DTE that the module does nothing else.
    pub(crate) fn is_congested(&self) -> bool {
        self.queued >= HIGH_WATER
    }

    /// The octets said so far, transmitted or waiting.
    pub(crate) fn said(&self) -> u64 {
        self.transmitted + self.queued as u64
    }

    /// The octets transmitted so far.
    pub(crate) fn transmitted(&self) -> u64 {
        self.transmitted
    }
}
