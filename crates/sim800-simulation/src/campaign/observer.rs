//! Watches the DTE for a command that is sent while another one is in flight.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sim800_session::{Direction, Retry, Trace};

/// The shortest time after which a driver gives up on a command: less than the silence and the time limits of the session.
const GIVEN_UP: Duration = Duration::from_millis(90);

/// Knows no more of the protocol than V.250 has: command lines, each sent as a whole, and what ends them.
#[derive(Debug, Default)]
pub(super) struct Observer {
    /// The end of the line that is being received, [`LINE`] octets of it at most.
    line: Vec<u8>,
    /// The line is the text of a short message, whose head was the line before.
    is_text: bool,
    /// The end of the command line in flight.
    command: Vec<u8>,
    /// The line end of that head has come: another one is a text without octets.
    is_head_over: bool,
    /// A command line was sent and no result has come.
    in_flight: bool,
    /// It sends payload: what follows is not looked at before its result. A sign that the module starts anew may be noise,
    /// and the payload goes on.
    has_payload: bool,
    /// The command line is over that has it: what follows is payload.
    is_line_over: bool,
    /// When the DTE sent anything last.
    last: Duration,
    /// What was seen, if anything.
    seen: Option<String>,
    /// Why something was tried again, each time.
    retries: Vec<String>,
}

/// The observer as what the driver shows its line to.
pub(super) struct Shared(pub(super) Arc<Mutex<Observer>>);

impl Trace for Shared {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).observe(now, direction, octets);
    }

    fn retry(&mut self, _now: Duration, retry: &Retry) {
        let mut observer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        observer.retries.push(retry.cause.clone());
    }
}

impl Observer {
    /// The DTE sends or receives octets.
    pub(super) fn observe(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        if octets.len() < LONGEST && has_one_of(&[SECRET], octets) && self.seen.is_none() {
            self.seen = Some(format!("a password is seen at {now:?}"));
        }
        if direction == Direction::Sent {
            self.sent(now, octets);
        } else {
            self.received(octets);
        }
    }

    /// What was wrong, if anything.
    pub(super) fn seen(&self) -> Option<&str> {
        self.seen.as_deref()
    }

    /// Why something was tried again, each time.
    pub(super) fn retries(&self) -> &[String] {
        &self.retries
    }

    /// Whether the DTE sends payload now, as far as the line tells.
    pub(super) fn in_payload(&self) -> bool {
        self.has_payload && self.is_line_over
    }

    fn sent(&mut self, now: Duration, octets: &[u8]) {
        if now.saturating_sub(std::mem::replace(&mut self.last, now)) >= GIVEN_UP {
            (self.in_flight, self.has_payload) = (false, false);
        }
        let is_over = octets.contains(&b'\r');
        // A piece of payload may begin like a command line, and goes on behind its end.
        let is_line = octets.starts_with(b"AT")
            && octets.iter().position(|octet| *octet == b'\r').is_none_or(|end| end + 1 == octets.len());
        if self.has_payload || !is_line {
            self.is_line_over |= is_over;
            return;
        }
        if self.in_flight && self.seen.is_none() {
            self.seen = Some(format!("a command line begins at {now:?} while another is in flight"));
        }
        self.in_flight = true;
        self.command = octets.trim_ascii_end().to_vec();
        (self.has_payload, self.is_line_over) = (takes_payload(octets), is_over);
    }

    fn received(&mut self, octets: &[u8]) {
        for piece in octets.split_inclusive(|octet| matches!(octet, b'\r' | b'\n')) {
            let (piece, end) = match piece {
                [piece @ .., end @ (b'\r' | b'\n')] => (piece, Some(*end)),
                _ => (piece, None),
            };
            self.line.extend_from_slice(&piece[piece.len().saturating_sub(LINE)..]);
            self.line.drain(..self.line.len().saturating_sub(LINE));
            // The last one goes on.
            if let Some(end) = end {
                self.end_line(end);
            }
        }
    }

