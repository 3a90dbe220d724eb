//! The control connection: command lines in, replies out.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::TcpStream;

/// The longest command line taken, in octets.
const LONGEST_LINE: usize = 4096;

/// Command lines kept while a transfer runs; more wait in the socket.
const MOST_HELD: usize = 16;

/// The TELNET escape (RFC 854): clients send IP and Synch in front of `ABOR`.
const IAC: u8 = 0xff;

/// A control connection.
#[derive(Debug)]
pub(super) struct Control {
    stream: TcpStream,
    received: Vec<u8>,
    held: VecDeque<String>,
}

impl Control {
    pub(super) fn new(stream: TcpStream) -> Self {
        // `ABOR` comes with an urgent octet, which belongs to the line all the same.
        let _ = rustix::net::sockopt::set_socket_oobinline(stream.as_fd(), true);
        let _ = stream.set_nodelay(true);
        Self { stream, received: Vec::new(), held: VecDeque::new() }
    }

    /// The next command line, without its end.
    pub(super) async fn line(&mut self) -> io::Result<String> {
        match self.held.pop_front() {
            Some(line) => Ok(line),
            None => self.read_line().await,
        }
    }

    /// Sends one reply, or several lines joined by CR LF.
    pub(super) async fn reply(&mut self, reply: &str) -> io::Result<()> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).await
    }

    /// Returns when `ABOR` has come; other commands are held until they are asked for. Fails when the client
    /// leaves. May be dropped at any time.
    pub(super) async fn aborted(&mut self) -> io::Result<()> {
        loop {
            if self.held.len() == MOST_HELD {
                return smol::future::pending().await;
            }
            let line = self.read_line().await?;
            if line.eq_ignore_ascii_case("ABOR") {
                return Ok(());
            }
            self.held.push_back(line);
        }
    }

    /// Nothing is lost when this is dropped: octets go from the socket to the buffer in one step.
    async fn read_line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.received.iter().position(|&octet| octet == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(text(&line));
            }
            if self.received.len() > LONGEST_LINE {
                self.reply("500 line too long").await?;
                return Err(io::ErrorKind::InvalidData.into());
            }
            let mut octets = [0; 512];
            match self.stream.read(&mut octets).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.received.extend_from_slice(&octets[..count]),
            }
        }
    }
}

/// A line without its end and without TELNET commands. What is not UTF-8 is read as Latin-1.
fn text(line: &[u8]) -> String {
    let mut octets = line.iter().copied();
    let mut plain = Vec::with_capacity(line.len());
    while let Some(octet) = octets.next() {
        if octet != IAC {
            plain.push(octet);
        } else if octets.next() == Some(IAC) {
            plain.push(IAC);
        }
    }
    while let Some(b'\r' | b'\n') = plain.last() {
        plain.pop();
    }
    String::from_utf8(plain)
        .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn telnet_commands_and_line_ends_are_no_text() {
        assert_eq!(text(b"\xff\xf4\xff\xf2ABOR\r\n"), "ABOR");
        assert_eq!(text(b"STOR a b \n"), "STOR a b ");
        assert_eq!(text("STOR \u{e4}\r\n".as_bytes()), "STOR \u{e4}");
        assert_eq!(text(b"STOR \xe4\xff\xff\r\n"), "STOR \u{e4}\u{ff}");
    }
}
