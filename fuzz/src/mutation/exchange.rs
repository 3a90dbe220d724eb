//! Inputs as exchanges, and exchanges as inputs.

use crate::script::{COMMAND, MARK};

/// How payload is counted, and which command goes with it.
#[derive(Debug, PartialEq)]
pub(super) struct Kind {
    pub(super) command: &'static str,
    /// What stands before the count, and what behind it up to the payload.
    before: &'static [u8],
    behind: &'static [u8],
    /// What comes when the payload is complete.
    pub(super) close: &'static [u8],
}

const fn kind(
    command: &'static str,
    before: &'static [u8],
    behind: &'static [u8],
    close: &'static [u8],
) -> Kind {
    Kind { command, before, behind, close }
}

const DONE: &[u8] = b"\r\nOK\r\n";

/// Those of the module, of others whose framing the parser knows, and of what the DTE sends.
pub(super) const FRAMES: [Kind; 20] = [
    kind("AT+HTTPREAD", b"+HTTPREAD: ", b"\r\n", DONE),
    kind("AT+HTTPREAD=0,100", b"+HTTPREAD: ", b"\r\n", DONE),
    kind("AT+HTTPHEAD", b"+HTTPHEAD: ", b"\r\n", DONE),
    kind("AT+FTPGET=2,100", b"+FTPGET: 2,", b"\r\n", DONE),
    kind("AT+FTPLIST=2,100", b"+FTPLIST: 2,", b"\r\n", DONE),
    kind("AT+FTPEXTGET=3,0,100", b"+FTPEXTGET: 3,", b"\r\n", DONE),
    kind("AT+CIPRXGET=2,0,100", b"+CIPRXGET: 2,0,", b",0\r\n", DONE),
    kind("AT", b"+IPD,", b":", b""),
    kind("AT", b"+IPD,0,", b",\"10.0.0.1\",80:", b""),
    kind("AT", b"+QIURC: \"recv\",0,", b"\r\n", b""),
    kind("AT", b"+URDFILE: \"a\",", b",\"", b"\"\r\n\r\nOK\r\n"),
    kind("AT", b"+RECEIVE,0,", b":\r\n", b""),
    kind("AT+FTPPUT=2,100", b"+FTPPUT: 2,", b"\r\n", DONE),
    kind("AT+FSREAD=C:\\a,0,5,0", b"AT+FSREAD=C:\\a,0,", b",0\r\r\n", DONE),
    kind("AT+HTTPDATA=5,10000", b"AT+HTTPDATA=", b",10000\r", b""),
    kind("AT+FTPPUT=2,5", b"AT+FTPPUT=2,", b"\r", b""),
    kind("AT+FTPEXTPUT=2,0,5,10000", b"AT+FTPEXTPUT=2,0,", b",10000\r", b""),
    kind("AT+CIPSEND=5", b"AT+CIPSEND=", b"\r", b""),
    kind("AT+CIPSEND=0,5", b"AT+CIPSEND=0,", b"\r", b""),
    kind("AT+FSWRITE=C:\\a,0,5,10", b"AT+FSWRITE=C:\\a,0,", b",10\r", b""),
];

/// Payload with what counts it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) kind: &'static Kind,
    /// What is said, which may be wrong.
    pub(super) count: u64,
    pub(super) payload: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// A command that begins.
    Command(Vec<u8>),
    /// Anything else that happens; what is drawn for it comes as octets.
    Step(u8),
    /// Octets up to the end of their line.
    Line(Vec<u8>),
    Frame(Frame),
}

impl Piece {
    /// What may be cut or damaged.
    pub(super) fn octets(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Command(octets) | Self::Line(octets) => Some(octets),
            Self::Frame(frame) => Some(&mut frame.payload),
            Self::Step(_) => None,
        }
    }
}

/// An input, taken apart.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) pieces: Vec<Piece>,
}

impl Exchange {
    pub(super) fn read(input: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut rest = input;
        while !rest.is_empty() {
            let (piece, behind) = piece(rest);
            pieces.push(piece);
            rest = behind;
        }
        Self { pieces }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut input = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Command(line) => input.extend([&[MARK, COMMAND], &line[..], b"\r"].concat()),
                Piece::Step(letter) => input.extend([MARK, *letter]),
                Piece::Line(octets) => escape(octets, &mut input),
                Piece::Frame(Frame { kind, count, payload }) => {
                    input.extend([kind.before, count.to_string().as_bytes(), kind.behind].concat());
                    escape(payload, &mut input);
                }
            }
        }
        input
    }
}

