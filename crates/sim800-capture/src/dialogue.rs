//! What shows that text is a dialogue with a module.

use sim800_command::{Id, Unsolicited};
use sim800_parser::{FinalResultCode, Line};

use crate::command_line::CommandLine;

/// The lines of `text`, whatever ends them.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| matches!(octet, b'\r' | b'\n'))
}

/// Whether a line is a command, a result code or a line that modules send: prose is none of these.
pub(crate) fn is_of_one(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    is_command(line) || is_response(line)
}

/// Whether a line is a command that is known or looks like one.
pub(crate) fn is_command(line: &[u8]) -> bool {
    let Some(command) = CommandLine::new(line) else { return false };
    match command.name() {
        None => line.len() == 2,
        Some(name) if Id::from_name(name).is_some() => {
            // `ATE0`, and not a word that begins so.
            name.len() > 1
                || line.get(3..).is_some_and(|behind| behind.iter().all(|octet| !octet.is_ascii_alphabetic()))
        }
        Some(name) => name.len() > 2 && name.starts_with(['+', '&', '#']),
    }
}

/// Whether only a module sends such a line.
pub(crate) fn is_response(line: &[u8]) -> bool {
    let line = Line::new(line.trim_ascii());
    FinalResultCode::from_line(line).is_some()
        || !matches!(Unsolicited::from(line), Unsolicited::Other(_))
        || line.name().is_some_and(|name| Id::from_name(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialogue_is_told_from_prose() {
        for line in ["AT", "at+csq", "ATE0", "AT+CIPSTART=\"TCP\"", "OK", "+CSQ: 1,0", "RDY", "+CME ERROR: 3"]
        {
            assert!(is_of_one(line.as_bytes()), "{line}");
        }
        for line in ["", "Attention", "ok then", "13:46:58 OK", "+1 for that", "A", "at noon"] {
            assert!(!is_of_one(line.as_bytes()), "{line}");
        }
    }
}
