//! Others who find responses in a stream, each set up in its favour. All take the same pieces and say how many octets of
//! payload they have found, which is the true count only for those that count octets.

use std::hint::black_box;

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

/// The digester of `atat` with a parser of our own that counts, its buffer just long enough: a longer one costs it more.
pub(crate) struct Atat {
    digester: AtDigester<NoUnsolicited>,
    buffer: Vec<u8>,
}

/// Its derived parser would take `+FTPGET: 2,<n>` for an unsolicited line.
struct NoUnsolicited;

impl Parser for NoUnsolicited {
    fn parse(_: &[u8]) -> Result<(&[u8], usize), ParseError> {
        Err(ParseError::NoMatch)
    }
}

impl Atat {
    pub(crate) fn new(response: usize) -> Self {
        let digester =
            AtDigester::new().with_custom_success(|octets| counted(octets).ok_or(ParseError::Incomplete));
        Self { digester, buffer: Vec::with_capacity(response + 256) }
    }

    /// As it comes: a response is what stands before `\r\nOK\r\n`.
    pub(crate) fn stock(response: usize) -> Self {
        Self { digester: AtDigester::new(), buffer: Vec::with_capacity(response + 256) }
    }

    pub(crate) fn frame(&mut self, response: &[u8], read: usize) -> usize {
        let mut payload = 0;
        for input in response.chunks(read) {
            self.buffer.extend_from_slice(input);
            loop {
                let (found, taken) = self.digester.digest(&self.buffer);
                let found = match found {
                    DigestResult::Response(Ok(octets)) => {
                        payload += black_box(octets).len();
                        true
                    }
                    DigestResult::None => false,
                    _ => true,
                };
                self.buffer.drain(..taken);
                if !found || self.buffer.is_empty() {
                    break;
                }
            }
        }
        self.buffer.clear();
        payload
    }
}

/// The parser of `at-commands` for the header; it knows neither reads nor payload, so both are done by hand around it.
#[derive(Default)]
pub(crate) struct AtCommands {
    buffer: Vec<u8>,
}

impl AtCommands {
    pub(crate) fn frame(&mut self, response: &[u8], read: usize) -> usize {
        let mut payload = 0;
        for input in response.chunks(read) {
            self.buffer.extend_from_slice(input);
            let Some(end) = self.buffer.get(2..).and_then(|text| memchr::memchr(b'\n', text)) else {
                continue;
            };
            let header = &self.buffer[2..end + 3];
            let count = match header.get(1) {
                Some(b'H') => CommandParser::parse(header)
                    .expect_identifier(b"+HTTPREAD:")
                    .expect_int_parameter()
                    .finish()
                    .map(|(count,)| count),
                _ => {
                    let name: &[u8] =
                        if header.starts_with(b"+FTPGET") { b"+FTPGET:" } else { b"+FTPEXTGET:" };
                    CommandParser::parse(header)
                        .expect_identifier(name)
                        .expect_int_parameter()
                        .expect_int_parameter()
                        .finish()
                        .map(|(_, count)| count)
                }
            };
            let Ok(count) = usize::try_from(count.unwrap_or(-1)) else { continue };
            let (from, to) = (end + 3, end + 3 + count);
            if self.buffer.get(to..to + OK.len()) == Some(OK) {
                payload += black_box(&self.buffer[from..to]).len();
                self.buffer.drain(..to + OK.len());
            }
        }
        self.buffer.clear();
        payload
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
    pub(crate) fn split(&mut self, response: &[u8], read: usize) -> usize {
        let mut octets = 0;
        for input in response.chunks(read) {
            self.buffer.extend_from_slice(input);
            while let Ok(Some(line)) = self.codec.decode(&mut self.buffer) {
                octets += black_box(line).len() + 1;
            }
        }
        octets
    }
}

/// Gathers octets and looks all of them through for `\r\nOK\r\n` after every read.
#[derive(Default)]
pub(crate) struct Scan {
    buffer: Vec<u8>,
}

impl Scan {
    pub(crate) fn frame(&mut self, response: &[u8], read: usize) -> usize {
        let mut payload = 0;
        for input in response.chunks(read) {
            self.buffer.extend_from_slice(input);
            if let Some(end) = memchr::memmem::find(&self.buffer, OK) {
                let header = memchr::memchr(b'\n', &self.buffer[2..end]).map_or(0, |end| end + 3);
                payload += black_box(&self.buffer[header..end]).len();
                self.buffer.drain(..end + OK.len());
            }
        }
        self.buffer.clear();
        payload
    }
}
