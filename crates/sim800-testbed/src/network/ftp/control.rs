//! The control connection: commands and replies (RFC 959, 4.2).
//!
//! Replies are read by hand, because servers write what the RFC does not allow and clients give up or wait for ever at it: a code
//! without a text, or another code at the end of a reply of several lines.

use std::io;
use std::net::SocketAddr;

use sim800_emulator::FtpFailure;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;

/// The longest reply that is read.
const LONGEST: usize = 16 * 1024;

/// What a server has answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// All of it, the code included.
    pub(super) text: String,
}

/// A control connection.
pub(super) struct Control {
    stream: TcpStream,
    /// What was received behind the last reply.
    received: Vec<u8>,
}

impl Control {
    /// Awaits the server's greeting.
    pub(super) async fn greet(stream: TcpStream) -> Result<Self, FtpFailure> {
        let mut control = Self { stream, received: Vec::new() };
        control.expect(&[220], FtpFailure::SERVER).await?;
        Ok(control)
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn local(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    pub(super) fn peer(&self) -> Result<SocketAddr, FtpFailure> {
        self.stream.peer_addr().map_err(|_| FtpFailure::NETWORK)
    }

    /// Gives a command; any reply but those expected is a refusal.
    pub(super) async fn command(
        &mut self,
        line: &str,
        expected: &[u16],
        refused: FtpFailure,
    ) -> Result<Reply, FtpFailure> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.map_err(|_| FtpFailure::NETWORK)?;
        self.expect(expected, refused).await
    }

    /// Awaits a reply; any but those expected is a refusal.
    pub(super) async fn expect(
        &mut self,
        expected: &[u16],
        refused: FtpFailure,
    ) -> Result<Reply, FtpFailure> {
        let reply = self.reply().await?;
        match reply.code {
            code if expected.contains(&code) => Ok(reply),
            // The server goes, whatever was asked of it.
            421 => Err(FtpFailure::SERVER),
            _ => Err(refused),
        }
    }

    async fn reply(&mut self) -> Result<Reply, FtpFailure> {
        let mut text = String::new();
        loop {
            let line = self.line().await?;
            let is_first = text.is_empty();
            text.push_str(&line);
            let (code, mark) = match (line.get(..3).map(str::parse), line.as_bytes().get(3)) {
                (Some(Ok(code)), mark) => (Some(code), mark),
                _ => (None, None),
            };
            match (code, mark) {
                (Some(code), Some(b' ' | b'\r' | b'\n')) => return Ok(Reply { code, text }),
                (Some(_), Some(b'-')) => {}
                _ if is_first => return Err(FtpFailure::REPLY),
                _ => {}
            }
            if text.len() > LONGEST {
                return Err(FtpFailure::REPLY);
            }
        }
    }

    /// One line, its end included.
    async fn line(&mut self) -> Result<String, FtpFailure> {
        loop {
            if let Some(end) = self.received.iter().position(|octet| *octet == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            if self.received.len() > LONGEST {
                return Err(FtpFailure::REPLY);
            }
            let mut buffer = [0; 1024];
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return Err(FtpFailure::NETWORK),
                Ok(received) => self.received.extend_from_slice(&buffer[..received]),
            }
        }
    }
}
