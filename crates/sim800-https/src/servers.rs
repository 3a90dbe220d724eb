//! Connections to servers, made and kept, and requests over them for as long as they may be tried again.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use sim800_session::Sent;

use crate::again::Again;
use crate::ask::{Ask, Origin, Whole};
use crate::connection::{Connection, Incoming, Shelf};
use crate::error::{BoxError, HttpsError};
use crate::network::{Network, connect};
use crate::tls::Tls;

/// Servers, and how long each may say nothing. Clones share the connection that is kept.
#[derive(Clone)]
pub(crate) struct Servers {
    shared: Arc<Shared>,
    limit: Duration,
}

struct Shared {
    network: Box<dyn Network>,
    tls: Tls,
    /// The server that was asked last, and where the connection to it is left.
    kept: Mutex<Option<(Origin, Shelf)>>,
}

impl Servers {
    pub(crate) fn new(network: Box<dyn Network>, tls: Tls, limit: Duration) -> Self {
        Self { shared: Arc::new(Shared { network, tls, kept: Mutex::default() }), limit }
    }

    /// The same with another limit.
    pub(crate) fn patient(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Closes the connection that is kept.
    pub(crate) async fn close(&self) {
        let kept = self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(connection) = kept.and_then(|(_, shelf)| shelf.take()) {
            connection.close().await;
        }
    }

    /// Sends a request whose body is there but once, over a connection of its own.
    pub(crate) async fn ask_once<B>(&self, ask: &Ask, body: B) -> Result<Response<Incoming>, HttpsError>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let connection = self.connected(&ask.origin).await?;
        connection.send(ask.message(body), &self.shelf(&ask.origin)).await
    }

    /// Sends a request over the connection that was kept, or over another.
    async fn exchange(
        &self,
        ask: &Ask,
        is_safe: bool,
        body: &Bytes,
    ) -> Result<Response<Incoming>, HttpsError> {
        let message = || ask.message(Whole::from(body.clone()));
        let kept = self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let kept = kept.filter(|(origin, _)| *origin == ask.origin).and_then(|(_, shelf)| shelf.take());
        if let Some(connection) = kept {
            match connection.send(message(), &self.shelf(&ask.origin)).await {
                // It had ended, perhaps just now.
                Err(error) if error.sent() == Sent::No || (is_safe && error.may_pass(true)) => {}
                result => return result,
            }
        }
        let connection = self.connected(&ask.origin).await?;
        connection.send(message(), &self.shelf(&ask.origin)).await
    }

    /// A new connection to a server.
    async fn connected(&self, origin: &Origin) -> Result<Connection, HttpsError> {
        let Origin { is_secure, host, port } = origin;
        let stream = connect(&*self.shared.network, host, *port, self.limit).await?;
        match is_secure {
            true => Connection::open(self.shared.tls.connect(host, stream).await?).await,
            false => Connection::open(stream).await,
        }
    }

    /// Where the connection is to be left that asks this server.
    fn shelf(&self, origin: &Origin) -> Shelf {
        let shelf = Shelf::default();
        let kept = Some((origin.clone(), shelf.clone()));
        let before =
            std::mem::replace(&mut *self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner), kept);
        // With what it may have, and under no lock.
        drop(before);
        shelf
    }
}

#[async_trait]
impl Again for Servers {
    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Incoming>, HttpsError> {
        let is_safe = request.method().is_safe();
        self.exchange(&Ask::as_it_is(&request)?, is_safe, request.body()).await
    }

    async fn wait(&self, cause: String, attempt: u32, position: Option<u64>) -> bool {
        self.shared.network.wait(cause, attempt, position).await
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("limit", &self.limit).finish_non_exhaustive()
    }
}
