//! Requests to servers, over connections that are made and kept for them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use http::{Request, Response};
use sim800_session::{Reader, Sockets};

use crate::ask::Ask;
use crate::error::{BoxError, HttpsError};
use crate::network::Network;
use crate::servers::Servers;
use crate::tls::Tls;
use crate::transfer;
use crate::tries::persist;

/// How many redirections are followed; the answer to the last request is the result then.
const REDIRECTIONS: u32 = 10;

/// What a redirection may say beside where it leads, in octets, for its connection to be used again. To read that costs less than another
/// connection.
const WORTH_READING: u64 = 2048;

/// How requests are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpsOptions {
    /// How long the server may say nothing; 120 s unless set.
    pub timeout: Duration,
    /// Whether redirections are followed, ten at most; they are unless set. Credentials are told to no other server, and none without TLS
    /// is gone to.
    pub redirect: bool,
}

impl Default for HttpsOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(120), redirect: true }
    }
}

/// The body of a response.
///
/// It is read from the server as it is wanted. What breaks off is gone on with, where it is for certain the same object still: see
/// [`Https::send`].
pub type HttpsBody = Reader<HttpsError>;

/// An HTTP client over sockets of the module, with TLS of this side.
///
/// Clones share the connection that is kept after a request for another to the same server.
#[derive(Clone)]
pub struct Https {
    servers: Servers,
    options: HttpsOptions,
}

impl Https {
    /// A client over `sockets` that trusts whom `tls` trusts.
    #[must_use]
    pub fn new(sockets: &Sockets, tls: Tls) -> Self {
        Self::over(Box::new(sockets.clone()), tls)
    }

    pub(crate) fn over(network: Box<dyn Network>, tls: Tls) -> Self {
        let options = HttpsOptions::default();
        Self { servers: Servers::new(network, tls, options.timeout), options }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(mut self, options: HttpsOptions) -> Self {
        self.servers = self.servers.patient(options.timeout);
        self.options = options;
        self
    }

    /// Sends a request and waits for status and headers; the body of the response is read from the server as it is wanted.
    ///
    /// All methods are possible, over `https:` and `http:`. `Host`, `User-Agent` and `Accept` are added where they are missing; what
    /// describes the connection rather than the object is refused.
    ///
    /// What breaks is tried again as [`Config::retries`](sim800_session::Config::retries) has it, where nothing was sent, or where the
    /// method is safe (RFC 9110 section 9.2.1). A GET goes on where it was: the rest is asked for from the last kilooctet on, which has to come
    /// again as it was, by `If-Range` where the server gave a strong entity tag; another length, tag or date is
    /// [`HttpsError::Changed`]. A server without ranges sends all once more, and what was handed out is left out. The body of an answer that is an
    /// error is not gone on with.
    ///
    /// A body that comes without TLS and ends where the connection does is [`HttpsError::Undelimited`] at its end: the module does not tell
    /// an end from a break.
    ///
    /// A response to a GET has an [`Offset`](sim800_session::Offset), where it begins in its object.
    ///
    /// # Errors
    ///
    /// [`HttpsError`].
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpsBody>, HttpsError> {
        let (head, mut body) = request.into_parts();
        let mut ask = Ask::new(head, Some(body.len() as u64))?;
        let mut left = if self.options.redirect { REDIRECTIONS } else { 0 };
        loop {
            let response = persist(&self.servers, &ask.request(body.clone())).await?;
            let next = ask.redirected(response.status(), response.headers());
            let Some(next) = next.filter(|_| left > 0) else {
                return Ok(transfer::begin(Arc::new(self.servers.clone()), ask, response));
            };
            left -= 1;
            if !next.has_body_of(&ask) {
                body = Bytes::new();
            }
            if response.body().length().is_some_and(|length| length <= WORTH_READING) {
                // What does not come to its end is of no use for another request.
                let _ = response.into_body().try_for_each(async |_| Ok(())).await;
            }
            ask = next;
        }
    }

    /// Closes the connection that is kept, so that its socket is free when this returns. Bodies that are being read go on.
    pub async fn close(&self) {
        self.servers.close().await;
    }

    /// Sends a request whose body is read as it is sent, over a connection of its own. Nothing is tried again once any of it was sent, and no
    /// redirection is followed: the body is gone.
    ///
    /// # Errors
    ///
    /// [`HttpsError`].
    pub async fn send_once<B>(&self, request: Request<B>) -> Result<Response<HttpsBody>, HttpsError>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (head, body) = request.into_parts();
        let ask = Ask::new(head, body.size_hint().exact())?;
        let response = self.servers.ask_once(&ask, body).await?;
        Ok(transfer::begin_once(&ask, response))
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Https").field("options", &self.options).finish_non_exhaustive()
    }
}
