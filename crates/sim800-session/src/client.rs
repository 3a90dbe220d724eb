//! The handle by which commands are sent.

mod limit;

use crate::sync::Arc;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use crate::oneshot;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use sim800_command::{At, Command, HttpHead, HttpStatusRead, HttpTerm, Test, Unsolicited};

use crate::chores::Chores;
use crate::config::{Config, Effort};
use crate::contexts::Contexts;
use crate::engine::{Disconnected, Failure, Malformation, Misuse, Name, Request, Response};
use crate::error::Error;
use crate::known::{Known, casts_doubt};
use crate::notices::{Notice, Notices, Retry, Subscribers, UntilSent};
use crate::places::Places;
use crate::queue::{Envelope, Queue, Whose};
use crate::runtime::Runtime;
use crate::sync::{Baton, Guarded, Take};
use crate::turn::{Held, Turn, Turns};
use crate::users::Bearers;

/// A handle to a module, from [`connect`](crate::connect); clones share the module.
///
/// Commands are sent in the order in which they are asked for, one at a time. Dropping a future that waits for a result
/// is harmless: a command that is in flight runs to its end without it, one that is not is never sent. At most
/// [`Config::queue`](crate::Config::queue) of them wait; those of procedures, as requests and transfers are, wait beside them.
#[derive(Clone)]
pub struct Client {
    chores: Chores,
    shared: Arc<Shared>,
    /// That of the session, or what a request has in its place.
    config: Arc<Config>,
    /// How long one of its operations may take.
    deadline: Option<Duration>,
    /// Whose commands it sends.
    whose: Whose,
}

/// Octets that crossed the line since the session began, commands, responses and payload alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// To the module, as far as the port has taken them.
    pub sent: u64,
    /// From the module.
    pub received: u64,
}

/// What all clients of a module and its driver have in common.
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) subscribers: Subscribers,
    pub(crate) queue: Arc<Queue>,
    /// Who wants to know when all that the module sent so far was looked at.
    behind: Guarded<Vec<oneshot::Sender<()>>>,
    /// The module has one HTTP service and one FTP session.
    http: Turns,
    ftp: Turns,
    /// Who uses which bearer.
    bearers: Bearers,
    /// What its sockets go through.
    pub(crate) contexts: Contexts,
    traffic: Guarded<Traffic>,
    /// Had by whoever enters the PIN, or looks whether it was entered.
    pin: Baton,
    /// Whether it was entered and not accepted.
    pin_tried: Guarded<bool>,
    pub(crate) known: Known,
    pub(crate) places: Places,
}

impl Shared {
    pub(crate) fn new(runtime: Arc<dyn Runtime>, config: Config) -> Self {
        Self {
            queue: Arc::new(Queue::new(config.queue)),
            config: Arc::new(config),
            runtime,
            subscribers: Subscribers::default(),
            behind: Guarded::default(),
            http: Turns::default(),
            ftp: Turns::default(),
            bearers: Bearers::default(),
            contexts: Contexts::default(),
            traffic: Guarded::default(),
            pin: Baton::default(),
            pin_tried: Guarded::default(),
            known: Known::default(),
            places: Places::default(),
        }
    }

    /// Counts what crossed the line.
    pub(crate) fn count(&self, sent: usize, received: usize) {
        self.traffic.with(|traffic| {
            traffic.sent += sent as u64;
            traffic.received += received as u64;
        });
    }

    /// Who wants to know since this was asked last.
    pub(crate) fn take_behind(&self) -> Vec<oneshot::Sender<()>> {
        self.behind.with(mem::take)
    }
}

impl Client {
    pub(crate) fn new(chores: Chores, shared: Arc<Shared>) -> Self {
        let config = Arc::clone(&shared.config);
        Self { chores, shared, config, deadline: None, whose: Whose::Caller }
    }

    /// A client for requests that may take `effort`.
    pub(crate) fn tuned(&self, effort: &Effort) -> Self {
        let config = Arc::new(self.shared.config.tuned(effort));
        Self { config, deadline: effort.deadline, ..self.clone() }
    }

    /// A client for the commands of a procedure.
    pub(crate) fn of_procedure(&self) -> Self {
        Self { whose: self.whose.max(Whose::Procedure), ..self.clone() }
    }

    /// A client for what puts things back in the module.
    pub(crate) fn of_chore(self) -> Self {
        Self { whose: Whose::Chore, ..self }
    }

    /// What is known of the module.
    pub(crate) fn known(&self) -> &Known {
        &self.shared.known
    }

