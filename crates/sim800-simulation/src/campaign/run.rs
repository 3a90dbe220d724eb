//! One run, and what is checked.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, join_all, select};
use futures::{FutureExt, StreamExt};
use sim800_emulator::{Fault, Registration, Storage};
use sim800_session::{Bearer, Client, Direction, Notice, Runtime, connect, io};

use super::content::{CONTENT_PATH, CONTENT_URL};
use super::damages::Damages;
use super::engine;
use super::fault::What;
use super::kind::Task;
use super::observer::{Observer, Shared};
use super::scenario::{Leave, Scenario};
use super::streams;
use super::task::{self, Done, Failed, Job};
use super::variant::{LeftOver, Variant};
use super::violation::{Violation, violation};
use crate::{Crossing, Manner, Resource, Service, When, World, polled};

/// For a task in which nothing goes wrong, whatever its line and network.
const TASK_TIME: Duration = Duration::from_secs(600);
/// For all that follows one fault: the time limits of the module and of the session, one after the other, as often as is tried.
const FAULT_TIME: Duration = Duration::from_secs(900);
/// From the moment that a module is gone for good to the error: two minutes, and what was on the line by then.
const GONE_TIME: Duration = Duration::from_secs(125);
/// How often a task may ask a server something, for each time that it begins.
pub(super) const OPERATIONS: u32 = 10;
/// For the error that no module answers, behind what was begun before.
const NO_ANSWER_TIME: Duration = Duration::from_secs(120);
/// For a GET when nothing goes wrong any more.
const FOLLOW_UP_TIME: Duration = Duration::from_secs(600);

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Ending {
    /// Well, and nothing harmful had happened.
    Succeeded,
    /// Well, although something harmful had happened.
    Healed,
    /// The program left it.
    Left,
    /// With an error of this kind.
    Failed(&'static str),
}

/// A run in which all promises were kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// How the task ended.
    pub ending: Ending,
    /// What was tried, by the names of [`KINDS`](super::KINDS).
    pub tried: Vec<&'static str>,
    /// Virtual time that the task took.
    pub task_time: Duration,
    /// Virtual time that passed in all.
    pub time: Duration,
}

/// Does the task of a scenario and checks the promises; `tap` is shown all that crosses the line.
///
/// # Errors
///
/// [`Violation`] when one was not kept.
pub fn run(scenario: &Scenario, tap: impl FnMut(&Crossing<'_>) + 'static) -> Result<Run, Violation> {
    let attempt = catch_unwind(AssertUnwindSafe(|| Trial::new(scenario, tap)?.run()));
    attempt.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        Err(violation(format!("panicked: {text}")))
    })
}

pub(super) struct Trial<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) world: World,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) content: Bytes,
    pub(super) damages: Rc<RefCell<Damages>>,
    /// What the DTE does.
    observer: Arc<Mutex<Observer>>,
    /// The numbers of the planned incidents of each fault.
    planned: Vec<Vec<usize>>,
}

