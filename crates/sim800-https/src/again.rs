//! Requests that are sent again, and answers that are gone on with, whoever makes the connections.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use sim800_session::Sent;

use crate::ask::Ask;
use crate::connection::Incoming;
use crate::error::HttpsError;
use crate::https::HttpsBody;
use crate::network::Tries;
use crate::transfer;

/// Who sends requests to servers by connections of its own, and how long it waits between two tries.
#[async_trait]
pub trait Again: Send + Sync {
    /// Sends a request, whose target is a whole URL, over a connection that it may go over, and waits for status and headers.
    ///
    /// # Errors
    ///
    /// [`HttpsError`].
    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Incoming>, HttpsError>;

    /// Waits before the `attempt`th try in a row, counted from 1, after `cause`, where `position` octets of an answer were moved so far;
    /// `false` where there is to be none.
    async fn wait(&self, cause: String, attempt: u32, position: Option<u64>) -> bool;
}

/// Sends a request for as long as it may be sent again: what failed may pass, and nothing was sent or the method is safe.
///
/// # Errors
///
/// The first [`HttpsError`] of the tries in a row.
pub async fn persist(again: &dyn Again, request: &Request<Bytes>) -> Result<Response<Incoming>, HttpsError> {
    let mut tries = Tries::default();
    loop {
        match again.ask(request.clone()).await {
            Err(error) if request.method().is_safe() || error.sent() == Sent::No => {
                tries.again(again, error, None).await?;
            }
            result => return result,
        }
    }
}

/// The answer to a request, with a body that is gone on with where it breaks, as [`Https::send`](crate::Https::send) has it.
///
/// # Errors
///
/// [`HttpsError::Unsupported`] when the target of the request is no URL of HTTP.
pub fn go_on(
    again: Arc<dyn Again>,
    request: &Request<Bytes>,
    response: Response<Incoming>,
) -> Result<Response<HttpsBody>, HttpsError> {
    Ok(transfer::begin(again, Ask::as_it_is(request)?, response))
}
