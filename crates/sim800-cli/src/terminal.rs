//! What a terminal would obey, shown instead.
//!
//! Servers, the network, the module and whoever else is on the line say what they like. Printable ASCII is shown as it is; the rest
//! is escaped octet by octet, for what is a letter to one terminal is the beginning of a command to another (0x9B).

use std::borrow::Cow;
use std::io::IsTerminal;

pub(crate) use sim800_capture::printable;
use sim800_capture::push_printable as push;

/// Text of several lines, wherever it is cut: line ends and tabs stay.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The last octet was a carriage return, which may be half of a line end.
    is_open: bool,
}

impl Lines {
    pub(crate) fn show(&mut self, octets: &[u8]) -> String {
        let mut text = String::with_capacity(octets.len());
        for octet in octets {
            if std::mem::take(&mut self.is_open) && *octet != b'\n' {
                push(&mut text, b'\r');
            }
            match octet {
                b'\r' => self.is_open = true,
                b'\n' | b'\t' => text.push(char::from(*octet)),
                octet => push(&mut text, *octet),
            }
        }
        text
    }
}

/// Text for `stream`: as it is, unless that is a terminal.
pub(crate) fn shown<'a>(text: &'a [u8], stream: &impl IsTerminal) -> Cow<'a, [u8]> {
    if stream.is_terminal() { Lines::default().show(text).into_bytes().into() } else { text.into() }
}

/// JSON with everything escaped that is not ASCII, for a terminal would obey U+009B, too; and U+007F.
pub(crate) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\0'..='~' => text.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing() {
        let all: Vec<u8> = (0..=255).collect();
        let shown = printable(&all);
        assert!(shown.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{shown}");
        assert_eq!(
            printable(b"\x1b[2J\x07\xc2\x9b31m a\\b \"c\"\r\n"),
            r#"\x1b[2J\x07\xc2\x9b31m a\b "c"\r\n"#
        );
        assert_eq!(printable("ü".as_bytes()), r"\xc3\xbc");
    }

    #[test]
    fn lines_stay_lines_wherever_they_are_cut() {
        let text = b"a\tb\r\nc\rd\n\r\x1b]0;x\x07\n";
        let whole = Lines::default().show(text);
        assert_eq!(whole, "a\tb\nc\\rd\n\\r\\x1b]0;x\\x07\n");
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            assert_eq!(lines.show(&text[..cut]) + &lines.show(&text[cut..]), whole, "{cut}");
        }
    }

    #[test]
    fn json_is_ascii() {
        let text = "\"\u{9b}31m \u{7f} \u{202e} 😀\"";
        let escaped = ascii(text);
        assert_eq!(escaped, "\"\\u009b31m \\u007f \\u202e \\ud83d\\ude00\"");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text.trim_matches('"'));
    }
}
