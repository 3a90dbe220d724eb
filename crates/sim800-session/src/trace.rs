//! Every octet that crosses the line, for logs and captures, with secrets masked.

mod payload;
mod sockets;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::ops::Range;
use core::time::Duration;

pub use sim800_command::Direction;
use sim800_command::{Mask, Unsolicited};
use sim800_parser::{FinalResultCode, Span};

use self::payload::Received;
use crate::notices::Retry;

/// Is shown every octet that crossed the line.
///
/// Passwords and credentials are masked with `*`, octet for octet, so counts stay right.
pub trait Trace: Send {
    /// `octets` crossed at `now`, a time of the runtime.
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]);

    /// Something failed at `now` and is tried again.
    fn retry(&mut self, now: Duration, retry: &Retry) {
        let _ = (now, retry);
    }
}

impl<F: FnMut(Duration, Direction, &[u8]) + Send> Trace for F {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        self(now, direction, octets);
    }
}

/// What a driver shows its line to: [`Masked`], of which nothing is linked where no trace is asked for.
pub(crate) trait Show: Send {
    /// [`Masked::sent`].
    fn sent(&mut self, now: Duration, octets: &[u8], secret: Option<Range<usize>>, is_payload: bool);

    /// [`Masked::received`].
    fn received(&mut self, now: Duration, octets: &[u8]);

    /// [`Masked::retry`].
    fn retry(&mut self, now: Duration, retry: &Retry);
}

impl Show for Masked {
    fn sent(&mut self, now: Duration, octets: &[u8], secret: Option<Range<usize>>, is_payload: bool) {
        self.sent(now, octets, secret, is_payload);
    }

    fn received(&mut self, now: Duration, octets: &[u8]) {
        self.received(now, octets);
    }

    fn retry(&mut self, now: Duration, retry: &Retry) {
        self.retry(now, retry);
    }
}

/// A [`Trace`] behind its masks, as a driver has one: for who sees the octets of a line without a session on it.
///
/// A secret is masked also where the module says it back, be its echo damaged as it may: so what is received behind a command with a
/// secret is shown when its line ends.
pub struct Masked {
    trace: Box<dyn Trace>,
    sent: Mask,
    received: Received,
    /// The command line that is being sent, as it was shown.
    line: Vec<u8>,
    /// What a secret was sent in that may come back.
    recall: Option<Recall>,
    /// Command lines that have no result yet, as far as can be told.
    owed: usize,
    results: Results,
    /// When something crossed last.
    last: Duration,
}

impl Masked {
    /// `trace` is shown what is handed in here, masked.
    #[must_use]
    pub fn new(trace: Box<dyn Trace>) -> Self {
        let (sent, received) = (Mask::default(), Received::default());
        Self {
            trace,
            sent,
            received,
            line: Vec::new(),
            recall: None,
            owed: 0,
            results: Results::default(),
            last: Duration::ZERO,
        }
    }

    /// Shows what was sent, `secret` masked whatever it looks like. In payload nothing else is looked for, but for headers with credentials
    /// where it goes over a socket.
    pub fn sent(&mut self, now: Duration, octets: &[u8], secret: Option<Range<usize>>, is_payload: bool) {
        self.show_held();
        self.last = now;
        let mut shown = octets.to_vec();
        if is_payload {
            self.received.sockets.mask_sent(&mut shown);
        } else {
            self.sent.mask(&mut shown);
        }
        if let Some(secret) = secret.and_then(|secret| shown.get_mut(secret)) {
            secret.fill(b'*');
        }
        if !is_payload {
            self.received.note_sent(octets);
            self.expect_back(octets, &shown);
        }
        self.trace.octets(now, Direction::Sent, &shown);
    }

    /// Notes what of a command line is no secret, if anything of it is one.
    fn expect_back(&mut self, octets: &[u8], shown: &[u8]) {
        if self.line.is_empty() {
            self.recall.take_if(|recall| recall.results > recall.owed + 1);
        }
        let secret = octets.iter().zip(shown).position(|(octet, shown)| octet != shown);
        let (line, rest) = octets.split_at(secret.unwrap_or(octets.len()));
        self.line.extend_from_slice(shown.get(..line.len()).unwrap_or_default());
        if secret.is_some() {
            self.recall = Some(Recall::new(mem::take(&mut self.line), rest, self.owed));
        }
        if octets.ends_with(b"\r") {
            self.received.sockets.note_sent(&self.line);
            self.line.clear();
            self.owed = (self.owed + 1).min(OWED);
        }
    }

