//! Secrets in what the module hands on, which comes in pieces.

use alloc::boxed::Box;
use alloc::vec::Vec;
use sim800_command::{Id, Mask};
use sim800_parser::{Line, Value};

use super::sockets::Sockets;

/// How many octets of a line are kept: no header of a payload is longer.
const HEADER: usize = 32;

/// How many octets may come again at the beginning of the next piece.
const AGAIN: usize = 16;

/// Masks secrets in lines, and in payload, where one may begin in a piece and end in the next.
pub(super) struct Received {
    lines: Mask,
    payload: Mask,
    /// The line so far, if it may be a header.
    line: Vec<u8>,
    /// Octets that are still to come of a piece.
    remaining: u64,
    /// Which connection that is from, if it is from one.
    connection: Option<usize>,
    pub(super) sockets: Box<Sockets>,
    /// How many octets of the payload came since one was masked, and how many of them come again masked.
    clear: usize,
    covered: usize,
}

impl Default for Received {
    fn default() -> Self {
        let (lines, payload) = (Mask::new(), Mask::new());
        Self {
            lines,
            payload,
            line: Vec::new(),
            remaining: 0,
            connection: None,
            sockets: Box::default(),
            clear: AGAIN,
            covered: 0,
        }
    }
}

impl Received {
    /// A command line is sent: what a server is asked for anew does not go on from what came before.
    pub(super) fn note_sent(&mut self, line: &[u8]) {
        let opens = [Id::HttpAction, Id::FtpGet, Id::FtpList, Id::FtpExtGet].iter().any(|id| {
            let name = id.name().as_bytes();
            let place = line.windows(name.len()).position(|part| part == name);
            let rest = place.and_then(|place| line.get(place + name.len()..));
            rest.is_some_and(|rest| *id == Id::HttpAction || rest.starts_with(b"=1"))
        });
        if opens {
            (self.payload, self.clear, self.covered) = (Mask::new(), AGAIN, 0);
        }
    }

    /// Puts `*` in the place of each octet that is secret.
    pub(super) fn mask(&mut self, mut octets: &mut [u8]) {
        while !octets.is_empty() {
            let is_payload = self.remaining > 0;
            let length = match is_payload {
                true => usize::try_from(self.remaining).unwrap_or(usize::MAX),
                false => octets.iter().position(|octet| *octet == b'\n').map_or(octets.len(), |end| end + 1),
            };
            let (part, rest) = octets.split_at_mut(length.min(octets.len()));
            if is_payload {
                self.remaining -= part.len() as u64;
                self.mask_payload(part);
            } else {
                self.read_line(part);
                self.lines.mask(part);
            }
            octets = rest;
        }
    }

    fn mask_payload(&mut self, octets: &mut [u8]) {
        if let Some(connection) = self.connection {
            return self.sockets.mask_received(connection, octets);
        }
        let before = octets.to_vec();
        self.payload.mask(octets);
        for (octet, before) in octets.iter_mut().zip(before) {
            if self.covered > 0 {
                self.covered -= 1;
                *octet = b'*';
            }
            self.clear = if *octet == before { self.clear.saturating_add(1) } else { 0 };
        }
    }

    /// Looks whether a line announces payload.
    fn read_line(&mut self, octets: &[u8]) {
        let room = HEADER.saturating_sub(self.line.len());
        self.line.extend_from_slice(octets.get(..room).unwrap_or(octets));
        if !octets.ends_with(b"\n") {
            return;
        }
        if octets.len() <= room {
            if let Some((count, connection)) = announced(Line::new(self.line.trim_ascii())) {
                (self.remaining, self.connection) = (count, connection);
                if connection.is_none() {
                    self.covered = if self.clear < AGAIN { AGAIN } else { 0 };
                }
            }
        }
        self.line.clear();
    }
}

