//! Taking turns at what the module has only one of, without waiting for ever for somebody who does nothing.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex as Cell, MutexGuard, PoisonError};

use futures::future::{Either, select};
use futures::lock::{Mutex, OwnedMutexGuard};

use crate::runtime::Runtime;

/// How often it is looked whether whoever has the turn is still heard of.
const LOOK: Duration = Duration::from_secs(5);

/// For how long nothing may be heard of whoever has the turn, beyond what the module may take: until the module and its bearer
/// are brought back, or what others asked for before is through.
const AT_WORK: Duration = Duration::from_secs(240);

/// For how long what was handed out may be kept unread until others that want the turn fail.
pub(crate) const UNREAD: Duration = Duration::from_secs(60);

/// Turns at one thing, in the order in which they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    lock: Arc<Mutex<()>>,
    holder: Arc<Cell<Option<Holder>>>,
}

/// Whose turn it is.
#[derive(Clone, Debug)]
struct Holder {
    name: Arc<str>,
    /// When something is heard of it again at the latest.
    until: Duration,
}

/// A turn that does not end: whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held(pub(crate) Arc<str>);

impl Turns {
    /// Waits until it is the turn of `name`, for which the module may take `patience` without a word; but for no longer than
    /// whoever has it now is heard of.
    pub(crate) async fn take(
        &self,
        runtime: &Arc<dyn Runtime>,
        name: Arc<str>,
        patience: Duration,
    ) -> Result<Turn, Held> {
        let mut lock = Arc::clone(&self.lock).lock_owned();
        let guard = loop {
            // It may have been put off, or put forward, when it is looked at again.
            match select(lock, runtime.sleep_until(runtime.now().saturating_add(LOOK))).await {
                Either::Left((guard, _)) => break guard,
                Either::Right(((), waiting)) => lock = waiting,
            }
            match &*holder(&self.holder) {
                Some(holder) if holder.until <= runtime.now() => return Err(Held(Arc::clone(&holder.name))),
                _ => {}
            }
        };
        *holder(&self.holder) = Some(Holder { name, until: Duration::MAX });
        let (runtime, holder) = (Arc::clone(runtime), Arc::clone(&self.holder));
        let turn = Turn { runtime, holder, patience, _guard: guard };
        turn.is_used();
        Ok(turn)
    }
}

/// A turn, which ends when it is dropped.
pub(crate) struct Turn {
    runtime: Arc<dyn Runtime>,
    patience: Duration,
    holder: Arc<Cell<Option<Holder>>>,
    _guard: OwnedMutexGuard<()>,
}

impl Turn {
    /// Somebody is at work with it.
    pub(crate) fn is_used(&self) {
        self.is_used_for(self.patience);
    }

    /// The same for as long as the module may take for this.
    pub(crate) fn is_used_for(&self, patience: Duration) {
        self.is_heard_of_within(patience.saturating_add(AT_WORK));
    }

    /// What came is handed out, and the next is up to whoever takes it.
    pub(crate) fn is_handed_out(&self) {
        self.is_heard_of_within(UNREAD);
    }

    fn is_heard_of_within(&self, limit: Duration) {
        if let Some(holder) = &mut *holder(&self.holder) {
            holder.until = self.runtime.now().saturating_add(limit);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *holder(&self.holder) = None;
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("holder", &*holder(&self.holder)).finish_non_exhaustive()
    }
}

fn holder(cell: &Cell<Option<Holder>>) -> MutexGuard<'_, Option<Holder>> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}
