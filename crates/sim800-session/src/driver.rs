//! The owner of the port: moves octets between it and the engine.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::io::{AsyncRead, AsyncWrite};
use futures::stream::{FuturesUnordered, Stream, StreamExt};

use crate::client::{Chore, Client, Envelope, Reply, Shared};
use crate::config::Config;
use crate::engine::{CommandId, Engine, Output, Transmit};
use crate::error::{Disconnected, Failure};
use crate::notices::{Notice, Notices, UnsolicitedLine};
use crate::runtime::Runtime;
use crate::trace::{Masked, Trace};

/// Octets per read. More is no faster, for the line is slow.
const READ: usize = 4096;

/// Rounds of one poll before other tasks get their turn.
const ROUNDS: usize = 32;

/// Connects to the module behind `port`.
///
/// Nothing happens before the [`Driver`] is run, as a task of its own; the [`Client`] is what commands are sent with.
/// Nothing is sent until something is asked for: [`Client::start_up`] makes the module ready.
pub fn connect<P>(port: P, runtime: Arc<dyn Runtime>, config: Config) -> (Client, Driver<P>)
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    let (requests_in, requests) = mpsc::unbounded();
    let (chores_in, new_chores) = mpsc::unbounded();
    let engine = Engine::on_unknown_line(runtime.now(), &config);
    let shared = Arc::new(Shared::new(runtime, config));
    let client = Client::new(requests_in, chores_in, Arc::clone(&shared));
    let driver = Driver {
        port,
        shared,
        engine,
        requests,
        waiting: VecDeque::new(),
        in_flight: None,
        new_chores,
        chores: FuturesUnordered::new(),
        released: false,
        writing: None,
        unflushed: false,
        buffer: vec![0; READ].into_boxed_slice(),
        timer: None,
        trace: None,
        retries: None,
        finished: false,
    };
    (client, driver)
}

/// A future that runs the line to a module; spawn it.
///
/// It ends well when all clients are gone and what they left behind is cleaned up, and with [`Disconnected`] when the line
/// ends. It is `Send` when the port is. All protocol state lives in it, so that no future of a caller can lose any.
#[must_use = "a driver does nothing unless it is polled"]
pub struct Driver<P> {
    port: P,
    shared: Arc<Shared>,
    engine: Engine,
    requests: mpsc::UnboundedReceiver<Envelope>,
    /// Requests that wait for the line; never those whose callers are gone.
    waiting: VecDeque<Envelope>,
    in_flight: Option<InFlight>,
    new_chores: mpsc::UnboundedReceiver<Chore>,
    chores: FuturesUnordered<Chore>,
    /// All clients are gone.
    released: bool,
    writing: Option<Writing>,
    unflushed: bool,
    buffer: Box<[u8]>,
    timer: Option<(Duration, BoxFuture<'static, ()>)>,
    trace: Option<Masked>,
    /// What the trace is told of besides octets.
    retries: Option<Notices>,
    finished: bool,
}

/// A request that the engine has, and what came for it so far.
struct InFlight {
    id: CommandId,
    envelope: futures::channel::oneshot::Sender<Result<Reply, Failure>>,
    reply: Reply,
    payload: BytesMut,
}

/// Octets on their way to the port.
struct Writing {
    transmit: Transmit,
    written: usize,
}

impl<P> Driver<P> {
    /// Shows `trace` every octet that crosses the line, secrets masked, and what is tried again.
    pub fn with_trace(mut self, trace: impl Trace + 'static) -> Self {
        let limit = self.shared.config.limits.notices;
        self.retries = Some(self.shared.subscribers.subscribe(limit, Box::new(|_| false)));
        self.trace = Some(Masked::new(Box::new(trace)));
        self
    }

    fn now(&self) -> Duration {
        self.shared.runtime.now()
    }

    /// Takes requests, and hands the next one to the engine when it has none.
    fn poll_requests(&mut self, context: &mut Context<'_>) -> bool {
        let mut busy = false;
        while !self.released {
            match Pin::new(&mut self.requests).poll_next(context) {
                Poll::Ready(Some(envelope)) => {
                    // Callers that gave up leave no trace, so what waits is bounded by the callers there are.
                    self.waiting.retain(|envelope| !envelope.reply.is_canceled());
                    self.waiting.push_back(envelope);
                }
                Poll::Ready(None) => {
                    self.released = true;
                    busy = true;
                }
                Poll::Pending => break,
            }
        }
        while self.in_flight.is_none() {
            let Some(envelope) = self.waiting.pop_front() else { break };
            if envelope.reply.is_canceled() {
                continue;
            }
            let id = self.engine.submit(self.now(), envelope.request);
            let reply = Reply::default();
            let payload = BytesMut::new();
            self.in_flight = Some(InFlight { id, envelope: envelope.reply, reply, payload });
            busy = true;
        }
        busy
    }

