//! A module on the bench: the test plays the DTE, the network and the clock.

use std::time::Duration;

use sim800_emulator::{
    Config, Effect, Emulator, Fault, FtpRequest, HttpRequest, NetworkEvent, OperationId, Timings,
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The usual module without delays.
pub(crate) fn instant() -> Config {
    let mut config = Config::default();
    config.timings = Timings::instant();
    config.echo = false;
    config
}

/// See the module.
pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) now: Duration,
}

impl Bench {
    pub(crate) fn new(config: Config) -> Self {
        let mut bench = Self { emulator: Emulator::new(config), now: Duration::ZERO };
        bench.emulator.handle_timeout(bench.now);
        bench
    }

    /// A module without delays and echo, its first bearer open.
    pub(crate) fn online() -> Self {
        Self::online_with(instant())
    }

    pub(crate) fn online_with(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.ok("AT+SAPBR=1,1");
        bench
    }

    /// With the HTTP service initialized and its two mandatory parameters set.
    pub(crate) fn http() -> Self {
        Self::http_with(instant())
    }

    pub(crate) fn http_with(config: Config) -> Self {
        let mut bench = Self::online_with(config);
        bench.ok("AT+HTTPINIT");
        bench.ok("AT+HTTPPARA=\"CID\",1");
        bench.ok("AT+HTTPPARA=\"URL\",\"www.sim.com\"");
        bench
    }

    /// With the FTP settings that application note 3.9 and 3.10 make.
    pub(crate) fn ftp() -> Self {
        Self::ftp_with(instant())
    }

    pub(crate) fn ftp_with(config: Config) -> Self {
        let mut bench = Self::online_with(config);
        for line in [
            "AT+FTPCID=1",
            "AT+FTPSERV=\"116.228.221.52\"",
            "AT+FTPUN=\"sim.cs1\"",
            "AT+FTPPW=\"*****\"",
            "AT+FTPGETNAME=\"1K.txt\"",
            "AT+FTPGETPATH=\"/\"",
            "AT+FTPPUTNAME=\"1K.txt\"",
            "AT+FTPPUTPATH=\"/\"",
        ] {
            bench.ok(line);
        }
        bench
    }

    /// The DTE sends.
    pub(crate) fn dte(&mut self, octets: impl AsRef<[u8]>) {
        self.emulator.handle_input(self.now, octets.as_ref());
    }

    /// What the module has said since it was asked last.
    pub(crate) fn said(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        while let Some(octets) = self.emulator.poll_transmit() {
            assert!(!octets.is_empty());
            said.extend_from_slice(&octets);
        }
        said
    }

    /// The module has said exactly this.
    #[track_caller]
    pub(crate) fn dce(&mut self, expected: impl AsRef<[u8]>) {
        let said = self.said();
        let expected = expected.as_ref();
        assert!(
            said == expected,
            "expected \"{}\", the module said \"{}\"",
            expected.escape_ascii(),
            said.escape_ascii()
        );
    }

    /// A command line, and what it must be answered with.
    #[track_caller]
    pub(crate) fn exchange(&mut self, line: &str, expected: impl AsRef<[u8]>) {
        self.dte(format!("{line}\r"));
        self.dce(expected);
    }

    #[track_caller]
    pub(crate) fn ok(&mut self, line: &str) {
        self.exchange(line, "\r\nOK\r\n");
    }

    #[track_caller]
    pub(crate) fn error(&mut self, line: &str) {
        self.exchange(line, "\r\nERROR\r\n");
    }

    /// A command line that is answered by one line of information and `OK`.
    #[track_caller]
    pub(crate) fn information(&mut self, line: &str, text: &str) {
        self.exchange(line, format!("\r\n{text}\r\n\r\nOK\r\n"));
    }

    /// A command line that is answered by a header, its payload, and `OK`.
    #[track_caller]
    pub(crate) fn payload(&mut self, line: &str, header: &str, payload: &[u8]) {
        let mut expected = format!("\r\n{header}\r\n").into_bytes();
        expected.extend_from_slice(payload);
        expected.extend_from_slice(b"\r\nOK\r\n");
        self.exchange(line, expected);
    }

    /// Time passes, and the module says this meanwhile.
    #[track_caller]
    pub(crate) fn wait(&mut self, time: Duration, expected: impl AsRef<[u8]>) {
        self.now += time;
        self.emulator.handle_timeout(self.now);
        self.dce(expected);
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.emulator.handle_fault(self.now, fault);
    }

    pub(crate) fn network(&mut self, id: OperationId, event: NetworkEvent) {
        self.emulator.handle_network(self.now, id, event);
    }

    /// The module wants nothing of the network.
    #[track_caller]
    pub(crate) fn no_effect(&mut self) {
        assert_eq!(self.emulator.poll_effect(), None);
    }

    #[track_caller]
    pub(crate) fn effect(&mut self, expected: Effect) {
        assert_eq!(self.emulator.poll_effect(), Some(expected));
    }

    #[track_caller]
    pub(crate) fn http_request(&mut self) -> (OperationId, HttpRequest) {
        match self.emulator.poll_effect() {
            Some(Effect::Http { id, request }) => (id, request),
            other => panic!("no HTTP request: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn ftp_request(&mut self) -> (OperationId, FtpRequest) {
        match self.emulator.poll_effect() {
            Some(Effect::Ftp { id, request }) => (id, request),
            other => panic!("no FTP request: {other:?}"),
        }
    }

    /// An upload is opened and becomes writable.
    #[track_caller]
    pub(crate) fn open_put(&mut self) -> OperationId {
        self.ok("AT+FTPPUT=1");
        let (id, _) = self.ftp_request();
        self.network(id, NetworkEvent::FtpReady);
        id
    }

    /// A download is opened and the first credit taken.
    #[track_caller]
    pub(crate) fn open_get(&mut self) -> OperationId {
        self.ok("AT+FTPGET=1");
        let (id, _) = self.ftp_request();
        self.network(id, NetworkEvent::FtpReady);
        assert!(matches!(self.emulator.poll_effect(), Some(Effect::Credit { .. })));
        id
    }
}
