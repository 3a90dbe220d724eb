//! The module that is tried, and what happens to it.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::stream::StreamExt;
use sim800_command::Prepared;
use sim800_session::{Client, Failure as CommandFailure, Malformation, Notice, Notices, Request};
use smol::process::Command;

use crate::at::announced;
use crate::failure::Failure;

/// How long a line may take that the table does not have: most are refused at once.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// How many octets a command may announce. More would try the line and not the command.
const OCTETS: u64 = 2048;

/// What a line did to the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// It restarted or switched itself off.
    Restart,
    /// No result came in time.
    Silence,
    /// It does not even answer `AT`; the line itself was not sent.
    Deaf,
    /// It said what makes no sense.
    Nonsense(String),
}

impl Happened {
    /// What [`Display`](fmt::Display) writes.
    pub(super) fn from_words(words: &str) -> Option<Self> {
        match words {
            "a restart" => Some(Self::Restart),
            "silence" => Some(Self::Silence),
            _ => {
                let what = words.strip_prefix("nonsense (")?.strip_suffix(')')?;
                Some(Self::Nonsense(what.to_owned()))
            }
        }
    }

    /// Whether the two are the same for whoever looks for a cause.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let is_silent = |happened: &Self| matches!(happened, Self::Silence | Self::Deaf);
        match (self, other) {
            (Self::Restart, Self::Restart) | (Self::Nonsense(_), Self::Nonsense(_)) => true,
            (one, other) => is_silent(one) && is_silent(other),
        }
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart => f.write_str("a restart"),
            Self::Silence | Self::Deaf => f.write_str("silence"),
            Self::Nonsense(what) => write!(f, "nonsense ({what})"),
        }
    }
}

pub(super) struct Module<'a> {
    client: &'a Client,
    pause: Duration,
    reset: Option<&'a str>,
    notices: Notices,
}

impl<'a> Module<'a> {
    pub(super) fn new(client: &'a Client, pause: Duration, reset: Option<&'a str>) -> Self {
        Self { client, pause, reset, notices: client.subscribe(|_| false) }
    }

    /// Sends a line, and waits a little for what comes of it.
    pub(super) async fn send(&mut self, line: &str) -> Result<Option<Happened>, Failure> {
        let Some(request) = request(line)? else { return Ok(None) };
        // What happened before is of another line.
        while self.notices.next().now_or_never().flatten().is_some() {}
        let result = self.client.request(request).await;
        let runtime = self.client.runtime();
        runtime.sleep_until(runtime.now() + self.pause).await;
        let mut happened = match result {
            Ok(_) => None,
            Err(error) => match error.failure() {
                CommandFailure::Restarted(_) => Some(Happened::Restart),
                CommandFailure::TimedOut { .. } | CommandFailure::Starved { .. } => Some(Happened::Silence),
                CommandFailure::Desynchronized => Some(Happened::Deaf),
                CommandFailure::Disconnected(_) => return Err(error.into()),
                CommandFailure::Malformed(
                    what @ (Malformation::TooMuchInformation
                    | Malformation::Damaged
                    | Malformation::Excess { .. }),
                ) => Some(Happened::Nonsense(what.to_string())),
                // It was refused, or answered in a way that the table does not foresee of such values.
                _ => None,
            },
        };
        while let Some(Some(notice)) = self.notices.next().now_or_never() {
            if let Notice::Restarted(_) = notice {
                happened = Some(Happened::Restart);
            }
        }
        Ok(happened)
    }

    /// Sends all of them up to the first behind which something happens.
    pub(super) async fn send_all(&mut self, lines: &[String]) -> Result<Option<Happened>, Failure> {
        for line in lines {
            if let Some(happened) = self.send(line).await? {
                return Ok(Some(happened));
            }
        }
        // What the last line did may show at the next only.
        self.send("AT").await
    }

    /// Waits until the module answers again; one that does not is reset, if there is a way.
    pub(super) async fn recover(&mut self) -> Result<(), Failure> {
        let Err(gone) = self.client.find().await else { return Ok(()) };
        let Some(reset) = self.reset else {
            let message = "the module does not answer any more: switch it off and on; with --reset COMMAND, the run goes on by itself";
            return Err(Failure::from(gone).with_message(message));
        };
        let status =
            Command::new("sh").arg("-c").arg(reset).stdin(Stdio::null()).stdout(Stdio::null()).status().await;
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => {
                return Err(Failure::usage(format!("the command of --reset failed ({status}): {reset}")));
            }
            Err(error) => return Err(Failure::new("system", format!("cannot run a shell: {error}"))),
        }
        Ok(self.client.find().await?)
    }
}

/// `None` for what is not tried.
pub(super) fn request(line: &str) -> Result<Option<Request>, Failure> {
    let request =
        Request::verbatim(line, TIME_LIMIT).map_err(|failure| Failure::usage(failure.to_string()))?;
    match Prepared::parse(line.as_bytes()).as_ref().and_then(announced) {
        Some(count) if count > OCTETS => Ok(None),
        Some(count) => Ok(Some(request.with_body(Bytes::from(vec![b'x'; count as usize])))),
        None => Ok(Some(request)),
    }
}