    /// How long one of its operations may take.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Ends the session: waits until the commands that were asked for are through and what transfers left open in the module is
    /// put back, and ends the driver, which returns `Ok`. To open the port again, await the driver, too: it holds the port until
    /// it has returned.
    ///
    /// Drop responses and transfers before: one that is still there fails with [`Disconnected::Closed`] at its next command, as
    /// every other client does, and is not put back. When this future is dropped, the session ends all the same. It needs a driver
    /// that runs, or is dropped.
    pub async fn close(self) {
        let mut end = self.subscribe(|_| false);
        self.shared.queue.begin_to_close();
        drop(self);
        // The stream ends with the driver.
        while end.next().await.is_some() {}
    }

    /// Sends a command and waits for its result.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed.
    pub fn execute<C: Command>(&self, command: &C) -> Pending {
        self.submit_new(Request::new(command), Name::of::<C>())
    }

    /// Sends a command whose prompt asks for octets, and these octets: as many as the prompt asks for, from the first
    /// on. [`Response::granted`] says how many that were.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed.
    pub fn transmit<C: Command>(&self, command: &C, body: Bytes) -> Pending {
        self.submit_new(Request::new(command).map(|request| request.with_body(body)), Name::of::<C>())
    }

    /// Sends a command and reads its information text.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed; [`Failure::Malformed`] when the text has not the shape that the
    /// command defines.
    pub fn query<C: Command, T>(
        &self,
        command: &C,
        read: impl FnOnce(C::Response<'_>) -> T,
    ) -> impl Future<Output = Result<T, Error>> {
        let (mut pending, mut read) = (self.execute(command), Some(read));
        poll_fn(move |context| {
            let mut value = None;
            let polled = pending.poll_read(self, context, &mut |response| {
                let response = response.decode(command);
                value = response.ok().and_then(|response| Some(read.take()?(response)));
                value.is_some()
            });
            match (polled, value) {
                (Poll::Ready(Err(error)), _) => Poll::Ready(Err(error)),
                (_, Some(value)) => Poll::Ready(Ok(value)),
                (_, None) => Poll::Pending,
            }
        })
    }

    /// Sends a command whose type is forgotten, as [`Request::raw`] makes one.
    ///
    /// # Errors
    ///
    /// [`Error`] with the command and how it failed.
    pub fn request(&self, request: Request) -> Pending {
        self.submit(request)
    }

    /// How many octets have crossed the line until now: this moves on while a window of a body, or a body that is sent, is on
    /// its way.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.shared.traffic.with(|traffic| *traffic)
    }