    /// Shows that something is tried again.
    pub fn retry(&mut self, now: Duration, retry: &Retry) {
        self.trace.retry(now, retry);
    }

    /// Shows what was received.
    pub fn received(&mut self, now: Duration, octets: &[u8]) {
        self.last = now;
        let mut octets = octets.to_vec();
        self.received.mask(&mut octets);
        self.owed = self.owed.saturating_sub(self.results.count(&octets));
        if let Some(recall) = &mut self.recall {
            octets = recall.pass(&octets);
        }
        if !octets.is_empty() {
            self.trace.octets(now, Direction::Received, &octets);
        }
    }

    /// Shows the beginning of a line that was kept until its end.
    fn show_held(&mut self) {
        let held = self.recall.as_mut().map(Recall::finish).unwrap_or_default();
        if !held.is_empty() {
            self.trace.octets(self.last, Direction::Received, &held);
        }
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What it holds back may be a secret.
        f.debug_struct("Masked").finish_non_exhaustive()
    }
}

impl Drop for Masked {
    fn drop(&mut self) {
        self.show_held();
    }
}

/// How many octets of a line are kept until it ends: no result code is longer.
const HELD: usize = 256;

/// So many results at most are waited for that belong to older command lines. A module that is off owes all of them, and gives none.
const OWED: usize = 16;

/// So many octets of a secret in a row give it away.
const PIECE: usize = 3;

/// Finds result codes in what is received.
#[derive(Default)]
struct Results {
    /// What has come of the line, as far as it may be one.
    line: Vec<u8>,
}

impl Results {
    /// How many `octets` end.
    fn count(&mut self, octets: &[u8]) -> usize {
        let mut count = 0;
        for octet in octets {
            if matches!(octet, b'\r' | b'\n') {
                count += usize::from(is_result(&self.line));
                self.line.clear();
            } else if self.line.len() < HELD {
                self.line.push(*octet);
            }
        }
        count
    }
}

/// Whether a line is a result code, as the engine reads it: noise before it changes nothing.
fn is_result(line: &[u8]) -> bool {
    FinalResultCode::from_line(Span::new(line).line()).is_some()
}

/// Masks a secret that comes back, be the echo damaged as it may (`AT+FTPW="sesame"`): of the lines behind its command, those
/// that can be neither a result code nor an unsolicited line are shown as far as they are the command. The first result may have been
/// another's, and the rest of the echo comes behind it: up to the next, and behind those of command lines that had none before, a line is
/// masked that has a piece of the secret in it.
///
/// So a line is shown when it ends.
struct Recall {
    /// The command line up to the secret.
    command: Vec<u8>,
    /// The secret, and what is behind it on its line.
    secret: Vec<u8>,
    /// What has come of the line.
    held: Vec<u8>,
    /// The rest of the line is masked.
    is_masking: bool,
    /// How many result codes have come, and how many command lines before it had none.
    results: usize,
    owed: usize,
}

impl Recall {
    fn new(command: Vec<u8>, secret: &[u8], owed: usize) -> Self {
        Self { command, secret: secret.to_vec(), held: Vec::new(), is_masking: false, results: 0, owed }
    }

    /// What may be shown now that `octets` have come.
    fn pass(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut shown = Vec::new();
        for octet in octets {
            if matches!(octet, b'\r' | b'\n') {
                shown.extend(self.line());
                shown.push(*octet);
                self.is_masking = false;
            } else if self.is_masking {
                shown.push(b'*');
            } else {
                self.held.push(*octet);
                if self.held.len() == HELD {
                    shown.extend(self.part());
                }
            }
        }
        shown
    }

    /// The line that has ended.
    fn line(&mut self) -> Vec<u8> {
        let is_result = is_result(&self.held);
        self.results += usize::from(is_result);
        let line = Span::new(&self.held[..]).line();
        if is_result || !matches!(Unsolicited::from(line), Unsolicited::Other(_)) {
            return mem::take(&mut self.held);
        }
        self.finish()
    }

