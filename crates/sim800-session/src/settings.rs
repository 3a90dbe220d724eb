//! Setting what a procedure needs in the module: what it is, what its refusal means, and what puts it back.

use sim800_command::{Command, InvalidValue, LINE_LIMIT, Prepared};

use crate::client::Client;
use crate::engine::Request;
use crate::error::Error;

/// What it means that the module refuses a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// That the procedure fails.
    Fatal,
    /// Nothing: it only takes back what an earlier program may have set, and firmware that lacks the command has nothing
    /// set.
    Harmless,
    /// That the firmware has no SSL.
    NoSsl,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    what: &'static str,
    request: Request,
    refusal: Refusal,
    undo: Option<Request>,
}

/// A value that cannot be sent.
#[derive(Debug)]
pub(crate) struct Unsendable {
    pub(crate) what: &'static str,
    pub(crate) reason: InvalidValue,
}

/// A setting that the module did not take.
#[derive(Debug)]
pub(crate) struct Unset {
    pub(crate) what: &'static str,
    /// What it means that it was refused; `None` when it failed otherwise.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) error: Error,
}

impl Setting {
    /// What is to be set, called `what` in errors. Its refusal is fatal.
    pub(crate) fn new<C: Command>(
        what: &'static str,
        command: Result<C, InvalidValue>,
    ) -> Result<Self, Unsendable> {
        let request = command.and_then(|command| request(&command));
        let request = request.map_err(|reason| Unsendable { what, reason })?;
        Ok(Self { what, request, refusal: Refusal::Fatal, undo: None })
    }

    #[cfg(test)]
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// The same with another meaning of its refusal.
    pub(crate) fn or(self, refusal: Refusal) -> Self {
        Self { refusal, ..self }
    }

    /// The same, its refusal harmless where it only `takes_back` what was set before.
    pub(crate) fn harmless_if(self, takes_back: bool) -> Self {
        if takes_back { self.or(Refusal::Harmless) } else { self }
    }

    /// The same, put back by `command` when the procedure is over.
    pub(crate) fn put_back_by<C: Command>(self, command: &C) -> Result<Self, Unsendable> {
        let what = self.what;
        let undo = request(command).map_err(|reason| Unsendable { what, reason })?;
        Ok(Self { undo: Some(undo), ..self })
    }
}

fn request<C: Command>(command: &C) -> Result<Request, InvalidValue> {
    let prepared = Prepared::new(command);
    let prepared =
        prepared.map_err(|too_long| InvalidValue::TooLong { length: too_long.length, limit: LINE_LIMIT })?;
    Ok(prepared.into())
}

/// Sends `settings`, one after the other; what puts them back is added to `undo` before that, for a setting that failed may
/// have been taken.
pub(crate) async fn set(client: &Client, settings: &[Setting], undo: &mut Vec<Request>) -> Result<(), Unset> {
    for Setting { what, request, refusal, undo: back } in settings {
        undo.extend(back.clone());
        match client.request(request.clone()).await {
            Err(error) if error.is_rejected() && *refusal == Refusal::Harmless => {}
            Err(error) => {
                let refusal = error.is_rejected().then_some(*refusal);
                return Err(Unset { what, refusal, error });
            }
            Ok(_) => {}
        }
    }
    Ok(())
}
