//! How long the module lets one wait.

use std::time::Duration;

use crate::command_line::CommandLine;
use crate::event::{Direction, Event, Kind};
use crate::printable::printable;

/// Octets were sent, and the module answered later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// When the last octet was sent, or the command was accepted whose result comes later.
    pub began: Duration,
    /// When the module answered.
    pub ended: Duration,
    /// The command that it was about, printable.
    pub command: String,
    /// What that means, where the table says it.
    pub meaning: Option<String>,
}

impl Wait {
    /// How long it took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.ended.saturating_sub(self.began)
    }
}

/// Finds the waits in a capture.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// What was sent last, until the module says something.
    sent: Option<Open>,
    /// What was begun and tells its result unasked.
    begun: Option<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    began: Option<Duration>,
    /// The name of the command, as in the line that tells its result.
    name: Option<String>,
    command: String,
    meaning: Option<String>,
    /// A line of the same name follows the result code.
    has_result: bool,
}

impl Open {
    fn of_command(event: &Event) -> Self {
        let spec = CommandLine::of_several(event.text()).known().map(|known| known.spec);
        Self {
            began: event.time,
            name: event.name().map(str::to_ascii_uppercase),
            command: printable(event.text()),
            meaning: event.meaning.clone(),
            has_result: spec
                .is_some_and(|spec| !spec.unsolicited.is_empty() && spec.unsolicited.starts_with(spec.name)),
        }
    }

    fn ended(self, time: Option<Duration>) -> Option<Wait> {
        let Self { command, meaning, .. } = self;
        Some(Wait { began: self.began?, ended: time?, command, meaning })
    }
}

impl Waits {
    /// The wait that `event` ends.
    pub(crate) fn take(&mut self, event: &Event) -> Option<Wait> {
        match (event.kind, event.direction) {
            // Where only the module was heard, its echo has to do.
            (Kind::Command, _) => self.begin(event),
            (Kind::Echo, _) if self.sent.is_none() => self.begin(event),
            (Kind::Payload, Some(Direction::Sent)) => {
                let open = self.sent.get_or_insert_with(|| Open::of_command(event));
                open.began = event.time;
                None
            }
            (Kind::Unsolicited, _) => {
                let is_result = |open: &mut Open| open.name.as_deref() == event.name();
                self.begun.take_if(is_result)?.ended(event.time)
            }
            (Kind::Information | Kind::Prompt, _) => self.answered(event.time),
            (Kind::Payload, _) => self.answered(event.payload.as_ref()?.since),
            (Kind::Final, _) => {
                if let Some(open) = self.sent.as_ref().filter(|open| open.has_result && !event.is_error) {
                    self.begun = Some(Open { began: event.time, ..open.clone() });
                }
                let wait = self.answered(event.time);
                self.sent = None;
                wait
            }
            _ => None,
        }
    }

    fn begin(&mut self, event: &Event) -> Option<Wait> {
        self.sent = Some(Open::of_command(event));
        None
    }

    /// The module says something of what was sent last; it may go on to.
    fn answered(&mut self, time: Option<Duration>) -> Option<Wait> {
        let open = self.sent.as_mut()?;
        let wait = open.clone().ended(time);
        open.began = None;
        wait
    }

    /// What is not answered yet, for whoever asks what the module was doing.
    pub(crate) fn doing(&self) -> Option<(&str, Option<&str>)> {
        let open = self.sent.as_ref().or(self.begun.as_ref())?;
        Some((&open.command, open.meaning.as_deref()))
    }

    /// The module started anew, and nothing comes of what was open.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}
