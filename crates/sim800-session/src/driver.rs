//! The owner of the port: moves octets between it and the engine.

use crate::sync::Arc;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::oneshot;
use futures::stream::StreamExt;

use sim800_command::{Line, Unsolicited};

use crate::chores::{Chore, Chores, NewChores};
use crate::client::{Client, Shared};
use crate::config::Config;
use crate::engine::{Disconnected, Engine, Failure, Output, Response, Transmit};
use crate::io::{self, AsyncRead, AsyncWrite};
use crate::keeper::{self, Keeper};
use crate::notices::{Notice, Notices, UnsolicitedLine, UntilSent};
use crate::runtime::Runtime;
use crate::timer::Timer;
use crate::trace::{Masked, Show, Trace};

/// Rounds of one poll before other tasks get their turn.
const ROUNDS: usize = 32;

/// What may wait in a port to be read, in octets, when an executor has other things to do for a while.
const BUFFERED: usize = 65_536;

/// Connects to the module behind `port`.
///
/// Nothing happens before the [`Driver`] is run, as a task of its own; the [`Client`] is what commands are sent with.
/// Nothing is sent until something is asked for: [`Client::start_up`] makes the module ready.
pub fn connect<P>(port: P, runtime: Arc<dyn Runtime>, config: Config) -> (Client, Driver<P>)
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    let engine = Engine::new(runtime.now(), config.engine()).on_unknown_line(runtime.now());
    let shared = Arc::new(Shared::new(runtime, config));
    let (chores, new_chores) = Chores::new(&shared.queue);
    let client = Client::new(chores, Arc::clone(&shared));
    let driver = Driver {
        port,
        shared,
        engine,
        in_flight: None,
        before: None,
        new_chores,
        chores: Vec::new(),
        released: false,
        closing: false,
        behind: Vec::new(),
        unbroken: 0,
        writing: None,
        unflushed: false,
        timer: Timer::default(),
        keeper: Keeper::default(),
        trace: None,
        retries: None,
        finished: false,
    };
    (client, driver)
}

/// A future that runs the line to a module; spawn it.
///
/// It ends well when all clients are gone, or one has [closed](Client::close) the session, and what they left behind is cleaned up; and
/// with the port's error when the line ends, of the kind [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when it was closed from the
/// other side. It is `Send` when the port is. All protocol state lives in it, so that no future of a caller can lose any.
#[must_use = "a driver does nothing unless it is polled"]
pub struct Driver<P> {
    port: P,
    shared: Arc<Shared>,
    engine: Engine,
    /// Who waits for the command that the engine has.
    in_flight: Option<oneshot::Sender<Result<Response, Failure>>>,
    /// What is none of it, until the engine has sent it.
    before: Option<UntilSent>,
    new_chores: NewChores,
    chores: Vec<Chore>,
    /// All clients are gone.
    released: bool,
    /// One of them has closed the session.
    closing: bool,
    /// Who wants to know when all was looked at that the module had sent before they asked.
    behind: Vec<oneshot::Sender<()>>,
    /// How many octets were read since there was nothing to read.
    unbroken: usize,
    writing: Option<Writing>,
    unflushed: bool,
    timer: Timer,
    keeper: Keeper,
    trace: Option<Box<dyn Show>>,
    /// What the trace is told of besides octets.
    retries: Option<Notices>,
    finished: bool,
}

/// Octets on their way to the port.
struct Writing {
    transmit: Transmit,
    written: usize,
}

impl<P> Driver<P> {
    /// Shows `trace` every octet that crosses the line, secrets masked, and what is tried again.
    pub fn with_trace(mut self, trace: impl Trace + 'static) -> Self {
        let limit = self.shared.config.notices;
        self.retries = Some(self.shared.subscribers.subscribe(limit, Box::new(|_| false)));
        self.trace = Some(Box::new(Masked::new(Box::new(trace))));
        self
    }

    /// Ends the session because of what became of the line elsewhere than in the port, as in an adapter that moves its octets: clients
    /// are told so.
    pub fn disconnect(mut self, reason: Disconnected) {
        self.finish(reason);
    }

    fn now(&self) -> Duration {
        self.shared.runtime.now()
    }

