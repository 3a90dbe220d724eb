//! HTTP by the module's own stack, in the types of the `http` crate.

mod body;
mod error;
mod plan;
mod service;

use std::time::Duration;

use ::http::{Request, Response, StatusCode};
use bytes::Bytes;

pub use self::body::Body;
pub use self::error::HttpError;

use self::plan::Plan;
use self::service::Service;
use crate::bearer::Bearer;

/// How requests are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpOptions {
    /// How long the module waits for the server: 30 to 1000 s, rounded into that range, and 120 s unless set.
    pub timeout: Duration,
    /// Whether the module follows redirections by itself; it does unless set.
    pub redirect: bool,
    /// Address and port of a proxy; none unless set.
    pub proxy: Option<(String, u16)>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(120), redirect: true, proxy: None }
    }
}

/// An HTTP client over a bearer.
#[derive(Clone, Debug)]
pub struct Http {
    bearer: Bearer,
    options: HttpOptions,
}

impl Http {
    /// A client with the default options.
    #[must_use]
    pub fn new(bearer: &Bearer) -> Self {
        Self { bearer: bearer.clone(), options: HttpOptions::default() }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(mut self, options: HttpOptions) -> Self {
        self.options = options;
        self
    }

    /// Sends a request and waits for the status; the body of the response is read from the module as it is wanted.
    ///
    /// GET, POST, HEAD and DELETE are possible, over `http:`. Of the headers, `Range` (one range, of more than one
    /// octet), `User-Agent` and `Content-Type` have parameters of their own in the module, `Host` and `Content-Length` are
    /// its own business, and the others go along as they are, all within one command line. The module tells status
    /// and length of the response and none of its headers.
    ///
    /// The module has one HTTP service: while the body of another response is being read, this waits.
    ///
    /// # Errors
    ///
    /// [`HttpError`]; before anything is sent when the request cannot be put into the module's commands.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, HttpError> {
        let client = self.bearer.client();
        let config = client.config();
        let mut plan = Plan::new(request, &self.options, self.bearer.profile(), config.rate)?;
        let mut service = Service::start(client, self.bearer.cid(), &plan.method).await?;
        service.prepare(&mut plan).await?;
        let (status, length) = service.act(&plan).await?;
        let Ok(code) = StatusCode::from_u16(status.0) else {
            return Err(HttpError::Action { method: plan.method, status });
        };
        let body = Body::new(service, length, config.http_window.max(1));
        let mut response = Response::new(body);
        *response.status_mut() = code;
        Ok(response)
    }
}
