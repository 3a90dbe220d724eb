//! What a terminal would obey, shown instead.
//!
//! Servers, the network, the module and whoever else is on the line say what they like. Letters are shown as they are, in ASCII or
//! in UTF-8; the rest is escaped octet by octet: control characters, characters that have others run backwards or are not seen,
//! those that nobody has assigned, and whatever is no UTF-8.

use std::borrow::Cow;
use std::env;
use std::io::IsTerminal;

/// One line: all is escaped that is not printable.
pub(crate) fn printable(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(&mut text, c, true));
        escape(&mut text, chunk.invalid());
    }
    text
}

/// One line for a terminal, whatever that shows.
pub(crate) fn label(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let takes_utf8 = takes_utf8();
    text.chars().for_each(|c| push(&mut shown, c, takes_utf8));
    shown
}

fn push(text: &mut String, c: char, takes_utf8: bool) {
    match c {
        ' '..='~' => text.push(c),
        c if takes_utf8 && is_letter(c) => text.push(c),
        c => escape(text, c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn escape(text: &mut String, octets: &[u8]) {
    text.extend(octets.escape_ascii().map(char::from));
}

/// Whether a character beyond ASCII is something to see, also one that stands on the character before it.
fn is_letter(c: char) -> bool {
    let on_another = ['a', c];
    !c.is_ascii() && String::from_iter(on_another).escape_debug().eq(on_another)
}

/// Whether the terminal of the user takes UTF-8, as the locale says. Others take some of its octets for commands (0x9B).
fn takes_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| is_utf8(&locale))
}

/// Whether the name of a locale, such as `de_AT.UTF-8@euro`, has UTF-8 for its characters.
fn is_utf8(locale: &str) -> bool {
    let charset = locale.split('@').next().and_then(|locale| locale.split_once('.'));
    charset.is_some_and(|(_, charset)| matches!(charset.to_ascii_lowercase().as_str(), "utf-8" | "utf8"))
}

/// Text of several lines, wherever it is cut: line ends and tabs stay.
#[derive(Debug)]
pub(crate) struct Lines {
    takes_utf8: bool,
    /// The last octets, which may be a part of a character, or half of a line end.
    open: Vec<u8>,
}

impl Default for Lines {
    fn default() -> Self {
        Self::new(takes_utf8())
    }
}

impl Lines {
    fn new(takes_utf8: bool) -> Self {
        Self { takes_utf8, open: Vec::new() }
    }

    pub(crate) fn show(&mut self, octets: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.open);
        all.extend_from_slice(octets);
        let is_open = all.len() - beginning_of_a_character(&all);
        // The other half of a line end may follow.
        let whole = if is_open == 0 && all.ends_with(b"\r") { all.len() - 1 } else { all.len() - is_open };
        self.open = all.split_off(whole);
        self.text(&all)
    }

    /// What was held back, when nothing follows.
    pub(crate) fn finish(&mut self) -> String {
        let rest = std::mem::take(&mut self.open);
        self.text(&rest)
    }

    fn text(&self, octets: &[u8]) -> String {
        let mut text = String::with_capacity(octets.len());
        for chunk in octets.utf8_chunks() {
            let mut chars = chunk.valid().chars().peekable();
            while let Some(c) = chars.next() {
                match c {
                    '\r' if chars.peek() == Some(&'\n') => {}
                    '\n' | '\t' => text.push(c),
                    c => push(&mut text, c, self.takes_utf8),
                }
            }
            escape(&mut text, chunk.invalid());
        }
        text
    }
}

/// Where the character begins that `octets` end in the middle of; their length if they do not.
fn beginning_of_a_character(octets: &[u8]) -> usize {
    let last = octets.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    let is_cut = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    octets.len() - if is_cut { last.len() } else { 0 }
}

/// Text for `stream`: as it is, unless that is a terminal.
pub(crate) fn shown<'a>(text: &'a [u8], stream: &impl IsTerminal) -> Cow<'a, [u8]> {
    if !stream.is_terminal() {
        return text.into();
    }
    let mut lines = Lines::default();
    let shown = lines.show(text);
    (shown + &lines.finish()).into_bytes().into()
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
    }

    #[test]
    fn letters_of_all_languages_are_shown_and_nothing_that_is_not_seen() {
        for text in ["Größe", "фото", "写真", "u\u{308}", "😀"] {
            assert_eq!(printable(text.as_bytes()), text);
        }
        // A control character, one that has the rest run backwards, some that are not seen, and those of nobody.
        for c in [
            '\u{9b}', '\u{202e}', '\u{2066}', '\u{ad}', '\u{200b}', '\u{feff}', '\u{2028}', '\u{e000}',
            '\u{378}',
        ] {
            assert!(printable(c.to_string().as_bytes()).starts_with("\\x"), "{c:?}");
        }
        assert_eq!(printable(b"\xfcx\xc3"), r"\xfcx\xc3");
        assert_eq!(Lines::new(false).show("ü\n".as_bytes()), "\\xc3\\xbc\n");
    }

    #[test]
    fn the_locale_says_what_a_terminal_takes() {
        for (locale, expected) in
            [("de_AT.UTF-8@euro", true), ("C.utf8", true), ("C", false), ("de_DE.ISO-8859-1", false)]
        {
            assert_eq!(is_utf8(locale), expected, "{locale}");
        }
    }

    #[test]
    fn lines_stay_lines_wherever_they_are_cut() {
        let text = "a\tb\r\nc\rd\n\r\x1b]0;x\x07\nüx😀\r".as_bytes();
        let text = &[text, b"\n\xc3\x28\xf0\x9f\r"].concat()[..];
        let expected = "a\tb\nc\\rd\n\\r\\x1b]0;x\\x07\nüx😀\n\\xc3(\\xf0\\x9f\\r";
        for cut in 0..text.len() {
            let mut lines = Lines::new(true);
            let shown = [lines.show(&text[..cut]), lines.show(&text[cut..]), lines.finish()].concat();
            assert_eq!(shown, expected, "{cut}");
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
