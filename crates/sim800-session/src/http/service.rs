//! The module's HTTP service, from `HTTPINIT` to `HTTPTERM`.

use crate::sync::Arc;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;

use crate::message::{HeaderMap, Method};
use bytes::Bytes;
use sim800_command::{
    Command, HttpHead, HttpInit, HttpPara, HttpParameter, HttpStatus, HttpStatusRead, HttpTerm, Number,
    Unsolicited,
};

use super::headers::Head;
use super::plan::Plan;
use super::{HttpError, headers};
use crate::client::Client;
use crate::engine::{Request, Response};
use crate::error::{Error, Failure, Malformation};
use crate::known::Http;
use crate::loss::{Loss, Transient};
use crate::sent::Sent;
use crate::settings::{self, Refusal, Setting, Unset};
use crate::turn::{Held, Turn, UNREAD};
use crate::watch::{Interruption, Watch};

/// What a request may take beyond the timeout that the module was given, for the network layers below it.
pub(super) const MARGIN: Duration = Duration::from_secs(30);

/// What a look brought.
#[derive(Debug)]
pub(super) struct Looked {
    /// The headers, if they were looked at and until they are taken: the firmware may tell none.
    pub(super) headers: Option<Option<Head>>,
    /// The whole of the body, and its end once more, until it is taken.
    pub(super) body: Option<Bytes>,
}

/// A started HTTP service. When it is dropped, it is kept for the next request, or ended where anything is in doubt.
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
    /// It was started for another request, and what that has set is relied on.
    pub(super) was_kept: bool,
    /// Something went wrong that may have left it in any state.
    pub(super) is_spoiled: bool,
    /// What was read in one go with the question whether the request is over.
    pub(super) looked: Option<Looked>,
}

impl Service {
    /// Waits until no other request uses the service, and starts it unless it was kept. Nothing of that is relied on if it is
    /// to be `anew`.
    pub(super) fn start(
        client: &Client,
        cid: u8,
        plan: &Plan,
        anew: bool,
    ) -> impl Future<Output = Result<Box<Self>, HttpError>> {
        let name = Arc::clone(&plan.name);
        let serves = move |http| !anew && plan.is_served_by(http);
        Self::start_as(client, cid, &plan.method, name, plan.timeout, serves)
    }

    /// The same for what is called `name`, where one that was kept `serves`.
    pub(super) async fn start_as(
        client: &Client,
        cid: u8,
        method: &Method,
        name: Arc<str>,
        timeout: Duration,
        serves: impl FnOnce(Http) -> bool,
    ) -> Result<Box<Self>, HttpError> {
        let turn = client.turn_http(name, timeout + MARGIN).await;
        let turn = turn.map_err(|Held(by)| HttpError::InUse { by: by.to_string(), unread: UNREAD })?;
        let watch = Watch::begin(client, cid, is_result).await;
        let known = client.known();
        let http = known.http();
        let was_kept = matches!(http, Http::Started { .. }) && serves(http);
        let mut service = Box::new(Self {
            client: client.clone(),
            method: method.clone(),
            watch: Some(watch),
            turn: Some(turn),
            running: None,
            sent: Sent::No,
            was_kept,
            is_spoiled: false,
            looked: None,
        });
        if was_kept {
            known.http_is_used();
        } else {
            known.http_ends();
            let off_the_line = client.keep_messages_off_the_line().await;
            off_the_line.map_err(|error| service.failed(error))?;
            let since = known.now();
            service.initialize(!matches!(http, Http::Ended)).await?;
            known.http_was_started(since);
        }
        Ok(service)
    }

    /// Starts it, where it is `left` started: anew.
    async fn initialize(&mut self, left: bool) -> Result<(), HttpError> {
        let client = self.client.clone();
        if left {
            // That it is not started after all is no failure.
            match client.execute(&HttpTerm).await {
                Err(error) if !error.is_rejected() => return Err(self.failed(error)),
                _ => {}
            }
        }
        match client.execute(&HttpInit).await {
            // An earlier program left it started, with its parameters (field logs: refused with 3 or ERROR).
            Err(error) if error.is_rejected() => {
                let term = client.execute(&HttpTerm).await;
                match client.execute(&HttpInit).await {
                    Err(error) if error.is_rejected() => {
                        let term = term.err().filter(Error::is_rejected);
                        self.is_spoiled = true;
                        Err(self.cause(term.unwrap_or(error)).map_or_else(|lost| lost, HttpError::Busy))
                    }
                    result => self.check(result).map(drop),
                }
            }
            result => self.check(result).map(drop),
        }
    }

