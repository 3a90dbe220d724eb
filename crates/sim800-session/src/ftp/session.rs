//! The module's FTP session: opened, watched, and quit when dropped.

use crate::sync::Arc;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use sim800_command::{Command, FtpActivity, FtpCode, FtpQuit, FtpSize, FtpState, Unsolicited};

use super::event::{Event, end_of_any, event, event_of_any};
use super::patience::PATIENCE;
use super::{FtpError, FtpOperation, FtpStep};
use crate::client::Client;
use crate::engine::{Request, Response};
use crate::error::{Error, Failure, Malformation};
use crate::refusal::Refused;
use crate::retry::STANDSTILL;
use crate::settings::{self, Refusal, Setting, Unset};
use crate::turn::{Held, Turn, UNREAD};
use crate::watch::{Interruption, Watch};

/// How long the `OK` may take to a command that has the module turn to the server. In published logs it comes at once: the 75 s
/// of the manual are those of the server, whose answer is a line of its own.
const ANSWER: Duration = Duration::from_secs(20);

/// How long the module may say nothing before it is asked whether it is still at it. Its last line may have been lost, or
/// the module may be dead.
pub(super) const CHECK: Duration = Duration::from_secs(10);

/// How long the last line of a session that was quit or refused may take.
const SETTLE: Duration = Duration::from_secs(5);

/// How often a session that cannot be quit is asked about.
const PAUSE: Duration = Duration::from_secs(5);

/// The module's one FTP session.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    operation: FtpOperation,
    /// Left to the chore that quits the session, as is the turn.
    watch: Option<Watch>,
    turn: Option<Turn>,
    step: FtpStep,
    /// How long it may be waited for somebody who says nothing, or moves nothing.
    standstill: Duration,
    /// It was opened, and did not end.
    live: bool,
    /// What it does must not be done twice.
    once: bool,
    /// One with these settings ended well: the module took them for what they are.
    is_proven: bool,
    /// What it changed in the module that is not for the next one, and how that is taken back.
    undo: Vec<Request>,
}

impl Session {
    /// Waits until nobody else uses the session, and prepares one for what is called `name` with `settings`.
    pub(super) async fn prepare(
        client: &Client,
        cid: u8,
        operation: FtpOperation,
        name: Arc<str>,
        settings: &[Setting],
        standstill: Duration,
    ) -> Result<Box<Self>, FtpError> {
        let turn = client.turn_ftp(name, PATIENCE).await;
        let turn =
            turn.map_err(|Held(by)| FtpError::InUse { operation, by: by.to_string(), unread: UNREAD })?;
        let watch = Watch::begin(client, cid, |line| event_of_any(*line).is_some()).await;
        let mut session = Box::new(Self {
            client: client.clone(),
            operation,
            watch: Some(watch),
            turn: Some(turn),
            step: FtpStep::Prepare,
            standstill,
            live: false,
            once: operation.is_done_once(),
            is_proven: settings.is_empty(),
            undo: Vec::new(),
        });
        let off_the_line = client.keep_messages_off_the_line().await;
        off_the_line.map_err(|error| session.command(error))?;
        if client.known().may_run_ftp() {
            // It would take what is sent for its own.
            session.clear().await?;
            client.known().runs_ftp(false);
        }
        session.set(settings).await?;
        Ok(session)
    }

    /// Somebody is at work with it.
    pub(super) fn is_used(&self) {
        if let Some(turn) = &self.turn {
            turn.is_used();
        }
    }

    /// What came is handed out, and the next is up to whoever takes it.
    pub(super) fn is_handed_out(&self) {
        if let Some(turn) = &self.turn {
            turn.is_handed_out();
        }
    }

    /// Sets what is needed.
    pub(super) async fn set(&mut self, settings: &[Setting]) -> Result<(), FtpError> {
        match settings::set_what_differs(&self.client, settings, &mut self.undo).await {
            Ok(()) => Ok(()),
            Err(Unset { refusal: Some(Refusal::NoSsl), error, .. }) => Err(FtpError::NoSsl { source: error }),
            Err(Unset { error, .. }) => Err(self.command(error)),
        }
    }

