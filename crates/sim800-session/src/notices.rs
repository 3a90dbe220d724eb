//! What the module says of its own accord, for whoever wants to know.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::Stream;
use sim800_command::Unsolicited;
use sim800_parser::Line;

use crate::engine::Restart;
use crate::error::Disconnected;
use crate::retry::Retry;

/// Something that happened without being asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The module sent a line that belongs to no command.
    Unsolicited(UnsolicitedLine),
    /// The module restarted or switched itself off: nothing that was set up in it is left.
    Restarted(Restart),
    /// Octets were lost, or a response never came. Before the next command, the line is synchronized.
    Desynchronized,
    /// Something failed and is tried again.
    Retrying(Retry),
    /// The line is gone. Nothing follows.
    Disconnected(Disconnected),
}

/// A line that the module sent of its own accord.
#[derive(Clone, PartialEq, Eq)]
pub struct UnsolicitedLine(Bytes);

impl UnsolicitedLine {
    pub(crate) fn new(text: Bytes) -> Self {
        Self(text)
    }

    /// The line.
    #[must_use]
    pub fn line(&self) -> Line<'_> {
        Line::new(&self.0)
    }

    /// What it says.
    #[must_use]
    pub fn unsolicited(&self) -> Unsolicited<'_> {
        self.line().into()
    }
}

impl fmt::Debug for UnsolicitedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnsolicitedLine(\"{}\")", self.0.escape_ascii())
    }
}

/// A stream of notices, from [`Client::subscribe`](crate::Client::subscribe). It ends after
/// [`Notice::Disconnected`].
///
/// Memory is bounded: a line equal to the one before it is not kept twice, and when
/// [`Limits::notices`](crate::Limits::notices) lines wait, the oldest is dropped.
#[derive(Debug)]
#[must_use = "notices do nothing unless they are read"]
pub struct Notices {
    inbox: Arc<Inbox>,
}

impl Notices {
    /// The next notice that is already there.
    pub(crate) fn pop(&mut self) -> Option<Notice> {
        self.inbox.state().queue.pop_front()
    }

    /// Whether a notice that is already there is one that `sought` names.
    pub(crate) fn holds(&self, sought: impl Fn(&Notice) -> bool) -> bool {
        self.inbox.state().queue.iter().any(sought)
    }

    /// Takes out the first notice that is already there and that `sought` names.
    pub(crate) fn remove(&mut self, sought: impl Fn(&Notice) -> bool) -> Option<Notice> {
        let mut state = self.inbox.state();
        let place = state.queue.iter().position(sought)?;
        state.queue.remove(place)
    }

    /// Forgets the lines that are already there and that `stale` names.
    pub(crate) fn forget(&mut self, stale: impl Fn(&Unsolicited<'_>) -> bool) {
        self.inbox.state().queue.retain(|notice| match notice {
            Notice::Unsolicited(line) => !stale(&Unsolicited::from(line.line())),
            _ => true,
        });
    }
}

impl Stream for Notices {
    type Item = Notice;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Notice>> {
        let mut state = self.inbox.state();
        match state.queue.pop_front() {
            Some(notice) => Poll::Ready(Some(notice)),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

type Filter = Box<dyn Fn(&Unsolicited<'_>) -> bool + Send + Sync>;

struct Inbox {
    filter: Filter,
    limit: usize,
    state: Mutex<InboxState>,
}

#[derive(Default)]
struct InboxState {
    queue: VecDeque<Notice>,
    ended: bool,
    waker: Option<Waker>,
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, notice: &Notice) {
        if let Notice::Unsolicited(line) = notice {
            if !(self.filter)(&Unsolicited::from(line.line())) {
                return;
            }
        }
        let mut state = self.state();
        state.ended |= matches!(notice, Notice::Disconnected(_));
        if state.queue.back() != Some(notice) {
            if state.queue.len() >= self.limit {
                // Lines and retries make room, restarts and the end do not; these cannot flood, for each is kept but once
                // in a row.
                let makes_room = |kept: &Notice| matches!(kept, Notice::Unsolicited(_) | Notice::Retrying(_));
                if let Some(oldest) = state.queue.iter().position(makes_room) {
                    state.queue.remove(oldest);
                } else {
                    state.queue.pop_front();
                }
            }
            state.queue.push_back(notice.clone());
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("queue", &self.state().queue).finish_non_exhaustive()
    }
}

/// Who wants to know what.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    inboxes: Mutex<Registry>,
}

#[derive(Debug, Default)]
struct Registry {
    inboxes: Vec<Weak<Inbox>>,
    /// The line is gone.
    ended: Option<Disconnected>,
}

impl Subscribers {
    /// Registers an inbox of at most `limit` lines.
    pub(crate) fn subscribe(&self, limit: usize, filter: Filter) -> Notices {
        let inbox = Arc::new(Inbox { filter, limit: limit.max(1), state: Mutex::default() });
        let mut registry = self.registry();
        match registry.ended {
            Some(reason) => inbox.deliver(&Notice::Disconnected(reason)),
            None => {
                registry.inboxes.retain(|inbox| inbox.strong_count() > 0);
                registry.inboxes.push(Arc::downgrade(&inbox));
            }
        }
        Notices { inbox }
    }

    pub(crate) fn deliver(&self, notice: &Notice) {
        let mut registry = self.registry();
        registry.inboxes.retain(|inbox| match inbox.upgrade() {
            Some(inbox) => {
                inbox.deliver(notice);
                true
            }
            None => false,
        });
        if let Notice::Disconnected(reason) = notice {
            registry.ended.get_or_insert(*reason);
            registry.inboxes.clear();
        }
    }

    /// Why the line is gone, if it is.
    pub(crate) fn ended(&self) -> Option<Disconnected> {
        self.registry().ended
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};

    use super::*;

    fn line(text: &'static str) -> Notice {
        Notice::Unsolicited(UnsolicitedLine::new(Bytes::from_static(text.as_bytes())))
    }

    #[test]
    fn repeats_do_not_push_out_what_matters() {
        let subscribers = Subscribers::default();
        let mut notices = subscribers.subscribe(4, Box::new(|_| true));
        subscribers.deliver(&line("+FTPGET: 1,64"));
        for _ in 0..100 {
            subscribers.deliver(&line("+FTPGET: 1,1"));
        }
        assert_eq!(notices.next().now_or_never(), Some(Some(line("+FTPGET: 1,64"))));
        assert_eq!(notices.next().now_or_never(), Some(Some(line("+FTPGET: 1,1"))));
        assert_eq!(notices.next().now_or_never(), None);
    }

    #[test]
    fn a_flood_drops_the_oldest_line_and_no_restart() {
        let subscribers = Subscribers::default();
        let mut notices = subscribers.subscribe(3, Box::new(|_| true));
        subscribers.deliver(&Notice::Restarted(Restart::Ready));
        for text in ["RING", "+CMTE: 1", "RING", "+CMTE: 2"] {
            subscribers.deliver(&line(text));
        }
        let seen: Vec<_> = std::iter::from_fn(|| notices.pop()).collect();
        assert_eq!(seen, [Notice::Restarted(Restart::Ready), line("RING"), line("+CMTE: 2")]);
    }

    #[test]
    fn the_end_is_told_to_those_who_come_late() {
        let subscribers = Subscribers::default();
        subscribers.deliver(&Notice::Disconnected(Disconnected::Ended));
        let late = subscribers.subscribe(1, Box::new(|_| false));
        let seen = late.collect::<Vec<_>>().now_or_never();
        assert_eq!(seen, Some(vec![Notice::Disconnected(Disconnected::Ended)]));
    }
}
