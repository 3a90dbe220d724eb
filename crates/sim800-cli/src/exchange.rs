//! What crossed the line, for people: one row per command with its response, payload as counts.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sim800_command::Prepared;
use sim800_parser::{Claim, Decoder, Event, Expect, Limits, Span};
use sim800_session::{Direction, Trace};

/// Reads the trace of a session as it grows; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Exchange(Arc<Mutex<State>>);

struct State {
    decoder: Decoder,
    rows: Vec<Row>,
    /// The beginning of a command line that was sent in pieces.
    line: Vec<u8>,
    /// The command in flight has asked for payload: what is sent next is no command line.
    prompted: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { decoder: Decoder::new(Limits::default()), rows: Vec::new(), line: Vec::new(), prompted: false }
    }
}

/// A command and its response, or a line that the module sent of its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The command line; empty for an unsolicited line.
    pub(crate) command: String,
    /// The lines of the response.
    pub(crate) response: Vec<String>,
    /// Octets of payload that the module sent.
    pub(crate) received: u64,
    /// Octets of payload that were sent to the module.
    pub(crate) sent: u64,
}

impl Exchange {
    /// What crossed since the last call.
    pub(crate) fn take(&self) -> Vec<Row> {
        std::mem::take(&mut self.state().rows)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace for Exchange {
    fn octets(&mut self, _now: Duration, direction: Direction, octets: &[u8]) {
        let mut state = self.state();
        match direction {
            Direction::Sent => state.sent(octets),
            Direction::Received => state.received(octets),
        }
    }
}

impl State {
    fn sent(&mut self, octets: &[u8]) {
        if self.prompted {
            if let Some(row) = self.rows.last_mut() {
                row.sent += octets.len() as u64;
            }
            return;
        }
        self.line.extend_from_slice(octets);
        if !self.line.ends_with(b"\r") {
            return;
        }
        let line = std::mem::take(&mut self.line);
        // A masked command is none that the table has; its response is plain.
        let expect = Prepared::parse(&line)
            .map_or_else(|| Expect::result().with_information(Claim::Text), |prepared| prepared.expect);
        self.decoder.begin(expect);
        let command = String::from_utf8_lossy(&line).trim_end().to_owned();
        self.rows.push(Row { command, response: Vec::new(), received: 0, sent: 0 });
    }

    fn received(&mut self, octets: &[u8]) {
        self.decoder.handle_input(octets);
        while let Some(event) = self.decoder.poll_event() {
            match event {
                Event::Payload { octets, .. } => {
                    if let Some(row) = self.command() {
                        row.received += octets.len() as u64;
                    }
                }
                Event::Information(span) => self.respond(&span),
                Event::Prompt { span, .. } => {
                    self.prompted = true;
                    self.respond(&span);
                }
                Event::Final { span, .. } => {
                    self.prompted = false;
                    self.respond(&span);
                }
                Event::Unsolicited(span) | Event::Continuation(span) | Event::Excess { span, .. } => {
                    let response = vec![text(&span)];
                    self.rows.push(Row { command: String::new(), response, received: 0, sent: 0 });
                }
                _ => {}
            }
        }
    }

    fn respond(&mut self, span: &Span<Bytes>) {
        let line = text(span);
        if let Some(row) = self.command() {
            row.response.push(line);
        }
    }

    /// The row of the last command, which unsolicited lines may have followed.
    fn command(&mut self) -> Option<&mut Row> {
        self.rows.iter_mut().rev().find(|row| !row.command.is_empty())
    }
}

/// A line, without control characters that a terminal would obey.
fn text(span: &Span<Bytes>) -> String {
    let text = String::from_utf8_lossy(span.line().text()).into_owned();
    text.replace(|c: char| c.is_control(), "\u{FFFD}")
}

impl Row {
    /// What it is about: `+FTPGET` for that command and for its unsolicited lines.
    pub(crate) fn subject(&self) -> &str {
        let said = if self.command.is_empty() { self.response.first() } else { Some(&self.command) };
        let said = said.map_or("", String::as_str);
        said.strip_prefix("AT").unwrap_or(said).split(['=', ':']).next().unwrap_or_default()
    }
}

/// `AT+CSQ   +CSQ: 21,0  OK`; an unsolicited line stands where responses do.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = match self.command.char_indices().nth(42) {
            Some((end, _)) => format!("{}…", &self.command[..end]),
            None => self.command.clone(),
        };
        write!(f, "{command:<44}")?;
        for (n, line) in self.response.iter().enumerate() {
            if n + 1 == self.response.len() && self.received > 0 {
                write!(f, " ({} octets)", self.received)?;
            }
            if n + 1 == self.response.len() && self.sent > 0 {
                write!(f, " ({} octets sent)", self.sent)?;
            }
            write!(f, " {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_their_responses_share_a_row() {
        let exchange = Exchange::default();
        let mut trace = exchange.clone();
        let mut cross = |direction, octets: &[u8]| trace.octets(Duration::ZERO, direction, octets);
        cross(Direction::Sent, b"AT+FTPG");
        cross(Direction::Sent, b"ET=2,1460\r");
        cross(Direction::Received, b"\r\n+FTPGET: 2,6\r\n\r\nOK\r");
        cross(Direction::Received, b"\n\r\nOK\r\n\r\n+FTPGET: 1,0\r\n");
        cross(Direction::Sent, b"AT+HTTPDATA=8,1000\r");
        cross(Direction::Received, b"\r\nDOWNLOAD\r\n");
        cross(Direction::Sent, b"AT+CSQ\r\n");
        cross(Direction::Received, b"\r\nOK\r\n");
        cross(Direction::Sent, b"AT+FTPPW=********\r");
        cross(Direction::Received, b"\r\nOK\r\n");

        let rows = exchange.take();
        let texts: Vec<String> =
            rows.iter().map(|row| row.to_string().split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            texts,
            [
                "AT+FTPGET=2,1460 +FTPGET: 2,6 (6 octets) OK",
                "+FTPGET: 1,0",
                "AT+HTTPDATA=8,1000 DOWNLOAD (8 octets sent) OK",
                "AT+FTPPW=******** OK",
            ]
        );
        assert_eq!((rows[0].subject(), rows[1].subject()), ("+FTPGET", "+FTPGET"));
        assert!(exchange.take().is_empty());
    }
}
