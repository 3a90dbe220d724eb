//! The other side of the line, for whole exchanges over AT commands with the module's network real.

use futures::executor::block_on;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::{Config, Timings};
use sim800_testbed::{Line, Link, Module, Running};

/// A DTE that knows nothing but octets.
pub(crate) struct Dte {
    link: Link,
    heard: Vec<u8>,
    pub(crate) module: Running,
}

impl Dte {
    pub(crate) fn start() -> Self {
        Self::start_with(Config::default())
    }

    pub(crate) fn start_with(mut config: Config) -> Self {
        config.echo = false;
        config.timings = Timings::instant();
        let (module, link) = Module::new(config, Line::unpaced()).start_linked().unwrap();
        Self { link, heard: Vec::new(), module }
    }

    pub(crate) fn say(&mut self, octets: &[u8]) {
        block_on(self.link.write_all(octets)).unwrap();
    }

    /// Hears up to and including `expected` and returns what came before it.
    pub(crate) fn hear(&mut self, expected: &str) -> Vec<u8> {
        loop {
            let found = self.heard.windows(expected.len()).position(|octets| octets == expected.as_bytes());
            if let Some(place) = found {
                let rest = self.heard.split_off(place + expected.len());
                let mut before = std::mem::replace(&mut self.heard, rest);
                before.truncate(place);
                return before;
            }
            let mut octets = [0; 4096];
            let count = block_on(self.link.read(&mut octets)).unwrap();
            assert!(count > 0, "the line ended after {}", self.heard.escape_ascii());
            self.heard.extend_from_slice(&octets[..count]);
        }
    }

    pub(crate) fn command(&mut self, line: &str) {
        self.say(format!("{line}\r").as_bytes());
        let before = self.hear("OK\r\n");
        assert!(!before.windows(5).any(|octets| octets == b"ERROR"), "{line}: {}", before.escape_ascii());
    }

    pub(crate) fn open_bearer(&mut self) {
        self.command("AT+SAPBR=3,1,\"CONTYPE\",\"GPRS\"");
        self.command("AT+SAPBR=3,1,\"APN\",\"internet\"");
        self.command("AT+SAPBR=1,1");
    }

    /// So many octets.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        while self.heard.len() < count {
            let mut octets = [0; 4096];
            let more = block_on(self.link.read(&mut octets)).unwrap();
            assert!(more > 0, "the line ended");
            self.heard.extend_from_slice(&octets[..more]);
        }
        let rest = self.heard.split_off(count);
        std::mem::replace(&mut self.heard, rest)
    }

    /// The payload behind a header such as `+HTTPREAD: `.
    pub(crate) fn payload(&mut self, header: &str) -> Vec<u8> {
        self.hear(header);
        let count: usize = String::from_utf8(self.hear("\r\n")).unwrap().parse().unwrap();
        let payload = self.take(count);
        assert_eq!(self.hear("OK\r\n"), b"\r\n");
        payload
    }
}