    /// Hands the next command to the engine when it has none.
    fn poll_requests(&mut self) -> bool {
        let mut busy = false;
        while self.engine.is_idle() {
            let Some(envelope) = self.shared.queue.pop() else { break };
            drop(envelope.turn);
            if envelope.casts_doubt {
                self.shared.known.doubt();
            }
            match self.engine.begin(self.now(), envelope.request) {
                Ok(()) => {
                    (self.in_flight, self.before) = (envelope.reply, envelope.before);
                    self.drain_outputs();
                }
                Err(failure) => drop(envelope.reply.map(|reply| reply.send(Err(failure)))),
            }
            busy = true;
        }
        busy
    }

    fn poll_chores(&mut self, context: &mut Context<'_>) -> bool {
        let mut busy = false;
        // First: who is gone has left what he had to leave.
        self.released = self.new_chores.are_all();
        for chore in self.new_chores.take() {
            self.chores.push(chore);
            busy = true;
        }
        let before = self.chores.len();
        self.chores.retain_mut(|chore| chore.as_mut().poll(context).is_pending());
        busy | (self.chores.len() < before)
    }

    /// Ends what is kept in the module, when that was long enough.
    fn poll_keeper(&mut self, context: &mut Context<'_>) -> bool {
        let (runtime, known) = (&self.shared.runtime, &self.shared.known);
        let is_due = self.keeper.is_due(runtime, known.http(), self.released || self.closing, context);
        if !is_due || !known.take_http() {
            return false;
        }
        // It leaves nothing to others.
        let chores = Chores::of_nobody(&self.shared.queue);
        let client = Client::new(chores, Arc::clone(&self.shared)).of_chore();
        self.chores.push(Box::pin(async move { keeper::end_taken(&client).await }));
        true
    }

    /// Shows the trace what is tried again.
    fn poll_retries(&mut self, context: &mut Context<'_>) {
        let (Some(trace), Some(notices)) = (&mut self.trace, &mut self.retries) else { return };
        while let Poll::Ready(Some(notice)) = notices.poll_next_unpin(context) {
            if let Notice::Retrying(retry) = notice {
                trace.retry(self.shared.runtime.now(), &retry);
            }
        }
    }