    /// Sends `command` when the session is over, however it ends.
    pub(super) fn afterwards<C: Command>(&mut self, command: &C) -> Result<(), FtpError> {
        let operation = self.operation;
        let request = Request::new(command).map_err(|source| FtpError::Interrupted { operation, source })?;
        self.undo.push(request);
        Ok(())
    }

    /// How long the module may say nothing.
    pub(super) fn patience(&self) -> Duration {
        PATIENCE.min(self.standstill)
    }

    /// Something moves again, which nothing did in tries before.
    pub(super) fn moves(&mut self) {
        self.standstill = STANDSTILL;
    }

    /// How long nothing may move that the module carries out by itself.
    pub(super) fn standstill(&self) -> Duration {
        self.standstill
    }

    /// Opens the session and waits for the first thing it says. One that an earlier program left is quit first.
    pub(super) async fn open<C: Command + Sync>(&mut self, command: &C) -> Result<Event, FtpError> {
        self.open_within(command, self.patience()).await
    }

    /// The same, and waits up to `limit`.
    pub(super) async fn open_within<C: Command + Sync>(
        &mut self,
        command: &C,
        limit: Duration,
    ) -> Result<Event, FtpError> {
        let opening = self.turning(command)?;
        self.open_by(&opening, limit).await
    }

    async fn open_by(&mut self, opening: &Request, limit: Duration) -> Result<Event, FtpError> {
        match self.attempt(opening, limit).await {
            Err(error) if error.is_in_the_way() => {
                self.clear().await?;
                self.attempt(opening, limit).await
            }
            result => result,
        }
    }

    /// The same, and waits only until it is worth looking whether something was lost; `None` when the session says nothing by
    /// then, and the module not that there is none.
    pub(super) async fn open_or_silence<C: Command + Sync>(
        &mut self,
        command: &C,
    ) -> Result<Option<Event>, FtpError> {
        let opening = self.turning(command)?;
        match self.attempt_or_silence(&opening).await {
            Err(error) if error.is_in_the_way() => {
                self.clear().await?;
                self.attempt_or_silence(&opening).await
            }
            result => result,
        }
    }

    async fn attempt_or_silence(&mut self, opening: &Request) -> Result<Option<Event>, FtpError> {
        self.start_by(opening).await?;
        let mut waited = Duration::ZERO;
        self.event_or_silence(&mut waited, self.patience()).await
    }

    async fn attempt(&mut self, opening: &Request, limit: Duration) -> Result<Event, FtpError> {
        self.start_by(opening).await?;
        self.event(limit).await
    }

    /// Opens the session.
    pub(super) async fn start<C: Command + Sync>(&mut self, command: &C) -> Result<(), FtpError> {
        let opening = self.turning(command)?;
        self.start_by(&opening).await
    }

    fn turning<C: Command>(&mut self, command: &C) -> Result<Request, FtpError> {
        turning(command).map_err(|error| self.command(error))
    }

    async fn start_by(&mut self, opening: &Request) -> Result<(), FtpError> {
        self.is_used();
        let before = self.watch.as_ref().map(|watch| watch.until_sent(|line| event_of_any(*line).is_some()));
        self.live = true;
        let Err(error) = self.client.submit_with_lines(opening.clone(), before).await else {
            self.step = FtpStep::Open;
            return Ok(());
        };
        if error.is_rejected() {
            // Only what must not be done twice is worth the time that it takes to find out.
            let refused = if self.once { self.was_refused().await } else { Refused::Undone };
            match refused {
                Refused::Undone => self.live = false,
                Refused::Unclear => self.step = FtpStep::Open,
                Refused::UnderWay => {
                    self.step = FtpStep::Open;
                    return Ok(());
                }
            }
        } else if !matches!(error.failure(), Failure::Desynchronized | Failure::Misuse(_)) {
            // By these, the module has not got it.
            self.step = FtpStep::Open;
        }
        // The result was lost, and nothing else.
        if matches!(error.failure(), Failure::TimedOut { .. }) && self.has_begun().await {
            return Ok(());
        }
        Err(self.command(error))
    }

    async fn was_refused(&mut self) -> Refused {
        let (client, operation) = (self.client.clone(), self.operation);
        let is_told = |line: Unsolicited<'_>| event(operation, line).is_some();
        let is_at_work = || async {
            match client.query(&FtpState, |state| state == FtpActivity::Running).await {
                // Firmware that does not know the question says as much of itself otherwise.
                Err(error) if error.is_rejected() => Ok(false),
                state => state,
            }
        };
        Refused::find_out(&client, &mut self.watch, is_told, is_at_work).await
    }

