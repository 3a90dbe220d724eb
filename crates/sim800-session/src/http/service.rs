//! The module's HTTP service, from `HTTPINIT` to `HTTPTERM`.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use futures::lock::OwnedMutexGuard;
use sim800_command::{
    Command, HttpActivity, HttpHead, HttpInit, HttpPara, HttpParameter, HttpProgress, HttpStatus,
    HttpStatusRead, HttpTerm, Number, Unsolicited,
};

use super::HttpError;
use super::plan::Plan;
use crate::client::Client;
use crate::engine::{Request, Response};
use crate::error::{Error, Failure};
use crate::loss::{Loss, Transient};
use crate::settings::{self, Refusal, Unset};
use crate::watch::Watch;

/// What a request may take beyond the timeout that the module was given, for the network layers below it.
const MARGIN: Duration = Duration::from_secs(30);

/// The shortest pause between two questions how far a request is.
const PAUSE_MIN: Duration = Duration::from_millis(200);

/// Who wants to know how far a request is.
pub(super) struct Observer<'a> {
    pub(super) every: Duration,
    pub(super) tell: &'a mut (dyn FnMut(HttpProgress) + Send),
}

impl Observer<'_> {
    pub(super) fn reborrow(&mut self) -> Observer<'_> {
        Observer { every: self.every, tell: &mut *self.tell }
    }
}

/// A started HTTP service, ended when dropped.
#[derive(Debug)]
pub(super) struct Service {
    client: Client,
    method: Method,
    /// Left to the chore that ends the service.
    watch: Option<Watch>,
    lock: Option<OwnedMutexGuard<()>>,
    /// How long a request that was begun may still run.
    running: Option<Duration>,
}

