//! What crossed the line last, for whoever wants it in hindsight.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sim800_capture::write_record;
use sim800_session::Direction;

/// How much is kept of what crossed the line last, in octets of a trace: some hundred short exchanges.
const RECENT: usize = 64 << 10;

/// What crossed the line last; clones are of the same.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    records: VecDeque<Vec<u8>>,
    octets: usize,
}

impl std::fmt::Debug for Recent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recent").finish_non_exhaustive()
    }
}

impl Recent {
    pub(crate) fn note(&self, now: Duration, direction: Direction, octets: &[u8]) {
        let mut record = Vec::new();
        write_record(&mut record, now, direction, octets);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.octets += record.len();
        kept.records.push_back(record);
        while kept.octets > RECENT {
            let Some(oldest) = kept.records.pop_front() else { break };
            kept.octets -= oldest.len();
        }
    }

    /// As a trace.
    pub(crate) fn trace(&self) -> Vec<u8> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.records.iter().flatten().copied().collect()
    }
}
