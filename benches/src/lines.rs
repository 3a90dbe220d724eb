//! Short lines, framed and typed.

use std::hint::black_box;

use sim800_command::{Unsolicited, Vocabulary};
use sim800_parser::{Claim, Event, Expect, FinalResultCode, Framer, Line, Value, Values};

/// The lines of one kind and how often they come.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// What benches call it.
    pub name: &'static str,
    /// As the module sends them; each has a command of its own if it is a response.
    pub text: &'static [&'static str],
}

/// What is measured, each kind by itself and all mixed as a session with HTTP and FTP sees them.
pub const LINES: [Lines; 4] = [
    Lines { name: "OK", text: &["\r\nOK\r\n"] },
    Lines { name: "HTTPACTION", text: &["\r\n+HTTPACTION: 0,200,1000\r\n"] },
    Lines { name: "FTPPUT", text: &["\r\n+FTPPUT: 1,1,1360\r\n"] },
    Lines {
        name: "mixed",
        text: &[
            "\r\nOK\r\n",
            "\r\n+HTTPACTION: 0,200,14384\r\n",
            "\r\n+HTTPACTION: 0, 200,14384\r\n",
            "\r\n+FTPGET: 1,1\r\n",
            "\r\n+FTPGET: 1,0\r\n",
            "\r\n+FTPPUT: 1,1,1360\r\n",
            "\r\n+FTPPUT: 1,61\r\n",
            "\r\n+FTPSIZE: 1,0,174125\r\n",
            "\r\n+SAPBR 1: DEACT\r\n",
            "\r\n+CREG: 1\r\n",
            "\r\n+CPIN: READY\r\n",
            "\r\nCall Ready\r\n",
            "\r\nRING\r\n",
            "\r\n+CMTI: \"SM\",3\r\n",
            "\r\n+CSQ: 15,0\r\n\r\nOK\r\n",
            "\r\n+SAPBR: 1,1,\"10.89.193.1\"\r\n\r\nOK\r\n",
            "\r\n+HTTPSTATUS: GET,1,1440,7915\r\n\r\nOK\r\n",
        ],
    },
];

/// A stream of lines and the expectations that go with them.
#[derive(Clone, Debug)]
pub struct Stream {
    parts: Vec<(Option<Expect>, Vec<u8>)>,
    /// How many lines.
    pub lines: usize,
}

impl Lines {
    /// The octets, with the command in flight wherever a response begins.
    #[must_use]
    pub fn stream(&self) -> Stream {
        let mut parts: Vec<(Option<Expect>, Vec<u8>)> = Vec::new();
        let mut lines = 0;
        for text in self.text {
            lines += text.lines().filter(|line| !line.is_empty()).count();
            let name = text.trim().split(':').next().unwrap_or_default();
            let expect = match name {
                "OK" => Some(Expect::result()),
                "+CSQ" | "+SAPBR" | "+HTTPSTATUS" => {
                    let accepts: fn(Values<'_>) -> bool = |_| true;
                    Some(Expect::result().with_information(Claim::named(name, accepts)))
                }
                _ => None,
            };
            match parts.last_mut() {
                Some((_, octets)) if expect.is_none() => octets.extend(text.as_bytes()),
                _ => parts.push((expect, text.as_bytes().to_vec())),
            }
        }
        Stream { parts, lines }
    }
}

/// What the lines said, added up: a value that only the right reading of all of them gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Lines with a type of their own.
    pub typed: usize,
    /// The numbers in them.
    pub numbers: u64,
}

impl Sum {
    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Unsolicited(span) => self.add_unsolicited(span.line().into()),
            Event::Information(span) => self.add_information(span.line()),
            Event::Final { code: FinalResultCode::Ok, .. } => self.typed += 1,
            _ => {}
        }
    }

    fn add_unsolicited(&mut self, line: Unsolicited<'_>) {
        self.typed += usize::from(!matches!(line, Unsolicited::Other(_)));
        if let Unsolicited::HttpAction { method, status, length } = line {
            self.numbers += u64::from(method) + u64::from(status.0) + u64::from(length);
        }
        black_box(&line);
    }

    fn add_information(&mut self, line: Line<'_>) {
        self.typed += 1;
        self.numbers += line.values().filter_map(Value::number).sum::<u64>();
    }
}

/// Frames and types all lines.
pub fn read(framer: &mut Framer<256, Vocabulary>, stream: &Stream, read: usize) -> Sum {
    let mut sum = Sum::default();
    for (expect, octets) in &stream.parts {
        if let Some(expect) = expect {
            framer.begin(*expect);
        }
        for input in octets.chunks(read) {
            framer.feed(input, |event| sum.add(event));
        }
    }
    sum
}

impl Stream {
    /// All octets.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        self.parts.iter().flat_map(|(_, octets)| octets.iter().copied()).collect()
    }
}
