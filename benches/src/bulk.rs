//! Responses with payload.

use std::hint::black_box;
use std::mem;

use bytes::{Buf as _, Bytes, BytesMut};
use sim800_command::Vocabulary;
use sim800_parser::{DataPhase, Decoder, Event, Expect, FinalResultCode, Framer, Header};

/// One response to a bulk command.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    /// The command, as benches call it.
    pub command: &'static str,
    /// What stands before the count in the header line.
    header: &'static str,
    expected: Header,
    /// Octets of payload.
    pub payload: u32,
}

impl Bulk {
    /// `AT+FTPGET=2,<payload>`
    #[must_use]
    pub const fn ftp_get(payload: u32) -> Self {
        Self {
            command: "FTPGET",
            header: "+FTPGET: 2,",
            expected: Header::new("+FTPGET:").selected_by(2),
            payload,
        }
    }

    /// `AT+HTTPREAD`
    #[must_use]
    pub const fn http_read(payload: u32) -> Self {
        Self { command: "HTTPREAD", header: "+HTTPREAD: ", expected: Header::new("+HTTPREAD:"), payload }
    }

    /// `AT+FTPEXTGET=3,0,<payload>`
    #[must_use]
    pub const fn ftp_ext_get(payload: u32) -> Self {
        Self {
            command: "FTPEXTGET",
            header: "+FTPEXTGET: 3,",
            expected: Header::new("+FTPEXTGET:").selected_by(3),
            payload,
        }
    }
}

/// The bulk commands at the sizes that the note shows or allows.
pub const BULK: [Bulk; 6] = [
    Bulk::ftp_get(50),
    Bulk::ftp_get(1024),
    Bulk::ftp_get(1460),
    Bulk::http_read(14_384),
    Bulk::http_read(300_000),
    Bulk::ftp_ext_get(174_125),
];

/// Sizes of reads: an octet, a UART's FIFO, and what a host reads at once.
pub const READS: [usize; 5] = [1, 16, 64, 1024, 65_536];

/// What the module says between responses while a download goes on.
pub const UNSOLICITED: &[u8] = b"\r\n+FTPGET: 1,1\r\n";

impl Bulk {
    /// What the framer is to expect.
    #[must_use]
    pub const fn expect(&self) -> Expect {
        let Self { expected: header, payload: at_most, .. } = *self;
        Expect::result().with_data(DataPhase::Announced { header, at_most })
    }

    /// The octets of one response: header, payload with every octet value in no order, result code.
    #[must_use]
    pub fn response(&self) -> Vec<u8> {
        let mut state = 0x2545_F491_u32;
        let payload = (0..self.payload).map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        });
        self.response_with(&payload.collect::<Vec<u8>>())
    }

    /// What the module sends to this command again and again, `at_least` so many octets: as it announces that there is
    /// more every now and then, an [`UNSOLICITED`] line follows every fourth response.
    #[must_use]
    pub fn stream(&self, at_least: usize) -> (Vec<u8>, Seen) {
        let response = self.response();
        let mut octets = Vec::new();
        let mut seen = Seen::default();
        while octets.len() < at_least {
            octets.extend_from_slice(&response);
            seen.payload += self.payload as usize;
            seen.responses += 1;
            if seen.responses % 4 == 0 {
                octets.extend_from_slice(UNSOLICITED);
                seen.unsolicited += 1;
            }
        }
        (octets, seen)
    }

    /// One response around octets of the caller's.
    #[must_use]
    pub fn response_with(&self, payload: &[u8]) -> Vec<u8> {
        let header = format!("\r\n{}{}\r\n", self.header, payload.len());
        [header.as_bytes(), payload, b"\r\nOK\r\n"].concat()
    }
}

/// What a loop has seen, so that no figure is of wrong work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Octets of payload.
    pub payload: usize,
    /// Responses that ended in OK.
    pub responses: usize,
    /// Unsolicited lines.
    pub unsolicited: usize,
}

impl Seen {
    /// Whether the event ends a response.
    #[inline(always)]
    fn see(&mut self, event: Event<'_>) -> bool {
        match event {
            // The slice is what the caller wants, so it has to be there.
            Event::Payload { octets, .. } => self.payload += black_box(octets).len(),
            Event::Final { code, .. } => {
                self.responses += usize::from(code == FinalResultCode::Ok);
                return true;
            }
            Event::Unsolicited(_) => self.unsolicited += 1,
            _ => {}
        }
        false
    }
}

/// Frames one response, pushed into a closure.
pub fn feed(framer: &mut Framer<256, Vocabulary>, bulk: Bulk, response: &[u8], read: usize) -> Seen {
    let mut seen = Seen::default();
    framer.begin(bulk.expect());
    for input in response.chunks(read) {
        framer.feed(input, |event| {
            seen.see(event);
        });
    }
    seen
}

/// Frames what the module sends to one command after another, event by event. The next command is in flight as soon as
/// the one before has its result, and stays so.
pub fn frame(framer: &mut Framer<256, Vocabulary>, bulk: Bulk, octets: &[u8], read: usize) -> Seen {
    let mut seen = Seen::default();
    if !framer.in_flight() {
        framer.begin(bulk.expect());
    }
    for mut input in octets.chunks(read) {
        while let Some(event) = framer.next(&mut input) {
            if seen.see(event) {
                framer.begin(bulk.expect());
            }
        }
    }
    seen
}

/// What a driver has that keeps payload: octets stay in the buffer that a read brings them to, lines are looked at there, and
/// payload is split off as a whole.
#[derive(Debug, Default)]
pub struct Owner {
    decoder: Decoder<Vocabulary>,
    buffer: BytesMut,
}

/// Room for a read and what a cut has left before it.
const BUFFER: usize = 4096;

impl Owner {
    /// Room for a read behind what a cut has left, and for the rest of a payload that has begun.
    #[inline(never)]
    fn reserve(&mut self, read: usize) {
        let missing = (self.decoder.remaining() as usize).saturating_sub(self.buffer.len());
        self.buffer.reserve(read.max(missing).max(BUFFER));
    }
}

/// Frames the same for somebody who keeps the payload, and hands it over as a whole to `keep`.
pub fn own(owner: &mut Owner, bulk: Bulk, octets: &[u8], read: usize, mut keep: impl FnMut(Bytes)) -> Seen {
    let mut seen = Seen::default();
    if !owner.decoder.in_flight() {
        owner.decoder.begin(bulk.expect());
    }
    for input in octets.chunks(read) {
        if owner.buffer.capacity() - owner.buffer.len() < input.len() {
            owner.reserve(input.len());
        }
        owner.buffer.extend_from_slice(input);
        let mut taken = 0;
        while owner.buffer.len() - taken >= owner.decoder.remaining() as usize {
            let held = &owner.buffer[taken..];
            let mut rest = held;
            let Some(event) = owner.decoder.next(&mut rest) else { break };
            let len = held.len() - rest.len();
            taken += len;
            if let Event::Payload { .. } = event {
                seen.payload += len;
                let mut payload = owner.buffer.split_to(taken).freeze();
                payload.advance(mem::take(&mut taken) - len);
                keep(payload);
            } else if seen.see(event) {
                owner.decoder.begin(bulk.expect());
            }
        }
        if taken > 0 {
            owner.buffer.advance(taken);
        }
    }
    seen
}

/// Only makes the pieces: what is to be taken off every count of instructions.
pub fn pieces(response: &[u8], read: usize) -> Seen {
    let mut seen = Seen::default();
    for input in response.chunks(read) {
        seen.payload += black_box(input).len();
    }
    seen
}
