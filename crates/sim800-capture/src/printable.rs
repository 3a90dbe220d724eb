//! Octets that somebody else chose, as text that a terminal does not obey.

/// One line: printable ASCII as it is, every other octet escaped, for what is a letter to one terminal is the beginning of a
/// command to another (0x9B).
///
/// ```
/// assert_eq!(sim800_capture::printable(b"a\\b \x1b[2J\xff\r\n"), r"a\b \x1b[2J\xff\r\n");
/// ```
#[must_use]
pub fn printable(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    octets.iter().for_each(|octet| push_printable(&mut text, *octet));
    text
}

/// Appends one octet as [`printable`] writes it.
pub fn push_printable(text: &mut String, octet: u8) {
    match octet {
        b' '..=b'~' => text.push(char::from(octet)),
        _ => text.extend(octet.escape_ascii().map(char::from)),
    }
}

/// `hexadecimal` digits, two for each octet.
pub(crate) fn hexadecimal(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}
