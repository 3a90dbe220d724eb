//! What workers tell of their modules.

use async_nats::jetstream::kv::Operation;
use futures::stream::{Stream, StreamExt};
use sim800_fleet_job::Module;

use crate::records::all;
use crate::{Store, StoreError};

impl Store {
    /// Tells of a module, for three minutes.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn tell(&self, module: &Module) -> Result<(), StoreError> {
        let value = serde_json::to_vec(module).map_err(StoreError::new("writing of a module"))?;
        let told = self.modules.put(&module.name, value.into()).await;
        told.map_err(StoreError::new("telling of a module"))?;
        Ok(())
    }

    /// Takes a module off the table.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn leave(&self, name: &str) -> Result<(), StoreError> {
        self.modules.purge(name).await.map_err(StoreError::new("taking a module off the table"))
    }

    /// All modules that something was told of, and then, if `follow`, what is told.
    ///
    /// # Errors
    ///
    /// The server cannot be reached; so may each of the items be.
    pub async fn modules(
        &self,
        follow: bool,
    ) -> Result<impl Stream<Item = Result<Module, StoreError>> + Unpin, StoreError> {
        let entries = all(&self.modules, follow).await?;
        Ok(Box::pin(entries.filter_map(async |entry| match entry {
            Ok(entry) if entry.operation != Operation::Put => None,
            Ok(entry) => {
                Some(serde_json::from_slice(&entry.value).map_err(StoreError::unreadable(&entry.key)))
            }
            Err(error) => Some(Err(error)),
        })))
    }
}
