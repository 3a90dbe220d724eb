//! The commands that wait for the line.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::{Context, Waker};

use crate::oneshot;

use crate::engine::{Disconnected, Failure, Misuse, Request, Response};
use crate::notices::UntilSent;
use crate::sync::Guarded;

/// A command on its way to the driver, and who waits for what it brings.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) request: Request,
    /// Dropped when its turn has come, or never will.
    pub(crate) turn: Option<oneshot::Sender<()>>,
    /// It is not the session's own, and may change what that has set.
    pub(crate) casts_doubt: bool,
    /// What is not its own, although it reads so.
    pub(crate) before: Option<UntilSent>,
    /// `None` for what nobody waits for, and is sent all the same.
    pub(crate) reply: Option<oneshot::Sender<Result<Response, Failure>>>,
}

impl Envelope {
    /// Whether nobody waits any more.
    fn is_given_up(&self) -> bool {
        self.reply.as_ref().is_some_and(oneshot::Sender::is_canceled)
    }
}

/// Whose command it is, and so what becomes of it where many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    /// The caller's own: one more than the limit is refused.
    Caller,
    /// A procedure's, which must not fail half-way for what others ask for. There are no more of these than procedures that run.
    Procedure,
    /// That of what puts things back in the module: also when the session is to end.
    Chore,
}

/// A queue of bounded length between all clients and their driver. What a caller gave up makes room and is never sent.
///
/// Envelopes are dropped and answered outside of its lock, for that runs the wakers of callers.
#[derive(Debug)]
pub(crate) struct Queue {
    limit: usize,
    state: Guarded<State>,
    /// What has the driver polled again.
    driver: Guarded<Option<Waker>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Envelope>,
    phase: Phase,
}

/// What is taken still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Everything.
    #[default]
    Open,
    /// What puts things back in the module.
    Closing,
    /// Nothing.
    Closed,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), state: Guarded::default(), driver: Guarded::default() }
    }

    /// Takes a command, or answers it.
    pub(crate) fn push(&self, envelope: Envelope, whose: Whose) {
        let (outcome, given_up) = self.state.with(|state| state.take(envelope, whose, self.limit));
        drop(given_up);
        match outcome {
            Ok(()) => self.wake(),
            // Dropped, it tells its caller why.
            Err((envelope, None)) => drop(envelope),
            // The caller is there; it asks right now.
            Err((envelope, Some(failure))) => drop(envelope.reply.map(|reply| reply.send(Err(failure)))),
        }
    }

    /// The next command that somebody waits for.
    pub(crate) fn pop(&self) -> Option<Envelope> {
        core::iter::from_fn(|| self.state.with(|state| state.waiting.pop_front()))
            .find(|envelope| !envelope.is_given_up())
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.with(|state| state.waiting.iter().all(Envelope::is_given_up))
    }

    /// Has the driver polled again when something is pushed, or by [`wake`](Self::wake).
    pub(crate) fn register(&self, context: &Context<'_>) {
        let waker = context.waker().clone();
        let former = self.driver.with(|driver| driver.replace(waker));
        drop(former);
    }

    /// Has the driver polled again.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.driver.with(Option::take) {
            waker.wake();
        }
    }

    /// Takes nothing any more but what puts things back, and has the driver look at that.
    pub(crate) fn begin_to_close(&self) {
        self.state.with(|state| {
            if state.phase == Phase::Open {
                state.phase = Phase::Closing;
            }
        });
        self.wake();
    }

    /// Whether it takes no more than that.
    pub(crate) fn is_closing(&self) -> bool {
        self.state.with(|state| state.phase != Phase::Open)
    }

    /// Takes nothing any more, and drops what waits.
    pub(crate) fn close(&self) {
        let waiting = self.state.with(|state| {
            state.phase = Phase::Closed;
            core::mem::take(&mut state.waiting)
        });
        drop(waiting);
    }
}

/// An envelope that is not taken, and why where its caller is not told so by its end.
type Refused = (Envelope, Option<Failure>);

