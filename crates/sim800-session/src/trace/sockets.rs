//! Secrets in what crosses the module's sockets, which comes in pieces, those of several connections by turns.

use sim800_command::{Id, Mask};

/// How many connections the module has.
const CONNECTIONS: usize = 6;

/// Masks credentials in the headers of whatever HTTP is spoken over a connection, wherever its pieces cut them.
#[derive(Default)]
pub(super) struct Sockets {
    sent: [Mask; CONNECTIONS],
    received: [Mask; CONNECTIONS],
    /// Which connection the payload is for that may be sent now.
    sending: Option<usize>,
}

impl Sockets {
    /// A command line is sent.
    pub(super) fn note_sent(&mut self, line: &[u8]) {
        self.sending = first_value(line, Id::CipSend);
        if let Some(opened) = first_value(line, Id::CipStart) {
            for masks in [&mut self.sent, &mut self.received] {
                if let Some(mask) = masks.get_mut(opened) {
                    *mask = Mask::new();
                }
            }
        }
    }

    /// Puts `*` in the place of each octet that is secret in payload that is sent, if it is a socket's.
    pub(super) fn mask_sent(&mut self, octets: &mut [u8]) {
        if let Some(mask) = self.sending.and_then(|connection| self.sent.get_mut(connection)) {
            mask.mask(octets);
        }
    }

    /// The same in what a connection received.
    pub(super) fn mask_received(&mut self, connection: usize, octets: &mut [u8]) {
        if let Some(mask) = self.received.get_mut(connection) {
            mask.mask(octets);
        }
    }
}

/// The first value that a line has for a command, if it is that one and a number.
fn first_value(line: &[u8], id: Id) -> Option<usize> {
    let name = id.name().as_bytes();
    let place = line.windows(name.len()).position(|part| part == name)?;
    let values = line.get(place + name.len()..)?.strip_prefix(b"=")?;
    let digits = values.split(|octet| !octet.is_ascii_digit()).next()?;
    core::str::from_utf8(digits).ok()?.parse().ok()
}
