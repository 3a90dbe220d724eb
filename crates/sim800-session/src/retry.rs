//! Trying again after a failure that need not be final.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::bearer::Bearer;
use crate::chain::Chain;
use crate::client::Client;
use crate::error::Failure;
use crate::notices::Notice;

/// How often, and after which pauses, an operation is tried again.
///
/// ```
/// use sim800_session::{Config, Retries};
///
/// let mut config = Config::default();
/// config.retries = Retries::NONE; // the first failure is final
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// How many tries may follow one another without any octet moved by them; 3 unless set.
    pub at_most: u32,
    /// The pause before the first of them, doubled before each further one; 1 s unless set.
    pub pause: Duration,
    /// The longest pause; 30 s unless set.
    pub pause_max: Duration,
}

impl Retries {
    /// The first failure is final.
    pub const NONE: Self = Self { at_most: 0, pause: Duration::ZERO, pause_max: Duration::ZERO };

    /// The pause before the `n`th try in a row, counted from 1.
    fn pause(&self, n: u32) -> Duration {
        let factor = 1_u32.checked_shl(n.saturating_sub(1)).unwrap_or(u32::MAX);
        self.pause.saturating_mul(factor).min(self.pause_max)
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self { at_most: 3, pause: Duration::from_secs(1), pause_max: Duration::from_secs(30) }
    }
}

/// Something failed and is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// What failed, and how.
    pub cause: String,
    /// Which try in a row this is, counted from 1.
    pub attempt: u32,
    /// How many there may be.
    pub at_most: u32,
    /// How long is waited before it.
    pub pause: Duration,
    /// How many octets had been moved, where the operation moves any and has begun to.
    pub position: Option<u64>,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, attempt, at_most, pause, position } = self;
        write!(f, "{cause}; ")?;
        if let Some(position) = position {
            write!(f, "{position} octets moved; ")?;
        }
        write!(f, "trying again in {pause:?} ({attempt} of {at_most})")
    }
}

/// What a failure took away and another try has to bring back first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The response of one command: the line lost octets.
    Response,
    /// The session with the server, and what it needs: perhaps the bearer, perhaps all that was set up in the module.
    Session,
}

/// An error that says what it took away.
pub(crate) trait Transient: Error + 'static {
    /// What was lost; `None` when another try would fail as well. A failure that says that something was wrong from the
    /// start says so only before anything is `under_way`.
    fn loss(&self, under_way: bool) -> Option<Loss>;

    /// Whether that there is no bearer may be the reason, of which the module says nothing else.
    fn may_lack_bearer(&self) -> bool {
        false
    }

    /// Whether it says more than the failure that another try followed.
    fn is_decisive(&self) -> bool {
        false
    }
}

impl Transient for Failure {
    fn loss(&self, under_way: bool) -> Option<Loss> {
        match self {
            Self::Malformed(_) | Self::TimedOut { .. } | Self::Starved { .. } => Some(Loss::Response),
            Self::Desynchronized | Self::Restarted(_) => Some(Loss::Session),
            // What was there a moment ago is gone: a restart of which nothing was seen.
            Self::Rejected(_) => under_way.then_some(Loss::Session),
            Self::Disconnected(_) | Self::Misuse(_) => None,
        }
    }
}

/// The tries of one operation.
#[derive(Debug)]
pub(crate) struct Attempts<E> {
    client: Client,
    /// What is brought back first when a session was lost; without one, that is final.
    bearer: Option<Bearer>,
    /// Tries in a row that moved nothing.
    failed: u32,
    /// The failure that these began with.
    first: Option<E>,
}

impl<E: Transient + Clone> Attempts<E> {
    /// The tries of what needs `bearer`.
    pub(crate) fn new(bearer: &Bearer) -> Self {
        Self { client: bearer.client().clone(), bearer: Some(bearer.clone()), failed: 0, first: None }
    }

    /// The tries of what needs nothing but that the module responds.
    pub(crate) fn of_commands(client: &Client) -> Self {
        Self { client: client.clone(), bearer: None, failed: 0, first: None }
    }

    /// The operation got further.
    pub(crate) fn succeeded(&mut self) {
        self.failed = 0;
        self.first = None;
    }

    /// What a try that moves nothing brought; `None` when all is ready for another one.
    pub(crate) async fn settle<T>(&mut self, result: Result<T, E>) -> Result<Option<T>, E> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => self.again(error, None).await.map(|()| None),
        }
    }

    /// Makes ready for another try after `error`, `position` octets having been moved of a transfer that is under way.
    /// When there is to be none, the failure that was the first since anything was moved comes back.
    pub(crate) async fn again(&mut self, error: E, position: Option<u64>) -> Result<(), E> {
        let mut loss = error.loss(position.is_some() || self.first.is_some());
        let retries = self.client.config().retries;
        if loss.is_none() && retries.at_most > 0 && error.may_lack_bearer() {
            if let Some(bearer) = &self.bearer {
                loss = bearer.is_closed().await.then_some(Loss::Session);
            }
        }
        let mut cause = Chain(&error).to_string();
        if error.is_decisive() {
            return Err(error);
        }
        let first = self.first.get_or_insert(error);
        let restore = match (loss, &self.bearer) {
            (Some(Loss::Response), _) => None,
            (Some(Loss::Session), Some(bearer)) => Some(bearer),
            _ => return Err(first.clone()),
        };
        let client = &self.client;
        while self.failed < retries.at_most {
            self.failed += 1;
            let pause = retries.pause(self.failed);
            client.announce(&Notice::Retrying(Retry {
                cause,
                attempt: self.failed,
                at_most: retries.at_most,
                pause,
                position,
            }));
            client.pause(pause).await;
            match restore {
                None => {
                    client.synchronize().await;
                    return Ok(());
                }
                Some(bearer) => match bearer.restore(self.failed > 1).await {
                    Ok(()) => return Ok(()),
                    Err(error) => cause = Chain(&error).to_string(),
                },
            }
        }
        Err(first.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let pauses = |retries: Retries| [1, 2, 3, 6, 40, u32::MAX].map(|n| retries.pause(n).as_secs());
        assert_eq!(pauses(Retries::default()), [1, 2, 4, 30, 30, 30]);
        assert_eq!(pauses(Retries::NONE), [0; 6]);
    }
}
