//! What of a capture is wanted.

use std::time::Duration;

use sim800_capture::{Event, Kind, Subject};

use crate::args::{Decode, Only};
use crate::failure::Failure;

pub(super) struct Filter {
    only: Vec<Only>,
    since: Option<Duration>,
    until: Option<Duration>,
}

impl Filter {
    pub(super) fn new(arguments: &Decode) -> Result<Self, Failure> {
        let Decode { since, until, .. } = *arguments;
        if since.zip(until).is_some_and(|(since, until)| since > until) {
            return Err(Failure::usage(
                "nothing can be between --since and --until: the first is the later time",
            ));
        }
        Ok(Self { only: arguments.only.clone(), since, until })
    }

    /// Whether it is between the times that were asked for; what has no time is between none.
    pub(super) fn is_in_time(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.time.is_some_and(|time| time >= since))
            && self.until.is_none_or(|until| event.time.is_some_and(|time| time <= until))
    }

    /// Whether it is about what was asked for.
    pub(super) fn is_shown(&self, event: &Event) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| is(event, *only))
    }
}

fn is(event: &Event, only: Only) -> bool {
    match only {
        Only::Http => event.subject == Subject::Http,
        Only::Ftp => event.subject == Subject::Ftp,
        Only::Files => event.subject == Subject::Files,
        Only::Sockets => event.subject == Subject::Sockets,
        Only::Bearer => event.subject == Subject::Bearer,
        Only::Module => event.subject == Subject::Module,
        Only::Errors => event.is_error,
        Only::Unsolicited => event.kind == Kind::Unsolicited,
    }
}
