//! The module's HTTP service, from `HTTPINIT` to `HTTPTERM`.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, Method};
use sim800_command::{
    Command, HttpHead, HttpInit, HttpPara, HttpParameter, HttpStatusRead, HttpTerm, Number, Unsolicited,
};

use super::plan::Plan;
use super::{HttpError, headers};
use crate::client::Client;
use crate::engine::{Request, Response};
use crate::error::{Error, Failure};
use crate::loss::{Loss, Transient};
use crate::sent::Sent;
use crate::settings::{self, Refusal, Unset};
use crate::turn::{Held, Turn, UNREAD};
use crate::watch::{Interruption, Watch};

/// What a request may take beyond the timeout that the module was given, for the network layers below it.
pub(super) const MARGIN: Duration = Duration::from_secs(30);

/// A started HTTP service, ended when dropped.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) client: Client,
    pub(super) method: Method,
    /// Left to the chore that ends the service, as is the turn.
    pub(super) watch: Option<Watch>,
    turn: Option<Turn>,
    /// How long a request that was begun may still run.
    pub(super) running: Option<Duration>,
    /// Whether the server may have got a request.
    pub(super) sent: Sent,
}

impl Service {
    /// Waits until no other request uses the service, and starts it.
    pub(super) async fn start(client: &Client, cid: u8, plan: &Plan) -> Result<Self, HttpError> {
        Self::start_as(client, cid, &plan.method, Arc::clone(&plan.name), plan.timeout).await
    }

    /// The same for what is called `name`.
    pub(super) async fn start_as(
        client: &Client,
        cid: u8,
        method: &Method,
        name: Arc<str>,
        timeout: Duration,
    ) -> Result<Self, HttpError> {
        let turn = client.turn_http(name, timeout + MARGIN).await;
        let turn = turn.map_err(|Held(by)| HttpError::InUse { by: by.to_string(), unread: UNREAD })?;
        let watch = Watch::begin(client, cid, is_result).await;
        let mut service = Self {
            client: client.clone(),
            method: method.clone(),
            watch: Some(watch),
            turn: Some(turn),
            running: None,
            sent: Sent::No,
        };
        match client.execute(&HttpInit).await {
            // An earlier program left it started, with its parameters (field logs: refused with 3 or ERROR).
            Err(error) if error.is_rejected() => {
                let term = client.execute(&HttpTerm).await;
                match client.execute(&HttpInit).await {
                    Err(error) if error.is_rejected() => {
                        let term = term.err().filter(Error::is_rejected);
                        return Err(service
                            .cause(term.unwrap_or(error))
                            .map_or_else(|lost| lost, HttpError::Busy));
                    }
                    result => service.check(result)?,
                };
            }
            result => {
                service.check(result)?;
            }
        }
        Ok(service)
    }

    /// Sets the parameters and loads the body.
    pub(super) async fn prepare(&mut self, plan: &Plan) -> Result<(), HttpError> {
        if let Err(Unset { what, refusal, error }) =
            settings::set(&self.client, &plan.settings, &mut Vec::new()).await
        {
            let source = self.cause(error)?;
            return Err(match refusal {
                None => HttpError::Command { source, sent: self.sent },
                Some(Refusal::NoSsl) => HttpError::NoSsl(source),
                Some(_) => HttpError::Parameter { what, source },
            });
        }
        if let Some((data, body)) = &plan.data {
            let began = self.client.runtime().now();
            let result = self.client.transmit(data, body.clone()).await;
            self.check(result)?;
            let limit = Duration::from_millis(u64::from(data.time.get()));
            if self.client.runtime().now().saturating_sub(began) >= limit {
                // Some firmware says `OK` when its input time runs out before all octets have come (field logs).
                return Err(self.command(Error::of(data, Failure::TimedOut { limit })));
            }
        }
        // What was lost by now is better brought back before the request is sent than after.
        self.interruption().map_or(Ok(()), Err)
    }

    /// Whether the service is there although `error` says that the module restarted: a message, or a body of which the line
    /// lost the head, may read like that. Then nothing but a response was lost.
    pub(super) async fn survives(&mut self, error: &HttpError) -> bool {
        let is_restart = match error {
            HttpError::Command { source, .. } => matches!(source.failure(), Failure::Restarted(_)),
            HttpError::Interrupted { source, .. } => matches!(source, Failure::Restarted(_)),
            _ => false,
        };
        // A module that did restart has no service.
        if !is_restart || self.client.query(&HttpStatusRead, |_| ()).await.is_err() {
            return false;
        }
        if let Some(watch) = &mut self.watch {
            watch.forgive();
        }
        true
    }

    /// Somebody is at work with it.
    pub(super) fn is_used(&self) {
        if let Some(turn) = &self.turn {
            turn.is_used();
        }
    }

    /// What came is handed out, and the next is up to whoever takes it.
    pub(super) fn is_handed_out(&self) {
        if let Some(turn) = &self.turn {
            turn.is_handed_out();
        }
    }

