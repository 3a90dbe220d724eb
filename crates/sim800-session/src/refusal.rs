//! What a refusal says of a command that must not be carried out twice. It may have been another's: a line of a message may read like
//! one, and so may what the line made of something else.

use core::future::Future;
use core::time::Duration;

use sim800_command::Unsolicited;

use crate::client::Client;
use crate::error::Error;
use crate::watch::Watch;

/// How long the module is left alone before it is asked, each time: what it says to the command itself may still come.
const PAUSE: Duration = Duration::from_secs(1);

/// How often it has to say that it does nothing. It may say so while it connects.
const ANSWERS: u32 = 6;

/// How many answers the line may damage.
const DAMAGED: u32 = 3;

/// What became of a command that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The module does nothing of it.
    Undone,
    /// The module carries it out.
    UnderWay,
    /// Nobody knows.
    Unclear,
}

impl Refused {
    /// Finds out by asking whether the module is at work. What it says of that work `is_told`.
    pub(crate) async fn find_out<F>(
        client: &Client,
        watch: &mut Option<Watch>,
        is_told: impl Fn(Unsolicited<'_>) -> bool,
        is_at_work: impl Fn() -> F,
    ) -> Self
    where
        F: Future<Output = Result<bool, Error>>,
    {
        let Some(watch) = watch else { return Self::Unclear };
        let (mut answers, mut damaged) = (0, 0);
        while answers < ANSWERS {
            client.pause(PAUSE).await;
            if watch.may_have(&is_told) {
                return Self::Unclear;
            }
            match is_at_work().await {
                Ok(true) => return Self::UnderWay,
                Ok(false) => answers += 1,
                Err(error) if error.is_of_the_line() && damaged < DAMAGED => damaged += 1,
                Err(_) => return Self::Unclear,
            }
        }
        // What the line lost may have been what it had to say.
        if watch.take_loss() { Self::Unclear } else { Self::Undone }
    }
}
