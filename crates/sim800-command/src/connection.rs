//! What the module says of its sockets of its own accord (manual 8.2).

use core::net::Ipv4Addr;

use crate::{Line, Value, Values};

/// What the module says of a connection of its own accord.
///
/// ```
/// use sim800_command::{ConnectionEvent, Line};
///
/// let event = |text: &'static str| ConnectionEvent::read(Line::new(text.as_bytes()));
/// assert_eq!(event("2, CONNECT OK"), Some((2, ConnectionEvent::Connected)));
/// assert_eq!(event("+CIPRXGET: 1,0"), Some((0, ConnectionEvent::Readable)));
/// assert_eq!(event("CONNECT OK"), None, "of a single connection");
/// assert_eq!(ConnectionEvent::read_single(Line::new(b"CONNECT OK")), Some(ConnectionEvent::Connected));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// `<n>, CONNECT OK`; of a single connection, which has no number, `CONNECT OK`.
    Connected,
    /// `<n>, CONNECT FAIL`
    Failed,
    /// `<n>, ALREADY CONNECT`
    AlreadyConnected,
    /// `<n>, CLOSED`: by the server, or because the connection broke.
    Closed,
    /// `+CIPRXGET: 1,<n>`, or `+CIPRXGET: 1`: there are octets to be read.
    Readable,
}

impl ConnectionEvent {
    /// The connection that `line` is about, and what it says of it.
    #[must_use]
    pub fn read(line: Line<'_>) -> Option<(u8, Self)> {
        if let Some((connection, words)) = of_connection(line) {
            return Some((connection, Self::of_words(words)?));
        }
        let mut values = readable(line)?;
        let connection = values.next_number()?;
        values.next().is_none().then_some((connection, Self::Readable))
    }

    /// What `line` says of the single connection (`AT+CIPMUX=0`).
    #[must_use]
    pub fn read_single(line: Line<'_>) -> Option<Self> {
        if let Some(event) = Self::of_words(line.text()) {
            return Some(event);
        }
        readable(line)?.next().is_none().then_some(Self::Readable)
    }

    fn of_words(words: &[u8]) -> Option<Self> {
        Some(match words {
            b"CONNECT OK" => Self::Connected,
            b"CONNECT FAIL" => Self::Failed,
            b"ALREADY CONNECT" => Self::AlreadyConnected,
            b"CLOSED" => Self::Closed,
            _ => return None,
        })
    }
}

/// What stands behind the mode of a line that says that there are octets to be read.
fn readable(line: Line<'_>) -> Option<Values<'_>> {
    if line.name() != Some("+CIPRXGET") {
        return None;
    }
    let mut values = line.values();
    (values.next_number::<u8>()? == 1).then_some(values)
}

/// What the module has found out about a host, in the line that follows `AT+CDNSGIP`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LookedUp<'a> {
    /// `1,"<host>","<address>"[,"<address>"]`
    Found {
        /// The name that was asked for.
        host: &'a str,
        /// Its addresses, of which the first is there.
        addresses: [Option<Ipv4Addr>; 2],
    },
    /// `0,<error>`: 8 where nobody knows it, 3 for an error of the network.
    Failed(u8),
}

impl<'a> LookedUp<'a> {
    /// What `line` says, if it is that line.
    #[must_use]
    pub fn read(line: Line<'a>) -> Option<Self> {
        if line.name() != Some("+CDNSGIP") {
            return None;
        }
        let mut values = line.values();
        match values.next_number::<u8>()? {
            0 => values.next_number().map(Self::Failed),
            1 => {
                let host = values.next()?.text()?;
                let first = address(values.next()?)?;
                let second = values.next().map(|value| address(value).ok_or(()));
                let second = second.transpose().ok()?;
                let addresses = [Some(first), second];
                values.next().is_none().then_some(Self::Found { host, addresses })
            }
            _ => None,
        }
    }
}

fn address(value: Value<'_>) -> Option<Ipv4Addr> {
    value.text()?.parse().ok()
}

/// `<n>, <words>`
pub(crate) fn of_connection(line: Line<'_>) -> Option<(u8, &[u8])> {
    match line.text() {
        [digit @ b'0'..=b'5', b',', words @ ..] => Some((digit - b'0', words.trim_ascii())),
        _ => None,
    }
}
