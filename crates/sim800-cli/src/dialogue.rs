//! What crossed the line, a line each, for people.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use console::{Style, colors_enabled_stderr};
use sim800_capture::{Capture, Direction, Event, Kind};
use sim800_session::Retry;

use crate::checksum::hexadecimal;
use crate::terminal::printable;

/// How wide the column of the lines is.
const WIDTH: usize = 44;

/// As many octets stand on one line.
const OCTETS: usize = 64;

/// The dialogue on stderr, while it goes on.
pub(crate) struct Dialogue {
    capture: Capture,
    /// The octets are shown as well.
    with_octets: bool,
    colored: bool,
}

impl Dialogue {
    pub(crate) fn new(with_octets: bool) -> Self {
        let colored = io::stderr().is_terminal() && colors_enabled_stderr();
        Self { capture: Capture::new(), with_octets, colored }
    }

    /// Octets crossed the line, secrets masked.
    pub(crate) fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        let Self { capture, with_octets, colored } = self;
        if *with_octets {
            let arrow = arrow(Some(direction), None);
            for octets in octets.chunks(OCTETS) {
                say(&format!(
                    "{:>10.3} {arrow} {:>3} bytes  {}",
                    now.as_secs_f64(),
                    octets.len(),
                    octets.escape_ascii()
                ));
            }
        }
        capture.handle_octets(Some(now), direction, octets, &mut |event| {
            if event.kind != Kind::Blank {
                say(&text(&event, true, *colored));
            }
        });
    }

    /// Something is tried again.
    pub(crate) fn retry(&self, now: Duration, retry: &Retry) {
        say(&format!("{:>10.3} {} {retry}", now.as_secs_f64(), arrow(None, Some(Kind::Retry))));
    }
}

/// If there is anybody to read it.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn arrow(direction: Option<Direction>, kind: Option<Kind>) -> &'static str {
    match direction {
        Some(Direction::Sent) => "→",
        Some(Direction::Received) => "←",
        None if kind == Some(Kind::Retry) => "↻",
        None => "?",
    }
}

/// `     0.250 → AT+CSQ      Asks for the signal quality`
pub(crate) fn text(event: &Event, timed: bool, colored: bool) -> String {
    let time = match event.time {
        _ if !timed => String::new(),
        Some(time) => format!("{:>10.3} ", time.as_secs_f64()),
        None => format!("{:>10} ", ""),
    };
    let direction = arrow(event.direction, Some(event.kind));
    let (line, meaning) = (line(event), meaning(event));
    let plain = Style::new().force_styling(colored);
    let (line_style, meaning_style) = match event.kind {
        _ if event.is_error => (plain.clone().red(), plain.clone().red()),
        Kind::Command => (plain.clone().bold(), plain.clone().dim()),
        Kind::Payload => (plain.clone().cyan(), plain.clone().dim()),
        _ => (plain.clone(), plain.clone().dim()),
    };
    let start = format!("{time}{direction} {}", line_style.apply_to(&line));
    if meaning.is_empty() {
        return start;
    }
    let gap = WIDTH.saturating_sub(line.len());
    format!("{start}{:gap$}  {}", "", meaning_style.apply_to(meaning))
}

/// `     0.250 ! octet 1523 from the module is dropped: 'K'`
pub(crate) fn fault(now: Duration, text: &str, colored: bool) -> String {
    let style = Style::new().force_styling(colored).yellow();
    format!("{:>10.3} {}", now.as_secs_f64(), style.apply_to(format_args!("! {text}")))
}

/// What crossed the line, for people.
fn line(event: &Event) -> String {
    match (event.kind, &event.payload) {
        (_, Some(payload)) => match payload.announced {
            Some(announced) if announced != payload.received => {
                format!("{} of {announced} octets of payload", payload.received)
            }
            _ => format!("{} octets of payload", payload.received),
        },
        (Kind::Overlong, _) => format!("{} octets", event.octets),
        (Kind::Unreadable, _) if event.octets > event.text.len() as u64 + 2 => {
            format!("{}… ({} octets)", printable(&event.text), event.octets)
        }
        _ => printable(&event.text),
    }
}

fn meaning(event: &Event) -> String {
    let checksum = event.payload.as_ref().map(|payload| format!("SHA-256 {}", hexadecimal(&payload.sha256)));
    let parts: Vec<&str> = [event.meaning.as_deref(), checksum.as_deref()].into_iter().flatten().collect();
    parts.join("; ")
}
