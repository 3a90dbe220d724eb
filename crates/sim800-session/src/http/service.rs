//! The module's HTTP service, from `HTTPINIT` to `HTTPTERM`.

use std::time::Duration;

use ::http::Method;
use futures::lock::OwnedMutexGuard;
use sim800_command::{HttpInit, HttpTerm};
use sim800_parser::{HttpStatus, Unsolicited};

use super::HttpError;
use super::plan::Plan;
use crate::client::{Client, Reply};
use crate::engine::Request;
use crate::error::Error;
use crate::watch::Watch;

/// What a request may take beyond the timeout that the module was given, for the network layers below it.
const MARGIN: Duration = Duration::from_secs(30);

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
    pub(super) async fn prepare(&mut self, plan: &mut Plan) -> Result<(), HttpError> {
        for parameter in plan.parameters.drain(..) {
            match self.client.request(parameter.request).await {
                Err(error) if error.is_rejected() && parameter.clears => {}
                Err(error) if error.is_rejected() => {
                    let what = parameter.what;
                    return Err(self
                        .cause(error)
                        .map_or_else(|lost| lost, |source| HttpError::Parameter { what, source }));
                }
                result => {
                    self.check(result)?;
                }
            }
        }
        if let Some((data, body)) = plan.data.take() {
            let result = self.client.transmit(&data, body).await;
            self.check(result)?;
        }
        Ok(())
    }

    /// Carries out the request: the status, and how many octets there are to read.
    pub(super) async fn act(&mut self, plan: &Plan) -> Result<(HttpStatus, u32), HttpError> {
        if let Some(watch) = &mut self.watch {
            watch.forget(is_result);
        }
        let waited = plan.timeout + MARGIN;
        self.running = Some(waited);
        let result = self.client.execute(&plan.action).await;
        self.check(result)?;
        let number = method_number(&self.method);
        let method = || self.method.clone();
        let Some(watch) = &mut self.watch else {
            return Err(HttpError::NoResult { method: method(), waited });
        };
        let result = watch.next(waited, |line| match line {
            Unsolicited::HttpAction { method, status, length } if Some(method) == number => {
                Some((status, length))
            }
            _ => None,
        });
        match result.await {
            Ok(Some((status, length))) => {
                self.running = None;
                if status.is_module_error() {
                    return Err(HttpError::Action { method: method(), status });
                }
                Ok((status, length))
            }
            Ok(None) => Err(HttpError::NoResult { method: method(), waited }),
            Err(interruption) => Err(HttpError::interrupted(&self.method, interruption)),
        }
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
    pub(super) fn check(&mut self, result: Result<Reply, Error>) -> Result<Reply, HttpError> {
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