impl Service {
    /// Waits until no other request uses the service, and starts it.
    pub(super) async fn start(client: &Client, cid: u8, method: &Method) -> Result<Self, HttpError> {
        let lock = client.lock_http().await;
        let watch = Watch::new(client, cid, is_result);
        let mut service = Self {
            client: client.clone(),
            method: method.clone(),
            watch: Some(watch),
            lock: Some(lock),
            running: None,
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
                None => HttpError::Command(source),
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
                return Err(HttpError::Command(Error::of(data, Failure::TimedOut { limit })));
            }
        }
        // What was lost by now is better brought back before the request is sent than after.
        self.interruption().map_or(Ok(()), Err)
    }

    /// Carries out the request: the status, and how many octets there are to read. `observer` is told how far it is
    /// meanwhile.
    pub(super) async fn act(
        &mut self,
        plan: &Plan,
        mut observer: Option<Observer<'_>>,
    ) -> Result<(HttpStatus, u32), HttpError> {
        if let Some(watch) = &mut self.watch {
            watch.forget(is_result);
        }
        let waited = plan.timeout + MARGIN;
        self.running = Some(waited);
        let result = self.client.execute(&plan.action).await;
        self.check(result)?;
        let runtime = Arc::clone(self.client.runtime());
        let deadline = runtime.now().saturating_add(waited);
        let (status, length) = loop {
            let left = deadline.saturating_sub(runtime.now());
            let pause = observer
                .as_ref()
                .map_or(left, |observer| observer.every.clamp(PAUSE_MIN, left.max(PAUSE_MIN)));
            match self.result(pause).await? {
                Some(result) => break result,
                None if runtime.now() >= deadline => {
                    return Err(HttpError::NoResult { method: self.method.clone(), waited });
                }
                None => observer = self.observe(observer).await?,
            }
        };
        self.running = None;
        if status.is_module_error() {
            return Err(HttpError::Action { method: self.method.clone(), status });
        }
        Ok((status, length))
    }

    /// Waits up to `limit` for the result of the request.
    async fn result(&mut self, limit: Duration) -> Result<Option<(HttpStatus, u32)>, HttpError> {
        let number = method_number(&self.method);
        let Some(watch) = &mut self.watch else { return Ok(None) };
        let result = watch.next(limit, |line| match line {
            Unsolicited::HttpAction { method, status, length } if Some(method) == number => {
                Some((status, length))
            }
            _ => None,
        });
        result.await.map_err(|interruption| HttpError::interrupted(&self.method, interruption))
    }

    /// Tells `observer` how far the request is. Firmware that does not know is not asked again.
    async fn observe<'o>(
        &mut self,
        observer: Option<Observer<'o>>,
    ) -> Result<Option<Observer<'o>>, HttpError> {
        let Some(observer) = observer else { return Ok(None) };
        match self.client.query(&HttpStatusRead, |progress| progress).await {
            Ok(progress) => {
                if progress.activity != HttpActivity::Idle {
                    (observer.tell)(progress);
                }
                Ok(Some(observer))
            }
            Err(error) if error.is_rejected() => Ok(None),
            Err(error) => Err(self.cause(error).map_or_else(|lost| lost, HttpError::Command)),
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
            Ok(reply) => Ok(headers(&reply.payload)),
            // Of the last GET only, in the manual's words.
            Err(error) if error.is_rejected() => Ok(None),
            Err(error) => match self.cause(error) {
                // What cannot be sent again must not seem to have failed for want of them; the status came.
                Ok(error) if !self.method.is_safe() && error.failure().loss(true) == Some(Loss::Response) => {
                    Ok(None)
                }
                Ok(error) => Err(HttpError::Command(error)),
                Err(lost) => Err(lost),
            },
        }
    }

    /// Sends a command that needs the service.
    pub(super) async fn execute(&mut self, command: &impl Command) -> Result<Response, HttpError> {
        let result = self.client.execute(command).await;
        self.check(result)
    }

    /// Whether the response may have a body.
    pub(super) fn has_body(&self) -> bool {
        self.method != Method::HEAD
    }

    /// Sends a request whose result [`check`](Self::check) takes.
    pub(super) fn submit(&self, request: Request) -> crate::client::Pending {
        self.client.submit(request)
    }

    /// The result of a command, or the first cause of its failure.
    pub(super) fn check(&mut self, result: Result<Response, Error>) -> Result<Response, HttpError> {
        result.map_err(|error| self.cause(error).map_or_else(|lost| lost, HttpError::Command))
    }

    /// What ended the service from outside, if anything did.
    pub(super) fn interruption(&mut self) -> Option<HttpError> {
        let interruption = self.watch.as_mut()?.interruption()?;
        Some(HttpError::interrupted(&self.method, interruption))
    }

    fn cause(&mut self, error: Error) -> Result<Error, HttpError> {
        match &mut self.watch {
            Some(watch) => {
                watch.cause(error).map_err(|interruption| HttpError::interrupted(&self.method, interruption))
            }
            None => Ok(error),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let (client, watch, lock) = (self.client.clone(), self.watch.take(), self.lock.take());
        let running = self.running;
        self.client.chore(async move {
            let term = client.execute(&HttpTerm).await;
            if let (Err(error), Some(limit), Some(mut watch)) = (term, running, watch) {
                // Some firmware does not end the service before the request is done (field logs of the SIM900A).
                if error.is_rejected() {
                    if let Ok(Some(())) = watch.next(limit, |line| is_result(&line).then_some(())).await {
                        drop(client.execute(&HttpTerm).await);
                    }
                }
            }
            drop(lock);
        });
    }
}

fn is_result(line: &Unsolicited<'_>) -> bool {
    matches!(line, Unsolicited::HttpAction { .. })
}

/// The method as `+HTTPACTION` counts it.
fn method_number(method: &Method) -> Option<u8> {
    match *method {
        Method::GET => Some(0),
        Method::POST => Some(1),
        Method::HEAD => Some(2),
        Method::DELETE => Some(3),
        _ => None,
    }
}

/// Reads a header block. After redirections the last one counts; a line that is no header is left out.
fn headers(block: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in block.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii) {
        if line.starts_with(b"HTTP/") {
            headers.clear();
            continue;
        }
        let Some(colon) = line.iter().position(|octet| *octet == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    (!headers.is_empty()).then_some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_block_is_read_whatever_is_in_it() {
        let block = b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"a:b\"\r\nno header\r\nbad name: x\r\nX-A:1\r\nX-A: 2\r\n\r\n";
        let headers = headers(block).expect("headers");
        assert_eq!(headers.get("etag").map(HeaderValue::as_bytes), Some(&b"\"a:b\""[..]));
        assert_eq!(headers.get_all("x-a").iter().count(), 2);
        assert_eq!(headers.len(), 3, "of the last block alone");
        assert_eq!(super::headers(b"\x00\xff"), None);
    }
}
