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

/// As long as the longest word that is looked for, and one octet more.
const WINDOW: usize = 16;

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
    window: [u8; WINDOW],
    /// The word before the next colon tells of a credential.
    named: bool,
    /// There was a blank since.
    gap: bool,
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
        if octet == b' ' {
            self.gap = true;
            return false;
        }
        let is_secret = matches!(octet, b'=' | b':' | b',') && self.is_trigger(octet);
        self.window.rotate_left(1);
        if let Some(last) = self.window.last_mut() {
            *last = octet.to_ascii_lowercase();
        }
        let gap = core::mem::take(&mut self.gap);
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') {
            self.named &= !gap;
            self.named |= CREDENTIALS.iter().any(|word| self.ends_with(word));
            return false;
        }
        let named = core::mem::take(&mut self.named);
        is_secret || (octet == b':' && named)
    }

    /// Whether the word before `octet` is one that a secret follows.
    fn is_trigger(&self, octet: u8) -> bool {
        if octet != b',' {
            let named = SPECS
                .iter()
                .filter(|spec| spec.parameters.iter().any(is_secret))
                .any(|spec| self.ends_with(spec.name) && (octet == b'=' || is_given_back(spec)));
            let other =
                OTHERS.iter().any(|(name, is_read)| (*is_read || octet == b'=') && self.ends_with(name));
            if named || other {
                return true;
            }
        }
        let mut tags = SPECS.iter().flat_map(|spec| spec.parameters).filter_map(|given| match given.domain {
            Domain::Tagged(tags) => Some(tags),
            _ => None,
        });
        octet != b'='
            && tags.any(|tags| {
                tags.iter().any(|tag| is_secret_domain(tag.domain) && self.ends_with_tag(tag.tag, octet))
            })
    }

    fn ends_with(&self, word: &str) -> bool {
        ends_with(&self.window, word)
    }

    /// `"PWD",` of a command line, `PWD:` of what the module prints.
    fn ends_with_tag(&self, tag: &str, octet: u8) -> bool {
        match self.window.strip_suffix(b"\"") {
            Some(window) if octet == b',' => ends_with(window, tag),
            _ => self.ends_with(tag),
        }
    }
}

fn ends_with(window: &[u8], word: &str) -> bool {
    let start = window.len().checked_sub(word.len());
    start.and_then(|start| window.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether the module prints what the command takes: `AT+CPIN?` says something else.
fn is_given_back(spec: &Spec) -> bool {
    SPECS.iter().any(|row| row.form == Form::Read && row.type_name == spec.type_name)
}

/// Whether the value is a secret by its type. That of a tag is looked for by the tag.
fn is_secret(given: &ParameterSpec) -> bool {
    match given.domain {
        Domain::Group(members) => members.iter().any(is_secret),
        domain => is_secret_domain(domain),
    }
}

const fn is_secret_domain(domain: Domain) -> bool {
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
                        .filter(|tag| is_secret_domain(tag.domain))
                        .map(|tag| format!("\"{}\",\"sesame\"", tag.tag))
                        .collect(),
                    _ => ["1".to_string()].to_vec(),
                };
                begun = begun
                    .iter()
                    .flat_map(|line| values.iter().map(move |value| format!("{line},{value}")))
                    .collect();
            }
            let takes_secret =
                |given: &ParameterSpec| is_secret(given) || matches!(given.domain, Domain::Tagged(_));
            if spec.parameters.iter().any(takes_secret) {
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
    fn the_window_holds_every_word() {
        let names = SPECS.iter().map(|spec| spec.name).chain(OTHERS.iter().map(|(name, _)| *name));
        let tags = SPECS.iter().flat_map(|spec| spec.parameters).filter_map(|given| match given.domain {
            Domain::Tagged(tags) => tags.iter().map(|tag| tag.tag.len() + 1).max(),
            _ => None,
        });
        let longest = names.chain(CREDENTIALS).map(str::len).chain(tags).max();
        assert!(longest.is_some_and(|longest| longest <= WINDOW), "{longest:?}");
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
}