/// How many octets of payload a line announces, and of which connection if it is of one.
fn announced(line: Line<'_>) -> Option<(u64, Option<usize>)> {
    let name = line.name()?;
    let is = |id: Id| name == id.name();
    let values: Vec<Value<'_>> = line.values().collect();
    match values[..] {
        [Value::Number(count)] if is(Id::HttpRead) || is(Id::HttpHead) => Some((count, None)),
        [Value::Number(2), Value::Number(count)] if is(Id::FtpGet) || is(Id::FtpList) => Some((count, None)),
        [Value::Number(3), Value::Number(count)] if is(Id::FtpExtGet) => Some((count, None)),
        // How many are left follows, and behind that whom a datagram is from.
        [Value::Number(2), Value::Number(connection), Value::Number(count), Value::Number(_), ..]
            if is(Id::CipRxGet) =>
        {
            Some((count, Some(usize::try_from(connection).ok()?)))
        }
        [Value::Number(2), Value::Number(count), Value::Number(_)] if is(Id::CipRxGet) => {
            Some((count, Some(0)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    /// The pieces of `content` as they come, each of so many octets behind those that come again.
    fn pieces(content: &[u8], piece: usize, again: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for begin in (0..content.len()).step_by(piece) {
            let from = begin.saturating_sub(again);
            let octets = &content[from..(begin + piece).min(content.len())];
            all.extend(format!("\r\n+HTTPREAD: {}\r\n", octets.len()).into_bytes());
            all.extend(octets);
            all.extend(b"\r\nOK\r\n");
        }
        all
    }

    #[test]
    fn a_secret_is_masked_wherever_pieces_and_reads_cut_it() {
        let content = b"GET / HTTP/1.1\r\nAuthorization: Basic QWxhZGRpbjpvcGVu\r\nHost: sim.com\r\n\r\nmore";
        for piece in 1..content.len() {
            for again in [0, AGAIN] {
                let whole = pieces(content, piece, again);
                for cut in [1, 7, whole.len()] {
                    let mut received = Received::default();
                    let mut shown = whole.clone();
                    shown.chunks_mut(cut).for_each(|read| received.mask(read));
                    let shown = String::from_utf8(shown).expect("text");
                    let parts = ["Basic", "QWx", "GRp", "jpv", "GVu"];
                    let seen: Vec<_> = parts.iter().filter(|part| shown.contains(**part)).collect();
                    assert!(seen.is_empty(), "{seen:?} of {piece} and {again}: {shown}");
                    assert!(shown.contains("+HTTPREAD:") && shown.ends_with("\r\nOK\r\n"), "{shown}");
                }
            }
        }
    }

    #[test]
    fn what_is_asked_for_anew_does_not_go_on_from_it() {
        let mut received = Received::default();
        let mut show = |octets: &[u8], sent: &[u8]| {
            received.note_sent(sent);
            let mut octets = octets.to_vec();
            received.mask(&mut octets);
            String::from_utf8(octets).expect("text")
        };
        let shown = show(b"+FTPGET: 2,19\r\nAuthorization: secret\r\nOK\r\n", b"AT+FTPGET=2,1460\r");
        assert_eq!(shown, "+FTPGET: 2,19\r\nAuthorization:*****et\r\nOK\r\n", "as many as there are");
        assert_eq!(
            show(b"+FTPGET: 2,2\r\nab\r\nOK\r\n", b"AT+FTPGET=2,1460\r"),
            "+FTPGET: 2,2\r\n**\r\nOK\r\n"
        );
        assert_eq!(show(b"+FTPGET: 2,2\r\nab\r\nOK\r\n", b"AT+FTPGET=1\r"), "+FTPGET: 2,2\r\nab\r\nOK\r\n");
        assert_eq!(show(b"+CSQ: 1,0\r\n\r\nOK\r\n", b"AT+HTTPACTION=0\r"), "+CSQ: 1,0\r\n\r\nOK\r\n");
    }
}
