//! Others who find responses in a stream, each set up in its favour. All take the same pieces and say how many octets of
//! payload they have found, which is the true count only for those that count octets.

use std::hint::black_box;
use std::ops::Range;

use at_commands::parser::CommandParser;
use atat::digest::ParseError;
use atat::{AtDigester, DigestResult, Digester, Parser};
use bytes::BytesMut;
use tokio_util::codec::{AnyDelimiterCodec, Decoder as _};

const OK: &[u8] = b"\r\nOK\r\n";
const HEADERS: [&[u8]; 3] = [b"\r\n+FTPGET: 2,", b"\r\n+HTTPREAD: ", b"\r\n+FTPEXTGET: 3,"];

/// Header line and payload at the start of `octets`, `None` while they are not all there.
fn counted(octets: &[u8]) -> Option<(&[u8], usize)> {
    let header = HEADERS.into_iter().find(|header| octets.starts_with(header))?;
    let end = header.len() + memchr::memchr(b'\r', &octets[header.len()..])?;
    let digits = octets[header.len()..end].iter();
    let count = digits.fold(0, |count, digit| count * 10 + usize::from(digit - b'0'));
    let payload = octets.get(end + 2..end + 2 + count)?;
    let after = octets.get(end + 2 + count..end + 2 + count + OK.len())?;
    (after == OK).then_some((payload, end + 2 + count + OK.len()))
}

/// Whether a whole line that nobody asked for stands at the start of `octets`, and how long it is.
fn unsolicited(octets: &[u8]) -> Option<usize> {
    let text = octets.strip_prefix(b"\r\n+FTPGET: 1,")?;
    Some(octets.len() - text.len() + memchr::memchr(b'\n', text)? + 1)
}

/// A buffer of one size, which is filled as far as a read goes and emptied from the front.
struct Buffer {
    octets: Vec<u8>,
    size: usize,
}

impl Buffer {
    /// Just long enough for one response: a longer one costs more, as what is left is moved to the front.
    fn for_response(length: usize) -> Self {
        Self { octets: Vec::with_capacity(length + 256), size: length + 256 }
    }

    /// Moves as much of `input` here as there is room for.
    fn fill(&mut self, input: &mut &[u8]) {
        let (octets, rest) = input.split_at(input.len().min(self.size - self.octets.len()));
        assert!(!octets.is_empty(), "nothing is taken out of a full buffer");
        self.octets.extend_from_slice(octets);
        *input = rest;
    }
}

/// The digester of `atat` with parsers of our own: one that counts, and one that knows the line that comes in between.
pub(crate) struct Atat {
    digester: AtDigester<Unsolicited>,
    buffer: Buffer,
}

/// The derived parser would take `+FTPGET: 2,<n>` for an unsolicited line.
struct Unsolicited;

impl Parser for Unsolicited {
    fn parse(octets: &[u8]) -> Result<(&[u8], usize), ParseError> {
        let len = unsolicited(octets).ok_or(ParseError::NoMatch)?;
        Ok((&octets[2..len - 2], len))
    }
}

impl Atat {
    pub(crate) fn new(response: usize) -> Self {
        let digester =
            AtDigester::new().with_custom_success(|octets| counted(octets).ok_or(ParseError::Incomplete));
        Self { digester, buffer: Buffer::for_response(response) }
    }

    /// As it comes: a response is what stands before `\r\nOK\r\n`.
    pub(crate) fn stock(response: usize) -> Self {
        Self { digester: AtDigester::new(), buffer: Buffer::for_response(response) }
    }

    pub(crate) fn frame(&mut self, octets: &[u8], read: usize) -> usize {
        let mut payload = 0;
        for mut input in octets.chunks(read) {
            while !input.is_empty() {
                self.buffer.fill(&mut input);
                loop {
                    let (found, taken) = self.digester.digest(&self.buffer.octets);
                    let found = match found {
                        DigestResult::Response(Ok(octets)) => {
                            payload += black_box(octets).len();
                            true
                        }
                        DigestResult::None => false,
                        _ => true,
                    };
                    self.buffer.octets.drain(..taken);
                    if !found || self.buffer.octets.is_empty() {
                        break;
                    }
                }
            }
        }
        payload
    }
}

/// What `atat` is taught here, without `atat`: a header, octets and a result code, compared as they are.
pub(crate) struct ByHand {
    buffer: Buffer,
}