    /// Asks to be told of lines that belong to no command and that `filter` lets through, and in any case of restarts,
    /// of what is tried again, and of the end of the line.
    pub fn subscribe(&self, filter: impl Fn(&Unsolicited<'_>) -> bool + Send + Sync + 'static) -> Notices {
        self.shared.subscribers.subscribe(self.shared.config.notices, Box::new(filter))
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.shared.runtime
    }

    /// A request that takes the place of one that is through, where there is one: for what is sent again and again.
    pub(crate) fn encode<C: Command>(&self, command: &C) -> Result<Request, Failure> {
        let place = self.shared.places.take_request();
        Request::encode_at(place, command).map_err(|_| Failure::Misuse(Misuse::TooLong))
    }

    /// Sends `request` and keeps it, to be sent again.
    pub(crate) fn submit_again(&self, request: &Request) -> Pending {
        let place = self.shared.places.take_request();
        self.submit(match place {
            Some(mut place) => {
                place.clone_from(request);
                place
            }
            None => request.clone(),
        })
    }

    /// Sends a request now; the reply may be waited for later.
    pub(crate) fn submit(&self, request: Request) -> Pending {
        self.enqueue(request, None, None)
    }

    /// The same for a command that has lines of its own, of which none comes `before` it is sent.
    pub(crate) fn submit_with_lines(&self, request: Request, before: Option<UntilSent>) -> Pending {
        self.enqueue(request, None, before)
    }

    /// The same with a future that is ready as soon as no other command is in front of it.
    pub(crate) fn submit_with_turn(&self, request: Request) -> (Pending, impl Future<Output = ()>) {
        let (turn, receiver) = oneshot::channel();
        (self.enqueue(request, Some(turn), None), receiver.map(drop))
    }

    fn enqueue(
        &self,
        request: Request,
        turn: Option<oneshot::Sender<()>>,
        before: Option<UntilSent>,
    ) -> Pending {
        let command = request.name().clone();
        let (reply, receiver) = oneshot::channel_at(self.shared.places.take_reply());
        let casts_doubt = self.whose == Whose::Caller && casts_doubt(&request);
        if casts_doubt {
            self.leave_http();
            // Now, for what is decided from now on, and when it is sent, for what is learnt until then.
            self.known().doubt();
        } else {
            self.known().is_being_set(request.line());
        }
        let envelope = Envelope { request, turn, casts_doubt, before, reply: Some(reply) };
        self.shared.queue.push(envelope, self.whose);
        Pending { command, receiver, shared: Arc::clone(&self.shared), unreadable: false }
    }

    /// Has the HTTP service ended that is kept, before somebody else's command that may be for one of his own.
    fn leave_http(&self) {
        if !self.known().take_http() {
            return;
        }
        if let Ok(request) = Request::new(&HttpTerm) {
            let envelope = Envelope { request, turn: None, casts_doubt: false, before: None, reply: None };
            self.shared.queue.push(envelope, Whose::Procedure);
        }
    }

    /// Has the driver look at what is kept now.
    pub(crate) fn wake_driver(&self) {
        self.shared.queue.wake();
    }

    /// Lets the driver run `chore`, whoever is dropped meanwhile. The driver ends no sooner than the chore, whose client finds
    /// room in the queue however many wait there.
    pub(crate) fn chore<F>(&self, chore: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let client = self.clone().of_chore();
        // Without a driver there is nothing to clean up after; the chore's locks are released with it.
        self.chores.leave(chore(client).boxed());
    }

    /// Tells everyone who wants to know.
    pub(crate) fn announce(&self, notice: &Notice) {
        self.shared.subscribers.deliver(notice);
    }

    /// Has the line synchronized anew, which succeeds if the module answers.
    pub(crate) fn synchronize(&self) -> Pending {
        self.submit_new(Request::new(&At).map(Request::anew), Name::of::<At>())
    }

    /// Whether a command that failed by `error` is worth sending once more: the module refuses what the line left of one that lost
    /// octets, too.
    pub(crate) fn doubts(&self, error: &Error) -> bool {
        error.is_rejected() && self.config.retries.at_most > 0
    }

    /// Sends a command, and once more when the module refused it.
    pub(crate) async fn insist<C: Command>(&self, command: &C) -> Result<Response, Error> {
        let mut is_again = false;
        loop {
            match self.execute(command).await {
                Err(error) if !is_again && self.doubts(&error) => is_again = true,
                result => return result,
            }
        }
    }

    /// Sends a command that may be sent again, and does so when the line damaged its response: once, and once more where it damaged that in
    /// another way.
    pub(crate) fn ask<C: Command>(&self, command: &C) -> impl Future<Output = Result<Response, Error>> {
        self.ask_for(command, Ok)
    }

    /// The same for a response that `check` takes for one.
    pub(crate) async fn ask_for<C: Command>(
        &self,
        command: &C,
        check: impl Fn(Response) -> Result<Response, Error>,
    ) -> Result<Response, Error> {
        let (mut before, mut tries) = (None, 1);
        loop {
            let result = self.execute(command).await.and_then(&check);
            let failure = match &result {
                Err(error) if error.is_of_the_line() => error.failure().clone(),
                _ => return result,
            };
            // What fails in the same way is the firmware's, or a module that is dead; the line damages something else each time.
            let is_other = |before: &Failure| *before != failure && is_damage(before) && is_damage(&failure);
            if tries > 1 && (tries > 2 || !before.as_ref().is_some_and(is_other)) {
                return result;
            }
            drop(self.synchronize().await);
            (before, tries) = (Some(failure), tries + 1);
        }
    }

    /// The same where a refusal is an answer, such as that the firmware lacks something: what is refused twice is refused. One may have
    /// been another's.
    pub(crate) async fn ask_twice<C: Command>(
        &self,
        command: &C,
        check: impl Fn(Response) -> Result<Response, Error>,
    ) -> Result<Response, Error> {
        match self.ask_for(command, &check).await {
            Err(error) if self.doubts(&error) => self.ask_for(command, check).await,
            result => result,
        }
    }

    /// Waits before something that is built on this session is tried again, and tells whoever [subscribed](Self::subscribe): for the
    /// `attempt`th try in a row, counted from 1, after `cause`, `position` octets having been moved. `false` at once where
    /// [`Config::retries`] allows no such try.
    pub async fn retry(&self, cause: String, attempt: u32, position: Option<u64>) -> bool {
        let retries = self.config.retries;
        if attempt > retries.at_most {
            return false;
        }
        let (at_most, pause) = (retries.at_most, retries.pause(attempt));
        self.announce(&Notice::Retrying(Retry { cause, attempt, at_most, pause, position }));
        self.pause(pause).await;
        true
    }

    /// Waits `duration`.
    pub(crate) fn pause(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.shared.runtime.sleep_until(self.shared.runtime.now().saturating_add(duration))
    }

    /// The module's one HTTP service for the request `name`, when it is free.
    pub(crate) fn turn_http(
        &self,
        name: Arc<str>,
        patience: Duration,
    ) -> impl Future<Output = Result<Turn, Held>> {
        self.shared.http.take(&self.shared.runtime, name, patience)
    }

    /// The module's one FTP session for the operation `name`, when it is free.
    pub(crate) fn turn_ftp(
        &self,
        name: Arc<str>,
        patience: Duration,
    ) -> impl Future<Output = Result<Turn, Held>> {
        self.shared.ftp.take(&self.shared.runtime, name, patience)
    }

    /// Who uses which bearer of the module.
    pub(crate) fn bearers(&self) -> &Bearers {
        &self.shared.bearers
    }

    /// What the sockets of the module go through.
    pub(crate) fn contexts(&self) -> &Contexts {
        &self.shared.contexts
    }

    /// The card's PIN, for one at a time.
    pub(crate) fn turn_pin(&self) -> Take {
        self.shared.pin.take()
    }

    /// Whether the PIN was entered and not accepted.
    pub(crate) fn was_pin_tried(&self) -> bool {
        self.shared.pin_tried.with(|tried| *tried)
    }

    /// The PIN is going to be entered, or was accepted after all.
    pub(crate) fn pin_is_tried(&self, tried: bool) {
        self.shared.pin_tried.with(|known| *known = tried);
    }

    /// Whether the firmware tells the headers of HTTP responses; not every one does (manual 20.15).
    pub(crate) async fn has_http_head(&self) -> Result<bool, Error> {
        if self.known().knows_of_headers() {
            return Ok(self.known().tells_headers(true));
        }
        match self.ask_twice(&Test::<HttpHead>::new(), Ok).await {
            Ok(_) => self.known().has_told_headers(),
            Err(error) if error.is_rejected() => self.known().has_no_headers(),
            Err(error) => return Err(error),
        }
        Ok(self.known().tells_headers(true))
    }

    /// Whether the firmware knows the question how the HTTP service stands. A module that knows it and refuses it knows nothing of the
    /// service any more: it started anew, and nothing told of that.
    pub(crate) async fn has_http_status(&self) -> bool {
        self.ask_twice(&Test::<HttpStatusRead>::new(), Ok).await.is_ok()
    }

    /// Sends a request, if it could be made.
    pub(crate) fn submit_new(&self, request: Result<Request, Failure>, command: Name) -> Pending {
        match request {
            Ok(request) => self.submit(request),
            Err(failure) => {
                let (reply, receiver) = oneshot::channel();
                reply.send(Err(failure));
                Pending { command, receiver, shared: Arc::clone(&self.shared), unreadable: false }
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Whether octets came that were not what they should be.
fn is_damage(failure: &Failure) -> bool {
    matches!(failure, Failure::Malformed(_) | Failure::Starved { .. })
}

/// What a command will bring that waits for its turn, or is in flight: its [`Response`], or how it failed. Dropped, it is not sent any
/// more, or runs to its end without anybody who waits.
#[must_use = "a command that nobody waits for is not sent"]
pub struct Pending {
    command: Name,
    receiver: oneshot::Receiver<Result<Response, Failure>>,
    shared: Arc<Shared>,
    /// What came before made no sense, and the line is synchronized for that.
    unreadable: bool,
}

impl Pending {
    /// Has `read` take the response, or fails when it does not. There is one of this for all commands, and a little of each.
    #[inline(never)]
    fn poll_read(
        &mut self,
        client: &Client,
        context: &mut Context<'_>,
        read: &mut dyn FnMut(&Response) -> bool,
    ) -> Poll<Result<(), Error>> {
        loop {
            let response = ready!(self.poll_unpin(context))?;
            if read(&response) {
                return Poll::Ready(Ok(()));
            }
            // Perhaps the result was that of another command, and the text is still to come.
            let command = self.command.clone();
            *self = client.synchronize();
            (self.command, self.unreadable) = (command, true);
        }
    }
}

impl Future for Pending {
    type Output = Result<Response, Error>;

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.receiver.poll_unpin(context).map(|reply| {
            let reply = reply.unwrap_or_else(|oneshot::Canceled| {
                let reason = self.shared.subscribers.ended().unwrap_or(Disconnected::DriverDropped);
                Err(Failure::Disconnected(reason))
            });
            let reply = match self.unreadable {
                true => Err(Failure::Malformed(Malformation::Information)),
                false => reply,
            };
            reply.map_err(|failure| Error::new(&self.command, failure))
        })
    }
}

impl Drop for Pending {
    #[inline(never)]
    fn drop(&mut self) {
        self.shared.places.leave_reply(self.receiver.place());
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("command", &self.command).finish_non_exhaustive()
    }
}
