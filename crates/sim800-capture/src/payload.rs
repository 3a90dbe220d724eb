//! Payload as it goes by.

use sha2::{Digest, Sha256};

use crate::event::Payload;

/// The sum of a data phase that is open.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
    name: Option<String>,
    announced: Option<u64>,
    received: u64,
    hash: Sha256,
}

impl Sum {
    /// Of the command of this name.
    pub(crate) fn new(name: Option<String>, announced: Option<u64>) -> Self {
        Self { name, announced, received: 0, hash: Sha256::new() }
    }

    pub(crate) fn add(&mut self, octets: &[u8]) {
        self.received += octets.len() as u64;
        self.hash.update(octets);
    }

    /// How many octets may still come.
    pub(crate) fn missing(&self) -> u64 {
        self.announced.map_or(u64::MAX, |announced| announced.saturating_sub(self.received))
    }

    /// There are fewer octets than there should be.
    pub(crate) fn is_short(&self) -> bool {
        self.announced.is_some_and(|announced| self.received < announced)
    }

    /// Nobody said how many octets there should be, and there are none.
    pub(crate) fn is_nothing(&self) -> bool {
        self.announced.is_none() && self.received == 0
    }

    pub(crate) fn finish(self) -> Payload {
        Payload {
            name: self.name,
            announced: self.announced,
            received: self.received,
            sha256: self.hash.finalize().into(),
        }
    }
}