    /// What it does from now on must not be done twice.
    pub(super) fn do_once(&mut self) {
        self.once = true;
    }

    /// Whether the session says anything, or the module that there is one.
    async fn has_begun(&mut self) -> bool {
        let operation = self.operation;
        let is_heard =
            self.watch.as_ref().is_some_and(|watch| watch.has(|line| event(operation, line).is_some()));
        is_heard || matches!(self.activity().await, Ok(Some(FtpActivity::Running)))
    }

    /// Sends a command of the session that has no event of its own.
    pub(super) async fn execute<C: Command>(&mut self, command: &C) -> Result<Response, FtpError> {
        let result = self.client.execute(command).await;
        self.check(result)
    }

    /// The same, and once more what was refused.
    pub(super) async fn insist<C: Command>(&mut self, command: &C) -> Result<Response, FtpError> {
        let result = self.client.insist(command).await;
        self.check(result)
    }

    /// Waits up to `limit` for the next thing the session says; that it failed is an error. It is not waited for when the
    /// module says that there is no session, nor when it says nothing any more.
    pub(super) async fn event(&mut self, limit: Duration) -> Result<Event, FtpError> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(event) = self.event_or_silence(&mut waited, limit).await? {
                return Ok(event);
            }
        }
    }

    /// The same for a part of the `limit`, of which so much was `waited`; `None` when the session says nothing, and the module
    /// not that there is none.
    pub(super) async fn event_or_silence(
        &mut self,
        waited: &mut Duration,
        limit: Duration,
    ) -> Result<Option<Event>, FtpError> {
        let wait = CHECK.min(limit.saturating_sub(*waited));
        if let Some(event) = self.event_within(wait).await? {
            return Ok(Some(event));
        }
        *waited += wait;
        if *waited >= limit {
            return Err(self.silent(*waited));
        }
        if !self.is_known_to_be_idle().await? {
            // It may have said something while the question waited for its turn.
            return self.event_within(Duration::ZERO).await;
        }
        // Its last line may be on its way.
        match self.event_within(SETTLE).await? {
            Some(event) => Ok(Some(event)),
            None => Err(self.silent(*waited + SETTLE)),
        }
    }

    /// Whether the module says that no session is running, where it is known to say so. The manual names downloads, uploads,
    /// sizes and deletions (12.2.19); of all others it is only learnt that the module is alive.
    pub(super) async fn is_known_to_be_idle(&mut self) -> Result<bool, FtpError> {
        use FtpOperation::{Delete, Get, Put, PutExtended, PutFile, Size};
        let tells = matches!(self.operation, Delete | Get | Put | PutExtended | PutFile | Size);
        Ok(self.activity().await? == Some(FtpActivity::Idle) && tells)
    }

    /// Whether a session is running, where the firmware tells. That the line damages the answer is no failure.
    async fn activity(&mut self) -> Result<Option<FtpActivity>, FtpError> {
        let mut activity = self.client.query(&FtpState, |state| state).await;
        if activity.as_ref().is_err_and(Error::is_of_the_line) {
            // The answer may have been that to a command before.
            if let Some(watch) = &mut self.watch {
                watch.doubt();
            }
            activity = self.client.query(&FtpState, |state| state).await;
        }
        match activity {
            Ok(activity) => Ok(Some(activity)),
            Err(error) if error.is_rejected() => Ok(None),
            Err(error) => Err(self.command(error)),
        }
    }

    /// Whether the module says that the session goes on, although a line said that it is over: that line was not the
    /// module's, but the text of a short message, say.
    pub(super) async fn goes_on(&mut self) -> Result<bool, FtpError> {
        self.live = self.activity().await? == Some(FtpActivity::Running);
        Ok(self.live)
    }

    /// Asks for the size of the file that is set as the source, where not knowing it is no failure.
    pub(super) async fn size_if_told(&mut self) -> Result<Option<u64>, FtpError> {
        let (operation, step) = (self.operation, self.step);
        self.operation = FtpOperation::Size;
        let size = match self.open(&FtpSize).await {
            Ok(Event::Ended(_, Some(size))) => Some(size),
            Ok(_) => return Err(FtpError::NoProgress { operation: self.operation }),
            Err(FtpError::Failed { code: FtpCode::OPERATE, .. }) => None,
            Err(FtpError::Command { source, .. }) if source.is_rejected() => None,
            Err(error) => return Err(error),
        };
        (self.operation, self.step) = (operation, step);
        Ok(size)
    }

    /// The module said nothing for so long.
    pub(super) fn silent(&self, waited: Duration) -> FtpError {
        self.client.known().forget_ftp();
        FtpError::Silent { operation: self.operation, step: self.step, waited }
    }

    /// Waits for the session to end while its caller is busy elsewhere; it never returns otherwise.
    pub(super) async fn end(&mut self) -> Result<Event, FtpError> {
        let operation = self.operation;
        let Some(watch) = &mut self.watch else { return futures::future::pending().await };
        let ended = watch.endless(|line| match event(operation, line) {
            Some(Event::Ended(code, octets)) => Some((code, octets)),
            _ => None,
        });
        match ended.await {
            Ok((code, octets)) => self.ended(code, octets),
            Err(interruption) => Err(self.interrupted(interruption)),
        }
    }

    /// Whether the session said already that it is over, or that there is something else to do than to go on. What is
    /// there is kept.
    pub(super) fn has_ended(&mut self) -> bool {
        let operation = self.operation;
        self.watch.as_mut().is_none_or(|watch| {
            watch.interruption().is_some()
                || watch.has(|line| matches!(event(operation, line), Some(Event::Ended(..))))
        })
    }

    /// Takes the first line that is already there and says how the session ended, without ending it.
    pub(super) fn take_result(&mut self) -> Option<FtpCode> {
        let operation = self.operation;
        self.watch.as_mut()?.take_line(|line| match event(operation, line) {
            Some(Event::Ended(code, _)) => Some(code),
            _ => None,
        })
    }

    /// The session ended with `code`.
    pub(super) fn ended(&mut self, code: FtpCode, octets: Option<u64>) -> Result<Event, FtpError> {
        // A number that nobody knows may have been another event: what still runs would take what the next session sends.
        self.live = code.description().is_none();
        self.is_proven |= code == FtpCode::DONE;
        if code == FtpCode::DONE { Ok(Event::Ended(code, octets)) } else { Err(self.failed(code)) }
    }

    /// It ended well, and may have with other settings: a server lists nothing of a directory that is not there.
    pub(super) fn proves_nothing(&mut self) {
        self.is_proven = false;
    }

    /// Forgets what the session said so far of data to be read or written: what is sent next deals with it.
    pub(super) fn forget_announcements(&mut self) {
        let operation = self.operation;
        self.forget(move |line| {
            matches!(event(operation, line), Some(Event::Available | Event::Writable(_)))
        });
    }

    /// How a refused command of the session ended: mostly the session had ended before, and the module says so in a
    /// line of its own.
    pub(super) async fn refused(&mut self, error: Error) -> Result<Event, FtpError> {
        match self.event_within(SETTLE).await? {
            Some(event) => Ok(event),
            None => Err(self.command(error)),
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn operation(&self) -> FtpOperation {
        self.operation
    }

    pub(super) fn begin(&mut self, step: FtpStep) {
        self.step = step;
    }

    /// The failure of a command, or its first cause.
    pub(super) fn command(&mut self, error: Error) -> FtpError {
        let (operation, step) = (self.operation, self.step);
        self.client.known().forget_ftp();
        let cause = match &mut self.watch {
            Some(watch) => watch.cause(error),
            None => Ok(error),
        };
        match cause {
            Ok(source) => FtpError::Command { operation, step, source },
            Err(interruption) => self.interrupted(interruption),
        }
    }

    /// The failure of a command whose response is not what it should be.
    pub(super) fn malformed(&mut self, request: &Request, malformation: Malformation) -> FtpError {
        self.command(Error::new(request.name(), Failure::Malformed(malformation)))
    }

    /// Whether the line was lost meanwhile.
    pub(super) fn take_loss(&mut self) -> bool {
        self.watch.as_mut().is_some_and(Watch::take_loss)
    }

    fn check(&mut self, result: Result<Response, Error>) -> Result<Response, FtpError> {
        result.map_err(|error| self.command(error))
    }

    pub(super) async fn event_within(&mut self, limit: Duration) -> Result<Option<Event>, FtpError> {
        self.is_used();
        let operation = self.operation;
        let Some(watch) = &mut self.watch else { return Ok(None) };
        match watch.next(limit, |line| event(operation, line)).await {
            Ok(Some(Event::Ended(code, octets))) => self.ended(code, octets).map(Some),
            Ok(event) => Ok(event),
            Err(interruption) => Err(self.interrupted(interruption)),
        }
    }

    fn failed(&self, code: FtpCode) -> FtpError {
        // The line may have damaged what the module took for its settings.
        self.client.known().forget_ftp();
        FtpError::Failed { operation: self.operation, step: self.step, code }
    }

    fn interrupted(&mut self, interruption: Interruption) -> FtpError {
        if core::mem::take(&mut self.live) {
            self.client.known().runs_ftp(true);
        }
        if matches!(interruption, Interruption::Module(_)) {
            // Nothing is left of what was set, or nobody can be told.
            self.undo.clear();
        }
        FtpError::interrupted(self.operation, interruption)
    }

    fn forget(&mut self, stale: impl Fn(Unsolicited<'_>) -> bool) {
        if let Some(watch) = &mut self.watch {
            watch.forget(|line| event_of_any(*line).is_some() && stale(*line));
        }
    }

    /// Ends a session that is not ours.
    pub(super) async fn clear(&mut self) -> Result<(), FtpError> {
        match turn_to_server(&self.client, &FtpQuit).await {
            Ok(_) => {
                let Some(watch) = &mut self.watch else { return Ok(()) };
                match watch.next(SETTLE, end_of_any).await {
                    Ok(_) => Ok(()),
                    Err(interruption) => Err(self.interrupted(interruption)),
                }
            }
            // Nothing to quit, or firmware that cannot: then the module ends a neglected session itself.
            Err(error) if error.is_rejected() => self.await_idle().await,
            Err(error) => Err(self.command(error)),
        }
    }

    async fn await_idle(&mut self) -> Result<(), FtpError> {
        let deadline = self.client.runtime().now().saturating_add(PATIENCE);
        loop {
            match self.client.query(&FtpState, |state| state).await {
                Ok(FtpActivity::Running) if self.client.runtime().now() < deadline => {
                    self.client.pause(PAUSE).await;
                }
                Ok(_) => return Ok(()),
                Err(error) if error.is_rejected() => return Ok(()),
                Err(error) => return Err(self.command(error)),
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.is_proven {
            self.client.known().forget_ftp();
        }
        if !self.live && self.undo.is_empty() {
            return;
        }
        self.is_used();
        let (watch, turn) = (self.watch.take(), self.turn.take());
        let (operation, live, undo) = (self.operation, self.live, core::mem::take(&mut self.undo));
        self.client.chore(|client| async move {
            let quit = if live { turn_to_server(&client, &FtpQuit).await.map(drop) } else { Ok(()) };
            if let (true, Ok(()), Some(mut watch)) = (live, &quit, watch) {
                // Its last line must not be taken for that of the next session.
                let ended = watch.next(SETTLE, |line| match event(operation, line) {
                    Some(Event::Ended(..)) => Some(()),
                    _ => None,
                });
                drop(ended.await);
            }
            let mut last = quit;
            for request in undo {
                let (since, line) = (client.known().now(), request.line().to_vec());
                if client.known().is_set(&line) {
                    continue;
                }
                // Whoever comes next sets what is not known, and is not kept waiting for a module that does not answer.
                if last.is_err_and(|error| *error.failure() == Failure::Desynchronized) {
                    break;
                }
                last = client.request(request).await.map(drop);
                if last.is_ok() {
                    client.known().was_set(since, &line);
                }
            }
            drop(turn);
        });
    }
}

/// Sends a command that has the module turn to the server.
pub(super) async fn turn_to_server<C: Command>(client: &Client, command: &C) -> Result<Response, Error> {
    client.submit(turning(command)?).await
}

/// That command.
fn turning<C: Command>(command: &C) -> Result<Request, Error> {
    let request = Request::new(command).map(|request| request.with_time_limit(ANSWER));
    request.map_err(|failure| Error::of(command, failure))
}
