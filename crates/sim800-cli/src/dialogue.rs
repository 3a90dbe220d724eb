//! What crossed the line, a line each, for people.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use console::colors_enabled_stderr;
use sim800_capture::{Capture, Direction, Event, Record, Text};
use sim800_session::Retry;

/// As many octets stand on one line.
const OCTETS: usize = 64;

/// The dialogue on stderr, while it goes on.
pub(crate) struct Dialogue {
    capture: Capture,
    /// The octets are shown as well.
    with_octets: bool,
    text: Text,
}

impl Dialogue {
    pub(crate) fn new(with_octets: bool) -> Self {
        let colored = io::stderr().is_terminal() && colors_enabled_stderr();
        Self { capture: Capture::new(), with_octets, text: Text::new().colored(colored) }
    }

    /// Octets crossed the line, secrets masked.
    pub(crate) fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let Self { capture, with_octets, text } = self;
        if *with_octets {
            let arrow = match direction {
                Direction::Sent => '→',
                Direction::Received => '←',
            };
            for octets in octets.chunks(OCTETS) {
                say(&format!(
                    "{:>10.3} {:9} {arrow} {:>3} bytes  {}",
                    now.as_secs_f64(),
                    "",
                    octets.len(),
                    octets.escape_ascii()
                ));
            }
        }
        capture.handle_octets(Some(now), direction, octets, &mut |event| show(text, &event));
    }

    /// Something is tried again.
    pub(crate) fn retry(&mut self, now: Duration, retry: &Retry) {
        let Self { capture, text, .. } = self;
        let record = Record::retry(now, &retry.to_string());
        capture.handle_record(record, &mut |event| show(text, &event));
    }
}

fn show(text: &mut Text, event: &Event) {
    if let Some(lines) = text.render(event) {
        say(&lines);
    }
}

/// If there is anybody to read it.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
