//! The bell that wakes idle modules: a hint, without which they look every now and then.

use async_nats::Subscriber;
use futures::StreamExt;
use futures::stream::SelectAll;
use sim800_fleet_job::Place;

use crate::queue::bell;
use crate::{Store, StoreError};

/// Whoever shares this hears a ring in turns, so that one job does not wake the whole fleet.
const LISTENERS: &str = "workers";

impl Store {
    /// Wakes one idle module that may have the job. Nobody has to hear it.
    pub(crate) async fn ring(&self, place: &Place) {
        // The job is kept; who hears nothing of it finds it a little later.
        let _ = self.client.publish(bell(place), bytes::Bytes::new()).await;
    }

    /// Listens for jobs at any of `places`.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn listen(&self, places: &[Place]) -> Result<Bell, StoreError> {
        let mut rings = SelectAll::new();
        for place in places {
            let ring = self.client.queue_subscribe(bell(place), LISTENERS.into()).await;
            rings.push(ring.map_err(StoreError::new("listening for the bell"))?);
        }
        Ok(Bell { rings })
    }
}

/// Somebody who listens; dropping it ends that.
#[derive(Debug)]
pub struct Bell {
    rings: SelectAll<Subscriber>,
}

impl Bell {
    /// Waits for a ring.
    pub async fn ring(&mut self) {
        if self.rings.next().await.is_none() {
            std::future::pending().await
        }
    }
}
