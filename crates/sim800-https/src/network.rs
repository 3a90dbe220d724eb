//! What connections to servers are made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::io::{AsyncRead, AsyncWrite};
use sim800_session::{Runtime, SocketError, Sockets};

use crate::error::HttpsError;
use crate::watched::{Counted, Watched};

/// A connection to a server.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection whose silence is noticed.
pub(crate) type Line = Watched<Counted<Box<dyn Stream>>>;

/// Where servers are.
#[async_trait]
pub(crate) trait Network: fmt::Debug + Send + Sync {
    /// Connects to a server.
    async fn connect(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, SocketError>;

    /// The clock.
    fn runtime(&self) -> Arc<dyn Runtime>;

    /// Waits before the `attempt`th try in a row, `position` octets having been moved; `false` where there is to be none.
    async fn wait(&self, cause: String, attempt: u32, position: Option<u64>) -> bool;
}

#[async_trait]
impl Network for Sockets {
    async fn connect(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, SocketError> {
        Ok(Box::new(Self::connect(self, host, port).await?))
    }

    fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::clone(self.client().runtime())
    }

    async fn wait(&self, cause: String, attempt: u32, position: Option<u64>) -> bool {
        self.client().retry(cause, attempt, position).await
    }
}

/// A connection to a server that may be silent for `limit`.
pub(crate) async fn connect(
    network: &dyn Network,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<Line, HttpsError> {
    let stream = network.connect(host, port).await?;
    Ok(Watched::new(stream, &network.runtime(), limit))
}
