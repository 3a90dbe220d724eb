//! What the console shows.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use console::colors_enabled;
use rustyline::ExternalPrinter;
use sim800_capture::{Event, Kind, Text, json};
use sim800_session::Direction;

use crate::failure::Failure;

/// Where it is shown.
pub(super) struct Screen {
    to: To,
    text: Text,
}

enum To {
    /// Above the line that is being typed. By a thread of its own, for the editor takes its time.
    Terminal(Sender<String>),
    Stdout {
        json: bool,
    },
}

impl Screen {
    pub(super) fn terminal(mut printer: impl ExternalPrinter + Send + 'static) -> Result<Self, Failure> {
        let (sender, receiver) = channel::<String>();
        thread::Builder::new()
            .name("screen".into())
            .spawn(move || {
                while let Ok(text) = receiver.recv() {
                    if printer.print(text).is_err() {
                        return;
                    }
                }
            })
            .map_err(|error| Failure::new("system", format!("cannot start a thread: {error}")))?;
        Ok(Self { to: To::Terminal(sender), text: Text::new().colored(colors_enabled()) })
    }

    pub(super) fn stdout(json: bool) -> Self {
        let is_colored = io::stdout().is_terminal() && colors_enabled();
        Self { to: To::Stdout { json }, text: Text::new().colored(is_colored) }
    }

    /// Shows what crossed the line, and what it means.
    pub(super) fn events<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) -> Result<(), Failure> {
        let mut lines = String::new();
        for event in events {
            let line = match self.to {
                To::Stdout { json: true } => Some(json(event)),
                _ if is_tedious(event) => continue,
                // What was typed is there already.
                To::Terminal(_) if event.direction == Some(Direction::Sent) && !event.is_error => continue,
                _ => self.text.render(event),
            };
            lines.extend(line.into_iter().flat_map(|line| [line, "\n".to_owned()]));
        }
        self.put(lines)
    }

    /// Shows lines of text; programs are told nothing of it.
    pub(super) fn say(&self, lines: &str) -> Result<(), Failure> {
        if matches!(self.to, To::Stdout { json: true }) {
            return Ok(());
        }
        self.put(format!("{}\n", lines.trim_end()))
    }

    fn put(&self, lines: String) -> Result<(), Failure> {
        if lines.is_empty() {
            return Ok(());
        }
        match &self.to {
            // Without an editor there is nobody to be shown anything.
            To::Terminal(sender) => drop(sender.send(lines)),
            To::Stdout { .. } => {
                let mut stdout = io::stdout().lock();
                let written = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());
                written.map_err(|error| Failure::stdout(&error))?;
            }
        }
        Ok(())
    }
}

/// Whether people are not shown it: the echo says again what was sent.
fn is_tedious(event: &Event) -> bool {
    matches!(event.kind, Kind::Blank | Kind::Echo)
}
