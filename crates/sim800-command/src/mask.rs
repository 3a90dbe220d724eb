//! What a secret follows on the line, and what puts asterisks in its place.

use crate::{CREDENTIALS, Domain, Form, ParameterSpec, SPECS, Spec};

/// Commands that this crate does not have and whose line ends with a secret: the password stands last, behind an access
/// point name, a user or a file. With each whether the module gives it back under the same name.
const OTHERS: &[(&str, bool)] = &[
    ("+CPWD", false),
    ("+CLCK", false),
    ("+SSLSETCERT", false),
    ("+CSTT", true),
    ("+CIPCSGP", true),
    ("+CGAUTH", true),
    ("+SMTPAUTH", true),
    ("+POP3SRV", true),
];

/// What a secret follows.
struct Triggers {
    /// Names before `=`.
    written: Words,
    /// Names before `:`.
    read: Words,
    /// Tags of parameters: `"PWD",` of a command line, `PWD:` of what the module prints.
    tags: Words,
    credentials: Words,
}

static TRIGGERS: Triggers = Triggers::new();

/// Words that are looked for, as many as there is room for.
struct Words {
    words: [Word; 24],
    count: usize,
    /// Whether any of them ends with this octet.
    ends: [bool; 256],
}

/// A word in lower case, and the part of the window where it would stand.
#[derive(Clone, Copy)]
struct Word {
    octets: u128,
    place: u128,
}

impl Triggers {
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    const fn new() -> Self {
        let (mut written, mut read) = (Words::NONE, Words::NONE);
        let (mut tags, mut credentials) = (Words::NONE, Words::NONE);
        let mut row = 0;
        while row < SPECS.len() {
            let Spec { name, parameters, .. } = SPECS[row];
            if has_secret(parameters) {
                written.add(name);
                if is_given_back(SPECS[row]) {
                    read.add(name);
                }
            }
            let mut place = 0;
            while place < parameters.len() {
                if let Domain::Tagged(all) = parameters[place].domain {
                    let mut tag = 0;
                    while tag < all.len() {
                        if is_secret(all[tag].domain) {
                            tags.add(all[tag].tag);
                        }
                        tag += 1;
                    }
                }
                place += 1;
            }
            row += 1;
        }
        let mut other = 0;
        while other < OTHERS.len() {
            let (name, is_read) = OTHERS[other];
            written.add(name);
            if is_read {
                read.add(name);
            }
            other += 1;
        }
        let mut word = 0;
        while word < CREDENTIALS.len() {
            credentials.add(CREDENTIALS[word]);
            word += 1;
        }
        Self { written, read, tags, credentials }
    }
}

impl Words {
    const NONE: Self = Self { words: [Word { octets: 0, place: 0 }; 24], count: 0, ends: [false; 256] };

    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    const fn add(&mut self, word: &str) {
        let word = word.as_bytes();
        assert!(word.len() < size_of::<u128>(), "the window holds every word, and a quote behind it");
        let mut added = Word { octets: 0, place: 0 };
        let mut at = 0;
        while at < word.len() {
            added.octets = (added.octets << 8) | word[at].to_ascii_lowercase() as u128;
            added.place = (added.place << 8) | 0xff;
            at += 1;
        }
        self.ends[(added.octets & 0xff) as usize] = true;
        self.words[self.count] = added;
        self.count += 1;
    }

    /// Whether what came last is one of them.
    fn end(&self, window: u128) -> bool {
        let last = window.to_le_bytes()[0];
        // Most octets end none.
        self.ends.get(usize::from(last)).is_some_and(|ends| *ends)
            && self.words.iter().take(self.count).any(|word| window & word.place == word.octets)
    }
}

/// Masks secrets in the octets of one direction of the line, octet for octet, wherever reads cut them: in command lines
/// and their echo, and in what the module gives back of its settings.
///
/// What is secret, the commands say by their types ([`Secret`](crate::Secret), [`UserData`](crate::UserData)); the passwords of
/// the module's other stacks are known as well. From such a word on, all is masked to the end of the line.
///
/// ```
/// let mut mask = sim800_command::Mask::new();
/// let mut octets = *b"AT+FTPPW=\"sesame\"\r\r\nOK\r\n";
/// mask.mask(&mut octets);
/// assert_eq!(&octets, b"AT+FTPPW=********\r\r\nOK\r\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// What came last, in lower case and without blanks: the module takes them anywhere.
    window: u128,
    /// The word before the next colon tells of a credential.
    named: bool,
    /// How many blanks there were since.
    gap: u32,
    masking: bool,
}

