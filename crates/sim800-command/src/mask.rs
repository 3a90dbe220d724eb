//! What is secret in octets that crossed the line, wherever they were cut.

use crate::CREDENTIALS;

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

/// Masks passwords, PINs and credentials in what crossed the line one way, with `*` octet for octet: in commands, in their echo,
/// and where the module gives settings back. Everything is masked behind a word that tells of one, up to the end of the line.
///
/// ```
/// use sim800_command::Mask;
///
/// let mut octets = *b"AT+FTPPW=\"sesame\"\r\r\nOK\r\n";
/// Mask::default().mask(&mut octets);
/// assert_eq!(&octets, b"AT+FTPPW=********\r\r\nOK\r\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Mask {
    window: [u8; WINDOW],
    /// The word before the next colon tells of a credential.
    named: bool,
    /// There was a blank since.
    gap: bool,
    masking: bool,
}

impl Mask {
    /// Masks what is secret in the next `octets`. They may be cut anywhere.
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
        self.window.rotate_left(1);
        if let Some(last) = self.window.last_mut() {
            *last = octet.to_ascii_lowercase();
        }
        let gap = core::mem::take(&mut self.gap);
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') {
            self.named &= !gap;
            self.named |= CREDENTIALS.iter().any(|word| self.window.ends_with(word.as_bytes()));
            return false;
        }
        let named = core::mem::take(&mut self.named);
        match octet {
            b':' if named => true,
            b'=' | b':' | b',' => TRIGGERS.iter().any(|trigger| self.window.ends_with(trigger)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

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
