//! Trying again after a failure that need not be final.

use alloc::string::ToString;
use core::time::Duration;

use crate::bearer::Bearer;
use crate::boxed::boxed;
use crate::chain::Chain;
use crate::client::Client;
use crate::loss::{Loss, Transient};

/// How long it may be waited for somebody who says nothing, until that is an error: all tries together that move nothing.
pub(crate) const STANDSTILL: Duration = Duration::from_secs(115);

/// The tries of one operation.
#[derive(Debug)]
pub(crate) struct Attempts<E> {
    client: Client,
    /// What is brought back first when a session was lost; without one, that is final.
    bearer: Option<Bearer>,
    /// Tries in a row that moved nothing.
    failed: u32,
    /// How long it was waited in them.
    waited: Duration,
    /// The failure that these began with.
    first: Option<E>,
}

impl<E: Transient + Clone + PartialEq + Send + Sync> Attempts<E> {
    /// The tries of what needs `bearer`.
    pub(crate) fn new(bearer: &Bearer) -> Self {
        Self {
            client: bearer.client().clone(),
            bearer: Some(bearer.clone()),
            failed: 0,
            waited: Duration::ZERO,
            first: None,
        }
    }

    /// The tries of what needs nothing but that the module responds.
    pub(crate) fn of_commands(client: &Client) -> Self {
        Self { client: client.clone(), bearer: None, failed: 0, waited: Duration::ZERO, first: None }
    }

    /// The operation got further.
    pub(crate) fn succeeded(&mut self) {
        (self.failed, self.waited) = (0, Duration::ZERO);
        self.first = None;
    }

    /// How long the next try may wait for somebody who says nothing.
    pub(crate) fn left(&self) -> Duration {
        STANDSTILL.saturating_sub(self.waited)
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
        // Seldom, and a part of every procedure.
        boxed(|| self.recover(error, position)).await
    }

    async fn recover(&mut self, error: E, position: Option<u64>) -> Result<(), E> {
        // What was refused once need not be: what comes of the next try says more.
        let doubted = self.first.take_if(|first| first.loss(false) == Some(Loss::Command));
        let mut loss = error.loss(position.is_some() || self.first.is_some());
        if loss == Some(Loss::Command) && doubted.as_ref() == Some(&error) {
            return Err(error);
        }
        if loss.is_none() && self.client.config().retries.at_most > 0 && error.may_lack_bearer() {
            if let Some(bearer) = &self.bearer {
                loss = bearer.is_closed().await.then_some(Loss::Session);
            }
        }
        let mut cause = Chain(&error).to_string();
        if error.is_decisive() {
            return Err(error);
        }
        let waited = error.waited();
        let first = self.first.get_or_insert(error);
        self.waited += waited;
        if self.waited >= STANDSTILL {
            return Err(first.clone());
        }
        let mut is_of_the_line = matches!(loss, Some(Loss::Command | Loss::Response));
        if !is_of_the_line && (loss.is_none() || self.bearer.is_none()) {
            return Err(first.clone());
        }
        let client = &self.client;
        while client.retry(cause, self.failed + 1, position).await {
            self.failed += 1;
            if core::mem::take(&mut is_of_the_line) {
                // Where the module does not answer, the session is lost as well.
                if client.synchronize().await.is_ok() {
                    return Ok(());
                }
                cause = Chain(first).to_string();
                continue;
            }
            let Some(bearer) = &self.bearer else { break };
            match bearer.restore(self.failed > 1).await {
                Ok(()) => return Ok(()),
                Err(error) => cause = Chain(&error).to_string(),
            }
        }
        Err(first.clone())
    }
}