impl Mask {
    /// For octets that begin with a line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `*` in the place of each octet that is secret.
    pub fn mask(&mut self, octets: &mut [u8]) {
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
        match octet {
            b' ' => {
                self.gap = self.gap.saturating_add(1);
                return false;
            }
            // V.250 section 6.2.3: takes back what stands before it. Terminals send the other one for it.
            0x08 | 0x7f => {
                match self.gap.checked_sub(1) {
                    Some(left) => self.gap = left,
                    None => self.window >>= 8,
                }
                return false;
            }
            _ => {}
        }
        let window = self.window;
        self.window = (window << 8) | u128::from(octet.to_ascii_lowercase());
        let gap = core::mem::take(&mut self.gap) > 0;
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') {
            self.named &= !gap;
            self.named |= TRIGGERS.credentials.end(self.window);
            return false;
        }
        let named = core::mem::take(&mut self.named);
        match octet {
            b'=' => TRIGGERS.written.end(window),
            b':' => named || TRIGGERS.read.end(window) || TRIGGERS.tags.end(window),
            b',' if window.to_le_bytes()[0] == b'"' => TRIGGERS.tags.end(window >> 8),
            b',' => TRIGGERS.tags.end(window),
            _ => false,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn has_secret(parameters: &[ParameterSpec]) -> bool {
    let mut place = 0;
    while place < parameters.len() {
        let has = match parameters[place].domain {
            Domain::Group(members) => has_secret(members),
            domain => is_secret(domain),
        };
        if has {
            return true;
        }
        place += 1;
    }
    false
}

/// Whether the module prints what the command takes: `AT+CPIN?` says something else.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn is_given_back(spec: &Spec) -> bool {
    let mut row = 0;
    while row < SPECS.len() {
        if matches!(SPECS[row].form, Form::Read) && is_same(SPECS[row].type_name, spec.type_name) {
            return true;
        }
        row += 1;
    }
    false
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Whether the value is a secret by its type. That of a tag is looked for by the tag.
const fn is_secret(domain: Domain) -> bool {
    matches!(domain, Domain::Text { secret: true, .. })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;

    fn masked(pieces: &[&[u8]]) -> String {
        let mut mask = Mask::new();
        let mut text = Vec::new();
        for piece in pieces {
            let mut piece = piece.to_vec();
            mask.mask(&mut piece);
            text.extend(piece);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Every line of a command that takes a secret, made from the table: each tag by itself.
    fn lines() -> Vec<String> {
        let mut lines = Vec::new();
        for spec in SPECS.iter().filter(|spec| spec.form == Form::Write) {
            let mut begun = [String::new()].to_vec();
            for given in spec.parameters {
                let values: Vec<String> = match given.domain {
                    Domain::Literal => [given.name.to_string()].to_vec(),
                    Domain::Text { .. } => ["\"sesame\"".to_string()].to_vec(),
                    Domain::Tagged(tags) => tags
                        .iter()
                        .filter(|tag| is_secret(tag.domain))
                        .map(|tag| format!("\"{}\",\"sesame\"", tag.tag))
                        .collect(),
                    _ => ["1".to_string()].to_vec(),
                };
                begun = begun
                    .iter()
                    .flat_map(|line| values.iter().map(move |value| format!("{line},{value}")))
                    .collect();
            }
            let is_tagged = |given: &ParameterSpec| matches!(given.domain, Domain::Tagged(_));
            if has_secret(spec.parameters) || spec.parameters.iter().any(is_tagged) {
                lines.extend(begun.iter().map(|values| format!("AT{}={}", spec.name, &values[1..])));
            }
        }
        lines
    }

    #[test]
    fn every_secret_of_the_table_is_masked_sent_and_echoed() {
        let lines = lines();
        assert!(lines.contains(&"AT+FTPPW=\"sesame\"".to_string()), "{lines:?}");
        assert!(lines.contains(&"AT+SAPBR=3,1,\"PWD\",\"sesame\"".to_string()), "{lines:?}");
        for line in &lines {
            for text in [line.clone(), line.to_lowercase(), line.replace('=', " = ").replace(',', " , ")] {
                let (sent, echo) = (format!("{text}\r"), format!("{text}\r\r\nOK\r\n"));
                for octets in [sent, echo] {
                    for cut in 0..octets.len() {
                        let (early, late) = octets.as_bytes().split_at(cut);
                        let shown = masked(&[early, late]);
                        assert!(!shown.contains("sesame") && shown.len() == octets.len(), "{shown}");
                        assert_eq!(shown.ends_with("OK\r\n"), octets.ends_with("OK\r\n"), "{shown}");
                    }
                }
            }
        }
        for (name, is_read) in OTHERS {
            let sent = masked(&[format!("AT{name}=1,\"sesame\"\r").as_bytes()]);
            assert_eq!(sent, format!("AT{name}={}\r", "*".repeat(10)));
            let read = masked(&[format!("{name}: 1,\"sesame\"\r").as_bytes()]);
            assert!(!is_read || !read.contains("sesame"), "{read}");
        }
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
    fn what_was_taken_back_while_it_was_typed_hides_no_trigger() {
        for (typed, from) in [
            ("AT+FTPPQ\x08W=\"sesame\"\r", 11),
            ("AT+FTPPQ\x7fW=\"sesame\"\r", 11),
            ("AT+FTPGET\x08\x08\x08PW=\"sesame\"\r", 15),
            ("AT+FTPP  \x08\x08W=\"sesame\"\r", 13),
            ("AT+SAPBR=3,1,\"PWF\x08D\",\"sesame\"\r", 21),
            ("X-Api-Keyy\x08: sesame\r", 12),
            ("AT+CPIN=1\x08\"sesame\"\r", 8),
        ] {
            let shown = masked(&[typed.as_bytes()]);
            assert_eq!(shown, format!("{}{}\r", &typed[..from], "*".repeat(typed.len() - from - 1)));
        }
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
}
