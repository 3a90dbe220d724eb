//! Requests that are sent again.

use bytes::Bytes;
use http::{Request, Response};
use sim800_session::{Chain, Sent};

use crate::again::Again;
use crate::connection::Incoming;
use crate::error::HttpsError;

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

/// The tries of one request.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    /// Those in a row that moved nothing.
    failed: u32,
    /// What these began with.
    first: Option<HttpsError>,
}

impl Tries {
    /// The request got further.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Waits until it may be tried again after `error`. When it is not to be, the failure comes back that was the first since anything was
    /// moved.
    pub(crate) async fn again(
        &mut self,
        again: &dyn Again,
        error: HttpsError,
        position: Option<u64>,
    ) -> Result<(), HttpsError> {
        // What changed says more than that something broke before.
        if matches!(error, HttpsError::Changed { .. } | HttpsError::RangeRefused { .. }) {
            return Err(error);
        }
        let may_pass = error.may_pass(position.is_some() || self.first.is_some());
        let cause = Chain(&error).to_string();
        self.first.get_or_insert(error);
        if may_pass && again.wait(cause, self.failed + 1, position).await {
            self.failed += 1;
            return Ok(());
        }
        Err(self.first.take().unwrap_or(HttpsError::Closed { sent: Sent::Unknown }))
    }
}
