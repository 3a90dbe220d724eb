//! Payload as it goes by.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::event::Payload;

/// How many octets of one data phase are kept: of those that the table knows, all.
const KEPT: usize = 512 * 1024;

/// A data phase that is open.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
    name: Option<String>,
    since: Option<Duration>,
    announced: Option<u64>,
    received: u64,
    hash: Sha256,
    octets: Vec<u8>,
}

impl Sum {
    /// Of the command of this name.
    pub(crate) fn new(name: Option<String>, announced: Option<u64>) -> Self {
        Self { name, since: None, announced, received: 0, hash: Sha256::new(), octets: Vec::new() }
    }

    /// Whose it is.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Octets that crossed at `time`.
    pub(crate) fn add(&mut self, time: Option<Duration>, octets: &[u8]) {
        if self.received == 0 {
            self.since = time;
        }
        self.received += octets.len() as u64;
        self.hash.update(octets);
        let room = KEPT.saturating_sub(self.octets.len());
        self.octets.extend_from_slice(octets.get(..room).unwrap_or(octets));
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
            since: self.since,
            announced: self.announced,
            received: self.received,
            sha256: self.hash.finalize().into(),
            octets: self.octets,
        }
    }
}
