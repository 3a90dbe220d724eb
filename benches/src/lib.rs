//! Inputs that the benches share.

use sim800_parser::{DataPhase, Expect};

/// A stream of responses to one bulk command, as the module sends them.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    /// The command, for the bench's name.
    pub command: &'static str,
    /// Octets of payload in each response.
    pub payload: u32,
}

/// The bulk commands at the sizes that the note shows or allows.
pub const BULK: [Bulk; 4] = [
    Bulk { command: "FTPGET=2", payload: 50 },
    Bulk { command: "FTPGET=2", payload: 1024 },
    Bulk { command: "FTPGET=2", payload: 1460 },
    Bulk { command: "HTTPREAD", payload: 14_384 },
];

/// Sizes of reads: an octet, a UART's FIFO, and what a host reads at once.
pub const READS: [usize; 5] = [1, 16, 64, 1024, 65_536];

impl Bulk {
    /// What the framer is to expect.
    #[must_use]
    pub const fn expect(&self) -> Expect {
        let (name, selector) = match self.command.as_bytes() {
            b"HTTPREAD" => ("+HTTPREAD", None),
            _ => ("+FTPGET", Some(2)),
        };
        Expect::result().with_data(DataPhase::Announced { name, selector, at_most: self.payload })
    }

    /// The octets of one response: header, payload with every octet value in no order, result code.
    #[must_use]
    pub fn response(&self) -> Vec<u8> {
        let header = match self.command {
            "HTTPREAD" => format!("\r\n+HTTPREAD: {}\r\n", self.payload),
            _ => format!("\r\n+FTPGET: 2,{}\r\n", self.payload),
        };
        let mut octets = header.into_bytes();
        let mut state = 0x2545_F491_u32;
        octets.extend((0..self.payload).map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        }));
        octets.extend(b"\r\nOK\r\n");
        octets
    }
}
