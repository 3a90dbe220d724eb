//! The two ways to a web server: the module's HTTP stack, and its sockets with TLS and HTTP of this program.

use std::fmt;

use bytes::Bytes;
use futures::stream::{StreamExt, TryStreamExt};
use http::{Request, Response};
use sim800_https::{Https, HttpsError};
use sim800_session::{Http, HttpError, Reader};

/// How a request is carried out.
pub(crate) enum Way {
    Module(Http),
    Own(Https),
}

/// The body of a response, whichever way it comes.
pub(crate) type Body = Reader<WayError>;

impl Way {
    /// Sends a request and waits for the status.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, WayError> {
        match self {
            Self::Module(http) => Ok(whichever(http.send(request).await?)),
            Self::Own(https) => Ok(whichever(https.send(request).await?)),
        }
    }
}

/// A response as one that may have come either way.
pub(crate) fn whichever<E>(response: Response<Reader<E>>) -> Response<Body>
where
    E: Into<WayError> + Send + 'static,
{
    response.map(|body| {
        let total = body.total();
        Reader::new(body.map_err(Into::into).boxed(), total)
    })
}

/// Why either way has failed.
#[derive(Debug)]
pub(crate) enum WayError {
    Module(HttpError),
    Own(HttpsError),
}

impl fmt::Display for WayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(error) => error.fmt(f),
            Self::Own(error) => error.fmt(f),
        }
    }
}

impl From<HttpError> for WayError {
    fn from(error: HttpError) -> Self {
        Self::Module(error)
    }
}

impl From<HttpsError> for WayError {
    fn from(error: HttpsError) -> Self {
        Self::Own(error)
    }
}