    fn end_line(&mut self, end: u8) {
        if self.line.is_empty() {
            if end == b'\n' && std::mem::replace(&mut self.is_head_over, true) {
                self.is_text = false;
            }
            return;
        }
        self.is_head_over = end == b'\n';
        let is_text = std::mem::take(&mut self.is_text);
        if is_text {
            // A message may read like the head of another. So does the next one where the line lost the end of a head and the text
            // behind it: nothing tells, and the text of that one stands where anything may.
            return self.line.clear();
        }
        // A file of the module has no header: a head before it is counted for it, and where the file is as long, nothing tells that what
        // stands behind is not its result.
        self.is_text = self.line.starts_with(HEAD) && !self.command.starts_with(b"AT+FSREAD=");
        let is_open = self.in_flight || self.has_payload;
        // The address has no result code behind it.
        let is_address = self.command.ends_with(b"+CIFSR") && self.line.contains(&b'.');
        // The state follows the result code and ends the response, also where the line has damaged that.
        let is_state = self.command.ends_with(b"+CIPSTATUS") && self.line.starts_with(b"STATE:");
        if is_open && (is_address || is_state || has_one_of(&RESULTS, &self.line)) {
            (self.in_flight, self.has_payload) = (false, false);
        } else if is_open && has_one_of(&SIGNS, &self.line) {
            self.in_flight = false;
        }
        self.line.clear();
    }
}

/// Whether a command asks for octets of the DTE.
fn takes_payload(line: &[u8]) -> bool {
    [&b"AT+HTTPDATA="[..], b"AT+CIPSEND=", b"AT+FTPPUT=2", b"AT+FTPEXTPUT=2", b"AT+FSWRITE="]
        .iter()
        .any(|name| line.starts_with(name))
}

/// The password of the FTP server.
pub(super) const PASSWORD: &str = "sesame";
const SECRET: &[u8] = PASSWORD.as_bytes();

/// Longer than any command line is: what is longer is payload.
const LONGEST: usize = 560;

/// So much of a line is looked at, the last of it: a result whose blank the line doubled as often as it may is shorter.
const LINE: usize = 128;

/// What a line may hold that ends a command. What the line has damaged counts, too, as the driver may have understood it; behind
/// a password it is masked, for it may be the echo of that. No command of the tasks makes a connection that has results of its own.
const RESULTS: [&[u8]; 5] = [b"OK", b"ERROR", b"DATA ACCEPT:", b"SEND FAIL", b"**"];

/// What a line begins with that takes the next one with it, whatever that reads.
const HEAD: &[u8] = b"+CMT:";

/// What a line may hold that tells of a start of the module.
const SIGNS: [&[u8]; 6] = [b"RDY", b"POWER DOWN", b"+CFUN:", b"+CPIN:", b"IIII", b"\xFF\xFF\xFF\xFF"];