impl ByHand {
    pub(crate) fn new(response: usize) -> Self {
        Self { buffer: Buffer::for_response(response) }
    }

    pub(crate) fn frame(&mut self, octets: &[u8], read: usize) -> usize {
        let mut payload = 0;
        for mut input in octets.chunks(read) {
            while !input.is_empty() {
                self.buffer.fill(&mut input);
                loop {
                    let held = &self.buffer.octets;
                    let taken = match counted(held) {
                        Some((octets, len)) => {
                            payload += black_box(octets).len();
                            len
                        }
                        None => match unsolicited(held) {
                            Some(len) => len,
                            None => break,
                        },
                    };
                    self.buffer.octets.drain(..taken);
                }
            }
        }
        payload
    }
}

/// The parser of `at-commands` for the header; it knows neither reads nor payload nor what nobody asked for, so all of
/// that is done by hand around it.
pub(crate) struct AtCommands {
    buffer: Buffer,
}

impl AtCommands {
    pub(crate) fn new(response: usize) -> Self {
        Self { buffer: Buffer::for_response(response) }
    }

    pub(crate) fn frame(&mut self, octets: &[u8], read: usize) -> usize {
        let mut payload = 0;
        for mut input in octets.chunks(read) {
            while !input.is_empty() {
                self.buffer.fill(&mut input);
                while let Some((place, len)) = Self::first(&self.buffer.octets) {
                    payload += black_box(&self.buffer.octets[place]).len();
                    self.buffer.octets.drain(..len);
                }
            }
        }
        payload
    }

    /// Where the payload of the response is that `octets` begin with, and how long all of it.
    fn first(octets: &[u8]) -> Option<(Range<usize>, usize)> {
        if let Some(len) = unsolicited(octets) {
            return Some((0..0, len));
        }
        let end = memchr::memchr(b'\n', octets.get(2..)?)?;
        let header = &octets[2..end + 3];
        let count = match header.get(1) {
            Some(b'H') => CommandParser::parse(header)
                .expect_identifier(b"+HTTPREAD:")
                .expect_int_parameter()
                .finish()
                .map(|(count,)| count),
            _ => {
                let name: &[u8] = if header.starts_with(b"+FTPGET") { b"+FTPGET:" } else { b"+FTPEXTGET:" };
                CommandParser::parse(header)
                    .expect_identifier(name)
                    .expect_int_parameter()
                    .expect_int_parameter()
                    .finish()
                    .map(|(_, count)| count)
            }
        };
        let from = end + 3;
        let to = from + usize::try_from(count.ok()?).ok()?;
        (octets.get(to..to + OK.len()) == Some(OK)).then_some((from..to, to + OK.len()))
    }
}

/// Splits at every line feed, which is not framing, but what a driver on a line codec does.
pub(crate) struct LineCodec {
    codec: AnyDelimiterCodec,
    buffer: BytesMut,
}

impl LineCodec {
    pub(crate) fn new() -> Self {
        Self { codec: AnyDelimiterCodec::new(b"\n".to_vec(), Vec::new()), buffer: BytesMut::new() }
    }

    /// The octets of all lines; what follows the last line feed is none.
    pub(crate) fn split(&mut self, octets: &[u8], read: usize) -> usize {
        let mut split = 0;
        for input in octets.chunks(read) {
            self.buffer.extend_from_slice(input);
            while let Ok(Some(line)) = self.codec.decode(&mut self.buffer) {
                split += black_box(line).len() + 1;
            }
        }
        split
    }
}

/// Gathers octets and looks all of them through for `\r\nOK\r\n` after every read.
#[derive(Default)]
pub(crate) struct Scan {
    buffer: Vec<u8>,
}

impl Scan {
    pub(crate) fn frame(&mut self, octets: &[u8], read: usize) -> usize {
        let mut payload = 0;
        for input in octets.chunks(read) {
            self.buffer.extend_from_slice(input);
            while let Some(end) = memchr::memmem::find(&self.buffer, OK) {
                let from = unsolicited(&self.buffer).unwrap_or(0);
                let header =
                    memchr::memchr(b'\n', &self.buffer[from + 2..end]).map_or(0, |end| from + end + 3);
                payload += black_box(&self.buffer[header..end]).len();
                self.buffer.drain(..end + OK.len());
            }
        }
        payload
    }
}
