//! What crossed the line, for people: one row per command with its response, payload as counts.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sim800_capture::{Capture, Event, Kind};
use sim800_session::{Direction, Trace};

use crate::terminal::printable;

/// Reads the trace of a session as it grows; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Exchange(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    capture: Capture,
    rows: Vec<Row>,
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
    /// What the command, or the unsolicited line, means.
    pub(crate) meaning: String,
}

/// How wide a row is before its meaning.
const WIDTH: usize = 72;

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
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let mut state = self.state();
        let State { capture, rows } = &mut *state;
        capture.handle_octets(Some(now), direction, octets, &mut |event| take(rows, &event));
    }
}

fn take(rows: &mut Vec<Row>, event: &Event) {
    let meaning = event.meaning.clone().unwrap_or_default();
    let row = |command, response| Row { command, response, received: 0, sent: 0, meaning };
    match event.kind {
        Kind::Command => rows.push(row(text(event), Vec::new())),
        Kind::Unsolicited => rows.push(row(String::new(), vec![text(event)])),
        _ => {}
    }
    // The row of the last command, which unsolicited lines may have followed.
    let Some(row) = rows.iter_mut().rev().find(|row| !row.command.is_empty()) else { return };
    match (event.kind, event.direction) {
        (Kind::Information | Kind::Prompt | Kind::Final, _) => row.response.push(text(event)),
        (Kind::Payload, Some(Direction::Sent)) => row.sent += event.octets,
        (Kind::Payload, _) => row.received += event.octets,
        _ => {}
    }
}

fn text(event: &Event) -> String {
    printable(event.text().trim_ascii())
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
        let mut text = format!("{command:<44}");
        for (n, line) in self.response.iter().enumerate() {
            if n + 1 == self.response.len() && self.received > 0 {
                text.push_str(&format!(" ({} bytes)", self.received));
            }
            if n + 1 == self.response.len() && self.sent > 0 {
                text.push_str(&format!(" ({} bytes sent)", self.sent));
            }
            text.push(' ');
            text.push_str(line);
        }
        match self.meaning.as_str() {
            "" => f.write_str(&text),
            meaning => write!(f, "{text:<WIDTH$}  {meaning}"),
        }
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
                "AT+FTPGET=2,1460 +FTPGET: 2,6 (6 bytes) OK Reads from the download: length 1460",
                "+FTPGET: 1,0 the download is done",
                "AT+HTTPDATA=8,1000 DOWNLOAD (8 bytes sent) OK Loads the body of a POST: size 8, time 1000 ms",
                "AT+FTPPW=******** OK Sets the password",
            ]
        );
        assert_eq!((rows[0].subject(), rows[1].subject()), ("+FTPGET", "+FTPGET"));
        assert!(exchange.take().is_empty());
    }
}
