//! Taking turns at what the module has only one of, without waiting for ever for somebody who does nothing.

use crate::sync::Arc;
use core::fmt;
use core::time::Duration;

use futures::future::{Either, select};

use crate::runtime::Runtime;
use crate::sync::{Baton, Guarded, Taken};

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
    baton: Baton,
    holder: Arc<Guarded<Option<Holder>>>,
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
        let mut taking = self.baton.take();
        let taken = loop {
            // It may have been put off, or put forward, when it is looked at again.
            match select(taking, runtime.sleep_until(runtime.now().saturating_add(LOOK))).await {
                Either::Left((taken, _)) => break taken,
                Either::Right(((), waiting)) => taking = waiting,
            }
            let now = runtime.now();
            let held = self.holder.with(|holder| {
                holder.as_ref().filter(|holder| holder.until <= now).map(|holder| Arc::clone(&holder.name))
            });
            if let Some(name) = held {
                return Err(Held(name));
            }
        };
        self.holder.with(|holder| *holder = Some(Holder { name, until: Duration::MAX }));
        let (runtime, holder) = (Arc::clone(runtime), Arc::clone(&self.holder));
        let turn = Turn { runtime, holder, patience, _taken: taken };
        turn.is_used();
        Ok(turn)
    }
}

/// A turn, which ends when it is dropped.
pub(crate) struct Turn {
    runtime: Arc<dyn Runtime>,
    patience: Duration,
    holder: Arc<Guarded<Option<Holder>>>,
    _taken: Taken,
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
        let until = self.runtime.now().saturating_add(limit);
        self.holder.with(|holder| {
            if let Some(holder) = holder {
                holder.until = until;
            }
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.holder.with(|holder| *holder = None);
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("holder", &self.holder).finish_non_exhaustive()
    }
}
