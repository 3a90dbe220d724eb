//! Waiting for the lines of a session, and for what ends it from outside.

use core::future::{Future, poll_fn};
use core::mem;
use core::pin::pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures::StreamExt;
use sim800_command::Unsolicited;

use crate::bearer::BearerError;
use crate::client::Client;
use crate::error::{Disconnected, Error, Failure};
use crate::notices::{Notice, Notices, UntilSent};
use crate::timer::Timer;
use crate::users::User;

/// What ends a session from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    Bearer(BearerError),
    Module(Failure),
}

/// Watches the lines of one session over one bearer.
#[derive(Debug)]
pub(crate) struct Watch {
    client: Client,
    notices: Notices,
    cid: u8,
    /// It came once, and nothing that comes later undoes it.
    interruption: Option<Interruption>,
    /// The line was lost.
    lost: bool,
    /// For those who wait one after the other.
    timer: Timer,
    /// While it lives, nobody closes the bearer to bring it back.
    _user: User,
}

impl Watch {
    /// Begins to use bearer `cid`, once nobody brings bearers back, and to watch for the lines that `own` names and for
    /// the loss of it.
    pub(crate) async fn begin(
        client: &Client,
        cid: u8,
        own: impl Fn(&Unsolicited<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        let user = client.bearers().begin(cid).await;
        let notices = client.subscribe(move |line| own(line) || is_loss(line, cid));
        Self {
            client: client.clone(),
            notices,
            cid,
            interruption: None,
            lost: false,
            timer: Timer::default(),
            _user: user,
        }
    }

    /// Waits up to `limit` for a line that `read` takes; `None` when none came.
    pub(crate) async fn next<T>(
        &mut self,
        limit: Duration,
        read: impl Fn(Unsolicited<'_>) -> Option<T>,
    ) -> Result<Option<T>, Interruption> {
        let (client, mut timer) = (self.client.clone(), mem::take(&mut self.timer));
        let deadline = client.runtime().now().saturating_add(limit);
        let next = client.until_by(&mut timer, deadline, pin!(self.endless(read))).await;
        self.timer = timer;
        next.transpose()
    }

    /// Waits for a line that `read` takes.
    pub(crate) fn endless<T>(
        &mut self,
        read: impl Fn(Unsolicited<'_>) -> Option<T>,
    ) -> impl Future<Output = Result<T, Interruption>> {
        poll_fn(move |context| {
            let mut value = None;
            let polled = self.poll(context, &mut |line| {
                value = read(line);
                value.is_some()
            });
            match (polled, value) {
                (Poll::Ready(Err(interruption)), _) => Poll::Ready(Err(interruption)),
                (_, Some(value)) => Poll::Ready(Ok(value)),
                (_, None) => Poll::Pending,
            }
        })
    }

    /// Has `read` take a line, unless the session is ended from outside. There is one of this for all lines.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        read: &mut dyn FnMut(Unsolicited<'_>) -> bool,
    ) -> Poll<Result<(), Interruption>> {
        loop {
            if let Some(interruption) = &self.interruption {
                return Poll::Ready(Err(interruption.clone()));
            }
            let Some(notice) = ready!(self.notices.poll_next_unpin(context)) else {
                let reason = Failure::Disconnected(Disconnected::DriverDropped);
                return Poll::Ready(Err(Interruption::Module(reason)));
            };
            self.interruption = interruption(&notice, self.cid);
            self.lost |= notice == Notice::Desynchronized;
            match &notice {
                Notice::Unsolicited(line)
                    if self.interruption.is_none() && read(Unsolicited::from(line.line())) =>
                {
                    return Poll::Ready(Ok(()));
                }
                _ => {}
            }
        }
    }

    /// Whether a line that `sought` names is already there.
    pub(crate) fn has(&self, sought: impl Fn(Unsolicited<'_>) -> bool) -> bool {
        self.notices.holds(|notice| match notice {
            Notice::Unsolicited(line) => sought(Unsolicited::from(line.line())),
            _ => false,
        })
    }

    /// The same, or what may be none.
    pub(crate) fn may_have(&self, sought: impl Fn(Unsolicited<'_>) -> bool) -> bool {
        self.has(&sought)
            || self.notices.holds(|notice| match notice {
                Notice::Stray(line) => sought(Unsolicited::from(line.line())),
                _ => false,
            })
    }

    /// Whether the line was lost since this was asked last.
    pub(crate) fn take_loss(&mut self) -> bool {
        let is_there = self.notices.remove(|notice| *notice == Notice::Desynchronized).is_some();
        mem::take(&mut self.lost) || is_there
    }

    /// The line may have been lost.
    pub(crate) fn doubt(&mut self) {
        self.lost = true;
    }

    /// Takes the first line that is already there and that `read` takes.
    pub(crate) fn take_line<T>(&mut self, read: impl Fn(Unsolicited<'_>) -> Option<T>) -> Option<T> {
        let read = |notice: &Notice| match notice {
            Notice::Unsolicited(line) => read(Unsolicited::from(line.line())),
            _ => None,
        };
        let notice = self.notices.remove(|notice| read(notice).is_some())?;
        read(&notice)
    }

    /// Forgets the lines that are already there and that `stale` names.
    pub(crate) fn forget(&mut self, stale: impl Fn(&Unsolicited<'_>) -> bool) {
        self.notices.forget(stale);
    }

    /// Has lines that `are_its` forgotten when a command is sent.
    pub(crate) fn until_sent(&self, are_its: fn(&Unsolicited<'_>) -> bool) -> UntilSent {
        self.notices.until_sent(are_its)
    }

    /// The first cause of a failure: what ended the session from outside, if anything did, else `error`.
    pub(crate) fn cause(&mut self, error: Error) -> Result<Error, Interruption> {
        match (self.interruption(), error.failure()) {
            // The error says the same, and at which command.
            (Some(Interruption::Module(failure)), own) if failure == *own => Ok(error),
            (Some(interruption), _) => Err(interruption),
            (None, _) => Ok(error),
        }
    }

    /// What ended the session from outside, if anything did.
    pub(crate) fn interruption(&mut self) -> Option<Interruption> {
        if self.interruption.is_none() {
            let cid = self.cid;
            let notice = self.notices.remove(|notice| interruption(notice, cid).is_some())?;
            self.interruption = interruption(&notice, cid);
        }
        self.interruption.clone()
    }

    /// Takes back what ended the session from outside: it did not.
    pub(crate) fn forgive(&mut self) {
        self.interruption = None;
    }
}

/// What a notice ends.
fn interruption(notice: &Notice, cid: u8) -> Option<Interruption> {
    match notice {
        Notice::Unsolicited(line) if is_loss(&Unsolicited::from(line.line()), cid) => {
            Some(Interruption::Bearer(BearerError::Lost { cid }))
        }
        Notice::Restarted(sign) => Some(Interruption::Module(Failure::Restarted(*sign))),
        Notice::Disconnected(reason) => Some(Interruption::Module(Failure::Disconnected(*reason))),
        _ => None,
    }
}

fn is_loss(line: &Unsolicited<'_>, cid: u8) -> bool {
    matches!(line, Unsolicited::BearerDeactivated { cid: lost } if *lost == cid)
}
