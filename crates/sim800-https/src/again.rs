//! Who makes connections, and sends requests over them.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::connection::Incoming;
use crate::error::HttpsError;

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