impl<'a> Trial<'a> {
    fn new(scenario: &'a Scenario, mut tap: impl FnMut(&Crossing<'_>) + 'static) -> Result<Self, Violation> {
        let (module, storage) = scenario.module();
        let mut world = World::on_line(module, scenario.line());
        let damages = Rc::new(RefCell::new(Damages::default()));
        let shared = Rc::clone(&damages);
        let mut line = Observer::default();
        let is_damaged = scenario.faults.iter().any(|planned| matches!(planned.what, What::Damage { .. }));
        world.tap(move |crossing| {
            tap(crossing);
            if !is_damaged {
                return;
            }
            shared.borrow_mut().observe(crossing, line.in_payload());
            let octets = if crossing.direction == Direction::Sent { crossing.left } else { crossing.arrived };
            line.observe(crossing.at, crossing.direction, octets);
        });
        let content = scenario.octets();
        let network = world.network();
        network.set_latency(scenario.latency);
        network.put_resource(CONTENT_URL, Resource::new(content.clone()));
        network.put_file(CONTENT_PATH, content.clone());
        network.listen(task::SOCKET_HOST, task::SOCKET_PORT, Service::Both(content.clone()));
        network.listen(task::SOCKET_HOST, task::CLOSING_PORT, Service::Source(content.clone()));
        for slot in 0..=scenario.beside.len() {
            network.put_resource(&task::post_url(slot), Resource::new(""));
        }
        if scenario.task == Task::FtpPutResumed {
            network.put_file(&task::upload_path(0), content.slice(..scenario.resumed_from()));
        } else if scenario.old_file {
            network.put_file(&task::upload_path(0), scenario.old());
        }
        for manner in &scenario.manners {
            network.adopt(*manner);
        }
        let mut trial = Self {
            scenario,
            world,
            storage,
            content,
            damages,
            observer: Arc::default(),
            planned: Vec::new(),
        };
        if scenario.left_over.is_some()
            || scenario.variants.iter().any(|variant| matches!(variant, Variant::Errors(_)))
        {
            trial.leave_over()?;
        }
        trial.world.cut_reads(&scenario.cuts);
        Ok(trial)
    }

    /// Does what an earlier program did.
    fn leave_over(&mut self) -> Result<(), Violation> {
        const BEARER: [&str; 2] = ["AT+SAPBR=3,1,\"APN\",\"internet\"", "AT+SAPBR=1,1"];
        const HTTP: [&str; 3] =
            ["AT+HTTPINIT", "AT+HTTPPARA=\"CID\",1", "AT+HTTPPARA=\"URL\",\"example.com/file\""];
        const FTP: [&str; 7] = [
            "AT+FTPCID=1",
            "AT+FTPSERV=\"ftp.example.com\"",
            "AT+FTPUN=\"user\"",
            "AT+FTPPW=\"sesame\"",
            "AT+FTPGETNAME=\"file\"",
            "AT+FTPGETPATH=\"/\"",
            "AT+FTPGET=1",
        ];
        let errors = self.scenario.variants.iter().filter_map(|variant| match variant {
            Variant::Errors(mode) => Some(format!("AT+CMEE={mode}")),
            _ => None,
        });
        let left_over: Vec<&str> = match self.scenario.left_over {
            None => Vec::new(),
            Some(LeftOver::Bearer) => BEARER.to_vec(),
            Some(LeftOver::Http) => [&BEARER[..], &HTTP].concat(),
            Some(LeftOver::Ftp) => [&BEARER[..], &FTP].concat(),
        };
        let lines: Vec<String> = errors.chain(left_over.into_iter().map(str::to_owned)).collect();
        let mut port = self.world.connect();
        let clock = self.world.clock();
        self.world.try_run(async move {
            for line in lines {
                // Nobody minds what comes of it.
                drop(streams::write_all(&mut port, format!("{line}\r").as_bytes()).await);
                clock.sleep_until(clock.now() + Duration::from_secs(3)).await;
            }
        })?;
        Ok(())
    }

    fn run(mut self) -> Result<Run, Violation> {
        if self.scenario.task == Task::Engine {
            return self.run_engine();
        }
        let clock = Arc::new(self.world.clock());
        let (client, driver) = connect(self.world.connect(), clock, self.scenario.config());
        let observer = Arc::clone(&self.observer);
        let driver = driver.with_trace(Shared(observer));
        let (tell, ended) = futures::channel::oneshot::channel();
        self.world.spawn(async move {
            // Nobody listens any more only where something else has failed.
            let _gone = tell.send(driver.await);
        });
        // Nobody reads them before the end.
        let mut notices = client.subscribe(|_| true);
        let mut bearer = None;
        if self.scenario.task != Task::StartUp {
            let ready = self.await_within(TASK_TIME, task::prepare(&client))?;
            bearer = Some(ready.map_err(|failed| {
                violation(format!("not ready before anything went wrong: {}", failed.text))
            })?);
        }
        self.plan();
        let began = self.world.clock().now();
        let results = self.tasks(&client, bearer.clone())?;
        let ended_at = self.world.clock().now();
        let task_time = ended_at - began;
        let ending = self.judge(results, task_time)?;
        let tried = self.tried();
        match self.gone_at() {
            Some(at) => self.check_gone(&client, ended_at.saturating_sub(at))?,
            None => self.follow_up(&client, bearer.take())?,
        }
        drop(bearer);
        drop(client);
        self.end(ended)?;
        let notices = std::iter::from_fn(|| notices.next().now_or_never().flatten());
        let kept = notices.filter(|notice| !matches!(notice, Notice::Missed(_))).count();
        if kept > self.scenario.config().notices {
            return Err(violation(format!("{kept} notices are kept for somebody who does not read them")));
        }
        if let Some(seen) = self.observer().seen() {
            return Err(violation(seen));
        }
        Ok(Run { ending, tried, task_time, time: self.world.clock().now() })
    }

    pub(super) fn observer(&self) -> MutexGuard<'_, Observer> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_engine(mut self) -> Result<Run, Violation> {
        self.plan();
        let limit = self.time_limit();
        let (port, clock) = (self.world.connect(), self.world.clock());
        let config = self.scenario.config();
        let config = sim800_session::engine::Config::new(config.rate, config.limits);
        self.await_within(limit, engine::drive(port, clock.clone(), self.scenario.seed, config))??;
        Ok(Run { ending: Ending::Succeeded, tried: self.tried(), task_time: clock.now(), time: clock.now() })
    }

    fn time_limit(&self) -> Duration {
        let faults = u32::try_from(self.scenario.faults.len()).unwrap_or(u32::MAX);
        let tasks = u32::try_from(self.scenario.tasks().count()).unwrap_or(u32::MAX);
        // A server that stores half of what is appended, or sends a part of what is left, has done all of it in the end.
        let parts = |manner: &Manner| matches!(manner, Manner::UploadsHalved | Manner::DownloadsCut { .. });
        let goings_on = if self.scenario.manners.iter().any(parts) { 6 } else { 0 };
        // Of each half the half, down to an octet: each is stored by a session of its own, measured and read back.
        let halves = if self.scenario.manners.contains(&Manner::UploadsHalved) {
            self.content.len().checked_ilog2().unwrap_or(0) + 1
        } else {
            0
        };
        TASK_TIME * tasks
            + FAULT_TIME * (faults + goings_on)
            + self.server_time() * OPERATIONS * halves * tasks
            + self.server_time() * self.rounds() * tasks
            + self.server_time() * self.windows()
    }

    /// In how many rounds a server sends an object of which it sends no more than so much at once: half of each comes again.
    fn rounds(&self) -> u32 {
        let rounds = self.scenario.manners.iter().filter_map(|manner| match manner {
            Manner::RangesShortened { to } => (2 * self.content.len() as u64).checked_div(*to),
            _ => None,
        });
        rounds.max().map_or(0, |rounds| u32::try_from(rounds).unwrap_or(u32::MAX))
    }

    /// In how many windows a content crosses the network where the module holds no more of it, or the driver has no more under way.
    pub(super) fn windows(&self) -> u32 {
        let in_windows = |most: usize| u32::try_from(self.content.len().div_ceil(most)).unwrap_or(u32::MAX);
        let sockets = self.scenario.tasks().any(|task| task == Task::Sockets);
        // In each range, the end of the one before comes again.
        let range = self.scenario.settings.http_range.saturating_sub(16) as usize;
        let windows = if sockets { in_windows(4_096) * 3 } else { 0 };
        windows + in_windows(range.max(1))
    }

    /// How long a server takes for an answer.
    pub(super) fn server_time(&self) -> Duration {
        let lateness = self.scenario.manners.iter().map(|manner| match manner {
            Manner::SizesLate { by } => *by,
            _ => Duration::ZERO,
        });
        self.scenario.latency + lateness.sum::<Duration>()
    }

    fn await_within<F: Future>(&mut self, limit: Duration, future: F) -> Result<F::Output, Violation> {
        self.world.limit_time(limit);
        Ok(self.world.try_run(future)?)
    }

    /// Plans what goes wrong, from now on.
    fn plan(&mut self) {
        let now = self.world.clock().now();
        for planned in &self.scenario.faults {
            let mut numbers = Vec::new();
            let octets = match planned.what {
                What::Damage { octets, .. } => octets,
                _ => 1,
            };
            for n in 0..u64::from(octets) {
                let when = match planned.when {
                    When::At(time) => When::At(now + time),
                    When::Crossed(direction, octets) => {
                        When::Crossed(direction, self.world.crossed(direction) + octets + n)
                    }
                };
                numbers.push(self.world.plan(when, planned.what.incident(self.scenario.length)));
            }
            self.planned.push(numbers);
        }
    }

    /// The faults that have happened.
    pub(super) fn happened(&self) -> impl Iterator<Item = &'a What> {
        self.happened_at().map(|(_, what)| what)
    }

    /// The same, with the time of each.
    pub(super) fn happened_at(&self) -> impl Iterator<Item = (Duration, &'a What)> {
        let happened = self.world.happened();
        let time_of = |numbers: &Vec<usize>| {
            happened.iter().find(|(number, _)| numbers.contains(number)).map(|(_, at)| *at)
        };
        let times: Vec<Option<Duration>> = self.planned.iter().map(time_of).collect();
        let faults = &self.scenario.faults;
        times.into_iter().zip(faults).filter_map(|(at, planned)| Some((at?, &planned.what)))
    }

    fn tried(&self) -> Vec<&'static str> {
        let scenario = self.scenario;
        self.happened()
            .map(What::kind)
            .chain(scenario.variants.iter().map(Variant::kind))
            .chain(scenario.left_over.map(LeftOver::kind))
            .chain(scenario.leave.map(Leave::kind))
            .chain(scenario.manners.iter().map(Manner::kind))
            .chain(scenario.old_file.then_some("old file where an upload goes"))
            .chain(match scenario.beside[..] {
                [] => None,
                [_] => Some("two procedures at once"),
                _ => Some("three procedures at once"),
            })
            .chain((scenario.task == Task::HttpAlive).then_some("response alive beside another request"))
            .collect()
    }

    /// For how long the program was not polled, in all.
    pub(super) fn pauses(&self) -> Duration {
        let pauses = self.happened().map(|what| match what {
            What::Pause(pause) => *pause,
            _ => Duration::ZERO,
        });
        pauses.sum()
    }

    /// When the module fell silent for good, if it did.
    fn gone_at(&self) -> Option<Duration> {
        if self.happened().any(|what| matches!(what, What::Module(Fault::Restart { .. }))) {
            return None;
        }
        let goings =
            self.planned.iter().zip(&self.scenario.faults).filter(|(_, fault)| fault.what == What::Gone);
        let numbers: Vec<usize> = goings.flat_map(|(numbers, _)| numbers).copied().collect();
        let happened = self.world.happened().iter();
        happened.filter(|(number, _)| numbers.contains(number)).map(|(_, at)| *at).min()
    }

    /// Does the tasks, all at once; `None` when the program left the first.
    fn tasks(
        &mut self,
        client: &Client,
        bearer: Option<Bearer>,
    ) -> Result<Vec<Option<Result<Done, Failed>>>, Violation> {
        let Scenario { leave, range, .. } = *self.scenario;
        let clock = self.world.clock();
        let mut jobs = self.scenario.tasks().enumerate().map(|(slot, task)| Job {
            task,
            slot,
            content: self.content.clone(),
            range,
            resumed_from: self.scenario.resumed_from() as u64,
            leave: leave.filter(|_| slot == 0),
            clock: clock.clone(),
        });
        let first = jobs.next();
        let others: Vec<_> = jobs
            .zip(std::iter::repeat(bearer.clone()))
            .filter_map(|(job, bearer)| Some((job, bearer?)))
            .collect();
        let client = client.clone();
        let future = async move {
            match (first, bearer) {
                (Some(job), Some(bearer)) => Box::pin(job.perform(bearer)).await,
                _ => task::prepare(&client).await.map(|_| Done::Nothing),
            }
        };
        let polls = match leave {
            Some(Leave::Polls(polls)) => polls,
            _ => usize::MAX,
        };
        let end = match leave {
            Some(Leave::After(time)) => clock.now() + time,
            _ => Duration::MAX,
        };
        let left = async move {
            match select(pin!(polled(future, polls)), clock.sleep_until(end)).await {
                Either::Left((result, _)) => result,
                Either::Right(_) => None,
            }
        };
        // Far too large for the stack of a test, all of them together.
        let others = join_all(others.into_iter().map(|(job, bearer)| Box::pin(job.perform(bearer))));
        let (first, others) = self.await_within(self.time_limit(), async { futures::join!(left, others) })?;
        Ok(std::iter::once(first).chain(others.into_iter().map(Some)).collect())
    }

    /// The module is gone for good: whatever was being done has ended, and what is begun now does, too.
    fn check_gone(&mut self, client: &Client, later: Duration) -> Result<(), Violation> {
        let tasks = u32::try_from(self.scenario.tasks().count()).unwrap_or(u32::MAX);
        // Who is not polled notices nothing.
        if later > GONE_TIME * tasks + self.pauses() + self.patience() {
            return Err(violation(format!("noticed {later:?} after the module was gone")));
        }
        self.world.cancel_plans();
        let began = self.world.clock().now();
        let client = client.clone();
        let found = self.await_within(TASK_TIME, async move { client.start_up().await })?;
        let took = self.world.clock().now() - began;
        match found {
            Ok(()) => Err(violation("a module that is gone was made ready")),
            Err(_) if took > NO_ANSWER_TIME => {
                Err(violation(format!("that no module answers took {took:?} to be found out")))
            }
            Err(_) => Ok(()),
        }
    }

    /// Nothing goes wrong any more; then a GET works, and a download by FTP if that was the task.
    fn follow_up(&mut self, client: &Client, bearer: Option<Bearer>) -> Result<(), Violation> {
        let is_off = self.happened().any(What::switches_off);
        self.world.cancel_plans();
        self.world.fault(Fault::Over);
        self.world.fault(Fault::Registration(Registration::Home));
        if is_off {
            self.world.fault(Fault::Restart { announced: true });
        }
        let network = self.world.network();
        network.cancel_mishaps();
        network.forget_manners();
        network.put_resource(CONTENT_URL, Resource::new(FOLLOW_UP));
        if self.happened().any(What::fills_line) {
            self.await_silence()?;
        }
        network.put_file(CONTENT_PATH, FOLLOW_UP);
        let client = client.clone();
        let by_ftp = self.scenario.task.is_ftp();
        // A setting that the line damaged on its way, and the module took, is known to the driver as it was sent. What comes of it is
        // like a file that is another now, and casts doubt on all that is known.
        let is_deceived = self.damages.borrow().deceptive;
        let result = self.await_within(FOLLOW_UP_TIME, async move {
            let (bearer, octets) = task::follow_up(&client, bearer).await?;
            let mut file = if by_ftp { task::fetch(&bearer).await } else { Ok(octets.clone()) };
            if is_deceived && file.as_ref().is_err_and(Failed::is_changed) {
                file = task::fetch(&bearer).await;
            }
            Ok([octets, file?])
        });
        let result: Result<_, Failed> =
            result.map_err(|stall| violation(format!("the GET afterwards: {}", stall.what)))?;
        match result {
            Ok(contents) if contents == [FOLLOW_UP, FOLLOW_UP] => Ok(()),
            Ok(_) => Err(violation("the GET afterwards brought something else")),
            Err(failed) => Err(violation(format!("no GET afterwards: {}", failed.text))),
        }
    }

    /// Lets cross the line what is still on its way.
    fn await_silence(&mut self) -> Result<(), Violation> {
        loop {
            let crossed = self.world.crossed(Direction::Received);
            let clock = self.world.clock();
            let later = clock.now() + Duration::from_secs(1);
            self.await_within(FOLLOW_UP_TIME, async move { clock.sleep_until(later).await })?;
            // A line now and then is no flood.
            if self.world.crossed(Direction::Received) - crossed < 200 {
                return Ok(());
            }
        }
    }

    /// All clients are gone: the driver ends well.
    fn end(&mut self, ended: futures::channel::oneshot::Receiver<io::Result<()>>) -> Result<(), Violation> {
        let ended = self.await_within(FOLLOW_UP_TIME, ended);
        match ended.map_err(|stall| violation(format!("the driver does not end: {}", stall.what)))? {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(violation(format!("the driver ended: {reason}"))),
            Err(_) => Err(violation("the driver vanished")),
        }
    }
}

/// What the GET fetches that has to work in the end.
const FOLLOW_UP: &[u8] = b"\r\nOK\r\n and once more \r\n+HTTPREAD: 7\r\n";