/// The first piece of what is not empty, and the rest.
fn piece(input: &[u8]) -> (Piece, &[u8]) {
    match input {
        [MARK, COMMAND, rest @ ..] => {
            if let Some(end) = rest.iter().position(|octet| *octet == b'\r') {
                return (Piece::Command(rest[..end].to_vec()), &rest[end + 1..]);
            }
        }
        [MARK, letter, rest @ ..] if *letter != MARK => return (Piece::Step(*letter), rest),
        _ => {}
    }
    if let Some(found) = FRAMES.iter().find_map(|kind| frame(kind, input)) {
        return found;
    }
    // A line ends where another octet than CR and LF comes.
    let (mut octets, mut rest) = (Vec::new(), input);
    while let Some((octet, behind)) = octet(rest) {
        let is_end = |octet: u8| matches!(octet, b'\r' | b'\n');
        if octets.last().is_some_and(|last| is_end(*last)) && !is_end(octet) {
            break;
        }
        octets.push(octet);
        rest = behind;
    }
    if octets.is_empty() {
        // A mark at the end, or a command without one.
        return (Piece::Line(input.to_vec()), &[]);
    }
    (Piece::Line(octets), rest)
}

/// A frame of this kind and what follows it. Its payload ends where something else happens than octets.
fn frame<'a>(kind: &'static Kind, input: &'a [u8]) -> Option<(Piece, &'a [u8])> {
    let rest = input.strip_prefix(kind.before)?;
    let (digits, rest) =
        rest.split_at(rest.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(rest.len()));
    let mut rest = rest.strip_prefix(kind.behind)?;
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    if count.to_string().as_bytes() != digits {
        return None;
    }
    let mut payload = Vec::new();
    while (payload.len() as u64) < count
        && let Some((octet, behind)) = octet(rest)
    {
        payload.push(octet);
        rest = behind;
    }
    Some((Piece::Frame(Frame { kind, count, payload }), rest))
}

/// The octet that `input` begins with, if it is one.
fn octet(input: &[u8]) -> Option<(u8, &[u8])> {
    match input {
        [MARK, MARK, rest @ ..] => Some((MARK, rest)),
        [MARK, ..] | [] => None,
        [octet, rest @ ..] => Some((*octet, rest)),
    }
}

fn escape(octets: &[u8], input: &mut Vec<u8>) {
    for octet in octets {
        input.extend(if *octet == MARK { &[MARK, MARK][..] } else { std::slice::from_ref(octet) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::seeds;

    #[test]
    fn what_is_read_is_written_again() {
        for target in ["framer", "engine", "cuts", "emulator", "trace"] {
            for seed in seeds(target) {
                // A mark that ends an input is the octet itself, and a command needs no end there.
                let cut = seed.last() == Some(&MARK) || Exchange::read(&seed).ends_in_a_command();
                assert!(cut || Exchange::read(&seed).write() == seed, "{}", seed.escape_ascii());
            }
        }
    }

    impl Exchange {
        fn ends_in_a_command(&self) -> bool {
            matches!(self.pieces.last(), Some(Piece::Line(octets)) if octets.starts_with(&[MARK, COMMAND]))
        }
    }

    #[test]
    fn payload_is_what_is_counted() {
        let exchange =
            Exchange::read(b"\xF5cAT+FTPGET=2,9\r\r\n+FTPGET: 2,6\r\n\r\nOK\xF5\xF5\r\r\nOK\r\n\xF5w");
        let [
            Piece::Command(command),
            Piece::Line(blank),
            Piece::Frame(frame),
            _,
            Piece::Line(ok),
            Piece::Step(b'w'),
        ] = &exchange.pieces[..]
        else {
            panic!("{exchange:?}")
        };
        assert_eq!(
            (&command[..], &blank[..], &ok[..]),
            (&b"AT+FTPGET=2,9"[..], &b"\r\n"[..], &b"OK\r\n"[..])
        );
        assert_eq!((frame.count, &frame.payload[..]), (6, &b"\r\nOK\xF5\r"[..]));
    }

    #[test]
    fn a_count_is_wrong_where_something_happens_in_the_payload() {
        let input = b"+HTTPREAD: 9\r\nab\xF5acde";
        let exchange = Exchange::read(input);
        assert!(
            matches!(&exchange.pieces[0], Piece::Frame(Frame { count: 9, payload, .. }) if payload == b"ab")
        );
        assert_eq!(exchange.write(), input);
    }
}