    /// The beginning of a line that is too long to be kept.
    fn part(&mut self) -> Vec<u8> {
        self.is_masking = self.results == 0 || self.has_piece();
        if self.is_masking {
            return self.finish();
        }
        // A piece may begin at its end.
        let rest = self.held.split_off(HELD - PIECE);
        mem::replace(&mut self.held, rest)
    }

    /// The line, although it has not ended or is none that can be known.
    fn finish(&mut self) -> Vec<u8> {
        let is_masked = self.results == 0 || self.has_piece();
        let mut held = mem::take(&mut self.held);
        let same = held.iter().zip(&self.command).take_while(|(one, other)| one.eq_ignore_ascii_case(other));
        let same = if is_masked { same.count() } else { held.len() };
        held.iter_mut().skip(same).for_each(|octet| *octet = b'*');
        held
    }

    /// Whether a piece of the secret is in what has come of the line.
    fn has_piece(&self) -> bool {
        self.secret.windows(PIECE).any(|piece| self.held.windows(PIECE).any(|held| held == piece))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::sync::Arc;
    use alloc::vec;
    use std::sync::Mutex;

    use super::*;

    /// What is shown of what was received behind `command`, read by read.
    fn received(command: &str, reads: &[&[u8]]) -> String {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let log = shown.clone();
        let trace = move |_now, direction, octets: &[u8]| {
            if direction == Direction::Received {
                log.lock().unwrap().extend_from_slice(octets);
            }
        };
        let mut masked = Masked::new(Box::new(trace));
        masked.sent(Duration::ZERO, command.as_bytes(), None, false);
        for read in reads {
            masked.received(Duration::ZERO, read);
        }
        masked.sent(Duration::ZERO, b"AT\r", None, false);
        masked.received(Duration::ZERO, b"AT\r\r\nhello\r\n\r\nOK\r\n");
        drop(masked);
        let shown = shown.lock().unwrap();
        String::from_utf8(shown.clone()).unwrap()
    }

    const COMMAND: &str = "AT+FTPPW=\"sesame\"\r";
    const NEXT: &str = "AT\r\r\nhello\r\n\r\nOK\r\n";

    #[test]
    fn a_secret_is_masked_however_its_echo_is_damaged() {
        let echo = COMMAND.as_bytes();
        let whole = received(COMMAND, &[echo, b"\r\nOK\r\n"]);
        assert_eq!(whole, format!("AT+FTPPW=********\r\r\nOK\r\n{NEXT}"));
        let lost = received(COMMAND, &[b"AT+FTPW=\"sesame\"\r\r\nOK\r\n"]);
        assert_eq!(lost, format!("AT+FTP**********\r\r\nOK\r\n{NEXT}"));
        // Any octet lost, changed, doubled or turned into a line end, and one more that makes its trigger unknown.
        for place in 0..echo.len() - 1 {
            for other in [&b""[..], b"#", b"\n", b"\r", &echo[place..=place].repeat(2)] {
                let damaged = [&echo[..place], other, &echo[place + 1..]].concat();
                for unknown in
                    [damaged.clone(), damaged.iter().copied().filter(|octet| *octet != b'T').collect()]
                {
                    for cut in 0..unknown.len() {
                        let shown = received(COMMAND, &[&unknown[..cut], &unknown[cut..], b"\r\nOK\r\n"]);
                        let parts = ["ses", "sam", "ame"];
                        assert!(!parts.iter().any(|part| shown.contains(part)), "{shown:?}");
                        assert!(shown.ends_with(&format!("\r\nOK\r\n{NEXT}")), "{shown:?}");
                        assert_eq!(shown.len(), unknown.len() + 6 + NEXT.len(), "{shown:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_an_echo_is_shown() {
        for line in ["+CREG: 1", "+CME ERROR: 3", "ERROR", "RDY", "+CPIN: READY"] {
            let text = format!("\r\n{line}\r\n\r\nOK\r\n");
            for cut in 0..text.len() {
                let (one, other) = text.split_at(cut);
                let shown = received(COMMAND, &[one.as_bytes(), other.as_bytes()]);
                assert_eq!(shown, format!("{text}{NEXT}"));
            }
        }
        // The line changed an octet of the line end.
        let noise = received(COMMAND, &[b"\r\x0BOK\r\n"]);
        assert_eq!(noise, format!("\r\x0BOK\r\n{NEXT}"));
        let plain = received("AT+FTPSERV=\"host\"\r", &[b"AT+FTSERV=\"host\"\r\r\nOK\r\n"]);
        assert_eq!(plain, format!("AT+FTSERV=\"host\"\r\r\nOK\r\n{NEXT}"));
    }

    /// The module was at something else, and reads the line when it is done.
    #[test]
    fn an_echo_that_comes_late_is_masked_as_well() {
        let shown = received(COMMAND, &[]);
        assert_eq!(shown, "AT\r\r\n*****\r\n\r\nOK\r\n", "until there was a result");
        let late = received(COMMAND, &[b"\r\nOK\r\n", b"AT+FTPW=\"sesame\"\r"]);
        assert_eq!(late, format!("\r\nOK\r\nAT+FTP**********\r{NEXT}"));
        // A result that was another's cut it.
        let cut = received(COMMAND, &[b"AT+FTPP\r\nOK\r\n", b"W=\"sesame\"\r\r\nOK\r\n"]);
        assert_eq!(cut, format!("AT+FTPP\r\nOK\r\n**********\r\r\nOK\r\n{NEXT}"));
    }

    /// The module is behind: it has older command lines to answer before it reads this one.
    #[test]
    fn an_echo_behind_the_results_of_older_lines_is_masked() {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let log = shown.clone();
        let mut masked = Masked::new(Box::new(move |_now, direction, octets: &[u8]| {
            if direction == Direction::Received {
                log.lock().unwrap().extend_from_slice(octets);
            }
        }));
        let late = "\r\nOK\r\n".repeat(4);
        let mut send = |line: &str| masked.sent(Duration::ZERO, line.as_bytes(), None, false);
        ["AT\r", "AT\r", "AT\r", COMMAND, "AT\r"].into_iter().for_each(&mut send);
        for octet in late.bytes() {
            masked.received(Duration::ZERO, &[octet]);
        }
        masked.sent(Duration::ZERO, b"AT\r", None, false);
        masked.received(Duration::ZERO, COMMAND.as_bytes());
        drop(masked);
        let shown = shown.lock().unwrap();
        assert_eq!(String::from_utf8(shown.clone()).unwrap(), format!("{late}AT+FTPPW=********\r"));
    }

    /// Behind another command, too.
    #[test]
    fn the_rest_of_an_echo_is_masked_up_to_the_second_result() {
        let shown = |first: &[u8], second: &[u8]| {
            let shown = Arc::new(Mutex::new(Vec::new()));
            let log = shown.clone();
            let mut masked = Masked::new(Box::new(move |_now, direction, octets: &[u8]| {
                if direction == Direction::Received {
                    log.lock().unwrap().extend_from_slice(octets);
                }
            }));
            masked.sent(Duration::ZERO, COMMAND.as_bytes(), None, false);
            masked.received(Duration::ZERO, first);
            for _ in 0..2 {
                masked.sent(Duration::ZERO, b"AT\r", None, false);
                masked.received(Duration::ZERO, second);
            }
            drop(masked);
            let shown = shown.lock().unwrap();
            String::from_utf8(shown.clone()).unwrap()
        };
        let rest = b"W=\"sesame\"\r\r\nOK\r\n";
        let (once, twice) = ("**********\r\r\nOK\r\n", "W=\"sesame\"\r\r\nOK\r\n");
        assert_eq!(shown(b"AT+FTPP\r\nOK\r\n", rest), format!("AT+FTPP\r\nOK\r\n{once}{twice}"));
        // What is long and has nothing of it is shown.
        let long = "0123456789".repeat(100);
        let text = format!("{long}\r\nOK\r\n");
        assert_eq!(shown(b"OK\r\n", text.as_bytes()), format!("OK\r\n{text}{text}"));
        let text = format!("{long}same{long}\r\n");
        let masked = shown(b"OK\r\n", text.as_bytes());
        assert!(!masked.contains("sam") && masked.len() == 4 + 2 * text.len());
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let noise = vec![b'x'; 3 * HELD];
        let shown = received(COMMAND, &[&noise, b"\r\nOK\r\n"]);
        assert_eq!(shown, format!("{}\r\nOK\r\n{NEXT}", "*".repeat(noise.len())));
        // What has not ended is told of when something else is.
        assert!(received(COMMAND, &[b"\r\nOK"]).starts_with("\r\n**AT"));
    }
}
