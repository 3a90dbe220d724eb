//! Setting what a procedure needs in the module: what it is, what its refusal means, and what puts it back.

use alloc::vec::Vec;
use futures::future::BoxFuture;
use sim800_command::{Command, InvalidValue, LINE_LIMIT};

use crate::boxed::boxed;
use crate::client::Client;
use crate::concatenation::fitting;
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
    /// It is said every time.
    every_time: bool,
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
        Ok(Self { what, request, refusal: Refusal::Fatal, undo: None, every_time: false })
    }

    /// The command line that sets it.
    pub(crate) fn line(&self) -> &[u8] {
        self.request.line()
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

    /// The same, said every time where a round trip is made anyway: it decides which octets come or go, and the line may have
    /// damaged what the module took for it.
    pub(crate) fn every_time(self) -> Self {
        Self { every_time: true, ..self }
    }

    /// The same, not said where the module is known to have it.
    pub(crate) fn once(self) -> Self {
        Self { every_time: false, ..self }
    }

    /// The same, put back by `command` when the procedure is over.
    pub(crate) fn put_back_by<C: Command>(self, command: &C) -> Result<Self, Unsendable> {
        let what = self.what;
        let undo = request(command).map_err(|reason| Unsendable { what, reason })?;
        Ok(Self { undo: Some(undo), ..self })
    }
}

fn request<C: Command>(command: &C) -> Result<Request, InvalidValue> {
    Request::encode(command)
        .map_err(|too_long| InvalidValue::TooLong { length: too_long.length, limit: LINE_LIMIT })
}

/// Sends `settings`, as many on a line as fit where the firmware lets them; what puts them back is added to `undo` before that, for a
/// setting that failed may have been taken.
pub(crate) fn set<'f>(
    client: &'f Client,
    settings: &'f [Setting],
    undo: &'f mut Vec<Request>,
) -> BoxFuture<'f, Result<(), Unset>> {
    boxed(|| send(client, settings.iter().collect(), undo))
}

/// The same for those that the module is not known to have, and those that are said every time: where each has a line of its own,
/// they have to differ, too.
pub(crate) fn set_what_differs<'f>(
    client: &'f Client,
    settings: &'f [Setting],
    undo: &'f mut Vec<Request>,
) -> BoxFuture<'f, Result<(), Unset>> {
    let is_cheap = client.concatenates();
    let differs =
        |setting: &&Setting| (setting.every_time && is_cheap) || !client.known().is_set(setting.line());
    boxed(|| send(client, settings.iter().filter(differs).collect(), undo))
}

async fn send(client: &Client, mut settings: Vec<&Setting>, undo: &mut Vec<Request>) -> Result<(), Unset> {
    if client.concatenates() {
        // From a secret on, a trace masks the line to its end.
        let (secret, mut ordered): (Vec<_>, Vec<_>) =
            settings.into_iter().partition(|setting| setting.request.is_secret());
        ordered.extend(secret);
        settings = ordered;
    }
    while !settings.is_empty() {
        let rest = settings.split_off(fitting(settings.iter().map(|setting| &setting.request)));
        undo.extend(settings.iter().filter_map(|setting| setting.undo.clone()));
        let since = client.known().now();
        settings.iter().for_each(|setting| client.known().is_being_set(setting.line()));
        let requests: Vec<_> = settings.iter().map(|setting| &setting.request).collect();
        // None of them turns to anything beyond the module: what the slowest may take does for all.
        let limit = requests.iter().map(|request| request.time_limit()).max().unwrap_or_default();
        let is_refused = match client.on_one_line(&requests) {
            Some(line) => match client.request(line.with_time_limit(limit)).await {
                Ok(_) => None,
                Err(error) if error.is_rejected() => Some(true),
                Err(error) => return Err(Unset::of(settings.first(), error)),
            },
            None => Some(false),
        };
        if let Some(is_refused) = is_refused {
            let are_all_taken = send_each(client, &settings, is_refused).await?;
            if is_refused && are_all_taken {
                client.known().takes_one_at_a_time();
            }
        }
        settings.iter().for_each(|setting| client.known().was_set(since, setting.line()));
        settings = rest;
    }
    Ok(())
}

/// Sends them one by one, and once more what is refused, unless that `is_again`; whether none was refused.
async fn send_each(client: &Client, settings: &[&Setting], is_again: bool) -> Result<bool, Unset> {
    let mut are_all_taken = true;
    for setting in settings {
        let mut result = client.request(setting.request.clone()).await;
        let is_harmless = setting.refusal == Refusal::Harmless;
        if !is_again && !is_harmless && result.as_ref().is_err_and(|error| client.doubts(error)) {
            result = client.request(setting.request.clone()).await;
        }
        match result {
            Err(error) if error.is_rejected() && is_harmless => are_all_taken = false,
            Err(error) => return Err(Unset::of(Some(setting), error)),
            Ok(_) => {}
        }
    }
    Ok(are_all_taken)
}

impl Unset {
    fn of(setting: Option<&&Setting>, error: Error) -> Self {
        let refusal = setting.filter(|_| error.is_rejected()).map(|setting| setting.refusal);
        Self { what: setting.map_or("", |setting| setting.what), refusal, error }
    }
}
