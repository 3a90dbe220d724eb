//! The handle by which commands are sent.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::channel::{mpsc, oneshot};
use futures::future::{BoxFuture, Either};
use futures::lock::{Mutex, OwnedMutexGuard};
use futures::{FutureExt, pin_mut};
use sim800_command::{At, Command, HttpHead, Malformed, Test, Unsolicited};
use sim800_parser::Line;

use crate::config::Config;
use crate::engine::{Name, Request};
use crate::error::{Disconnected, Error, Failure, Malformation};
use crate::notices::{Notice, Notices, Subscribers};
use crate::runtime::Runtime;

/// Work that outlives whoever caused it; the driver runs it.
pub(crate) type Chore = BoxFuture<'static, ()>;

/// A request on its way to the driver.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Result<Reply, Failure>>,
}

/// A handle to a module, from [`connect`](crate::connect); clones share the module.
///
/// Commands are sent in the order in which they are asked for, one at a time. Dropping a future that waits for a result
/// is harmless: a command that is in flight runs to its end without it, one that is not is never sent.
#[derive(Clone)]
pub struct Client {
    requests: mpsc::UnboundedSender<Envelope>,
    chores: mpsc::UnboundedSender<Chore>,
    shared: Arc<Shared>,
}

/// What all clients of a module and its driver have in common.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) subscribers: Subscribers,
    /// The module has one HTTP service and one FTP session.
    http: Arc<Mutex<()>>,
    ftp: Arc<Mutex<()>>,
    /// Whether the firmware has `AT+HTTPHEAD`, once it was asked.
    http_head: OnceLock<bool>,
}

impl Shared {
    pub(crate) fn new(runtime: Arc<dyn Runtime>, config: Config) -> Self {
        let subscribers = Subscribers::default();
        Self {
            config,
            runtime,
            subscribers,
            http: Arc::default(),
            ftp: Arc::default(),
            http_head: OnceLock::new(),
        }
    }
}

impl Client {
    pub(crate) fn new(
        requests: mpsc::UnboundedSender<Envelope>,
        chores: mpsc::UnboundedSender<Chore>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { requests, chores, shared }
    }

    /// Sends a command and waits for its result.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed.
    pub async fn execute<C: Command>(&self, command: &C) -> Result<Reply, Error> {
        self.start(Request::new(command), C::SPEC).await
    }

    /// Sends a command whose prompt asks for octets, and these octets: as many as the prompt asks for, from the first
    /// on. [`Reply::granted`] says how many that were.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed.
    pub async fn transmit<C: Command>(&self, command: &C, body: Bytes) -> Result<Reply, Error> {
        self.start(Request::new(command).map(|request| request.with_body(body)), C::SPEC).await
    }

