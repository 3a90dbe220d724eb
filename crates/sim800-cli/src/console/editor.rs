//! Lines that somebody types on a terminal.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use console::{Style, colors_enabled};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{self, Hinter};
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext, EventHandler,
    ExternalPrinter, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
};
use sim800_command::Mask;

use super::input::{Ending, Input, Wanted};
use super::knowledge::{Hint, candidates, hint};
use crate::failure::Failure;
use crate::history;

/// How many lines are remembered.
const REMEMBERED: usize = 1000;

/// How long a key may take that sends more than ESC, in milliseconds.
const KEY: u16 = 50;

/// A line editor that knows the commands.
pub(super) struct Lines {
    editor: Editor<Knowing, FileHistory>,
    file: Option<PathBuf>,
    is_data: Arc<AtomicBool>,
    ending: Arc<AtomicU8>,
}

impl Lines {
    pub(super) fn new() -> Result<Self, Failure> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .auto_add_history(false)
            .keyseq_timeout(Some(KEY))
            .max_history_size(REMEMBERED)
            .map_err(failed)?
            .build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        let (is_data, ending) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU8::new(0)));
        editor.set_helper(Some(Knowing { is_data: is_data.clone() }));
        for (key, octet) in [
            (KeyEvent::ctrl('Z'), Ending::CtrlZ as u8),
            (KeyEvent(KeyCode::Esc, Modifiers::NONE), Ending::Escape as u8),
        ] {
            let handler = EndOfData { is_data: is_data.clone(), ending: ending.clone(), octet };
            editor.bind_sequence(key, EventHandler::Conditional(Box::new(handler)));
        }
        // Without one, lines are remembered as long as the console runs.
        let file = history::file("console_history");
        if let Some(file) = &file {
            let _ = editor.load_history(file);
        }
        Ok(Self { editor, file, is_data, ending })
    }

    /// What writes above the line that is being typed.
    pub(super) fn printer(&mut self) -> Result<impl ExternalPrinter + Send + use<>, Failure> {
        self.editor.create_external_printer().map_err(failed)
    }

    pub(super) fn read(&mut self, wanted: Wanted) -> Result<Input, Failure> {
        self.is_data.store(wanted != Wanted::Command, Ordering::Relaxed);
        self.ending.store(Ending::Enter as u8, Ordering::Relaxed);
        let prompt = match wanted {
            Wanted::Command => "sim800> ".to_owned(),
            Wanted::Data(Some(octets)) => format!("{octets} bytes> "),
            Wanted::Data(None) => "> ".to_owned(),
        };
        let text = match self.editor.readline(&prompt) {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => return Ok(Input::GivenUp),
            Err(ReadlineError::Eof) => return Ok(Input::End),
            Err(error) => return Err(failed(error)),
        };
        let ending = match self.ending.load(Ordering::Relaxed) {
            octet if octet == Ending::CtrlZ as u8 => Ending::CtrlZ,
            octet if octet == Ending::Escape as u8 => Ending::Escape,
            _ => Ending::Enter,
        };
        if wanted == Wanted::Command {
            self.remember(&text);
        }
        Ok(Input::Line(text, ending))
    }

    /// Secrets are not.
    fn remember(&mut self, line: &str) {
        let line = masked(line.trim());
        if line.is_empty() {
            return;
        }
        if let (Ok(true), Some(file)) = (self.editor.add_history_entry(line), &self.file) {
            let _ = self.editor.append_history(file);
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: ReadlineError) -> Failure {
    Failure::new("system", format!("cannot edit lines: {error}"))
}

/// The line with asterisks in place of its secrets.
fn masked(line: &str) -> String {
    let mut octets = line.as_bytes().to_vec();
    Mask::new().mask(&mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

/// Whether a line has nothing but asterisks where it has a secret, as one of the history does.
pub(super) fn has_lost_a_secret(line: &str) -> bool {
    // What is masked, wherever asterisks were.
    let shown = masked(&line.replace('*', "x"));
    let secret: Vec<_> =
        line.bytes().zip(shown.bytes()).filter(|(_, shown)| *shown == b'*').map(|(octet, _)| octet).collect();
    !secret.is_empty() && secret.iter().all(|octet| *octet == b'*')
}

/// Ctrl-Z and ESC end data.
struct EndOfData {
    is_data: Arc<AtomicBool>,
    ending: Arc<AtomicU8>,
    octet: u8,
}

impl ConditionalEventHandler for EndOfData {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        if !self.is_data.load(Ordering::Relaxed) {
            return None;
        }
        self.ending.store(self.octet, Ordering::Relaxed);
        Some(Cmd::AcceptLine)
    }
}

/// Completes and explains command lines by the table.
struct Knowing {
    /// What is typed is data.
    is_data: Arc<AtomicBool>,
}

impl Completer for Knowing {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<Pair>), ReadlineError> {
        let line = line.get(..position).unwrap_or(line);
        if self.is_data.load(Ordering::Relaxed) {
            return Ok((line.len(), Vec::new()));
        }
        let (start, candidates) = candidates(line);
        let width = candidates.iter().map(|candidate| candidate.text.len()).max().unwrap_or_default();
        let pairs = candidates.into_iter().map(|candidate| Pair {
            display: format!("{:width$}  {}", candidate.text, candidate.meaning).trim_end().to_owned(),
            replacement: candidate.text,
        });
        Ok((start, pairs.collect()))
    }
}

impl hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.completes.then_some(&self.text)
    }
}

impl Hinter for Knowing {
    type Hint = Hint;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<Hint> {
        if position < line.len() || self.is_data.load(Ordering::Relaxed) { None } else { hint(line) }
    }
}

impl Highlighter for Knowing {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Style::new().force_styling(colors_enabled()).dim().apply_to(hint).to_string().into()
    }
}

impl Validator for Knowing {}
impl Helper for Knowing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_holds_no_secret_and_is_not_sent_as_it_is() {
        for (line, remembered, has_lost) in [
            ("AT+FTPPW=\"sesame\"", "AT+FTPPW=********", true),
            ("AT+CPIN=1234", "AT+CPIN=****", true),
            ("AT+SAPBR=3,1,\"PWD\",\"a\"", "AT+SAPBR=3,1,\"PWD\",***", true),
            ("AT+CSQ", "AT+CSQ", false),
            ("AT+FTPPUTNAME=\"*.*\"", "AT+FTPPUTNAME=\"*.*\"", false),
        ] {
            assert_eq!(masked(line), remembered);
            assert_eq!(has_lost_a_secret(remembered), has_lost, "{remembered}");
            assert!(!has_lost_a_secret(line), "{line}");
        }
    }
}