    fn poll_chores(&mut self, context: &mut Context<'_>) -> bool {
        let mut busy = false;
        while let Poll::Ready(Some(chore)) = Pin::new(&mut self.new_chores).poll_next(context) {
            self.chores.push(chore);
            busy = true;
        }
        while let Poll::Ready(Some(())) = self.chores.poll_next_unpin(context) {
            busy = true;
        }
        busy
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

    /// Keeps one timer armed. A deadline that moves on, as it does with every piece of payload, lets it fire early once
    /// instead of costing a new one.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = self.engine.poll_timeout() else { return false };
        if self.timer.as_ref().is_none_or(|(armed, _)| *armed > deadline) {
            let runtime = Arc::clone(&self.shared.runtime);
            self.timer = Some((deadline, Box::pin(async move { runtime.sleep_until(deadline).await })));
        }
        let Some((_, timer)) = &mut self.timer else { return false };
        if timer.as_mut().poll(context).is_pending() {
            return false;
        }
        self.timer = None;
        let now = self.now();
        if now >= deadline {
            self.engine.handle_timeout(now);
        }
        true
    }

    /// Says what the engine has to say.
    fn drain_outputs(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.engine.poll_output() {
            busy = true;
            match output {
                Output::Information(id, line) => {
                    if let Some(in_flight) = self.in_flight(id) {
                        in_flight.reply.information.push(line);
                    }
                }
                Output::Payload(id, octets) => {
                    if let Some(in_flight) = self.in_flight(id) {
                        // A copy, so that the read buffer can be used again.
                        in_flight.payload.extend_from_slice(&octets);
                    }
                }
                Output::Granted(id, granted) => {
                    if let Some(in_flight) = self.in_flight(id) {
                        in_flight.reply.granted = Some(granted);
                    }
                }
                Output::Complete(id, result) => {
                    if let Some(InFlight { envelope, mut reply, payload, .. }) =
                        self.in_flight.take_if(|in_flight| in_flight.id == id)
                    {
                        reply.payload = payload.freeze();
                        // The caller may have lost interest.
                        drop(envelope.send(result.map(|()| reply)));
                    }
                }
                Output::Unsolicited(line) => {
                    let notice = Notice::Unsolicited(UnsolicitedLine::new(line));
                    self.shared.subscribers.deliver(&notice);
                }
                Output::Restarted(sign) => self.shared.subscribers.deliver(&Notice::Restarted(sign)),
                Output::Desynchronized => self.shared.subscribers.deliver(&Notice::Desynchronized),
            }
        }
        busy
    }

    fn in_flight(&mut self, id: CommandId) -> Option<&mut InFlight> {
        self.in_flight.as_mut().filter(|in_flight| in_flight.id == id)
    }

    /// Whether nobody needs the line any more.
    fn is_done(&self) -> bool {
        self.released && self.waiting.is_empty() && self.in_flight.is_none() && self.chores.is_empty()
    }

    /// Tells everyone that the line is gone.
    fn finish(&mut self, reason: Disconnected) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.engine.handle_disconnect(reason);
        self.drain_outputs();
        self.shared.subscribers.deliver(&Notice::Disconnected(reason));
        self.requests.close();
        // Dropped requests tell their callers, dropped chores release their locks.
        self.waiting.clear();
        while let Ok(envelope) = self.requests.try_recv() {
            drop(envelope);
        }
        self.new_chores.close();
        while let Ok(chore) = self.new_chores.try_recv() {
            drop(chore);
        }
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
        let Poll::Ready(read) = Pin::new(&mut self.port).poll_read(context, &mut self.buffer)? else {
            return Ok(false);
        };
        let octets = self.buffer.get(..read).unwrap_or_default();
        if octets.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let now = self.shared.runtime.now();
        if let Some(trace) = &mut self.trace {
            trace.received(now, octets);
        }
        self.engine.handle_input(now, octets);
        Ok(true)
    }

    /// One round over everything that can move; `false` when nothing did.
    fn poll_round(&mut self, context: &mut Context<'_>) -> Result<bool, Disconnected> {
        self.poll_retries(context);
        let mut busy = self.poll_requests(context);
        busy |= self.poll_chores(context);
        busy |= self.poll_timer(context);
        busy |= self.poll_write(context).map_err(|error| Disconnected::Failed(error.kind()))?;
        busy |= self.poll_read(context).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Disconnected::Ended,
            kind => Disconnected::Failed(kind),
        })?;
        busy |= self.drain_outputs();
        Ok(busy)
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin> Future for Driver<P> {
    type Output = Result<(), Disconnected>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        for _ in 0..ROUNDS {
            match this.poll_round(context) {
                Ok(_) if this.is_done() => {
                    // Who listens still is told that nothing follows.
                    this.finish(Disconnected::DriverDropped);
                    return Poll::Ready(Ok(()));
                }
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(reason) => {
                    this.finish(reason);
                    return Poll::Ready(Err(reason));
                }
            }
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
            .field("waiting", &self.waiting.len())
            .field("chores", &self.chores.len())
            .finish_non_exhaustive()
    }
}
