//! Names: what may stand in a subject, in a key and in the name of a file, on any system.

use crate::Invalid;

/// Octets of the longest.
pub(crate) const LIMIT: usize = 64;

/// Whether `text` is 1 to 64 letters, digits, `-` and `_` of ASCII.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=LIMIT).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
}

pub(crate) fn check(what: &'static str, name: &str) -> Result<(), Invalid> {
    if is_name(name) { Ok(()) } else { Err(Invalid::Name { what }) }
}