impl State {
    /// Takes a command, or refuses it; and what made room for it.
    fn take(
        &mut self,
        envelope: Envelope,
        whose: Whose,
        limit: usize,
    ) -> (Result<(), Refused>, Vec<Envelope>) {
        let given_up = if self.waiting.len() >= limit { self.give_up() } else { Vec::new() };
        let refusal = match self.phase {
            Phase::Closed => return (Err((envelope, None)), given_up),
            Phase::Closing if whose < Whose::Chore => Some(Failure::Disconnected(Disconnected::Closed)),
            _ if self.waiting.len() >= limit && whose == Whose::Caller => {
                Some(Failure::Misuse(Misuse::QueueFull))
            }
            _ => None,
        };
        if refusal.is_some() {
            return (Err((envelope, refusal)), given_up);
        }
        self.waiting.push_back(envelope);
        (Ok(()), given_up)
    }

    /// Takes out what nobody waits for.
    fn give_up(&mut self) -> Vec<Envelope> {
        let waiting = core::mem::take(&mut self.waiting);
        let (given_up, waiting) = waiting.into_iter().partition::<Vec<_>, _>(Envelope::is_given_up);
        self.waiting = waiting.into();
        given_up
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::task::Wake;
    use core::task::{Poll, Waker};

    use futures::FutureExt;
    use sim800_command::At;

    use super::*;

    type Reply = oneshot::Receiver<Result<Response, Failure>>;

    fn push(queue: &Queue) -> Reply {
        push_as(queue, Whose::Caller)
    }

    fn push_as(queue: &Queue, whose: Whose) -> Reply {
        let (reply, receiver) = oneshot::channel();
        let request = Request::new(&At).expect("a short line");
        queue.push(
            Envelope { request, turn: None, casts_doubt: false, before: None, reply: Some(reply) },
            whose,
        );
        receiver
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_given_up_makes_room() {
        let queue = Queue::new(3);
        let mut waiting: Vec<_> = (0..3).map(|_| push(&queue)).collect();
        let full = Err(Failure::Misuse(Misuse::QueueFull));
        for _ in 0..20_000 {
            assert_eq!(push(&queue).now_or_never(), Some(Ok(full.clone())));
        }
        waiting.pop();
        waiting.push(push(&queue));
        assert!(waiting.iter_mut().all(|reply| reply.now_or_never().is_none()));
        assert_eq!(core::iter::from_fn(|| queue.pop()).count(), 3);
        assert!(queue.is_empty());
    }

    #[test]
    fn there_is_room_for_procedures_until_the_end_and_for_chores_behind_it() {
        let queue = Queue::new(1);
        let waiting = push(&queue);
        let mut others = [Whose::Procedure, Whose::Chore].map(|whose| push_as(&queue, whose));
        assert!(others.iter_mut().all(|reply| reply.now_or_never().is_none()));
        queue.begin_to_close();
        let closed = Err(Failure::Disconnected(Disconnected::Closed));
        assert_eq!(push_as(&queue, Whose::Procedure).now_or_never(), Some(Ok(closed)));
        assert_eq!(push_as(&queue, Whose::Chore).now_or_never(), None);
        drop((waiting, others));
    }

    #[test]
    fn what_is_given_up_is_never_popped() {
        let queue = Queue::new(3);
        drop(push(&queue));
        assert!(queue.is_empty());
        let kept = push(&queue);
        drop(push(&queue));
        assert!(queue.pop().is_some() && queue.pop().is_none());
        drop(kept);
    }

    /// Wakers run where they are called, and may ask for something again.
    #[test]
    fn a_caller_that_asks_again_while_it_is_told_meets_no_lock() {
        struct Asks(Queue);

        impl Wake for Asks {
            fn wake(self: Arc<Self>) {
                drop(push(&self.0));
            }
        }

        let asks = Arc::new(Asks(Queue::new(1)));
        let waker = Waker::from(Arc::clone(&asks));
        let mut reply = push(&asks.0);
        assert_eq!(reply.poll_unpin(&mut Context::from_waker(&waker)), Poll::Pending);
        asks.0.register(&Context::from_waker(&waker));
        asks.0.close();
        assert_eq!(reply.now_or_never(), Some(Err(oneshot::Canceled)));
    }
}
