//! What the module says of its own accord, for whoever wants to know.

use crate::sync::{Arc, Weak};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use bytes::Bytes;
use futures::Stream;
use sim800_command::Unsolicited;
use sim800_parser::Line;

use crate::engine::Restart;
use crate::error::Disconnected;
use crate::sync::Guarded;

/// Something that happened without being asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The module sent a line that belongs to no command.
    Unsolicited(UnsolicitedLine),
    /// The module sent a line that may be none: before the first command has found out whose lines arrive, it may be of long ago, or
    /// a part of what another program had asked for, and where the line damaged a payload, octets of that.
    Stray(UnsolicitedLine),
    /// So many lines were dropped because nobody read them. Lines that follow came later; restarts are never dropped, and may have
    /// come before.
    Missed(u64),
    /// The module restarted or switched itself off: nothing that was set up in it is left.
    Restarted(Restart),
    /// Octets were lost, or a response never came. Before the next command, the line is synchronized.
    Desynchronized,
    /// Something failed and is tried again.
    Retrying(Retry),
    /// The line is gone. Nothing follows.
    Disconnected(Disconnected),
}

/// Something failed and is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// What failed, and how.
    pub cause: String,
    /// Which try in a row this is, counted from 1.
    pub attempt: u32,
    /// How many there may be.
    pub at_most: u32,
    /// How long is waited before it.
    pub pause: Duration,
    /// How many octets had been moved, where the operation moves any and has begun to.
    pub position: Option<u64>,
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, attempt, at_most, pause, position } = self;
        write!(f, "{cause}; ")?;
        if let Some(position) = position {
            write!(f, "{position} bytes moved; ")?;
        }
        write!(f, "trying again in {pause:?} ({attempt} of {at_most} tries in a row)")
    }
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
/// Memory is bounded: of equal lines in a row two are kept, and when
/// [`Config::notices`](crate::Config::notices) lines wait, the oldest is dropped, of which [`Notice::Missed`] tells.
#[derive(Debug)]
#[must_use = "notices do nothing unless they are read"]
pub struct Notices {
    inbox: Arc<Inbox>,
}

impl Notices {
    /// The next notice that is already there.
    pub(crate) fn pop(&mut self) -> Option<Notice> {
        self.inbox.state.with(InboxState::next)
    }

    /// Whether a notice that is already there is one that `sought` names.
    pub(crate) fn holds(&self, sought: impl Fn(&Notice) -> bool) -> bool {
        self.inbox.state.with(|state| state.queue.iter().any(sought))
    }

    /// Takes out the first notice that is already there and that `sought` names.
    pub(crate) fn remove(&mut self, sought: impl Fn(&Notice) -> bool) -> Option<Notice> {
        self.inbox.state.with(|state| {
            let place = state.queue.iter().position(sought)?;
            state.queue.remove(place)
        })
    }

