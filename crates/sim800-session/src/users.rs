//! Who uses which bearer, so that nobody takes it away from others.

use crate::sync::Arc;
use alloc::vec::Vec;

use crate::sync::{Baton, Guarded, Take};

/// Who uses which bearer of a module.
#[derive(Debug, Default)]
pub(crate) struct Bearers {
    /// Held while a bearer is closed or brought back: until then, nobody begins to use one.
    gate: Baton,
    users: Arc<Guarded<Vec<u8>>>,
}

impl Bearers {
    /// Begins to use bearer `cid`.
    pub(crate) async fn begin(&self, cid: u8) -> User {
        let gate = self.gate().await;
        self.users.with(|users| users.push(cid));
        drop(gate);
        User { cid, users: Arc::clone(&self.users) }
    }

    /// Keeps others from beginning to use a bearer while it is held.
    pub(crate) fn gate(&self) -> Take {
        self.gate.take()
    }

    /// Whether anybody uses bearer `cid`.
    pub(crate) fn are_used(&self, cid: u8) -> bool {
        self.users.with(|users| users.contains(&cid))
    }
}

/// A user of a bearer, until it is dropped.
#[derive(Debug)]
pub(crate) struct User {
    cid: u8,
    users: Arc<Guarded<Vec<u8>>>,
}

impl Drop for User {
    fn drop(&mut self) {
        self.users.with(|users| {
            if let Some(place) = users.iter().position(|cid| *cid == self.cid) {
                users.swap_remove(place);
            }
        });
    }
}
