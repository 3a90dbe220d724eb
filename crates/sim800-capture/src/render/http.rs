//! The header of an HTTP response within payload.

use crate::event::Payload;

/// The lines of the header that `payload` begins with, and what stands behind it. `None` where it begins with none.
pub(super) fn header(payload: &Payload) -> Option<(Vec<&[u8]>, &[u8])> {
    let mut rest = &payload.octets[..];
    if !rest.starts_with(b"HTTP/") {
        return None;
    }
    let mut lines = Vec::new();
    while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
        let (line, after) = rest.split_at_checked(end + 1)?;
        rest = after;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Some((lines, rest));
        }
        lines.push(line);
    }
    // The end was not read, or was lost.
    Some((lines, rest))
}
