//! Octets from the DTE, on their way to a command line.

use crate::response::Output;

/// The most octets behind the prefix (manual 1.4.4); of a longer line nothing runs.
const LONGEST_LINE: usize = 556;

const BACKSPACE: u8 = 8;
const LF: u8 = b'\n';
const CR: u8 = b'\r';

/// What an octet brought to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nothing yet.
    Nothing,
    /// A command line, without prefix and line end.
    Line(Vec<u8>),
    /// A command line that is too long.
    TooLong,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// At the start of a line, or behind something that is no word.
    #[default]
    Between,
    /// Inside a word that is not `AT`.
    Word,
    /// Behind an `A`.
    A,
    /// Behind `AT`.
    Line,
}

/// Whether this DTE ends its lines in CR or in CR LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    Cr,
    CrLf,
}

/// Gathers octets to command lines, and echoes them.
#[derive(Default)]
pub(crate) struct Intake {
    state: State,
    line: Vec<u8>,
    too_long: bool,
    /// What `A/` repeats.
    last: Vec<u8>,
    /// The last octet was the CR of a command line.
    behind_cr: bool,
    line_end: Option<LineEnd>,
    /// Autobauding has not found the rate: nothing is understood but `AT`, and nothing said.
    untrained: bool,
    /// What the echo is switched to behind the line that is being gathered.
    echo: Option<bool>,
}

impl Intake {
    /// Forgets all that was begun, as a restart does.
    pub(crate) fn restart(&mut self, autobaud: bool) {
        *self = Self { untrained: autobaud, ..Self::default() };
    }

    /// Switches the echo. A line is echoed as a whole or not at all.
    pub(crate) fn switch_echo(&mut self, on: bool, output: &mut Output) {
        match self.state {
            State::Between => output.format.echo = on,
            _ => self.echo = Some(on),
        }
    }

    /// Takes one octet outside of payload.
    pub(crate) fn take(&mut self, octet: u8, output: &mut Output) -> Taken {
        self.observe_line_end(octet);
        if self.state == State::Line {
            return self.take_into_line(octet, output);
        }
        self.state = match (self.state, octet) {
            (State::A, b'T' | b't') => {
                if self.untrained {
                    self.untrained = false;
                    output.set_mute(false);
                    output.echo(b'A');
                }
                State::Line
            }
            (State::A, b'/') if !self.untrained => {
                output.echo(octet);
                self.state = State::Between;
                return Taken::Line(self.last.clone());
            }
            (State::Between | State::A, b'A' | b'a') => State::A,
            (_, octet) if octet.is_ascii_alphanumeric() => State::Word,
            _ => State::Between,
        };
        if !self.untrained && octet != LF {
            output.echo(octet);
        }
        Taken::Nothing
    }

    fn take_into_line(&mut self, octet: u8, output: &mut Output) -> Taken {
        match octet {
            CR | LF => {
                // A LF ends a line too, but is not echoed (field log).
                if octet == CR {
                    output.echo(CR);
                }
                output.format.echo = self.echo.take().unwrap_or(output.format.echo);
                self.behind_cr = octet == CR;
                self.state = State::Between;
                let line = std::mem::take(&mut self.line);
                if std::mem::take(&mut self.too_long) {
                    return Taken::TooLong;
                }
                self.last.clone_from(&line);
                return Taken::Line(line);
            }
            BACKSPACE => {
                self.line.pop();
            }
            _ if self.line.len() < LONGEST_LINE => self.line.push(octet),
            _ => self.too_long = true,
        }
        output.echo(octet);
        Taken::Nothing
    }

    /// Whether an octet at the start of a data phase still belongs to the command line: the LF behind its CR.
    ///
    /// A DTE that has seen the prompt and is not in the habit of sending CR LF means a LF as payload.
    pub(crate) fn take_line_feed(&mut self, octet: u8, prompt_seen: bool) -> bool {
        let belongs = self.behind_cr && octet == LF && !(prompt_seen && self.line_end == Some(LineEnd::Cr));
        if belongs || octet != LF {
            self.observe_line_end(octet);
        }
        self.behind_cr = false;
        belongs
    }

    fn observe_line_end(&mut self, octet: u8) {
        if std::mem::take(&mut self.behind_cr) {
            self.line_end = Some(if octet == LF { LineEnd::CrLf } else { LineEnd::Cr });
        }
    }
}