    /// Has the engine do what is due. Its deadline moves on with every piece of payload.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = self.engine.poll_timeout() else { return false };
        if self.timer.poll_until(&self.shared.runtime, deadline, context).is_pending() {
            return false;
        }
        self.engine.handle_timeout(self.now());
        true
    }

    /// Says what the engine has to say.
    fn drain_outputs(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.engine.poll_output() {
            busy = true;
            self.learn(&output);
            let notice = match output {
                Output::Complete(result) => {
                    if let Some(request) = self.engine.take_spent() {
                        self.shared.places.leave_request(request);
                    }
                    self.before = None;
                    if let Some(caller) = self.in_flight.take() {
                        // Who may have lost interest.
                        caller.send(result);
                    }
                    continue;
                }
                Output::Unsolicited(line) => Notice::Unsolicited(UnsolicitedLine::new(line)),
                Output::Stray(line) => Notice::Stray(UnsolicitedLine::new(line)),
                Output::Restarted(sign) => Notice::Restarted(sign),
                Output::Desynchronized => Notice::Desynchronized,
                _ => continue,
            };
            self.shared.subscribers.deliver(&notice);
        }
        if self.engine.is_synchronized() {
            // The command that the engine has is on its way, and all was told that came before it.
            self.before.take().into_iter().for_each(UntilSent::forget);
        }
        busy
    }

    /// What is known of the module now, or in doubt.
    fn learn(&self, output: &Output) {
        match output {
            Output::Complete(Ok(_)) => self.shared.known.has_answered(),
            Output::Restarted(_) => {
                self.shared.known.restart();
                self.shared.contexts.lose();
            }
            Output::Desynchronized => self.shared.known.doubt(),
            Output::Unsolicited(line)
                if matches!(Unsolicited::from(Line::new(line)), Unsolicited::BearerDeactivated { .. }) =>
            {
                self.shared.known.doubt();
            }
            Output::Unsolicited(line)
                if Unsolicited::from(Line::new(line)) == Unsolicited::PdpDeactivated =>
            {
                self.shared.contexts.lose();
            }
            _ => {}
        }
    }

    /// Whether nobody needs the line any more.
    fn is_done(&self) -> bool {
        (self.released || self.closing)
            && self.shared.queue.is_empty()
            && self.engine.is_idle()
            && self.in_flight.is_none()
            && self.chores.is_empty()
    }

    /// All that the module had sent was looked at.
    fn tell_caught_up(&mut self) {
        for waiting in core::mem::take(&mut self.behind) {
            // Who may have lost interest.
            waiting.send(());
        }
    }

    /// Tells everyone that the line is gone.
    fn finish(&mut self, reason: Disconnected) {
        if core::mem::replace(&mut self.finished, true) {
            return;
        }
        self.engine.handle_disconnect(reason);
        self.drain_outputs();
        self.shared.subscribers.deliver(&Notice::Disconnected(reason));
        // Dropped commands tell their callers, dropped chores release their locks.
        self.shared.queue.close();
        self.behind.append(&mut self.shared.take_behind());
        self.tell_caught_up();
        self.new_chores.close();
        self.chores.clear();
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin> Driver<P> {
    fn poll_write(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        let mut busy = false;
        loop {
            let Some(writing) = &mut self.writing else {
                let Some(transmit) = self.engine.poll_transmit() else { break };
                self.writing = Some(Writing { transmit, written: 0 });
                continue;
            };
            let rest = writing.transmit.octets.slice(writing.written..);
            let Poll::Ready(written) = Pin::new(&mut self.port).poll_write(context, &rest)? else {
                return Ok(busy);
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            if let Some(trace) = &mut self.trace {
                let secret = writing.transmit.secret.as_ref().map(|secret| {
                    let start = secret.start.saturating_sub(writing.written).min(written);
                    start..secret.end.saturating_sub(writing.written).min(written)
                });
                let (now, octets) = (self.shared.runtime.now(), &rest.slice(..written));
                trace.sent(now, octets, secret, writing.transmit.is_payload);
            }
            writing.written += written;
            self.shared.count(written, 0);
            if writing.written >= writing.transmit.octets.len() {
                self.writing = None;
            }
            self.unflushed = true;
            busy = true;
        }
        if self.unflushed && Pin::new(&mut self.port).poll_flush(context)?.is_ready() {
            self.unflushed = false;
        }
        Ok(busy)
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        // What is read stays where it is until whoever asked for it takes it.
        let room = self.engine.spare();
        let Poll::Ready(read) = Pin::new(&mut self.port).poll_read(context, room)? else {
            return Ok(false);
        };
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, Disconnected::Ended));
        }
        let now = self.shared.runtime.now();
        if let Some(trace) = &mut self.trace {
            trace.received(now, room.get(..read).unwrap_or_default());
        }
        self.shared.count(0, read);
        self.engine.handle_filled(now, read);
        self.unbroken += read;
        Ok(true)
    }

    /// One round over everything that can move; `false` when nothing did.
    fn poll_round(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        // First: who changes anything after it was looked at has the driver polled again.
        self.shared.queue.register(context);
        // Before what was left to the driver until then, and before the read that is to bring them up to date.
        self.closing = self.shared.queue.is_closing();
        self.behind.append(&mut self.shared.take_behind());
        self.poll_retries(context);
        let mut busy = self.poll_chores(context);
        busy |= self.poll_keeper(context);
        busy |= self.poll_requests();
        busy |= self.poll_write(context)?;
        let has_read = self.poll_read(context)?;
        // An answer that is there already is in time, however late it is looked at.
        busy |= has_read || self.poll_timer(context);
        busy |= self.drain_outputs();
        if !has_read {
            self.unbroken = 0;
            self.tell_caught_up();
        }
        Ok(busy)
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin> Future for Driver<P> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        for _ in 0..ROUNDS {
            match this.poll_round(context) {
                Ok(_) if this.is_done() => {
                    // Who listens still is told that nothing follows.
                    this.finish(Disconnected::Closed);
                    return Poll::Ready(Ok(()));
                }
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(error) => {
                    this.finish(match error.kind() {
                        io::ErrorKind::UnexpectedEof => Disconnected::Ended,
                        _ => Disconnected::Failed,
                    });
                    return Poll::Ready(Err(error));
                }
            }
        }
        // A line that never falls silent holds up no deadline. It is one when more was read than was waiting to be.
        if this.unbroken >= BUFFERED {
            this.unbroken = 0;
            this.poll_timer(context);
            this.drain_outputs();
            this.tell_caught_up();
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<P> Drop for Driver<P> {
    fn drop(&mut self) {
        self.finish(Disconnected::DriverDropped);
    }
}

impl<P> fmt::Debug for Driver<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("engine", &self.engine)
            .field("chores", &self.chores.len())
            .finish_non_exhaustive()
    }
}
