//! What is sent and what was received, as objects.

use tokio::io::AsyncRead;

use crate::{Store, StoreError};

impl Store {
    /// Keeps something that is to be sent.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or `octets` cannot be read.
    pub async fn keep_source(
        &self,
        name: &str,
        octets: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), StoreError> {
        self.sources.put(name, octets).await.map_err(StoreError::new("keeping a source"))?;
        Ok(())
    }

    /// Something that is to be sent, and its length.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the server cannot be reached.
    pub async fn source(&self, name: &str) -> Result<(impl AsyncRead + Unpin, u64), StoreError> {
        let object = self.sources.get(name).await.map_err(StoreError::new("asking for a source"))?;
        let size = u64::try_from(object.info.size).unwrap_or(u64::MAX);
        Ok((object, size))
    }

    /// Keeps something that was received.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or `octets` cannot be read.
    pub async fn keep_result(
        &self,
        name: &str,
        octets: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), StoreError> {
        self.results.put(name, octets).await.map_err(StoreError::new("keeping a result"))?;
        Ok(())
    }

    /// Something that was received; its digest is compared at its end.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the server cannot be reached.
    pub async fn result(&self, name: &str) -> Result<impl AsyncRead + Unpin, StoreError> {
        self.results.get(name).await.map_err(StoreError::new("asking for a result"))
    }

    /// Throws away something that was received and that no record names. What is left when that fails goes when it is old.
    pub async fn discard(&self, name: &str) {
        let _ = self.results.delete(name).await;
    }
}