    /// Sends a command and reads its information text.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed; [`Failure::Malformed`] when the text has not the shape that the
    /// command defines.
    pub async fn query<C: Command, T>(
        &self,
        command: &C,
        read: impl FnOnce(C::Response<'_>) -> T,
    ) -> Result<T, Error> {
        let reply = self.execute(command).await?;
        if let Ok(response) = reply.response(command) {
            return Ok(read(response));
        }
        // Perhaps the result was that of another command, and the text is still to come.
        self.synchronize().await;
        Err(Error::new(&Name::Table(C::SPEC), Failure::Malformed(Malformation::Information)))
    }

    /// Sends a command whose type is forgotten, as [`Request::raw`] makes one.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed.
    pub async fn request(&self, request: Request) -> Result<Reply, Error> {
        self.submit(request).await
    }

    /// Asks to be told of lines that belong to no command and that `filter` lets through, and in any case of restarts,
    /// of what is tried again, and of the end of the line.
    pub fn subscribe(&self, filter: impl Fn(&Unsolicited<'_>) -> bool + Send + Sync + 'static) -> Notices {
        self.shared.subscribers.subscribe(self.shared.config.limits.notices, Box::new(filter))
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.shared.runtime
    }

    /// Sends a request now; the reply may be waited for later.
    pub(crate) fn submit(&self, request: Request) -> Pending {
        let command = request.name();
        let (reply, receiver) = oneshot::channel();
        // A request that the driver does not take any more drops its sender, which tells the receiver.
        drop(self.requests.unbounded_send(Envelope { request, reply }));
        Pending { command, receiver, shared: Arc::clone(&self.shared) }
    }

    /// Lets the driver run `chore`, whoever is dropped meanwhile. The driver ends no sooner than the chore.
    pub(crate) fn chore(&self, chore: impl Future<Output = ()> + Send + 'static) {
        // Without a driver there is nothing to clean up after; the chore's locks are released with it.
        drop(self.chores.unbounded_send(chore.boxed()));
    }

    /// Tells everyone who wants to know.
    pub(crate) fn announce(&self, notice: &Notice) {
        self.shared.subscribers.deliver(notice);
    }

    /// Has the line synchronized anew. Whether that succeeded, the next command tells.
    pub(crate) async fn synchronize(&self) {
        if let Ok(at) = Request::new(&At) {
            drop(self.submit(at.anew()).await);
        }
    }

    /// Sends a command that changes nothing, and once more when the line damaged its response.
    pub(crate) async fn ask<C: Command>(&self, command: &C) -> Result<Reply, Error> {
        let result = self.execute(command).await;
        if !result.as_ref().is_err_and(Error::is_of_the_line) {
            return result;
        }
        self.synchronize().await;
        self.execute(command).await
    }

    /// `future`, for no longer than `limit`.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        let deadline = self.shared.runtime.now().saturating_add(limit);
        let timer = self.shared.runtime.sleep_until(deadline);
        pin_mut!(future);
        match futures::future::select(future, timer).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    /// Waits `duration`.
    pub(crate) async fn pause(&self, duration: Duration) {
        self.shared.runtime.sleep_until(self.shared.runtime.now().saturating_add(duration)).await;
    }

    /// The module's one HTTP service, when it is free.
    pub(crate) async fn lock_http(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.shared.http).lock_owned().await
    }

    /// Whether the firmware tells the headers of HTTP responses; not every one does (manual 20.15).
    pub(crate) async fn has_http_head(&self) -> Result<bool, Error> {
        if let Some(has) = self.shared.http_head.get() {
            return Ok(*has);
        }
        let has = match self.ask(&Test::<HttpHead>::new()).await {
            Ok(_) => true,
            Err(error) if error.is_rejected() => false,
            Err(error) => return Err(error),
        };
        Ok(*self.shared.http_head.get_or_init(|| has))
    }

    /// The module's one FTP session, when it is free.
    pub(crate) async fn lock_ftp(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.shared.ftp).lock_owned().await
    }

    async fn start(
        &self,
        request: Result<Request, Failure>,
        spec: &'static sim800_command::Spec,
    ) -> Result<Reply, Error> {
        match request {
            Ok(request) => self.submit(request).await,
            Err(failure) => Err(Error::new(&Name::Table(spec), failure)),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// The reply to a request that was sent.
pub(crate) struct Pending {
    command: Name,
    receiver: oneshot::Receiver<Result<Reply, Failure>>,
    shared: Arc<Shared>,
}

impl Future for Pending {
    type Output = Result<Reply, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.receiver.poll_unpin(context).map(|reply| {
            let reply = reply.unwrap_or_else(|oneshot::Canceled| {
                let reason = self.shared.subscribers.ended().unwrap_or(Disconnected::DriverDropped);
                Err(Failure::Disconnected(reason))
            });
            reply.map_err(|failure| Error::new(&self.command, failure))
        })
    }
}

/// What a command that ended well brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The lines of information text, without line ends; the header of a payload is one.
    pub information: Vec<Bytes>,
    /// The payload, complete.
    pub payload: Bytes,
    /// How many octets of the body the module asked for and got.
    pub granted: Option<u32>,
}

impl Reply {
    /// The lines of information text.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.information.iter().map(|line| Line::new(line))
    }

    /// What the information text says.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when it has not the shape that `command` defines.
    pub fn response<'a, C: Command>(&'a self, command: &C) -> Result<C::Response<'a>, Malformed> {
        let lines: Vec<_> = self.lines().collect();
        command.response(&lines)
    }
}