    /// Asks for another part of the object than before: from an octet to an octet, or to the end.
    pub(super) async fn set_range(&mut self, first: u32, last: Option<u32>) -> Result<(), HttpError> {
        let last = last.unwrap_or(0);
        for parameter in [
            HttpParameter::Break(Number::saturating(first)),
            HttpParameter::BreakEnd(Number::saturating(last)),
        ] {
            let result = self.client.execute(&HttpPara { parameter }).await;
            self.check(result)?;
        }
        Ok(())
    }

    /// The headers of the response, where they are wanted and the firmware tells them.
    pub(super) async fn headers(&mut self, plan: &Plan) -> Result<Option<HeaderMap>, HttpError> {
        if plan.headers { self.header().await } else { Ok(None) }
    }

    async fn header(&mut self) -> Result<Option<HeaderMap>, HttpError> {
        let header = match self.client.has_http_head().await {
            Ok(true) => self.client.ask(&HttpHead).await,
            Ok(false) => return Ok(None),
            Err(error) => Err(error),
        };
        match header {
            Ok(reply) => Ok(headers::read(&reply.payload)),
            // Of the last GET only, in the manual's words; a module that does not know its service any more has started anew.
            Err(error) if error.is_rejected() => {
                let is_gone =
                    self.method == Method::GET && self.client.query(&HttpStatusRead, |_| ()).await.is_err();
                if is_gone { Err(self.failed(error)) } else { Ok(None) }
            }
            Err(error) => {
                let error = self.cause(error)?;
                let failure = error.failure();
                // Twice in a row, that is the shape that the firmware gives it rather than the line.
                let is_odd = matches!(failure, Failure::Malformed(_) | Failure::Starved { .. });
                // What cannot be sent again must not seem to have failed for want of headers; the status came.
                let is_forgone = !self.method.is_safe() && failure.loss(true) == Some(Loss::Response);
                if is_odd || is_forgone { Ok(None) } else { Err(self.command(error)) }
            }
        }
    }

    /// Sends a command that needs the service.
    pub(super) async fn execute(&mut self, command: &impl Command) -> Result<Response, HttpError> {
        let result = self.client.execute(command).await;
        self.check(result)
    }

    /// Sends a request whose result [`check`](Self::check) takes.
    pub(super) fn submit(&self, request: Request) -> crate::client::Pending {
        self.client.submit(request)
    }

    /// The result of a command, or the first cause of its failure.
    pub(super) fn check(&mut self, result: Result<Response, Error>) -> Result<Response, HttpError> {
        result.map_err(|error| self.failed(error))
    }

    /// The failure of a command, or its first cause.
    pub(super) fn failed(&mut self, error: Error) -> HttpError {
        match self.cause(error) {
            Ok(error) => self.command(error),
            Err(lost) => lost,
        }
    }

    fn command(&self, source: Error) -> HttpError {
        HttpError::Command { source, sent: self.sent }
    }

    /// Whether the line was lost since this was asked last: also behind a result that was not its command's own.
    pub(super) fn take_loss(&mut self) -> bool {
        self.watch.as_mut().is_some_and(Watch::take_loss)
    }

    /// What ended the service from outside, if anything did.
    pub(super) fn interruption(&mut self) -> Option<HttpError> {
        let interruption = self.watch.as_mut()?.interruption()?;
        Some(self.interrupted(interruption))
    }

    pub(super) fn interrupted(&self, interruption: Interruption) -> HttpError {
        let (method, sent) = (self.method.clone(), self.sent);
        match interruption {
            Interruption::Bearer(source) => HttpError::Bearer { method, source, sent },
            Interruption::Module(source) => HttpError::Interrupted { method, source, sent },
        }
    }

    fn cause(&mut self, error: Error) -> Result<Error, HttpError> {
        match &mut self.watch {
            Some(watch) => watch.cause(error).map_err(|interruption| self.interrupted(interruption)),
            None => Ok(error),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let running = self.running;
        let (watch, turn) = (self.watch.take(), self.turn.take());
        if let Some(turn) = &turn {
            turn.is_used_for(running.unwrap_or_default());
        }
        self.client.chore(|client| async move {
            let mut watch = watch;
            let term = client.execute(&HttpTerm).await;
            if let (Err(error), Some(limit), Some(watch)) = (&term, running, &mut watch) {
                // Some firmware does not end the service before the request is done (field logs of the SIM900A).
                if error.is_rejected() {
                    if let Ok(Some(())) = watch.next(limit, |line| is_result(&line).then_some(())).await {
                        drop(client.execute(&HttpTerm).await);
                    }
                }
            }
            drop(watch);
            drop(turn);
        });
    }
}

pub(super) fn is_result(line: &Unsolicited<'_>) -> bool {
    matches!(line, Unsolicited::HttpAction { .. })
}