    /// Sets the parameters and loads the body.
    pub(super) async fn prepare(&mut self, plan: &Plan) -> Result<(), HttpError> {
        if let Err(Unset { what, refusal, error }) =
            settings::set_what_differs(&self.client, &plan.settings, &mut Vec::new()).await
        {
            self.is_spoiled = true;
            let source = self.cause(error)?;
            return Err(match refusal {
                None => HttpError::Command { source, sent: self.sent },
                Some(Refusal::NoSsl) => HttpError::NoSsl(source),
                Some(_) => HttpError::Parameter { what, source },
            });
        }
        if let Some((data, body)) = &plan.data {
            let load = Request::new(data).map_err(|failure| self.command(Error::of(data, failure)))?;
            self.client.known().http_is_loaded();
            // What the module counts begins with the command, not with its place in the queue.
            let (loaded, turn) = self.client.submit_with_turn(load.with_body(body.clone()));
            turn.await;
            let began = self.client.runtime().now();
            let result = loaded.await;
            let limit = Duration::from_millis(u64::from(data.time.get()));
            let is_late = self.client.runtime().now().saturating_sub(began) >= limit;
            // Firmware says `OK` (field logs) or refuses when its input time runs out before all octets have come.
            if is_late && result.as_ref().err().is_none_or(Error::is_rejected) {
                self.is_spoiled = true;
                return Err(HttpError::NotTaken { length: body.len() as u64, limit });
            }
            self.check(result)?;
        }
        // What was lost by now is better brought back before the request is sent than after.
        self.interruption().map_or(Ok(()), Err)
    }

    /// Whether `error` says that the module has lost what was relied on: nothing else makes it refuse that.
    pub(super) fn has_forgotten(&self, error: &HttpError) -> bool {
        let has_forgotten = self.was_kept && error.is_refused_unsent();
        if has_forgotten {
            self.client.known().doubt();
        }
        has_forgotten
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
        let set = |parameter| Setting::new("range", Ok(HttpPara { parameter }));
        let range = [
            set(HttpParameter::Break(Number::saturating(first))),
            set(HttpParameter::BreakEnd(Number::saturating(last.unwrap_or(0)))),
        ];
        // Numbers can be sent.
        let range: Vec<_> = range.into_iter().flatten().collect();
        let set = settings::set_what_differs(&self.client, &range, &mut Vec::new()).await;
        set.map_err(|Unset { error, .. }| self.failed(error))
    }

    /// The headers of the response with `status`, where they are wanted and the firmware tells them, and the server's own status. They
    /// are asked for twice where they lack what servers tell of a body, or of a part.
    pub(super) async fn headers(
        &mut self,
        plan: &Plan,
        status: HttpStatus,
        is_part: bool,
    ) -> Result<(HttpStatus, Option<HeaderMap>), HttpError> {
        let looked = self.looked.as_mut().and_then(|looked| looked.headers.take());
        let mut head = match looked {
            Some(head) => head,
            None if plan.headers && self.may_tell_headers() => self.header().await?,
            None => return Ok((status, None)),
        };
        let has_body = plan.method != Method::HEAD && !matches!(status.0, 204 | 304);
        let is_part = is_part && (200..300).contains(&status.0);
        let lacks = |head: &Head, is_part| headers::lack(&head.headers, is_part);
        if let Some(first) = head.as_ref().filter(|head| has_body && lacks(head, is_part)) {
            // The line may have damaged either, and one that tells no length replaces none that does.
            let tells_length = !lacks(first, false);
            head = self.header().await?.filter(|again| !tells_length || !lacks(again, false)).or(head);
        }
        let status = head.as_ref().map_or(status, |head| head.status(status));
        Ok((status, head.map(|head| head.headers).filter(|headers| !headers.is_empty())))
    }

    /// Whether the firmware is not known to keep the headers of such a request to itself.
    pub(super) fn may_tell_headers(&self) -> bool {
        self.client.known().tells_headers(self.method == Method::GET)
    }

    async fn header(&mut self) -> Result<Option<Head>, HttpError> {
        let header = match self.client.has_http_head().await {
            Ok(true) => self.client.ask_twice(&HttpHead, told).await,
            Ok(false) => return Ok(None),
            Err(error) => Err(error),
        };
        match header {
            Ok(reply) => Ok(headers::read(&reply.payload)),
            // Of the last GET only, in the manual's words.
            Err(error) if error.is_rejected() => {
                let is_gone = match self.client.query(&HttpStatusRead, |_| ()).await {
                    Ok(()) => false,
                    Err(_) if self.method == Method::GET => true,
                    Err(other) => other.is_rejected() && self.client.has_http_status().await,
                };
                if is_gone {
                    return Err(self.failed(error));
                }
                if self.method != Method::GET {
                    self.client.known().tells_headers_of_gets_only();
                }
                Ok(None)
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
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The result of a command, or the first cause of its failure.
    pub(super) fn check(&mut self, result: Result<Response, Error>) -> Result<Response, HttpError> {
        result.map_err(|error| self.failed(error))
    }

    /// The failure of a command, or its first cause.
    pub(super) fn failed(&mut self, error: Error) -> HttpError {
        self.is_spoiled = true;
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
        self.is_spoiled = true;
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
        let kept_for = self.client.config().http_kept_for;
        let may_be_kept = running.is_none() && !self.is_spoiled && !kept_for.is_zero();
        let until = self.client.runtime().now().saturating_add(kept_for);
        if may_be_kept && self.client.known().keep_http(until) {
            return self.client.wake_driver();
        }
        self.client.known().http_ends();
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

/// Headers of which the module told how many octets they have; a bare `OK` answers something else.
pub(super) fn told(headers: Response) -> Result<Response, Error> {
    if headers.lines().next().is_none() {
        return Err(Error::of(&HttpHead, Failure::Malformed(Malformation::Information)));
    }
    Ok(headers)
}

pub(super) fn is_result(line: &Unsolicited<'_>) -> bool {
    matches!(line, Unsolicited::HttpAction { .. })
}