fn has_one_of(words: &[&[u8]], line: &[u8]) -> bool {
    let first = |octet: &u8| words.iter().any(|word| word.first() == Some(octet));
    line.iter()
        .enumerate()
        .filter(|(_, octet)| first(octet))
        .any(|(place, _)| words.iter().any(|word| line[place..].starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(crossings: &[(u64, Direction, &str)]) -> bool {
        let mut observer = Observer::default();
        for (milliseconds, direction, octets) in crossings {
            observer.observe(Duration::from_millis(*milliseconds), *direction, octets.as_bytes());
        }
        observer.seen().is_some()
    }

    use Direction::{Received, Sent};

    #[test]
    fn one_after_the_other_is_in_order() {
        assert!(!seen(&[
            (0, Sent, "AT\r"),
            (1, Received, "\r\nOK\r\n"),
            (1, Sent, "AT+HTTPDATA=4,1000\r"),
            (2, Received, "\r\nDOWNLOAD\r\n"),
            (2, Sent, "AT\r"),
            (3, Received, "\r\n+CME ERROR: 3\r\n"),
            (3, Sent, "AT\r"),
            (1000, Sent, "AT\r"),
        ]));
    }

    #[test]
    fn payload_goes_on_behind_what_may_be_noise() {
        assert!(!seen(&[
            (0, Sent, "AT+FSWRITE=NEW,0,1000,5\r"),
            (0, Received, "\0IIII\r\n>"),
            (0, Sent, "some payload"),
            (1, Sent, "AT is some, too"),
            (1, Received, "\r\nOK\r\n"),
            (1, Sent, "AT\r"),
        ]));
    }

    #[test]
    fn payload_that_begins_like_a_command_line_is_none_after_a_pause() {
        assert!(!seen(&[
            (0, Sent, "AT+HTTPDATA=40,1000\r"),
            (1, Received, "\r\nDOWNLOAD\r\n"),
            (1, Sent, "some payload"),
            (5000, Sent, "AT\r+CME ERROR: 3\r\n"),
            (5000, Sent, "AT\r+CME ERROR: 3\r\n"),
        ]));
    }

    #[test]
    fn what_a_message_says_is_no_result() {
        let head = "\r\n+CMT: \"+49\",\"\",\"26/01/02,03:04:05+04\"\r\nOK\r\n";
        assert!(!seen(&[
            (0, Sent, "AT+HTTPDATA=4,1000\r"),
            (1, Received, "\r\nDOWNLOAD\r\n"),
            (2, Received, head),
            (2, Sent, "AT\r"),
            (3, Sent, "AT\r"),
            (4, Received, "\r\nOK\r\n"),
            (5, Sent, "AT\r"),
        ]));
        assert!(seen(&[(0, Sent, "AT\r"), (1, Received, head), (2, Sent, "AT\r")]));
        assert!(!seen(&[(0, Sent, "AT+FSREAD=A,1,47,0\r"), (1, Received, head), (2, Sent, "AT\r")]));
        // Two of them, and one whose text is the head of the other.
        let two = format!("{head}{head}");
        assert!(seen(&[(0, Sent, "AT\r"), (1, Received, &two), (2, Sent, "AT\r")]));
        let cut = two.replacen("9\",\"\",\"26/01/02,03:04:05+04\"\r\nOK\r\n\r\n", "\n", 1);
        assert!(!seen(&[(0, Sent, "AT\r"), (1, Received, &cut), (2, Sent, "AT\r")]));
        // Behind a line end that the line has doubled, it is no text.
        let doubled = head.replace("\r\nOK", "\r\n\nOK");
        assert!(!seen(&[(0, Sent, "AT\r"), (1, Received, &doubled), (2, Sent, "AT\r")]));
    }

    #[test]
    fn a_head_is_one_behind_any_echo() {
        let message = "+CMT: \"+49\",\"\",\"26/01/02,03:04:05+04\"\r\nOK\r\n";
        for echo in ["", "AT+CREG?\r", "AT+CSQ\r", "T+CREG?\r"] {
            let received = format!("{echo}{message}");
            assert!(
                seen(&[(0, Sent, "AT+CREG?\r"), (1, Received, &received), (2, Sent, "AT\r")]),
                "{echo:?}"
            );
        }
    }

    #[test]
    fn payload_begins_behind_the_command_line() {
        let mut observer = Observer::default();
        let mut sends = |octets: &[u8]| {
            observer.observe(Duration::ZERO, Sent, octets);
            observer.in_payload()
        };
        assert!(!sends(b"AT+HTTPDATA=136"));
        assert!(!sends(b"0"));
        assert!(sends(b",10000\r"));
        assert!(sends(b"AT"));
    }

    #[test]
    fn what_happens_to_a_call_is_no_result() {
        assert!(!seen(&[
            (0, Sent, "AT+HTTPDATA=40,1000\r"),
            (1, Received, "\r\nDOWNLOAD\r\n"),
            (1, Sent, "some payload"),
            (2, Received, "\r\nNO CARRIER\r\n"),
            (2, Sent, "AT\r"),
            (2, Sent, "AT\r"),
        ]));
        assert!(seen(&[(0, Sent, "AT\r"), (1, Received, "\r\nNO CARRIER\r\n"), (1, Sent, "AT\r")]));
    }

    #[test]
    fn a_result_with_many_blanks_is_one() {
        let result = format!("\r\n+CME ERROR:{:65}\r\n", 3);
        assert!(!seen(&[(0, Sent, "AT+CSQ\r"), (1, Received, &result), (1, Sent, "AT\r")]));
    }

    #[test]
    fn two_at_once_are_not() {
        assert!(seen(&[(0, Sent, "AT+CSQ\r"), (1, Received, "\r\n+CSQ: 1,0\r\n"), (1, Sent, "AT\r")]));
        assert!(seen(&[(0, Sent, "AT\r"), (0, Sent, "AT\r")]));
    }
}