    /// Forgets the lines that are already there and that `stale` names.
    pub(crate) fn forget(&mut self, stale: impl Fn(&Unsolicited<'_>) -> bool) {
        self.inbox.forget(stale);
    }

    /// Has those that `are_its` forgotten when a command is sent, for those that come until then are not its.
    pub(crate) fn until_sent(&self, are_its: fn(&Unsolicited<'_>) -> bool) -> UntilSent {
        UntilSent { inbox: Arc::clone(&self.inbox), are_its }
    }
}

/// Lines that come before a command is sent, which may wait for others that were there first, or for the line.
#[derive(Debug)]
pub(crate) struct UntilSent {
    inbox: Arc<Inbox>,
    are_its: fn(&Unsolicited<'_>) -> bool,
}

impl UntilSent {
    /// The command is sent now.
    pub(crate) fn forget(self) {
        self.inbox.forget(self.are_its);
    }
}

impl Stream for Notices {
    type Item = Notice;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Notice>> {
        // Wakers are cloned and dropped outside of the lock: they are foreign code as well.
        let waker = context.waker().clone();
        let (polled, unused) = self.inbox.state.with(|state| match state.next() {
            Some(notice) => (Poll::Ready(Some(notice)), Some(waker)),
            None if state.ended => (Poll::Ready(None), Some(waker)),
            None => (Poll::Pending, state.waker.replace(waker)),
        });
        drop(unused);
        polled
    }
}

type Filter = Box<dyn Fn(&Unsolicited<'_>) -> bool + Send + Sync>;

struct Inbox {
    filter: Filter,
    limit: usize,
    state: Guarded<InboxState>,
}

#[derive(Default)]
struct InboxState {
    queue: VecDeque<Notice>,
    /// How many were dropped since one was read.
    missed: u64,
    ended: bool,
    waker: Option<Waker>,
}

impl Inbox {
    fn forget(&self, stale: impl Fn(&Unsolicited<'_>) -> bool) {
        let is_fresh = |notice: &Notice| match notice {
            Notice::Unsolicited(line) | Notice::Stray(line) => !stale(&Unsolicited::from(line.line())),
            _ => true,
        };
        self.state.with(|state| state.queue.retain(is_fresh));
    }

    /// The filter and the waker are foreign code: no lock is held while they run.
    fn deliver(&self, notice: &Notice) {
        if let Notice::Unsolicited(line) | Notice::Stray(line) = notice {
            if !(self.filter)(&Unsolicited::from(line.line())) {
                return;
            }
        }
        let waker = self.state.with(|state| {
            state.keep(notice, self.limit);
            state.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl InboxState {
    fn keep(&mut self, notice: &Notice, limit: usize) {
        self.ended |= matches!(notice, Notice::Disconnected(_));
        // Of two equal lines the first may have been the answer to a question, taken for what the second is.
        let most = if matches!(notice, Notice::Unsolicited(_) | Notice::Stray(_)) { 2 } else { 1 };
        if self.queue.iter().rev().take(most).filter(|kept| *kept == notice).count() == most {
            return;
        }
        if self.queue.len() >= limit {
            // Lines and retries make room, restarts and the end do not; these cannot flood, for each is kept but once
            // in a row.
            let makes_room = |kept: &Notice| {
                !matches!(kept, Notice::Restarted(_) | Notice::Disconnected(_) | Notice::Desynchronized)
            };
            let oldest = self.queue.iter().position(makes_room).unwrap_or(0);
            self.queue.remove(oldest);
            self.missed += 1;
        }
        self.queue.push_back(notice.clone());
    }

    fn next(&mut self) -> Option<Notice> {
        match mem::take(&mut self.missed) {
            0 => self.queue.pop_front(),
            missed => Some(Notice::Missed(missed)),
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.with(|state| f.debug_struct("Inbox").field("queue", &state.queue).finish_non_exhaustive())
    }
}

/// Who wants to know what.
#[derive(Debug, Default)]
pub(crate) struct Subscribers {
    inboxes: Guarded<Registry>,
}

#[derive(Debug, Default)]
struct Registry {
    /// A copy is made of them when somebody subscribes while they are told something.
    inboxes: Arc<Vec<Weak<Inbox>>>,
    /// The line is gone.
    ended: Option<Disconnected>,
}

impl Subscribers {
    /// Registers an inbox of at most `limit` lines.
    pub(crate) fn subscribe(&self, limit: usize, filter: Filter) -> Notices {
        let inbox = Arc::new(Inbox { filter, limit: limit.max(1), state: Guarded::default() });
        let ended = self.inboxes.with(|registry| {
            if registry.ended.is_none() {
                let inboxes = Arc::make_mut(&mut registry.inboxes);
                inboxes.retain(|inbox| inbox.strong_count() > 0);
                inboxes.push(Arc::downgrade(&inbox));
            }
            registry.ended
        });
        if let Some(reason) = ended {
            inbox.deliver(&Notice::Disconnected(reason));
        }
        Notices { inbox }
    }

    /// Tells everyone. Who subscribes meanwhile, as a filter or a waker may, is told of the next notice.
    pub(crate) fn deliver(&self, notice: &Notice) {
        let inboxes = self.inboxes.with(|registry| {
            if let Notice::Disconnected(reason) = notice {
                registry.ended.get_or_insert(*reason);
                mem::take(&mut registry.inboxes)
            } else {
                Arc::clone(&registry.inboxes)
            }
        });
        // An inbox that nobody else holds any more is dropped here, outside of the lock, and its filter with it.
        for inbox in inboxes.iter().filter_map(Weak::upgrade) {
            inbox.deliver(notice);
        }
    }

    /// Why the line is gone, if it is.
    pub(crate) fn ended(&self) -> Option<Disconnected> {
        self.inboxes.with(|registry| registry.ended)
    }
}

#[cfg(test)]
mod tests {
    use alloc::task::Wake;
    use alloc::vec;

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
        // One may have been an answer that reads like the line.
        assert_eq!(notices.next().now_or_never(), Some(Some(line("+FTPGET: 1,1"))));
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
        let seen: Vec<_> = core::iter::from_fn(|| notices.pop()).collect();
        assert_eq!(
            seen,
            [Notice::Missed(2), Notice::Restarted(Restart::Ready), line("RING"), line("+CMTE: 2")]
        );
    }

    #[test]
    fn a_filter_and_a_waker_may_subscribe() {
        struct Subscribes(Subscribers);

        impl Wake for Subscribes {
            fn wake(self: Arc<Self>) {
                drop(self.0.subscribe(1, Box::new(|_| true)));
            }
        }

        let subscribes = Arc::new(Subscribes(Subscribers::default()));
        let Subscribes(subscribers) = &*subscribes;
        let weak = Arc::downgrade(&subscribes);
        let filter = move |_: &Unsolicited<'_>| {
            let Some(subscribes) = weak.upgrade() else { return false };
            drop(subscribes.0.subscribe(1, Box::new(|_| true)));
            true
        };
        let mut notices = subscribers.subscribe(4, Box::new(filter));
        let waker = Waker::from(Arc::clone(&subscribes));
        assert_eq!(notices.poll_next_unpin(&mut Context::from_waker(&waker)), Poll::Pending);
        subscribers.deliver(&line("RING"));
        assert_eq!(notices.next().now_or_never(), Some(Some(line("RING"))));
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
