//! What a failure took away, and whether another try may help.

use core::error::Error;
use core::time::Duration;

use crate::error::Failure;

/// What a failure took away and another try has to bring back first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The command, on its way to the module: what the line left of it was refused. One that is refused for good is refused again.
    Command,
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

    /// How long nobody said anything before it.
    fn waited(&self) -> Duration {
        Duration::ZERO
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
            Self::Rejected(_) if under_way => Some(Loss::Session),
            Self::Rejected(_) => Some(Loss::Command),
            _ => None,
        }
    }
}
