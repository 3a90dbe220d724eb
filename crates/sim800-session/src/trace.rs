//! Every octet that crosses the line, for logs and captures, with secrets masked.

use std::ops::Range;
use std::time::Duration;

use sim800_command::CREDENTIALS;

use crate::notices::Retry;

/// Which way octets went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a line has two ends")]
pub enum Direction {
    /// To the module.
    Sent,
    /// From the module.
    Received,
}

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

/// A [`Trace`] behind its masks.
pub(crate) struct Masked {
    trace: Box<dyn Trace>,
    sent: Mask,
    received: Mask,
}

impl Masked {
    pub(crate) fn new(trace: Box<dyn Trace>) -> Self {
        Self { trace, sent: Mask::default(), received: Mask::default() }
    }

    /// Shows what was sent, `secret` masked whatever it looks like. In payload nothing else is looked for.
    pub(crate) fn sent(
        &mut self,
        now: Duration,
        octets: &[u8],
        secret: Option<Range<usize>>,
        is_payload: bool,
    ) {
        let mut octets = octets.to_vec();
        if !is_payload {
            self.sent.mask(&mut octets);
        }
        if let Some(secret) = secret.and_then(|secret| octets.get_mut(secret)) {
            secret.fill(b'*');
        }
        self.trace.octets(now, Direction::Sent, &octets);
    }

    /// Shows that something is tried again.
    pub(crate) fn retry(&mut self, now: Duration, retry: &Retry) {
        self.trace.retry(now, retry);
    }

    /// Shows what was received.
    pub(crate) fn received(&mut self, now: Duration, octets: &[u8]) {
        let mut octets = octets.to_vec();
        self.received.mask(&mut octets);
        self.trace.octets(now, Direction::Received, &octets);
    }
}

/// What a secret follows, up to the end of its line: commands, their echo, and what the module gives back of its
/// settings (`AT+FTPSCONT?`, `AT+SAPBR=4,1`). In lower case, without blanks: the module takes them anywhere. Names of
/// headers with one of [`CREDENTIALS`] in them are the others.
const TRIGGERS: [&[u8]; 19] = [
    b"+ftppw=",
    b"+ftppw:",
    b"+cpin=",
    b"+cpwd=",
    b"+clck=",
    b"pwd\",",
    b"pwd,",
    b"pwd:",
    // The module's other stacks, which the driver does not use and `Request::raw` may: the password stands last, behind
    // an access point name, a user or a file.
    b"+cstt=",
    b"+cstt:",
    b"+cipcsgp=",
    b"+cipcsgp:",
    b"+cgauth=",
    b"+cgauth:",
    b"+smtpauth=",
    b"+smtpauth:",
    b"+pop3srv=",
    b"+pop3srv:",
    b"+sslsetcert=",
];

/// As long as the longest word that is looked for.
const WINDOW: usize = 13;

/// Masks what follows a trigger, wherever reads cut the octets.
#[derive(Debug, Default)]
struct Mask {
    window: [u8; WINDOW],
    /// The word before the next colon tells of a credential.
    named: bool,
    /// There was a blank since.
    gap: bool,
    masking: bool,
}

impl Mask {
    fn mask(&mut self, octets: &mut [u8]) {
        for octet in octets {
            if matches!(*octet, b'\r' | b'\n') {
                self.masking = false;
            }
            let follows = self.follows(*octet);
            if self.masking {
                *octet = b'*';
            }
            self.masking |= follows;
        }
    }

    /// Whether what is behind `octet` is secret.
    fn follows(&mut self, octet: u8) -> bool {
        if octet == b' ' {
            self.gap = true;
            return false;
        }
        self.window.rotate_left(1);
        if let Some(last) = self.window.last_mut() {
            *last = octet.to_ascii_lowercase();
        }
        let gap = std::mem::take(&mut self.gap);
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') {
            self.named &= !gap;
            self.named |= CREDENTIALS.iter().any(|word| self.window.ends_with(word.as_bytes()));
            return false;
        }
        let named = std::mem::take(&mut self.named);
        match octet {
            b':' if named => true,
            b'=' | b':' | b',' => TRIGGERS.iter().any(|trigger| self.window.ends_with(trigger)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(pieces: &[&[u8]]) -> String {
        let mut mask = Mask::default();
        let mut text = Vec::new();
        for piece in pieces {
            let mut piece = piece.to_vec();
            mask.mask(&mut piece);
            text.extend(piece);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn what_follows_a_trigger_is_masked_to_the_end_of_its_line() {
        assert_eq!(masked(&[b"AT+FTPPW=\"sesame\"\r\r\nOK\r\n"]), "AT+FTPPW=********\r\r\nOK\r\n");
        assert_eq!(masked(&[b"+FTPPW: sesame\r\n+FTPCID: 1\r\n"]), "+FTPPW:*******\r\n+FTPCID: 1\r\n");
        assert_eq!(masked(&[b"AT+SAPBR=3,1,\"PWD\",\"x\"\rAT"]), "AT+SAPBR=3,1,\"PWD\",***\rAT");
        assert_eq!(masked(&[b"at+ftppw = \"sesame\"\r"]), "at+ftppw =*********\r");
        assert_eq!(
            masked(&[b"AT+CPIN=\"1234\"\r\r\n+CPIN: READY\r\n"]),
            "AT+CPIN=******\r\r\n+CPIN: READY\r\n"
        );
        assert_eq!(masked(&[b"USER: u\r\nPWD: x\r\n"]), "USER: u\r\nPWD:**\r\n");
        assert_eq!(masked(&[b"at+cstt=\"i\",\"u\",\"x\"\r"]), "at+cstt=***********\r");
        for name in ["+CSTT", "+CIPCSGP", "+CGAUTH", "+SMTPAUTH", "+POP3SRV"] {
            let response = masked(&[format!("{name}: 1,\"u\",\"sesame\"\r\nOK\r\n").as_bytes()]);
            assert_eq!(response, format!("{name}:{}\r\nOK\r\n", "*".repeat(15)));
        }
        assert_eq!(masked(&[b"\"Authorization: Basic YQ==\"\r"]), "\"Authorization:************\r");
        assert_eq!(masked(&[b"\"A: b\\r\\nX-Api-Key : c\"\r"]), "\"A: b\\r\\nX-Api-Key :***\r");
        assert_eq!(masked(&[b"Set-Cookie: a=b\r\nETag: c\r\n"]), "Set-Cookie:****\r\nETag: c\r\n");
    }

    #[test]
    fn what_is_no_secret_is_legible() {
        for text in [
            "AT+HTTPPARA=\"URL\",\"http://keys.example.com:8080/token/a:b\"\r",
            "{\"key\": \"value\"}\r",
            "+CPIN: READY\r",
            "the key is here: it is 7\r",
        ] {
            assert_eq!(masked(&[text.as_bytes()]), text);
        }
    }

    #[test]
    fn reads_may_cut_anywhere() {
        let text = b"AT+FTPPW=\"sesame\"\rAT+FTPPW?\rAuthorization : sesame\rX-Api-Key: sesame\r";
        let whole = masked(&[text]);
        assert!(!whole.contains("sesame"));
        for cut in 0..text.len() {
            assert_eq!(masked(&[&text[..cut], &text[cut..]]), whole);
        }
    }

    #[test]
    fn the_window_holds_every_word() {
        let words = CREDENTIALS.iter().map(|word| word.as_bytes()).chain(TRIGGERS);
        assert_eq!(words.map(<[u8]>::len).max(), Some(WINDOW));
    }
}
